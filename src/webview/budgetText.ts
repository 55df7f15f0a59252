// Budgets as rows: what is used, reserved and left of each, when it ends, in words and shares. Pure; the numbers
// are the broker's.
import { levelOf } from '../domain/tightest.ts';
import { formatTokens } from '../domain/units.ts';
import type { Budget } from '../domain/budgets.ts';
import { t } from '../protocol/language.ts';
import { paceWords, standOfBudget } from '../protocol/limitStands.ts';
import type { BudgetView, Snapshot } from '../protocol/snapshot.ts';
import { aheadWords } from '../protocol/snapshotForecast.ts';
import { budgetKeyName, budgetLeft, budgetName, budgetStand } from '../protocol/windowBudgets.ts';
import type { BudgetCount, BudgetStand } from '../protocol/windowBudgets.ts';
import { creditsText, percentText } from './amountText.ts';
import type { LimitLevel } from './limitText.ts';
import { countdown, dayAndTime } from './timeText.ts';
import type { Place } from './timeText.ts';

/** One key of a budget in words and shares. Shares are 0 to 1 and already flipped for `show`. */
export interface BudgetRow {
  readonly id: string;
  readonly budgetId: string;
  readonly name: string;
  /** What it counts here; empty where it has only one key. */
  readonly key: string;
  /** The key is this window's workspace. */
  readonly isOwn: boolean;
  readonly mode: Budget['mode'];
  readonly level: LimitLevel;
  /** Length of the bar, and of what running requests reserve behind it. */
  readonly share?: number;
  readonly reserved?: number;
  /** Place of the tick: time left (or passed) in the period. */
  readonly tick?: number;
  /** "9 % ahead of even use", where the period's time says something. */
  readonly pace?: string;
  /** How long it lasts at its pace. */
  readonly ahead?: string;
  readonly amount: string;
  readonly limit: string;
  readonly state: string;
  readonly ends: string;
  readonly countdown?: string;
  readonly sentence: string;
  /** The first row of its budget, which has the buttons. */
  readonly isFirst: boolean;
  /** What is left or used of today's share, of a budget that is spread evenly, and when there is more. */
  readonly today?: { readonly amount: string; readonly state: string; readonly ends: string };
}

/** What a budget does when it is used up, as one word. */
export function modeWord(mode: Budget['mode']): string {
  return mode === 'hard' ? t('hard') : t('soft');
}

/** An amount in a budget's unit. */
export function unitAmount(unit: Budget['unit'], amount: number, locale: string): string {
  return unit === 'credits' ? creditsText(amount, locale) : formatTokens(amount, locale);
}

/** The rows of all budgets, one for each key that used something, one for a budget without any. */
export function budgetRows(snapshot: Pick<Snapshot, 'budgets'>, own: string | undefined, nowMs: number, show: 'left' | 'used', place: Place): BudgetRow[] {
  return snapshot.budgets.flatMap((view) => (view.uses.length === 0 ? [emptyRow(view, place)] : view.uses.map((use, index) => countedRow(view, use, index === 0, own, nowMs, show, place))));
}

/** What all rows of a budget share. */
function baseRow(view: BudgetView, place: Place) {
  const { budget } = view;
  return { budgetId: view.id, name: budgetName(view), mode: budget.mode, limit: unitAmount(budget.unit, budget.limit, place.locale) };
}

function emptyRow(view: BudgetView, place: Place): BudgetRow {
  const isPerRequest = view.budget.per === 'request';
  const base = baseRow(view, place);
  return {
    ...base, id: view.id, key: '', isOwn: false, level: 'unknown', amount: '—', state: isPerRequest ? t('each request by itself') : t('nothing used yet'), ends: endsText(view.budget, undefined, 0, place).ends, isFirst: true,
    sentence: isPerRequest ? t('Budget of {0}: each request by itself', base.name) : t('Budget of {0}: nothing used yet', base.name),
  };
}

function countedRow(view: BudgetView, use: BudgetCount, isFirst: boolean, own: string | undefined, nowMs: number, show: 'left' | 'used', place: Place): BudgetRow {
  const stand = budgetStand(view, use);
  const { budget } = view;
  const base = baseRow(view, place);
  const used = Math.min(1, budget.limit > 0 ? use.used / budget.limit : 1);
  const reserved = budget.limit > 0 ? Math.min(1 - used, use.reserved / budget.limit) : 0;
  const left = Math.max(0, budget.limit - use.used);
  const amount = unitAmount(budget.unit, show === 'left' ? left : use.used, place.locale);
  const key = budgetKeyName(stand);
  const ends = endsText(budget, use.endsAtMs, nowMs, place);
  const limit = standOfBudget(stand, nowMs);
  const pace = limit.timeLeft === undefined || stand.level === 'used-up' ? undefined : paceWords(limit, '');
  const ahead = stand.isForToday || stand.level === 'used-up' ? undefined : aheadWords(limit, nowMs, place.locale);
  const head = key === '' ? t('Budget of {0}', base.name) : t('Budget of {0}, {1}', base.name, key);
  const held = use.reserved > 0 ? t('{0} reserved by running requests', unitAmount(budget.unit, use.reserved, place.locale)) : undefined;
  return {
    ...base, ...ends, id: `${view.id} ${use.key}`, key, isOwn: budget.per === 'workspace' && use.key === own, isFirst,
    level: stand.level === 'used-up' ? 'empty' : levelOf(limit) === 'ok' ? 'fine' : 'low',
    share: show === 'left' ? Math.max(0, 1 - used - reserved) : used, reserved,
    ...(limit.timeLeft === undefined ? {} : { tick: show === 'left' ? limit.timeLeft : 1 - limit.timeLeft }), ...(pace === undefined ? {} : { pace }), ...(ahead === undefined ? {} : { ahead }),
    amount, state: stateText(stand, show), ...shareOfRow(stand, show, nowMs, place),
    sentence: `${head}: ${[amountOf(budget.unit, show, amount, base.limit), held, ends.ends, ends.countdown].filter((part) => part !== undefined).join(', ')}`,
  };
}

/** "316.80 of 500.00 credits left". */
export function amountOf(unit: Budget['unit'], show: 'left' | 'used', amount: string, of: string): string {
  if (unit === 'credits') return show === 'left' ? t('{0} of {1} credits left', amount, of) : t('{0} of {1} credits used', amount, of);
  return show === 'left' ? t('{0} of {1} tokens left', amount, of) : t('{0} of {1} tokens used', amount, of);
}

/** The same row for today's share: its own state, and the tick where the use of the days so far ends. */
function shareOfRow(stand: BudgetStand, show: 'left' | 'used', nowMs: number, place: Place): Partial<Pick<BudgetRow, 'tick' | 'state' | 'today'>> {
  const { view, use, isForToday, untilMs, level } = stand;
  const { budget, today } = view;
  if (!isForToday || !today) return {};
  const left = budgetLeft(view, use);
  const amount = unitAmount(budget.unit, show === 'left' ? left : Math.max(0, use.usedToday ?? use.used), place.locale);
  const ends = untilMs === undefined ? '' : dayAndTime(untilMs, nowMs, place);
  const allowed = today.allowed / budget.limit;
  const tick = show === 'left' ? 1 - allowed : allowed;
  if (level !== 'used-up') {
    const state = show === 'left' ? t('{0} left for today', amount) : t('{0} used today', amount);
    return { tick, state, today: { amount, state, ends } };
  }
  return { tick, state: budget.mode === 'hard' ? t('used up for today, goes on {0}', ends) : t('used up for today, more {0}', ends), today: { amount, state: t('used up for today'), ends } };
}

function stateText({ level, share, view }: BudgetStand, show: 'left' | 'used'): string {
  if (level !== 'used-up') return show === 'left' ? t('{0} left', percentText(1 - share)) : t('{0} used', percentText(share));
  // Beyond a hard one nothing is sent, but what runs already may end above it.
  return share > 1.005 ? t('{0} over the limit', percentText(Math.min(1, share - 1))) : view.budget.mode === 'hard' ? t('used up') : t('reached');
}

/** When a row's budget begins anew, as a text without a heading says it: "resets Thu 19 Nov 09:00", "each week". */
export function renewsText({ ends, countdown: left }: Pick<BudgetRow, 'ends' | 'countdown'>): string {
  return left === undefined ? ends : t('resets {0}', ends);
}

/** When a budget begins anew. */
function endsText(budget: Budget, endsAtMs: number | undefined, nowMs: number, place: Place): { readonly ends: string; readonly countdown?: string } {
  if (endsAtMs !== undefined) return { ends: dayAndTime(endsAtMs, nowMs, place), countdown: t('in {0}', countdown(endsAtMs - nowMs)) };
  if (budget.per === 'request') return { ends: t('with each request') };
  if (typeof budget.period === 'object') return { ends: t('moves on, {0} h', budget.period.rollingHours) };
  switch (budget.period) {
    case 'life': return { ends: t('never') };
    case 'day': return { ends: t('each day') };
    case 'week': return { ends: t('each week') };
    case 'month': return { ends: t('each month') };
  }
}

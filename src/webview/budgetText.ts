// Budgets as rows: what is used, reserved and left of each, when it ends, in words and shares. Pure; the numbers
// are the broker's.
import { levelOf, spareOf } from '../domain/tightest.ts';
import { formatTokens } from '../domain/units.ts';
import type { Budget } from '../domain/budgets.ts';
import { paceWords, standOfBudget } from '../protocol/limitStands.ts';
import type { BudgetView, Snapshot } from '../protocol/snapshot.ts';
import { budgetKeyName, budgetName, budgetStand } from '../protocol/windowBudgets.ts';
import type { BudgetCount, BudgetStand } from '../protocol/windowBudgets.ts';
import { creditsText, percentText } from './amountText.ts';
import type { LimitLevel } from './limitText.ts';
import { dayAndTime, duration } from './timeText.ts';
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
  /** "9 % over", where the period's time says something. */
  readonly pace?: string;
  readonly amount: string;
  readonly limit: string;
  readonly state: string;
  readonly ends: string;
  readonly countdown?: string;
  readonly sentence: string;
  /** The first row of its budget, which has the buttons. */
  readonly isFirst: boolean;
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
    ...base, id: view.id, key: '', isOwn: false, level: 'unknown', amount: '—', state: isPerRequest ? 'each by itself' : 'nothing used yet', ends: endsText(view.budget, undefined, 0, place).ends, isFirst: true,
    sentence: `Budget of ${base.name}: ${isPerRequest ? 'each request by itself' : 'nothing used yet'}`,
  };
}

function countedRow(view: BudgetView, use: BudgetCount, isFirst: boolean, own: string | undefined, nowMs: number, show: 'left' | 'used', place: Place): BudgetRow {
  const stand = budgetStand(view, use);
  const { budget } = view;
  const base = baseRow(view, place);
  const used = Math.min(1, stand.share);
  const reserved = budget.limit > 0 ? Math.min(1 - used, use.reserved / budget.limit) : 0;
  const left = Math.max(0, budget.limit - use.used);
  const amount = unitAmount(budget.unit, show === 'left' ? left : use.used, place.locale);
  const key = budgetKeyName(stand);
  const ends = endsText(budget, use.endsAtMs, nowMs, place);
  const limit = standOfBudget(stand, nowMs);
  const pace = limit.timeLeft === undefined || stand.level === 'used-up' ? undefined : paceWords(limit.left, spareOf(limit), '');
  const held = use.reserved > 0 ? `, ${unitAmount(budget.unit, use.reserved, place.locale)} reserved by running requests` : '';
  return {
    ...base, ...ends, id: `${view.id} ${use.key}`, key, isOwn: budget.per === 'workspace' && use.key === own, isFirst,
    level: stand.level === 'used-up' ? 'empty' : levelOf(limit) === 'ok' ? 'fine' : 'low',
    share: show === 'left' ? Math.max(0, 1 - used - reserved) : used, reserved,
    ...(limit.timeLeft === undefined ? {} : { tick: show === 'left' ? limit.timeLeft : 1 - limit.timeLeft }), ...(pace === undefined ? {} : { pace }),
    amount, state: stateText(stand, show),
    sentence: `Budget of ${base.name}${key === '' ? '' : `, ${key}`}: ${amount} of ${base.limit} ${budget.unit} ${show}${held}, ${[ends.ends, ends.countdown].filter(Boolean).join(', ')}`,
  };
}

function stateText({ level, share, view }: BudgetStand, show: 'left' | 'used'): string {
  if (level !== 'used-up') return `${percentText(show === 'left' ? 1 - share : share)} ${show}`;
  // Beyond a hard one nothing is sent, but what runs already may end above it.
  return share > 1.005 ? `${percentText(Math.min(1, share - 1))} over` : view.budget.mode === 'hard' ? 'used up' : 'reached';
}

/** When a budget begins anew. */
function endsText(budget: Budget, endsAtMs: number | undefined, nowMs: number, place: Place): { readonly ends: string; readonly countdown?: string } {
  if (endsAtMs !== undefined) return { ends: dayAndTime(endsAtMs, nowMs, place), countdown: `in ${duration(endsAtMs - nowMs)}` };
  if (budget.per === 'request') return { ends: 'with each request' };
  if (typeof budget.period === 'object') return { ends: `moves on, ${budget.period.rollingHours} h` };
  return { ends: budget.period === 'life' ? 'never' : `each ${budget.period}` };
}

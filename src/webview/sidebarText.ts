// What the side bar says: the tightest limits as short lines, today in three lines. Pure, and
// built on the same rules as the status bar and the dashboard, so that none of them disagrees.
import { compareTightness, type LimitStand } from '../domain/tightest.ts';
import { formatCredits, formatUsd } from '../domain/units.ts';
import { plural, t } from '../protocol/language.ts';
import { blockedWords } from '../protocol/blockedWords.ts';
import { limitStands, ownBudgets, paceMinutesMin, standOfBudget, standOfWindow, stoppingLimit } from '../protocol/limitStands.ts';
import { grantedMicroCredits } from '../protocol/meterInput.ts';
import type { MeterFace } from '../protocol/meterState.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { runOutPhrase } from '../protocol/snapshotForecast.ts';
import { costText, creditsText, isCostKnown, percentText } from './amountText.ts';
import { budgetRows, renewsText } from './budgetText.ts';
import { limitRow } from './limitText.ts';
import type { LimitLevel } from './limitText.ts';
import type { Place } from './timeText.ts';

/** Limits that are shown; the dashboard shows all. */
export const limitsShown = 2;
/** Workspaces of today that are shown by themselves. */
export const workspacesShown = 3;

/** One limit as the side bar shows it. Shares are 0 to 1 and already flipped for `show`. */
export interface SideLimit {
  readonly id: string;
  readonly name: string;
  /** "38 % left", "287.62 cr left" */
  readonly amount: string;
  readonly share?: number;
  readonly reserved?: number;
  readonly tick?: number;
  readonly level: LimitLevel;
  /** "resets Tue 1 Dec 00:00 · in 13 d 9 h" */
  readonly resets: string;
  readonly pace: string;
  /** When it is used up at its pace, where that is before its time. */
  readonly ahead?: string;
  readonly sentence: string;
}

/** Whose numbers, when, and how they are read. */
export interface SideTaste {
  readonly workspaceId: string | undefined;
  readonly nowMs: number;
  readonly show: 'left' | 'used';
  readonly place: Place;
}

/** The tightest limits, and how many more there are. Those that refill within minutes come last. */
export function sideLimits(snapshot: Snapshot, taste: SideTaste): { readonly shown: readonly SideLimit[]; readonly more: number } {
  const { workspaceId, nowMs, show, place } = taste;
  // A limit that does not stop all work is no tighter than the status bar has it.
  const stands = new Map(limitStands(snapshot, workspaceId, nowMs).map((stand) => [stand.id, stand]));
  const rows = new Map(budgetRows(snapshot, workspaceId, nowMs, show, place).map((row) => [row.id, row]));
  const budgets = ownBudgets(snapshot, workspaceId).flatMap((budget) => {
    const row = rows.get(`${budget.view.id} ${budget.use.key}`);
    const stand = standOfBudget(budget, nowMs);
    return row ? [{ isLong: true, stand, limit: {
      ...shapeOf(row), id: row.id, name: t('Budget {0}', row.name), amount: budget.view.budget.unit === 'credits' ? creditsShown(row.amount, show) : shown(row.amount, show), pace: row.pace ?? row.state,
      resets: [renewsText(row), row.countdown].filter(Boolean).join(' · '), ...aheadOf(stand, taste),
    } }] : [];
  });
  const windows = snapshot.windows.map((window) => {
    const row = limitRow(window, nowMs, show, place);
    const [isLong, stand] = [window.windowMinutes >= paceMinutesMin, stands.get(window.id) ?? standOfWindow(window, nowMs)];
    return { isLong, stand, limit: {
      ...shapeOf(row), id: row.id, name: `${row.name} · ${row.model}`, amount: row.share === undefined ? row.amount : shown(percentText(row.share), show), pace: row.pace, resets: [row.renews ?? row.resets, row.countdown].filter(Boolean).join(' · '), ...(isLong ? aheadOf(stand, taste) : {}),
    } };
  });
  const all = [...budgets, ...windows];
  const rank = ({ isLong, stand }: (typeof all)[number]) => (stand === undefined ? 2 : isLong ? 0 : 1);
  const ordered = all.toSorted((a, b) => rank(a) - rank(b) || (a.stand && b.stand ? compareTightness(a.stand, b.stand, nowMs) : 0));
  return { shown: ordered.slice(0, limitsShown).map(({ limit }) => limit), more: Math.max(0, ordered.length - limitsShown) };
}

/**
 * What stops everything, and what cures it. The status bar's words where it says so; where it speaks of something else, such
 * as this window's own waiting request, those of the long limit that stops all the same.
 */
export function sideBlock(snapshot: Snapshot, meter: Pick<MeterFace, 'icon' | 'background' | 'spoken' | 'action'>, { workspaceId, nowMs, place }: SideTaste): { readonly text: string; readonly action: MeterFace['action'] } | undefined {
  if (meter.background !== undefined && meter.icon === 'circle-slash') return { text: `${meter.spoken}.`, action: meter.action };
  const limit = stoppingLimit(snapshot, workspaceId, nowMs);
  if (!limit) return undefined;
  const { title, because } = blockedWords(limit, snapshot, nowMs, place.locale);
  return { text: `${title}. ${because}`, action: 'dashboard' };
}

function aheadOf(stand: LimitStand | undefined, { nowMs, place }: SideTaste): { readonly ahead?: string } {
  const ahead = runOutPhrase(stand, nowMs, place.locale);
  return ahead === undefined ? {} : { ahead };
}

function shown(amount: string, show: 'left' | 'used'): string {
  return show === 'left' ? t('{0} left', amount) : t('{0} used', amount);
}

function creditsShown(amount: string, show: 'left' | 'used'): string {
  return show === 'left' ? t('{0} cr left', amount) : t('{0} cr used', amount);
}

function shapeOf(row: Pick<SideLimit, 'share' | 'reserved' | 'tick' | 'level' | 'sentence'>): Pick<SideLimit, 'share' | 'reserved' | 'tick' | 'level' | 'sentence'> {
  const { share, reserved, tick, level, sentence } = row;
  return { level, sentence, ...(share === undefined ? {} : { share }), ...(reserved === undefined ? {} : { reserved }), ...(tick === undefined ? {} : { tick }) };
}

/** The big number and the words behind it: clauses that each stand for themselves. */
export function sideBalance(snapshot: Snapshot, show: 'left' | 'used', locale: string): { readonly number: string; readonly words: string } {
  const { balance, today } = snapshot;
  const practice = snapshot.broker.mode === 'practice';
  const dollars = (amount: number) => (practice ? [] : [formatUsd(amount, 2, locale)]);
  if (!balance.tracked && !isCostKnown(today.total)) return { number: '—', words: t('cost not known: today\'s models have no price') };
  if (!balance.tracked) {
    const { costMicroCredits, estimated } = today.total;
    return { number: creditsText(costMicroCredits, locale, estimated > 0), words: [t('credits used today'), ...dollars(costMicroCredits), t('balance not tracked')].join(' · ') };
  }
  const isLeft = show === 'left';
  const amount = isLeft ? balance.balanceMicroCredits : Math.max(0, grantedMicroCredits(balance, snapshot.atMs) - balance.balanceMicroCredits);
  const words = isLeft ? (practice ? t('practice credits left') : t('credits left')) : practice ? t('practice credits used') : t('credits used');
  return { number: formatCredits(amount, 2, locale), words: [words, ...dollars(amount)].join(' · ') };
}

/** Today by workspace, the dearest first; the rest in one line. */
export function sideToday(snapshot: Snapshot, locale: string): readonly { readonly key: string; readonly label: string; readonly amount: string }[] {
  const rows = snapshot.today.byWorkspace.toSorted((a, b) => b.costMicroCredits - a.costMicroCredits);
  const line = (key: string, label: string, sums: Parameters<typeof costText>[0]) => ({ key, label, amount: costText(sums, locale) });
  const rest = rows.slice(workspacesShown);
  return [
    ...rows.slice(0, workspacesShown).map((row) => line(row.key, row.label, row)),
    ...(rest.length === 0 ? [] : [line(' others', plural(rest.length, '{0} other', '{0} others'), rest.reduce((sum, row) => ({ costMicroCredits: sum.costMicroCredits + row.costMicroCredits, unpriced: sum.unpriced + row.unpriced, estimated: sum.estimated + row.estimated }), { costMicroCredits: 0, unpriced: 0, estimated: 0 }))]),
  ];
}

// Turns a limit or a budget into the words and the gauge of its line in the tooltip. Unknown stays
// unknown: a dash and a dashed gauge, never a zero.
import { compareTightness, levelOf, spareOf, type LimitStand } from '../domain/tightest.ts';
import { formatShare } from '../domain/units.ts';
import { clockWords } from '../protocol/clockWords.ts';
import { ownBudgets, paceMinutesMin, paceWords, standOfBudget, standOfWindow } from '../protocol/limitStands.ts';
import type { Snapshot, WindowView } from '../protocol/snapshot.ts';
import { budgetKeyName, budgetName, type BudgetStand } from '../protocol/windowBudgets.ts';
import type { Gauge } from './gaugeImage.ts';

/** One limit, ready to be written down. */
export interface LimitLine {
  readonly name: string;
  readonly gauge: Gauge;
  /** "38 %", "< 1 %" or a dash. */
  readonly share: string;
  readonly resets: string;
  /** "13 % spare", "9 % over", "used up"; empty where nothing is known of it. */
  readonly pace: string;
  /** What it warns of: a low limit, or one that is used up. */
  readonly mark?: 'warning' | 'error';
}

/** Describes an upstream limit at a time. */
export function limitLine(window: WindowView, show: 'left' | 'used', nowMs: number, locale: string): LimitLine {
  const stand = standOfWindow(window, nowMs);
  const name = `${window.model}${window.measure === 'percent' ? '' : ` ${window.measure}`}${windowWords(window.windowMinutes)}`;
  if (!stand) return { name, gauge: { low: false }, share: '—', resets: 'not announced yet', pace: '' };
  const isLong = window.windowMinutes >= paceMinutesMin;
  return { ...lineOf(stand, show, isLong ? 'refills steadily' : 'too short'), name, resets: stand.left >= 1 ? 'full' : resetWords(stand.endsAtMs, isLong, nowMs, locale) };
}

/** Describes one key of a budget at a time. */
export function budgetRowLine(stand: BudgetStand, show: 'left' | 'used', nowMs: number, locale: string): LimitLine {
  const limit = standOfBudget(stand, nowMs);
  const key = budgetKeyName(stand);
  return { ...lineOf(limit, show, ''), name: `Budget ${budgetName(stand.view)}${key === '' ? '' : ` · ${key}`}`, resets: resetWords(limit.endsAtMs, true, nowMs, locale) };
}

/** Every line of the card's table: a window's own budgets and the long limits, the tightest first, then those that refill within minutes or are not known. */
export function limitLines(snapshot: Pick<Snapshot, 'windows' | 'budgets'>, workspaceId: string | undefined, show: 'left' | 'used', nowMs: number, locale: string): LimitLine[] {
  const lines = [
    ...ownBudgets(snapshot, workspaceId).map((stand) => ({ stand: standOfBudget(stand, nowMs), line: budgetRowLine(stand, show, nowMs, locale) })),
    ...snapshot.windows.map((window) => ({ stand: window.windowMinutes < paceMinutesMin ? undefined : standOfWindow(window, nowMs), line: limitLine(window, show, nowMs, locale) })),
  ];
  const rank = ({ stand }: (typeof lines)[number]) => (stand ? 0 : 1);
  return lines.toSorted((a, b) => (a.stand && b.stand ? compareTightness(a.stand, b.stand, nowMs) : rank(a) - rank(b))).map(({ line }) => line);
}

function lineOf(stand: LimitStand, show: 'left' | 'used', refills: Parameters<typeof paceWords>[2]): Omit<LimitLine, 'name' | 'resets'> {
  const { left, timeLeft } = stand;
  const isLow = levelOf(stand) !== 'ok';
  const share = show === 'left' ? left : 1 - left;
  return {
    gauge: { low: isLow, share, ...(timeLeft === undefined ? {} : { tick: show === 'left' ? timeLeft : 1 - timeLeft }) },
    share: formatShare(share), pace: paceWords(left, spareOf(stand), refills),
    ...(left <= 0 ? { mark: 'error' as const } : isLow ? { mark: 'warning' as const } : {}),
  };
}

/** A duration in at most two units: "47 s", "2 h 14 min", "1 d 18 h". */
export function durationWords(durationMs: number): string {
  const seconds = Math.max(1, Math.ceil(durationMs / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

function windowWords(minutes: number): string {
  if (minutes === 1) return '/min';
  if (minutes === 1440) return '/day';
  if (minutes === 10_080) return '/week';
  return minutes % 60 === 0 ? ` in ${minutes / 60} h` : ` in ${minutes} min`;
}

function resetWords(endsAtMs: number | undefined, isLong: boolean, nowMs: number, locale: string): string {
  if (endsAtMs === undefined) return '—';
  if (endsAtMs <= nowMs) return 'now';
  const countdown = durationWords(endsAtMs - nowMs);
  return isLong ? `${clockWords(endsAtMs, nowMs, locale)} · in ${countdown}` : `full in ${countdown}`;
}

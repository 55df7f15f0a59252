// Turns a limit or a budget into the words and the gauge of its line in the tooltip. Unknown stays
// unknown: a dash and a dashed gauge, never a zero.
import { compareTightness, levelOf, type LimitStand } from '../domain/tightest.ts';
import { formatShare } from '../domain/units.ts';
import { clockWords } from '../protocol/clockWords.ts';
import { t } from '../protocol/language.ts';
import { ownBudgets, paceMinutesMin, paceWords, refillsOf, renewsAtMs, standOfBudget, standOfWindow, toldAtWords, unannouncedReset, type Refills } from '../protocol/limitStands.ts';
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
  /** "13 % spare", "9 % ahead of even use", "used up"; empty where nothing is known of it. */
  readonly pace: string;
  /** What it warns of: a low limit, or one that is used up. */
  readonly mark?: 'warning' | 'error';
}

/** Describes an upstream limit at a time. */
export function limitLine(window: WindowView, show: 'left' | 'used', nowMs: number, locale: string): LimitLine {
  const stand = standOfWindow(window, nowMs);
  const toldAt = toldAtWords(window, nowMs, locale);
  const name = toldAt === undefined ? windowRowName(window) : t('{0}, as of {1}', windowRowName(window), toldAt);
  if (!stand) return { name, gauge: { low: false }, share: '—', resets: t('not announced yet'), pace: '' };
  const isLong = window.windowMinutes >= paceMinutesMin;
  return { ...lineOf(stand, show, refillsOf(window), locale), name, resets: stand.left >= 1 ? t('full') : (isLong ? opensWords(window, stand, nowMs, locale) : undefined) ?? (stand.endsAtMs === undefined ? unannouncedReset(window) : undefined) ?? resetWords(stand.endsAtMs, isLong && renewsAtMs(stand) !== undefined, nowMs, locale) };
}

/** When the next request has room in what refills steadily; undefined while there is some, and for what begins anew. */
function opensWords({ opensAtMs }: WindowView, { left }: LimitStand, nowMs: number, locale: string): string | undefined {
  return left > 0 || opensAtMs === undefined || opensAtMs <= nowMs ? undefined : `${t('opens {0}', clockWords(opensAtMs, nowMs, locale))} · ${t('in {0}', durationWords(opensAtMs - nowMs))}`;
}

/** Describes one key of a budget at a time. */
export function budgetRowLine(stand: BudgetStand, show: 'left' | 'used', nowMs: number, locale: string): LimitLine {
  const limit = standOfBudget(stand, nowMs);
  const key = budgetKeyName(stand);
  const name = t('Budget {0}', [budgetName(stand.view), key].filter(Boolean).join(' · '));
  return { ...lineOf(limit, show, '', locale), name: stand.isForToday ? t('{0} · today\'s share', name) : name, resets: resetWords(limit.endsAtMs, true, nowMs, locale) };
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

function lineOf(stand: LimitStand, show: 'left' | 'used', refills: Refills, locale: string): Omit<LimitLine, 'name' | 'resets'> {
  const { left, timeLeft } = stand;
  const isLow = levelOf(stand) !== 'ok';
  const share = show === 'left' ? left : 1 - left;
  return {
    gauge: { low: isLow, share, ...(timeLeft === undefined ? {} : { tick: show === 'left' ? timeLeft : 1 - timeLeft }) },
    share: formatShare(share, locale), pace: paceWords(stand, refills),
    ...(left <= 0 ? { mark: 'error' as const } : isLow ? { mark: 'warning' as const } : {}),
  };
}

/** A duration in at most two units: "47 s", "2 h 14 min", "1 d 18 h". */
export function durationWords(durationMs: number): string {
  const seconds = Math.max(1, Math.ceil(durationMs / 1000));
  if (seconds < 100) return t('{0} s', seconds);
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return t('{0} min', minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? t('{0} h', hours) : t('{0} h {1} min', hours, minutes % 60);
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? t('{0} d', days) : t('{0} d {1} h', days, hours % 24);
}

/** "gpt-5.5 tokens/min", "gpt-5.5 requests in 5 h"; a plan's window counts no thing of its own. */
function windowRowName({ model, measure, windowMinutes }: WindowView): string {
  const name = measure === 'tokens' ? t('{0} tokens', model) : measure === 'requests' ? t('{0} requests', model) : measure === 'images' ? t('{0} images', model) : measure === 'madeImages' ? t('{0} made images', model) : model;
  if (windowMinutes === 1) return t('{0}/min', name);
  if (windowMinutes === 1440) return t('{0}/day', name);
  if (windowMinutes === 10_080) return t('{0}/week', name);
  return windowMinutes % 60 === 0 ? t('{0} in {1} h', name, windowMinutes / 60) : t('{0} in {1} min', name, windowMinutes);
}

function resetWords(endsAtMs: number | undefined, isLong: boolean, nowMs: number, locale: string): string {
  if (endsAtMs === undefined) return '—';
  if (endsAtMs <= nowMs) return t('now');
  const countdown = durationWords(endsAtMs - nowMs);
  return isLong ? `${clockWords(endsAtMs, nowMs, locale)} · ${t('in {0}', countdown)}` : t('full in {0}', countdown);
}

// One limit as a row says it: what is left or used, when it is full again, whether the pace holds,
// and the sentence that the gauge speaks. Pure; unknown stays unknown and is never drawn as zero.
import { levelOf, spareOf } from '../domain/tightest.ts';
import { formatTokens } from '../domain/units.ts';
import { paceMinutesMin, paceWords, shareLeft, standOfWindow, windowName } from '../protocol/limitStands.ts';
import type { WindowView } from '../protocol/snapshot.ts';
import { countText, percentText } from './amountText.ts';
import { dayAndTime, duration } from './timeText.ts';
import type { Place } from './timeText.ts';

/** How a gauge is drawn; each level has its words too. */
export type LimitLevel = 'fine' | 'low' | 'empty' | 'unknown';

/** A limit in words and shares. Shares are 0 to 1 and already flipped for `show`. */
export interface LimitRow {
  readonly id: string;
  readonly name: string;
  readonly model: string;
  readonly level: LimitLevel;
  /** Length of the bar. */
  readonly share?: number;
  /** Place of the tick: time left (or passed) in the window. */
  readonly tick?: number;
  readonly amount: string;
  readonly resets: string;
  readonly countdown?: string;
  readonly pace: string;
  readonly sentence: string;
}

/** Words a limit. `show` flips number, bar and tick together. */
export function limitRow(window: WindowView, nowMs: number, show: 'left' | 'used', place: Place): LimitRow {
  const name = windowName(window);
  const base = { id: window.id, name, model: window.model };
  if (window.remaining === undefined) {
    return { ...base, level: 'unknown', amount: '—', resets: 'not announced yet', countdown: 'learned from answers', pace: 'unknown', sentence: `${name}, ${window.model}: not announced yet` };
  }
  const stand = standOfWindow(window, nowMs);
  const left = shareLeft(window);
  const time = stand?.timeLeft;
  const spare = stand && spareOf(stand);
  const count = (value: number) => (window.measure === 'tokens' ? formatTokens(value, place.locale) : window.measure === 'percent' ? percentText(value / 100) : countText(value, place.locale));
  const shown = show === 'left' || window.limit === undefined ? window.remaining : Math.max(0, window.limit - window.remaining);
  const word = window.limit === undefined ? 'left' : show;
  const nextShareAtMs = window.remaining > 0 && window.shareUsedUntilMs !== undefined && window.shareUsedUntilMs > nowMs ? window.shareUsedUntilMs : undefined;
  const refill = nextShareAtMs === undefined ? refillText(window, nowMs, time === undefined, left, place) : at(nextShareAtMs, nowMs, place);
  const empty = window.remaining <= 0;
  const low = !empty && stand !== undefined && levelOf(stand) !== 'ok';
  const flipped = (share: number) => show === 'left' ? share : 1 - share;
  return {
    ...base, ...refill,
    level: empty ? 'empty' : left === undefined ? 'unknown' : low ? 'low' : 'fine',
    ...(left === undefined ? {} : { share: flipped(left) }),
    ...(time === undefined ? {} : { tick: flipped(time) }),
    amount: count(shown),
    pace: nextShareAtMs !== undefined ? 'share so far used' : paceText(window, left, spare),
    sentence: `${name}, ${window.model}: ${left === undefined ? count(shown) : percentText(flipped(left))} ${word}, ${[refill.resets, refill.countdown].filter(Boolean).join(', ')}`,
  };
}

function refillText(window: WindowView, nowMs: number, steady: boolean, left: number | undefined, place: Place): { resets: string; countdown?: string } {
  if (left === 1) return { resets: 'full now' };
  if (window.resetsAtMs === undefined) return { resets: 'reset not announced' };
  const waitMs = window.resetsAtMs - nowMs;
  if (waitMs <= 0) return { resets: 'full now' };
  return steady
    ? { resets: 'steady refill', countdown: `full in ${duration(waitMs)}` }
    : at(window.resetsAtMs, nowMs, place);
}

function at(atMs: number, nowMs: number, place: Place): { resets: string; countdown: string } {
  return { resets: dayAndTime(atMs, nowMs, place), countdown: `in ${duration(atMs - nowMs)}` };
}

function paceText(window: WindowView, left: number | undefined, spare: number | undefined): string {
  if (window.remaining === 0) return 'used up';
  return left === undefined ? 'unknown' : paceWords(left, spare, window.windowMinutes < paceMinutesMin ? 'too short' : 'refills steadily');
}

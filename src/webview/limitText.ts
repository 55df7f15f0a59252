// One limit as a row says it: what is left or used, when it is full again, whether the pace holds,
// and the sentence that the gauge speaks. Pure; unknown stays unknown and is never drawn as zero.
import { isPaceKnown, levelOf, onPaceShare, spareOf, type LimitStand } from '../domain/tightest.ts';
import { formatTokens } from '../domain/units.ts';
import { paceMinutesMin, paceWords, refillsOf, shareLeft, standOfWindow, toldAtWords, unannouncedReset, windowName } from '../protocol/limitStands.ts';
import { t } from '../protocol/language.ts';
import type { WindowView } from '../protocol/snapshot.ts';
import { aheadWords } from '../protocol/snapshotForecast.ts';
import { countText, percentText } from './amountText.ts';
import { countdown, dayAndTime } from './timeText.ts';
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
  /** What happens then, where `resets` is a bare moment: "resets Thu 19 Nov 09:00", as a text without a heading says it. */
  readonly renews?: string;
  readonly pace: string;
  /** How long it lasts at its pace, where that means anything. */
  readonly ahead?: string;
  /** Its pace leaves something over. */
  readonly hasSpare: boolean;
  readonly sentence: string;
}

/** Words a limit. `show` flips number, bar and tick together. */
export function limitRow(window: WindowView, nowMs: number, show: 'left' | 'used', place: Place): LimitRow {
  const name = windowName(window);
  const toldAt = toldAtWords(window, nowMs, place.locale);
  const base = { id: window.id, name, model: toldAt === undefined ? window.model : t('{0}, as of {1}', window.model, toldAt) };
  if (window.remaining === undefined) {
    return { ...base, level: 'unknown', amount: '—', resets: t('not announced yet'), countdown: t('learned from answers'), pace: t('unknown'), hasSpare: false, sentence: t('{0}, {1}: not announced yet', name, window.model) };
  }
  const stand = standOfWindow(window, nowMs);
  const left = shareLeft(window);
  const time = stand?.timeLeft;
  const spare = stand && spareOf(stand);
  const count = (value: number) => (window.measure === 'tokens' ? formatTokens(value, place.locale) : window.measure === 'percent' ? percentText(value / 100) : countText(value, place.locale));
  const shown = show === 'left' || window.limit === undefined ? window.remaining : Math.max(0, window.limit - window.remaining);
  const nextShareAtMs = window.remaining > 0 && window.shareUsedUntilMs !== undefined && window.shareUsedUntilMs > nowMs ? window.shareUsedUntilMs : undefined;
  const refill = nextShareAtMs === undefined ? refillText(window, nowMs, time === undefined, left, place) : { ...at(nextShareAtMs, nowMs, place), renews: t('goes on {0}', dayAndTime(nextShareAtMs, nowMs, place)) };
  const empty = window.remaining <= 0;
  const low = !empty && stand !== undefined && levelOf(stand) !== 'ok';
  const flipped = (share: number) => show === 'left' ? share : 1 - share;
  return {
    ...base, ...refill,
    level: empty ? 'empty' : left === undefined ? 'unknown' : low ? 'low' : 'fine',
    ...(left === undefined ? {} : { share: flipped(left) }),
    ...(time === undefined ? {} : { tick: flipped(time) }),
    amount: count(shown),
    ...aheadOf(window, stand, nowMs, place),
    pace: nextShareAtMs !== undefined ? t('share so far used') : paceText(window, left, time), hasSpare: nextShareAtMs === undefined && time !== undefined && isPaceKnown(time) && spare !== undefined && spare >= onPaceShare,
    sentence: gaugeSentence(`${name}, ${window.model}`, left === undefined ? count(shown) : percentText(flipped(left)), window.limit === undefined ? 'left' : show, [refill.resets, refill.countdown].filter(Boolean).join(', ')),
  };
}

function aheadOf(window: WindowView, stand: LimitStand | undefined, nowMs: number, place: Place): { readonly ahead?: string } {
  const ahead = stand && window.windowMinutes >= paceMinutesMin ? aheadWords(stand, nowMs, place.locale) : undefined;
  return ahead === undefined ? {} : { ahead };
}

function gaugeSentence(name: string, amount: string, show: 'left' | 'used', refill: string): string {
  return show === 'left' ? t('{0}: {1} left, {2}', name, amount, refill) : t('{0}: {1} used, {2}', name, amount, refill);
}

function refillText(window: WindowView, nowMs: number, steady: boolean, left: number | undefined, place: Place): Pick<LimitRow, 'resets' | 'countdown' | 'renews'> {
  if (left === 1) return { resets: t('full now') };
  if (left === 0 && window.windowMinutes >= paceMinutesMin && window.opensAtMs !== undefined && window.opensAtMs > nowMs) {
    return { resets: t('opens {0}', dayAndTime(window.opensAtMs, nowMs, place)), countdown: t('in {0}', countdown(window.opensAtMs - nowMs)) };
  }
  if (window.resetsAtMs === undefined) return { resets: unannouncedReset(window) };
  const waitMs = window.resetsAtMs - nowMs;
  if (waitMs <= 0) return { resets: t('full now') };
  return steady
    ? { resets: t('steady refill'), countdown: t('full in {0}', countdown(waitMs)) }
    : { ...at(window.resetsAtMs, nowMs, place), renews: t('resets {0}', dayAndTime(window.resetsAtMs, nowMs, place)) };
}

function at(atMs: number, nowMs: number, place: Place): { resets: string; countdown: string } {
  return { resets: dayAndTime(atMs, nowMs, place), countdown: t('in {0}', countdown(atMs - nowMs)) };
}

function paceText(window: WindowView, left: number | undefined, timeLeft: number | undefined): string {
  if (window.remaining === 0) return t('used up');
  return left === undefined ? t('unknown') : paceWords({ left, ...(timeLeft === undefined ? {} : { timeLeft }) }, refillsOf(window)) || t('unknown');
}

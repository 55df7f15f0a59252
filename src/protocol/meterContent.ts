// What the text of the status bar is about where a person chose: credits, a share, a pace or a reset; and the words for
// pace and reset, short enough for the item. Pure.
import { isPaceKnown, onPaceShare, spareOf, type LimitStand } from '../domain/tightest.ts';
import { formatShare } from '../domain/units.ts';
import { clockWords } from './clockWords.ts';
import { plural, t } from './language.ts';
import { isOpening, paceWords, renewsAtMs, spokenShare } from './limitStands.ts';

/** What can be told instead of whatever is tightest. */
export const chosenContents = ['credits', 'share', 'pace', 'reset'] as const;
/** See `chosenContents`. */
export type ChosenContent = (typeof chosenContents)[number];
/** What the text is about. */
export type MeterContent = 'tightest' | ChosenContent;

/** What of a limit is told where its share is not: as the item has it, as a card writes it, and as a voice reads it. */
export interface ContentWords {
  readonly short: string;
  readonly written: string;
  readonly spoken: string;
}

/** Whether a limit has a pace that means something, or a moment at which it begins anew or goes on: what refills steadily has none while something is left. */
export function hasContent(content: 'pace' | 'reset', stand: LimitStand): boolean {
  if (content === 'pace') return stand.left > 0 && stand.timeLeft !== undefined && isPaceKnown(stand.timeLeft);
  return renewsAtMs(stand) !== undefined;
}

/** Words the pace or the reset of a limit that has it. */
export function contentWords(content: 'pace' | 'reset', stand: LimitStand, nowMs: number, locale: string): ContentWords {
  const { name, endsAtMs = nowMs } = stand;
  if (content === 'pace') {
    const spare = spareOf(stand) ?? 0;
    return { short: shortPace(spare, locale), written: paceWords(stand, ''), spoken: t('The {0}: {1}', name, paceWords(stand, '', spokenShare)) };
  }
  const minutes = Math.max(1, Math.ceil((endsAtMs - nowMs) / 60_000));
  if (isOpening(stand)) return { short: shortReset(minutes, true), written: t('Opens in {0}', spanOf(minutes)), spoken: t('The {0} opens in {1}, {2}', name, spokenSpan(minutes), clockWords(endsAtMs, nowMs, locale)) };
  return { short: shortReset(minutes, false), written: t('Begins anew in {0}', spanOf(minutes)), spoken: t('The {0} begins anew in {1}, {2}', name, spokenSpan(minutes), clockWords(endsAtMs, nowMs, locale)) };
}

/** "11 % ahead", "6 % spare", "on pace": the words of the card, without the even use. */
function shortPace(spare: number, locale: string): string {
  if (Math.abs(spare) < onPaceShare) return t('on pace');
  return spare > 0 ? t('{0} spare', formatShare(spare, locale)) : t('{0} ahead', formatShare(-spare, locale));
}

/** "resets in 13 d": in one unit, which is all that the item has room for, cut off as clocks are; below a hundred minutes and two days in the smaller one. */
function shortReset(minutes: number, isOpen: boolean): string {
  const hours = Math.floor(minutes / 60);
  if (minutes < 100) return isOpen ? t('opens in {0} m', minutes) : t('resets in {0} m', minutes);
  if (hours < 48) return isOpen ? t('opens in {0} h', hours) : t('resets in {0} h', hours);
  return isOpen ? t('opens in {0} d', Math.floor(hours / 24)) : t('resets in {0} d', Math.floor(hours / 24));
}

/** "47 min", "2 h 14 min", "1 d 18 h": in whole minutes, which is as often as the item is painted while nothing happens. */
function spanOf(minutes: number): string {
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (minutes === 1) return t('< 1 min');
  if (minutes < 60) return t('{0} min', minutes);
  return days === 0 ? t('{0} h {1} min', hours, rest) : t('{0} d {1} h', days, hours);
}

function spokenSpan(minutes: number): string {
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const parts = [
    ...(days > 0 ? [plural(days, '{0} day', '{0} days')] : []), ...(hours > 0 ? [plural(hours, '{0} hour', '{0} hours')] : []),
    ...(days === 0 && rest > 0 ? [plural(rest, '{0} minute', '{0} minutes')] : []),
  ];
  return parts.join(' ');
}

// Times and durations as people read them: the local time with its weekday beside the countdown.
// Pure; the moment that counts as now and the place are always passed in.
import { dateWords, formatter, timeWords } from '../protocol/clockWords.ts';
import { languageTag, t } from '../protocol/language.ts';

/** Whose clock and words: a BCP 47 locale and, for tests, a time zone (the local one otherwise). */
export interface Place {
  readonly locale: string;
  readonly timeZone?: string;
}

function zone(place: Place): { timeZone?: string } {
  return place.timeZone === undefined ? {} : { timeZone: place.timeZone };
}

/** "14:21": hours and minutes on a 24-hour clock. */
export function timeOfDay(atMs: number, place: Place): string {
  return timeWords(atMs, place.locale, zone(place));
}

/** "14:21:07", for an explanation. */
export function timeWithSeconds(atMs: number, place: Place): string {
  return formatter(place.locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', ...zone(place) }).format(atMs);
}

/** "Thu 19 Nov", and as the locale writes it in other languages. */
export function weekdayDate(atMs: number, place: Place): string {
  return dateWords(atMs, place.locale, false, zone(place));
}

/** Whether two moments fall on the same local day. */
export function sameDay(aMs: number, bMs: number, place: Place): boolean {
  const format = formatter('en', { year: 'numeric', month: '2-digit', day: '2-digit', ...zone(place) });
  return format.format(aMs) === format.format(bMs);
}

/** "today 16:40", or "Thu 19 Nov 09:00" on any other day. */
export function dayAndTime(atMs: number, nowMs: number, place: Place): string {
  return sameDay(atMs, nowMs, place) ? t('today {0}', timeOfDay(atMs, place)) : dateWords(atMs, place.locale, true, zone(place));
}

/** A row's time: "14:21" today, "Mon 16 Nov 09:12" before. */
export function rowTime(atMs: number, nowMs: number, place: Place): string {
  return sameDay(atMs, nowMs, place) ? timeOfDay(atMs, place) : dateWords(atMs, place.locale, true, zone(place));
}

/** A duration in its two largest units: "47 s", "2 min 5 s", "2 h 14 min", "1 d 18 h". Never negative. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 60) return t('{0} s', seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10 && seconds % 60 > 0) return t('{0} min {1} s', minutes, seconds % 60);
  if (minutes < 60) return t('{0} min', minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? t('{0} h', hours) : t('{0} h {1} min', hours, minutes % 60);
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? t('{0} d', days) : t('{0} d {1} h', days, hours % 24);
}

/** How long until something, as `duration` but in whole minutes down to the last one: "2 h 14 min", "7 min", "47 s". */
export function countdown(ms: number): string {
  return duration(wholeMinutes(ms));
}

/** Whole minutes from one minute on. */
function wholeMinutes(ms: number): number {
  return ms < 60_000 ? ms : Math.floor(ms / 60_000) * 60_000;
}

/** A short measured time: "0.4 s", "38.4 s", then as `duration`. */
export function measuredTime(ms: number): string {
  const tenths = new Intl.NumberFormat(languageTag(), { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  return ms < 60_000 ? t('{0} s', tenths.format(Math.max(0, ms) / 1000)) : duration(ms);
}

/** A running clock: "0:21", "12:04", "1:02:10". */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}` : `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
}

/** How old a number is: "just now" below five seconds, else "3 min ago". */
export function age(ms: number): string {
  if (ms < 5000) return t('just now');
  // Whole minutes are enough once a number is older than one.
  return t('{0} ago', duration(wholeMinutes(ms)));
}

/** Title of one day of the chart, from a `YYYY-MM-DD` key; any other key is shown as it is. */
export function dayTitle(key: string, locale: string): string {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(key);
  if (!match) return key;
  // The key names a local day already, so it is formatted where no zone can move it.
  return weekdayDate(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])), { locale, timeZone: 'UTC' });
}

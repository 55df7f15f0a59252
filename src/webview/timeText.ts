// Times and durations as people read them: the local time with its weekday beside the countdown.
// Pure; the moment that counts as now and the place are always passed in.

/** Whose clock and words: a BCP 47 locale and, for tests, a time zone (the local one otherwise). */
export interface Place {
  readonly locale: string;
  readonly timeZone?: string;
}

/** A locale that `Intl` accepts: the given one, or English when it is malformed. */
export function usableLocale(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? 'en';
  } catch {
    // A malformed tag must not blank the page; English is always there.
    return 'en';
  }
}

function zone(place: Place): { timeZone?: string } {
  return place.timeZone === undefined ? {} : { timeZone: place.timeZone };
}

/** Formatters made so far: making one costs more than using it a hundred times, and a page writes hundreds of days. */
const formatters = new Map<string, Intl.DateTimeFormat>();
/** Locales, zones and shapes in use are few; anything beyond is not remembered. */
const formattersMax = 100;

function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${JSON.stringify(options)}`;
  const known = formatters.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale, options);
  if (formatters.size < formattersMax) formatters.set(key, made);
  return made;
}

/** "14:21": hours and minutes on a 24-hour clock, so that columns stay narrow and unambiguous. */
export function timeOfDay(atMs: number, place: Place): string {
  return formatter(place.locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...zone(place) }).format(atMs);
}

/** "14:21:07", for an explanation. */
export function timeWithSeconds(atMs: number, place: Place): string {
  return formatter(place.locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', ...zone(place) }).format(atMs);
}

/** "Thu 19 Nov", in that order in every language. */
export function weekdayDate(atMs: number, place: Place): string {
  const parts = formatter(place.locale, { weekday: 'short', day: 'numeric', month: 'short', ...zone(place) }).formatToParts(atMs);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('weekday')} ${part('day')} ${part('month')}`;
}

/** Whether two moments fall on the same local day. */
export function sameDay(aMs: number, bMs: number, place: Place): boolean {
  const format = formatter('en', { year: 'numeric', month: '2-digit', day: '2-digit', ...zone(place) });
  return format.format(aMs) === format.format(bMs);
}

/** "today 16:40", or "Thu 19 Nov 09:00" on any other day. */
export function dayAndTime(atMs: number, nowMs: number, place: Place): string {
  const time = timeOfDay(atMs, place);
  return sameDay(atMs, nowMs, place) ? `today ${time}` : `${weekdayDate(atMs, place)} ${time}`;
}

/** A row's time: "14:21" today, "Mon 16 Nov 09:12" before. */
export function rowTime(atMs: number, nowMs: number, place: Place): string {
  return sameDay(atMs, nowMs, place) ? timeOfDay(atMs, place) : `${weekdayDate(atMs, place)} ${timeOfDay(atMs, place)}`;
}

/** A duration in its two largest units: "47 s", "2 min 5 s", "2 h 14 min", "1 d 18 h". Never negative. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** A short measured time: "0.4 s", "38.4 s", then as `duration`. */
export function measuredTime(ms: number): string {
  return ms < 60_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : duration(ms);
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
  if (ms < 5000) return 'just now';
  // Whole minutes are enough once a number is older than one.
  return `${duration(ms < 60_000 ? ms : Math.floor(ms / 60_000) * 60_000)} ago`;
}

/** Title of one day of the chart, from a `YYYY-MM-DD` key; any other key is shown as it is. */
export function dayTitle(key: string, locale: string): string {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(key);
  if (!match) return key;
  // The key names a local day already, so it is formatted where no zone can move it.
  return weekdayDate(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])), { locale, timeZone: 'UTC' });
}

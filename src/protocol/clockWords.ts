// A moment by the local clock, as short texts write it. Pure; the moment that counts as now is passed in.

/** Nearer than this a time of day says enough. */
const nearMs = 43_200_000;

const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const day = { weekday: 'short', day: 'numeric', month: 'short' } as const;

/** Whose clock: a time zone, the local one where it is absent. */
export interface Zone { readonly timeZone?: string }

/** "Thu 19 Nov" or "Thu 19 Nov 09:00" in English, else as the locale writes it: "Do., 19. Nov., 09:00". */
export function dateWords(atMs: number, locale: string, hasTime: boolean, zone: Zone = {}): string {
  const format = formatter(locale, { ...day, ...(hasTime ? clock : {}), ...zone });
  if (!/^en\b/.test(locale)) return format.format(atMs);
  // The day before the month, as most people who read English write it, and without commas: columns are narrow.
  const parts = format.formatToParts(atMs);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('weekday')} ${part('day')} ${part('month')}${hasTime ? ` ${part('hour')}:${part('minute')}` : ''}`;
}

/** "16:40": hours and minutes on a 24-hour clock, so that columns stay narrow and unambiguous. */
export function timeWords(atMs: number, locale: string, zone: Zone = {}): string {
  return formatter(locale, { ...clock, ...zone }).format(atMs);
}

/** "16:40"; "Thu 19 Nov 09:00" when it is not within half a day. */
export function clockWords(atMs: number, nowMs: number, locale: string): string {
  return Math.abs(atMs - nowMs) < nearMs ? timeWords(atMs, locale) : dateWords(atMs, locale, true);
}

/** Nearer than this a weekday names one day only. */
const weekMs = 6 * 86_400_000;

/** When something ends, as short as the status bar needs it: "16:40", "Thu 09:00", "1 Dec". */
export function shortUntil(atMs: number, nowMs: number, locale: string): string {
  const aheadMs = atMs - nowMs;
  if (aheadMs < nearMs) return timeWords(atMs, locale);
  if (aheadMs >= weekMs) return dayWords(atMs, locale);
  // By parts, because some languages put a comma or a word between day and time.
  return `${formatter(locale, { weekday: 'short' }).format(atMs)} ${timeWords(atMs, locale)}`;
}

/** "1 Dec", in the order in which dates with a weekday are written; else as the locale writes it: "1. Dez.". */
function dayWords(atMs: number, locale: string): string {
  const format = formatter(locale, { day: 'numeric', month: 'short' });
  if (!/^en\b/.test(locale)) return format.format(atMs);
  const parts = format.formatToParts(atMs);
  return ['day', 'month'].map((type) => parts.find((part) => part.type === type)?.value ?? '').join(' ');
}

/** Formatters made so far: making one costs more than using it a hundred times, and a page writes hundreds of days. */
const formatters = new Map<string, Intl.DateTimeFormat>();
/** Locales, zones and shapes in use are few; anything beyond is not remembered. */
const formattersMax = 100;

/** A formatter, kept for the next time. */
export function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${JSON.stringify(options)}`;
  const known = formatters.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale, options);
  if (formatters.size < formattersMax) formatters.set(key, made);
  return made;
}

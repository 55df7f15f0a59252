// A moment by the local clock, as short texts write it. Pure; the moment that counts as now is passed in.

/** Nearer than this a time of day says enough. */
const nearMs = 43_200_000;

/** "16:40"; "Thu 19 Nov 09:00", in that order in every language, when it is not within half a day. */
export function clockWords(atMs: number, nowMs: number, locale: string): string {
  const time = timeOf(atMs, locale);
  if (Math.abs(atMs - nowMs) < nearMs) return time;
  const parts = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short' }).formatToParts(atMs);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('weekday')} ${part('day')} ${part('month')} ${time}`;
}

function timeOf(atMs: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(atMs);
}

/** Nearer than this a weekday names one day only. */
const weekMs = 6 * 86_400_000;

/** When something ends, as short as the status bar needs it: "16:40", "Thu 09:00", "1 Dec". */
export function shortUntil(atMs: number, nowMs: number, locale: string): string {
  const aheadMs = atMs - nowMs;
  if (aheadMs < nearMs) return timeOf(atMs, locale);
  if (aheadMs >= weekMs) return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' }).format(atMs);
  // By parts, because some languages put a comma or a word between day and time.
  return `${new Intl.DateTimeFormat(locale, { weekday: 'short' }).format(atMs)} ${timeOf(atMs, locale)}`;
}

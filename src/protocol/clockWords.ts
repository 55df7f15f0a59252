// A moment by the local clock, as short texts write it. Pure; the moment that counts as now is passed in.

/** Nearer than this a time of day says enough. */
const nearMs = 43_200_000;

/** Local time; with the weekday and date when it is not within half a day. */
export function clockWords(atMs: number, nowMs: number, locale: string): string {
  const near = Math.abs(atMs - nowMs) < nearMs;
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...(near ? {} : { weekday: 'short', day: 'numeric', month: 'short' }) }).format(atMs);
}

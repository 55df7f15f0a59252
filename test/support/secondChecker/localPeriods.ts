// Calendar periods by looking: a local day begins at the first quarter hour that the zone's own calendar
// puts on that day. Slow and simple, and another way than the product's.

/** A span of time; the end belongs to the next one. */
export interface LocalPeriod { readonly fromMs: number; readonly untilMs: number }

const dayMs = 86_400_000;
const quarterHourMs = 900_000;
/** No zone is further from UTC than this. */
const zoneMsMax = 15 * 3_600_000;
const calendars = new Map<string, Intl.DateTimeFormat>();
const begins = new Map<string, number>();

/** The day, week or month around a moment. Weeks begin on Monday, or on the day that is given (1 to 7). */
export function periodAround(kind: 'day' | 'week' | 'month', atMs: number, timeZone: string, weekStartsOn = 1): LocalPeriod {
  const today = dateAt(atMs, timeZone);
  const date = new Date(`${today}T00:00:00Z`);
  const first = new Date(date);
  if (kind === 'month') first.setUTCDate(1);
  // getUTCDay counts from Sunday as 0; going back day by day needs no arithmetic that could be wrong.
  if (kind === 'week') while ((first.getUTCDay() === 0 ? 7 : first.getUTCDay()) !== weekStartsOn) first.setUTCDate(first.getUTCDate() - 1);
  const next = new Date(first);
  if (kind === 'month') next.setUTCMonth(next.getUTCMonth() + 1);
  else next.setUTCDate(next.getUTCDate() + (kind === 'week' ? 7 : 1));
  return { fromMs: beginOf(first, timeZone), untilMs: beginOf(next, timeZone) };
}

/** The number of the local day that a moment is in, of how many in its week or month: counted date by date. */
export function dayInPeriod(kind: 'week' | 'month', atMs: number, timeZone: string): { readonly day: number; readonly days: number } {
  const { fromMs, untilMs } = periodAround(kind, atMs, timeZone);
  const [first, today, last] = [dateAt(fromMs, timeZone), dateAt(atMs, timeZone), dateAt(untilMs - 1, timeZone)];
  const countTo = (date: string) => {
    let count = 1;
    for (const one = new Date(`${first}T00:00:00Z`); one.toISOString().slice(0, 10) < date; one.setUTCDate(one.getUTCDate() + 1)) count += 1;
    return count;
  };
  return { day: countTo(today), days: countTo(last) };
}

function dateAt(atMs: number, timeZone: string): string {
  let calendar = calendars.get(timeZone);
  if (!calendar) {
    // Swedish writes dates as ISO 8601 does.
    calendar = new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    calendars.set(timeZone, calendar);
  }
  return calendar.format(atMs);
}

function beginOf(day: Date, timeZone: string): number {
  const date = day.toISOString().slice(0, 10);
  const key = `${timeZone} ${date}`;
  const known = begins.get(key);
  if (known !== undefined) return known;
  let atMs = day.getTime() - zoneMsMax;
  while (dateAt(atMs, timeZone) < date && atMs < day.getTime() + dayMs) atMs += quarterHourMs;
  begins.set(key, atMs);
  return atMs;
}

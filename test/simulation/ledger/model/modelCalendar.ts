// The second mind's calendar: three time zones by their own rules, hour by hour, and the days, weeks and
// months in them. It asks no library what time it is where; the zones' rules are written down here.

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Zones that the second mind knows; one without summer time, one that changes at night, one that changes at midnight. */
export const knownZones = ['UTC', 'Europe/Berlin', 'Asia/Beirut'] as const;

/** The last Sunday of a month, as a day since 1970-01-01. */
function lastSunday(year: number, month: number): number {
  const lastDay = Date.UTC(year, month + 1, 0) / dayMs;
  // 1970-01-01 was a Thursday, so day 3 was a Sunday.
  return lastDay - (lastDay - 3) % 7;
}

/** Hours that a zone is ahead of UTC. */
export function hoursAhead(zone: string, atMs: number): number {
  if (zone === 'UTC') return 0;
  const year = new Date(atMs).getUTCFullYear();
  const [spring, autumn] = [lastSunday(year, 2) * dayMs, lastSunday(year, 9) * dayMs];
  // Berlin changes at 1:00 UTC; Beirut at its own midnight, which is 22:00 UTC in winter and 21:00 in summer.
  if (zone === 'Europe/Berlin') return atMs >= spring + hourMs && atMs < autumn + hourMs ? 2 : 1;
  if (zone === 'Asia/Beirut') return atMs >= spring - 2 * hourMs && atMs < autumn - 3 * hourMs ? 3 : 2;
  throw new RangeError(`the model has no zone ${zone}`);
}

/** The local day of a moment. */
function dayIn(zone: string, atMs: number): number {
  return Math.floor((atMs + hoursAhead(zone, atMs) * hourMs) / dayMs);
}

const begins = new Map<string, number>();

/** The first moment of a local day: the first full hour that has its date. */
function dayBegin(zone: string, day: number): number {
  const key = `${zone} ${day}`;
  let atMs = begins.get(key);
  if (atMs === undefined) {
    atMs = day * dayMs - 5 * hourMs;
    while (dayIn(zone, atMs) < day) atMs += hourMs;
    begins.set(key, atMs);
  }
  return atMs;
}

/** The day, week or month that a moment lies in. Weeks begin on a Monday (1) unless told otherwise. */
export function periodAt(every: 'day' | 'week' | 'month', zone: string, atMs: number, weekStartsOn = 1): { readonly fromMs: number; readonly untilMs: number } {
  const today = dayIn(zone, atMs);
  let [first, next] = [today, today + 1];
  if (every === 'week') {
    while ((first + 3) % 7 + 1 !== weekStartsOn) first -= 1;
    next = first + 7;
  }
  if (every === 'month') {
    const dateOf = (day: number) => new Date(day * dayMs).getUTCDate();
    first = today - dateOf(today) + 1;
    next = first + 31 - dateOf(first + 31) + 1;
  }
  return { fromMs: dayBegin(zone, first), untilMs: dayBegin(zone, next) };
}

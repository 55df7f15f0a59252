// How people write dates and times for the command line: ISO 8601, local where no zone is named. Pure.
import { safeInteger } from '../domain/units.ts';

const isoPattern = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(?:(Z)|([+-])(\d{2}):(\d{2}))?)?$/;
const minuteMs = 60_000;
const dayMs = 86_400_000;

/**
 * Reads a date or time in ISO 8601. A date alone is the midnight at which that local day begins, and a
 * time without a zone is local, as everything that people see is.
 * @param utcOffsetMs what the local clock is ahead of UTC at a moment
 * @returns milliseconds since the epoch; undefined for what is none, does not exist, or lies before 1970
 */
export function parseIso(text: string, utcOffsetMs: (atMs: number) => number): number | undefined {
  const match = isoPattern.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const writtenMs = Date.UTC(year, month - 1, day, hour, minute, second) + Number((match[7] ?? '').padEnd(3, '0'));
  // Date.UTC carries what is too much over: a 31 February would become a day in March.
  const date = new Date(writtenMs);
  const isReal = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
    .every((part, index) => part === [year, month, day, hour, minute, second][index]);
  if (!isReal) return undefined;
  const [zoneHour, zoneMinute] = [Number(match[10] ?? 0), Number(match[11] ?? 0)];
  if (zoneHour > 23 || zoneMinute > 59) return undefined;
  const atMs = match[8] === undefined && match[9] === undefined ? localMs(writtenMs, utcOffsetMs)
    : writtenMs - (match[9] === '-' ? -1 : 1) * (zoneHour * 60 + zoneMinute) * minuteMs;
  return atMs < 0 ? undefined : safeInteger(atMs, 'time');
}

/**
 * The moment at which a local clock shows a time (given as if it were UTC). Of two such moments it is
 * the earlier; a time that the clock skips is read with the offset that held before.
 */
function localMs(writtenMs: number, utcOffsetMs: (atMs: number) => number): number {
  const before = writtenMs - utcOffsetMs(writtenMs - dayMs);
  const after = writtenMs - utcOffsetMs(writtenMs + dayMs);
  const shows = (atMs: number) => atMs + utcOffsetMs(atMs) === writtenMs;
  return !shows(before) && shows(after) ? after : before;
}

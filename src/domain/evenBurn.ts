// Even burn: a budget over more than a day is divided into the days of its period, and at any moment only the shares of
// the days that have begun may be used. What a day leaves stays available, nothing is lent from later days, and on
// the last day all of it may be used. Calendar periods have the local days of their time zone, however many hours
// each has; a rolling period has parts of 24 hours from when it was laid down, which have all begun after its hours. Pure.
import { say } from './say.ts';
import type { Because } from './say.ts';
import { bucketMs } from './budgets.ts';
import type { Budget, DayShare } from './budgets.ts';
import { periodIn } from './calendar.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** How much of a period's time has begun, in whole days or in hours, and the day that is now. */
interface Begun { readonly begun: number; readonly all: number; readonly day?: { readonly fromMs: number; readonly untilMs: number } }

/** Whether a budget can be spread over days: its period is longer than one. */
export function hasDays({ per, period }: Pick<Budget, 'per' | 'period'>): boolean {
  return per !== 'request' && (typeof period === 'object' ? period.rollingHours > 24 : period === 'week' || period === 'month');
}

/** Why a budget cannot be spread as it says, as a sentence; undefined when it can, or is not spread. */
export function paceFault(budget: Budget): Because | undefined {
  const { pace, period, pacedFromMs } = budget;
  if (pace === undefined) return pacedFromMs === undefined ? undefined : say('Only a budget that is spread evenly has a first day.');
  if (!hasDays(budget)) return say('Only a budget over more than a day can be spread evenly over its days.');
  if (typeof period === 'object') return pacedFromMs !== undefined && Number.isSafeInteger(pacedFromMs) && pacedFromMs >= 0 && pacedFromMs % bucketMs === 0 ? undefined : say('The first day of a rolling budget that is spread evenly begins on a quarter hour.');
  return pacedFromMs === undefined ? undefined : say('The days of a calendar period are those of the calendar.');
}

/** When the first day of a budget begins that is spread from now on; it goes on where one like it was spread before. */
export function pacedFromMs(budget: Pick<Budget, 'period'>, before: Budget | undefined, nowMs: number): number {
  const isSame = JSON.stringify(before?.period) === JSON.stringify(budget.period);
  // One that was laid down while the clock was ahead would stay at its first day for as long.
  return isSame && before?.pacedFromMs !== undefined && before.pacedFromMs <= nowMs ? before.pacedFromMs : Math.floor(nowMs / bucketMs) * bucketMs;
}

/** What may be used of a budget by now; undefined where it is not spread. */
export function dayShare(budget: Budget, nowMs: number): DayShare | undefined {
  const now = begunAt(budget, nowMs);
  return now && { allowed: shareOf(budget.limit, now), ...(now.day ? { day: now.day } : {}) };
}

/** The first moment from now on at which the days begun allow so much of this period; undefined where they never do, or it is not spread. */
export function allowsFromMs(budget: Budget, amount: number, nowMs: number): number | undefined {
  const now = begunAt(budget, nowMs);
  if (!now || amount > budget.limit) return undefined;
  if (shareOf(budget.limit, now) >= amount) return nowMs;
  const [wanted, limit] = [BigInt(amount) * BigInt(now.all), BigInt(budget.limit)];
  return startOf(budget, Number((wanted + limit - 1n) / limit), nowMs);
}

/** Exact whatever the amounts are, rounded down, so that no day has a part of a later one. */
function shareOf(limit: number, { begun, all }: Begun): number {
  return Number(BigInt(limit) * BigInt(begun) / BigInt(all));
}

function begunAt(budget: Budget, nowMs: number): Begun | undefined {
  const { pace, period, timeZone } = budget;
  if (pace !== 'even' || period === 'life') return undefined;
  if (typeof period !== 'object') {
    const { fromMs, untilMs } = periodIn(timeZone, period, nowMs);
    const day = periodIn(timeZone, 'day', nowMs);
    return { begun: daysBetween(fromMs, day.untilMs), all: daysBetween(fromMs, untilMs), day };
  }
  const { pacedFromMs: firstMs = 0 } = budget;
  // A clock that was set back does not take the first day away.
  const days = Math.max(1, Math.floor((nowMs - firstMs) / dayMs) + 1);
  const hours = Math.min(period.rollingHours, days * 24);
  return { begun: hours, all: period.rollingHours, ...(hours < period.rollingHours ? { day: { fromMs: firstMs + (days - 1) * dayMs, untilMs: firstMs + days * dayMs } } : {}) };
}

/** Days of 23 or 25 hours are days too. */
function daysBetween(fromMs: number, untilMs: number): number {
  return Math.round((untilMs - fromMs) / dayMs);
}

/** When so many days, or the day of so many hours, begin. */
function startOf({ period, timeZone, pacedFromMs: firstMs = 0 }: Budget, begun: number, nowMs: number): number {
  if (typeof period === 'object') return firstMs + (Math.ceil(begun / 24) - 1) * dayMs;
  if (period === 'life') return nowMs;
  // The middle of a day, which no change of clocks moves out of it.
  return periodIn(timeZone, 'day', periodIn(timeZone, period, nowMs).fromMs + (begun - 0.5) * dayMs).fromMs;
}

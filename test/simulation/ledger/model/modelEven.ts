// The second mind's even burn: which day of its period a budget is in, found by walking from day to day, and what
// the days that have begun allow. It shares nothing with the product but the budget's shape.
import type { Budget } from '../../../../src/domain/budgets.ts';
import { periodAt } from './modelCalendar.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** One day of a budget: what is allowed from its beginning on, and until when nothing more is. */
interface EvenDay { readonly fromMs: number; readonly untilMs: number; readonly allowed: number }

/** All days of the period that a moment lies in; none for a budget that is not spread. */
function daysOf(budget: Budget, nowMs: number): EvenDay[] {
  const { period, limit, timeZone } = budget;
  if (budget.pace !== 'even' || period === 'life' || period === 'day') return [];
  const begins: number[] = [];
  if (typeof period === 'object') {
    const { rollingHours } = period;
    const firstMs = budget.pacedFromMs ?? Number.NaN;
    for (let hours = 0; hours < rollingHours; hours += 24) begins.push(firstMs + hours * hourMs);
    return begins.map((fromMs, index) => ({ fromMs, untilMs: fromMs + dayMs, allowed: part(limit, Math.min(rollingHours, 24 * (index + 1)), rollingHours) }));
  }
  const { fromMs, untilMs } = periodAt(period, timeZone, nowMs);
  for (let atMs = fromMs; atMs < untilMs; atMs = periodAt('day', timeZone, atMs).untilMs) begins.push(atMs);
  return begins.map((atMs, index) => ({ fromMs: atMs, untilMs: begins[index + 1] ?? untilMs, allowed: part(limit, index + 1, begins.length) }));
}

/** So many of so many equal parts, rounded down. Limits of worlds are small enough for plain numbers. */
function part(limit: number, some: number, all: number): number {
  const product = limit * some;
  if (!Number.isSafeInteger(product)) throw new RangeError('the model has no such large budgets');
  return (product - product % all) / all;
}

/** The day that is now, and whether it is the last of a rolling period, which never ends. */
export function evenDay(budget: Budget, nowMs: number): (EvenDay & { readonly isForGood: boolean }) | undefined {
  const days = daysOf(budget, nowMs);
  const now = days.findLast((day) => day.fromMs <= nowMs) ?? days[0];
  return now && { ...now, isForGood: typeof budget.period === 'object' && now === days.at(-1) };
}

/** When a budget that is spread first allows so much, from a moment on. */
export function allowsAt(budget: Budget, amount: number, nowMs: number): number | undefined {
  const day = daysOf(budget, nowMs).find((one) => one.allowed >= amount);
  return day && Math.max(day.fromMs, nowMs);
}

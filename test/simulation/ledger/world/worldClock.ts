// The clock of a world: it creeps, it jumps, it is set back, and it likes to stop just before, at and after
// the moments at which something ends or begins.
import { budgetsOf, beginsAnewAt } from '../model/modelBudgets.ts';
import { evenDay } from '../model/modelEven.ts';
import { periodAt } from '../model/modelCalendar.ts';
import type { ModelState } from '../model/modelState.ts';
import type { SeededRandom } from '../../../support/seededRandom.ts';

const hourMs = 3_600_000;
const quarterHourMs = 900_000;

/** Moments that are worth being at: around changes of clocks, the ends of weeks, months and years, and early in a week and a month. */
const startMoments = [
  Date.UTC(2026, 10, 22, 12), Date.UTC(2026, 2, 28, 21, 50), Date.UTC(2026, 2, 29, 0, 55), Date.UTC(2026, 9, 24, 20, 30), Date.UTC(2026, 9, 25, 22, 40), Date.UTC(2026, 11, 31, 22, 10),
  Date.UTC(2027, 0, 3, 21), Date.UTC(2028, 1, 28, 23, 30), Date.UTC(2027, 1, 27, 13), Date.UTC(2026, 7, 16, 21, 59), Date.UTC(2026, 5, 2, 20, 30), Date.UTC(2026, 9, 20, 21, 40),
];

/** Where a world's time begins. */
export function startOf(random: SeededRandom): number {
  return random.pick(startMoments) + random.whole(0, hourMs);
}

/** How the clock went on. */
export interface ClockMove { readonly nowMs: number; readonly what: 'crept' | 'jumped' | 'set back' | 'at a boundary' }

/** Moves the clock. */
export function moveClock(random: SeededRandom, state: ModelState, nowMs: number, jump: number): ClockMove {
  if (!random.chance(jump)) return { nowMs: nowMs + random.whole(0, 3) * 1000, what: 'crept' };
  if (random.chance(0.12)) return { nowMs: nowMs - random.pick([600_000, hourMs, 24 * hourMs]), what: 'set back' };
  const boundaries = random.chance(0.7) ? boundariesOf(state, nowMs).filter((one) => one > nowMs && one < nowMs + 40 * 24 * hourMs) : [];
  if (boundaries.length > 0) return { nowMs: random.pick(boundaries) + random.pick([-1, 0, 0, 1]), what: 'at a boundary' };
  return { nowMs: nowMs + random.pick([quarterHourMs, hourMs, 5 * hourMs, 24 * hourMs, 24 * hourMs, 7 * 24 * hourMs, 31 * 24 * hourMs]), what: 'jumped' };
}

function boundariesOf(state: ModelState, nowMs: number): number[] {
  const ends = [...state.grants.values()].flatMap((grant) => (grant.left > 0 ? [grant.expiresAtMs ?? 0, grant.startsAtMs ?? 0] : []));
  const budgets = budgetsOf(state).flatMap((budget) => {
    const { period } = budget;
    const day = evenDay(budget, nowMs);
    const shares = day ? [day.untilMs] : [];
    if (typeof period !== 'object') return [beginsAnewAt(budget, nowMs) ?? 0, ...shares];
    // A use leaves a rolling budget with the quarter hour that it was in.
    return [...shares, ...state.uses.slice(-4).map((use) => (Math.floor(use.atMs / quarterHourMs) + 1) * quarterHourMs + period.rollingHours * hourMs)];
  });
  const allowances = [...state.directives.values()].flatMap((one) => (one.kind === 'allowance' && one.allowance ? [periodAt(one.allowance.every, one.allowance.timeZone, nowMs, one.allowance.weekStartsOn).untilMs] : []));
  const months = [...state.directives.values()].flatMap((one) => (one.kind === 'auto-top-up' && one.rule ? [periodAt('month', one.rule.timeZone, nowMs).untilMs] : []));
  return [...ends, ...budgets, ...allowances, ...months];
}

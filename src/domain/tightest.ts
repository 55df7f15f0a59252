// Which limit is the one to speak of: the one that keeps work from going on for longest at the present pace.
// Pure; shares and times in, an order out. Limits that refill within minutes explain waits and are never passed in.
import type { Pace } from './pace.ts';

/** A limit as it stands now. Shares are 0 to 1. */
export interface LimitStand {
  readonly id: string;
  readonly kind: 'budget' | 'window';
  /** What it is, as a sentence calls it behind "the". */
  readonly name: string;
  readonly left: number;
  /** Share of its time that is left; absent where time says nothing about its pace. */
  readonly timeLeft?: number;
  /** Length of its time in milliseconds, where it has one. */
  readonly lengthMs?: number;
  /** When there is more again: it begins anew, is full, or, where nothing is left, has room for the next request. */
  readonly endsAtMs?: number;
  /** How what is used of it went on so far, in shares; absent while that is not known. */
  readonly pace?: Pace;
  /** Nothing is sent once it is used up; a soft budget only warns. */
  readonly stops: boolean;
}

/** How a limit stands: the same words as for the balance. */
export type StandLevel = 'ok' | 'low' | 'critical' | 'used-up';

/** Share left below which anything that is limited is low. */
export const lowShare = 0.25;
/** Share left below which it is critical. */
export const criticalShare = 0.10;
/** Within this much of even use the use is on pace. */
export const onPaceShare = 0.03;
/** So much of a limit's time has to be over before its pace means anything. */
const paceShareMin = 0.1;

const order: readonly StandLevel[] = ['ok', 'low', 'critical', 'used-up'];

/** Which of two levels is worse: positive when the first is. */
export function compareLevels(a: StandLevel, b: StandLevel): number {
  return order.indexOf(a) - order.indexOf(b);
}

/** Spare share against even use: positive is spare, negative over pace; absent where time says nothing. */
export function spareOf({ left, timeLeft }: Pick<LimitStand, 'left' | 'timeLeft'>): number | undefined {
  return timeLeft === undefined ? undefined : left - timeLeft;
}

/** The level of a limit. A limit that only warns is never worse than low. */
export function levelOf(stand: LimitStand): StandLevel {
  const { left, timeLeft = 1, stops } = stand;
  if (stops && left <= 0) return 'used-up';
  if (stops && left < criticalShare) return 'critical';
  const isOver = (spareOf(stand) ?? 0) <= -onPaceShare && isPaceKnown(timeLeft);
  return left < lowShare || isOver ? 'low' : 'ok';
}

/** Whether enough of a limit's time is over for its pace to mean anything. */
export function isPaceKnown(timeLeft: number): boolean {
  return 1 - timeLeft >= paceShareMin;
}

/** How long it will be used up at the pace so far; without end where nothing renews it. */
export function outageMs(stand: LimitStand, nowMs: number): number {
  const { left, timeLeft, lengthMs, endsAtMs } = stand;
  if (left <= 0) return endsAtMs === undefined ? Number.POSITIVE_INFINITY : Math.max(0, endsAtMs - nowMs);
  if (timeLeft === undefined || lengthMs === undefined) return 0;
  const [used, gone] = [1 - left, 1 - timeLeft];
  return used > gone ? lengthMs * (1 - gone / used) : 0;
}

/** Orders by tightness: the worst level, then the longest outage, then the least that is left. */
export function compareTightness(a: LimitStand, b: LimitStand, nowMs: number): number {
  const [outage, other] = [outageMs(a, nowMs), outageMs(b, nowMs)];
  // The difference of two that never end is no number.
  return compareLevels(levelOf(b), levelOf(a)) || (outage === other ? 0 : other - outage) || a.left - b.left;
}

/** The tightest of all. Undefined where nothing is limited. */
export function tightest(stands: readonly LimitStand[], nowMs: number): LimitStand | undefined {
  return stands.toSorted((a, b) => compareTightness(a, b, nowMs))[0];
}

/** When a limit will be used up at its pace so far, in milliseconds since 1970; undefined where it lasts until its reset, is used up already, or where it is too early to say. */
export function usedUpAtMs(stand: LimitStand, nowMs: number): number | undefined {
  const { left, timeLeft, endsAtMs } = stand;
  if (left <= 0 || timeLeft === undefined || endsAtMs === undefined || !isPaceKnown(timeLeft)) return undefined;
  const outage = outageMs(stand, nowMs);
  return outage > 0 ? Math.max(nowMs, endsAtMs - Math.round(outage)) : undefined;
}

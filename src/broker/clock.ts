// The broker's sources of time, ids and chance as arguments, so that tests and simulation can
// drive them. The real ones are made in `systemClock.ts` alone.

/** Time as the broker sees it. */
export interface Clock {
  /** Wall time in milliseconds since the epoch; may jump. */
  nowMs(): number;
  /** Milliseconds that never go backwards, for durations. */
  monotonicMs(): number;
  /** How long the computer has slept since the process began: `monotonicMs` stood still meanwhile. Absent where that cannot be told. */
  sleptMs?(): number;
  /** Runs something later, once; the result takes it back. */
  after(delayMs: number, run: () => void): () => void;
}

/** Makes unguessable names: 128 random bits or more. */
export interface Ids {
  /** A new request id, `req_` and lower-case letters and digits, in the order of time. */
  requestId(): string;
  grantId(): string;
  /** The key of something that a person lays down. */
  directiveId(): string;
}

/** The wall time of a moment that was kept by the monotonic clock, for display: rounded, and as the wall clock stands now. */
export function wallTimeOf(clock: Clock, monotonicMs: number): number {
  return Math.round(clock.nowMs() + monotonicMs - clock.monotonicMs());
}

/** The longest delay that a timer of the platform takes; longer ones would fire at once. */
export const timerDelayMsMax = 2_147_483_647;

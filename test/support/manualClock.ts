// The broker's clock in a test's hands: it moves only when it is told to, and runs what is due in
// the order of its time. Wall and monotonic time can be moved apart, as a clock that is set does.
import type { Clock } from '../../src/broker/clock.ts';

/** A clock that a test moves. */
export interface ManualClock extends Clock {
  /** Lets time pass and runs what becomes due; what that schedules runs too, if it is due. */
  advance(ms: number): void;
  /** Sets the wall clock only; timers and durations do not notice. */
  jumpWall(ms: number): void;
  /** Delays of the timers that wait now, shortest first. */
  readonly pendingMs: readonly number[];
}

/** A moment that tests start at: 2026-11-22T12:00:00Z. */
export const noonMs = Date.UTC(2026, 10, 22, 12);

/** A clock that stands still at a moment. */
export function manualClock(startMs = noonMs): ManualClock {
  let elapsedMs = 0;
  let wallMs = startMs;
  let timers: { readonly atMs: number; readonly run: () => void }[] = [];
  return {
    nowMs: () => wallMs,
    monotonicMs: () => elapsedMs,
    after: (delayMs, run) => {
      const timer = { atMs: elapsedMs + Math.max(0, delayMs), run };
      timers.push(timer);
      return () => { timers = timers.filter((one) => one !== timer); };
    },
    advance: (ms) => {
      const endMs = elapsedMs + ms;
      for (;;) {
        const [due] = timers.filter((one) => one.atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
        if (!due) break;
        timers = timers.filter((one) => one !== due);
        wallMs += Math.max(0, due.atMs - elapsedMs);
        elapsedMs = Math.max(elapsedMs, due.atMs);
        due.run();
      }
      wallMs += endMs - elapsedMs;
      elapsedMs = endMs;
    },
    jumpWall: (ms) => { wallMs += ms; },
    get pendingMs() { return timers.map((one) => one.atMs - elapsedMs).sort((a, b) => a - b); },
  };
}

/** Lets promises that are ready run their course. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 20; round += 1) await Promise.resolve();
}

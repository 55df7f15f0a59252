// A clock for tests of the sandbox that moves only when it is told to. Sleepers wake in the order of
// their times.
import type { SandboxClock } from '../../src/sandbox/clock.ts';

/** A clock in the test's hands. */
export interface ManualClock extends SandboxClock {
  /** Moves time on and wakes whoever is due. */
  advance(ms: number): void;
  /** How many are asleep now. */
  readonly sleeping: number;
}

/** Starts at a fixed time. */
export function manualClock(startMs = 1_795_000_000_000): ManualClock {
  let now = startMs;
  let sleepers: { atMs: number; wake: () => void }[] = [];
  return {
    nowMs: () => now,
    sleep: (ms, signal) => new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const sleeper = { atMs: now + ms, wake: resolve };
      sleepers.push(sleeper);
      signal.addEventListener('abort', () => {
        sleepers = sleepers.filter((other) => other !== sleeper);
        resolve();
      }, { once: true });
    }),
    advance: (ms) => {
      now += ms;
      const due = sleepers.filter((sleeper) => sleeper.atMs <= now).sort((a, b) => a.atMs - b.atMs);
      sleepers = sleepers.filter((sleeper) => sleeper.atMs > now);
      for (const sleeper of due) sleeper.wake();
    },
    get sleeping() {
      return sleepers.length;
    },
  };
}

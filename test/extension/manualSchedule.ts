// A clock that stands still until a test moves it, with its timers run in order. Chance is fixed,
// so that every delay is the same in each run.
import type { Schedule } from '../../src/extension/schedule.ts';

/** A schedule that a test drives. */
export interface ManualSchedule extends Schedule {
  /** Moves the clock, running each timer at its time and letting promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Times of the timers that wait, as delays from now. */
  waiting(): number[];
}

/** Makes one that begins at a fixed time. */
export function manualSchedule(startMs = 1_000_000): ManualSchedule {
  let nowMs = startMs;
  let timers: { atMs: number; run: () => void }[] = [];
  return {
    nowMs: () => nowMs,
    random: () => 0.5,
    after: (delayMs, run) => {
      const timer = { atMs: nowMs + Math.max(0, delayMs), run };
      timers.push(timer);
      return () => { timers = timers.filter((each) => each !== timer); };
    },
    advance: async (ms) => {
      const endMs = nowMs + ms;
      await settle();
      for (;;) {
        const next = timers.filter((each) => each.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (!next) break;
        timers = timers.filter((each) => each !== next);
        nowMs = next.atMs;
        next.run();
        await settle();
      }
      nowMs = endMs;
    },
    waiting: () => timers.map((each) => each.atMs - nowMs).sort((a, b) => a - b),
  };
}

/** Lets every promise that is ready run on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** Real time, for tests with real sockets and processes. */
export const realSchedule: Schedule = {
  nowMs: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => 0.5,
};

/** Waits until a condition holds; fails with its name when it does not within ten seconds. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  const endMs = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > endMs) throw new Error(`It never came true that ${what}.`);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}

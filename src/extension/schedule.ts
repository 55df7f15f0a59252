// The extension's sense of time: the clock, one-shot timers and randomness that the entry file
// passes in, and waiting built on them. Nothing here reads a clock of its own.

const lookPauseMs = 100;

/** Time and chance, passed in. Times and delays are integers in milliseconds. */
export interface Schedule {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Runs `run` once after the delay; the returned function takes it back. */
  after(delayMs: number, run: () => void): () => void;
  /** A number from 0 up to 1, for jitter. */
  random(): number;
}

/** Waits; ends early, without an error, when the signal is aborted. */
export function pause(schedule: Schedule, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = schedule.after(delayMs, end);
    signal?.addEventListener('abort', end);
  });
}

/** Looks again and again; whether it came true in time. */
export async function until(schedule: Schedule, limitMs: number, isSo: () => boolean): Promise<boolean> {
  const endMs = schedule.nowMs() + limitMs;
  while (!isSo()) {
    if (schedule.nowMs() >= endMs) return false;
    await pause(schedule, lookPauseMs);
  }
  return true;
}

/** Settles as `work` does, or rejects with `late()` when it takes longer than the limit. */
export function within<T>(schedule: Schedule, limitMs: number, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = schedule.after(limitMs, () => reject(late()));
    work.then(
      (value) => { cancel(); resolve(value); },
      (error: unknown) => { cancel(); reject(error instanceof Error ? error : new Error(String(error))); },
    );
  });
}

/**
 * A delay that doubles from `firstMs` up to `mostMs`, of which the upper half is random, so that
 * several windows do not come back at the same instant.
 * @param attempt 1 for the first wait
 */
export function growingDelayMs(schedule: Schedule, attempt: number, firstMs: number, mostMs: number): number {
  const wholeMs = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 20));
  return Math.round(wholeMs / 2 + schedule.random() * wholeMs / 2);
}

/** Runs `run` at once, and then at most once in each span, with the last of what came meanwhile. */
export function paced(schedule: Schedule, everyMs: number, run: () => void): () => void {
  let ranAtMs = Number.NEGATIVE_INFINITY;
  let isPlanned = false;
  const now = () => {
    isPlanned = false;
    ranAtMs = schedule.nowMs();
    run();
  };
  return () => {
    if (isPlanned) return;
    const passedMs = schedule.nowMs() - ranAtMs;
    // A clock that was set back must not hold anything up.
    if (passedMs >= everyMs || passedMs < 0) {
      now();
      return;
    }
    isPlanned = true;
    schedule.after(everyMs - passedMs, now);
  };
}

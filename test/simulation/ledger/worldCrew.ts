// Shares seeds out among threads and adds up what happened. Who gets which seed does not matter: a world
// knows nothing but its own.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { SeedSpan, SpanReport } from './worldWorker.ts';

/** What happened in all worlds together. */
export interface CrewReport {
  readonly worlds: number;
  readonly counters: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
}

/** Seeds that a thread takes at a time. */
const spanMax = 100;

/** Lives through the worlds of all seeds from the first to the last, on every core there is; stops at the first that goes wrong, and when the time is over. */
export async function liveThroughAll(from: number, to: number, msMax = Infinity): Promise<CrewReport> {
  const sinceMs = performance.now();
  const counters = new Map<string, number>();
  const failures: string[] = [];
  let worlds = 0;
  let next = from;
  const take = (): SeedSpan | undefined => {
    if (next > to || failures.length > 0 || performance.now() - sinceMs > msMax) return undefined;
    const span = { from: next, to: Math.min(to, next + spanMax - 1) };
    next = span.to + 1;
    return span;
  };
  const work = async () => {
    const worker = new Worker(new URL('worldWorker.ts', import.meta.url));
    const ended = once(worker, 'exit');
    try {
      for (let span = take(); span; span = take()) {
        const answered = once(worker, 'message') as Promise<[SpanReport]>;
        worker.postMessage(span);
        const [report] = await Promise.race([answered, ended.then(([code]) => { throw new Error(`a thread of worlds ended with code ${String(code)}`); })]);
        worlds += report.worlds;
        for (const [what, times] of Object.entries(report.counters)) counters.set(what, (counters.get(what) ?? 0) + times);
        if (report.failure !== undefined) failures.push(report.failure);
      }
      worker.postMessage('end');
      await ended;
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));
  return { worlds, counters, failures };
}

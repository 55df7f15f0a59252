// A thread that lives through worlds: takes spans of seeds as messages and tells what happened in them. It
// stops at the first world that goes wrong, since one is enough to know that something is.
import { parentPort } from 'node:worker_threads';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { liveThrough } from './world/ledgerWorld.ts';
import { worldGround } from './world/worldGround.ts';

/** Seeds from the first to the last, both included. */
export interface SeedSpan { readonly from: number; readonly to: number }

/** What became of a span. */
export interface SpanReport {
  readonly worlds: number;
  readonly counters: Readonly<Record<string, number>>;
  /** What went wrong, with the seed and the command. */
  readonly failure?: string;
}

const port = parentPort;
if (port) {
  const ground = worldGround((path, as, open) => SqliteLedger.open(path, sha256, as, open));
  port.on('message', (message: SeedSpan | 'end') => {
    if (message === 'end') {
      ground.close();
      port.close();
      return;
    }
    const counters: Record<string, number> = {};
    let worlds = 0;
    try {
      for (let seed = message.from; seed <= message.to; seed += 1) {
        for (const [what, times] of liveThrough(seed, ground).counters) counters[what] = (counters[what] ?? 0) + times;
        worlds += 1;
      }
      port.postMessage({ worlds, counters } satisfies SpanReport);
    } catch (error) {
      port.postMessage({ worlds, counters, failure: error instanceof Error ? error.message : String(error) } satisfies SpanReport);
    }
  });
}

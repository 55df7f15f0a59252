// A thread that hunts planted bugs, one after the other, since each is a program of its own.
import { parentPort } from 'node:worker_threads';
import type { HuntName } from './plantedBug.ts';
import { plantedBugs } from './plantedBugs.ts';
import { huntIn } from './plantedProgram.ts';
import type { HuntReport } from './plantedProgram.ts';

/** What to hunt: a bug by its place in the list, or nothing in a program without one. */
export interface HuntOrder { readonly bug?: number; readonly hunt: HuntName; readonly triesMax?: number }

/** What came of it, or why it could not be hunted. */
export type HuntAnswer = HuntReport | { readonly failure: string };

const port = parentPort;
port?.on('message', (order: HuntOrder | 'end') => {
  if (order === 'end') { port.close(); return; }
  huntIn(order.bug === undefined ? undefined : plantedBugs[order.bug], order.hunt, order.triesMax).then(
    (report) => port.postMessage(report satisfies HuntAnswer),
    (error: unknown) => port.postMessage({ failure: error instanceof Error ? error.message : String(error) } satisfies HuntAnswer),
  );
});

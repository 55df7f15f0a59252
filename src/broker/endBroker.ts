// Ends the broker of a data folder in an orderly way and takes the folder's lock, so that nobody uses the folder any more. Who
// holds it and does not prove to be a broker of ours is left alone.
import { problem, ProblemError } from '../domain/problem.ts';
import type { Clock } from './clock.ts';
import { connectBroker } from './controlClient.ts';
import { findBroker, holdWaitMsMax } from './runningBroker.ts';
import { acquireLease } from './store/lease.ts';
import type { Lease } from './store/lease.ts';

/** How long a broker may take to end: running streams have their grace, and what they used is settled. */
export const endMsMax = 60_000;
const lookMs = 150;

/** What runs at a folder's broker now; undefined where none runs. */
export async function busyBroker(dataDir: string): Promise<{ readonly requests: number; readonly url: string } | undefined> {
  if (!await findBroker(dataDir)) return undefined;
  const { api, url } = await connectBroker(dataDir);
  const { running, waiting } = await api.status({});
  return { requests: running.length + waiting.length, url };
}

/** @returns the lock @throws ProblemError `broker_running` */
export async function endBroker(dataDir: string, clock: Clock): Promise<Lease> {
  let endMs = clock.monotonicMs() + holdWaitMsMax;
  let hasAsked = false;
  do {
    if (!hasAsked && await findBroker(dataDir)) {
      hasAsked = true;
      endMs = clock.monotonicMs() + endMsMax;
      await (await connectBroker(dataDir)).api.shutdown({});
    }
    const lease = acquireLease(dataDir, lookMs);
    if (lease) return lease;
  } while (clock.monotonicMs() < endMs);
  throw new ProblemError(problem('broker_running', 'Another program uses the data folder {0} and does not let go of it. Nothing was removed.', { values: [dataDir], remedy: 'End that program, then try again.' }));
}

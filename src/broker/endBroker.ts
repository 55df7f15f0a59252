// Ends the broker of a data folder in an orderly way and takes the folder's lock, so that nobody uses the folder any more. Who
// holds it and does not prove to be a broker of ours is left alone.
import { ProblemError, problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import type { Clock } from './clock.ts';
import { connectBroker } from './controlClient.ts';
import type { Control } from './controlClient.ts';
import { readBrokerAddress } from './dataFolder.ts';
import { findBroker, holdWaitMsMax } from './runningBroker.ts';
import { acquireLease } from './store/lease.ts';
import type { Lease } from './store/lease.ts';

/** How long a broker may take to end: running streams have their grace, and what they used is settled. */
export const endMsMax = 60_000;
const lookMs = 150;
/** Brokers that are ended one after another: windows that lost theirs may start the next before the lock is taken. */
const brokersMax = 20;

/** How many requests run or wait at a folder's broker now; undefined where none runs, or none any more: another wipe may end it at any moment. */
export async function requestsOfBroker(dataDir: string): Promise<number | undefined> {
  try {
    return await requestsOf(await connectBroker(dataDir));
  } catch (error) {
    if (isUnreachable(error)) return undefined;
    throw error;
  }
}

async function requestsOf({ api }: Control): Promise<number> {
  const { running, waiting } = await api.status({});
  return running.length + waiting.length;
}

function isUnreachable(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.code === 'broker_unreachable';
}

/** Why a broker is not ended without a further yes; undefined where nothing speaks against it. */
export function busyProblem({ requests }: { readonly requests: number }): Problem | undefined {
  return requests === 0 ? undefined : problem('requests_running', 'Requests run or wait at the broker now: {0}. A wipe would end them. Nothing was removed.', { values: [requests] });
}

/**
 * @param stopsRequests whether a broker is ended that has requests
 * @returns the lock
 * @throws ProblemError `broker_running`, `requests_running`
 */
export async function endBroker(dataDir: string, clock: Clock, stopsRequests: boolean): Promise<Lease> {
  let endMs = clock.monotonicMs() + holdWaitMsMax;
  const asked: number[] = [];
  do {
    const pid = readBrokerAddress(dataDir)?.address.pid;
    if (pid !== undefined && !asked.includes(pid) && asked.length < brokersMax && await findBroker(dataDir)) {
      await askToEnd(dataDir, stopsRequests);
      asked.push(pid);
      endMs = clock.monotonicMs() + endMsMax;
    }
    const lease = acquireLease(dataDir, lookMs, 'MEMORY');
    if (lease) return lease;
  } while (clock.monotonicMs() < endMs);
  throw new ProblemError(problem('broker_running', 'Another program uses the data folder {0} and does not let go of it. Nothing was removed.', { values: [dataDir], remedy: 'End that program, then try again.' }));
}

/** Looks once more at the last moment: requests may have come since the plan was agreed to. */
async function askToEnd(dataDir: string, stopsRequests: boolean): Promise<void> {
  try {
    const broker = await connectBroker(dataDir);
    const busy = stopsRequests ? undefined : busyProblem({ requests: await requestsOf(broker) });
    if (busy) throw new ProblemError(busy);
    await broker.api.shutdown({});
  } catch (error) {
    // It ends by itself, and takes its answer with it.
    if (!isUnreachable(error)) throw error;
  }
}

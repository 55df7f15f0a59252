// Finds the broker that runs for a data folder and proves that it is ours before any secret is shown
// to it; and takes the folder itself where none runs. Somebody who holds the folder for a moment, such
// as a short command or a broker that just starts, is waited for, within a bound.
import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';
import { proofOf, readBrokerAddress, sameSecret } from './dataFolder.ts';
import { acquireLease } from './store/lease.ts';
import type { Lease } from './store/lease.ts';

/** A broker that proved itself. */
export interface RunningBroker {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly controlToken: string;
}

/** How long a running broker may take to prove itself; on a computer with far too much to do it takes seconds. */
export const proofMsMax = 10_000;
/** How long somebody who holds the folder and does not answer is waited for, before it counts as stuck. */
export const holdWaitMsMax = 4000;
/** One look at the lock lasts so long; in between the broker is looked for. */
const lockLookMs = 150;

/** The running broker of a folder, proven; undefined when none answers there. */
export async function findBroker(dataDir: string): Promise<RunningBroker | undefined> {
  const found = await lookForBroker(dataDir);
  return found === 'silent' ? undefined : found;
}

/** The same, where a broker that takes too long is told from one that is not there. */
export async function lookForBroker(dataDir: string, waitMs = proofMsMax): Promise<RunningBroker | 'silent' | undefined> {
  const found = readBrokerAddress(dataDir);
  if (!found) return undefined;
  const nonce = randomBytes(24).toString('base64url');
  try {
    const answer = await fetch(`${found.address.url}/healthz?nonce=${nonce}`, { signal: AbortSignal.timeout(waitMs), redirect: 'error' });
    const health = await answer.json() as { proof?: unknown };
    return typeof health.proof === 'string' && sameSecret(health.proof, proofOf(found.controlToken, nonce))
      ? { url: found.address.url, controlToken: found.controlToken } : undefined;
  } catch (error) {
    // Nobody answers there, or something else does: the file is only a hint.
    return error instanceof Error && error.name === 'TimeoutError' ? 'silent' : undefined;
  }
}

/**
 * The running broker of a folder, or else the folder's lease.
 * @returns undefined when somebody holds the folder all the time and no broker answers
 * @throws ProblemError `data_folder_unusable` when the lock cannot be used
 */
export async function findOrHold(dataDir: string, clock: Clock): Promise<{ readonly running: RunningBroker } | { readonly lease: Lease } | undefined> {
  const endMs = clock.monotonicMs() + holdWaitMsMax;
  do {
    const running = await findBroker(dataDir);
    if (running) return { running };
    const lease = acquireLease(dataDir, lockLookMs);
    if (lease) return { lease };
  } while (clock.monotonicMs() < endMs);
  return undefined;
}

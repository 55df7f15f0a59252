// Finds the running broker of a data folder, proves that it is ours before any secret is shown,
// and calls it. Where none runs, the same calls work on the ledger itself, under its lease.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Pacer } from '../domain/pacing.ts';
import { problem, ProblemError } from '../domain/problem.ts';
import type { ProblemCode } from '../domain/problem.ts';
import type { ControlApi, ControlMethod } from '../protocol/control.ts';
import { controlArguments } from '../protocol/control.ts';
import { callControl, controlApi } from './controlApi.ts';
import { prepareDataFolder, proofOf, readBrokerAddress, sameSecret } from './dataFolder.ts';
import { KeyStore } from './keyStore.ts';
import { SnapshotFeed } from './snapshotFeed.ts';
import { acquireLease } from './store/lease.ts';
import { ThreadedLedger } from './store/threadedLedger.ts';
import { random, systemClock, systemIds, utcOffsetMs } from './systemClock.ts';

/** A way to the calls, to be closed after use. */
export interface Control {
  readonly api: ControlApi;
  /** Address of the running broker; absent when the ledger was opened directly. */
  readonly url?: string;
  close(): Promise<void>;
}

/** How long a running broker may take to prove itself. */
const proofMsMax = 3000;
/** How long a call may take; an audit of a large ledger takes seconds. */
const callMsMax = 120_000;

/** The running broker of a folder, proven; undefined when none answers there. */
export async function findBroker(dataDir: string): Promise<{ url: string; controlToken: string } | undefined> {
  const found = readBrokerAddress(dataDir);
  if (!found) return undefined;
  const nonce = randomBytes(24).toString('base64url');
  try {
    const answer = await fetch(`${found.address.url}/healthz?nonce=${nonce}`, { signal: AbortSignal.timeout(proofMsMax), redirect: 'error' });
    const health = await answer.json() as { proof?: unknown };
    return typeof health.proof === 'string' && sameSecret(health.proof, proofOf(found.controlToken, nonce))
      ? { url: found.address.url, controlToken: found.controlToken } : undefined;
  } catch {
    // Nobody answers there, or something else does: the file is only a hint.
    return undefined;
  }
}

/** Connects to the running broker. @throws ProblemError `broker_unreachable` */
export async function connectBroker(dataDir: string): Promise<Control & { readonly url: string }> {
  const found = await findBroker(dataDir);
  if (!found) throw new ProblemError(problem('broker_unreachable', `No broker is running for the data folder ${dataDir}.`));
  const call = async (method: ControlMethod, args: unknown): Promise<unknown> => {
    const { answer, body } = await post(`${found.url}/broker/v1/${method}`, found.controlToken, args);
    if (!answer.ok && body.error) throw new ProblemError({ ...problem(body.error.code, body.error.message), ...(body.error.remedy ? { remedy: body.error.remedy } : {}) });
    return body;
  };
  const api = Object.fromEntries((Object.keys(controlArguments) as ControlMethod[]).map((method) => [method, (args: unknown) => call(method, args)]));
  return { api: api as unknown as ControlApi, url: found.url, close: () => Promise.resolve() };
}

interface CallBody { readonly error?: { readonly code: ProblemCode; readonly message: string; readonly remedy?: string } }

/** One call. A broker that ends in the middle of it is a problem with a name, not a fault of this program. */
async function post(address: string, controlToken: string, args: unknown): Promise<{ answer: Response; body: CallBody }> {
  try {
    const answer = await fetch(address, {
      method: 'POST', body: JSON.stringify(args), redirect: 'error', signal: AbortSignal.timeout(callMsMax),
      headers: { authorization: `Bearer ${controlToken}`, 'content-type': 'application/json' },
    });
    return { answer, body: await answer.json() as CallBody };
  } catch (error) {
    throw new ProblemError(problem('broker_unreachable', 'The broker ended or fell silent during the call, so its outcome is unknown.'), { cause: error });
  }
}

/**
 * The calls of a data folder, by the running broker or on the ledger itself.
 * @param ledgerEntry the module that serves the ledger's thread
 * @param mayCreate whether a ledger may be made where there is none
 * @throws ProblemError `ledger_missing`, `broker_unreachable` and what opening a ledger throws
 */
export async function openControl(dataDir: string, ledgerEntry: URL, mayCreate: boolean): Promise<Control> {
  if (await findBroker(dataDir)) return connectBroker(dataDir);
  if (!mayCreate && !existsSync(join(dataDir, 'ledger.db')) && !existsSync(join(dataDir, 'ledger.db-wal'))) {
    throw new ProblemError(problem('ledger_missing', `There is no ledger in the data folder ${dataDir} yet.`));
  }
  const folder = prepareDataFolder(dataDir);
  const lease = acquireLease(dataDir);
  if (!lease) throw new ProblemError(problem('broker_unreachable', `A broker holds the data folder ${dataDir}, but it does not answer.`));
  try {
    const ledger = await ThreadedLedger.open(ledgerEntry, folder.ledgerPath);
    const clock = systemClock;
    const keys = new KeyStore(undefined, clock);
    const nothing = () => undefined;
    const feed = new SnapshotFeed({
      ledger, live: () => [], pacer: new Pacer(random), clock, utcOffsetMs, key: () => keys.view, problems: () => [],
      broker: { version: 'not running', pid: process.pid, startedAtMs: clock.nowMs(), mode: 'live', upstream: 'not running', dataDir },
    });
    const api = controlApi({ ledger, clock, ids: systemIds, folder, utcOffsetMs, url: () => 'http://127.0.0.1', feed, keys, admission: nothing, registered: nothing, changed: nothing, shutdown: nothing });
    const checked = Object.fromEntries((Object.keys(controlArguments) as ControlMethod[]).map((method) => [method, async (args: unknown) => {
      const outcome = await callControl(api, method, args, nothing);
      if (!outcome.ok) throw new ProblemError(outcome.problem);
      return outcome.value;
    }]));
    return {
      api: checked as unknown as ControlApi,
      close: async () => {
        await ledger.close();
        lease.release();
      },
    };
  } catch (error) {
    lease.release();
    throw error;
  }
}

// The control calls of a data folder for a command: made by the running broker, or, where none runs,
// on the ledger itself under the folder's lease. A command that only reads changes nothing in the
// folder and works where nothing can be written.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Pacer } from '../domain/pacing.ts';
import { problem, ProblemError, problemThat } from '../domain/problem.ts';
import type { ProblemCode } from '../domain/problem.ts';
import type { ControlApi } from '../protocol/control.ts';
import { controlArguments } from '../protocol/controlArguments.ts';
import type { ControlMethod } from '../protocol/controlArguments.ts';
import { callControl, controlApi } from './controlApi.ts';
import { prepareDataFolder } from './dataFolder.ts';
import type { DataFolder } from './dataFolder.ts';
import { claimFolder, folderMode, refuseOtherMode } from './folderMode.ts';
import type { FolderMode } from './folderMode.ts';
import { KeyStore } from './keyStore.ts';
import type { Keychain } from './keyStore.ts';
import { LedgerAnchor, rewoundProblem } from './ledgerAnchor.ts';
import { guarded } from './ledgerKeeper.ts';
import { copyLedger, isWritable } from './ledgerCopy.ts';
import { findBroker, findOrHold, lookForBroker, proofMsMax } from './runningBroker.ts';
import type { RunningBroker } from './runningBroker.ts';
import { Estimator } from '../domain/estimator.ts';
import { newBackupPath } from './backups.ts';
import { readUserPrices } from './prices/overlayPrices.ts';
import { ceilingLookup, priceLookup } from './prices/priceTable.ts';
import { SnapshotFeed } from './snapshotFeed.ts';
import { storedAround } from './storedAround.ts';
import { giveUpLock } from './store/lease.ts';
import { fileVersion } from './store/ledgerFile.ts';
import type { OpenedAs } from './store/ledgerFile.ts';
import { schemaVersion } from './store/schema/migrations.ts';
import { ThreadedLedger } from './store/threadedLedger.ts';
import { refuseBeingWiped } from './wipeMark.ts';
import { random, systemClock, systemIds, utcOffsetMs } from './systemClock.ts';

/** A way to the calls, to be closed after use. */
export interface Control {
  readonly api: ControlApi;
  /** Address of the running broker; absent when the ledger was opened directly. */
  readonly url?: string;
  close(): Promise<void>;
}

/** What a command means to do with a data folder. */
export interface ControlUse {
  /** Reading makes nothing, and needs no right to write. */
  readonly to: 'read' | 'change';
  /** The mode that the person named; undefined takes the folder as it is. */
  readonly mode: FolderMode | undefined;
  /** Where the ledger was noted too; it may ask a person for leave, so only commands that prove the ledger look there. */
  readonly keychain?: Keychain | undefined;
}

/** How long a call may take; an audit of a large ledger takes seconds. */
const callMsMax = 120_000;

/**
 * Connects to the running broker.
 * @param mode the mode that the person named; absent takes the folder as it is
 * @throws ProblemError `broker_unreachable`, or `data_folder_unusable` for a folder of the other mode
 */
export async function connectBroker(dataDir: string, mode?: FolderMode): Promise<Control & { readonly url: string }> {
  refuseOtherMode(dataDir, mode);
  const found = await lookForBroker(dataDir);
  if (found === 'silent') {
    throw new ProblemError(problem('broker_unreachable', 'The broker of the data folder {0} did not answer within {1} seconds.', { values: [dataDir, proofMsMax / 1000], remedy: 'Try again when the computer has less to do. If it stays silent, end it and start it again with `codex-broker serve`.' }));
  }
  if (!found) throw new ProblemError(problem('broker_unreachable', 'No broker is running for the data folder {0}.', { values: [dataDir] }));
  return controlOf(found);
}

function controlOf(found: RunningBroker): Control & { readonly url: string } {
  const call = async (method: ControlMethod, args: unknown): Promise<unknown> => {
    const { answer, body } = await post(`${found.url}/broker/v1/${method}`, found.controlToken, args);
    if (!answer.ok && body.error) throw new ProblemError(problemThat(body.error.code, { because: body.error.message }, body.error.remedy ? { remedy: body.error.remedy } : {}));
    return body;
  };
  return { api: apiOf(call), url: found.url, close: () => Promise.resolve() };
}

function apiOf(call: (method: ControlMethod, args: unknown) => Promise<unknown>): ControlApi {
  return Object.fromEntries((Object.keys(controlArguments) as ControlMethod[]).map((method) => [method, (args: unknown) => call(method, args)])) as unknown as ControlApi;
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
 * @throws ProblemError `ledger_missing`, `broker_unreachable`, `data_folder_unusable`, `wipe_unfinished` and what opening a ledger throws
 */
export async function openControl(dataDir: string, ledgerEntry: URL, use: ControlUse): Promise<Control> {
  const isReading = use.to === 'read';
  refuseOtherMode(dataDir, use.mode);
  const running = await findBroker(dataDir);
  if (running) return controlOf(running);
  refuseBeingWiped(dataDir);
  if (isReading) {
    refuseWithoutLedger(dataDir);
    // Reading changes nothing: what needs another version's tables is brought to them in a copy.
    if (!isWritable(dataDir) || isOlder(dataDir)) return openCopy(dataDir, ledgerEntry, use);
  } else if (existsSync(dataDir) && !isWritable(dataDir)) {
    throw new ProblemError(problem('data_folder_unusable', 'The data folder {0} or a file in it cannot be written.', { values: [dataDir] }));
  }
  try {
    return await holdControl(dataDir, ledgerEntry, use);
  } catch (error) {
    // On a full disk SQLite takes no lock and opens no ledger; a copy elsewhere can still be read.
    if (isReading && error instanceof ProblemError && error.problem.code === 'ledger_full') return openCopy(dataDir, ledgerEntry, use);
    throw error;
  }
}

/** @throws ProblemError `ledger_missing` */
function refuseWithoutLedger(dataDir: string): void {
  if (hasLedger(dataDir)) return;
  throw new ProblemError(problem('ledger_missing', 'There is no ledger in the data folder {0} yet.', { values: [dataDir] }));
}

function hasLedger(dataDir: string): boolean {
  return existsSync(join(dataDir, 'ledger.db')) || existsSync(join(dataDir, 'ledger.db-wal'));
}

/** Whether a ledger has the tables of an older version. */
function isOlder(dataDir: string): boolean {
  const version = fileVersion(join(dataDir, 'ledger.db'));
  return version !== undefined && version < schemaVersion;
}

/** The calls under the folder's lease, or those of a broker that came up in the meantime. */
async function holdControl(dataDir: string, ledgerEntry: URL, use: ControlUse): Promise<Control> {
  if (use.to === 'change') prepareDataFolder(dataDir);
  const held = await findOrHold(dataDir, systemClock);
  if (!held) throw new ProblemError(problem('broker_unreachable', 'Another program holds the data folder {0}, but no broker answers there.', { values: [dataDir] }));
  if ('running' in held) return controlOf(held.running);
  // Who waited for the lock may have waited for a wipe, and a reader leaves nothing where nothing is any more, not even the lock's file.
  const release = () => { if (use.to === 'read' && !hasLedger(dataDir)) giveUpLock(dataDir, held.lease); else held.lease.release(); };
  try {
    refuseBeingWiped(dataDir);
    if (use.to === 'read') refuseWithoutLedger(dataDir);
    const folder = use.to === 'read' ? undefined : prepareDataFolder(dataDir);
    if (folder) claimFolder(dataDir, use.mode);
    return await openLedger(dataDir, ledgerEntry, join(dataDir, 'ledger.db'), { folder, closed: release, as: use.to === 'read' ? 'reader' : 'owner', keychain: use.keychain });
  } catch (error) {
    release();
    throw error;
  }
}

/** The calls that read, on a copy that is removed when they are closed. */
async function openCopy(dataDir: string, ledgerEntry: URL, { keychain }: ControlUse): Promise<Control> {
  const copy = copyLedger(dataDir);
  try {
    return await openLedger(dataDir, ledgerEntry, copy.ledgerPath, { closed: copy.remove, as: 'copy', keychain });
  } catch (error) {
    copy.remove();
    throw error;
  }
}

/** How a ledger is opened: its folder's secrets, absent for reading, which needs none; and what to do when it is closed. */
interface LedgerUse { readonly folder?: DataFolder | undefined; readonly closed: () => void; readonly as: OpenedAs; readonly keychain: Keychain | undefined }

async function openLedger(dataDir: string, ledgerEntry: URL, ledgerPath: string, { folder, closed, as, keychain }: LedgerUse): Promise<Control> {
  const mode = folderMode(dataDir) ?? 'live';
  const clock = systemClock;
  const opened = await ThreadedLedger.open(ledgerEntry, ledgerPath, as);
  // A broker would not go on with a ledger that was put back, so nothing is written to one here either.
  const anchor = new LedgerAnchor(dataDir, keychain, clock);
  const doubt = await rewoundProblem(opened, anchor).catch(async (error: unknown) => {
    await opened.close();
    throw error;
  });
  const ledger = guarded(opened, () => doubt);
  const keys = new KeyStore(undefined, clock);
  const nothing = () => undefined;
  const feed = new SnapshotFeed({
    ledger, live: () => [], pacer: new Pacer(random), clock, utcOffsetMs, key: () => keys.view, problems: () => (doubt ? [doubt] : []), openWorkspaces: () => new Set(),
    broker: { version: 'not running', pid: process.pid, startedAtMs: clock.nowMs(), mode, upstream: 'not running', dataDir },
  });
  const userPrices = readUserPrices(join(dataDir, 'prices.json'));
  const estimator = new Estimator();
  const api = controlApi({
    ledger, clock, ids: systemIds, folder, practice: mode === 'practice', utcOffsetMs, url: () => 'http://127.0.0.1', feed, anchor, keys, admission: nothing, heldBodyBytes: () => 0, registered: nothing, changed: nothing, shutdown: nothing,
    pricing: () => ({ estimator, prices: priceLookup(userPrices), ceilingPrice: ceilingLookup(userPrices), canAsk: () => true, unsafe: () => doubt }), newBackup: () => newBackupPath(dataDir, clock.nowMs(), true), stored: () => storedAround(dataDir),
  });
  return {
    api: apiOf(async (method, args) => {
      const outcome = await callControl(api, method, args, nothing);
      if (!outcome.ok) throw new ProblemError(outcome.problem);
      return outcome.value;
    }),
    close: async () => {
      await ledger.close();
      closed();
    },
  };
}

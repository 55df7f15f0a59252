// Removes what the product made in data folders, and nothing else. The broker of each is ended and its lock is held before anything
// changes; then each folder is marked; copies of the ledger go first, so that whenever this is ended in between, nothing is left
// that could be opened or restored, and the same again goes on where it ended.
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { problem, ProblemError } from '../domain/problem.ts';
import { leaseFile, wipeMarkFile } from '../protocol/dataFiles.ts';
import type { DataKind } from '../protocol/dataFiles.ts';
import type { Clock } from './clock.ts';
import { inventory } from './dataInventory.ts';
import type { Inventory } from './dataInventory.ts';
import { endBroker } from './endBroker.ts';
import { folderMode } from './folderMode.ts';
import type { FolderMode } from './folderMode.ts';
import { provenInventory } from './ownFiles.ts';
import { giveUpLock } from './store/lease.ts';
import type { Lease } from './store/lease.ts';
import { isBeingWiped, markWipe, unmarkWipe, wipeNote } from './wipeMark.ts';

/** The mode of a folder, also of one that is half removed; what says neither counts as live. */
export function modeOfWiped(dataDir: string): FolderMode {
  const note = wipeNote(dataDir);
  if (note === 'practice') return 'practice';
  try {
    return folderMode(dataDir) ?? 'live';
  } catch {
    // A mode that cannot be read does not keep a folder from being removed.
    return 'live';
  }
}

/** What becomes of a folder. */
export interface WipedFolder {
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
  /** Names of what was left alone. */
  readonly others: readonly string[];
  /** Whether the folder itself is gone, since nothing else lay in it. */
  readonly isGone: boolean;
}

/** Copies first, then the ledger: without its file no program takes the rest for one. */
const order: readonly DataKind[] = ['backups', 'aside', 'ledger', 'anchor', 'plans', 'routes', 'logs', 'secrets', 'run'];

/** Why a folder cannot be wiped as it is: a link in the place of a ledger would keep that, and what links lead to is not ours to judge. */
export function obstacle({ path, others }: Inventory): ProblemError | undefined {
  const found = others.find((name) => /^(?:ledger\.db(?:-wal)?|backups|quarantine|practice)$/.test(name));
  return found === undefined ? undefined : new ProblemError(problem('data_folder_unusable', '{0} is a link, or not yours, and is not followed. Nothing was removed.', { values: [join(path, found)], remedy: 'Take that link away, or put the file or folder itself in its place; then try again.' }));
}

/** In which order the files of a folder are removed; the mark and the lock stay until the end. */
export function removalOrder({ files, path }: Pick<Inventory, 'files' | 'path'>): string[] {
  const kept = [join(path, wipeMarkFile), join(path, leaseFile)];
  const isLedgerItself = (file: string) => file === join(path, 'ledger.db');
  return order.flatMap((kind) => files.filter((file) => file.kind === kind).map((file) => file.path).toSorted((a, b) => Number(isLedgerItself(b)) - Number(isLedgerItself(a)))).filter((file) => !kept.includes(file));
}

/** How a wipe goes about it. */
export interface WipeSteps {
  readonly clock: Clock;
  /** Whether brokers are ended that have requests. */
  readonly stopsRequests: boolean;
  /** Runs first, once nobody uses the folders; where it throws nothing was removed. */
  readonly prepare?: () => void;
  /** What else has to go before the folders are free again. */
  readonly more: () => Promise<void>;
}

/**
 * Wipes folders, all or none: each is held before anything of one is changed. Whoever ends this while it waits for that ended nothing.
 * @throws ProblemError `broker_running`, `requests_running` (nothing was removed then), `data_folder_unusable`
 */
export async function wipeFolders(folders: readonly string[], { clock, stopsRequests, prepare, more }: WipeSteps): Promise<WipedFolder[]> {
  const held: { readonly path: string; readonly lease: Lease }[] = [];
  // What an earlier wipe left half done stays marked, whatever becomes of this one.
  const fresh: string[] = [];
  let hasBegun = false;
  try {
    for (const path of folders) {
      const lease = await heldFolder(path, clock, stopsRequests);
      if (lease) held.push({ path, lease });
    }
    for (const { path } of held.filter((one) => !isBeingWiped(one.path))) {
      fresh.push(path);
      marked(path);
    }
    prepare?.();
    hasBegun = true;
    await more();
    // The folder of practice mode lies inside of the other.
    return held.toReversed().map(({ path, lease }) => removeAll(path, lease)).toReversed();
  } catch (error) {
    if (!hasBegun) for (const path of fresh) unmarkWipe(path);
    for (const { lease } of held) lease.release();
    throw error;
  }
}

/** The lock of a folder; undefined where another wipe took the whole folder away meanwhile. */
async function heldFolder(path: string, clock: Clock, stopsRequests: boolean): Promise<Lease | undefined> {
  try {
    return await endBroker(path, clock, stopsRequests);
  } catch (error) {
    if (!existsSync(path)) return undefined;
    throw error;
  }
}

/** @throws ProblemError `data_folder_unusable` */
function marked(path: string): void {
  try {
    markWipe(path, modeOfWiped(path));
  } catch (error) {
    throw new ProblemError(problem('data_folder_unusable', 'The data folder {0} cannot be changed ({1}). Nothing was removed.', { values: [path, error instanceof Error ? error.message : String(error)], remedy: 'Make the folder writable for you, then try again.' }), { cause: error });
  }
}

function removeAll(path: string, lease: Lease): WipedFolder {
  return onDisk(path, () => {
    const found = provenInventory(inventory(path));
    for (const file of removalOrder(found)) rmSync(file, { force: true });
    for (const folder of found.subfolders) removeIfEmpty(folder);
    unmarkWipe(path);
    giveUpLock(path, lease);
    return { path, files: found.files.length, bytes: found.files.reduce((sum, file) => sum + file.bytes, 0), others: found.others, isGone: removeIfEmpty(path) };
  });
}

/** Removes a copy of a ledger, which nobody uses; without a lock and a mark, since it is none itself. @throws ProblemError */
export function removeCopy({ path, files, others }: Inventory): WipedFolder {
  return onDisk(path, () => {
    for (const file of files) rmSync(file.path, { force: true });
    return { path, files: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0), others, isGone: removeIfEmpty(path) };
  });
}

/** @returns whether it is gone */
function removeIfEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    // Something that is not ours lies in it, or another program has begun anew there: it stays.
    return false;
  }
}

/** Names what the system refuses. @throws ProblemError */
function onDisk<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError(problem('data_folder_unusable', 'Something in the data folder {0} could not be removed ({1}). What is left cannot be used as a ledger.', { values: [path, error instanceof Error ? error.message : String(error)], remedy: 'Close what has its files open, then try again: it goes on where it ended.' }), { cause: error });
  }
}

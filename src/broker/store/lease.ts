// One broker per data folder, guaranteed by the kernel: an exclusive SQLite lock on `lease.db`,
// a file that is never opened for anything else (closing any other descriptor of it would drop
// the lock). The kernel releases it when the process ends, however it ends.
import { closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { problem, ProblemError } from '../../domain/problem.ts';
import { leaseFile } from '../../protocol/dataFiles.ts';
import { openDatabase } from './openDatabase.ts';

/** What tells a file from another one of its name; undefined where none is there. */
function markOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino}`;
}

/** A held lease; `release` gives it up, once. */
export interface Lease { release(): void }

/**
 * Takes the lease of a data folder.
 * @param waitMsMax how long to wait, blocking this thread, for a process that holds it
 * @param journal `MEMORY` takes it on a full disk too, for who is to free that
 * @returns undefined if another process holds it.
 * @throws ProblemError `data_folder_unusable` when the folder cannot be written or its lock file is none, `ledger_full`.
 */
export function acquireLease(dataDir: string, waitMsMax = 0, journal: 'DELETE' | 'MEMORY' = 'DELETE'): Lease | undefined {
  let db: ReturnType<typeof openDatabase> | undefined;
  const path = join(dataDir, leaseFile);
  let before: string | undefined;
  try {
    // What is there is known before it is opened, so that afterwards it can be told whether this very file is locked.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    before = markOf(path);
    if (before === undefined) return undefined;
    db = openDatabase(path, { timeout: waitMsMax });
    db.exec(`PRAGMA journal_mode = ${journal}; BEGIN EXCLUSIVE`);
    // A wipe takes the file away while it holds the lock. The lock of a file that has no name any more keeps nobody out.
    if (markOf(path) !== before) { db.close(); return undefined; }
  } catch (error) {
    db?.close();
    // SQLite itself fails in one way or another on a file that lost its name.
    if (before !== undefined && markOf(path) !== before) return undefined;
    const code = (error as { errcode?: number }).errcode;
    if (code !== undefined && (code & 0xff) === 5) return undefined;
    // A full disk passes, so it is told apart from a folder that can never be used.
    if (code !== undefined && (code & 0xff) === 13 || (error as { code?: string }).code === 'ENOSPC') throw new ProblemError(problem('ledger_full', 'The disk that holds the data folder {0} is full, so its lock cannot be taken.', { values: [dataDir] }), { cause: error });
    throw new ProblemError(problem('data_folder_unusable', 'The lock of the data folder {0} cannot be taken ({1}).', { values: [dataDir, error instanceof Error ? error.message : String(error)] }), { cause: error });
  }
  let held: typeof db | undefined = db;
  return { release: () => { held?.close(); held = undefined; } };
}

/**
 * Gives the lock of a folder up that is to hold nothing of ours. Its file goes while it is held, so that whoever gets the lock after
 * that finds that its file is gone and asks anew. Windows removes no open file.
 */
export function giveUpLock(dataDir: string, lease: Lease): void {
  const path = join(dataDir, leaseFile);
  if (process.platform !== 'win32') rmSync(path, { force: true });
  lease.release();
  try {
    if (process.platform === 'win32') rmSync(path, { force: true });
  } catch {
    // Another program waits for the lock: it has the file, which holds nothing.
  }
}

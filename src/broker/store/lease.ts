// One broker per data folder, guaranteed by the kernel: an exclusive SQLite lock on `lease.db`,
// a file that is never opened for anything else (closing any other descriptor of it would drop
// the lock). The kernel releases it when the process ends, however it ends.
import { join } from 'node:path';
import { problem, ProblemError } from '../../domain/problem.ts';
import { openDatabase } from './openDatabase.ts';

/** A held lease; `release` gives it up. */
export interface Lease { release(): void }

/**
 * Takes the lease of a data folder.
 * @param waitMsMax how long to wait, blocking this thread, for a process that holds it
 * @returns undefined if another process holds it.
 * @throws ProblemError `data_folder_unusable` when the folder cannot be written or its lock file is none, `ledger_full`.
 */
export function acquireLease(dataDir: string, waitMsMax = 0): Lease | undefined {
  let db: ReturnType<typeof openDatabase> | undefined;
  try {
    db = openDatabase(join(dataDir, 'lease.db'), { timeout: waitMsMax });
    db.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    const code = (error as { errcode?: number }).errcode;
    if (code !== undefined && (code & 0xff) === 5) return undefined;
    // A full disk passes, so it is told apart from a folder that can never be used.
    if (code !== undefined && (code & 0xff) === 13) throw new ProblemError(problem('ledger_full', 'The disk that holds the data folder {0} is full, so its lock cannot be taken.', { values: [dataDir] }), { cause: error });
    throw new ProblemError(problem('data_folder_unusable', 'The lock of the data folder {0} cannot be taken ({1}).', { values: [dataDir, error instanceof Error ? error.message : String(error)] }), { cause: error });
  }
  const held = db;
  return { release: () => held.close() };
}

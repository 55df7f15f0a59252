// Lets a ledger be read where nothing can be written: on a read-only disk, in a folder without the
// right to write, or on a full disk. SQLite cannot open a write-ahead log without writing beside it,
// so the files are copied to a private temporary folder; the ledger itself is never touched.
import { accessSync, chmodSync, constants, copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problem, ProblemError } from '../domain/problem.ts';
import { copyPrefix } from './leftCopies.ts';

/** The files that a ledger consists of; the log holds what was committed last. */
const ledgerFiles = ['ledger.db', 'ledger.db-wal'] as const;

/** A copy for reading; `remove` takes it away again. */
export interface LedgerCopy { readonly ledgerPath: string; remove(): void }

/** Whether the folder, its ledger and its lock may be written. */
export function isWritable(dataDir: string): boolean {
  try {
    accessSync(dataDir, constants.W_OK);
    for (const name of [...ledgerFiles, 'lease.db']) {
      if (existsSync(join(dataDir, name))) accessSync(join(dataDir, name), constants.W_OK);
    }
    return true;
  } catch {
    // Whatever the system's reason is: it says that writing would fail.
    return false;
  }
}

/** Copies a ledger. @throws ProblemError `data_folder_unusable` when it cannot be read or there is no room */
export function copyLedger(dataDir: string): LedgerCopy {
  let folder: string | undefined;
  const remove = () => { if (folder !== undefined) rmSync(folder, { recursive: true, force: true }); };
  try {
    folder = mkdtempSync(join(tmpdir(), copyPrefix('reading')));
    for (const name of ledgerFiles) {
      const copy = join(folder, name);
      if (!existsSync(join(dataDir, name))) continue;
      copyFileSync(join(dataDir, name), copy);
      // The copy takes over the rights of a file that may not be written.
      chmodSync(copy, 0o600);
    }
    return { ledgerPath: join(folder, 'ledger.db'), remove };
  } catch (error) {
    remove();
    throw new ProblemError(problem('data_folder_unusable', 'The ledger in {0} cannot be written, nor copied for reading ({1}).', { values: [dataDir, error instanceof Error ? error.message : String(error)] }), { cause: error });
  }
}

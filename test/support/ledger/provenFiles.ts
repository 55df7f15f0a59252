// Remembers which files were proven, by their bytes: many programs that were disturbed elsewhere leave the very same ones, and what
// a proof finds depends on nothing but what lies in the folder and what the program told.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What may lie in a folder once its program has ended. */
export const ledgerFiles = ['ledger.db', 'ledger.db-wal', 'ledger.db-journal', 'ledger.db.new', 'ledger.db.new-journal'];

/** Hashes of what was proven. */
const proven = new WeakMap<object, Set<string>>();

/**
 * Proves the files of a folder, unless the same ones were proven already.
 * @param proof stands for what is proven, and of which scene
 * @param told what the proof depends on beside them
 */
export function proveOnce(proof: object, folder: string, told: string, prove: () => void): void {
  const hash = createHash('sha256').update(told);
  for (const name of ledgerFiles) {
    const bytes = existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : undefined;
    hash.update(` ${name} ${bytes?.length ?? 'none'} `);
    if (bytes) hash.update(bytes);
  }
  const key = hash.digest('hex');
  const known = proven.get(proof) ?? new Set();
  proven.set(proof, known);
  if (known.has(key)) return;
  prove();
  known.add(key);
}

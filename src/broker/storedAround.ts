// What the report about privacy tells of this computer: data folders, and copies of ledgers that lie outside of them.
import { tmpdir } from 'node:os';
import { basename, dirname } from 'node:path';
import type { Stored } from '../protocol/sentReport.ts';
import { inventory, practiceFolder, storedFolder, storedIn } from './dataInventory.ts';
import { leftCopies } from './leftCopies.ts';

/**
 * Everything of the product that is found from a data folder on: for practice mode's also the one that it lies in, whose ledger counts
 * real requests. It goes by names alone, since a broker may ask.
 */
export function storedAround(dataDir: string, tempDir = tmpdir()): Stored {
  const outer = dirname(dataDir);
  const isInner = basename(dataDir) === practiceFolder && inventory(outer).files.some(({ kind }) => kind === 'ledger' || kind === 'secrets');
  const { folders, routes } = storedIn(isInner ? outer : dataDir);
  return { folders: [...folders, ...leftCopies(tempDir).map(storedFolder)], routes };
}

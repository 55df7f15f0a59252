// The mark that lies in a data folder from the moment a wipe begins until everything else of it is gone. While it is there, no
// program opens the folder: what is left of a ledger is none, and nobody begins a new one in between. It reads and writes that one file only.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ProblemError } from '../domain/problem.ts';
import { wipeMarkFile } from '../protocol/dataFiles.ts';
import { wipeUnfinished } from '../protocol/wipeUnfinished.ts';
import { synchroniseFolder } from './folderSync.ts';

/** Whether a wipe of the folder was begun and has not ended. */
export function isBeingWiped(dataDir: string): boolean {
  return existsSync(join(dataDir, wipeMarkFile));
}

/** @throws ProblemError `wipe_unfinished` */
export function refuseBeingWiped(dataDir: string): void {
  if (isBeingWiped(dataDir)) throw new ProblemError(wipeUnfinished(dataDir));
}

/** What was noted when the wipe of a folder began; undefined where none did. */
export function wipeNote(dataDir: string): string | undefined {
  try {
    return readFileSync(join(dataDir, wipeMarkFile), 'utf8');
  } catch (error) {
    // No wipe was begun, or another one has just ended.
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Begins: the mark is on disk when this returns. @param note what has to be known when this is repeated */
export function markWipe(dataDir: string, note: string): void {
  const file = openSync(join(dataDir, wipeMarkFile), 'w', 0o600);
  try {
    writeNote(file, note);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  synchroniseFolder(dataDir);
}

/** On a full disk, which a wipe is to free, the mark stays empty: it closes the folder all the same. */
function writeNote(file: number, note: string): void {
  try {
    writeSync(file, note);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOSPC') throw error;
  }
}

/** Ends, or takes back what was only begun. What was removed before stays so after a loss of power. */
export function unmarkWipe(dataDir: string): void {
  if (!existsSync(dataDir)) return;
  synchroniseFolder(dataDir);
  rmSync(join(dataDir, wipeMarkFile), { force: true });
  synchroniseFolder(dataDir);
}

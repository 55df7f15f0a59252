// Copies of ledgers that a command made for reading or proving one, and left in the temporary folder because it was ended in the
// middle. They hold what a ledger holds, so whoever tells of what is kept, or removes it, counts them too.
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isOwn } from './dataInventory.ts';
import type { Inventory, OwnFile } from './dataInventory.ts';

/** How the folder of a copy is named before the system makes the name unique. */
export function copyPrefix(what: 'reading' | 'proving', pid = process.pid): string {
  return `codex-broker-${what}-${pid}-`;
}

/** Older versions named no process. */
const copyName = /^codex-broker-(?:reading|proving)-(?:(?<pid>\d{1,10})-)?\w{6}$/;

/** What was left; nothing of a program that still runs. */
export function leftCopies(tempDir: string): Inventory[] {
  return names(tempDir).flatMap((name) => {
    const match = copyName.exec(name);
    const path = join(tempDir, name);
    const found = match && lstatSync(path, { throwIfNoEntry: false });
    return found?.isDirectory() === true && isOwn(found) && !runs(match?.groups?.['pid']) ? [copyIn(path)] : [];
  });
}

function copyIn(path: string): Inventory {
  const files: OwnFile[] = [];
  const others: string[] = [];
  for (const name of names(path)) {
    const found = lstatSync(join(path, name), { throwIfNoEntry: false });
    if (found?.isFile() === true && isOwn(found) && /^ledger\.db(?:-(?:wal|shm|journal)|\.version\d{1,4}(?:-journal)?)?$/.test(name)) files.push({ kind: 'backups', path: join(path, name), bytes: found.size });
    else others.push(name);
  }
  return { path, files, subfolders: [], others };
}

function runs(pid: string | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(Number(pid), 0);
  } catch (error) {
    // It is another user's, or gone.
    return (error as { code?: string }).code === 'EPERM';
  }
}

function names(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    // What cannot be listed, or went meanwhile, is not removed either.
    return [];
  }
}

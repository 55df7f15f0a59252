// Makes durable which names a folder holds.
import { closeSync, fsyncSync, openSync } from 'node:fs';

/** A name that was given or taken away is synchronised too, or a power loss could undo it. Windows has no such call. */
export function synchroniseFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

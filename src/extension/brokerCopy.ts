// Keeps a copy of the broker's bundle in the extension's global storage, so that an update may
// delete the old extension folder while its broker still runs. A copy is complete or absent.
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the bundle is and where copies go. */
export interface CopyPlaces {
  /** Folder with `broker.mjs`, `ledger.mjs`, `sandbox.mjs` and perhaps `node_modules`. */
  readonly distDir: string;
  /** The extension's global storage. */
  readonly storageDir: string;
  readonly version: string;
  /** Fresh random text for the name of an unfinished copy. */
  newName(): string;
}

/** How many copies are kept; older ones belong to brokers that ended long ago. */
export const brokerCopiesMax = 3;

/** The programs; what they hold decides whether a copy is the same. */
const programs = ['broker.mjs', 'ledger.mjs', 'sandbox.mjs'] as const;
const parts = [...programs, 'node_modules'] as const;

/**
 * Makes the copy if it is missing. The hash of its programs is part of the folder's name, so a rebuilt
 * one of the same version is never mistaken for the one that was copied before.
 * @returns the copy's folder
 * @throws Error when the bundle is missing or the storage cannot be written
 */
export async function ensureBrokerCopy(places: CopyPlaces): Promise<string> {
  const sum = createHash('sha256');
  for (const program of programs) sum.update(await readFile(join(places.distDir, program)));
  const hash = sum.digest('hex').slice(0, 8);
  const target = join(places.storageDir, `broker-${places.version}-${hash}`);
  if (await exists(join(target, 'broker.mjs'))) return target;
  const unfinished = join(places.storageDir, `.unfinished-${places.newName()}`);
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  try {
    for (const part of parts) {
      const from = join(places.distDir, part);
      if (await exists(from)) await cp(from, join(unfinished, part), { recursive: true });
    }
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another window may have finished the same copy first; then its copy is ours.
    if (!await exists(join(target, 'broker.mjs'))) throw error;
  }
  await dropOldCopies(places.storageDir);
  return target;
}

async function dropOldCopies(storageDir: string): Promise<void> {
  const names = (await readdir(storageDir)).filter((name) => name.startsWith('broker-'));
  const copies = await Promise.all(names.map(async (name) => ({ name, changedMs: (await stat(join(storageDir, name))).mtimeMs })));
  copies.sort((a, b) => b.changedMs - a.changedMs);
  for (const copy of copies.slice(brokerCopiesMax)) {
    // A copy that cannot be removed now is removed by a later start.
    await rm(join(storageDir, copy.name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

// Looks into a data folder: which files are the product's own and how large they are, and what else lies there. Links are never
// followed, and no file is opened: the lock would be lost by that.
import { lstatSync, readdirSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { dataKindOf, dataKinds, dataSubfolders } from '../protocol/dataFiles.ts';
import type { DataKind } from '../protocol/dataFiles.ts';
import type { Stored, StoredFolder } from '../protocol/sentReport.ts';
import { readRouteRecords } from './codexConfig/routeRecords.ts';

/** Name of the folder inside of a data folder that practice mode has to itself. */
export const practiceFolder = 'practice';
/** Names of others' files that are told at the most. */
const othersMax = 20;

/** One file of the product's own. */
export interface OwnFile { readonly kind: DataKind; readonly path: string; readonly bytes: number }

/** What lies in a data folder, without the one of practice mode. */
export interface Inventory {
  readonly path: string;
  readonly files: readonly OwnFile[];
  /** Folders inside of it that the product made, as far as they are no links. */
  readonly subfolders: readonly string[];
  /** Names of everything else, seen from the folder: others' files and folders, links, and what belongs to another user. */
  readonly others: readonly string[];
}

/** Looks into a folder; nothing lies in one that is not there. @throws what the system says of a folder that cannot be read */
export function inventory(dataDir: string): Inventory {
  const files: OwnFile[] = [];
  const others: string[] = [];
  const subfolders: string[] = [];
  for (const folder of dataSubfolders) {
    const path = join(dataDir, folder);
    if (folder !== '' && !subfolders.includes(path)) continue;
    for (const name of names(path)) {
      const found = lstatSync(join(path, name), { throwIfNoEntry: false });
      if (!found) continue;
      const kind = dataKindOf(folder, name);
      const isSubfolder = folder === '' && (dataSubfolders as readonly string[]).includes(name) && isOwn(found) && found.isDirectory();
      if (isSubfolder) subfolders.push(join(path, name));
      else if (kind !== undefined && found.isFile() && isOwn(found)) files.push({ kind, path: join(path, name), bytes: found.size });
      else if (folder !== '' || name !== practiceFolder || !found.isDirectory()) others.push(join(folder, name));
    }
  }
  return { path: dataDir, files, subfolders, others };
}

/** The data folder and the one of its practice mode, if that is there and no link. */
export function dataFolders(dataDir: string): string[] {
  const practice = join(dataDir, practiceFolder);
  return lstatSync(practice, { throwIfNoEntry: false })?.isDirectory() === true ? [dataDir, practice] : [dataDir];
}

/** What the product keeps in a data folder and in that of its practice mode, and which configurations of Codex it changed. */
export function storedIn(dataDir: string): Stored {
  const folders = dataFolders(dataDir);
  return { folders: folders.map((path) => storedFolder(inventory(path))), routes: [...new Set(folders.flatMap((path) => readRouteRecords(path).map((one) => one.path)))] };
}

/** An inventory by kinds, as it is told. */
export function storedFolder({ path, files, others }: Inventory): StoredFolder {
  const kinds = dataKinds.flatMap((kind) => {
    const own = files.filter((file) => file.kind === kind);
    return own.length === 0 ? [] : [{ kind, files: own.length, bytes: own.reduce((sum, file) => sum + file.bytes, 0) }];
  });
  return { path, kinds, others: others.slice(0, othersMax) };
}

function names(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return [];
    throw error;
  }
}

/** Whether a file belongs to the user who runs this program. */
export function isOwn(found: Stats): boolean {
  return process.getuid === undefined || found.uid === process.getuid();
}

// Tells the product's own files from others' that only have their names, by what stands in them, before a wipe removes any. Only
// the program that wipes may ask: a broker that opened and closed its ledger's file here would lose SQLite's locks. The lock's
// file is never opened.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { wipeMarkFile } from '../protocol/dataFiles.ts';
import type { Inventory, OwnFile } from './dataInventory.ts';
import { applicationId } from './store/schema/migrations.ts';

/** Larger than any of the files that are read as a whole. */
const textBytesMax = 4_194_304;
/** Where a database's file says which program it belongs to: https://sqlite.org/fileformat2.html#the_database_header */
const applicationIdAt = 68;

const isSecret = (text: string) => /^[\w-]{43}$/.test(text.trim());
const isMark = (text: string) => /^(?:live|practice|)$/.test(text.trim());
const listOf = (...names: readonly string[]) => (text: string) => {
  const list = parsed(text);
  return Array.isArray(list) && list.every((one) => hasAll(one, names));
};

/** What files hold whose names may stand in any project; an empty one was about to be written. */
const contents: readonly (readonly [RegExp, (text: string) => boolean])[] = [
  [/^mode/, isMark],
  [/^port/, (text) => /^\d{0,5}$/.test(text.trim())],
  [/^plans\.json/, listOf('id', 'limits')],
  [/^routes\.json/, listOf('path', 'url', 'beforeHash')],
  [/^broker\.json/, (text) => hasAll(parsed(text), ['url', 'pid', 'protocol'])],
  [/^broker\.log/, (text) => text.startsWith('{"level":')],
  [/^(?:control\.token|workspace\.key)/, isSecret],
];

/** Whether a folder is one of the product's at all: it has a ledger, a secret, or the mark of a wipe, and not only a file of such a name. */
export function isDataFolder({ files, path }: Pick<Inventory, 'files' | 'path'>): boolean {
  return files.some((file) => (file.kind === 'secrets' ? isSecret(textOf(file) ?? '')
    : file.path === join(path, wipeMarkFile) ? isMark(textOf(file) ?? 'unreadable') : file.path === join(path, 'ledger.db') && isLedger(file.path)));
}

/** The inventory of a data folder in which files of others that have names of ours count as others'. */
export function provenInventory(found: Inventory): Inventory {
  const isProven = (file: OwnFile) => {
    // Backups, and what a restore put aside, have names of their own, and so has the rest.
    const holds = file.kind === 'backups' || file.kind === 'aside' ? undefined : contents.find(([name]) => name.test(basename(file.path)))?.[1];
    if (!holds || file.bytes === 0) return true;
    const text = textOf(file);
    return text !== undefined && holds(text);
  };
  const files = found.files.filter(isProven);
  return { ...found, files, others: [...found.others, ...found.files.filter((file) => !files.includes(file)).map((file) => basename(file.path))] };
}

function isLedger(path: string): boolean {
  const four = Buffer.alloc(4);
  try {
    const file = openSync(path, 'r');
    try {
      return readSync(file, four, 0, 4, applicationIdAt) === 4 && four.readUInt32BE() === applicationId;
    } finally {
      closeSync(file);
    }
  } catch {
    // It cannot be read, so it proves nothing.
    return false;
  }
}

/** Undefined for what cannot be read. Of a log the beginning tells enough, and of others none is that large. */
function textOf({ path, bytes, kind }: OwnFile): string | undefined {
  try {
    if (kind !== 'logs') return bytes > textBytesMax ? undefined : readFileSync(path, 'utf8');
    const begin = Buffer.alloc(64);
    const file = openSync(path, 'r');
    try {
      return begin.toString('utf8', 0, readSync(file, begin, 0, begin.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    // Nobody knows whose it is.
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No file of ours, or a damaged one: it is left, and named.
    return undefined;
  }
}

function hasAll(value: unknown, names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name));
}

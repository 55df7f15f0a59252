// Opens the ledger's file, or makes it where there is none: whether it is ours, whole, of a version
// that this program knows, and set up so that a commit survives the loss of power. A file that is
// refused is left as it was found. No row is read or written here.
import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { problem, ProblemError } from '../../domain/problem.ts';
import { backupTo } from './ledgerCare.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Hash } from '../../domain/rowTexts.ts';
import type { OpenDatabase } from './openDatabase.ts';
import { applicationId, migrations, rebuiltUntil, schemaVersion } from './schema/migrations.ts';

/** A file up to this size is checked page by page at every start. */
const quickCheckBytesMax = 64 * 1024 * 1024;

/**
 * Pages that the write-ahead log takes before they are copied to their places: the newest pages of each table and index change with
 * every group of commands, so a longer log copies each of them once for many changes. 16 MB at the most, but for what one group adds.
 */
const logPagesMax = 4000;

/** How long a connection waits for another one's lock. */
export const lockMsMax = 5000;

/** SQLite's name for a database without a file; used by tests that need no disk. */
const inMemory = ':memory:';

/**
 * Who opens a ledger: its `owner`, who may make and migrate it; the owner `again` after a fault, who makes none;
 * a `reader`, who changes nothing and can read what a somewhat newer program wrote; or a reader of a `copy`, who
 * may bring that to the newest version.
 */
export type OpenedAs = 'owner' | 'again' | 'reader' | 'copy';

/** How a ledger is opened. */
export interface OpenOptions {
  readonly hash: Hash;
  readonly as: OpenedAs;
  readonly open: OpenDatabase;
}

/**
 * Opens the ledger on one connection.
 * @throws ProblemError `ledger_corrupt` or `ledger_newer`, or what SQLite throws when the disk fails
 */
export function openLedgerFile(path: string, options: OpenOptions): DatabaseSync {
  if (path === inMemory) return openWith(path, options, (db) => { migrate(db, 0, options.hash); });
  if (existsSync(path)) refuseForeign(path);
  else if (options.as === 'owner') createFile(path, options);
  else throw new ProblemError(problem('ledger_corrupt', 'The ledger {0} is gone. Nothing was created in its place.', { values: [path] }));
  return openWith(path, options, (db) => {
    const version = readVersion(db, path, options.as);
    if (pragma(db, 'page_count') * pragma(db, 'page_size') <= quickCheckBytesMax) {
      const check = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
      if (check !== 'ok') throw new ProblemError(problem('ledger_corrupt', 'The ledger {0} is damaged ({1}). It was not changed.', { values: [path, String(check).replaceAll(/\s+/g, ' ').slice(0, 200)] }));
    }
    if (version > schemaVersion) return;
    // A reader changes nothing: a backup is no file with a write-ahead log, and stays none.
    if (options.as !== 'reader') db.exec('PRAGMA journal_mode = WAL');
    if (version < schemaVersion) {
      if (options.as === 'reader') throw new ProblemError(problem('ledger_unavailable', 'The ledger {0} has the older version {1}; only a copy of it or its owner can bring it to version {2}.', { values: [path, version, schemaVersion] }));
      if (options.as !== 'copy') keepBefore(db, path, version);
      migrate(db, version, options.hash);
    }
  });
}

/** Keeps a copy of the ledger as it was before a migration, beside it; an older copy of the same version is replaced. */
function keepBefore(db: DatabaseSync, path: string, version: number): void {
  const copy = copyBeforeMigration(path, version);
  for (const leftover of [copy, `${copy}-journal`]) rmSync(leftover, { force: true });
  backupTo(db, copy);
}

/** Where the copy of a ledger lies that was made before it was migrated from a version. */
export function copyBeforeMigration(path: string, version: number): string {
  return `${path}.version${version}`;
}

function openWith(path: string, { open }: OpenOptions, prepare: (db: DatabaseSync) => void): DatabaseSync {
  const db = open(path, { enableForeignKeyConstraints: true, timeout: lockMsMax });
  try {
    // Full synchronisation is said aloud on every open: a build's own default may be weaker.
    db.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA trusted_schema = OFF');
    db.exec(`PRAGMA wal_autocheckpoint = ${logPagesMax}`);
    prepare(db);
    if (pragma(db, 'synchronous') !== 2) throw new Error('SQLite did not take synchronous=FULL');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Makes the ledger beside its place and moves it there when it is whole, so that a program that is
 * ended in between leaves nothing that looks like a damaged ledger.
 */
function createFile(path: string, options: OpenOptions): void {
  if (existsSync(`${path}-wal`)) {
    throw new ProblemError(problem('ledger_corrupt', 'The ledger {0} is gone, but its write-ahead log is still there. Nothing was created in its place.', { values: [path] }));
  }
  const fresh = `${path}.new`;
  for (const leftover of [fresh, `${fresh}-journal`]) rmSync(leftover, { force: true });
  openWith(fresh, options, (db) => { migrate(db, 0, options.hash); }).close();
  renameSync(fresh, path);
  if (process.platform === 'win32') return;
  // The folder is synchronised too, or a power loss could take the new name away again.
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/**
 * Looks at the file's own header before SQLite does: opening a database may already change it. No
 * connection to it is open in this process at that time, so closing the descriptor drops no lock.
 */
function refuseForeign(path: string): void {
  if (statSync(path).size === 0) throw new ProblemError(problem('ledger_corrupt', 'The ledger {0} is empty. Nothing was written to it.', { values: [path] }));
  const header = readHeader(path);
  if (!header || !isOurs(header)) {
    throw new ProblemError(problem('ledger_corrupt', 'The file {0} is not a ledger of the broker. It was not changed.', { values: [path] }));
  }
}

/** The first 100 bytes of a file; undefined when there are fewer. */
function readHeader(path: string): Buffer | undefined {
  if (!existsSync(path)) return undefined;
  const header = Buffer.alloc(100);
  const file = openSync(path, 'r');
  try {
    return readSync(file, header, 0, header.length, 0) === header.length ? header : undefined;
  } finally {
    closeSync(file);
  }
}

/** Offsets of SQLite's file format: magic at 0, user version at 60, application id at 68. */
function isOurs(header: Buffer): boolean {
  return header.toString('latin1', 0, 16) === 'SQLite format 3\0' && header.readUInt32BE(68) === applicationId;
}

function refuseNewer(version: number, path: string): never {
  throw new ProblemError(problem('ledger_newer', 'The ledger {0} has version {1}; this program knows up to {2}. It was not changed.', { values: [path, version, schemaVersion] }));
}

/** The version as SQLite sees it, its write-ahead log included. */
function readVersion(db: DatabaseSync, path: string, as: OpenedAs): number {
  const version = pragma(db, 'user_version');
  if (version > schemaVersion && !((as === 'reader' || as === 'copy') && readableFrom(db) <= schemaVersion)) refuseNewer(version, path);
  return version;
}

/** The oldest program version that can still read the tables, as whoever wrote them says. */
function readableFrom(db: DatabaseSync): number {
  try {
    return Number(db.prepare(`SELECT value FROM meta WHERE name = 'readable_from'`).get()?.['value'] ?? Infinity);
  } catch {
    // Tables of another kind: nothing says that they can be read.
    return Infinity;
  }
}

/** The version of a ledger by its header alone; undefined where there is no ledger. No connection to it may be open in this process. */
export function fileVersion(path: string): number | undefined {
  const header = readHeader(path);
  return header && isOurs(header) ? header.readUInt32BE(60) : undefined;
}

/** Each step is all or nothing, together with the version that it leads to. */
function migrate(db: DatabaseSync, version: number, hash: Hash): void {
  // Tables are rebuilt, which SQLite allows only while references are not checked; afterwards they are, once for all.
  db.exec('PRAGMA foreign_keys = OFF');
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const step of migrations.slice(version)) step(db, hash);
    // It reads every row, so only where rows have moved.
    const broken = version < rebuiltUntil ? db.prepare('PRAGMA foreign_key_check').get() : undefined;
    if (broken) throw new Error(`a row of ${String(broken['table'])} would refer to nothing`);
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
  db.exec('PRAGMA foreign_keys = ON');
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

/** SQLite's primary result codes that mean the file or disk failed, not the statement. */
const fileFaults = new Map<number, Problem['code']>([
  [8, 'ledger_unavailable'], [10, 'ledger_unavailable'], [11, 'ledger_corrupt'], [13, 'ledger_full'], [14, 'ledger_unavailable'], [26, 'ledger_corrupt'],
]);

function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** Whether an error of SQLite means that the file or disk failed, not the statement. */
export function isFileFault(error: unknown): boolean {
  const code = primaryCode(error);
  return code !== undefined && fileFaults.has(code);
}

/** What a failure of the store means to a person. */
export function storeProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const code = fileFaults.get(primaryCode(error) ?? -1) ?? 'ledger_unavailable';
  const parts = { values: [error instanceof Error ? error.message : String(error)] };
  switch (code) {
    case 'ledger_full': return problem(code, 'The disk that holds the ledger is full, so no credits can be reserved; nothing was sent ({0}).', parts);
    case 'ledger_corrupt': return problem(code, 'The ledger is damaged, so no credits can be reserved; nothing was sent and nothing was changed ({0}).', parts);
    default: return problem(code, 'The ledger could not be written or read, so no credits can be reserved; nothing was sent ({0}).', parts);
  }
}

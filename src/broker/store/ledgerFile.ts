// Opens the ledger's file, or makes it where there is none: whether it is ours, whole, of a version
// that this program knows, and set up so that a commit survives the loss of power. A file that is
// refused is left as it was found. No row is read or written here.
import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { problem, ProblemError } from '../../domain/problem.ts';
import type { Problem } from '../../domain/problem.ts';
import { applicationId, migrations, schemaVersion } from './schema.ts';
import { openDatabase } from './openDatabase.ts';

/** A file up to this size is checked page by page at every start. */
const quickCheckBytesMax = 64 * 1024 * 1024;

/** SQLite's name for a database without a file; used by tests that need no disk. */
const inMemory = ':memory:';

/**
 * Opens the ledger on one connection.
 * @param mayCreate whether a ledger is made where there is none
 * @throws ProblemError `ledger_corrupt` or `ledger_newer`, or what SQLite throws when the disk fails
 */
export function openLedgerFile(path: string, mayCreate: boolean): DatabaseSync {
  if (path === inMemory) return openWith(path, (db) => { migrate(db, 0); });
  if (existsSync(path)) refuseForeign(path);
  else if (mayCreate) createFile(path);
  else throw new ProblemError(problem('ledger_corrupt', `The ledger ${path} is gone. Nothing was created in its place.`));
  return openWith(path, (db) => {
    const version = readVersion(db, path);
    if (pragma(db, 'page_count') * pragma(db, 'page_size') <= quickCheckBytesMax) {
      const check = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
      if (check !== 'ok') throw new ProblemError(problem('ledger_corrupt', `The ledger ${path} is damaged (${String(check).replaceAll(/\s+/g, ' ').slice(0, 200)}). It was not changed.`));
    }
    db.exec('PRAGMA journal_mode = WAL');
    migrate(db, version);
  });
}

function openWith(path: string, prepare: (db: DatabaseSync) => void): DatabaseSync {
  const db = openDatabase(path, { enableForeignKeyConstraints: true, timeout: 5000 });
  try {
    // Full synchronisation is said aloud on every open: a build's own default may be weaker.
    db.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA trusted_schema = OFF');
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
function createFile(path: string): void {
  if (existsSync(`${path}-wal`)) {
    throw new ProblemError(problem('ledger_corrupt', `The ledger ${path} is gone, but its write-ahead log is still there. Nothing was created in its place.`));
  }
  const fresh = `${path}.new`;
  for (const leftover of [fresh, `${fresh}-journal`]) rmSync(leftover, { force: true });
  openWith(fresh, (db) => { migrate(db, 0); }).close();
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
  if (statSync(path).size === 0) throw new ProblemError(problem('ledger_corrupt', `The ledger ${path} is empty. Nothing was written to it.`));
  const header = Buffer.alloc(100);
  const file = openSync(path, 'r');
  let length: number;
  try {
    length = readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  // Offsets of SQLite's file format: magic at 0, user version at 60, application id at 68.
  if (length < header.length || header.toString('latin1', 0, 16) !== 'SQLite format 3\0' || header.readUInt32BE(68) !== applicationId) {
    throw new ProblemError(problem('ledger_corrupt', `The file ${path} is not a ledger of the broker. It was not changed.`));
  }
  refuseNewer(header.readUInt32BE(60), path);
}

function refuseNewer(version: number, path: string): void {
  if (version <= schemaVersion) return;
  throw new ProblemError(problem('ledger_newer', `The ledger ${path} has version ${version}; this program knows up to ${schemaVersion}. It was not changed.`));
}

/** The version as SQLite sees it, its write-ahead log included. */
function readVersion(db: DatabaseSync, path: string): number {
  const version = pragma(db, 'user_version');
  refuseNewer(version, path);
  return version;
}

function migrate(db: DatabaseSync, version: number): void {
  for (let next = version; next < migrations.length; next += 1) {
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(migrations[next] ?? '');
      db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${next + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
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
  const meaning = code === 'ledger_full' ? 'The disk that holds the ledger is full, so no credits can be reserved; nothing was sent'
    : code === 'ledger_corrupt' ? 'The ledger is damaged, so no credits can be reserved; nothing was sent and nothing was changed'
      : 'The ledger could not be written or read, so no credits can be reserved; nothing was sent';
  return problem(code, `${meaning} (${error instanceof Error ? error.message : String(error)}).`);
}

// The embedded ledger: one SQLite file, one connection, WAL with full synchronisation, so that an
// acknowledged change survives the loss of power. Groups of commands commit together. A commit
// that fails is unknown, not undone: the file is opened anew and each command is looked up again.
import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Hash } from '../../domain/ledgerRows.ts';
import { problem, ProblemError } from '../../domain/problem.ts';
import type { Problem } from '../../domain/problem.ts';
import { auditFile } from './ledgerAudit.ts';
import { LedgerChains } from './ledgerChains.ts';
import { explainRequest } from './ledgerExplain.ts';
import type { LedgerCommand, LedgerCommandResults, LedgerQueries } from './ledgerPort.ts';
import { readBalance, readEntries, readRecent, readUsage, readWorkspaces } from './ledgerReads.ts';
import { runCommand } from './ledgerWrites.ts';
import { applicationId, migrations, schemaVersion } from './schema.ts';

/** What became of one command of a group. */
export type CommandOutcome =
  | { readonly ok: true; readonly value: LedgerCommandResults[LedgerCommand['type']] }
  | { readonly ok: false; readonly problem: Problem };

/** A file up to this size is checked page by page at every start. */
const quickCheckBytesMax = 64 * 1024 * 1024;

/** The ledger on one connection; synchronous, to be run on a thread of its own. */
export class SqliteLedger {
  readonly #path: string;
  readonly #hash: Hash;
  #db: DatabaseSync;
  #chains: LedgerChains;
  /** Set once the file could not be opened again; every later command is refused with it. */
  #failed: Problem | undefined;

  private constructor(path: string, hash: Hash, db: DatabaseSync) {
    this.#path = path;
    this.#hash = hash;
    this.#db = db;
    this.#chains = new LedgerChains(db, hash);
  }

  /**
   * Opens the ledger, or makes a new one where there is no file.
   * @throws ProblemError `ledger_corrupt`, `ledger_newer`, `ledger_full` or `ledger_unavailable`.
   */
  static open(path: string, hash: Hash): SqliteLedger {
    try {
      return new SqliteLedger(path, hash, openFile(path));
    } catch (error) {
      throw error instanceof ProblemError ? error : new ProblemError(storeProblem(error), { cause: error });
    }
  }

  /** Runs commands in one durable transaction; one that fails leaves the others untouched. */
  runGroup(commands: readonly LedgerCommand[]): CommandOutcome[] {
    if (this.#failed) {
      const again = this.#reopen();
      if (again) return commands.map(() => ({ ok: false, problem: again }));
    }
    const outcomes: CommandOutcome[] = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const command of commands) outcomes.push(this.#runOne(command));
      this.#db.exec('COMMIT');
      return outcomes;
    } catch (error) {
      // A refused COMMIT may be on disk all the same (seen with EIO on fsync): look, do not guess.
      const why = storeProblem(error);
      const again = this.#reopen();
      return commands.map((command) => (again ? { ok: false, problem: again } : this.#lookUp(command) ?? { ok: false, problem: why }));
    }
  }

  #runOne(command: LedgerCommand): CommandOutcome {
    const mark = this.#chains.mark();
    this.#db.exec('SAVEPOINT command');
    try {
      const value = runCommand(this.#db, this.#chains, command);
      this.#db.exec('RELEASE command');
      return { ok: true, value };
    } catch (error) {
      this.#chains.restore(mark);
      // A fault of the file ends the whole group; a fault of this command ends only this one.
      if (isFileFault(error)) throw error;
      this.#db.exec('ROLLBACK TO command; RELEASE command');
      return { ok: false, problem: problem('ledger_unavailable', `The ledger refused a change: ${messageOf(error)}. Nothing was changed by it.`) };
    }
  }

  /** After a failed commit: whether the command is there. Running it again is safe, each has its key. */
  #lookUp(command: LedgerCommand): CommandOutcome | undefined {
    const found = this.#isThere(command);
    if (!found) return undefined;
    this.#db.exec('BEGIN IMMEDIATE');
    const outcome = this.#runOne(command);
    this.#db.exec('COMMIT');
    return outcome;
  }

  #isThere(command: LedgerCommand): boolean {
    const exists = (sql: string, key: string) => this.#db.prepare(sql).get(key) !== undefined;
    switch (command.type) {
      case 'reserve': return exists('SELECT 1 FROM decisions WHERE attempt_id = ?', command.attemptId);
      case 'begin': return exists('SELECT 1 FROM begun WHERE attempt_id = ?', command.attemptId);
      case 'settle': return exists(`SELECT 1 FROM usage_events WHERE attempt_id = ?`, command.attemptId);
      case 'grant': return exists('SELECT 1 FROM grants WHERE key = ?', command.key);
      case 'workspace': return exists('SELECT 1 FROM workspaces WHERE token_hash = ?', command.tokenHash);
      case 'recover': case 'expire': return false;
    }
  }

  /** Answers a question. @throws ProblemError when the file fails. */
  query<Q extends keyof LedgerQueries>(type: Q, args: LedgerQueries[Q]['args']): LedgerQueries[Q]['result'] {
    if (this.#failed) {
      const again = this.#reopen();
      if (again) throw new ProblemError(again);
    }
    try {
      return this.#answer(type, args) as LedgerQueries[Q]['result'];
    } catch (error) {
      throw new ProblemError(storeProblem(error), { cause: error });
    }
  }

  #answer(type: keyof LedgerQueries, args: LedgerQueries[keyof LedgerQueries]['args']): unknown {
    switch (type) {
      case 'workspaces': return readWorkspaces(this.#db);
      case 'balance': return readBalance(this.#db);
      case 'usage': return readUsage(this.#db, args as LedgerQueries['usage']['args']);
      case 'recent': return readRecent(this.#db, (args as LedgerQueries['recent']['args']).limit);
      case 'entries': return readEntries(this.#db, (args as LedgerQueries['entries']['args']).limit);
      case 'explain': return explainRequest(this.#db, (args as LedgerQueries['explain']['args']).id);
      case 'audit': return auditFile(this.#db, this.#hash, (args as LedgerQueries['audit']['args']).full);
    }
  }

  #reopen(): Problem | undefined {
    try {
      this.#db.close();
    } catch {
      // Closing a connection whose file failed may fail again; the file is opened anew either way.
    }
    try {
      this.#db = openFile(this.#path);
      this.#chains = new LedgerChains(this.#db, this.#hash);
      this.#failed = undefined;
    } catch (error) {
      this.#failed = error instanceof ProblemError ? error.problem : storeProblem(error);
    }
    return this.#failed;
  }

  /** Closes the file. */
  close(): void { this.#db.close(); }
}

function openFile(path: string): DatabaseSync {
  const isNew = !existsSync(path);
  if (isNew && existsSync(`${path}-wal`)) {
    throw new ProblemError(problem('ledger_corrupt', `The ledger ${path} is gone, but its write-ahead log is still there. Nothing was created in its place.`));
  }
  if (!isNew && statSync(path).size === 0) {
    throw new ProblemError(problem('ledger_corrupt', `The ledger ${path} is empty. Nothing was written to it.`));
  }
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5000 });
  try {
    prepareFile(db, path, isNew);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepareFile(db: DatabaseSync, path: string, isNew: boolean): void {
  const pragma = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  if (!isNew && pragma('application_id') !== applicationId) {
    throw new ProblemError(problem('ledger_corrupt', `The file ${path} is not a ledger of the broker. It was not changed.`));
  }
  const version = pragma('user_version');
  if (version > schemaVersion) {
    throw new ProblemError(problem('ledger_newer', `The ledger ${path} has version ${version}; this program knows up to ${schemaVersion}. It was not changed.`));
  }
  // Full synchronisation is said aloud on every open: a build's own default may be weaker.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA trusted_schema = OFF');
  if (pragma('synchronous') !== 2) throw new Error('SQLite did not take synchronous=FULL');
  if (!isNew && pragma('page_count') * pragma('page_size') <= quickCheckBytesMax) {
    const check = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (check !== 'ok') throw new ProblemError(problem('ledger_corrupt', `The ledger ${path} is damaged (${String(check).slice(0, 200)}). It was not changed.`));
  }
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

/** SQLite's primary result codes that mean the file or disk failed, not the statement. */
const fileFaults = new Map<number, Problem['code']>([
  [8, 'ledger_unavailable'], [10, 'ledger_unavailable'], [11, 'ledger_corrupt'], [13, 'ledger_full'], [14, 'ledger_unavailable'], [26, 'ledger_corrupt'],
]);

function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

function isFileFault(error: unknown): boolean {
  const code = primaryCode(error);
  return code !== undefined && fileFaults.has(code);
}

function storeProblem(error: unknown): Problem {
  const code = fileFaults.get(primaryCode(error) ?? -1) ?? 'ledger_unavailable';
  const meaning = code === 'ledger_full' ? 'The disk that holds the ledger is full, so no credits can be reserved; nothing was sent'
    : code === 'ledger_corrupt' ? 'The ledger is damaged, so no credits can be reserved; nothing was sent and nothing was changed'
      : 'The ledger could not be written or read, so no credits can be reserved; nothing was sent';
  return problem(code, `${meaning} (${messageOf(error)}).`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

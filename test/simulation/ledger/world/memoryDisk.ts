// A disk that is memory: one real SQLite database for many worlds, each inside a transaction that is rolled
// back in the end. Transactions of the ledger are savepoints in it, so that what a crash or a failed commit
// leaves can be told exactly and costs nothing. What a real file leaves is for the disk of files.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { OpenDatabase } from '../../../../src/broker/store/openDatabase.ts';
import { openDatabase } from '../../../../src/broker/store/openDatabase.ts';
import { faultyConnection } from './faultyConnection.ts';
import type { FaultPlan, Medium } from './faultyConnection.ts';
import type { Disk, OpenLedger } from './worldDisk.ts';

/** A database in memory that has a ledger's tables, and its statements. */
export interface MemoryBase {
  readonly db: DatabaseSync;
  /** A file that looks like a ledger, for those who look before they open. */
  readonly path: string;
  prepare(sql: string): StatementSync;
  close(): void;
}

/** Makes the tables once, by the product's own migrations. */
export function memoryBase(open: OpenLedger, templatePath: string): MemoryBase {
  let db: DatabaseSync | undefined;
  open(':memory:', 'owner', (path, options) => { db = openDatabase(path, options); return db; });
  const made = db;
  if (!made) throw new Error('the ledger opened no database');
  const statements = new Map<string, StatementSync>();
  return {
    db: made, path: templatePath,
    prepare: (sql) => {
      let known = statements.get(sql);
      if (!known) { known = made.prepare(sql); statements.set(sql, known); }
      return known;
    },
    close: () => made.close(),
  };
}

class MemoryMedium implements Medium {
  readonly #base: MemoryBase;
  #inTransaction = false;

  constructor(base: MemoryBase) { this.#base = base; }

  #run(sql: string): void { this.#base.prepare(sql).run(); }

  begin(): void {
    if (this.#inTransaction) throw new Error('cannot start a transaction within a transaction');
    this.#run('SAVEPOINT transaction_of_ledger');
    this.#inTransaction = true;
  }

  commit(): void {
    if (!this.#inTransaction) throw new Error('cannot commit - no transaction is active');
    this.#run('RELEASE transaction_of_ledger');
    this.#inTransaction = false;
  }

  rollback(): void {
    if (!this.#inTransaction) return;
    this.#run('ROLLBACK TO transaction_of_ledger');
    this.#run('RELEASE transaction_of_ledger');
    this.#inTransaction = false;
  }

  exec(sql: string): void {
    // Settings of a connection to a file; here they would only be refused, since the world is one transaction.
    if (sql.startsWith('PRAGMA')) return;
    if (sql === 'SAVEPOINT command' || sql === 'RELEASE command') this.#run(sql);
    else this.#base.db.exec(sql);
  }

  // The pages of memory need no check at each opening, and its log, which there is none of, nothing that makes it safe.
  prepare(sql: string): StatementSync {
    const answer = sql.startsWith('PRAGMA quick_check') ? `SELECT 'ok' AS quick_check` : sql.startsWith('PRAGMA wal_checkpoint') ? 'SELECT 0 AS busy' : sql;
    return this.#base.prepare(answer);
  }

  close(): void { this.rollback(); }

  // There is no log that could be torn: the transaction is just not there.
  tear(): void { this.rollback(); }

  keep(): void { /* What was committed is what is left; the rest goes with the connection. */ }
}

/** Begins a world on a base. */
export function memoryDisk(base: MemoryBase, plan: FaultPlan): Disk {
  base.prepare('BEGIN').run();
  let medium: MemoryMedium | undefined;
  const open: OpenDatabase = () => {
    plan.opening();
    medium = new MemoryMedium(base);
    return faultyConnection(plan, medium);
  };
  return {
    kind: 'memory', path: base.path, open, prepare: (sql) => base.prepare(sql),
    restart: () => { medium?.close(); return base.path; }, lastPath: () => base.path,
    end: () => { medium?.close(); base.prepare('ROLLBACK').run(); },
  };
}

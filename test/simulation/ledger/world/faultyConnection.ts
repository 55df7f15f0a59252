// A connection to the ledger's database on a disk that fails when it is told to: in front of a real SQLite
// connection it counts reads, writes and commits, and lets the chosen one fail, or ends the program there.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** What can go wrong while a group of commands is written. */
export type FaultKind =
  | 'begin fails' | 'read fails' | 'write fails' | 'commit fails and is not on disk' | 'commit fails and is on disk'
  | 'crash in the group' | 'crash before the commit' | 'crash after the commit' | 'crash with a torn log';

/** One fault, for one group of commands. */
export interface Fault {
  readonly kind: FaultKind;
  /** SQLite's result code of the failure, extended ones included. */
  readonly code: number;
  /** Reads or writes that succeed before. */
  readonly after: number;
  /** How often the file cannot be opened anew after it. */
  readonly opensFail: number;
  /** Which commit of a command that is looked up afterwards fails too; 0 for none. */
  readonly lookUpFails: number;
  /** Whether SQLite ends the transaction itself, as it does for some full disks. */
  readonly endsTransaction: boolean;
}

/** What happened of the fault that was planned. */
export interface Fired { readonly fault: Fault; readonly isCrash: boolean; readonly isOnDisk: boolean }

/** A medium under a connection: where transactions begin and end, and what is kept when the program ends. */
export interface Medium {
  begin(): void;
  commit(): void;
  rollback(): void;
  exec(sql: string): void;
  prepare(sql: string): StatementSync;
  close(): void;
  /** Keeps what a program that ends now leaves on the disk. */
  keep(): void;
  /** Commits while the power goes: what lies on the disk then is not whole. */
  tear(): void;
}

function failure(code: number): Error {
  const text = (code & 0xff) === 13 ? 'database or disk is full' : (code & 0xff) === 14 ? 'unable to open database file' : 'disk I/O error';
  return Object.assign(new Error(text), { code: 'ERR_SQLITE_ERROR', errcode: code });
}

/** Decides for every connection of a world what fails. */
export class FaultPlan {
  #fault: Fault | undefined;
  #left = 0;
  #lookUps = 0;
  #isOff = false;
  /** How often the file still cannot be opened. */
  opensToFail = 0;
  /** What came of the last plan. */
  fired: Fired | undefined;

  /** Plans a fault for the next group, or none. */
  arm(fault: Fault | undefined): void {
    this.#fault = fault;
    this.#left = fault?.after ?? 0;
    this.#lookUps = 0;
    this.fired = undefined;
    this.#isOff = false;
  }

  #fire(isOnDisk: boolean): never {
    const fault = this.#fault;
    if (!fault) throw new Error('no fault was planned');
    const isCrash = fault.kind.startsWith('crash');
    this.fired = { fault, isCrash, isOnDisk };
    this.#fault = undefined;
    this.#lookUps = fault.lookUpFails;
    this.opensToFail = fault.opensFail;
    this.#isOff = isCrash;
    throw failure(fault.code);
  }

  /** After a crash nothing is answered any more. */
  live(): void {
    if (this.#isOff) throw failure(10);
  }

  /** A file is opened. */
  opening(): void {
    this.live();
    if (this.opensToFail === 0) return;
    this.opensToFail -= 1;
    throw failure(14);
  }

  /** A transaction begins. */
  beginning(): void {
    this.live();
    if (this.#fault?.kind === 'begin fails') this.#fire(false);
  }

  /** Rows are read. */
  reading(): void {
    this.live();
    if (this.#fault?.kind !== 'read fails') return;
    if (this.#left === 0) this.#fire(false);
    this.#left -= 1;
  }

  /** A row is written. */
  writing(medium: Medium): void {
    this.live();
    const fault = this.#fault;
    if (fault?.kind !== 'write fails' && fault?.kind !== 'crash in the group') return;
    if (this.#left > 0) { this.#left -= 1; return; }
    if (fault.kind === 'crash in the group') medium.keep();
    else if (fault.endsTransaction) medium.rollback();
    this.#fire(false);
  }

  /** A transaction is committed. */
  committing(medium: Medium): void {
    this.live();
    if (this.#lookUps > 0) {
      this.#lookUps -= 1;
      if (this.#lookUps === 0) {
        medium.rollback();
        throw failure(1034);
      }
    }
    switch (this.#fault?.kind) {
      case 'commit fails and is not on disk': medium.rollback(); this.#fire(false); break;
      case 'commit fails and is on disk': medium.commit(); this.#fire(true); break;
      case 'crash before the commit': medium.keep(); this.#fire(false); break;
      case 'crash after the commit': medium.commit(); medium.keep(); this.#fire(true); break;
      case 'crash with a torn log': medium.tear(); this.#fire(false); break;
      case 'begin fails': case 'read fails': case 'write fails': case 'crash in the group': case undefined: medium.commit();
    }
  }
}

/** A statement whose runs are counted. */
class FaultyStatement {
  readonly #inner: StatementSync;
  readonly #plan: FaultPlan;
  readonly #medium: Medium;

  constructor(inner: StatementSync, plan: FaultPlan, medium: Medium) {
    this.#inner = inner;
    this.#plan = plan;
    this.#medium = medium;
  }

  run(...values: Parameters<StatementSync['run']>) { this.#plan.writing(this.#medium); return this.#inner.run(...values); }
  get(...values: Parameters<StatementSync['get']>) { this.#plan.reading(); return this.#inner.get(...values); }
  all(...values: Parameters<StatementSync['all']>) { this.#plan.reading(); return this.#inner.all(...values); }
  iterate(...values: Parameters<StatementSync['iterate']>) { this.#plan.reading(); return this.#inner.iterate(...values); }
  setReturnArrays(enabled: boolean): void { this.#inner.setReturnArrays(enabled); }
}

/** A connection as the ledger uses it. */
class FaultyConnection {
  readonly #plan: FaultPlan;
  readonly #medium: Medium;
  isTransaction = false;

  constructor(plan: FaultPlan, medium: Medium) {
    this.#plan = plan;
    this.#medium = medium;
  }

  exec(sql: string): void {
    if (sql === 'COMMIT') { this.#plan.committing(this.#medium); return; }
    if (sql.startsWith('BEGIN')) {
      this.#plan.beginning();
      this.#medium.begin();
      return;
    }
    this.#plan.live();
    if (sql === 'ROLLBACK') this.#medium.rollback();
    else this.#medium.exec(sql);
  }

  prepare(sql: string) {
    // What becomes of checkpoints that fail is asked of the store alone, in its own tests.
    if (sql.startsWith('PRAGMA wal_checkpoint')) { this.#plan.live(); return this.#medium.prepare(sql); }
    return new FaultyStatement(this.#medium.prepare(sql), this.#plan, this.#medium);
  }

  close(): void { this.#medium.close(); }
}

/** Puts a plan of faults in front of a medium. */
export function faultyConnection(plan: FaultPlan, medium: Medium): DatabaseSync {
  return new FaultyConnection(plan, medium) as unknown as DatabaseSync;
}

// What a world keeps its ledger on. Shapes, and the disk of real files: write-ahead log, crashes as copies of
// what lies there, logs whose end was torn off in the middle of a write.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { OpenedAs } from '../../../../src/broker/store/ledgerFile.ts';
import { openDatabase } from '../../../../src/broker/store/openDatabase.ts';
import type { OpenDatabase } from '../../../../src/broker/store/openDatabase.ts';
import type { SqliteLedger } from '../../../../src/broker/store/sqliteLedger.ts';
import type { SeededRandom } from '../../../support/seededRandom.ts';
import { faultyConnection } from './faultyConnection.ts';
import type { FaultPlan, Medium } from './faultyConnection.ts';

/** A ledger as a world uses it. */
export type LedgerUnderTest = Pick<SqliteLedger, 'runGroup' | 'query' | 'close'>;

/** Opens a ledger: the product's, or one with a bug in it. */
export type OpenLedger = (path: string, as: OpenedAs, open: OpenDatabase) => LedgerUnderTest;

/** Where a world's ledger lies. */
export interface Disk {
  readonly kind: 'memory' | 'files';
  /** Where it is opened first. */
  readonly path: string;
  readonly open: OpenDatabase;
  /** A question to the rows themselves, beside the ledger. */
  prepare(sql: string): StatementSync;
  /** The program ended; gives the path at which what is left of it lies. */
  restart(): string;
  /** Where it lies now. */
  lastPath(): string;
  end(): void;
}

/** A database file and its log as they lie there. */
interface Lying { readonly file: Buffer; readonly log: Buffer | undefined }

class FileMedium implements Medium {
  readonly #db: DatabaseSync;
  readonly #look: () => Lying;
  readonly #keep: (before?: Lying) => void;

  constructor(db: DatabaseSync, look: () => Lying, keep: (before?: Lying) => void) {
    this.#db = db;
    this.#look = look;
    this.#keep = keep;
  }

  begin(): void { this.#db.exec('BEGIN IMMEDIATE'); }
  commit(): void {
    // A commit is only worth its name where each one is logged and synchronised to the full.
    const level = this.#db.prepare('PRAGMA synchronous').get()?.['synchronous'];
    const journal = this.#db.prepare('PRAGMA journal_mode').get()?.['journal_mode'];
    if (level !== 2 || journal !== 'wal') throw new Error(`a commit at synchronous=${String(level)} with journal_mode=${String(journal)} is not durable`);
    this.#db.exec('COMMIT');
  }
  rollback(): void { if (this.#db.isTransaction) this.#db.exec('ROLLBACK'); }
  exec(sql: string): void { this.#db.exec(sql); }
  prepare(sql: string): StatementSync { return this.#db.prepare(sql); }
  close(): void { this.#db.close(); }
  keep(): void { this.#keep(); }
  tear(): void {
    const before = this.#look();
    this.commit();
    this.#keep(before);
  }
}

/** A disk of real files in a folder, begun as a copy of an empty ledger. */
export function fileDisk(folder: string, template: Uint8Array, plan: FaultPlan, random: SeededRandom): Disk {
  let number = 0;
  const pathOf = (index: number) => join(folder, `ledger-${index}.db`);
  let db: DatabaseSync | undefined;
  let isKept = false;
  const look = (): Lying => {
    const path = pathOf(number);
    return { file: readFileSync(path), log: existsSync(`${path}-wal`) ? readFileSync(`${path}-wal`) : undefined };
  };
  writeFileSync(pathOf(0), template);

  /**
   * Copies what lies there, perhaps with bytes behind the log that were never synchronised. Where it is given
   * what lay there before the last transaction, that one's part of the log is torn; the file itself is still the
   * old one, since nothing moves there before the log is safe.
   */
  const keep = (before?: Lying) => {
    const [to, now] = [pathOf(number + 1), look()];
    writeFileSync(to, before ? before.file : now.file);
    const log = now.log && before ? torn(before.log ?? Buffer.alloc(0), now.log, random) : now.log;
    if (log) writeFileSync(`${to}-wal`, random.chance(0.3) ? Buffer.concat([log, Buffer.alloc(random.whole(1, 6000), 0x5a)]) : log);
    isKept = true;
  };
  const open: OpenDatabase = (path, options) => {
    plan.opening();
    db = openDatabase(path, options);
    return faultyConnection(plan, new FileMedium(db, look, keep));
  };
  return {
    kind: 'files', path: pathOf(0), open,
    prepare: (sql) => {
      if (!db) throw new Error('no connection is open');
      return db.prepare(sql);
    },
    restart: () => {
      if (!isKept) keep();
      isKept = false;
      if (db?.isOpen) db.close();
      for (const end of ['', '-wal', '-shm']) rmSync(`${pathOf(number)}${end}`, { force: true });
      number += 1;
      return pathOf(number);
    },
    lastPath: () => pathOf(number),
    end: () => { if (db?.isOpen) db.close(); },
  };
}

/** A log whose last transaction was being written when the power went: its beginning is new, its end is old or nothing. */
function torn(before: Buffer, after: Buffer, random: SeededRandom): Buffer {
  let first = 0;
  while (first < after.length && after[first] === before[first]) first += 1;
  let last = after.length - 1;
  while (last > first && after[last] === before[last]) last -= 1;
  // One byte at the least of the last page is missing, so that the mark of the commit is not valid.
  const cut = random.whole(first, last);
  return Buffer.concat([after.subarray(0, cut), before.subarray(cut)]);
}

// Random ledgers to tamper with: makes each once, changes copies of it behind the product's back, and tells
// what was changed, what the audit and the second checker say of it, and whether the anchor would notice.
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { chainNames } from '../../../src/broker/store/ledgerPort.ts';
import type { LedgerHead } from '../../../src/broker/store/ledgerPort.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { makeRandomLedger } from '../ledger/randomLedger.ts';
import type { MadeLedger, RandomLedgerOptions } from '../ledger/randomLedger.ts';
import { tamper } from '../ledger/tempLedger.ts';
import { checkAgain } from '../secondChecker.ts';
import { seededRandom } from '../seededRandom.ts';
import { tamperedColumns } from './columnTamperings.ts';
import { efforts } from './tampering.ts';
import type { Effort, Tampering } from './tampering.ts';

/** A ledger that nobody has touched yet. */
export interface UntouchedLedger extends MadeLedger {
  readonly seed: number;
  readonly path: string;
  /** Where its chains stand, as an anchor outside of it keeps it. */
  readonly head: LedgerHead;
  readonly rows: LedgerContent;
}

/** All rows by table, as texts. */
type LedgerContent = ReadonlyMap<string, readonly string[]>;

/** What a tampering left behind. */
export interface TamperedLedger {
  readonly path: string;
  /** The tables whose rows are others than before. */
  readonly changedTables: readonly string[];
  /** Rows that are not as before, by table: as they were, and as they are. */
  readonly touchedRows: ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>;
}

/** Makes ledgers in a folder. One copy at a time is tampered with. */
export class TamperedLedgers {
  readonly #folder: string;
  readonly #options: RandomLedgerOptions;
  readonly #made = new Map<number, UntouchedLedger>();

  constructor(folder: string, options: RandomLedgerOptions = {}) {
    this.#folder = folder;
    this.#options = options;
  }

  /** The ledger of a seed. */
  untouched(seed: number): UntouchedLedger {
    const known = this.#made.get(seed);
    if (known) return known;
    const path = join(this.#folder, `ledger-${seed}.db`);
    const history = makeRandomLedger(path, seed, this.#options);
    const head = headOf(path);
    // Whoever tampers takes the triggers away first; here once for all copies.
    tamper(path, () => undefined);
    const db = new DatabaseSync(path);
    const made = { ...history, seed, path, head, rows: contentOf(db) };
    db.close();
    this.#made.set(seed, made);
    return made;
  }

  /** Gives the place of a ledger free that is not needed any more. */
  forget(seed: number): void {
    const known = this.#made.get(seed);
    if (known) rmSync(known.path);
    this.#made.delete(seed);
  }

  /** Tampers with a copy of the ledger of a seed; undefined where there is nothing to change. The effort itself may undo a change: then no table is another. */
  tampered(seed: number, { name, apply }: Tampering, effort: Effort): TamperedLedger | undefined {
    const untouched = this.untouched(seed);
    const path = join(this.#folder, 'tampered.db');
    copyFileSync(untouched.path, path);
    const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    try {
      db.exec('PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF; BEGIN');
      // Equal names draw equal rows, whatever the effort and however long the lists are.
      if (!apply(db, seededRandom(Buffer.from(name).reduce((sum, letter) => Math.imul(sum, 31) + letter, seed)))) return undefined;
      efforts[effort](db);
      const after = contentOf(db);
      db.exec('COMMIT');
      const changedTables = [...after.keys()].filter((table) => JSON.stringify(after.get(table)) !== JSON.stringify(untouched.rows.get(table)));
      return { path, changedTables, touchedRows: touchedRowsOf(untouched.rows, after) };
    } finally {
      db.close();
    }
  }
}

function contentOf(db: DatabaseSync): LedgerContent {
  return new Map([...Object.keys(tamperedColumns), 'checkpoints'].map((table) => [table, db.prepare(`SELECT * FROM ${table}`).all().map((row) => JSON.stringify(row))]));
}

function touchedRowsOf(before: LedgerContent, after: LedgerContent): TamperedLedger['touchedRows'] {
  return new Map([...after].map(([table, rows]) => {
    const [was, is] = [new Set(before.get(table)), new Set(rows)];
    return [table, [...[...was].filter((row) => !is.has(row)), ...[...is].filter((row) => !was.has(row))].map((row) => JSON.parse(row) as Record<string, unknown>)];
  }));
}

function headOf(path: string): LedgerHead {
  const ledger = SqliteLedger.open(path, sha256);
  try {
    return ledger.query('head', {});
  } finally {
    ledger.close();
  }
}

/** What the product's audit says of a file, as sentences. One that it cannot even read is found by that. */
export function audited(path: string, full = true): string[] {
  let ledger: SqliteLedger | undefined;
  try {
    ledger = SqliteLedger.open(path, sha256);
    return ledger.query('audit', { full }).violations.map((one) => `${one.invariant} ${JSON.stringify(one)}`);
  } catch (error) {
    return [`unreadable: ${String(error)}`];
  } finally {
    ledger?.close();
  }
}

/** Both opinions of a file, which know nothing but the file. */
export function judged(path: string): { readonly audit: readonly string[]; readonly again: readonly string[] } {
  return { audit: audited(path), again: checkAgain(path) };
}

/** Whether the anchor that was kept before a tampering tells that the ledger is another one now. */
export function anchorNotices(path: string, kept: LedgerHead): boolean {
  const ledger = SqliteLedger.open(path, sha256);
  try {
    const now = ledger.query('head', {});
    const differs = chainNames.some((chain) => now[chain].hash !== kept[chain].hash || now[chain].rows !== kept[chain].rows);
    return differs && !ledger.query('stoodAt', { head: kept });
  } finally {
    ledger.close();
  }
}

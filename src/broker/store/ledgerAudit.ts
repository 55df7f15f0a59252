// Reads the rows of the SQLite ledger for the audit, all of them or those behind the last checkpoint, and
// asks SQLite whether the file itself is sound. The proof is the domain's.
import type { DatabaseSync } from 'node:sqlite';
import type { AttemptRows } from '../../domain/audit/attemptAudit.ts';
import { auditLedger } from '../../domain/audit/auditLedger.ts';
import type { AuditFindings, Violation } from '../../domain/audit/auditLedger.ts';
import type { Checkpoint } from '../../domain/audit/chainAudit.ts';
import { bucketMs } from '../../domain/budgets.ts';
import type { Hash } from '../../domain/rowTexts.ts';
import { chargeRow, decisionRow, directiveRow, entryRow, grantRow, holdRow, usageEventRow } from './auditRows.ts';
import type { Row } from './auditRows.ts';
import { chainNames } from './ledgerPort.ts';
import { rollupDrift, wrongRollups } from './rollupTable.ts';

/** Proves the ledger. `full` looks at every row, at the rollups and at the file's pages; else only at what came after the last checkpoint. */
export function auditFile(db: DatabaseSync, hash: Hash, args: { readonly full: boolean; readonly keepAtMs?: number }): AuditFindings & { readonly requests: number } {
  const violations: Violation[] = args.full ? pageFaults(db) : [];
  const last = lastCheckpoint(db);
  const from = args.full ? undefined : last;
  // One transaction, so that all sets are of the same moment; a checkpoint is kept in the same one.
  db.exec(args.keepAtMs === undefined ? 'BEGIN' : 'BEGIN IMMEDIATE');
  try {
    if (last) violations.push(...lostHeads(db, last));
    const since = (chain: (typeof chainNames)[number]) => from?.heads[chain].rows ?? 0;
    const { findings, checkpoint } = auditLedger({
      usageEvents: map(db, 'SELECT * FROM usage_events WHERE sequence > ? ORDER BY sequence', since('usage_events'), usageEventRow),
      charges: map(db, 'SELECT * FROM charges WHERE sequence > ? ORDER BY sequence', since('charges'), chargeRow),
      entries: map(db, 'SELECT * FROM entries WHERE sequence > ? ORDER BY sequence', since('entries'), entryRow),
      directives: map(db, 'SELECT * FROM directives WHERE sequence > ? ORDER BY sequence', since('directives'), directiveRow),
      grants: map(db, 'SELECT * FROM grants WHERE ordinal > ? ORDER BY ordinal', -1, grantRow),
      attempts: from ? changedAttempts(db, from) : everyAttempt(db),
    }, hash, from);
    const drift = args.full ? wrongRollups(db, 10).map((what) => `the rollup of ${what} is not what its usage events sum to`)
      : rollupDrift(db, oldestBucketSince(db, since('usage_events')));
    violations.push(...findings.violations, ...drift.map((what) => ({ invariant: 'I6', what })));
    if (args.keepAtMs !== undefined && violations.length === 0) keep(db, args.keepAtMs, { ...checkpoint, decisions: newestDecision(db) });
    const requests = Number(db.prepare('SELECT COUNT(*) AS n FROM requests').get()?.['n']);
    return { ...findings, violations, requests };
  } finally {
    db.exec('COMMIT');
  }
}

function pageFaults(db: DatabaseSync): Violation[] {
  return [
    ...db.prepare('PRAGMA integrity_check(10)').all().filter((row) => row['integrity_check'] !== 'ok').map((row) => ({ invariant: 'integrity', what: String(row['integrity_check']) })),
    ...db.prepare('PRAGMA foreign_key_check').all().map((row) => ({ invariant: 'integrity', what: `a row of ${String(row['table'])} refers to a missing ${String(row['parent'])}` })),
  ];
}

function lastCheckpoint(db: DatabaseSync): Checkpoint | undefined {
  const row = db.prepare('SELECT content FROM checkpoints ORDER BY sequence DESC LIMIT 1').get();
  return row && JSON.parse(String(row['content'])) as Checkpoint;
}

function keep(db: DatabaseSync, atMs: number, checkpoint: Checkpoint): void {
  db.prepare('INSERT INTO checkpoints (at_ms, content) VALUES (?,?)').run(atMs, JSON.stringify(checkpoint));
}

function newestDecision(db: DatabaseSync): number {
  return Number(db.prepare('SELECT COALESCE(MAX(rowid), 0) AS n FROM decisions').get()?.['n']);
}

function oldestBucketSince(db: DatabaseSync, sequence: number): number | undefined {
  const oldest = db.prepare('SELECT MIN(at_ms) AS oldest FROM usage_events WHERE sequence > ?').get(sequence)?.['oldest'];
  return typeof oldest === 'number' ? Math.floor(oldest / bucketMs) : undefined;
}

/** Rows that the last audit saw must still be there: each chain holds the hash that it stood at. */
function lostHeads(db: DatabaseSync, from: Checkpoint): Violation[] {
  return chainNames.filter((chain) => {
    const { rows, hash } = from.heads[chain];
    return rows > 0 && db.prepare(`SELECT hash FROM ${chain} WHERE sequence = ?`).get(rows)?.['hash'] !== hash;
  }).map((chain) => ({ invariant: 'I9', what: `the ${chain} do not hold any more what the last audit saw` }));
}

function* map<T>(db: DatabaseSync, sql: string, after: number, to: (row: Row) => T): Generator<T> {
  for (const row of db.prepare(sql).iterate(after)) yield to(row);
}

/** The tables that hold rows of an attempt, each read in the order of its key. */
const attemptTables = {
  decisions: 'SELECT d.*, r.* FROM decisions d LEFT JOIN requests r USING (request_id)', holds: 'SELECT * FROM holds', begun: 'SELECT * FROM begun',
  events: 'SELECT * FROM usage_events', charges: 'SELECT * FROM charges', entries: 'SELECT * FROM entries',
} as const;

type AttemptTable = keyof typeof attemptTables;
const tableNames = Object.keys(attemptTables) as AttemptTable[];

function attemptOf(attemptId: string, rows: Readonly<Record<AttemptTable, readonly Row[]>>): AttemptRows {
  const [hold] = rows.holds;
  const bySequence = (a: Row, b: Row) => Number(a['sequence']) - Number(b['sequence']);
  return {
    attemptId, decisions: rows.decisions.map(decisionRow), ...(hold ? { hold: holdRow(hold) } : {}), begun: rows.begun.length > 0,
    events: [...rows.events].sort(bySequence).map(usageEventRow), charges: [...rows.charges].sort(bySequence).map(chargeRow), entries: [...rows.entries].sort(bySequence).map(entryRow),
  };
}

/** Every attempt with all its rows: the tables are read side by side in the order of the attempt's id, so that nothing is kept in memory. */
function* everyAttempt(db: DatabaseSync): Generator<AttemptRows> {
  const streams = tableNames.map((name) => new AttemptStream(db.prepare(`SELECT * FROM (${attemptTables[name]}) WHERE attempt_id IS NOT NULL ORDER BY attempt_id`).iterate()));
  for (;;) {
    const ids = streams.flatMap((stream) => stream.next ?? []);
    if (ids.length === 0) return;
    const attemptId = ids.reduce((least, id) => (id < least ? id : least));
    yield attemptOf(attemptId, Object.fromEntries(tableNames.map((name, index) => [name, streams[index]?.take(attemptId) ?? []])) as unknown as Record<AttemptTable, Row[]>);
  }
}

/** One table's rows in the order of their attempt. */
class AttemptStream {
  readonly #rows: Iterator<Row>;
  #row: Row | undefined;

  constructor(rows: Iterator<Row>) {
    this.#rows = rows;
    this.#step();
  }

  /** The attempt of the next row. */
  get next(): string | undefined { return this.#row && String(this.#row['attempt_id']); }

  /** Takes the rows of an attempt, if it is the next one. */
  take(attemptId: string): Row[] {
    const taken: Row[] = [];
    while (this.#row && this.next === attemptId) {
      taken.push(this.#row);
      this.#step();
    }
    return taken;
  }

  #step(): void {
    const { done, value } = this.#rows.next();
    this.#row = done === true ? undefined : value;
  }
}

/** The attempts that have rows behind a checkpoint, and those that run. */
function* changedAttempts(db: DatabaseSync, from: Checkpoint): Generator<AttemptRows> {
  const ids = db.prepare(`SELECT attempt_id FROM decisions WHERE rowid > ? UNION SELECT attempt_id FROM usage_events WHERE sequence > ? UNION SELECT attempt_id FROM charges WHERE sequence > ?
    UNION SELECT attempt_id FROM entries WHERE sequence > ? AND attempt_id IS NOT NULL UNION SELECT attempt_id FROM holds WHERE state = 'open'`)
    .all(from.decisions, from.heads.usage_events.rows, from.heads.charges.rows, from.heads.entries.rows).map((row) => String(row['attempt_id']));
  const reads = tableNames.map((name) => db.prepare(`SELECT * FROM (${attemptTables[name]}) WHERE attempt_id = ?`));
  for (const attemptId of ids) {
    yield attemptOf(attemptId, Object.fromEntries(tableNames.map((name, index) => [name, reads[index]?.all(attemptId) ?? []])) as unknown as Record<AttemptTable, Row[]>);
  }
}

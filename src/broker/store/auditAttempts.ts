// Reads attempts with all their rows for the audit: every one of them, or those that have rows behind a
// checkpoint. The tables are read side by side in the order of the attempt's id, so that little is kept in memory.
import type { DatabaseSync } from 'node:sqlite';
import type { AttemptRows } from '../../domain/audit/attemptRows.ts';
import type { Checkpoint } from '../../domain/audit/chainAudit.ts';
import { chargeAttempt, chargeColumns, chargeRow, decisionColumns, decisionRow, entryAttempt, entryColumns, entryRow, holdColumns, holdRow, usageEventAttempt, usageEventColumns, usageEventRow } from './auditRows.ts';
import { KeyedStream, leastNext } from './keyedStream.ts';
import type { Row } from './keyedStream.ts';

/** The tables that hold rows of an attempt: what is selected, from where, and which column is the attempt's id. */
const tables = [
  { columns: decisionColumns, from: 'decisions d LEFT JOIN requests r ON r.request_id = d.request_id', id: 'd.attempt_id', place: 0 },
  { columns: holdColumns, from: 'holds', id: 'holds.attempt_id', place: 0 },
  { columns: 'attempt_id', from: 'begun', id: 'begun.attempt_id', place: 0 },
  { columns: usageEventColumns, from: 'usage_events', id: 'usage_events.attempt_id', place: usageEventAttempt },
  { columns: chargeColumns, from: 'charges', id: 'charges.attempt_id', place: chargeAttempt },
  { columns: entryColumns, from: 'entries', id: 'entries.attempt_id', place: entryAttempt },
] as const;

/** Attempts whose rows are asked for at once. */
const idsAtOnce = 500;

/** Every attempt. */
export function everyAttempt(db: DatabaseSync): Generator<AttemptRows> {
  return sideBySide(tables.map(({ columns, from, id, place }) => new KeyedStream<string>(arrays(db, `SELECT ${columns} FROM ${from} WHERE ${id} IS NOT NULL ORDER BY ${id}`).iterate() as Iterator<unknown> as Iterator<Row>, place)));
}

/** The attempts that have rows behind a checkpoint, and those that run. */
export function changedAttempts(db: DatabaseSync, from: Checkpoint): Generator<AttemptRows> {
  // Each part looks behind a row's number alone; asked for without doubles, SQLite would read whole indexes in the order of the ids.
  const rows = arrays(db, `SELECT attempt_id FROM decisions WHERE rowid > ? UNION ALL SELECT attempt_id FROM usage_events WHERE sequence > ? UNION ALL SELECT attempt_id FROM charges WHERE sequence > ?
    UNION ALL SELECT attempt_id FROM entries WHERE sequence > ? AND attempt_id IS NOT NULL UNION ALL SELECT attempt_id FROM holds WHERE state = 'open'`)
    .all(from.decisions, from.heads.usage_events.rows, from.heads.charges.rows, from.heads.entries.rows) as unknown[] as Row[];
  const ids = [...new Set(rows.map((row) => row[0] as string))].sort();
  return sideBySide(tables.map((table) => new KeyedStream<string>(rowsOf(db, table, ids), table.place)));
}

/** The rows that a table has of some attempts, in the order of these. */
function* rowsOf(db: DatabaseSync, { columns, from, id }: (typeof tables)[number], ids: readonly string[]): Generator<Row> {
  // A cross join is never turned round: the outer loop goes along the ids.
  const read = arrays(db, `SELECT ${columns} FROM (SELECT value AS wanted FROM json_each(?)) CROSS JOIN ${from} WHERE ${id} = wanted`);
  for (let first = 0; first < ids.length; first += idsAtOnce) yield* read.all(JSON.stringify(ids.slice(first, first + idsAtOnce))) as unknown[] as Row[];
}

function* sideBySide(streams: readonly KeyedStream<string>[]): Generator<AttemptRows> {
  for (let attemptId = leastNext(streams); attemptId !== undefined; attemptId = leastNext(streams)) {
    const id = attemptId;
    const [decisions = [], holds = [], begun = [], events = [], charges = [], entries = []] = streams.map((stream) => stream.take(id));
    const [hold] = holds;
    yield {
      attemptId: id, decisions: decisions.map(decisionRow), ...(hold ? { hold: holdRow(hold) } : {}), begun: begun.length > 0,
      events: inSequence(events).map(usageEventRow), charges: inSequence(charges).map(chargeRow), entries: inSequence(entries).map(entryRow),
    };
  }
}

/** The sequence stands first in the rows of a chain. */
function inSequence(rows: Row[]): Row[] {
  return rows.length < 2 ? rows : rows.sort((a, b) => (a[0] as number) - (b[0] as number));
}

/** A statement whose rows come as arrays. */
export function arrays(db: DatabaseSync, sql: string): ReturnType<DatabaseSync['prepare']> {
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}

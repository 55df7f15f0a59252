// The rollups in the SQLite ledger: adding a usage event to them, summing them up from a moment on, and
// computing all of them a second time from the events, for a migration and for the audit.
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs } from '../../domain/budgets.ts';
import type { UsageEventRow } from '../../domain/ledgerRows.ts';
import { rollupColumns, rollupDimensions, rollupKeys, rollupSums } from '../../domain/rollups.ts';
import type { RollupContext, RollupDimension } from '../../domain/rollups.ts';
import type { LedgerChains } from './ledgerChains.ts';
import { statement } from './statements.ts';

const columns = rollupColumns.map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));

/** Adds sums to one key of one quarter hour: dimension, key and bucket, then the sums in their order. */
export const addRollupSql = `INSERT INTO rollups (dimension, key, bucket, ${columns.join(', ')}) VALUES (?,?,?,${columns.map(() => '?').join(',')})
  ON CONFLICT (dimension, key, bucket) DO UPDATE SET ${columns.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`;

/** Adds an event. Call it after the event's row is written. */
export function addToRollups(db: DatabaseSync, chains: LedgerChains, event: Omit<UsageEventRow, 'sequence' | 'prevHash' | 'hash'>, context: RollupContext): void {
  const keys = rollupKeys(event, context.requestKind);
  const counted = event.corrects === null ? countedUnder(db, event, context.requestKind) : keys;
  chains.rollups.add(event.atMs, keys, rollupSums(event, context), (dimension) => (counted?.[dimension] === keys[dimension] ? 0 : 1));
}

/**
 * Under which keys an earlier attempt of the same request was counted already. Retries differ at the most in
 * the model that served: that one counts anew under a key that no earlier attempt had.
 */
function countedUnder(db: DatabaseSync, event: Pick<UsageEventRow, 'id' | 'requestId' | 'model' | 'modelServed' | 'workspaceId' | 'client' | 'threadId'>, requestKind: string | null): Readonly<Record<RollupDimension, string>> | undefined {
  const earlier = statement(db, 'SELECT COALESCE(model_served, model) AS served FROM usage_events WHERE request_id = ? AND id <> ? AND corrects IS NULL').all(event.requestId, event.id);
  if (earlier.length === 0) return undefined;
  const keys = rollupKeys(event, requestKind);
  return { ...keys, model: earlier.some((row) => row['served'] === keys.model) ? keys.model : '\0' };
}

/** The key of each dimension in SQL, over a usage event `u` and its request `r`. */
const keySql: Readonly<Record<RollupDimension, string>> = {
  total: `''`, model: 'COALESCE(u.model_served, u.model)', asked: 'u.model', workspace: 'u.workspace_id', client: 'u.client',
  thread: `COALESCE(u.thread_id, '')`, kind: `COALESCE(r.request_kind, '')`,
};

/**
 * What each usage event adds, computed from the events alone, with its key and quarter hour; the columns stand as in the table.
 * @param where a condition on the event `u`, of fixed texts and bound places only
 */
export function eventSums(dimension: RollupDimension, where = '1'): string {
  const learnt = 'h.attempt_id IS NOT NULL AND u.measured = 1 AND c.id IS NOT NULL AND u.corrects IS NULL';
  const ifLearnt = (value: string) => `CASE WHEN ${learnt} THEN ${value} ELSE 0 END`;
  const likely = 'COALESCE(h.likely_output, h.estimated_output)';
  return `SELECT '${dimension}' AS dimension, ${keySql[dimension]} AS key, u.at_ms / ${bucketMs} AS bucket,
    CASE WHEN u.corrects IS NULL AND NOT EXISTS (SELECT 1 FROM usage_events e WHERE e.request_id = u.request_id AND e.sequence < u.sequence AND e.corrects IS NULL
      ${dimension === 'model' ? 'AND COALESCE(e.model_served, e.model) = COALESCE(u.model_served, u.model)' : ''}) THEN 1 ELSE 0 END AS requests,
    u.input_tokens AS input, u.cached_input_tokens AS cached, u.cache_write_tokens AS cache_write, u.output_tokens AS output, u.reasoning_tokens AS reasoning,
    COALESCE(c.cost, 0) AS cost, c.id IS NOT NULL AND u.measured = 0 AS estimated, c.id IS NULL AND u.input_tokens + u.output_tokens > 0 AS unpriced,
    ${learnt} AS measured, ${learnt} AND h.estimate IS NOT NULL AND c.cost <= h.estimate AS covered,
    ${ifLearnt('h.estimated_input')} AS estimated_input, ${ifLearnt(likely)} AS estimated_output,
    ${ifLearnt('u.input_tokens')} AS measured_input, ${ifLearnt('u.output_tokens')} AS measured_output,
    ${ifLearnt('ABS(h.estimated_input - u.input_tokens)')} AS input_error, ${ifLearnt(`ABS(${likely} - u.output_tokens)`)} AS output_error
    FROM usage_events u JOIN requests r USING (request_id) LEFT JOIN charges c ON c.usage_event_id = u.id LEFT JOIN holds h ON h.attempt_id = u.attempt_id WHERE ${where}`;
}

/** The columns of sums, each summed up. */
export const summedColumns = columns.map((name) => `SUM(${name}) AS ${name}`).join(', ');

/** One dimension computed from the events alone, of all or of those from a quarter hour on. */
function recomputed(dimension: RollupDimension, fromBucket?: number): string {
  return `SELECT dimension, key, bucket, ${summedColumns} FROM (${eventSums(dimension, fromBucket === undefined ? '1' : `u.at_ms >= ${fromBucket * bucketMs}`)}) GROUP BY key, bucket`;
}

/** Fills the empty table from the events. */
export function fillRollups(db: DatabaseSync): void {
  for (const dimension of rollupDimensions) db.exec(`INSERT INTO rollups ${recomputed(dimension)}`);
}

/** What differs between the table and what the events give, at most `limit` of each dimension; of all, or from a quarter hour on. */
export function wrongRollups(db: DatabaseSync, limit: number, fromBucket?: number): string[] {
  return rollupDimensions.flatMap((dimension) => {
    const stored = `SELECT * FROM rollups WHERE dimension = '${dimension}' ${fromBucket === undefined ? '' : `AND bucket >= ${fromBucket}`}`;
    // Two tables with no row on one side only are the same; each key stands once in either.
    const sql = `WITH again AS MATERIALIZED (${recomputed(dimension, fromBucket)}) SELECT key, bucket FROM (SELECT * FROM (${stored} EXCEPT SELECT * FROM again) UNION ALL SELECT * FROM (SELECT * FROM again EXCEPT ${stored})) LIMIT ${limit}`;
    return db.prepare(sql).all().map((row) => `${dimension} "${String(row['key'])}" in quarter hour ${String(row['bucket'])}`);
  });
}

/** A quick look at the rollups: every dimension sums to the same, and what came since a quarter hour is what its events give. */
export function rollupDrift(db: DatabaseSync, fromBucket: number | undefined): string[] {
  // Requests differ between dimensions where a retry was served by another model.
  const sums = columns.slice(1).map((name) => `SUM(${name}) AS ${name}`).join(', ');
  const rows = db.prepare(`SELECT dimension, ${sums} FROM rollups GROUP BY dimension`).all();
  const textOf = (row: Readonly<Record<string, unknown>>) => JSON.stringify(columns.slice(1).map((name) => row[name]));
  const [first] = rows;
  const uneven = rows.filter((row) => first && textOf(row) !== textOf(first)).map((row) => `the rollups by ${String(row['dimension'])} sum to something else than those by ${String(first?.['dimension'])}`);
  const missing = rows.length === 0 || rows.length === rollupDimensions.length ? [] : ['some rollups are missing'];
  return [...uneven, ...missing, ...(fromBucket === undefined ? [] : wrongRollups(db, 10, fromBucket).map((what) => `the rollup of ${what} is not what its usage events sum to`))];
}

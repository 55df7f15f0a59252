// The rollups in the SQLite ledger: adding a usage event to them, and how all of them are computed a second
// time from the events, for a migration and for the audit.
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs } from '../../domain/budgets.ts';
import type { RequestOrigin, UsageEventRow } from '../../domain/ledgerRows.ts';
import { bucketsPerDay, rollupDimensions, rollupKeys, rollupSums } from '../../domain/rollups.ts';
import type { RollupContext, RollupDimension } from '../../domain/rollups.ts';
import type { LedgerChains } from './ledgerChains.ts';
import { sumColumns } from './rollupSql.ts';
import { statement } from './statements.ts';

/** What has to be read for a sum from a quarter hour on: quarter hours from the first number to before the second, and days from the third on. */
export function rollupsSince(bucket: number): readonly [number, number, number] {
  const firstDay = Math.ceil(bucket / bucketsPerDay);
  return [bucket, firstDay * bucketsPerDay, firstDay];
}

/** Adds an event. Call it after the event's row is written. `isOnly`: its attempt is known to be the only one of its request, so none has to be looked for. */
export function addToRollups(db: DatabaseSync, chains: LedgerChains, event: Omit<UsageEventRow, 'sequence' | 'prevHash' | 'hash'>, context: RollupContext, isOnly = false): void {
  const keys = rollupKeys(event, context.origin);
  const counted = isOnly ? undefined : event.corrects === null ? countedUnder(db, event, context.origin) : keys;
  chains.rollups.add(event.atMs, keys, rollupSums(event, context), (dimension) => (counted?.[dimension] === keys[dimension] ? 0 : 1));
}

/**
 * Under which keys an earlier attempt of the same request was counted already. Retries differ at the most in
 * the model that served: that one counts anew under a key that no earlier attempt had.
 */
function countedUnder(db: DatabaseSync, event: Pick<UsageEventRow, 'id' | 'requestId' | 'model' | 'modelServed' | 'workspaceId' | 'client' | 'threadId'>, origin: RequestOrigin): Readonly<Record<RollupDimension, string>> | undefined {
  const earlier = statement(db, 'SELECT COALESCE(model_served, model) AS served FROM usage_events WHERE request_id = ? AND id <> ? AND corrects IS NULL').all(event.requestId, event.id);
  if (earlier.length === 0) return undefined;
  const keys = rollupKeys(event, origin);
  return { ...keys, model: earlier.some((row) => row['served'] === keys.model) ? keys.model : '\0' };
}

/** The key of each dimension in SQL, over a usage event `u` and its request `r`. */
const keySql: Readonly<Record<RollupDimension, string>> = {
  total: `''`, model: 'COALESCE(u.model_served, u.model)', asked: 'u.model', workspace: 'u.workspace_id', client: 'u.client',
  thread: `COALESCE(u.thread_id, '')`, kind: `COALESCE(r.request_kind, '')`,
  branch: keyWithinSql('r.branch'), command: `COALESCE(r.command, '')`, file: keyWithinSql('r.file'),
};

/** The key of what belongs to a workspace. */
function keyWithinSql(name: string): string {
  return `COALESCE(u.workspace_id || ' ' || ${name}, '')`;
}

/** Whether a usage event `u` has tokens that no charge `c` pays for and that nothing makes free: its model has no price. */
export const unpricedSql = 'c.id IS NULL AND u.free_reason IS NULL AND u.input_tokens + u.output_tokens > 0';

const learntSql = 'h.attempt_id IS NOT NULL AND u.measured = 1 AND c.id IS NOT NULL AND u.corrects IS NULL';
const ifLearnt = (value: string) => `CASE WHEN ${learntSql} THEN ${value} ELSE 0 END`;
const likelySql = 'COALESCE(h.likely_output, h.estimated_output)';
/** What an event adds under each of its keys, but for `requests`, and where that is read from. */
const addedSql = `u.input_tokens AS input, u.cached_input_tokens AS cached, u.cache_write_tokens AS cache_write, u.output_tokens AS output, u.reasoning_tokens AS reasoning,
    COALESCE(c.cost, 0) AS cost, c.id IS NOT NULL AND u.measured = 0 AS estimated, ${unpricedSql} AS unpriced,
    ${learntSql} AS measured, ${learntSql} AND h.estimate IS NOT NULL AND c.cost <= h.estimate AS covered,
    ${ifLearnt('h.estimated_input')} AS estimated_input, ${ifLearnt(likelySql)} AS estimated_output,
    ${ifLearnt('u.input_tokens')} AS measured_input, ${ifLearnt('u.output_tokens')} AS measured_output,
    ${ifLearnt('ABS(h.estimated_input - u.input_tokens)')} AS input_error, ${ifLearnt(`ABS(${likelySql} - u.output_tokens)`)} AS output_error`;
const sourceSql = 'FROM usage_events u JOIN requests r USING (request_id) LEFT JOIN charges c ON c.usage_event_id = u.id LEFT JOIN holds h ON h.attempt_id = u.attempt_id';
const bucketSql = `u.at_ms / ${bucketMs} AS bucket`;

function requestsSql(dimension: RollupDimension): string {
  return `CASE WHEN u.corrects IS NULL AND NOT EXISTS (SELECT 1 FROM usage_events e WHERE e.request_id = u.request_id AND e.sequence < u.sequence AND e.corrects IS NULL
      ${dimension === 'model' ? 'AND COALESCE(e.model_served, e.model) = COALESCE(u.model_served, u.model)' : ''}) THEN 1 ELSE 0 END AS requests`;
}

/**
 * What each usage event adds, computed from the events alone, with its key and quarter hour; the columns stand as in the table.
 * @param where a condition on the event `u`, of fixed texts and bound places only
 */
export function eventSums(dimension: RollupDimension, where = '1'): string {
  return `SELECT '${dimension}' AS dimension, ${keySql[dimension]} AS key, ${bucketSql}, ${requestsSql(dimension)}, ${addedSql} ${sourceSql} WHERE ${where}`;
}

/** The same for all dimensions at once, in the order of time: the quarter hour, the keys in the order of the dimensions, `requests` by model and by all others, and the sums. */
export const everyKeySums = `SELECT ${bucketSql}, ${rollupDimensions.map((dimension) => keySql[dimension]).join(', ')}, ${requestsSql('model')}_by_model, ${requestsSql('total')}, ${addedSql}
  ${sourceSql} WHERE u.at_ms >= ? AND u.at_ms < ? ORDER BY u.at_ms`;

/** The columns of sums, each summed up. */
export const summedColumns = sumColumns.map((name) => `SUM(${name}) AS ${name}`).join(', ');

/** The days as the quarter hours give them; the columns stand as in the table. */
export const daysFromBuckets = `SELECT dimension, key, bucket / ${bucketsPerDay} AS day, ${summedColumns} FROM rollups`;

/** Fills the empty tables from the events. @param dimensions those that the tables' version has */
export function fillRollups(db: DatabaseSync, dimensions: readonly RollupDimension[]): void {
  for (const dimension of dimensions) db.exec(`INSERT INTO rollups SELECT dimension, key, bucket, ${summedColumns} FROM (${eventSums(dimension)}) GROUP BY key, bucket`);
  db.exec(`INSERT INTO rollup_days ${daysFromBuckets} GROUP BY dimension, key, day`);
}

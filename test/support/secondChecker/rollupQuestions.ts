// Rollups, in SQL: every sum by quarter hour and by day computed again from the usage events, and compared
// both ways.
import type { Questions } from './sqlQuestions.ts';

const quarterHourMs = 900_000;
const bucketsPerDay = 96;

/** What an event is counted under in each dimension. */
const keys: Readonly<Record<string, string>> = {
  total: `''`, model: 'COALESCE(model_served, model)', asked: 'model', workspace: 'workspace_id', client: 'client', thread: `COALESCE(thread_id, '')`, kind: `COALESCE(request_kind, '')`,
  branch: `IIF(branch IS NULL, '', workspace_id || ' ' || branch)`, command: `IFNULL(command, '')`, file: `IIF(file IS NULL, '', workspace_id || ' ' || file)`,
};

/** What an event adds to each column. Estimates are compared where usage was measured, charged and not corrected. */
const sums: Readonly<Record<string, string>> = {
  requests: 'is_first', input: 'input_tokens', cached: 'cached_input_tokens', cache_write: 'cache_write_tokens', output: 'output_tokens', reasoning: 'reasoning_tokens', cost: 'COALESCE(cost, 0)',
  estimated: 'cost IS NOT NULL AND measured = 0', unpriced: 'cost IS NULL AND free_reason IS NULL AND input_tokens + output_tokens > 0',
  measured: 'compared', covered: 'compared AND estimate IS NOT NULL AND cost <= estimate', estimated_input: 'IIF(compared, estimated_input, 0)', estimated_output: 'IIF(compared, likely, 0)',
  measured_input: 'IIF(compared, input_tokens, 0)', measured_output: 'IIF(compared, output_tokens, 0)',
  input_error: 'IIF(compared, ABS(estimated_input - input_tokens), 0)', output_error: 'IIF(compared, ABS(likely - output_tokens), 0)',
};
const columns = Object.keys(sums);

const events = `events AS (SELECT u.*, r.request_kind, r.branch, r.command, r.file, c.cost, h.estimate, h.estimated_input, COALESCE(h.likely_output, h.estimated_output) AS likely,
  h.attempt_id IS NOT NULL AND u.measured = 1 AND c.cost IS NOT NULL AND u.corrects IS NULL AS compared
  FROM usage_events u LEFT JOIN requests r USING (request_id) LEFT JOIN charges c ON c.usage_event_id = u.id LEFT JOIN holds h ON h.attempt_id = u.attempt_id)`;
const keyed = `keyed AS (${Object.entries(keys).map(([dimension, key]) => `SELECT '${dimension}' AS dimension, ${key} AS key, * FROM events`).join(' UNION ALL ')})`;
const counted = `counted AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY dimension, key, request_id ORDER BY sequence) = 1 AS is_first FROM keyed)`;
const bucket = `(at_ms - (at_ms % ${quarterHourMs} + ${quarterHourMs}) % ${quarterHourMs}) / ${quarterHourMs}`;
const again = `again AS MATERIALIZED (SELECT dimension, key, ${bucket} AS bucket, ${columns.map((column) => `SUM(${sums[column]}) AS ${column}`).join(', ')} FROM counted GROUP BY 1, 2, 3)`;
const day = `(bucket - (bucket % ${bucketsPerDay} + ${bucketsPerDay}) % ${bucketsPerDay}) / ${bucketsPerDay}`;
const list = columns.join(', ');
const known = `WITH ${events}, ${keyed}, ${counted}, ${again}`;
const byQuarterHour = `SELECT dimension, key, bucket, ${list} FROM again`;
const byDay = `SELECT dimension, key, ${day} AS day, ${columns.map((column) => `SUM(${column})`).join(', ')} FROM again GROUP BY 1, 2, 3`;

/** Statements that sum everything again, for an attacker who makes the sums fit what was changed. */
export const sumAgain: readonly string[] = [
  'DELETE FROM rollups', `INSERT INTO rollups (dimension, key, bucket, ${list}) ${known} ${byQuarterHour}`,
  'DELETE FROM rollup_days', `INSERT INTO rollup_days (dimension, key, day, ${list}) ${known} ${byDay}`,
];

const computed = `SELECT 'quarter hour' AS span, * FROM (${byQuarterHour}) UNION ALL SELECT 'day', * FROM (${byDay})`;
const written = `SELECT 'quarter hour' AS span, dimension, key, bucket, ${list} FROM rollups UNION ALL SELECT 'day', dimension, key, day, ${list} FROM rollup_days`;

/** All questions about rollups. */
export const rollupQuestions: Questions = {
  'a rollup is not the sum of its usage events': `${known}, computed AS MATERIALIZED (${computed}), written AS MATERIALIZED (${written})
    SELECT span, dimension, key, bucket FROM (SELECT * FROM computed EXCEPT SELECT * FROM written) UNION SELECT span, dimension, key, bucket FROM (SELECT * FROM written EXCEPT SELECT * FROM computed)`,
};

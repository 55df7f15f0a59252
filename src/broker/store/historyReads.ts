// The dashboard's history from the rollups: the dearest groups of a range, everything by day or hour, and the
// course of the few groups that a chart shows. What one workspace used, and what the prompt cache saved, comes
// from the events of a span that is kept short by whoever asks. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs } from '../../domain/budgets.ts';
import { dayKeyOf } from '../../domain/localDays.ts';
import { bucketsPerDay } from '../../domain/rollups.ts';
import { cacheSaving } from '../../domain/pricing.ts';
import type { CachedInput, ModelPrice, PriceTier } from '../../domain/pricing.ts';
import { addRows, historySeriesMax, noUsage, subtractRows } from '../../protocol/history.ts';
import type { HistoryResult } from '../../protocol/history.ts';
import type { UsageRow } from '../../protocol/snapshot.ts';
import { readImportedSums } from './importReads.ts';
import type { LedgerQueries } from './ledgerPort.ts';
import { eventSums, rollupsSince, summedColumns } from './rollupTable.ts';
import { statement } from './statements.ts';
import { dimensionOf, usageRow } from './usageReads.ts';

type Args = LedgerQueries['history']['args'];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** What a report tells of the sums. */
const toldColumns = ['requests', 'input', 'cached', 'cache_write', 'output', 'reasoning', 'cost', 'estimated', 'unpriced'].map((name) => `SUM(${name}) AS ${name}`).join(', ');

/**
 * The local step of a quarter hour: the distance to UTC, in quarter hours, is added before the division, and what it changed by where clocks
 * were set. A range has few such changes, so the text of the statement is one of a few.
 */
function stepSql(step: Args['step'], utcOffsets: Args['utcOffsets']): string {
  const distances = utcOffsets.map((span) => Math.floor(span.offsetMs / bucketMs));
  const changes = utcOffsets.slice(1).map((span, index) => ` + (bucket >= ${Math.ceil(span.fromMs / bucketMs)}) * (${distances[index + 1]! - distances[index]!})`);
  // Whole numbers only stand here, and years of before 1970 are not asked for.
  return `(bucket + (${distances[0] ?? 0})${changes.join('')}) / ${step === 'day' ? bucketsPerDay : hourMs / bucketMs}`;
}

/** Usage from a quarter hour on. `fromMs` is one of a local step's beginning. */
export function readHistory(db: DatabaseSync, { by, fromMs, untilMs, step, utcOffsets, groupsMax }: Args): HistoryResult {
  const dimension = dimensionOf[by];
  const bucket = Math.floor(fromMs / bucketMs);
  const [from, untilBucket, fromDay] = rollupsSince(bucket);
  // The plus keeps SQLite from looking for the dimension's keys instead of for the time.
  const source = `(SELECT * FROM rollups WHERE +dimension = ?1 AND bucket >= ?2 AND bucket < ?3 UNION ALL SELECT * FROM rollup_days WHERE +dimension = ?1 AND day >= ?4)`;
  const places = [dimension, from, untilBucket, fromDay] as const;
  const groups = statement(db, `SELECT key AS group_key, ${toldColumns} FROM ${source} GROUP BY key ORDER BY cost DESC, SUM(input + output) DESC, key LIMIT ?5`)
    .all(...places, groupsMax).map((row) => usageRow(db, by, row));
  const groupCount = groups.length < groupsMax ? groups.length : Number(statement(db, `SELECT COUNT(DISTINCT key) AS n FROM ${source}`).get(...places)?.['n']);
  const stepMs = step === 'hour' ? hourMs : dayMs;
  const lastBucket = Math.floor(untilMs / bucketMs);
  const stepOfBucket = stepSql(step, utcOffsets);
  const summed = statement(db, `SELECT ${stepOfBucket} AS step, ${toldColumns} FROM rollups WHERE dimension = 'total' AND key = '' AND bucket >= ?1 AND bucket <= ?2 GROUP BY step`).all(bucket, lastBucket);
  const rows = new Map(summed.map((row) => [Number(row['step']), row]));
  const numbers = stepsBetween(fromMs, untilMs, stepMs, utcOffsets);
  const steps = numbers.map((number) => {
    const key = stepKey(number, step);
    const row = rows.get(number);
    return row ? { ...usageRow(db, 'day', { ...row, group_key: key }) } : noUsage(key);
  });
  const total = steps.reduce(addRows, noUsage('total'));
  const told = groups.reduce(subtractRows, { ...total, key: 'rest', label: 'rest' });
  // A request whose attempts were served by two models counts under each of them.
  const rest = { ...told, requests: Math.max(0, told.requests) };
  const costs = groups.slice(0, historySeriesMax).map((group) => {
    const course = new Map(statement(db, `SELECT ${stepOfBucket} AS step, SUM(cost) AS cost FROM rollups WHERE dimension = ?1 AND key = ?2 AND bucket >= ?3 AND bucket <= ?4 GROUP BY step`)
      .all(dimension, group.key, bucket, lastBucket).map((row) => [Number(row['step']), Number(row['cost'])]));
    return numbers.map((number) => course.get(number) ?? 0);
  });
  const imported = readImportedSums(db, fromMs);
  return { groups, groupCount, total, ...(groupCount > groups.length ? { rest } : {}), steps, costs, ...(imported.requests > 0 ? { imported } : {}) };
}

/** The numbers of all local steps of a range, oldest first. */
function stepsBetween(fromMs: number, untilMs: number, stepMs: number, spansOf: Args['utcOffsets']): number[] {
  const stepOf = (atMs: number) => Math.floor((atMs + (spansOf.find((span) => atMs >= span.fromMs && atMs < span.untilMs)?.offsetMs ?? 0)) / stepMs);
  const [first, last] = [stepOf(fromMs), stepOf(untilMs)];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function stepKey(number: number, step: Args['step']): string {
  return step === 'day' ? dayKeyOf(number) : new Date(number * hourMs).toISOString().slice(0, 13);
}

/** What one workspace used in a span of time, by key, from the events themselves. */
export function readWorkspaceUsage(db: DatabaseSync, { by, workspaceId, fromMs, untilMs }: LedgerQueries['workspaceUsage']['args']): UsageRow[] {
  return statement(db, `SELECT key AS group_key, ${summedColumns} FROM (${eventSums(dimensionOf[by], 'u.at_ms >= ?1 AND u.at_ms < ?2 AND u.workspace_id = ?3')}) GROUP BY key ORDER BY cost DESC, key`)
    .all(fromMs, untilMs, workspaceId).map((row) => usageRow(db, by, row));
}

/** What the prompt cache saved in a span of time: each charge at the price that it was made with. A correction counts at the rates of what it corrects. */
export function readCacheSaving(db: DatabaseSync, { workspaceId, fromMs, untilMs }: LedgerQueries['cacheSaving']['args']): LedgerQueries['cacheSaving']['result'] {
  const rows = statement(db, `SELECT c.price, c.tier, u.input_tokens + COALESCE(o.input_tokens, 0) AS input, u.cached_input_tokens AS cached
    FROM usage_events u JOIN charges c ON c.usage_event_id = u.id LEFT JOIN usage_events o ON o.id = u.corrects
    WHERE u.at_ms >= ?1 AND u.at_ms < ?2 AND u.cached_input_tokens <> 0 AND (?3 IS NULL OR u.workspace_id = ?3)`);
  const prices = new Map<string, ModelPrice>();
  let cachedInputTokens = 0;
  const charged = function* charged(): Generator<CachedInput> {
    for (const row of rows.iterate(fromMs, untilMs, workspaceId ?? null)) {
      const text = String(row['price']);
      // The same few prices stand in all charges of a span.
      const price = prices.get(text) ?? JSON.parse(text) as ModelPrice;
      prices.set(text, price);
      cachedInputTokens += Number(row['cached']);
      yield { cachedInputTokens: Number(row['cached']), inputTokens: Number(row['input']), price, tier: row['tier'] as PriceTier };
    }
  };
  const savedMicroCredits = cacheSaving(charged());
  return { savedMicroCredits, cachedInputTokens };
}

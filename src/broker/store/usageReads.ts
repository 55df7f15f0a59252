// Usage reports from the rollups, so that they cost the same however long the ledger is. Only the part of
// a quarter hour at the beginning is read from the events themselves.
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs } from '../../domain/budgets.ts';
import { outsideWorkspace } from '../../domain/importedUse.ts';
import { dayKeyOf } from '../../domain/localDays.ts';
import type { OffsetSpan } from '../../domain/localDays.ts';
import { partsOfKey } from '../../domain/rollups.ts';
import type { RollupDimension } from '../../domain/rollups.ts';
import { addUsage, noTokens } from '../../domain/tokenUsage.ts';
import type { UsageRow } from '../../protocol/snapshot.ts';
import { readImportSums } from './importReads.ts';
import type { LedgerQueries } from './ledgerPort.ts';
import { eventSums, rollupsSince, summedColumns } from './rollupTable.ts';
import { statement } from './statements.ts';

type Args = LedgerQueries['usage']['args'];
type Row = Record<string, unknown>;

/** The rollup that a report is read from. */
export const dimensionOf: Readonly<Record<Args['by'], RollupDimension>> = { day: 'total', model: 'model', workspace: 'workspace', client: 'client', thread: 'thread', kind: 'kind', branch: 'branch', command: 'command', file: 'file' };
/** The distances to UTC as a table, so that each quarter hour is counted to the local day of its own time. */
const spansTable = `WITH s AS MATERIALIZED (SELECT value ->> 'fromMs' AS from_ms, value ->> 'untilMs' AS until_ms, value ->> 'offsetMs' AS offset_ms FROM json_each(?5))`;
const utcOnly: readonly OffsetSpan[] = [{ fromMs: -8_640_000_000_000_000, untilMs: 8_640_000_000_000_000, offsetMs: 0 }];
/** What a key that is empty is called. */
const nameless: Readonly<Partial<Record<Args['by'], string>>> = { thread: 'no thread', kind: 'request', model: 'unknown model', branch: 'no branch known', command: 'no command known', file: 'no file known' };

/** Usage summed by a key; the attempts that the upstream never saw count as requests of zero tokens. A request counts when its first attempt ended. */
export function readUsage(db: DatabaseSync, args: Args): UsageRow[] {
  const byDay = args.by === 'day';
  const dimension = dimensionOf[args.by];
  const keyOf = (row: Row) => (byDay ? dayKeyOf(Number(row['group_key'])) : String(row['group_key']));
  // What is imported may put a key among the dearest, so they are chosen after it was added.
  const rows = byDay ? daysOf(db, dimension, args) : keysOf(db, dimension, args.imported === true ? { ...args, limit: -1 } : args);
  const booked = rows.map((row): UsageRow => {
    const key = keyOf(row);
    return {
      ...usageRow(db, args.by, { ...row, group_key: key }),
      ...(Number(row['measured']) === 0 ? {} : { estimates: {
        requests: Number(row['measured']), covered: Number(row['covered']),
        estimatedInputTokens: Number(row['estimated_input']), usedInputTokens: Number(row['measured_input']), inputErrorTokens: Number(row['input_error']),
        estimatedOutputTokens: Number(row['estimated_output']), usedOutputTokens: Number(row['measured_output']), outputErrorTokens: Number(row['output_error']),
      } }),
    };
  });
  return args.imported === true ? withImported(db, args, booked, keyOf) : booked;
}

/** Adds what was imported to each key, tells how much of it that is, and puts the dearest first again. */
function withImported(db: DatabaseSync, args: Args, booked: readonly UsageRow[], keyOf: (row: Row) => string): UsageRow[] {
  const all = new Map(booked.map((row) => [row.key, row]));
  for (const row of readImportSums(db, args.by, args.sinceMs ?? 0, { head: spansTable, spans: JSON.stringify(args.utcOffsets ?? utcOnly) })) {
    const key = keyOf(row);
    const before = all.get(key) ?? { key, label: labelOf(db, args.by, key), requests: 0, ...noTokens, costMicroCredits: 0, estimated: 0, unpriced: 0 };
    const [requests, costMicroCredits] = [Number(row['requests']), Number(row['cost'])];
    const tokens = {
      inputTokens: Number(row['input']), cachedInputTokens: Number(row['cached']), cacheWriteTokens: Number(row['cache_write']), outputTokens: Number(row['output']), reasoningTokens: Number(row['reasoning']),
    };
    all.set(key, { ...before, ...addUsage(before, tokens), requests: before.requests + requests, costMicroCredits: before.costMicroCredits + costMicroCredits, unpriced: before.unpriced + Number(row['unpriced']), imported: { requests, ...tokens, costMicroCredits } });
  }
  const rows = [...all.values()].sort(args.by === 'day' ? (a, b) => (a.key < b.key ? -1 : 1) : (a, b) => b.costMicroCredits - a.costMicroCredits || (a.key < b.key ? -1 : 1));
  return args.limit === undefined || args.by === 'day' ? rows : rows.slice(0, args.limit);
}

/** What a workspace spent in the last quarter hours in which it spent anything, oldest first; or what each of the others did. */
export function readPastSpend(db: DatabaseSync, workspaceId: string, limit: number, isOthers = false): number[] {
  return statement(db, `SELECT cost FROM rollups WHERE dimension = 'workspace' AND key ${isOthers ? '<>' : '='} ? AND cost > 0 ORDER BY bucket DESC LIMIT ?`)
    .all(workspaceId, limit).map((row) => Number(row['cost'])).toReversed();
}

/** The sums of a key, as `summedColumns` gives them beside `group_key`, as a row of a report; what is known of estimates is left aside. */
export function usageRow(db: DatabaseSync, by: Args['by'], row: Row): UsageRow {
  const key = String(row['group_key']);
  return {
    key, label: labelOf(db, by, key), requests: Number(row['requests']),
    inputTokens: Number(row['input']), cachedInputTokens: Number(row['cached']), cacheWriteTokens: Number(row['cache_write']),
    outputTokens: Number(row['output']), reasoningTokens: Number(row['reasoning']), costMicroCredits: Number(row['cost']),
    estimated: Number(row['estimated']), unpriced: Number(row['unpriced']),
  };
}

/** The part of a quarter hour at the beginning, from the events themselves: from one place to before the other. */
const partOfBucket = (dimension: RollupDimension, since: number) => eventSums(dimension, `u.at_ms >= ?${since} AND u.at_ms < ?${since + 1}`);

/** Sums of local days: each quarter hour is counted to the day of its own time. */
function daysOf(db: DatabaseSync, dimension: RollupDimension, { sinceMs = 0, utcOffsets = utcOnly }: Args): Row[] {
  const firstWhole = Math.ceil(sinceMs / bucketMs);
  return statement(db, `${spansTable} SELECT CAST((bucket * ${bucketMs} + s.offset_ms) / 86400000 AS INTEGER) AS group_key, ${summedColumns}
    FROM (SELECT * FROM rollups WHERE dimension = ?1 AND key = '' AND bucket >= ?2 UNION ALL ${partOfBucket(dimension, 3)}) x
    JOIN s ON bucket * ${bucketMs} >= s.from_ms AND bucket * ${bucketMs} < s.until_ms GROUP BY group_key ORDER BY group_key`)
    .all(dimension, firstWhole, sinceMs, firstWhole * bucketMs, JSON.stringify(utcOffsets));
}

/** Sums of keys, the dearest first. */
function keysOf(db: DatabaseSync, dimension: RollupDimension, { sinceMs = 0, limit = -1 }: Args): Row[] {
  const order = 'GROUP BY key ORDER BY cost DESC, key LIMIT';
  // All of it is the days alone, found in the order of their keys.
  if (sinceMs <= 0) return statement(db, `SELECT key AS group_key, ${summedColumns} FROM rollup_days WHERE dimension = ? ${order} ?`).all(dimension, limit);
  const firstWhole = Math.ceil(sinceMs / bucketMs);
  // The plus keeps SQLite from looking for the dimension's keys instead of for the time.
  return statement(db, `SELECT key AS group_key, ${summedColumns} FROM (SELECT * FROM rollups WHERE +dimension = ?1 AND bucket >= ?2 AND bucket < ?3
    UNION ALL SELECT * FROM rollup_days WHERE +dimension = ?1 AND day >= ?4 UNION ALL ${partOfBucket(dimension, 5)}) ${order} ?7`)
    .all(dimension, ...rollupsSince(firstWhole), sinceMs, firstWhole * bucketMs, limit);
}

function labelOf(db: DatabaseSync, by: Args['by'], key: string): string {
  const parts = by === 'branch' || by === 'file' ? partsOfKey(key) : undefined;
  if (parts) return `${workspaceLabel(db, parts.workspaceId)} · ${parts.name}`;
  return by === 'workspace' ? workspaceLabel(db, key) : key === '' ? nameless[by] ?? '' : key;
}

function workspaceLabel(db: DatabaseSync, key: string): string {
  if (key === outsideWorkspace.workspaceId) return outsideWorkspace.label;
  const label = statement(db, 'SELECT label FROM workspaces WHERE workspace_id = ?').get(key)?.['label'];
  return typeof label === 'string' ? label : key;
}

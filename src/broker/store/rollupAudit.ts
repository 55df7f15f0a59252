// Proves the rollups: computes them a second time from the usage events, quarter hour by quarter hour, and
// compares each sum; or looks at them quickly, where only the newest events are to be proven.
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs } from '../../domain/budgets.ts';
import { rollupColumns, rollupDimensions } from '../../domain/rollups.ts';
import type { RollupDimension } from '../../domain/rollups.ts';
import { arrays } from './auditAttempts.ts';
import { KeyedStream, leastNext } from './keyedStream.ts';
import type { Row } from './keyedStream.ts';
import { everyKeySums, sumColumns } from './rollupTable.ts';

/** Quarter hours, from the first one to before the last one. */
interface Span { readonly from: number; readonly until: number }

/** Wrong sums that are told of each dimension at the most. */
const wrongMax = 10;
/** Quarter hours with new events that are further apart than a day are proven apart: a clock that was set must not mean that years are read. */
const gapMax = 96;
/** All the time that a quarter hour can be counted in. */
const ever: Span = { from: Math.floor(-8_640_000_000_000_000 / bucketMs), until: Math.ceil(8_640_000_000_000_000 / bucketMs) };
/** Where things stand in a row of `everyKeySums`. */
const keysAt = 1;
const requestsByModelAt = keysAt + rollupDimensions.length;
const requestsAt = requestsByModelAt + 1;
const sumsAt = requestsAt + 1;

/** The stored sums; one that no double holds exactly, which no sum is, comes as nothing. */
const storedSums = sumColumns.map((name) => `CASE WHEN ${name} BETWEEN ${Number.MIN_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER} THEN ${name} END`).join(', ');

/** What differs between the table and what all events give. */
export function wrongRollups(db: DatabaseSync): string[] {
  return compare(db, [ever]);
}

/** A quick look at the rollups: every dimension sums to the same, and the quarter hours of the events behind a sequence are what their events give. */
export function rollupDrift(db: DatabaseSync, since: number): string[] {
  // Requests differ between dimensions where a retry was served by another model.
  const sums = sumColumns.slice(1).map((name) => `SUM(${name}) AS ${name}`).join(', ');
  const rows = db.prepare(`SELECT dimension, ${sums} FROM rollups GROUP BY dimension`).all();
  const textOf = (row: Readonly<Record<string, unknown>>) => JSON.stringify(sumColumns.slice(1).map((name) => row[name]));
  const [first] = rows;
  const uneven = rows.filter((row) => first && textOf(row) !== textOf(first)).map((row) => `the rollups by ${String(row['dimension'])} sum to something else than those by ${String(first?.['dimension'])}`);
  const missing = rows.length === 0 || rows.length === rollupDimensions.length ? [] : ['some rollups are missing'];
  return [...uneven, ...missing, ...compare(db, touchedSince(db, since))];
}

/** The quarter hours that have events behind a sequence, put together to spans; the last one is open. */
function touchedSince(db: DatabaseSync, since: number): Span[] {
  const buckets = arrays(db, `SELECT DISTINCT at_ms / ${bucketMs} AS bucket FROM usage_events WHERE sequence > ? ORDER BY bucket`).all(since) as unknown as readonly (readonly [number])[];
  const spans: { from: number; until: number }[] = [];
  for (const [bucket] of buckets) {
    const last = spans.at(-1);
    if (last && bucket - last.until < gapMax) last.until = bucket + 1;
    else spans.push({ from: bucket, until: bucket + 1 });
  }
  const newest = spans.at(-1);
  if (newest) newest.until = ever.until;
  return spans;
}

function compare(db: DatabaseSync, spans: readonly Span[]): string[] {
  const wrong = new Map<RollupDimension, string[]>(rollupDimensions.map((dimension) => [dimension, []]));
  const tell = (dimension: RollupDimension, key: string, bucket: number) => {
    const found = wrong.get(dimension);
    if (found && found.length < wrongMax) found.push(`the rollup of ${dimension} "${key}" in quarter hour ${bucket} is not what its usage events sum to`);
  };
  for (const { from, until } of spans) {
    const events = new KeyedStream<number>(rowsOf(arrays(db, everyKeySums), from * bucketMs, until * bucketMs), 0);
    const stored = rollupDimensions.map((dimension) => new KeyedStream<number>(
      rowsOf(arrays(db, `SELECT bucket, key, ${storedSums} FROM rollups WHERE dimension = ? AND bucket >= ? AND bucket < ? ORDER BY bucket`), dimension, from, until), 0));
    for (let bucket = leastNext([events, ...stored]); bucket !== undefined; bucket = leastNext([events, ...stored])) {
      const again = sumUp(events.take(bucket));
      for (const [index, dimension] of rollupDimensions.entries()) {
        const sums = again[index] ?? new Map<string, number[]>();
        for (const row of stored[index]?.take(bucket) ?? []) {
          const key = row[1] as string;
          const expected = sums.get(key);
          if (!expected?.every((value, place) => value === row[place + 2])) tell(dimension, key, bucket);
          sums.delete(key);
        }
        for (const key of sums.keys()) tell(dimension, key, bucket);
      }
    }
  }
  return [...wrong.values()].flat();
}

function rowsOf(statement: ReturnType<typeof arrays>, ...values: (string | number)[]): Iterator<Row> {
  return statement.iterate(...values) as Iterator<unknown> as Iterator<Row>;
}

/** Sums of one quarter hour's events for each dimension by key. */
function sumUp(rows: readonly Row[]): Map<string, number[]>[] {
  const all = rollupDimensions.map(() => new Map<string, number[]>());
  for (const row of rows) {
    for (const [index, dimension] of rollupDimensions.entries()) {
      const key = row[keysAt + index] as string;
      let sums = all[index]?.get(key);
      if (!sums) { sums = rollupColumns.map(() => 0); all[index]?.set(key, sums); }
      sums[0] = (sums[0] ?? 0) + (row[dimension === 'model' ? requestsByModelAt : requestsAt] as number);
      for (let place = 1; place < sums.length; place += 1) sums[place] = (sums[place] ?? 0) + (row[sumsAt + place - 1] as number);
    }
  }
  return all;
}

// Proves the rollups: computes them a second time from the usage events, quarter hour by quarter hour, and
// compares each sum; or looks at them quickly, where only the newest events are to be proven.
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs } from '../../domain/budgets.ts';
import { bucketsPerDay, dayOf, rollupColumns, rollupDimensions } from '../../domain/rollups.ts';
import type { RollupDimension } from '../../domain/rollups.ts';
import { arrays } from './auditAttempts.ts';
import { KeyedStream, leastNext } from './keyedStream.ts';
import type { Row } from './keyedStream.ts';
import { sumColumns } from './rollupSql.ts';
import { daysFromBuckets, everyKeySums } from './rollupTable.ts';

/** Quarter hours, from the first one to before the last one. */
interface Span { readonly from: number; readonly until: number }

/** Wrong sums that are told at the most, of each dimension or each span of days. */
const wrongMax = 10;
/** Quarter hours with new events that are further apart than a day are proven apart: a clock that was set must not mean that years are read. */
const gapMax = 96;
/** Older days that are looked at again with each checkpoint. */
const daysPerTurn = 14;
/** All the time that a quarter hour can be counted in. */
const ever: Span = { from: Math.floor(-8_640_000_000_000_000 / bucketMs), until: Math.ceil(8_640_000_000_000_000 / bucketMs) };
/** Where things stand in a row of `everyKeySums`. */
const keysAt = 1;
const requestsByModelAt = keysAt + rollupDimensions.length;
const requestsAt = requestsByModelAt + 1;
const sumsAt = requestsAt + 1;

/** The stored sums; one that no double holds exactly, which no sum is, comes as nothing. */
const storedSums = sumColumns.map((name) => `CASE WHEN ${name} BETWEEN ${Number.MIN_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER} THEN ${name} END`).join(', ');

/** What differs between the tables and what all events give. */
export function wrongRollups(db: DatabaseSync): string[] {
  return [...wrongBuckets(db, [ever]), ...wrongDays(db, [ever])];
}

/**
 * A look at the rollups that costs the same however long the ledger is: the quarter hours of the events behind a sequence are what
 * their events give; their days, the last two and some older ones in turn are what their quarter hours give; and over all days,
 * which are few, every dimension sums to the same.
 */
export function rollupDrift(db: DatabaseSync, since: number): string[] {
  const touched = touchedSince(db, since);
  return [...unevenDays(db), ...wrongBuckets(db, touched), ...wrongDays(db, [...touched, ...daysInTurn(db)])];
}

/** Dimensions whose days sum to something else than the others'. Requests differ between them where a retry was served by another model. */
function unevenDays(db: DatabaseSync): string[] {
  const sums = sumColumns.slice(1).map((name) => `SUM(${name}) AS ${name}`).join(', ');
  const rows = db.prepare(`SELECT dimension, ${sums} FROM rollup_days GROUP BY dimension`).all();
  const textOf = (row: Readonly<Record<string, unknown>>) => JSON.stringify(sumColumns.slice(1).map((name) => row[name]));
  const [first] = rows;
  const uneven = rows.filter((row) => first && textOf(row) !== textOf(first)).map((row) => `the rollups by ${String(row['dimension'])} sum to something else than those by ${String(first?.['dimension'])}`);
  return [...uneven, ...rows.length === 0 || rows.length === rollupDimensions.length ? [] : ['some rollups are missing']];
}

/** The last two days, and some days of all that there are: with each checkpoint the next ones, so that a change from outside is not hidden by its age. */
function daysInTurn(db: DatabaseSync): Span[] {
  const days = db.prepare('SELECT MIN(day) AS oldest, MAX(day) AS newest FROM rollup_days').get();
  if (typeof days?.['oldest'] !== 'number' || typeof days['newest'] !== 'number') return [];
  const [oldest, newest] = [days['oldest'], days['newest']];
  const turns = Math.ceil((newest - oldest + 1) / daysPerTurn);
  const first = oldest + Number(db.prepare('SELECT COALESCE(MAX(sequence), 0) AS n FROM checkpoints').get()?.['n']) % turns * daysPerTurn;
  return [{ from: first * bucketsPerDay, until: (first + daysPerTurn) * bucketsPerDay }, { from: (newest - 1) * bucketsPerDay, until: ever.until }];
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

/** Quarter hours that are not what their events sum to. */
function wrongBuckets(db: DatabaseSync, spans: readonly Span[]): string[] {
  const wrong = new Map<RollupDimension, string[]>(rollupDimensions.map((dimension) => [dimension, []]));
  const tell = (dimension: RollupDimension, key: string, bucket: number) => {
    const found = wrong.get(dimension);
    if (found && found.length < wrongMax) found.push(`the rollup of ${dimension} "${key}" in quarter hour ${bucket} is not what its usage events sum to`);
  };
  for (const { from, until } of spans) {
    const events = new KeyedStream<number>(rowsOf(arrays(db, everyKeySums), from * bucketMs, until * bucketMs), 0);
    const stored = new KeyedStream<number>(rowsOf(arrays(db, `SELECT bucket, dimension, key, ${storedSums} FROM rollups WHERE bucket >= ? AND bucket < ? ORDER BY bucket`), from, until), 0);
    for (let bucket = leastNext([events, stored]); bucket !== undefined; bucket = leastNext([events, stored])) {
      const again = sumUp(events.take(bucket));
      for (const row of stored.take(bucket)) {
        const [dimension, key] = [row[1] as RollupDimension, row[2] as string];
        const sums = again.get(dimension);
        if (!sums?.get(key)?.every((value, place) => value === row[place + 3])) tell(dimension, key, bucket);
        sums?.delete(key);
      }
      for (const [dimension, sums] of again) for (const key of sums.keys()) tell(dimension, key, bucket);
    }
  }
  return [...wrong.values()].flat();
}

/** Days that are not what their quarter hours sum to. */
function wrongDays(db: DatabaseSync, spans: readonly Span[]): string[] {
  const stored = 'SELECT * FROM rollup_days WHERE day >= ?3 AND day < ?4';
  // Two tables with no row on one side only are the same; each key stands once in either.
  const read = db.prepare(`WITH again AS MATERIALIZED (${daysFromBuckets} WHERE bucket >= ?1 AND bucket < ?2 GROUP BY dimension, key, day)
    SELECT dimension, key, day FROM (SELECT * FROM (${stored} EXCEPT SELECT * FROM again) UNION ALL SELECT * FROM (SELECT * FROM again EXCEPT ${stored})) LIMIT ${wrongMax}`);
  const found = spans.flatMap(({ from, until }) => {
    const [firstDay, endDay] = [dayOf(from), dayOf(until - 1) + 1];
    return read.all(firstDay * bucketsPerDay, endDay * bucketsPerDay, firstDay, endDay)
      .map((row) => `the rollup of ${String(row['dimension'])} "${String(row['key'])}" on day ${String(row['day'])} is not what its quarter hours sum to`);
  });
  return [...new Set(found)];
}

/** Sums of one quarter hour's events for each dimension by key. */
function sumUp(rows: readonly Row[]): Map<RollupDimension, Map<string, number[]>> {
  const all = new Map<RollupDimension, Map<string, number[]>>();
  for (const [index, dimension] of rollupDimensions.entries()) {
    const byKey = new Map<string, number[]>();
    for (const row of rows) {
      const key = row[keysAt + index] as string;
      let sums = byKey.get(key);
      if (!sums) { sums = rollupColumns.map(() => 0); byKey.set(key, sums); }
      sums[0] = (sums[0] ?? 0) + (row[dimension === 'model' ? requestsByModelAt : requestsAt] as number);
      for (let place = 1; place < sums.length; place += 1) sums[place] = (sums[place] ?? 0) + (row[sumsAt + place - 1] as number);
    }
    all.set(dimension, byKey);
  }
  return all;
}

function rowsOf(statement: ReturnType<typeof arrays>, ...values: readonly number[]): Iterator<Row> {
  return statement.iterate(...values) as Iterator<unknown> as Iterator<Row>;
}

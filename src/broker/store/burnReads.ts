// What was charged in the last hours, for the look ahead: the sums of quarter hours, and in the first hour of work, of
// which they say too little, slices of seconds from the newest charges. Costs the same however long the ledger is. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs } from '../../domain/budgets.ts';
import { lookBackMs, type Burn } from '../../domain/forecast.ts';
import { bucketOf } from '../../domain/rollups.ts';
import { statement } from './statements.ts';

/** Work that began longer ago than this has enough whole quarter hours. */
const quartersMsMin = 3_600_000;
/** Charges that are read one by one, at the most. */
export const newestMax = 600;
/** They are summed by so much. */
const sliceMs = 10_000;

const chargedSql = 'FROM usage_events u JOIN charges c ON c.usage_event_id = u.id';

/** Sums of what was charged, oldest first, none of which overlap; the first begins with its first charge. */
export function readBurns(db: DatabaseSync, nowMs: number): Burn[] {
  const quarters = statement(db, `SELECT bucket, cost, measured + estimated AS requests FROM rollups WHERE dimension = 'total' AND key = '' AND bucket BETWEEN ? AND ? AND (cost <> 0 OR measured + estimated > 0) ORDER BY bucket`)
    .all(Math.ceil((nowMs - lookBackMs) / bucketMs), bucketOf(nowMs))
    .map((row): Required<Burn> => ({ sinceMs: Number(row['bucket']) * bucketMs, atMs: Math.min(nowMs, (Number(row['bucket']) + 1) * bucketMs), costMicroCredits: Number(row['cost']), requests: Number(row['requests']) }));
  const [first, ...later] = quarters;
  if (!first) return [];
  const beganAtMs = Number(statement(db, `SELECT u.at_ms ${chargedSql} WHERE u.at_ms >= ? ORDER BY u.at_ms LIMIT 1`).get(first.sinceMs)?.['at_ms'] ?? first.sinceMs);
  if (nowMs - beganAtMs >= quartersMsMin) return [{ ...first, sinceMs: Math.min(beganAtMs, first.atMs) }, ...later];
  const slices = statement(db, `SELECT MIN(at_ms) AS since, MAX(at_ms) AS at, SUM(cost) AS cost, SUM(corrects IS NULL) AS requests, COUNT(*) AS charges FROM (SELECT u.at_ms, u.corrects, c.cost ${chargedSql} WHERE u.at_ms >= ? AND u.at_ms <= ? ORDER BY u.at_ms DESC LIMIT ${newestMax}) GROUP BY at_ms / ${sliceMs} ORDER BY since`)
    .all(first.sinceMs, nowMs).map((row) => ({ sinceMs: Number(row['since']), atMs: Number(row['at']), costMicroCredits: Number(row['cost']), requests: Number(row['requests']), charges: Number(row['charges']) }));
  const oldestMs = slices[0]?.sinceMs ?? nowMs;
  const newest = slices.map(({ charges: _charges, ...slice }): Required<Burn> => slice);
  if (slices.reduce((total, { charges }) => total + charges, 0) < newestMax) return newest;
  return [...quarters.flatMap((quarter) => withoutNewest(quarter, newest, beganAtMs, oldestMs)), ...newest];
}

/** What of a quarter hour was charged before the newest charges. */
function withoutNewest(quarter: Required<Burn>, newest: readonly Required<Burn>[], beganAtMs: number, oldestMs: number): Burn[] {
  if (quarter.sinceMs >= oldestMs) return [];
  // Quarter hours consist of whole slices.
  const inside = newest.filter(({ sinceMs }) => sinceMs >= quarter.sinceMs && sinceMs < quarter.sinceMs + bucketMs);
  const rest = (of: (burn: Required<Burn>) => number) => inside.reduce((left, slice) => left - of(slice), of(quarter));
  return [{ sinceMs: Math.max(beganAtMs, quarter.sinceMs), atMs: Math.min(quarter.atMs, oldestMs), costMicroCredits: rest((one) => one.costMicroCredits), requests: rest((one) => one.requests) }];
}

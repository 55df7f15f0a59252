// Sums for the rollups that belong to the running transaction and are not written yet: events that arrive
// together mostly count under the same keys, and each key is written once. Whoever reads the rollups inside
// a transaction writes these first.
import type { DatabaseSync } from 'node:sqlite';
import { bucketOf, dayOf, rollupColumns, rollupDimensions } from '../../domain/rollups.ts';
import type { RollupDimension, RollupSums } from '../../domain/rollups.ts';
import { addRollupDaySql, addRollupSql } from './rollupSql.ts';
import { statement } from './statements.ts';

interface PendingRow { readonly bucket: number; readonly sums: number[] }

const requestsAt = rollupColumns.indexOf('requests');

/** The rollups' changes of one transaction. */
export class PendingRollups {
  /** By dimension, then by key; of each key its quarter hours, hardly ever more than one or two. */
  readonly #rows: ReadonlyMap<RollupDimension, Map<string, PendingRow[]>> = new Map(rollupDimensions.map((dimension) => [dimension, new Map<string, PendingRow[]>()]));
  #isEmpty = true;

  /** Adds what an event adds under each of its keys; `requests` tells in which of them its request counts anew. */
  add(atMs: number, keys: Readonly<Record<RollupDimension, string>>, added: Omit<RollupSums, 'requests'>, requests: (dimension: RollupDimension) => number): void {
    const bucket = bucketOf(atMs);
    const values = rollupColumns.map((name) => (name === 'requests' ? 0 : added[name]));
    for (const [dimension, rows] of this.#rows) {
      values[requestsAt] = requests(dimension);
      const { sums } = rowOf(rows, keys[dimension], bucket);
      for (let index = 0; index < values.length; index += 1) sums[index] = (sums[index] ?? 0) + (values[index] ?? 0);
    }
    this.#isEmpty = false;
  }

  /** Writes them. */
  flush(db: DatabaseSync): void {
    if (this.#isEmpty) return;
    const [add, addDay] = [statement(db, addRollupSql), statement(db, addRollupDaySql)];
    for (const [dimension, rows] of this.#rows) {
      for (const [key, buckets] of rows) {
        for (const { bucket, sums } of buckets) {
          add.run(dimension, key, bucket, ...sums);
          addDay.run(dimension, key, dayOf(bucket), ...sums);
        }
      }
    }
    this.clear();
  }

  /** The transaction is undone. */
  clear(): void {
    if (this.#isEmpty) return;
    for (const rows of this.#rows.values()) rows.clear();
    this.#isEmpty = true;
  }
}

function rowOf(rows: Map<string, PendingRow[]>, key: string, bucket: number): PendingRow {
  const known = rows.get(key);
  const found = known?.find((one) => one.bucket === bucket);
  if (found) return found;
  const made = { bucket, sums: rollupColumns.map(() => 0) };
  if (known) known.push(made);
  else rows.set(key, [made]);
  return made;
}

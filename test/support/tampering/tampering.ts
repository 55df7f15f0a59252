// What a tampering is: a change to a ledger's file behind its back, by name. And how far the attacker went to
// hide it.
import type { DatabaseSync } from 'node:sqlite';
import type { SeededRandom } from '../seededRandom.ts';
import { rehash, refit } from './rehash.ts';

/** A change to a ledger's file. */
export interface Tampering {
  readonly name: string;
  /** Makes the change; false where this ledger has nothing to change in this way. */
  apply(db: DatabaseSync, random: SeededRandom): boolean;
}

/** How far an attacker goes: leaves hashes as they were, makes all hashes fit, or running balances and projections too. */
export const efforts = { plain: () => {}, rehashed: rehash, refitted: refit } as const satisfies Readonly<Record<string, (db: DatabaseSync) => void>>;

/** See `efforts`. */
export type Effort = keyof typeof efforts;

/** One row that a query finds, or none. */
export function pickRow(db: DatabaseSync, random: SeededRandom, sql: string): Record<string, string | number | null> | undefined {
  const rows = db.prepare(sql).all() as Record<string, string | number | null>[];
  return rows.length === 0 ? undefined : random.pick(rows);
}

/** Changes one row that a query of row ids finds. */
export function changeOne(name: string, find: string, ...changes: readonly string[]): Tampering {
  return {
    name,
    apply: (db, random) => {
      const row = pickRow(db, random, find);
      if (!row) return false;
      let changed = 0;
      for (const sql of changes) changed += Number(db.prepare(sql).run(...Object.values(row).slice(0, parametersOf(sql))).changes);
      return changed > 0;
    },
  };
}

/** How many values a statement takes: the highest of its numbered parameters. */
function parametersOf(sql: string): number {
  return Math.max(0, ...[...sql.matchAll(/\?(\d)/g)].map((match) => Number(match[1])));
}

// The fifth version of the SQLite ledger: the git branch that a request's folder was on, the command that it came
// from and the file that it is about, with sums by each. Nothing of that is known of older requests, so no row of
// theirs changes, and what they summed to is copied under the empty key.
import type { DatabaseSync } from 'node:sqlite';
import { sumColumns } from '../rollupSql.ts';

const added = ['branch', 'command', 'file'] as const;
const sums = sumColumns.join(', ');

const copied = (table: string, time: string) => `INSERT INTO ${table} (dimension, key, ${time}, ${sums})
  SELECT d.value, '', ${time}, ${sums} FROM ${table} CROSS JOIN json_each('${JSON.stringify(added)}') d WHERE dimension = 'total';`;

const changes = `
${added.map((column) => `ALTER TABLE requests ADD COLUMN ${column} TEXT;`).join('\n')}
${copied('rollups', 'bucket')}
${copied('rollup_days', 'day')}
UPDATE meta SET value = '5' WHERE name = 'readable_from';
`;

/** Brings a ledger of the fourth version to the fifth. */
export function toVersion5(db: DatabaseSync): void {
  db.exec(changes);
}

// How sums are added to the rollups' tables, by quarter hour and by day. Statements only.
import { rollupColumns } from '../../domain/rollups.ts';

/** The columns of the sums, as the table names them. */
export const sumColumns = rollupColumns.map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));

/** Adds sums to one key of one quarter hour, and of one day: dimension, key and bucket or day, then the sums in their order. */
export const addRollupSql = addSql('rollups', 'bucket');
/** See `addRollupSql`. */
export const addRollupDaySql = addSql('rollup_days', 'day');

function addSql(table: string, time: string): string {
  return `INSERT INTO ${table} (dimension, key, ${time}, ${sumColumns.join(', ')}) VALUES (?,?,?,${sumColumns.map(() => '?').join(',')})
    ON CONFLICT (${time}, dimension, key) DO UPDATE SET ${sumColumns.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`;
}

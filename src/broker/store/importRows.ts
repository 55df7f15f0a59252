// Imported responses in the SQLite ledger: their columns, and their sums by the quarter hour, which are computed
// from the rows by one statement whether they are added, read for a part of one, or proven.
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs } from '../../domain/budgets.ts';
import type { ImportRow } from '../../domain/importedUse.ts';
import { priceOf } from './auditRows.ts';
import type { Row } from './keyedStream.ts';

type OrNull<T> = T | null;

/** Columns of an imported response. */
export const importColumns = `sequence, id, at_ms, imported_at_ms, workspace_id, client, client_version, thread_id, model, response_id, source,
  input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, price, prev_hash, hash`;

/** An imported response. */
export function importRow(row: Row): ImportRow {
  return {
    sequence: row[0] as number, id: row[1] as string, atMs: row[2] as number, importedAtMs: row[3] as number, workspaceId: row[4] as string, client: row[5] as string,
    clientVersion: row[6] as OrNull<string>, threadId: row[7] as OrNull<string>, model: row[8] as OrNull<string>, responseId: row[9] as OrNull<string>, source: row[10] as string,
    inputTokens: row[11] as number, cachedInputTokens: row[12] as number, cacheWriteTokens: row[13] as number, outputTokens: row[14] as number, reasoningTokens: row[15] as number,
    costMicroCredits: row[16] as OrNull<number>, price: row[17] === null ? null : priceOf(row[17] as string), prevHash: row[18] as string, hash: row[19] as string,
  };
}

/** What imported responses are summed by. */
export const importDimensions = ['total', 'model', 'workspace', 'client', 'thread'] as const;
/** See `importDimensions`. */
export type ImportDimension = (typeof importDimensions)[number];

const keySql: Readonly<Record<ImportDimension, string>> = { total: `''`, model: `COALESCE(model, '')`, workspace: 'workspace_id', client: 'client', thread: `COALESCE(thread_id, '')` };
/** The sums as the table names them, and what each imported response adds. */
const sums = {
  requests: '1', input: 'input_tokens', cached: 'cached_input_tokens', cache_write: 'cache_write_tokens', output: 'output_tokens', reasoning: 'reasoning_tokens',
  cost: 'COALESCE(cost, 0)', unpriced: 'cost IS NULL',
} as const;
const names = Object.keys(sums);

/** The columns of the sums, each summed up. */
export const importSummed = names.map((name) => `SUM(${name}) AS ${name}`).join(', ');

/** Sums of imported responses under one dimension; the columns stand as in the table. @param where a condition, and `rows` a table, of fixed texts and bound places only */
export function importSums(dimension: ImportDimension, where: string, rows = 'imports'): string {
  return `SELECT '${dimension}' AS dimension, ${keySql[dimension]} AS key, at_ms / ${bucketMs} AS bucket, ${Object.entries(sums).map(([name, added]) => `SUM(${added}) AS ${name}`).join(', ')}
    FROM ${rows} WHERE ${where} GROUP BY 2, 3`;
}

/** Adds the responses behind a place to the sums. */
export function addImportSums(db: DatabaseSync, since: number): void {
  for (const dimension of importDimensions) {
    db.prepare(`INSERT INTO import_sums SELECT * FROM (${importSums(dimension, 'sequence > ?')}) WHERE true
      ON CONFLICT (dimension, bucket, key) DO UPDATE SET ${names.map((name) => `${name} = import_sums.${name} + excluded.${name}`).join(', ')}`).run(since);
  }
}

/** Wrong sums that are told at the most. */
const wrongMax = 10;

/** What differs between the sums and what the responses give, in the quarter hours that have responses behind a place; from the first place on everywhere. */
export function wrongImportSums(db: DatabaseSync, since: number): string[] {
  const touched = `SELECT DISTINCT at_ms / ${bucketMs} AS bucket FROM imports WHERE sequence > ?1`;
  // The cross join makes SQLite look up each quarter hour by its time instead of going through all responses.
  const [rows, kept] = since === 0 ? ['imports', '?1 = 0'] as const
    : [`(SELECT i.* FROM (${touched}) t CROSS JOIN imports i ON i.at_ms >= t.bucket * ${bucketMs} AND i.at_ms < (t.bucket + 1) * ${bucketMs})`, `bucket IN (${touched})`] as const;
  return importDimensions.flatMap((dimension) => {
    const [again, stored] = [importSums(dimension, '1', rows), `SELECT * FROM import_sums WHERE dimension = '${dimension}' AND ${kept}`];
    return db.prepare(`WITH again AS MATERIALIZED (${again}), stored AS MATERIALIZED (${stored})
      SELECT key, bucket FROM (SELECT * FROM (SELECT * FROM stored EXCEPT SELECT * FROM again) UNION SELECT * FROM (SELECT * FROM again EXCEPT SELECT * FROM stored)) LIMIT ${wrongMax}`).all(since)
      .map((row) => `the sum of imported ${dimension} "${String(row['key'])}" in quarter hour ${String(row['bucket'])} is not what its responses sum to`);
  });
}

/** Sums under a dimension that there is none of; only looked at with everything else. */
export function strayImportSums(db: DatabaseSync): string[] {
  return db.prepare(`SELECT DISTINCT dimension FROM import_sums WHERE dimension NOT IN (${importDimensions.map((one) => `'${one}'`).join(', ')}) LIMIT ${wrongMax}`).all()
    .map((row) => `imported responses are not summed by "${String(row['dimension'])}"`);
}

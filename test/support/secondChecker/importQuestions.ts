// Imported responses: that none was booked twice, that each has the key of its response, counts that can be, and
// the cost that its price gives, and that their sums by the quarter hour are theirs.
import type { DatabaseSync } from 'node:sqlite';
import { costOf } from './chargeCosts.ts';
import type { WrittenPrice } from './ledgerTables.ts';
import type { Questions } from './sqlQuestions.ts';

const quarterHourMs = 900_000;
const keys: Readonly<Record<string, string>> = { total: `''`, model: `IFNULL(model, '')`, workspace: 'workspace_id', client: 'client', thread: `IFNULL(thread_id, '')` };
const sums = 'COUNT(*), SUM(input_tokens), SUM(cached_input_tokens), SUM(cache_write_tokens), SUM(output_tokens), SUM(reasoning_tokens), SUM(IFNULL(cost, 0)), SUM(price IS NULL)';
const bucket = `(at_ms - (at_ms % ${quarterHourMs} + ${quarterHourMs}) % ${quarterHourMs}) / ${quarterHourMs}`;
const again = Object.entries(keys).map(([dimension, key]) => `SELECT '${dimension}', ${key}, ${bucket}, ${sums} FROM imports GROUP BY 2, 3`).join(' UNION ALL ');
const written = 'SELECT dimension, key, bucket, requests, input, cached, cache_write, output, reasoning, cost, unpriced FROM import_sums';

/** Statements that sum them again, for an attacker who makes the sums fit what was changed. */
export const sumImportsAgain: readonly string[] = ['DELETE FROM import_sums', `INSERT INTO import_sums (dimension, key, bucket, requests, input, cached, cache_write, output, reasoning, cost, unpriced) SELECT * FROM (${again})`];

/** All questions about imported responses in SQL. */
export const importQuestions: Questions = {
  'an imported response does not have the key of its response': `SELECT id FROM imports WHERE substr(id, 1, 7) IS NOT 'import:' OR response_id IS NOT NULL AND id IS NOT 'import:' || response_id`,
  'counts of an imported response cannot be': `SELECT id FROM imports WHERE MIN(input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens) < 0 OR cached_input_tokens + cache_write_tokens > input_tokens OR reasoning_tokens > output_tokens`,
  'an imported response costs something without a price, or nothing with one': 'SELECT id FROM imports WHERE (cost IS NULL) <> (price IS NULL)',
  'a sum of imported responses is not that of its rows': `WITH again AS (${again}), written AS (${written}) SELECT * FROM (SELECT * FROM again EXCEPT SELECT * FROM written) UNION ALL SELECT * FROM (SELECT * FROM written EXCEPT SELECT * FROM again)`,
};

/** Imported responses whose cost is not that of their tokens. */
export function wrongImportCosts(db: DatabaseSync): string[] {
  return db.prepare('SELECT id, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, cost, price FROM imports WHERE price IS NOT NULL').all().flatMap((row) => {
    const tokens = { input: Number(row['input_tokens']), cachedInput: Number(row['cached_input_tokens']), cacheWrite: Number(row['cache_write_tokens']), output: Number(row['output_tokens']), reasoning: 0 };
    const { cost } = costOf(tokens, JSON.parse(String(row['price'])) as WrittenPrice, 'standard');
    return cost === BigInt(Number(row['cost'])) ? [] : [`the cost of ${String(row['id'])} is ${String(row['cost'])}, computed again it is ${cost}`];
  });
}

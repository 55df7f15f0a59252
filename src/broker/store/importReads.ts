// Imported responses for reports: their sums by what usage is asked by, and the story of one. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs } from '../../domain/budgets.ts';
import { outsideWorkspace } from '../../domain/importedUse.ts';
import { chargeFor, formulaText } from '../../domain/pricing.ts';
import type { ModelPrice } from '../../domain/pricing.ts';
import { formatCredits, formatTokens } from '../../domain/units.ts';
import { clientName } from '../../protocol/clientName.ts';
import type { ImportedView } from '../../protocol/importedUsage.ts';
import type { ImportedSums } from '../../protocol/snapshot.ts';
import { importSummed, importSums } from './importRows.ts';
import type { ImportDimension } from './importRows.ts';
import type { LedgerQueries } from './ledgerPort.ts';
import { tokensOf } from './ledgerReads.ts';
import { statement } from './statements.ts';

type Row = Record<string, unknown>;
type By = LedgerQueries['usage']['args']['by'];

const dimensionOf: Readonly<Record<By, ImportDimension>> = { day: 'total', model: 'model', workspace: 'workspace', client: 'client', thread: 'thread', kind: 'total', branch: 'total', command: 'total', file: 'total' };

/**
 * Sums of imported responses, with what they are summed under as `group_key`.
 * @param days for local days: the head of a statement that names a table `s` of spans, and its value for the fifth place
 */
export function readImportSums(db: DatabaseSync, by: By, sinceMs: number, days: { readonly head: string; readonly spans: string }): Row[] {
  const firstWhole = Math.ceil(sinceMs / bucketMs);
  const parts = `(SELECT * FROM import_sums WHERE dimension = ?1 AND bucket >= ?2 UNION ALL SELECT * FROM (${importSums(dimensionOf[by], 'at_ms >= ?3 AND at_ms < ?4')}))`;
  const places = [dimensionOf[by], firstWhole, sinceMs, firstWhole * bucketMs];
  if (by !== 'day') return statement(db, `SELECT ${by === 'kind' ? `'imported'` : 'key'} AS group_key, ${importSummed} FROM ${parts} GROUP BY key`).all(...places);
  return statement(db, `${days.head} SELECT CAST((bucket * ${bucketMs} + s.offset_ms) / 86400000 AS INTEGER) AS group_key, ${importSummed} FROM ${parts} x
    JOIN s ON bucket * ${bucketMs} >= s.from_ms AND bucket * ${bucketMs} < s.until_ms GROUP BY group_key`).all(...places, days.spans);
}

/** Sums of what was imported since a time. */
export function readImportedSums(db: DatabaseSync, sinceMs: number): ImportedSums {
  const [row] = readImportSums(db, 'kind', sinceMs, { head: '', spans: '' });
  const count = (name: string) => Number(row?.[name] ?? 0);
  return {
    requests: count('requests'), inputTokens: count('input'), cachedInputTokens: count('cached'), cacheWriteTokens: count('cache_write'), outputTokens: count('output'),
    reasoningTokens: count('reasoning'), costMicroCredits: count('cost'),
  };
}

/** One imported response by its id, with or without `import:`; null when there is none. */
export function explainImported(db: DatabaseSync, id: string): ImportedView | null {
  const row = statement(db, `SELECT i.*, w.label FROM imports i LEFT JOIN workspaces w USING (workspace_id) WHERE i.id IN (?1, 'import:' || ?1)`).get(id);
  if (!row) return null;
  const usage = tokensOf(row);
  const price = row['price'] === null ? undefined : JSON.parse(String(row['price'])) as ModelPrice;
  const view = {
    id: String(row['id']), atMs: Number(row['at_ms']), importedAtMs: Number(row['imported_at_ms']), source: String(row['source']), usage,
    workspaceId: String(row['workspace_id']), workspaceLabel: row['workspace_id'] === outsideWorkspace.workspaceId ? outsideWorkspace.label : String(row['label'] ?? row['workspace_id']), client: String(row['client']),
    ...(row['client_version'] === null ? {} : { clientVersion: String(row['client_version']) }), ...(row['thread_id'] === null ? {} : { threadId: String(row['thread_id']) }),
    ...(row['model'] === null ? {} : { model: String(row['model']) }), ...(row['response_id'] === null ? {} : { responseId: String(row['response_id']) }),
    ...(price === undefined ? {} : { costMicroCredits: Number(row['cost']), priceVersion: price.version }),
  };
  const charge = price && chargeFor(usage, price, 'standard');
  return { ...view, story: [
    `${clientName(view.client)} used ${view.model ?? 'a model that its file does not name'} in workspace ${view.workspaceLabel}, and did not go through the broker.`,
    `Its session file ${view.source} told so when it was imported: ${formatTokens(usage.inputTokens)} tokens in (${formatTokens(usage.cachedInputTokens)} cached), ${formatTokens(usage.outputTokens)} out (${formatTokens(usage.reasoningTokens)} reasoning).`,
    ...(view.responseId === undefined ? ['The file tells running totals only; the response is known by its place among them.'] : []),
    charge ? `It would have cost ${formatCredits(charge.costMicroCredits, 6)} credits at the price "${price.version}" of its time: ${formulaText(charge.terms, charge.costMicroCredits)}.` : 'There is no price for it.',
    'Nothing was drawn for it, and it counts for no budget.',
  ] };
}

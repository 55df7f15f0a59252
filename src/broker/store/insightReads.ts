// The sums that insights are made from: the last seven days and the 28 before them. Reading only. What the rollups do
// not hold (waits, tasks and workspaces with their models, cut answers) is read from the newest usage events, a bounded number of them.
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs } from '../../domain/budgets.ts';
import { grouped } from '../../domain/grouped.ts';
import type { InsightFacts, UsageSums } from '../../domain/insights.ts';
import type { UsageRow } from '../../protocol/snapshot.ts';
import { statement } from './statements.ts';
import { readUsage } from './usageReads.ts';
import { readWaits } from './waitReads.ts';

const dayMs = 86_400_000;
const recentMs = 7 * dayMs;
const beforeMs = 28 * dayMs;
/** Usage events that are looked at one by one; on a busy ledger these are fewer than seven days of them. */
const eventsMax = 50_000;
const tasksMax = 50;
const modelsMax = 50;
const workspacesMax = 200;

/** The facts but for prices, which are not the ledger's to know. */
export type LedgerInsightFacts = Omit<InsightFacts, 'models'> & { readonly models: readonly Omit<InsightFacts['models'][number], 'price'>[] };

/** Reads all facts as they are at a moment. */
export function readInsightFacts(db: DatabaseSync, nowMs: number): LedgerInsightFacts {
  // By whole quarter hours, so that only sums are read.
  const sinceMs = Math.floor((nowMs - recentMs) / bucketMs) * bucketMs;
  const both = new Map(readUsage(db, { by: 'workspace', sinceMs: sinceMs - beforeMs, limit: workspacesMax }).map((row) => [row.key, row]));
  const recent = readUsage(db, { by: 'workspace', sinceMs, limit: workspacesMax });
  const from = Number(statement(db, 'SELECT MAX(MIN(sequence), MAX(sequence) - ?) AS first FROM usage_events WHERE at_ms >= ?').get(eventsMax, sinceMs)?.['first'] ?? 0);
  const waits = readWaits(db, from);
  const models = modelsOf(db, from);
  return {
    workspaces: recent.map((row) => {
      const { cause, ...waited } = waits.get(row.key) ?? { waitedMs: 0, waitingRequests: 0 };
      return {
        workspaceId: row.key, label: row.label, recent: sumsOf(row), before: difference(sumsOf(both.get(row.key) ?? row), sumsOf(row)), models: models.get(row.key) ?? [], ...waited,
        ...(cause ? { cause: { ...cause, workspaceLabel: recent.find((one) => one.key === cause.workspaceId)?.label ?? cause.workspaceId } } : {}),
      };
    }),
    tasks: tasksOf(db, from),
    models: readUsage(db, { by: 'model', sinceMs, limit: modelsMax }).map((row) => ({ model: row.key, sums: sumsOf(row) })),
    cut: cutOf(db, from),
  };
}

function sumsOf({ requests, inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, costMicroCredits, unpriced }: UsageRow): UsageSums {
  return { requests, inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, costMicroCredits, unpriced };
}

function difference(all: UsageSums, part: UsageSums): UsageSums {
  const names = Object.keys(all) as (keyof UsageSums)[];
  return Object.fromEntries(names.map((name) => [name, Math.max(0, all[name] - part[name])])) as unknown as UsageSums;
}

const tokensSql = 'SUM(u.input_tokens) AS input, SUM(u.cached_input_tokens) AS cached, SUM(u.cache_write_tokens) AS cache_write, SUM(u.output_tokens) AS output';

/** The tasks that cost most, each with the model that most of its input went to. */
function tasksOf(db: DatabaseSync, from: number): InsightFacts['tasks'] {
  return statement(db, `SELECT u.thread_id, COALESCE(w.label, u.workspace_id) AS label, COALESCE(u.model_served, u.model) AS served, COUNT(DISTINCT u.request_id) AS requests, ${tokensSql},
      COALESCE(SUM(c.cost), 0) AS cost, SUM(c.id IS NULL AND u.input_tokens > 0) AS unpriced
    FROM usage_events u LEFT JOIN charges c ON c.usage_event_id = u.id LEFT JOIN workspaces w ON w.workspace_id = u.workspace_id
    WHERE u.sequence >= ? AND u.thread_id IS NOT NULL GROUP BY u.thread_id, u.workspace_id, served ORDER BY cost DESC LIMIT ?`).all(from, tasksMax).map((row) => ({
    threadId: String(row['thread_id']), workspaceLabel: String(row['label']), model: String(row['served']),
    sums: {
      requests: Number(row['requests']), inputTokens: Number(row['input']), cachedInputTokens: Number(row['cached']), cacheWriteTokens: Number(row['cache_write']), outputTokens: Number(row['output']),
      costMicroCredits: Number(row['cost']), unpriced: Number(row['unpriced']),
    },
  }));
}

/** What each workspace read, by the model that served. */
function modelsOf(db: DatabaseSync, from: number): Map<string, { readonly model: string; readonly inputTokens: number }[]> {
  const rows = statement(db, 'SELECT workspace_id, COALESCE(model_served, model) AS served, SUM(input_tokens) AS input FROM usage_events WHERE sequence >= ? GROUP BY workspace_id, served HAVING input > 0 ORDER BY input DESC').all(from);
  return new Map([...grouped(rows, (row) => String(row['workspace_id']))].map(([workspaceId, own]) => [workspaceId, own.map((row) => ({ model: String(row['served']), inputTokens: Number(row['input']) }))]));
}

function cutOf(db: DatabaseSync, from: number): InsightFacts['cut'] {
  const row = statement(db, `SELECT COUNT(*) AS requests, COALESCE(SUM(c.cost), 0) AS cost FROM usage_events u JOIN charges c ON c.usage_event_id = u.id
    WHERE u.sequence >= ? AND u.corrects IS NULL AND c.cost > 0 AND u.outcome IN ('aborted', 'broken', 'crashed')`).get(from);
  return { requests: Number(row?.['requests'] ?? 0), costMicroCredits: Number(row?.['cost'] ?? 0) };
}

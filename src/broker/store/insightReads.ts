// The sums that insights are made from: a range and the time before it. Reading only. What the rollups do not hold (waits, tasks and
// workspaces with their models, cut answers) is read from the newest usage events of the range, a bounded number of them.
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs } from '../../domain/budgets.ts';
import { grouped } from '../../domain/grouped.ts';
import type { InsightFacts, UsageSums } from '../../domain/insights.ts';
import type { UsageRow } from '../../protocol/snapshot.ts';
import type { LedgerInsightFacts, LedgerQueries } from './ledgerPort.ts';
import { unpricedSql } from './rollupTable.ts';
import { statement } from './statements.ts';
import { readUsage } from './usageReads.ts';
import { readWaits, type CloseRange } from './waitReads.ts';

/** Usage events that are looked at one by one; on a busy ledger these are fewer than a range has. */
const eventsMax = 50_000;
const tasksMax = 50;
const modelsMax = 50;
const workspacesMax = 200;

/** Reads all facts of a range up to now. @param eventsAtMost usage events that are looked at one by one */
export function readInsightFacts(db: DatabaseSync, { fromMs, beforeMs, workspaceId }: LedgerQueries['insightFacts']['args'], eventsAtMost = eventsMax): LedgerInsightFacts {
  // By whole quarter hours, so that only sums are read.
  const whole = (atMs: number) => Math.floor(atMs / bucketMs) * bucketMs;
  const sinceMs = whole(fromMs);
  const isMeant = ({ key }: UsageRow) => workspaceId === undefined || key === workspaceId;
  const limit = workspaceId === undefined ? { limit: workspacesMax } : {};
  const both = new Map(readUsage(db, { by: 'workspace', sinceMs: whole(beforeMs), ...limit }).map((row) => [row.key, row]));
  const recent = readUsage(db, { by: 'workspace', sinceMs, ...limit });
  const { beganAtMs, range, closeSinceMs } = closeLook(db, sinceMs, eventsAtMost);
  const waits = readWaits(db, range);
  const close = closeSums(db, range);
  const models = modelsOf(close);
  const meant = close.filter((one) => workspaceId === undefined || one.workspaceId === workspaceId);
  return {
    workspaces: recent.filter(isMeant).map((row) => {
      const { cause, ...waited } = waits.get(row.key) ?? { waitedMs: 0, waitingRequests: 0 };
      return {
        workspaceId: row.key, label: row.label, recent: sumsOf(row), before: difference(sumsOf(both.get(row.key) ?? row), sumsOf(row)), models: (models.get(row.key) ?? []).map(({ model, sums }) => ({ model, inputTokens: sums.inputTokens })), ...waited,
        ...(cause ? { cause: { ...cause, workspaceLabel: recent.find((one) => one.key === cause.workspaceId)?.label ?? cause.workspaceId } } : {}),
      };
    }),
    tasks: tasksOf(db, meant),
    // The rollups have one key each, so the models of one workspace are known from its events alone.
    models: workspaceId === undefined ? readUsage(db, { by: 'model', sinceMs, limit: modelsMax }).map((row) => ({ model: row.key, sums: sumsOf(row) })) : (models.get(workspaceId) ?? []).slice(0, modelsMax),
    cut: meant.reduce((all, one) => ({ requests: all.requests + one.cutRequests, costMicroCredits: all.costMicroCredits + one.cutMicroCredits, ofMicroCredits: all.ofMicroCredits + one.sums.costMicroCredits }), { requests: 0, costMicroCredits: 0, ofMicroCredits: 0 }),
    ...(beganAtMs === undefined ? {} : { beganAtMs }), ...(closeSinceMs === undefined ? {} : { closeSinceMs, ...(workspaceId === undefined ? {} : { areModelsClose: true }) }),
  };
}

/** What is looked at by itself, and since when that is where it is not the whole range; and when the ledger's first event was. */
function closeLook(db: DatabaseSync, sinceMs: number, eventsAtMost: number): { readonly range: CloseRange; readonly closeSinceMs?: number; readonly beganAtMs?: number } {
  const last = Number(statement(db, 'SELECT MAX(sequence) AS n FROM usage_events').get()?.['n'] ?? 0);
  const bound = last - eventsAtMost + 1;
  // By the ledger's order, not by time: no more events are passed over than may be looked at.
  const first = statement(db, 'SELECT sequence, at_ms FROM usage_events WHERE sequence >= ? AND +at_ms >= ? ORDER BY sequence LIMIT 1').get(bound, sinceMs);
  const isPart = statement(db, 'SELECT 1 FROM usage_events WHERE at_ms >= ? AND +sequence < ? LIMIT 1').get(sinceMs, bound) !== undefined;
  const newest = () => statement(db, 'SELECT MAX(at_ms) AS at_ms FROM usage_events').get();
  const began = statement(db, 'SELECT at_ms FROM usage_events ORDER BY sequence LIMIT 1').get()?.['at_ms'];
  return {
    range: { from: Number(first?.['sequence'] ?? last + 1), sinceMs },
    ...(isPart ? { closeSinceMs: Number((first ?? newest())?.['at_ms']) } : {}), ...(began === undefined ? {} : { beganAtMs: Number(began) }),
  };
}

function sumsOf({ requests, inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, costMicroCredits, unpriced }: UsageRow): UsageSums {
  return { requests, inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, costMicroCredits, unpriced };
}

function combined(a: UsageSums, b: UsageSums, how: (one: number, other: number) => number): UsageSums {
  const names = Object.keys(a) as (keyof UsageSums)[];
  return Object.fromEntries(names.map((name) => [name, how(a[name], b[name])])) as unknown as UsageSums;
}

const difference = (all: UsageSums, part: UsageSums) => combined(all, part, (one, other) => Math.max(0, one - other));
const added = (a: UsageSums, b: UsageSums) => combined(a, b, (one, other) => one + other);

/** What one task of a workspace used of the model that served. */
interface CloseSums {
  readonly threadId: string | undefined;
  readonly workspaceId: string;
  readonly model: string;
  readonly sums: UsageSums;
  readonly cutRequests: number;
  readonly cutMicroCredits: number;
}

/** Everything of the usage events of a range, read once; the dearest first. */
function closeSums(db: DatabaseSync, { from, sinceMs }: CloseRange): CloseSums[] {
  return statement(db, `SELECT u.thread_id, u.workspace_id, COALESCE(u.model_served, u.model) AS served, COUNT(DISTINCT u.request_id) AS requests,
      SUM(u.input_tokens) AS input, SUM(u.cached_input_tokens) AS cached, SUM(u.cache_write_tokens) AS cache_write, SUM(u.output_tokens) AS output,
      COALESCE(SUM(c.cost), 0) AS cost, SUM(${unpricedSql}) AS unpriced,
      SUM(u.corrects IS NULL AND c.cost > 0 AND u.outcome IN ('aborted', 'broken', 'crashed')) AS cut,
      SUM(CASE WHEN u.corrects IS NULL AND c.cost > 0 AND u.outcome IN ('aborted', 'broken', 'crashed') THEN c.cost ELSE 0 END) AS cut_cost
    FROM usage_events u LEFT JOIN charges c ON c.usage_event_id = u.id WHERE u.sequence >= ? AND +u.at_ms >= ? GROUP BY u.thread_id, u.workspace_id, served ORDER BY cost DESC`).all(from, sinceMs).map((row) => ({
    threadId: row['thread_id'] === null ? undefined : String(row['thread_id']), workspaceId: String(row['workspace_id']), model: String(row['served']),
    sums: {
      requests: Number(row['requests']), inputTokens: Number(row['input']), cachedInputTokens: Number(row['cached']), cacheWriteTokens: Number(row['cache_write']), outputTokens: Number(row['output']),
      costMicroCredits: Number(row['cost']), unpriced: Number(row['unpriced']),
    },
    cutRequests: Number(row['cut'] ?? 0), cutMicroCredits: Number(row['cut_cost']),
  }));
}

/** The tasks that cost most, each with the model that served. */
function tasksOf(db: DatabaseSync, close: readonly CloseSums[]): InsightFacts['tasks'] {
  return close.filter((one) => one.threadId !== undefined).slice(0, tasksMax).map(({ threadId = '', workspaceId, model, sums }) => ({
    threadId, workspaceLabel: String(statement(db, 'SELECT label FROM workspaces WHERE workspace_id = ?').get(workspaceId)?.['label'] ?? workspaceId), model, sums,
  }));
}

/** What each workspace used of each model, those that read most first. */
function modelsOf(close: readonly CloseSums[]): Map<string, { readonly model: string; readonly sums: UsageSums }[]> {
  return new Map([...grouped(close, (one) => one.workspaceId)].map(([workspaceId, own]) => [workspaceId, [...grouped(own, (one) => one.model)]
    .map(([model, parts]) => ({ model, sums: parts.map(({ sums }) => sums).reduce(added) })).filter(({ sums }) => sums.inputTokens > 0).toSorted((a, b) => b.sums.inputTokens - a.sums.inputTokens)]));
}

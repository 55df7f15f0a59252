// Questions that the SQLite ledger answers for the waterfall, the snapshot and reports. Reading
// only; nothing here changes a row.
import type { DatabaseSync } from 'node:sqlite';
import type { Grant, GrantKind } from '../../domain/grants.ts';
import { dayKeyOf } from '../../domain/localDays.ts';
import type { OffsetSpan } from '../../domain/localDays.ts';
import type { AttemptOutcome } from '../../domain/settlement.ts';
import type { EntryView, RequestView, UsageRow } from '../../protocol/snapshot.ts';
import type { BalanceRead, LedgerQueries, Workspace } from './ledgerPort.ts';
import { statement } from './statements.ts';

type Row = Record<string, unknown>;

/** Every grant, in the order of creation. */
export function readGrants(db: DatabaseSync): Grant[] {
  return statement(db, 'SELECT * FROM grants ORDER BY ordinal').all().map((row) => ({
    id: String(row['grant_id']), kind: row['kind'] as GrantKind, amountMicroCredits: Number(row['amount']),
    remainingMicroCredits: Number(row['remaining']), heldMicroCredits: Number(row['held']), priority: Number(row['priority']),
    createdAtMs: Number(row['created_at_ms']), order: Number(row['ordinal']),
    ...(row['expires_at_ms'] === null ? {} : { expiresAtMs: Number(row['expires_at_ms']) }),
    ...(row['note'] === null ? {} : { note: String(row['note']) }),
  }));
}

/** Grants and the answers about purchased credits. */
export function readBalance(db: DatabaseSync): BalanceRead {
  const consents = statement(db, 'SELECT DISTINCT scope, workspace_id FROM consents').all();
  return {
    grants: readGrants(db),
    consentEverywhere: consents.some((row) => row['scope'] === 'everywhere'),
    consentWorkspaces: consents.filter((row) => row['scope'] === 'workspace').map((row) => String(row['workspace_id'])),
  };
}

/** Every registered workspace. */
export function readWorkspaces(db: DatabaseSync): Workspace[] {
  return statement(db, 'SELECT * FROM workspaces ORDER BY created_at_ms').all().map((row) => ({
    workspaceId: String(row['workspace_id']), path: String(row['path']), label: String(row['label']), tokenHash: String(row['token_hash']),
  }));
}

/** The grouping expression of each report; fixed texts, nothing from outside gets into the SQL. */
const groupings = {
  day: 'CAST((u.at_ms + s.offset_ms) / 86400000 AS INTEGER)',
  model: 'COALESCE(u.model_served, u.model)',
  workspace: 'u.workspace_id',
  client: 'u.client',
  thread: `COALESCE(u.thread_id, '')`,
} as const;

/** The distances to UTC as a table, so that each event is counted to the local day of its own time. */
const spansTable = `WITH s AS MATERIALIZED (SELECT value ->> 'fromMs' AS from_ms, value ->> 'untilMs' AS until_ms, value ->> 'offsetMs' AS offset_ms FROM json_each(?2))`;
const utcOnly: readonly OffsetSpan[] = [{ fromMs: -8_640_000_000_000_000, untilMs: 8_640_000_000_000_000, offsetMs: 0 }];

/** Usage summed by a key; the attempts that the upstream never saw count as requests of zero tokens. */
export function readUsage(db: DatabaseSync, args: LedgerQueries['usage']['args']): UsageRow[] {
  const key = groupings[args.by];
  const byDay = args.by === 'day';
  const rows = statement(db, `${byDay ? spansTable : ''} SELECT ${key} AS key, COUNT(DISTINCT u.request_id) AS requests, SUM(u.input_tokens) AS input, SUM(u.cached_input_tokens) AS cached,
    SUM(u.cache_write_tokens) AS cache_write, SUM(u.output_tokens) AS output, SUM(u.reasoning_tokens) AS reasoning, COALESCE(SUM(c.cost), 0) AS cost,
    SUM(CASE WHEN c.id IS NOT NULL AND u.measured = 0 THEN 1 ELSE 0 END) AS estimated,
    SUM(CASE WHEN c.id IS NULL AND u.input_tokens + u.output_tokens > 0 THEN 1 ELSE 0 END) AS unpriced, MAX(w.label) AS label
    FROM usage_events u LEFT JOIN charges c ON c.usage_event_id = u.id LEFT JOIN workspaces w ON w.workspace_id = u.workspace_id
    ${byDay ? 'JOIN s ON u.at_ms >= s.from_ms AND u.at_ms < s.until_ms' : ''} WHERE u.at_ms >= ?1 GROUP BY 1 ORDER BY ${byDay ? '1' : 'cost DESC, 1'}`)
    .all(args.sinceMs ?? 0, ...(byDay ? [JSON.stringify(args.utcOffsets ?? utcOnly)] : []));
  return rows.map((row) => {
    const text = byDay ? dayKeyOf(Number(row['key'])) : String(row['key']);
    return {
      key: text, label: args.by === 'workspace' && row['label'] !== null ? String(row['label']) : text || 'no thread', requests: Number(row['requests']),
      inputTokens: Number(row['input']), cachedInputTokens: Number(row['cached']), cacheWriteTokens: Number(row['cache_write']),
      outputTokens: Number(row['output']), reasoningTokens: Number(row['reasoning']), costMicroCredits: Number(row['cost']),
      estimated: Number(row['estimated']), unpriced: Number(row['unpriced']),
    };
  });
}

/** The newest finished attempts. */
export function readRecent(db: DatabaseSync, limit: number): RequestView[] {
  return statement(db, `SELECT u.*, c.cost, w.label FROM usage_events u LEFT JOIN charges c ON c.usage_event_id = u.id
    LEFT JOIN workspaces w ON w.workspace_id = u.workspace_id ORDER BY u.sequence DESC LIMIT ?`).all(limit).map((row: Row) => ({
    requestId: String(row['request_id']), atMs: Number(row['at_ms']), workspaceId: String(row['workspace_id']),
    workspaceLabel: String(row['label'] ?? row['workspace_id']), client: String(row['client']),
    ...(row['thread_id'] === null ? {} : { threadId: String(row['thread_id']) }),
    model: String(row['model_served'] ?? row['model']), outcome: row['outcome'] as AttemptOutcome, measured: row['measured'] === 1,
    durationMs: Number(row['duration_ms']), waitedMs: Number(row['waited_ms']), ...tokensOf(row),
    ...(row['cost'] === null ? {} : { costMicroCredits: Number(row['cost']) }),
    ...(row['free_reason'] === null ? {} : { freeReason: String(row['free_reason']) }),
  }));
}

/** The five token counts of a usage event's row. */
export function tokensOf(row: Row) {
  return {
    inputTokens: Number(row['input_tokens']), cachedInputTokens: Number(row['cached_input_tokens']), cacheWriteTokens: Number(row['cache_write_tokens']),
    outputTokens: Number(row['output_tokens']), reasoningTokens: Number(row['reasoning_tokens']),
  };
}

const entryColumns = `SELECT e.*, h.request_id FROM entries e LEFT JOIN holds h USING (attempt_id)`;

/** The newest balance entries, newest first. */
export function readEntries(db: DatabaseSync, limit: number): EntryView[] {
  return statement(db, `${entryColumns} ORDER BY e.sequence DESC LIMIT ?`).all(limit).map(entryView);
}

/** The entries of one request, in order. */
export function readRequestEntries(db: DatabaseSync, requestId: string): EntryView[] {
  return statement(db, `${entryColumns} WHERE h.request_id = ? ORDER BY e.sequence`).all(requestId).map(entryView);
}

function entryView(row: Row): EntryView {
  return {
    sequence: Number(row['sequence']), atMs: Number(row['at_ms']), kind: row['kind'] as EntryView['kind'], grantId: String(row['grant_id']),
    ...(row['request_id'] === null ? {} : { requestId: String(row['request_id']) }),
    amountMicroCredits: Number(row['amount']), heldDeltaMicroCredits: Number(row['held_delta']), balanceAfterMicroCredits: Number(row['balance_after']),
  };
}

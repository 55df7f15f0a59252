// The rows of a ledger as plain objects, for the parts of the check that replay them. Read as they are
// written; nothing is believed.
import type { DatabaseSync } from 'node:sqlite';

/** A price as it is written with holds, charges and directives. */
export interface WrittenPrice {
  readonly version: string;
  readonly rates: Readonly<Record<string, number>>;
  readonly long?: { readonly aboveInputTokens: number; readonly rates: Readonly<Record<string, number>> };
  readonly fast?: { readonly numerator: number; readonly denominator: number };
}

/** A budget's part in a decision, as it is written. */
export interface WrittenVerdict {
  readonly budgetId: string; readonly key: string; readonly unit: string; readonly mode: string;
  readonly limit: number; readonly used: number; readonly reserved: number; readonly wanted: number; readonly verdict: string; readonly endsAtMs?: number; readonly allowed?: number;
}

/** A decision with its request, and its place among all decisions. */
export interface WrittenDecision {
  readonly place: number; readonly attemptId: string; readonly requestId: string; readonly atMs: number;
  readonly workspaceId: string; readonly client: string; readonly threadId: string | null; readonly model: string;
  readonly record: { readonly outcome: string; readonly code?: string; readonly answered?: unknown; readonly fallback?: unknown; readonly budgets?: readonly WrittenVerdict[] };
}

/** A hold; `isTracked` where its cost is drawn, `isOfFirstVersion` where the file kept no more of it. */
export interface WrittenHold { readonly attemptId: string; readonly isTracked: boolean; readonly amount: number; readonly estimate: number | null; readonly tokens: number; readonly isOfFirstVersion: boolean }

/** Tokens of a usage event, by kind. */
export interface WrittenTokens { readonly input: number; readonly cachedInput: number; readonly cacheWrite: number; readonly output: number; readonly reasoning: number }

/** A usage event. */
export interface WrittenEvent {
  readonly sequence: number; readonly id: string; readonly attemptId: string; readonly requestId: string; readonly atMs: number; readonly workspaceId: string; readonly client: string;
  readonly threadId: string | null; readonly model: string; readonly tier: string; readonly outcome: string; readonly isMeasured: boolean; readonly corrects: string | null; readonly tokens: WrittenTokens;
}

/** A charge. */
export interface WrittenCharge {
  readonly sequence: number; readonly id: string; readonly usageEventId: string; readonly attemptId: string; readonly cost: number; readonly drawn: number; readonly uncovered: number;
  readonly tier: string; readonly price: WrittenPrice; readonly terms: string; readonly basis: string; readonly corrects: string | null;
}

/** A balance entry. */
export interface WrittenEntry {
  readonly sequence: number; readonly id: string; readonly atMs: number; readonly account: string; readonly kind: string; readonly grantId: string | null; readonly attemptId: string | null;
  readonly chargeId: string | null; readonly amount: number; readonly heldDelta: number; readonly corrects: string | null;
}

/** A grant's terms. */
export interface WrittenGrant {
  readonly id: string; readonly key: string; readonly content: string; readonly kind: string; readonly amount: number; readonly priority: number; readonly createdAtMs: number; readonly ordinal: number;
  readonly startsAtMs: number | null; readonly expiresAtMs: number | null; readonly models: readonly string[] | null; readonly workspaces: readonly string[] | null; readonly allowanceId: string | null; readonly note: string | null;
}

/** A directive with its content. */
export interface WrittenDirective { readonly sequence: number; readonly id: string; readonly atMs: number; readonly kind: string; readonly subject: string; readonly content: Readonly<Record<string, unknown>> }

/** All rows, in their order. */
export interface LedgerTables {
  readonly decisions: readonly WrittenDecision[];
  readonly holds: ReadonlyMap<string, WrittenHold>;
  readonly events: readonly WrittenEvent[];
  readonly charges: readonly WrittenCharge[];
  readonly entries: readonly WrittenEntry[];
  readonly grants: ReadonlyMap<string, WrittenGrant>;
  readonly directives: readonly WrittenDirective[];
  /** The last rows that an older version booked, by rules that differed in a few points. */
  readonly olderUntil: { readonly entries: number; readonly charges: number; readonly directives: number };
}

/** Reads a ledger. @throws what SQLite or JSON say of rows that are none */
export function readTables(db: DatabaseSync): LedgerTables {
  const rows = <Row>(sql: string) => db.prepare(sql).all() as Row[];
  const decisions = rows<Omit<WrittenDecision, 'place' | 'record'> & { readonly record: string }>(`SELECT d.attempt_id AS attemptId, d.request_id AS requestId, d.at_ms AS atMs, r.workspace_id AS workspaceId, r.client, r.thread_id AS threadId, r.model, d.record
    FROM decisions d JOIN requests r USING (request_id) ORDER BY d.rowid`);
  const holds = rows<Omit<WrittenHold, 'isOfFirstVersion' | 'isTracked'> & { readonly likely: number | null; readonly tracked: number }>(`SELECT attempt_id AS attemptId, amount, estimate, estimated_input + estimated_output AS tokens, likely_output AS likely,
    h.amount > 0 OR COALESCE(d.record ->> 'tracked', 0) AS tracked FROM holds h LEFT JOIN decisions d USING (attempt_id)`);
  const events = rows<Omit<WrittenEvent, 'tokens' | 'isMeasured'> & WrittenTokens & { readonly measured: number }>(`SELECT sequence, id, attempt_id AS attemptId, request_id AS requestId, at_ms AS atMs, workspace_id AS workspaceId, client, thread_id AS threadId, model, tier, outcome, measured, corrects,
    input_tokens AS input, cached_input_tokens AS cachedInput, cache_write_tokens AS cacheWrite, output_tokens AS output, reasoning_tokens AS reasoning FROM usage_events ORDER BY sequence`);
  const charges = rows<Omit<WrittenCharge, 'price'> & { readonly price: string }>('SELECT sequence, id, usage_event_id AS usageEventId, attempt_id AS attemptId, cost, drawn, uncovered, tier, price, terms, basis, corrects FROM charges ORDER BY sequence');
  const grants = rows<Omit<WrittenGrant, 'models' | 'workspaces'> & { readonly models: string | null; readonly workspaces: string | null }>(`SELECT grant_id AS id, key, content, kind, amount, priority, created_at_ms AS createdAtMs, ordinal,
    starts_at_ms AS startsAtMs, expires_at_ms AS expiresAtMs, models, workspaces, allowance_id AS allowanceId, note FROM grants ORDER BY ordinal`);
  const [older] = rows<{ readonly value: string }>(`SELECT value FROM meta WHERE name = 'older_rules_until'`);
  return {
    olderUntil: older ? JSON.parse(older.value) as LedgerTables['olderUntil'] : { entries: 0, charges: 0, directives: 0 },
    decisions: decisions.map((row, place) => ({ ...row, place, record: JSON.parse(row.record) as WrittenDecision['record'] })),
    holds: new Map(holds.map(({ likely, tracked, ...row }) => [row.attemptId, { ...row, isTracked: tracked === 1, isOfFirstVersion: likely === null }])),
    events: events.map(({ measured, input, cachedInput, cacheWrite, output, reasoning, ...row }) => ({ ...row, isMeasured: measured === 1, tokens: { input, cachedInput, cacheWrite, output, reasoning } })),
    charges: charges.map((row) => ({ ...row, price: JSON.parse(row.price) as WrittenPrice })),
    entries: rows<WrittenEntry>('SELECT sequence, id, at_ms AS atMs, account, kind, grant_id AS grantId, attempt_id AS attemptId, charge_id AS chargeId, amount, held_delta AS heldDelta, corrects FROM entries ORDER BY sequence'),
    grants: new Map(grants.map((row) => [row.id, { ...row, models: listOf(row.models), workspaces: listOf(row.workspaces) }])),
    directives: rows<Omit<WrittenDirective, 'content'> & { readonly content: string }>('SELECT sequence, id, at_ms AS atMs, kind, subject, content FROM directives ORDER BY sequence')
      .map((row) => ({ ...row, content: JSON.parse(row.content) as WrittenDirective['content'] })),
  };
}

function listOf(text: string | null): readonly string[] | null {
  return text === null ? null : JSON.parse(text) as readonly string[];
}

/** Rows by a key, in their order. */
export function groupedBy<Row, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}

// Tells one request's whole story from the rows: its decision layer by layer, its attempts, the
// charge with its formula, and the entries that moved credits. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import { formulaText } from '../../domain/pricing.ts';
import type { ChargeTerm } from '../../domain/pricing.ts';
import type { AttemptOutcome } from '../../domain/settlement.ts';
import type { DecisionRecord } from '../../domain/decisionRecord.ts';
import type { AttemptView, ChargeView, CorrectionView, ExplainResult } from '../../protocol/control.ts';
import { readRequestEntries, tokensOf } from './ledgerReads.ts';
import { storyOf } from '../../protocol/requestStory.ts';
import { statement } from './statements.ts';

type Row = Record<string, unknown>;

/** Explains a request by its id or by the id of one of its attempts; null when there is none. */
export function explainRequest(db: DatabaseSync, id: string): ExplainResult | null {
  const request = statement(db, `SELECT r.*, w.label FROM requests r LEFT JOIN workspaces w USING (workspace_id)
    WHERE r.request_id = COALESCE((SELECT request_id FROM decisions WHERE attempt_id = ?1), ?1)`).get(id);
  if (!request) return null;
  const requestId = String(request['request_id']);
  const rows = statement(db, `SELECT u.*, d.attempt_id AS attempt_id, d.number, d.at_ms AS decided_at_ms, d.waited_ms AS decided_waited_ms, d.record,
    c.id AS charge_id, c.cost, c.drawn, c.uncovered, c.price_version, c.terms, c.tier AS charge_tier, c.price
    , (SELECT -SUM(amount) FROM entries e WHERE e.attempt_id = d.attempt_id AND e.account = 'exposure') AS exposure
    FROM decisions d LEFT JOIN usage_events u ON u.attempt_id = d.attempt_id AND u.corrects IS NULL LEFT JOIN charges c ON c.attempt_id = d.attempt_id AND c.corrects IS NULL
    WHERE d.request_id = ? ORDER BY d.number`).all(requestId);
  const last = rows.at(-1);
  if (!last) return null;
  const decision = JSON.parse(String(last['record'])) as DecisionRecord;
  const attempts = rows.map(attemptView);
  const charge = last['charge_id'] === null ? null : chargeView(last);
  const result = {
    id: requestId, receivedAtMs: Number(request['received_at_ms']), workspaceId: String(request['workspace_id']),
    workspaceLabel: String(request['label'] ?? request['workspace_id']), client: String(request['client']),
    ...(request['thread_id'] === null ? {} : { threadId: String(request['thread_id']) }),
    ...named('branch', request), ...named('command', request), ...named('file', request),
    model: String(request['model']), waitedMs: Number(last['decided_waited_ms']), decision, attempts, charge,
    corrections: readCorrections(db, requestId), entries: readRequestEntries(db, requestId),
  };
  const notice = last['notice'] === null ? null : String(last['notice']);
  return { ...result, notice, story: storyOf(result, notice ?? undefined) };
}

/** What is known of a request, by its column's name. */
function named<K extends 'branch' | 'command' | 'file'>(column: K, row: Row): { readonly [P in K]?: string } {
  return (row[column] === null ? {} : { [column]: String(row[column]) }) as { readonly [P in K]?: string };
}

function attemptView(row: Row): AttemptView {
  const view = { attemptId: String(row['attempt_id'] ?? ''), number: Number(row['number']), startedAtMs: Number(row['decided_at_ms']) };
  if (row['outcome'] === null) return view;
  return {
    ...view, outcome: row['outcome'] as AttemptOutcome, measured: row['measured'] === 1, usage: tokensOf(row),
    ...(row['status'] === null ? {} : { status: Number(row['status']) }),
    ...(row['upstream_request_id'] === null ? {} : { upstreamRequestId: String(row['upstream_request_id']) }),
    ...(row['free_reason'] === null ? {} : { freeReason: String(row['free_reason']) }),
    ...(row['exposure'] === null ? {} : { exposureMicroCredits: Number(row['exposure']) }),
  };
}

/** The late corrections of a request, in order. */
function readCorrections(db: DatabaseSync, requestId: string): CorrectionView[] {
  return statement(db, `SELECT u.at_ms, u.attempt_id, u.notice, c.basis, c.cost, c.drawn FROM usage_events u JOIN charges c ON c.usage_event_id = u.id
    WHERE u.request_id = ? AND u.corrects IS NOT NULL ORDER BY u.sequence`).all(requestId).map((row) => ({
    atMs: Number(row['at_ms']), attemptId: String(row['attempt_id']), basis: row['basis'] as CorrectionView['basis'],
    costMicroCredits: Number(row['cost']), drawnMicroCredits: Number(row['drawn']), reason: String(row['notice'] ?? ''),
  }));
}

function chargeView(row: Row): ChargeView {
  const terms = JSON.parse(String(row['terms'])) as ChargeTerm[];
  const costMicroCredits = Number(row['cost']);
  return {
    chargeId: String(row['charge_id']), costMicroCredits, model: (JSON.parse(String(row['price'])) as { model: string }).model,
    priceVersion: String(row['price_version']), tier: String(row['charge_tier']), terms, formula: formulaText(terms, costMicroCredits),
    drawnMicroCredits: Number(row['drawn']), uncoveredMicroCredits: Number(row['uncovered']),
  };
}

// The holds that a broker left open because their responses go on in the background at the upstream. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import type { ModelPrice, PriceTier } from '../../domain/pricing.ts';
import type { OpenBackground } from './ledgerPort.ts';
import { statement } from './statements.ts';

/** Reads them in the order in which they were opened. Only those whose response is known can be asked for. */
export function readOpenBackground(db: DatabaseSync): readonly OpenBackground[] {
  return statement(db, `SELECT h.*, d.waited_ms, b.response_id, r.received_at_ms, r.client, r.thread_id, r.model, r.request_kind, r.stream, COALESCE(w.label, h.workspace_id) AS label
    FROM holds h JOIN decisions d USING (attempt_id) JOIN begun b USING (attempt_id) JOIN requests r ON r.request_id = h.request_id LEFT JOIN workspaces w ON w.workspace_id = h.workspace_id
    WHERE h.state = 'open' AND r.request_kind = 'background' AND b.response_id IS NOT NULL ORDER BY +h.rowid`).all().map((row) => ({
    attemptId: String(row['attempt_id']), number: Number(row['number']), waitedMs: Number(row['waited_ms']), openedAtMs: Number(row['opened_at_ms']),
    responseId: String(row['response_id']), workspaceLabel: String(row['label']), holdMicroCredits: Number(row['amount']), tier: row['tier'] as PriceTier,
    facts: {
      requestId: String(row['request_id']), receivedAtMs: Number(row['received_at_ms']), workspaceId: String(row['workspace_id']), client: String(row['client']),
      model: String(row['model']), stream: row['stream'] === 1, requestKind: String(row['request_kind']), ...(row['thread_id'] === null ? {} : { threadId: String(row['thread_id']) }),
    },
    estimatedInputTokens: Number(row['estimated_input']), estimatedOutputTokens: Number(row['estimated_output']),
    ...(row['price'] === null ? {} : { price: JSON.parse(String(row['price'])) as ModelPrice }), ...(row['basis'] === null ? {} : { basis: String(row['basis']) }),
  }));
}

// Tells one request's whole story from the rows: its decision layer by layer, its attempts, the
// charge with its formula, and the entries that moved credits. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import { formulaText } from '../../domain/pricing.ts';
import type { ChargeTerm } from '../../domain/pricing.ts';
import type { AttemptOutcome } from '../../domain/settlement.ts';
import type { DecisionRecord } from '../../domain/waterfall.ts';
import { formatCredits, formatTokens, formatUsd } from '../../domain/units.ts';
import { clientName } from '../../protocol/clientName.ts';
import type { AttemptView, ChargeView, ExplainResult } from '../../protocol/control.ts';
import { readRequestEntries, tokensOf } from './ledgerReads.ts';
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
    FROM decisions d LEFT JOIN usage_events u ON u.attempt_id = d.attempt_id LEFT JOIN charges c ON c.attempt_id = d.attempt_id
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
    model: String(request['model']), waitedMs: Number(last['decided_waited_ms']), decision, attempts, charge, entries: readRequestEntries(db, requestId),
  };
  return { ...result, story: storyOf(result, last) };
}

function attemptView(row: Row): AttemptView {
  const view = { attemptId: String(row['attempt_id'] ?? ''), number: Number(row['number']), startedAtMs: Number(row['decided_at_ms']) };
  if (row['outcome'] === null) return view;
  return {
    ...view, outcome: row['outcome'] as AttemptOutcome, measured: row['measured'] === 1, usage: tokensOf(row),
    ...(row['status'] === null ? {} : { status: Number(row['status']) }),
    ...(row['upstream_request_id'] === null ? {} : { upstreamRequestId: String(row['upstream_request_id']) }),
    ...(row['free_reason'] === null ? {} : { freeReason: String(row['free_reason']) }),
  };
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

/** The story as sentences, in the order in which things happened. */
function storyOf(result: Omit<ExplainResult, 'story'>, last: Row): string[] {
  const { decision, charge } = result;
  const story = [`${clientName(result.client)} in workspace ${result.workspaceLabel} asked for ${result.model}.`];
  if (result.waitedMs > 0) story.push(`It waited ${(result.waitedMs / 1000).toFixed(1)} s in line before it was sent.`);
  for (const layer of decision.layers) story.push(`${layer.layer[0]?.toUpperCase()}${layer.layer.slice(1)}: ${layer.because}`);
  if (decision.outcome === 'refuse') {
    story.push(`It was refused (${decision.code ?? 'no code'}); nothing was sent and nothing was charged.`, ...(decision.remedy ? [decision.remedy] : []));
    return story;
  }
  if (decision.holdMicroCredits > 0) story.push(`${formatCredits(decision.holdMicroCredits, 6)} credits were reserved before it was sent.`);
  if (result.attempts.length > 1) story.push(`The upstream turned it away ${result.attempts.length - 1} time${result.attempts.length === 2 ? '' : 's'} for its rate limit; the broker waited and sent it again.`);
  const attempt = result.attempts.at(-1);
  if (!attempt?.outcome) return [...story, 'It is still running.'];
  const usage = attempt.usage;
  story.push(`It ended as ${attempt.outcome}${usage ? `: ${formatTokens(usage.inputTokens)} tokens in (${formatTokens(usage.cachedInputTokens)} cached), ${formatTokens(usage.outputTokens)} out (${formatTokens(usage.reasoningTokens)} reasoning), ${attempt.measured ? 'as the upstream reported' : 'estimated'}` : ''}.`);
  if (last['notice']) story.push(String(last['notice']));
  if (attempt.freeReason) story.push(`It cost nothing: ${attempt.freeReason}`);
  if (charge) {
    story.push(`It cost ${formatCredits(charge.costMicroCredits, 6)} credits (${formatUsd(charge.costMicroCredits, 4)}) at the price "${charge.priceVersion}": ${charge.formula}.`);
    story.push(decision.holdMicroCredits > 0
      ? `${formatCredits(charge.drawnMicroCredits, 6)} credits were drawn; ${formatCredits(Math.max(0, decision.holdMicroCredits - charge.drawnMicroCredits), 6)} of the reservation came back.`
      : 'Nothing was drawn, because the balance was not tracked.');
    if (charge.uncoveredMicroCredits > 0) story.push(`${formatCredits(charge.uncoveredMicroCredits, 6)} credits of it no grant covered; they are booked here and were not taken.`);
  } else if (!attempt.freeReason) {
    story.push('It has no price, so it is counted as unpriced and drew nothing.');
  }
  return story;
}

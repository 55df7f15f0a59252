// Ending attempts on the rows of the ledger: usage event, charge, entries, hold, in one go; and what a crash
// left open. Each function runs inside a transaction that the caller opened; no rule is written here twice.
import type { DatabaseSync } from 'node:sqlite';
import { consentFor } from '../../domain/consent.ts';
import { planPosting } from '../../domain/grants.ts';
import type { Grant, Posting } from '../../domain/grants.ts';
import { chargeFor } from '../../domain/pricing.ts';
import type { PriceTier } from '../../domain/pricing.ts';
import { settle as applyPolicy } from '../../domain/settlement.ts';
import { isPlausible } from '../../domain/tokenUsage.ts';
import { readDirectives } from './directiveTable.ts';
import { readGrant } from './grantReads.ts';
import type { HeldAttempt } from './heldAttempts.ts';
import type { LedgerChains } from './ledgerChains.ts';
import type { BeginCommand, LedgerCommandResults, RecoverCommand, SettleCommand, SettleResult } from './ledgerCommands.ts';
import { oweDrawn } from './owedWrites.ts';
import { addToRollups } from './rollupTable.ts';
import { statement } from './statements.ts';
import { endGrant, isOver } from './upkeep.ts';

/** Notes that the upstream began to answer. */
export function begin(db: DatabaseSync, command: BeginCommand): LedgerCommandResults['begin'] {
  const result = statement(db, 'INSERT OR IGNORE INTO begun (attempt_id, at_ms, response_id) VALUES (?,?,?)').run(command.attemptId, command.atMs, command.responseId ?? null);
  return { exists: result.changes === 0 };
}

/** Ends an attempt. One that has ended before stays as it is. @throws Error when it has no hold, or for usage that cannot be true */
export function settle(db: DatabaseSync, chains: LedgerChains, command: SettleCommand): SettleResult {
  const { attemptId, atMs, usage } = command;
  const hold = chains.held.find(db, attemptId);
  if (!hold) throw new Error(`attempt ${attemptId} has no hold to settle`);
  if (hold.state !== 'open') {
    const charge = statement(db, 'SELECT cost, drawn FROM charges WHERE attempt_id = ? AND corrects IS NULL').get(attemptId);
    return { exists: true, ...(charge ? { costMicroCredits: Number(charge['cost']) } : {}), drawnMicroCredits: Number(charge?.['drawn'] ?? 0) };
  }
  // One such row would spoil every sum of usage for good.
  if (!isPlausible(command.usage)) throw new Error(`the usage of attempt ${attemptId} cannot be true`);
  const event = {
    id: `use_${attemptId}`, attemptId, requestId: hold.requestId, atMs, workspaceId: hold.workspaceId, client: hold.client,
    threadId: hold.threadId, model: hold.model, modelServed: command.modelServed ?? null, tier: command.tier,
    outcome: command.outcome, status: command.status ?? null, measured: command.measured, freeReason: command.freeReason ?? null,
    inputTokens: usage.inputTokens, cachedInputTokens: usage.cachedInputTokens, cacheWriteTokens: usage.cacheWriteTokens, outputTokens: usage.outputTokens, reasoningTokens: usage.reasoningTokens,
    waitedMs: command.waitedMs, firstByteMs: command.firstByteMs ?? null, durationMs: command.durationMs,
    upstreamRequestId: command.upstreamRequestId ?? null, responseId: command.responseId ?? null, notice: command.notice ?? null, termsHash: hold.termsHash, corrects: null,
  };
  chains.usageEvent(event);
  const price = command.servedPrice ?? hold.price;
  const charge = command.chargeable && price ? chargeFor(command.usage, price, command.tier) : undefined;
  const use = { nowMs: atMs, model: hold.model, workspaceId: hold.workspaceId };
  // Only what the upstream reported may draw beyond the hold; an estimate never does.
  const overageFrom = command.measured && charge && charge.costMicroCredits > heldOf(hold) ? permittedGrants(db, chains, hold) : [];
  const plan = planPosting(hold, charge?.costMicroCredits ?? 0, overageFrom, use);
  const chargeId = charge ? `chg_${attemptId}` : null;
  if (charge && price && chargeId !== null) {
    chains.charge({
      id: chargeId, usageEventId: event.id, attemptId, atMs, costMicroCredits: charge.costMicroCredits, drawnMicroCredits: plan.drawnMicroCredits,
      uncoveredMicroCredits: plan.uncoveredMicroCredits, tier: charge.tier, priceVersion: price.version, price, terms: charge.terms, basis: 'usage', corrects: null,
    });
  }
  for (const posting of plan.postings) {
    chains.entry({
      id: `${posting.kind}_${attemptId}_${posting.grantId}`, atMs, kind: posting.kind, grantId: posting.grantId, attemptId, chargeId,
      amountMicroCredits: -posting.microCredits, heldDeltaMicroCredits: -posting.releasedHoldMicroCredits,
    });
  }
  if (chargeId !== null && plan.uncoveredMicroCredits > 0) bookOvershoot(chains, { attemptId, chargeId, atMs, microCredits: plan.uncoveredMicroCredits });
  const exposed = command.exposed === true ? hold.estimateMicroCredits ?? 0 : 0;
  if (exposed > 0) chains.entry({ id: `post_${attemptId}_exposure`, atMs, account: 'exposure', kind: 'post', attemptId, amountMicroCredits: -exposed });
  statement(db, 'UPDATE holds SET state = ? WHERE attempt_id = ?').run(charge ? 'posted' : 'voided', attemptId);
  chains.held.forget(attemptId);
  addToRollups(db, chains, event, {
    origin: hold.origin, ...(charge ? { costMicroCredits: charge.costMicroCredits } : {}),
    estimate: { inputTokens: hold.estimatedInputTokens, outputTokens: hold.likelyOutputTokens, microCredits: hold.estimateMicroCredits },
  }, hold.isOnly);
  endTakenBack(db, chains, plan.postings, command);
  return { exists: false, ...(charge ? { costMicroCredits: charge.costMicroCredits } : {}), drawnMicroCredits: plan.drawnMicroCredits };
}

function heldOf(hold: HeldAttempt): number {
  return hold.slices.reduce((sum, slice) => sum + slice.microCredits, 0);
}

/** What no credits covered is booked on an account of its own and given back by rule in the same breath: never taken, never hidden. */
export function bookOvershoot(chains: LedgerChains, over: { readonly attemptId: string; readonly chargeId: string; readonly atMs: number; readonly microCredits: number; readonly mark?: string }): void {
  const { attemptId, chargeId, atMs, microCredits, mark = '' } = over;
  const id = `overage_${attemptId}${mark}_overshoot`;
  chains.entry({ id, atMs, account: 'overshoot', kind: 'overage', attemptId, chargeId, amountMicroCredits: -microCredits });
  chains.entry({ id: `refund_${attemptId}${mark}_overshoot`, atMs, account: 'overshoot', kind: 'refund', attemptId, chargeId, amountMicroCredits: microCredits, corrects: id });
}

/** A grant that was taken back loses what a hold gave back at once; what the hold drew of a disputed one is owed. */
function endTakenBack(db: DatabaseSync, chains: LedgerChains, drawn: readonly Posting[], attempt: { readonly attemptId: string; readonly atMs: number }): void {
  const { attemptId, atMs } = attempt;
  for (const { grantId, microCredits } of drawn) {
    const grant = chains.credits().grants.find((one) => one.id === grantId) ?? readGrant(db, grantId);
    if (grant?.voided === undefined) continue;
    if (grant.voided === 'disputed') oweDrawn(chains, { attemptId, atMs, grantId, microCredits });
    if (isOver(grant, atMs)) endGrant(db, chains, grant, atMs);
  }
}

/**
 * The grants that a cost above the hold may be drawn from. Purchased credits only where the hold drew
 * on them or permission stands: an estimate that was too low is no permission.
 */
export function permittedGrants(db: DatabaseSync, chains: LedgerChains, hold: HeldAttempt): Grant[] {
  const { consents } = readDirectives(db, chains);
  const subject = { requestId: hold.requestId, workspaceId: hold.workspaceId, ...(hold.threadId === null ? {} : { threadId: hold.threadId }) };
  const permitted = consentFor(consents, subject).answer === 'allow' || hold.slices.some((slice) => slice.kind === 'purchased');
  return chains.credits().grants.filter((one) => one.kind !== 'purchased' || permitted);
}

/** Resolves open holds by policy P. */
export function recover(db: DatabaseSync, chains: LedgerChains, command: RecoverCommand): LedgerCommandResults['recover'] {
  // The plus lets SQLite find the open ones by their index and sort those, instead of going through all holds in order.
  const keep = new Set(command.keep);
  const open = statement(db, `SELECT h.attempt_id, h.opened_at_ms, h.tier, h.estimated_input, h.estimated_output, b.attempt_id IS NOT NULL AS begun, b.response_id, d.waited_ms, d.record ->> '$.coveredBy' AS covered_by
    FROM holds h JOIN decisions d USING (attempt_id) LEFT JOIN begun b USING (attempt_id) WHERE h.state = 'open' ORDER BY +h.rowid`).all()
    .filter((row) => !keep.has(String(row['attempt_id'])));
  for (const row of open) {
    const booked = applyPolicy({
      ending: 'broker-crashed', begun: row['begun'] === 1, outputChars: 0,
      estimatedInputTokens: Number(row['estimated_input']), estimatedOutputTokens: Number(row['estimated_output']),
      ...(row['covered_by'] === null ? {} : { isCovered: true }),
    });
    settle(db, chains, {
      type: 'settle', attemptId: String(row['attempt_id']), atMs: command.atMs, outcome: booked.outcome, usage: booked.usage, measured: booked.measured,
      chargeable: booked.charge !== undefined, tier: row['tier'] as PriceTier, waitedMs: Number(row['waited_ms']),
      durationMs: Math.max(0, command.atMs - Number(row['opened_at_ms'])),
      ...(booked.freeReason === undefined ? {} : { freeReason: booked.freeReason }),
      ...(booked.notice === undefined ? {} : { notice: booked.notice }), ...(booked.exposed ? { exposed: true } : {}),
      ...(row['response_id'] === null ? {} : { responseId: String(row['response_id']) }),
    });
  }
  return { resolved: open.length };
}

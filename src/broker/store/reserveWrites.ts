// Deciding an attempt on the rows of the ledger, and reserving its hold. What the waterfall needs is read
// here, once for a real request and for one that is only asked about; the rules are the domain's.
import type { DatabaseSync } from 'node:sqlite';
import type { AutoTopUp } from '../../domain/autoTopUp.ts';
import { consentFor } from '../../domain/consent.ts';
import type { DecisionRecord } from '../../domain/decisionRecord.ts';
import type { DirectiveState } from '../../domain/directives.ts';
import type { DecisionRow, HoldRow, RequestOrigin } from '../../domain/ledgerRows.ts';
import type { ModelPrice } from '../../domain/pricing.ts';
import { attemptTermsText } from '../../domain/rowTexts.ts';
import { noTokens } from '../../domain/tokenUsage.ts';
import type { UnpricedRule, WaterfallInput } from '../../domain/walk.ts';
import { decideToppedUp } from '../../domain/toppedUpDecision.ts';
import { decide } from '../../domain/waterfall.ts';
import { addGrants, offerOf } from './autoTopUps.ts';
import { readBudgetUses } from './budgetReads.ts';
import { notePrice, readDirectives } from './directiveTable.ts';
import type { LedgerChains } from './ledgerChains.ts';
import type { DecideFacts, LedgerCommandResults, RequestFacts, ReserveCommand } from './ledgerCommands.ts';
import { addToRollups } from './rollupTable.ts';
import { statement } from './statements.ts';
import { doUpkeep } from './upkeep.ts';

/** The price that an attempt is held and charged by: the model's own, or the ceiling where the policy says so. */
function pricedBy(facts: DecideFacts, rule: UnpricedRule): { readonly price?: ModelPrice; readonly estimateMicroCredits?: number } {
  if (facts.plan) return facts.price ? { price: facts.price } : {};
  if (facts.estimateMicroCredits !== undefined || rule !== 'ceiling' || !facts.ceiling) {
    return { ...(facts.price ? { price: facts.price } : {}), ...(facts.estimateMicroCredits === undefined ? {} : { estimateMicroCredits: facts.estimateMicroCredits }) };
  }
  return facts.ceiling;
}

function ruleFor(facts: DecideFacts, state: DirectiveState): UnpricedRule {
  const answered = state.unpricedModels.get(facts.request.model);
  return facts.unpricedRule ?? (answered === 'allow' ? 'allow' : answered === 'deny' ? 'refuse' : state.policies.unpriced);
}

/** A decision with what it was made by, and what the automatic top-up has to add for it. */
interface Decided {
  readonly decision: DecisionRecord;
  readonly price?: ModelPrice;
  readonly estimateMicroCredits?: number;
  readonly adds?: { readonly rule: AutoTopUp; readonly count: number };
}

/** Decides on the ledger as it stands; writes nothing. */
export function decideOn(db: DatabaseSync, chains: LedgerChains, facts: DecideFacts): Decided {
  const { request } = facts;
  const state = readDirectives(db, chains);
  const credits = chains.credits();
  if (state.budgets.length > 0) chains.flush();
  const unpricedRule = ruleFor(facts, state);
  const priced = pricedBy(facts, unpricedRule);
  const subject = { requestId: request.requestId, workspaceId: request.workspaceId, model: request.model, client: request.client, ...(request.threadId === undefined ? {} : { threadId: request.threadId }) };
  const input: WaterfallInput = {
    nowMs: facts.atMs, model: request.model, workspaceId: request.workspaceId, estimateTokens: facts.estimatedInputTokens + facts.estimatedOutputTokens,
    unpricedRule, tracked: credits.tracked, grants: credits.grants, owedMicroCredits: credits.owedMicroCredits,
    consent: consentOf(state, subject, facts), canAsk: facts.canAsk ?? false, canWait: facts.canWait ?? false,
    budgets: readBudgetUses(db, state.budgets, subject, facts.atMs), limits: facts.limits,
    ...(priced.estimateMicroCredits === undefined ? {} : { estimateMicroCredits: priced.estimateMicroCredits }),
    ...(facts.plan ? { plan: facts.plan } : {}),
    ...(facts.unsafe ? { unsafe: facts.unsafe } : {}), ...(facts.runaway ? { runaway: facts.runaway } : {}), ...(facts.answered ? { answered: facts.answered } : {}),
    ...(facts.fallback ? { fallback: facts.fallback } : {}),
  };
  const rule = state.autoTopUp;
  const { decision, additions } = rule ? decideToppedUp(input, () => offerOf(db, chains, rule, facts.atMs)) : { decision: decide(input), additions: 0 };
  if (decision.fallback && facts.fallback) return { decision, price: facts.fallback.price, estimateMicroCredits: facts.fallback.estimateMicroCredits };
  return { decision, ...priced, ...(rule && additions > 0 ? { adds: { rule, count: additions } } : {}) };
}

/** The answer that holds; where nobody gave one and nobody can be asked, the policy for that stands for it. */
function consentOf(state: DirectiveState, subject: Parameters<typeof consentFor>[1], facts: DecideFacts): ReturnType<typeof consentFor> {
  const found = consentFor(state.consents, subject);
  return found.answer === 'ask' && facts.canAsk !== true && !facts.answered && state.policies.unattended === 'allow' ? { answer: 'allow', scope: 'everywhere' } : found;
}

/** Decides one attempt; stores the decision and, if admitted, its hold. */
export function reserve(db: DatabaseSync, chains: LedgerChains, command: ReserveCommand): LedgerCommandResults['reserve'] {
  const { request, attemptId } = command;
  const known = statement(db, 'SELECT record FROM decisions WHERE attempt_id = ?').get(attemptId);
  if (known) return { decision: JSON.parse(String(known['record'])) as DecisionRecord, exists: true };
  const { granted } = doUpkeep(db, chains, command.atMs);
  const { decision: decided, price, estimateMicroCredits, adds } = decideOn(db, chains, command);
  const { inLineMs } = command.limits;
  const decision: DecisionRecord = inLineMs ? { ...decided, inLineMs } : decided;
  const result = { decision, exists: false, ...(granted > 0 || adds ? { granted: true as const } : {}) };
  if (decision.outcome === 'ask' || decision.outcome === 'wait') return result;
  if (adds) addGrants(db, chains, adds.rule, adds.count, command.atMs);
  const row: Omit<DecisionRow, 'termsHash'> = {
    attemptId, number: command.number, atMs: command.atMs, waitedMs: command.limits.waitedMs, record: JSON.stringify(decision), requestId: request.requestId,
    receivedAtMs: request.receivedAtMs, workspaceId: request.workspaceId, client: request.client, clientVersion: request.clientVersion ?? null,
    threadId: request.threadId ?? null, turnId: request.turnId ?? null, ...originOf(request), model: request.model, stream: request.stream,
  };
  const hold: Omit<HoldRow, 'state'> | undefined = decision.outcome === 'refuse' ? undefined : {
    attemptId, requestId: request.requestId, number: command.number, workspaceId: request.workspaceId, openedAtMs: command.atMs,
    amountMicroCredits: decision.holdMicroCredits, price: price ?? null, tier: decision.fallback ? 'standard' : command.tier ?? 'standard',
    estimatedInputTokens: command.estimatedInputTokens, estimatedOutputTokens: command.estimatedOutputTokens,
    estimateMicroCredits: estimateMicroCredits ?? null, likelyOutputTokens: command.likelyOutputTokens ?? command.estimatedOutputTokens,
    // Another model counts its tokens otherwise: nothing is learned from it.
    basis: decision.fallback ? null : command.basis ?? null,
  };
  const termsHash = chains.termsHash(attemptTermsText(row, hold));
  const isFirst = insertDecision(db, row, termsHash);
  if (!isFirst) chains.held.joined(request.requestId);
  if (price && (command.price || decision.fallback)) notePrice(db, chains, { model: decision.fallback?.model ?? request.model, price, atMs: command.atMs });
  if (!hold) {
    refuse(db, chains, command, decision.message ?? 'Refused by the broker.', termsHash);
    return result;
  }
  insertHold(db, hold);
  for (const slice of decision.slices) {
    chains.entry({ id: `reserve_${attemptId}_${slice.grantId}`, atMs: command.atMs, kind: 'reserve', grantId: slice.grantId, attemptId, amountMicroCredits: 0, heldDeltaMicroCredits: slice.microCredits, termsHash });
  }
  // A later attempt belongs to the request as it was first written, so its settlement reads that.
  if (isFirst) {
    chains.held.remember(attemptId, {
      requestId: request.requestId, workspaceId: request.workspaceId, client: request.client, threadId: row.threadId, model: request.model, origin: originOf(request), state: 'open',
      price: hold.price, termsHash, estimatedInputTokens: hold.estimatedInputTokens, likelyOutputTokens: hold.likelyOutputTokens ?? hold.estimatedOutputTokens,
      estimateMicroCredits: hold.estimateMicroCredits, slices: decision.slices, tracked: decision.slices.length > 0 || decision.tracked === true, isOnly: true,
    });
  }
  return result;
}

/** What a request was for, as its row says it. */
function originOf({ requestKind, branch, command, file }: RequestFacts): RequestOrigin {
  return { requestKind: requestKind ?? null, branch: branch ?? null, command: command ?? null, file: file ?? null };
}

/** A refused request has a usage event too, which says why it cost nothing. */
function refuse(db: DatabaseSync, chains: LedgerChains, command: ReserveCommand, freeReason: string, termsHash: string): void {
  const { request, attemptId } = command;
  const event = {
    id: `use_${attemptId}`, attemptId, requestId: request.requestId, atMs: command.atMs, workspaceId: request.workspaceId, client: request.client,
    threadId: request.threadId ?? null, model: request.model, modelServed: null, tier: 'standard', outcome: 'refused', status: null,
    measured: true, freeReason, ...noTokens, waitedMs: command.limits.waitedMs, firstByteMs: null, durationMs: 0,
    upstreamRequestId: null, responseId: null, notice: null, termsHash, corrects: null,
  } as const;
  chains.usageEvent(event);
  addToRollups(db, chains, event, { origin: originOf(request) });
}

/** @returns whether its request was written with it, and not before @throws Error where the request was another when it was written */
function insertDecision(db: DatabaseSync, row: Omit<DecisionRow, 'termsHash'>, termsHash: string): boolean {
  const facts = [row.receivedAtMs, row.workspaceId, row.client, row.clientVersion, row.threadId, row.turnId, row.requestKind, row.model, row.stream ? 1 : 0, row.branch, row.command, row.file];
  const { changes } = statement(db, `INSERT OR IGNORE INTO requests (request_id, received_at_ms, workspace_id, client, client_version, thread_id, turn_id, request_kind, model, stream, branch, command, file)
    VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`).run(row.requestId, ...facts);
  if (changes === 0) {
    const first = statement(db, 'SELECT received_at_ms, workspace_id, client, client_version, thread_id, turn_id, request_kind, model, stream, branch, command, file FROM requests WHERE request_id = ?').get(row.requestId);
    if (JSON.stringify(Object.values(first ?? {})) !== JSON.stringify(facts)) throw new Error(`request ${row.requestId} was another when its first attempt was decided`);
  }
  statement(db, 'INSERT INTO decisions (attempt_id, request_id, number, at_ms, waited_ms, record, terms_hash) VALUES (?,?,?,?,?,?,?)')
    .run(row.attemptId, row.requestId, row.number, row.atMs, row.waitedMs, row.record, termsHash);
  return changes === 1;
}

function insertHold(db: DatabaseSync, hold: Omit<HoldRow, 'state'>): void {
  statement(db, `INSERT INTO holds (attempt_id, request_id, number, workspace_id, opened_at_ms, amount, price, tier, estimated_input, estimated_output, state, estimate, likely_output, basis)
    VALUES (?,?,?,?,?,?,?,?,?,?,'open',?,?,?)`).run(hold.attemptId, hold.requestId, hold.number, hold.workspaceId, hold.openedAtMs, hold.amountMicroCredits,
    hold.price ? JSON.stringify(hold.price) : null, hold.tier, hold.estimatedInputTokens, hold.estimatedOutputTokens, hold.estimateMicroCredits, hold.likelyOutputTokens, hold.basis);
}

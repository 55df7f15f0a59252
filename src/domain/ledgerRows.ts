// The rows of the three tied data sets (usage events, charges, balance entries) and of the decisions,
// holds and grants between them, and the text of each row that its hash covers. Rows are appended,
// never changed; of a hold only its state and of a grant only what is left moves on.
import type { GrantKind } from './grants.ts';
import type { ChargeTerm, ModelPrice, PriceTier } from './pricing.ts';
import type { AttemptOutcome } from './settlement.ts';
import type { TokenUsage } from './tokenUsage.ts';

/** What happened: one row per attempt, free and refused ones too. */
export interface UsageEventRow extends TokenUsage {
  readonly sequence: number;
  /** Stable idempotency key: `use_` and the attempt's id. */
  readonly id: string;
  readonly attemptId: string;
  readonly requestId: string;
  readonly atMs: number;
  readonly workspaceId: string;
  readonly client: string;
  readonly threadId: string | null;
  readonly model: string;
  readonly modelServed: string | null;
  readonly tier: PriceTier;
  readonly outcome: AttemptOutcome;
  readonly status: number | null;
  readonly measured: boolean;
  readonly freeReason: string | null;
  readonly waitedMs: number;
  readonly firstByteMs: number | null;
  readonly durationMs: number;
  readonly upstreamRequestId: string | null;
  readonly responseId: string | null;
  readonly notice: string | null;
  /** Hash of the decision and hold that the attempt ran under, so that they are chained too. */
  readonly termsHash: string;
  readonly prevHash: string;
  readonly hash: string;
}

/** What it costs: at most one row per usage event. */
export interface ChargeRow {
  readonly sequence: number;
  /** Stable idempotency key: `chg_` and the attempt's id. */
  readonly id: string;
  readonly usageEventId: string;
  readonly attemptId: string;
  readonly atMs: number;
  readonly costMicroCredits: number;
  readonly drawnMicroCredits: number;
  readonly uncoveredMicroCredits: number;
  readonly tier: PriceTier;
  readonly priceVersion: string;
  readonly price: ModelPrice;
  readonly terms: readonly ChargeTerm[];
  readonly prevHash: string;
  readonly hash: string;
}

/** Kinds of balance entries. */
export type EntryKind = 'grant' | 'reserve' | 'post' | 'overage' | 'void' | 'expire';

/** Which grant moved by how much. `amount` moves what remains, `heldDelta` what is reserved of it. */
export interface EntryRow {
  readonly sequence: number;
  /** Stable idempotency key, made of the cause, the kind and the grant. */
  readonly id: string;
  readonly atMs: number;
  readonly kind: EntryKind;
  readonly grantId: string;
  readonly attemptId: string | null;
  readonly chargeId: string | null;
  readonly amountMicroCredits: number;
  readonly heldDeltaMicroCredits: number;
  /** Sum of what all grants have left after this entry, and of what is reserved. */
  readonly balanceAfterMicroCredits: number;
  readonly heldAfterMicroCredits: number;
  /** Of a `grant` the hash of its terms, of a `reserve` that of its decision and hold; else null. */
  readonly termsHash: string | null;
  readonly prevHash: string;
  readonly hash: string;
}

/** Why an attempt was admitted or refused, with the request that it was decided for. */
export interface DecisionRow {
  readonly attemptId: string;
  readonly number: number;
  readonly atMs: number;
  readonly waitedMs: number;
  /** The whole DecisionRecord as JSON text, as it was first written. */
  readonly record: string;
  readonly requestId: string;
  readonly receivedAtMs: number;
  readonly workspaceId: string;
  readonly client: string;
  readonly clientVersion: string | null;
  readonly threadId: string | null;
  readonly turnId: string | null;
  readonly requestKind: string | null;
  readonly model: string;
  readonly stream: boolean;
  readonly termsHash: string;
}

/** Credits reserved for one attempt, with the price it will be charged by. */
export interface HoldRow {
  readonly attemptId: string;
  readonly requestId: string;
  readonly number: number;
  readonly workspaceId: string;
  readonly openedAtMs: number;
  readonly amountMicroCredits: number;
  readonly price: ModelPrice | null;
  /** The tier that the client asked for; what a crash left behind is charged by it. */
  readonly tier: PriceTier;
  readonly estimatedInputTokens: number;
  readonly estimatedOutputTokens: number;
  readonly state: 'open' | 'posted' | 'voided';
}

/** A grant as stored: its terms, and the projection of its entries. */
export interface GrantRow {
  readonly id: string;
  /** The idempotency key that it was added with, and what a person chose, as JSON text. */
  readonly key: string;
  readonly content: string;
  readonly kind: GrantKind;
  readonly priority: number;
  readonly createdAtMs: number;
  readonly order: number;
  readonly expiresAtMs: number | null;
  readonly note: string | null;
  readonly amountMicroCredits: number;
  readonly remainingMicroCredits: number;
  readonly heldMicroCredits: number;
}

/** The hash before the first row of each chain. */
export const chainStart = '0'.repeat(64);

/** SHA-256 of a text, in lower-case hex; passed in, since the rules know no Node. */
export type Hash = (text: string) => string;

/** The text whose hash chains a usage event to the one before it. */
export function usageEventText(row: Omit<UsageEventRow, 'sequence' | 'hash'>): string {
  return JSON.stringify([row.prevHash, row.id, row.attemptId, row.requestId, row.atMs, row.workspaceId, row.client, row.threadId,
    row.model, row.modelServed, row.tier, row.outcome, row.status, row.measured, row.freeReason,
    row.inputTokens, row.cachedInputTokens, row.cacheWriteTokens, row.outputTokens, row.reasoningTokens,
    row.waitedMs, row.firstByteMs, row.durationMs, row.upstreamRequestId, row.responseId, row.notice, row.termsHash]);
}

/** The text whose hash chains a charge to the one before it. */
export function chargeText(row: Omit<ChargeRow, 'sequence' | 'hash'>): string {
  return JSON.stringify([row.prevHash, row.id, row.usageEventId, row.attemptId, row.atMs, row.costMicroCredits,
    row.drawnMicroCredits, row.uncoveredMicroCredits, row.tier, row.priceVersion, row.price, row.terms]);
}

/** The text whose hash chains a balance entry to the one before it. */
export function entryText(row: Omit<EntryRow, 'sequence' | 'hash'>): string {
  return JSON.stringify([row.prevHash, row.id, row.atMs, row.kind, row.grantId, row.attemptId, row.chargeId,
    row.amountMicroCredits, row.heldDeltaMicroCredits, row.balanceAfterMicroCredits, row.heldAfterMicroCredits, row.termsHash]);
}

/** The text whose hash stands for a decision and, where the attempt was admitted, its hold. */
export function attemptTermsText(decision: Omit<DecisionRow, 'termsHash'>, hold: Omit<HoldRow, 'state'> | undefined): string {
  return JSON.stringify([decision.attemptId, decision.number, decision.atMs, decision.waitedMs, decision.record, decision.requestId, decision.receivedAtMs,
    decision.workspaceId, decision.client, decision.clientVersion, decision.threadId, decision.turnId, decision.requestKind, decision.model, decision.stream,
    hold ? [hold.attemptId, hold.requestId, hold.number, hold.workspaceId, hold.openedAtMs, hold.amountMicroCredits, hold.price, hold.tier,
      hold.estimatedInputTokens, hold.estimatedOutputTokens] : null]);
}

/** The text whose hash stands for a grant's terms: everything but what is left and reserved of it. */
export function grantTermsText(grant: Omit<GrantRow, 'remainingMicroCredits' | 'heldMicroCredits'>): string {
  return JSON.stringify([grant.id, grant.key, grant.content, grant.kind, grant.amountMicroCredits, grant.priority, grant.createdAtMs, grant.order,
    grant.expiresAtMs, grant.note]);
}

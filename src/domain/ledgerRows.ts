// The rows of the three tied data sets (usage events, charges, balance entries) and of the holds
// between them, and the text of each row that its hash covers. Rows are appended, never changed.
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
  readonly prevHash: string;
  readonly hash: string;
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
  readonly estimatedInputTokens: number;
  readonly estimatedOutputTokens: number;
  readonly state: 'open' | 'posted' | 'voided';
}

/** A grant as stored: its terms, and the projection of its entries. */
export interface GrantRow {
  readonly id: string;
  readonly kind: GrantKind;
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
    row.inputTokens, row.cachedInputTokens, row.cacheWriteTokens, row.outputTokens, row.reasoningTokens]);
}

/** The text whose hash chains a charge to the one before it. */
export function chargeText(row: Omit<ChargeRow, 'sequence' | 'hash'>): string {
  return JSON.stringify([row.prevHash, row.id, row.usageEventId, row.attemptId, row.atMs, row.costMicroCredits,
    row.drawnMicroCredits, row.uncoveredMicroCredits, row.tier, row.priceVersion, row.price, row.terms]);
}

/** The text whose hash chains a balance entry to the one before it. */
export function entryText(row: Omit<EntryRow, 'sequence' | 'hash'>): string {
  return JSON.stringify([row.prevHash, row.id, row.atMs, row.kind, row.grantId, row.attemptId, row.chargeId,
    row.amountMicroCredits, row.heldDeltaMicroCredits, row.balanceAfterMicroCredits, row.heldAfterMicroCredits]);
}

// The rows of the three tied data sets (usage events, charges, balance entries), of the directives that
// people gave, and of the decisions, holds and grants between them. Rows are appended, never changed;
// of a hold only its state and of a grant only what is left moves on. Shapes only.
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
  /** The usage event that this one corrects; its counts are then what is to be added to that. */
  readonly corrects: string | null;
  readonly prevHash: string;
  readonly hash: string;
}

/** What a charge stands for: usage at a price, or an amount given back. */
export type ChargeBasis = 'usage' | 'refund';

/** What it costs: at most one row per usage event. A correction's cost is what is to be added, and may be negative. */
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
  readonly basis: ChargeBasis;
  /** The charge that this one corrects. */
  readonly corrects: string | null;
  readonly prevHash: string;
  readonly hash: string;
}

/** Kinds of balance entries. */
export type EntryKind = 'grant' | 'reserve' | 'post' | 'overage' | 'void' | 'expire' | 'refund';

/**
 * Whose balance an entry moves. `grant` is the balance that people have. The others are memos beside it:
 * `overshoot` what a request cost beyond all credits (booked, and given back by rule at once), `exposure` what an
 * attempt that was lost may have cost upstream, `owed` what was spent of credits that were taken back.
 */
export type EntryAccount = 'grant' | 'overshoot' | 'exposure' | 'owed';

/** Which account moved by how much. `amount` moves what remains, `heldDelta` what is reserved of it. */
export interface EntryRow {
  readonly sequence: number;
  /** Stable idempotency key, made of the cause, the kind and the grant. */
  readonly id: string;
  readonly atMs: number;
  readonly account: EntryAccount;
  readonly kind: EntryKind;
  /** Null where an account beside the grants moves for an attempt. */
  readonly grantId: string | null;
  readonly attemptId: string | null;
  readonly chargeId: string | null;
  readonly amountMicroCredits: number;
  readonly heldDeltaMicroCredits: number;
  /** Sum of what all grants have left after this entry, and of what is reserved. */
  readonly balanceAfterMicroCredits: number;
  readonly heldAfterMicroCredits: number;
  /** Of a `grant` the hash of its terms, of a `reserve` that of its decision and hold; else null. */
  readonly termsHash: string | null;
  /** The entry that this one corrects. */
  readonly corrects: string | null;
  readonly prevHash: string;
  readonly hash: string;
}

/** What a request was for, as far as that is known; said by its client, but for the branch. Null where it is not known. */
export interface RequestOrigin {
  /** Codex's word for what the request was. */
  readonly requestKind: string | null;
  /** The git branch that the workspace's folder was on when the request came. */
  readonly branch: string | null;
  /** The command that it came from, and the file that it is about, by its path within the workspace. */
  readonly command: string | null;
  readonly file: string | null;
}

/** Why an attempt was admitted or refused, with the request that it was decided for. */
export interface DecisionRow extends RequestOrigin {
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
  /** What it may cost, also where no balance was tracked; null for a model without a price. */
  readonly estimateMicroCredits: number | null;
  /** Output tokens that were most likely; `estimatedOutputTokens` is what was held for. Null in rows of the first version. */
  readonly likelyOutputTokens: number | null;
  /** Sizes that the estimate came from, as JSON text, so that it can be learned from after a restart. */
  readonly basis: string | null;
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
  readonly startsAtMs: number | null;
  readonly expiresAtMs: number | null;
  /** Models and workspaces that it is for, as JSON text; null for all. */
  readonly models: string | null;
  readonly workspaces: string | null;
  readonly allowanceId: string | null;
  readonly note: string | null;
  readonly amountMicroCredits: number;
  readonly remainingMicroCredits: number;
  readonly heldMicroCredits: number;
  /** How it was taken back; null while it was not. */
  readonly voided: 'undone' | 'disputed' | null;
}

/** What a person, or a rule of the product, laid down: the newest of a subject holds. */
export interface DirectiveRow {
  readonly sequence: number;
  /** The key that it was given with; the same key again changes nothing. */
  readonly id: string;
  readonly atMs: number;
  readonly kind: string;
  readonly subject: string;
  /** JSON text. */
  readonly content: string;
  readonly prevHash: string;
  readonly hash: string;
}

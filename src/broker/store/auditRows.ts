// The rows of the SQLite ledger in the shapes that the audit proves: for each table the columns to select, and
// the mapping from a row with those columns. Rows come as arrays, since there are millions of them. The tables
// are strict, so a column holds what its type says.
import type { GrantKind } from '../../domain/grants.ts';
import type { ChargeBasis, ChargeRow, DecisionRow, DirectiveRow, EntryAccount, EntryKind, EntryRow, GrantRow, HoldRow, UsageEventRow } from '../../domain/ledgerRows.ts';
import type { ModelPrice, PriceTier } from '../../domain/pricing.ts';
import type { AttemptOutcome } from '../../domain/settlement.ts';
import type { Row } from './keyedStream.ts';

type OrNull<T> = T | null;

/** Prices are few and stand in every hold and charge, so each text is parsed once. */
const prices = new Map<string, ModelPrice>();
const pricesMax = 1000;

/** A price from its text. */
export function priceOf(text: string): ModelPrice {
  let price = prices.get(text);
  if (!price) {
    price = JSON.parse(text) as ModelPrice;
    if (prices.size >= pricesMax) prices.clear();
    prices.set(text, price);
  }
  return price;
}

/** Yes or no. Another number stays what it is, which no hash was made of. */
function truth(value: Row[number]): boolean {
  return value === 1 ? true : value === 0 ? false : value as boolean;
}

/** Columns of a usage event; its attempt stands at `usageEventAttempt`. */
export const usageEventColumns = `sequence, id, attempt_id, request_id, at_ms, workspace_id, client, thread_id, model, model_served, tier, outcome, status, measured, free_reason,
  input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, waited_ms, first_byte_ms, duration_ms, upstream_request_id, response_id, notice, terms_hash, corrects, prev_hash, hash`;
/** See `usageEventColumns`. */
export const usageEventAttempt = 2;

/** A usage event. */
export function usageEventRow(row: Row): UsageEventRow {
  return {
    sequence: row[0] as number, id: row[1] as string, attemptId: row[2] as string, requestId: row[3] as string, atMs: row[4] as number, workspaceId: row[5] as string,
    client: row[6] as string, threadId: row[7] as OrNull<string>, model: row[8] as string, modelServed: row[9] as OrNull<string>, tier: row[10] as PriceTier,
    outcome: row[11] as AttemptOutcome, status: row[12] as OrNull<number>, measured: truth(row[13]), freeReason: row[14] as OrNull<string>,
    inputTokens: row[15] as number, cachedInputTokens: row[16] as number, cacheWriteTokens: row[17] as number, outputTokens: row[18] as number, reasoningTokens: row[19] as number,
    waitedMs: row[20] as number, firstByteMs: row[21] as OrNull<number>, durationMs: row[22] as number, upstreamRequestId: row[23] as OrNull<string>, responseId: row[24] as OrNull<string>,
    notice: row[25] as OrNull<string>, termsHash: row[26] as string, corrects: row[27] as OrNull<string>, prevHash: row[28] as string, hash: row[29] as string,
  };
}

/** Columns of a charge; its attempt stands at `chargeAttempt`. */
export const chargeColumns = 'sequence, id, usage_event_id, attempt_id, at_ms, cost, drawn, uncovered, tier, price_version, price, terms, basis, corrects, prev_hash, hash';
/** See `chargeColumns`. */
export const chargeAttempt = 3;

/** A charge. */
export function chargeRow(row: Row): ChargeRow {
  return {
    sequence: row[0] as number, id: row[1] as string, usageEventId: row[2] as string, attemptId: row[3] as string, atMs: row[4] as number,
    costMicroCredits: row[5] as number, drawnMicroCredits: row[6] as number, uncoveredMicroCredits: row[7] as number, tier: row[8] as PriceTier, priceVersion: row[9] as string,
    price: priceOf(row[10] as string), terms: JSON.parse(row[11] as string) as ChargeRow['terms'], basis: row[12] as ChargeBasis, corrects: row[13] as OrNull<string>,
    prevHash: row[14] as string, hash: row[15] as string,
  };
}

/** Columns of a balance entry; its attempt stands at `entryAttempt`. */
export const entryColumns = `sequence, id, at_ms, account, kind, grant_id, attempt_id, charge_id, amount, held_delta, balance_after, held_after, terms_hash, corrects, prev_hash, hash`;
/** See `entryColumns`. */
export const entryAttempt = 6;

/** A balance entry. */
export function entryRow(row: Row): EntryRow {
  return {
    sequence: row[0] as number, id: row[1] as string, atMs: row[2] as number, account: row[3] as EntryAccount, kind: row[4] as EntryKind,
    grantId: row[5] as OrNull<string>, attemptId: row[6] as OrNull<string>, chargeId: row[7] as OrNull<string>, amountMicroCredits: row[8] as number,
    heldDeltaMicroCredits: row[9] as number, balanceAfterMicroCredits: row[10] as number, heldAfterMicroCredits: row[11] as number,
    termsHash: row[12] as OrNull<string>, corrects: row[13] as OrNull<string>, prevHash: row[14] as string, hash: row[15] as string,
  };
}

/** Columns of a directive. */
export const directiveColumns = 'sequence, id, at_ms, kind, subject, content, prev_hash, hash';

/** A directive. */
export function directiveRow(row: Row): DirectiveRow {
  return {
    sequence: row[0] as number, id: row[1] as string, atMs: row[2] as number, kind: row[3] as string, subject: row[4] as string, content: row[5] as string,
    prevHash: row[6] as string, hash: row[7] as string,
  };
}

/** Columns of a decision `d` joined with its request `r`, which a tampered ledger may lack; its attempt stands first. */
export const decisionColumns = `d.attempt_id, d.number, d.at_ms, d.waited_ms, d.record, d.request_id, r.received_at_ms, r.workspace_id, r.client, r.client_version, r.thread_id, r.turn_id,
  r.request_kind, r.model, r.stream, d.terms_hash, r.branch, r.command, r.file`;

/** A decision, joined with its request. */
export function decisionRow(row: Row): DecisionRow {
  return {
    attemptId: row[0] as string, number: row[1] as number, atMs: row[2] as number, waitedMs: row[3] as number, record: row[4] as string, requestId: row[5] as string,
    receivedAtMs: row[6] as number, workspaceId: row[7] as string, client: row[8] as string, clientVersion: row[9] as OrNull<string>, threadId: row[10] as OrNull<string>,
    turnId: row[11] as OrNull<string>, requestKind: row[12] as OrNull<string>, model: row[13] as string, stream: truth(row[14]), termsHash: row[15] as string,
    branch: row[16] as OrNull<string>, command: row[17] as OrNull<string>, file: row[18] as OrNull<string>,
  };
}

/** Columns of a hold; its attempt stands first. */
export const holdColumns = 'attempt_id, request_id, number, workspace_id, opened_at_ms, amount, price, tier, estimated_input, estimated_output, estimate, likely_output, basis, state';

/** A hold. */
export function holdRow(row: Row): HoldRow {
  return {
    attemptId: row[0] as string, requestId: row[1] as string, number: row[2] as number, workspaceId: row[3] as string, openedAtMs: row[4] as number,
    amountMicroCredits: row[5] as number, price: row[6] === null ? null : priceOf(row[6] as string), tier: row[7] as PriceTier,
    estimatedInputTokens: row[8] as number, estimatedOutputTokens: row[9] as number, estimateMicroCredits: row[10] as OrNull<number>,
    likelyOutputTokens: row[11] as OrNull<number>, basis: row[12] as OrNull<string>, state: row[13] as HoldRow['state'],
  };
}

/** Columns of a grant. */
export const grantColumns = `grant_id, key, content, kind, priority, created_at_ms, ordinal, starts_at_ms, expires_at_ms, models, workspaces, allowance_id, note, amount, remaining, held, voided`;

/** A grant. */
export function grantRow(row: Row): GrantRow {
  const voided = row[16] as number;
  return {
    id: row[0] as string, key: row[1] as string, content: row[2] as string, kind: row[3] as GrantKind, priority: row[4] as number, createdAtMs: row[5] as number, order: row[6] as number,
    startsAtMs: row[7] as OrNull<number>, expiresAtMs: row[8] as OrNull<number>, models: row[9] as OrNull<string>, workspaces: row[10] as OrNull<string>,
    allowanceId: row[11] as OrNull<string>, note: row[12] as OrNull<string>, amountMicroCredits: row[13] as number, remainingMicroCredits: row[14] as number, heldMicroCredits: row[15] as number,
    voided: voided === 0 ? null : voided === 1 ? 'undone' : voided === 2 ? 'disputed' : String(voided) as GrantRow['voided'],
  };
}

// The rows of the SQLite ledger in the shapes that the audit proves: one mapping for each table.
import type { GrantKind } from '../../domain/grants.ts';
import type { ChargeBasis, ChargeRow, DecisionRow, DirectiveRow, EntryAccount, EntryKind, EntryRow, GrantRow, HoldRow, UsageEventRow } from '../../domain/ledgerRows.ts';
import type { PriceTier } from '../../domain/pricing.ts';
import type { AttemptOutcome } from '../../domain/settlement.ts';
import { tokensOf } from './ledgerReads.ts';

/** A row as SQLite gives it. */
export type Row = Record<string, unknown>;

const orNull = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value));

/** A usage event. */
export function usageEventRow(row: Row): UsageEventRow {
  return {
    sequence: Number(row['sequence']), id: String(row['id']), attemptId: String(row['attempt_id']), requestId: String(row['request_id']), atMs: Number(row['at_ms']),
    workspaceId: String(row['workspace_id']), client: String(row['client']), threadId: row['thread_id'] as string | null, model: String(row['model']),
    modelServed: row['model_served'] as string | null, tier: row['tier'] as PriceTier, outcome: row['outcome'] as AttemptOutcome,
    status: orNull(row['status']), measured: row['measured'] === 1, freeReason: row['free_reason'] as string | null,
    ...tokensOf(row), waitedMs: Number(row['waited_ms']), firstByteMs: orNull(row['first_byte_ms']),
    durationMs: Number(row['duration_ms']), upstreamRequestId: row['upstream_request_id'] as string | null, responseId: row['response_id'] as string | null,
    notice: row['notice'] as string | null, termsHash: String(row['terms_hash']), corrects: row['corrects'] as string | null, prevHash: String(row['prev_hash']), hash: String(row['hash']),
  };
}

/** A charge. */
export function chargeRow(row: Row): ChargeRow {
  return {
    sequence: Number(row['sequence']), id: String(row['id']), usageEventId: String(row['usage_event_id']), attemptId: String(row['attempt_id']), atMs: Number(row['at_ms']),
    costMicroCredits: Number(row['cost']), drawnMicroCredits: Number(row['drawn']), uncoveredMicroCredits: Number(row['uncovered']), tier: row['tier'] as PriceTier,
    priceVersion: String(row['price_version']), price: JSON.parse(String(row['price'])) as ChargeRow['price'], terms: JSON.parse(String(row['terms'])) as ChargeRow['terms'],
    basis: row['basis'] as ChargeBasis, corrects: row['corrects'] as string | null, prevHash: String(row['prev_hash']), hash: String(row['hash']),
  };
}

/** A balance entry. */
export function entryRow(row: Row): EntryRow {
  return {
    sequence: Number(row['sequence']), id: String(row['id']), atMs: Number(row['at_ms']), account: row['account'] as EntryAccount, kind: row['kind'] as EntryKind,
    grantId: row['grant_id'] as string | null, attemptId: row['attempt_id'] as string | null, chargeId: row['charge_id'] as string | null,
    amountMicroCredits: Number(row['amount']), heldDeltaMicroCredits: Number(row['held_delta']), balanceAfterMicroCredits: Number(row['balance_after']),
    heldAfterMicroCredits: Number(row['held_after']), termsHash: row['terms_hash'] as string | null, corrects: row['corrects'] as string | null,
    prevHash: String(row['prev_hash']), hash: String(row['hash']),
  };
}

/** A directive. */
export function directiveRow(row: Row): DirectiveRow {
  return {
    sequence: Number(row['sequence']), id: String(row['id']), atMs: Number(row['at_ms']), kind: String(row['kind']), subject: String(row['subject']), content: String(row['content']),
    prevHash: String(row['prev_hash']), hash: String(row['hash']),
  };
}

/** A decision, joined with its request. */
export function decisionRow(row: Row): DecisionRow {
  return {
    attemptId: String(row['attempt_id']), number: Number(row['number']), atMs: Number(row['at_ms']), waitedMs: Number(row['waited_ms']), record: String(row['record']),
    requestId: String(row['request_id']), receivedAtMs: Number(row['received_at_ms']), workspaceId: String(row['workspace_id']), client: String(row['client']),
    clientVersion: row['client_version'] as string | null, threadId: row['thread_id'] as string | null, turnId: row['turn_id'] as string | null,
    requestKind: row['request_kind'] as string | null, model: String(row['model']), stream: row['stream'] === 1, termsHash: String(row['terms_hash']),
  };
}

/** A hold. */
export function holdRow(row: Row): HoldRow {
  return {
    attemptId: String(row['attempt_id']), requestId: String(row['request_id']), number: Number(row['number']), workspaceId: String(row['workspace_id']),
    openedAtMs: Number(row['opened_at_ms']), amountMicroCredits: Number(row['amount']),
    price: row['price'] === null ? null : JSON.parse(String(row['price'])) as HoldRow['price'], tier: row['tier'] as PriceTier,
    estimatedInputTokens: Number(row['estimated_input']), estimatedOutputTokens: Number(row['estimated_output']), estimateMicroCredits: orNull(row['estimate']),
    likelyOutputTokens: orNull(row['likely_output']), basis: row['basis'] as string | null, state: row['state'] as HoldRow['state'],
  };
}

/** A grant. */
export function grantRow(row: Row): GrantRow {
  return {
    id: String(row['grant_id']), key: String(row['key']), content: String(row['content']), kind: row['kind'] as GrantKind, priority: Number(row['priority']),
    createdAtMs: Number(row['created_at_ms']), order: Number(row['ordinal']), startsAtMs: orNull(row['starts_at_ms']), expiresAtMs: orNull(row['expires_at_ms']),
    models: row['models'] as string | null, workspaces: row['workspaces'] as string | null, allowanceId: row['allowance_id'] as string | null,
    note: row['note'] as string | null, amountMicroCredits: Number(row['amount']),
    remainingMicroCredits: Number(row['remaining']), heldMicroCredits: Number(row['held']), voided: row['voided'] === 0 ? null : row['voided'] === 1 ? 'undone' : row['voided'] === 2 ? 'disputed' : String(row['voided']) as GrantRow['voided'],
  };
}

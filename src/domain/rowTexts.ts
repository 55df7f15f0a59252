// The text of each ledger row that its hash covers, and where each chain begins. What a later version of
// the ledger added is written only where it is set, so that rows of the first version keep their hashes.
import type { ChargeRow, DecisionRow, DirectiveRow, EntryRow, GrantRow, HoldRow, UsageEventRow } from './ledgerRows.ts';

/** The hash before the first row of each chain. */
export const chainStart = '0'.repeat(64);

/** SHA-256 of a text, in lower-case hex; passed in, since the rules know no Node. */
export type Hash = (text: string) => string;

/** The text whose hash chains a usage event to the one before it. */
export function usageEventText(row: Omit<UsageEventRow, 'sequence' | 'hash'>): string {
  return JSON.stringify([row.prevHash, row.id, row.attemptId, row.requestId, row.atMs, row.workspaceId, row.client, row.threadId,
    row.model, row.modelServed, row.tier, row.outcome, row.status, row.measured, row.freeReason,
    row.inputTokens, row.cachedInputTokens, row.cacheWriteTokens, row.outputTokens, row.reasoningTokens,
    row.waitedMs, row.firstByteMs, row.durationMs, row.upstreamRequestId, row.responseId, row.notice, row.termsHash, ...added(row.corrects)]);
}

/** The text whose hash chains a charge to the one before it. */
export function chargeText(row: Omit<ChargeRow, 'sequence' | 'hash'>): string {
  return JSON.stringify([row.prevHash, row.id, row.usageEventId, row.attemptId, row.atMs, row.costMicroCredits,
    row.drawnMicroCredits, row.uncoveredMicroCredits, row.tier, row.priceVersion, row.price, row.terms, ...(row.corrects === null ? [] : [row.basis, row.corrects])]);
}

/** The text whose hash chains a balance entry to the one before it. */
export function entryText(row: Omit<EntryRow, 'sequence' | 'hash'>): string {
  return JSON.stringify([row.prevHash, row.id, row.atMs, row.kind, row.grantId, row.attemptId, row.chargeId,
    row.amountMicroCredits, row.heldDeltaMicroCredits, row.balanceAfterMicroCredits, row.heldAfterMicroCredits, row.termsHash,
    ...(row.account === 'grant' && row.corrects === null ? [] : [row.account, row.corrects])]);
}

/** The text whose hash stands for a decision and, where the attempt was admitted, its hold. */
export function attemptTermsText(decision: Omit<DecisionRow, 'termsHash'>, hold: Omit<HoldRow, 'state'> | undefined): string {
  return JSON.stringify([decision.attemptId, decision.number, decision.atMs, decision.waitedMs, decision.record, decision.requestId, decision.receivedAtMs,
    decision.workspaceId, decision.client, decision.clientVersion, decision.threadId, decision.turnId, decision.requestKind, decision.model, decision.stream,
    hold ? [hold.attemptId, hold.requestId, hold.number, hold.workspaceId, hold.openedAtMs, hold.amountMicroCredits, hold.price, hold.tier,
      hold.estimatedInputTokens, hold.estimatedOutputTokens, ...(hold.likelyOutputTokens === null ? [] : [hold.estimateMicroCredits, hold.likelyOutputTokens, hold.basis])] : null,
    ...([decision.branch, decision.command, decision.file].every((one) => one === null) ? [] : [decision.branch, decision.command, decision.file])]);
}

/** The text whose hash stands for a grant's terms: everything but what is left and reserved of it. */
export function grantTermsText(grant: Omit<GrantRow, 'remainingMicroCredits' | 'heldMicroCredits' | 'voided'>): string {
  return JSON.stringify([grant.id, grant.key, grant.content, grant.kind, grant.amountMicroCredits, grant.priority, grant.createdAtMs, grant.order,
    grant.expiresAtMs, grant.note,
    ...([grant.startsAtMs, grant.models, grant.workspaces, grant.allowanceId].every((one) => one === null) ? [] : [grant.startsAtMs, grant.models, grant.workspaces, grant.allowanceId])]);
}

/** The text whose hash chains a directive to the one before it. */
export function directiveText(row: Omit<DirectiveRow, 'sequence' | 'hash'>): string {
  return JSON.stringify([row.prevHash, row.id, row.atMs, row.kind, row.subject, row.content]);
}

function added(value: string | null): string[] {
  return value === null ? [] : [value];
}

// Proves that the rows of one attempt tell of the same thing: one request, one moment for each step, one
// estimate, one reason, and the ids that follow from these. A forger who makes every hash fit again still has
// to get all of this right. What the rows moved is proven elsewhere.
import type { ChargeRow, DecisionRow, EntryRow, HoldRow, UsageEventRow } from '../ledgerRows.ts';
import type { DecisionRecord } from '../decisionRecord.ts';
import { isPlausible } from '../tokenUsage.ts';
import { sum } from '../units.ts';
import type { AttemptRows } from './attemptRows.ts';
import type { Fail } from './auditFail.ts';
import { parsed } from './directiveAudit.ts';

/** Whether what an attempt costs is drawn: something was reserved for it, or its decision says so. */
export function wasTracked({ hold, decisions: [decision] }: AttemptRows): boolean {
  return (hold?.amountMicroCredits ?? 0) > 0 || decision !== undefined && parsed<DecisionRecord>(decision.record)?.tracked === true;
}

/** Whether a plan paid for an attempt, so that nothing of it is counted in credits. */
function isCovered({ decisions: [decision] }: AttemptRows): boolean {
  return decision !== undefined && parsed<DecisionRecord>(decision.record)?.coveredBy === 'plan';
}

/** Proves the ties between the rows of an attempt. */
export function auditTies(rows: AttemptRows, decision: DecisionRow | undefined, event: UsageEventRow | undefined, charge: ChargeRow | undefined, fail: Fail): void {
  const { attemptId, hold } = rows;
  if (decision) auditRequest(rows, decision, fail);
  if (hold) auditEstimate(hold, fail);
  if (hold && decision && (hold.requestId !== decision.requestId || hold.number !== decision.number || hold.openedAtMs !== decision.atMs || hold.workspaceId !== decision.workspaceId)) fail('I7', `the hold of attempt ${attemptId} is of another request or time than its decision`);
  if (!hold && rows.begun) fail('I7', `attempt ${attemptId} began and has no hold`);
  if (event) auditEvent(rows, event, charge, fail);
  for (const one of rows.charges) {
    const own = rows.events.find((row) => row.id === one.usageEventId);
    if (own && (one.atMs !== own.atMs || one.tier !== own.tier || one.id !== `chg_${own.id.slice('use_'.length)}` || one.corrects !== (own.corrects === null ? null : `chg_${attemptId}`))) fail('I12', `charge ${one.id} is of another time, tier or cause than its usage event`);
  }
  // Ledgers of the first version booked what was uncovered with the charge alone.
  for (const one of hold && hold.likelyOutputTokens !== null ? rows.charges : []) if (one.uncoveredMicroCredits > 0 && !rows.entries.some((row) => row.account === 'overshoot' && row.chargeId === one.id)) fail('I1', `charge ${one.id} leaves ${one.uncoveredMicroCredits} uncovered, which is booked nowhere`);
  const totals = [sum(rows.charges.map((one) => one.costMicroCredits)), sum(rows.charges.map((one) => one.drawnMicroCredits)), sum(rows.charges.map((one) => one.uncoveredMicroCredits))];
  if (totals.some((total) => total < 0)) fail('I12', `attempt ${attemptId} cost, drew or left uncovered less than nothing`);
  for (const one of rows.entries) auditEntry(rows, one, { decision, event, charge }, fail);
}

function auditRequest({ attemptId, events }: AttemptRows, decision: DecisionRow, fail: Fail): void {
  if (events.some((one) => one.client !== decision.client || one.threadId !== decision.threadId)) fail('I12', `attempt ${attemptId} was used by another client or thread than it was decided for`);
}

/** Credits are reserved for the whole estimate or not at all. */
function auditEstimate(hold: HoldRow, fail: Fail): void {
  // The first version of the ledger kept no more of an estimate than what was reserved.
  if (hold.likelyOutputTokens !== null && hold.amountMicroCredits !== 0 && hold.amountMicroCredits !== hold.estimateMicroCredits) fail('I7', `attempt ${hold.attemptId} reserved ${hold.amountMicroCredits}, which is not its estimate`);
  if (Math.min(hold.amountMicroCredits, hold.estimatedInputTokens, hold.estimatedOutputTokens, hold.likelyOutputTokens ?? 0, hold.estimateMicroCredits ?? 0) < 0) fail('I7', `attempt ${hold.attemptId} was estimated below nothing`);
}

/** How an attempt ended fits what is known of it otherwise. */
function auditEvent(rows: AttemptRows, event: UsageEventRow, charge: ChargeRow | undefined, fail: Fail): void {
  const { attemptId, hold } = rows;
  const counts = [event.inputTokens, event.cachedInputTokens, event.cacheWriteTokens, event.outputTokens, event.reasoningTokens];
  if (event.id !== `use_${attemptId}`) fail('I3', `usage event ${event.id} does not carry the key of its attempt`);
  if (Math.min(...counts) < 0 || charge && !isPlausible(event)) fail('I12', `the usage of attempt ${attemptId} cannot be true`);
  if (event.outcome === 'refused' && (hold || rows.charges.length > 0 || rows.entries.length > 0 || Math.max(...counts) > 0)) fail('I12', `attempt ${attemptId} was refused, yet it used something`);
  const covered = isCovered(rows);
  if (event.freeReason !== null && (charge || !covered && (event.inputTokens !== 0 || event.outputTokens !== 0))) fail('I12', `attempt ${attemptId} is told as free, yet it used tokens or is charged`);
  if (hold && !charge && event.freeReason === null && hold.price !== null) fail('I12', `attempt ${attemptId} has a price and no charge, and nothing says why`);
  if (covered && (rows.charges.length > 0 || rows.entries.length > 0 || event.freeReason === null || hold?.estimateMicroCredits !== null)) fail('I12', `a plan paid for attempt ${attemptId}, yet credits were estimated, moved or charged for it`);
  if (event.outcome === 'crashed' && hold) auditCrashed(rows, hold, event, charge, fail);
}

/** What a crash cut off is charged by what is known of it, and booked as exposed where that is nothing. */
function auditCrashed({ attemptId, entries }: AttemptRows, hold: HoldRow, event: UsageEventRow, charge: ChargeRow | undefined, fail: Fail): void {
  const isEstimate = !event.measured && event.tier === hold.tier && event.inputTokens === hold.estimatedInputTokens && event.outputTokens <= hold.estimatedOutputTokens && event.cachedInputTokens + event.cacheWriteTokens + event.reasoningTokens === 0;
  if (charge && !isEstimate) fail('I12', `attempt ${attemptId} was cut off by a crash and is charged by more than is known of it`);
  const isExposed = hold.state === 'voided' && hold.price !== null && (hold.estimateMicroCredits ?? 0) > 0 && hold.likelyOutputTokens !== null;
  if (isExposed && !entries.some((one) => one.account === 'exposure')) fail('I12', `attempt ${attemptId} was cut off by a crash, and its exposure is not booked`);
}

/** An entry is of the moment of its cause, and names what its kind has to name. */
function auditEntry({ attemptId, hold, charges, entries }: AttemptRows, entry: EntryRow, { decision, event, charge }: { readonly decision: DecisionRow | undefined; readonly event: UsageEventRow | undefined; readonly charge: ChargeRow | undefined }, fail: Fail): void {
  const { id, kind, account } = entry;
  const cause = entry.chargeId === null ? undefined : charges.find((one) => one.id === entry.chargeId);
  // A debt is lowered with the correction that gave credits back.
  const lowered = account === 'owed' && kind === 'refund' ? entries.find((one) => one.id === entry.corrects) : undefined;
  const atMs = kind === 'reserve' ? decision?.atMs : lowered ? lowered.atMs : entry.chargeId === null ? event?.atMs : cause?.atMs;
  if (entry.atMs !== atMs) fail('I12', `entry ${id} is of another time than what caused it`);
  if (account === 'grant' && kind !== 'reserve' && kind !== 'void' && entry.chargeId === null) fail('I12', `entry ${id} moved credits of attempt ${attemptId} without a charge`);
  if (account === 'grant' && kind === 'void' && entry.chargeId !== (charge?.id ?? null)) fail('I12', `entry ${id} gave back what was reserved, and names another charge than its attempt has`);
  if ((account === 'exposure' || account === 'owed' || kind === 'reserve') && entry.chargeId !== null) fail('I12', `entry ${id} names a charge that it is not of`);
  if (account === 'grant' && kind === 'overage' && cause?.corrects === null && event?.measured === false) fail('I5', `entry ${id} drew more than was held for an estimate`);
  if (account === 'exposure' && (-entry.amountMicroCredits !== hold?.estimateMicroCredits || hold.state !== 'voided' || event?.measured !== false)) fail('I12', `entry ${id} is not the estimate of an attempt that was lost`);
  if (account === 'overshoot' && entry.corrects !== (kind === 'refund' ? id.replace(/^refund_/, 'overage_') : null)) fail('I12', `entry ${id} names something else than what it gives back`);
  if (account === 'grant' && (entry.corrects !== null) !== (kind === 'refund') || account === 'exposure' && entry.corrects !== null || account === 'owed' && (entry.corrects !== null) !== (kind === 'refund')) fail('I12', `entry ${id} names something that it does not correct`);
  if (lowered && (lowered.account !== 'grant' || lowered.kind !== 'refund' || lowered.grantId !== entry.grantId || lowered.amountMicroCredits !== entry.amountMicroCredits)) fail('I12', `entry ${id} lowers a debt by something else than what came back`);
  if (account === 'owed' && id !== (kind === 'refund' ? `${String(entry.corrects)}_owed` : `post_${attemptId}_${String(entry.grantId)}_owed`)) fail('I3', `entry ${id} does not carry the key of its cause`);
  if ((account === 'overshoot' || account === 'exposure') && entry.grantId !== null) fail('I12', `entry ${id} names a grant that it does not move`);
}

/** A refused attempt has one usage event, of the moment of its decision, that says why and nothing else. */
export function auditRefusal(decision: DecisionRow, record: DecisionRecord | undefined, event: UsageEventRow, fail: Fail): void {
  const isBare = event.measured && event.tier === 'standard' && event.durationMs === 0 && [event.status, event.firstByteMs, event.modelServed, event.upstreamRequestId, event.responseId, event.notice].every((one) => one === null);
  if (!isBare || event.atMs !== decision.atMs || event.waitedMs !== decision.waitedMs || event.freeReason !== (record?.message ?? 'Refused by the broker.')) fail('I12', `the usage event of attempt ${decision.attemptId}, which was refused, tells something else than its decision`);
}

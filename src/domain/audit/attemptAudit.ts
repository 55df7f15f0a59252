// Proves one attempt from all its rows: what was decided is what was held, each hold ended once, what was
// charged follows from usage and price, and what was drawn is what the entries moved.
import type { ChargeRow, DecisionRow, EntryRow, HoldRow, UsageEventRow } from '../ledgerRows.ts';
import { chargeFor, costOfTerms } from '../pricing.ts';
import { attemptTermsText } from '../rowTexts.ts';
import type { Hash } from '../rowTexts.ts';
import { sum } from '../units.ts';
import type { AttemptRows } from './attemptRows.ts';
import type { Fail } from './auditFail.ts';
import { isPossibleRecord } from './decisionShape.ts';
import { auditRefusal, auditTies, wasTracked } from './attemptTies.ts';
import { auditBudgets } from './budgetAudit.ts';
import { auditCorrections } from './correctionAudit.ts';
import { parsed } from './directiveAudit.ts';
import type { Told } from './directiveAudit.ts';

/** Proves an attempt. */
export function auditAttempt(rows: AttemptRows, hash: Hash, told: Told, fail: Fail): void {
  const { attemptId, hold } = rows;
  const [decision, second] = rows.decisions;
  const events = rows.events.filter((one) => one.corrects === null);
  const charges = rows.charges.filter((one) => one.corrects === null);
  if (!decision) fail('I7', `attempt ${attemptId} has rows and no decision`);
  if (second) fail('I3', `attempt ${attemptId} was decided twice`);
  if (events.length > 1) fail('I3', `attempt ${attemptId} has two usage events`);
  if (charges.length > 1) fail('I3', `attempt ${attemptId} was charged twice`);
  const [event] = events;
  if (decision) auditDecision(rows, decision, event, { hash, told }, fail);
  if (hold) auditHold(rows, hold, event, charges[0], fail);
  else if (rows.entries.length > 0) fail('I7', `entries belong to attempt ${attemptId}, which has no hold`);
  auditCharge(rows, event, charges[0], fail);
  for (const one of rows.charges) if (one.corrects !== null) auditDrawn(one, rows.entries, wasTracked(rows), fail);
  auditCorrections(rows, event, charges[0], told, fail);
  auditGivenBack(rows, fail);
  auditTies(rows, decision, event, charges[0], fail);
  auditEntryKeys(rows, fail);
}

/** What was decided is what was held, and what the event and the entries were made under. */
function auditDecision({ attemptId, hold, entries, events, charges }: AttemptRows, decision: DecisionRow, event: UsageEventRow | undefined, { hash, told }: { readonly hash: Hash; readonly told: Told }, fail: Fail): void {
  if (hash(attemptTermsText(decision, hold)) !== decision.termsHash) fail('I9', `the decision or hold of attempt ${attemptId} is not what was first written`);
  for (const one of events) {
    if (one.termsHash !== decision.termsHash) fail('I9', `attempt ${attemptId} ended under another decision or hold than it has`);
    if (one.requestId !== decision.requestId || one.workspaceId !== decision.workspaceId || one.model !== decision.model) fail('I12', `attempt ${attemptId} was used for another request than it was decided for`);
  }
  if (entries.some((one) => one.kind === 'reserve' && one.termsHash !== decision.termsHash)) fail('I9', `attempt ${attemptId} reserved under another decision or hold than it has`);
  const record = parsed<unknown>(decision.record);
  if (!isPossibleRecord(record)) { fail('I12', `the decision of attempt ${attemptId} is none that there can be`); return; }
  auditBudgets(attemptId, record, hold, told, fail);
  if (record.outcome !== 'admit') {
    if (event?.outcome !== 'refused') fail('I12', `attempt ${attemptId} was refused, yet it has no usage event that says so`);
    else auditRefusal(decision, record, event, fail);
    if (hold) fail('I7', `attempt ${attemptId} was refused, yet it has a hold`);
    return;
  }
  if (!hold) { fail('I7', `attempt ${attemptId} was admitted without a hold`); return; }
  // The first version of the ledger noted no prices.
  if (told.isWhole && hold.price !== null && hold.likelyOutputTokens !== null && !told.wasPriceOf(record.fallback?.model ?? decision.model, hold.price)) fail('I12', `attempt ${attemptId} was held by a price that was never seen for its model`);
  if (hold.amountMicroCredits !== record.holdMicroCredits) fail('I7', `attempt ${attemptId} holds ${hold.amountMicroCredits}, which is not what was decided`);
  // Another model counts its tokens otherwise and knows no tiers, and it is counted by its own price, whatever it calls itself.
  if (record.fallback && (hold.tier !== 'standard' || hold.basis !== null || hold.price === null || charges.some((one) => JSON.stringify(one.price) !== JSON.stringify(hold.price)))) fail('I12', `attempt ${attemptId} was answered by a fallback and is counted in another way than that`);
  const slices = record.slices.map((slice) => `${slice.grantId} ${slice.microCredits}`).join();
  const reserves = entries.filter((one) => one.kind === 'reserve').map((one) => `${String(one.grantId)} ${one.heldDeltaMicroCredits}`).join();
  if (slices !== reserves) fail('I7', `attempt ${attemptId} reserved other slices than were decided`);
}

/** A hold is reserved to the full, ends once, and gives everything back. */
function auditHold({ attemptId, entries, begun }: AttemptRows, hold: HoldRow, event: UsageEventRow | undefined, charge: ChargeRow | undefined, fail: Fail): void {
  const own = entries.filter((one) => one.account === 'grant');
  const of = (kind: EntryRow['kind']) => own.filter((one) => one.kind === kind);
  const reserved = sum(of('reserve').map((one) => one.heldDeltaMicroCredits));
  const resolutions = [...of('post'), ...of('void')];
  if (reserved !== hold.amountMicroCredits) fail('I7', `hold ${attemptId} is of ${hold.amountMicroCredits}, its entries reserve ${reserved}`);
  if (hold.state === 'open') {
    if (event) fail('I4', `hold ${attemptId} is open, yet its attempt has ended`);
    if (resolutions.length > 0) fail('I4', `hold ${attemptId} is open, yet entries resolve it`);
    return;
  }
  if (!event) fail('I12', `hold ${attemptId} was resolved without a usage event`);
  const left = new Map<string, number>();
  for (const one of own) left.set(one.grantId ?? '', (left.get(one.grantId ?? '') ?? 0) + one.heldDeltaMicroCredits);
  for (const [grantId, amount] of left) if (amount !== 0) fail('I4', `attempt ${attemptId} has ended, yet ${amount} of grant ${grantId} stay reserved for it`);
  if (resolutions.length !== of('reserve').length) fail('I4', `hold ${attemptId} reserved of ${of('reserve').length} grants and gave back to ${resolutions.length}`);
  if (-sum(of('post').map((one) => one.amountMicroCredits)) > reserved) fail('I5', `hold ${attemptId} reserved ${reserved}, yet more was posted`);
  if ((hold.state === 'posted') !== (charge !== undefined)) fail('I12', `hold ${attemptId} is ${hold.state}, yet its attempt has ${charge ? 'a' : 'no'} charge`);
  if (event?.outcome === 'crashed' && charge !== undefined && !begun) fail('I7', `attempt ${attemptId} was cut off by a crash and is charged, yet nothing notes that the upstream had begun`);
  const exposure = entries.filter((one) => one.account === 'exposure');
  if (exposure.length > 0 && (charge !== undefined || event?.measured === true)) fail('I12', `attempt ${attemptId} is told as lost, yet it is charged or measured`);
}

/** A charge follows from usage and price, and was drawn as its entries say. */
function auditCharge(rows: AttemptRows, event: UsageEventRow | undefined, charge: ChargeRow | undefined, fail: Fail): void {
  const { attemptId, hold, entries } = rows;
  if (!charge) {
    if (entries.some((one) => one.chargeId !== null || one.kind === 'post' && one.account === 'grant' || one.kind === 'overage')) fail('I12', `credits were drawn for attempt ${attemptId} without a charge`);
    return;
  }
  if (!event || event.id !== charge.usageEventId) { fail('I12', `charge ${charge.id} has no usage event`); return; }
  const expected = chargeFor(event, charge.price, event.tier);
  if (charge.basis !== 'usage') fail('I12', `charge ${charge.id} stands for no usage`);
  if (charge.tier !== event.tier || charge.priceVersion !== charge.price.version) fail('I12', `charge ${charge.id} names another tier or price than it was computed with`);
  if (costOfTerms(charge.terms) !== charge.costMicroCredits || JSON.stringify(expected.terms) !== JSON.stringify(charge.terms)) {
    fail('I12', `charge ${charge.id} is ${charge.costMicroCredits}, its usage and price give ${expected.costMicroCredits}`);
  }
  // Another model may have served, at its own price; else the price is the one kept with the hold.
  const isAsAsked = event.modelServed === null || event.modelServed === event.model;
  if (isAsAsked && JSON.stringify(hold?.price) !== JSON.stringify(charge.price)) fail('I12', `charge ${charge.id} was computed with another price than its hold kept`);
  const held = hold?.amountMicroCredits ?? 0;
  if (!event.measured && charge.drawnMicroCredits > held) fail('I5', `charge ${charge.id} is an estimate and drew ${charge.drawnMicroCredits}, more than its hold of ${held}`);
  auditDrawn(charge, entries, wasTracked(rows), fail);
}

/** What a charge or a correction says that it drew is what its entries moved, and the rest is booked as uncovered. */
function auditDrawn(charge: ChargeRow, entries: readonly EntryRow[], isTracked: boolean, fail: Fail): void {
  const own = entries.filter((one) => one.chargeId === charge.id);
  const drawn = -sum(own.filter((one) => one.account === 'grant').map((one) => one.amountMicroCredits));
  const overshot = -sum(own.filter((one) => one.account === 'overshoot' && one.kind === 'overage').map((one) => one.amountMicroCredits));
  const givenBack = sum(own.filter((one) => one.account === 'overshoot' && one.kind === 'refund').map((one) => one.amountMicroCredits));
  if (drawn !== charge.drawnMicroCredits) fail('I12', `charge ${charge.id} says ${charge.drawnMicroCredits} was drawn, its entries drew ${drawn}`);
  // Ledgers of the first version booked what was uncovered with the charge alone.
  if (overshot !== givenBack || overshot > 0 && overshot !== charge.uncoveredMicroCredits) fail('I1', `charge ${charge.id} leaves ${charge.uncoveredMicroCredits} uncovered; ${overshot} was booked and ${givenBack} given back`);
  if (isTracked && charge.drawnMicroCredits + charge.uncoveredMicroCredits !== charge.costMicroCredits) fail('I12', `charge ${charge.id}: drawn and uncovered do not sum to its cost`);
  if (!isTracked && (charge.drawnMicroCredits !== 0 || charge.uncoveredMicroCredits !== 0)) fail('I12', `charge ${charge.id} drew credits without a hold`);
}

/** What an attempt gave back is no more than it had drawn. */
function auditGivenBack({ attemptId, entries }: AttemptRows, fail: Fail): void {
  const drawn = new Map<string, number>();
  for (const one of entries) if (one.account === 'grant') drawn.set(one.grantId ?? '', (drawn.get(one.grantId ?? '') ?? 0) + one.amountMicroCredits);
  for (const [grantId, amount] of drawn) if (amount > 0) fail('I12', `attempt ${attemptId} gave back ${amount} more to grant ${grantId} than it had drawn`);
}

/** Each entry carries the key of its cause, and no key twice. */
function auditEntryKeys({ attemptId, entries, charges }: AttemptRows, fail: Fail): void {
  const seen = new Set<string>();
  const ofCharge = new Map(charges.map((one) => [one.id, one.id.slice(`chg_${attemptId}`.length)]));
  for (const one of entries) {
    if (seen.has(one.id)) fail('I3', `entry ${one.id} exists twice`);
    seen.add(one.id);
    const mark = one.chargeId === null ? '' : ofCharge.get(one.chargeId);
    if (mark === undefined) { fail('I12', `entry ${one.id} of attempt ${attemptId} names a charge that is not its own`); continue; }
    if (one.account === 'owed') continue;
    const of = one.account === 'grant' ? one.grantId ?? '' : one.account;
    if (one.id !== `${one.kind}_${attemptId}${mark}_${of}`) fail('I3', `entry ${one.id} does not carry the key of its cause`);
  }
}

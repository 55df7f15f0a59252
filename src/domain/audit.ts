// Proves a ledger from its rows alone: recomputes every balance, charge and chain and names each
// promise that does not hold. Invariants I1 to I12 carry the numbers of the failure model.
import { chargeFor, costOfTerms } from './pricing.ts';
import { attemptTermsText, chainStart, chargeText, entryText, grantTermsText, usageEventText } from './ledgerRows.ts';
import type { ChargeRow, DecisionRow, EntryRow, GrantRow, Hash, HoldRow, UsageEventRow } from './ledgerRows.ts';
import type { DecisionRecord } from './waterfall.ts';

/** One broken promise of the ledger. */
export interface Violation {
  /** The invariant's name, I1 to I12, or `integrity`. */
  readonly invariant: string;
  readonly what: string;
}

/** All rows of a ledger, each set in its own sequence order. */
export interface LedgerRows {
  readonly usageEvents: Iterable<UsageEventRow>;
  readonly charges: Iterable<ChargeRow>;
  readonly entries: Iterable<EntryRow>;
  readonly decisions: Iterable<DecisionRow>;
  readonly holds: Iterable<HoldRow>;
  readonly grants: Iterable<GrantRow>;
}

/** What an audit found. */
export interface AuditFindings {
  readonly violations: readonly Violation[];
  readonly usageEvents: number;
  readonly charges: number;
  readonly entries: number;
  readonly openHolds: number;
  readonly balanceMicroCredits: number;
}

/** More violations than this are not listed; one is enough to stop spending. */
const violationsMax = 100;

interface GrantTotals { granted: number; remaining: number; held: number; causes: number; termsHash: string | null }
interface AttemptTotals {
  reserved: number; released: number; posted: number; overage: number; resolutions: number;
  /** The charge that entries name, and the terms that reserves name; `mixed` when they do not agree. */
  chargeId: string | null; termsHash: string | null; mixed: boolean;
}

/** Recomputes everything. Pure: the same rows always give the same findings. */
export function auditLedger(rows: LedgerRows, hash: Hash): AuditFindings {
  const violations: Violation[] = [];
  const fail = (invariant: string, what: string) => { if (violations.length < violationsMax) violations.push({ invariant, what }); };

  const entries = auditEntries(rows.entries, hash, fail);
  for (const grant of rows.grants) {
    const totals = entries.grants.get(grant.id);
    entries.grants.delete(grant.id);
    if (!totals) { fail('I8', `grant ${grant.id} has no entry that made it`); continue; }
    if (totals.causes !== 1 || totals.granted !== grant.amountMicroCredits) fail('I8', `grant ${grant.id} of ${grant.amountMicroCredits} was made ${totals.causes} times with ${totals.granted} in all`);
    if (totals.termsHash !== hash(grantTermsText(grant))) fail('I9', `the terms of grant ${grant.id} are not those that it was made with`);
    if (totals.remaining !== grant.remainingMicroCredits) fail('I6', `grant ${grant.id} stores ${grant.remainingMicroCredits} left, its entries sum to ${totals.remaining}`);
    if (totals.held !== grant.heldMicroCredits) fail('I6', `grant ${grant.id} stores ${grant.heldMicroCredits} reserved, its entries sum to ${totals.held}`);
  }
  for (const id of entries.grants.keys()) fail('I8', `entries move grant ${id}, which does not exist`);

  const events = auditUsageEvents(rows.usageEvents, hash, fail);
  const holds = new Map<string, HoldRow>();
  let openHolds = 0;
  for (const hold of rows.holds) {
    holds.set(hold.attemptId, hold);
    if (hold.state === 'open') openHolds += 1;
    auditHold(hold, entries.attempts.get(hold.attemptId), events.has(hold.attemptId), fail);
  }
  for (const id of entries.attempts.keys()) if (!holds.has(id)) fail('I7', `entries belong to attempt ${id}, which has no hold`);
  auditDecisions(rows.decisions, hash, fail, { events, holds, attempts: entries.attempts });
  const charges = auditCharges(rows.charges, hash, fail, { events, holds, attempts: entries.attempts });
  for (const [id, totals] of entries.attempts) {
    if (totals.posted + totals.overage > 0 && !charges.has(id)) fail('I12', `credits were drawn for attempt ${id} without a charge`);
    if (totals.mixed || totals.chargeId !== null && charges.get(id) !== totals.chargeId) fail('I12', `entries of attempt ${id} name the charge ${totals.chargeId ?? 'of another'}, which is not its own`);
  }
  for (const [key, reserved] of entries.reservedBy) {
    const [attemptId = '', grantId = ''] = key.split('\n');
    if (holds.get(attemptId)?.state !== 'open') fail('I4', `attempt ${attemptId} has ended, yet ${reserved} of grant ${grantId} stay reserved for it`);
  }
  for (const hold of holds.values()) {
    if (hold.state !== 'open' && (hold.state === 'posted') !== charges.has(hold.attemptId)) fail('I12', `hold ${hold.attemptId} is ${hold.state}, yet its attempt has ${charges.has(hold.attemptId) ? 'a' : 'no'} charge`);
  }
  return {
    violations, usageEvents: events.size, charges: charges.size, entries: entries.count, openHolds,
    balanceMicroCredits: entries.balance,
  };
}

type Fail = (invariant: string, what: string) => void;

function auditEntries(rows: Iterable<EntryRow>, hash: Hash, fail: Fail) {
  const grants = new Map<string, GrantTotals>();
  const attempts = new Map<string, AttemptTotals>();
  const ids = new Set<string>();
  /** What each attempt still has reserved of each grant; kept only while it is not zero. */
  const reservedBy = new Map<string, number>();
  let previous = chainStart; let balance = 0; let held = 0; let count = 0;
  for (const row of rows) {
    count += 1;
    if (row.sequence !== count) fail('I11', `entry ${row.id} is out of sequence`);
    if (row.prevHash !== previous || hash(entryText(row)) !== row.hash) fail('I9', `the chain of entries breaks at ${row.id}`);
    previous = row.hash;
    if (ids.has(row.id)) fail('I3', `entry ${row.id} exists twice`);
    ids.add(row.id);
    if (!Number.isSafeInteger(row.amountMicroCredits) || !Number.isSafeInteger(row.heldDeltaMicroCredits)) fail('I10', `entry ${row.id} is not in whole microcredits`);
    if (!hasLawfulSigns(row)) fail('I1', `entry ${row.id} moves ${row.amountMicroCredits} and ${row.heldDeltaMicroCredits} reserved, which no ${row.kind} does`);
    if ((row.kind === 'grant' || row.kind === 'expire') !== (row.attemptId === null)) fail('I7', `entry ${row.id} is a ${row.kind} of ${row.attemptId ?? 'no attempt'}`);
    if (row.kind !== 'expire' && row.id !== `${row.kind}_${row.attemptId === null ? '' : `${row.attemptId}_`}${row.grantId}`) fail('I3', `entry ${row.id} does not carry the key of its cause`);
    const grant = totalsOf(grants, row.grantId, () => ({ granted: 0, remaining: 0, held: 0, causes: 0, termsHash: null }));
    if (row.kind === 'grant') { grant.causes += 1; grant.granted += row.amountMicroCredits; grant.termsHash = row.termsHash; }
    grant.remaining += row.amountMicroCredits;
    grant.held += row.heldDeltaMicroCredits;
    balance += row.amountMicroCredits;
    held += row.heldDeltaMicroCredits;
    if (grant.held < 0 || grant.remaining < grant.held) fail('I2', `after entry ${row.id} grant ${row.grantId} has ${grant.remaining} left and ${grant.held} reserved`);
    if (row.balanceAfterMicroCredits !== balance || row.heldAfterMicroCredits !== held) fail('I6', `entry ${row.id} says ${row.balanceAfterMicroCredits} after it, the entries sum to ${balance}`);
    if (row.attemptId === null) continue;
    const attempt = totalsOf(attempts, row.attemptId, () => ({
      reserved: 0, released: 0, posted: 0, overage: 0, resolutions: 0, chargeId: null, termsHash: null, mixed: false,
    }));
    const key = `${row.attemptId}\n${row.grantId}`;
    const reserved = (reservedBy.get(key) ?? 0) + row.heldDeltaMicroCredits;
    if (reserved === 0) reservedBy.delete(key); else reservedBy.set(key, reserved);
    if (row.chargeId !== null) {
      attempt.mixed ||= attempt.chargeId !== null && attempt.chargeId !== row.chargeId;
      attempt.chargeId = row.chargeId;
    }
    if (row.kind === 'reserve') {
      attempt.reserved += row.heldDeltaMicroCredits;
      attempt.mixed ||= attempt.termsHash !== null && attempt.termsHash !== row.termsHash;
      attempt.termsHash = row.termsHash;
    } else attempt.released -= row.heldDeltaMicroCredits;
    if (row.kind === 'post') attempt.posted -= row.amountMicroCredits;
    if (row.kind === 'overage') attempt.overage -= row.amountMicroCredits;
    if (row.kind === 'post' || row.kind === 'void') attempt.resolutions += 1;
  }
  return { grants, attempts, reservedBy, balance, count };
}

/** Each kind of entry moves the two amounts in one direction only. */
function hasLawfulSigns(row: EntryRow): boolean {
  const { amountMicroCredits: amount, heldDeltaMicroCredits: held } = row;
  switch (row.kind) {
    case 'grant': return amount > 0 && held === 0;
    case 'reserve': return amount === 0 && held > 0;
    case 'post': return amount < 0 && held < 0 && -amount <= -held;
    case 'overage': return amount < 0 && held === 0;
    case 'void': return amount === 0 && held < 0;
    case 'expire': return amount < 0 && held === 0;
  }
}

function auditUsageEvents(rows: Iterable<UsageEventRow>, hash: Hash, fail: Fail): Map<string, UsageEventRow> {
  const events = new Map<string, UsageEventRow>();
  let previous = chainStart; let count = 0;
  for (const row of rows) {
    count += 1;
    if (row.sequence !== count) fail('I11', `usage event ${row.id} is out of sequence`);
    if (row.prevHash !== previous || hash(usageEventText(row)) !== row.hash) fail('I9', `the chain of usage events breaks at ${row.id}`);
    previous = row.hash;
    if (events.has(row.attemptId)) fail('I3', `attempt ${row.attemptId} has two usage events`);
    events.set(row.attemptId, row);
  }
  return events;
}

function auditHold(hold: HoldRow, totals: AttemptTotals | undefined, settled: boolean, fail: Fail): void {
  const { attemptId } = hold;
  const reserved = totals?.reserved ?? 0;
  if (reserved !== hold.amountMicroCredits) fail('I7', `hold ${attemptId} is of ${hold.amountMicroCredits}, its entries reserve ${reserved}`);
  if (hold.state === 'open') {
    if (settled) fail('I4', `hold ${attemptId} is open, yet its attempt has ended`);
    if ((totals?.resolutions ?? 0) > 0) fail('I4', `hold ${attemptId} is open, yet entries resolve it`);
    return;
  }
  if (!settled) fail('I12', `hold ${attemptId} was resolved without a usage event`);
  if (totals && totals.released !== totals.reserved) fail('I4', `hold ${attemptId} reserved ${totals.reserved} and gave back ${totals.released}`);
  if (totals && totals.posted > totals.reserved) fail('I5', `hold ${attemptId} reserved ${totals.reserved}, yet ${totals.posted} was posted`);
}

/** Each attempt has a decision; what it says is what was held, and what its event and entries were made under. */
function auditDecisions(rows: Iterable<DecisionRow>, hash: Hash, fail: Fail, known: Known): void {
  const decided = new Set<string>();
  for (const row of rows) {
    const { attemptId } = row;
    if (decided.has(attemptId)) fail('I3', `attempt ${attemptId} was decided twice`);
    decided.add(attemptId);
    const hold = known.holds.get(attemptId);
    const event = known.events.get(attemptId);
    if (hash(attemptTermsText(row, hold)) !== row.termsHash) fail('I9', `the decision or hold of attempt ${attemptId} is not what was first written`);
    if (event && event.termsHash !== row.termsHash) fail('I9', `attempt ${attemptId} ended under another decision or hold than it has`);
    const reservedUnder = known.attempts.get(attemptId)?.termsHash ?? null;
    if (known.attempts.has(attemptId) && reservedUnder !== row.termsHash) fail('I9', `attempt ${attemptId} reserved under another decision or hold than it has`);
    if (event && (event.requestId !== row.requestId || event.workspaceId !== row.workspaceId || event.model !== row.model)) fail('I12', `attempt ${attemptId} was used for another request than it was decided for`);
    const admitted = recordOf(row.record)?.outcome === 'admit';
    if (!admitted && event?.outcome !== 'refused') fail('I12', `attempt ${attemptId} was refused, yet it has no usage event that says so`);
    if (!admitted && hold) fail('I7', `attempt ${attemptId} was refused, yet it has a hold`);
    if (admitted && !hold) fail('I7', `attempt ${attemptId} was admitted without a hold`);
    if (admitted && hold && hold.amountMicroCredits !== recordOf(row.record)?.holdMicroCredits) fail('I7', `attempt ${attemptId} holds ${hold.amountMicroCredits}, which is not what was decided`);
  }
  for (const event of known.events.values()) if (!decided.has(event.attemptId)) fail('I7', `attempt ${event.attemptId} has a usage event without a decision`);
  for (const id of known.holds.keys()) if (!decided.has(id)) fail('I7', `hold ${id} has no decision`);
}

function recordOf(text: string): DecisionRecord | undefined {
  try {
    return JSON.parse(text) as DecisionRecord;
  } catch {
    // A record that is no JSON is none; its hash has been found wrong already.
    return undefined;
  }
}

interface Known {
  readonly events: ReadonlyMap<string, UsageEventRow>;
  readonly holds: ReadonlyMap<string, HoldRow>;
  readonly attempts: ReadonlyMap<string, AttemptTotals>;
}

function auditCharges(rows: Iterable<ChargeRow>, hash: Hash, fail: Fail, known: Known): Map<string, string> {
  const charged = new Map<string, string>();
  let previous = chainStart; let count = 0;
  for (const row of rows) {
    count += 1;
    if (row.sequence !== count) fail('I11', `charge ${row.id} is out of sequence`);
    if (row.prevHash !== previous || hash(chargeText(row)) !== row.hash) fail('I9', `the chain of charges breaks at ${row.id}`);
    previous = row.hash;
    if (charged.has(row.attemptId)) fail('I3', `attempt ${row.attemptId} was charged twice`);
    charged.set(row.attemptId, row.id);
    const event = known.events.get(row.attemptId);
    if (!event || event.id !== row.usageEventId) { fail('I12', `charge ${row.id} has no usage event`); continue; }
    const expected = chargeFor(event, row.price, event.tier);
    if (row.tier !== event.tier || row.priceVersion !== row.price.version) fail('I12', `charge ${row.id} names another tier or price than it was computed with`);
    if (costOfTerms(row.terms) !== row.costMicroCredits || JSON.stringify(expected.terms) !== JSON.stringify(row.terms)) {
      fail('I12', `charge ${row.id} is ${row.costMicroCredits}, its usage and price give ${expected.costMicroCredits}`);
    }
    const totals = known.attempts.get(row.attemptId);
    const drawn = (totals?.posted ?? 0) + (totals?.overage ?? 0);
    if (drawn !== row.drawnMicroCredits) fail('I12', `charge ${row.id} says ${row.drawnMicroCredits} was drawn, its entries drew ${drawn}`);
    const hold = known.holds.get(row.attemptId);
    // Another model may have served, at its own price; else the price is the one kept with the hold.
    const isAsAsked = event.modelServed === null || event.modelServed === event.model;
    if (isAsAsked && JSON.stringify(hold?.price) !== JSON.stringify(row.price)) fail('I12', `charge ${row.id} was computed with another price than its hold kept`);
    const wasTracked = (hold?.amountMicroCredits ?? 0) > 0;
    if (wasTracked && row.drawnMicroCredits + row.uncoveredMicroCredits !== row.costMicroCredits) fail('I12', `charge ${row.id}: drawn and uncovered do not sum to its cost`);
    if (!event.measured && row.drawnMicroCredits > (hold?.amountMicroCredits ?? 0)) fail('I5', `charge ${row.id} is an estimate and drew ${row.drawnMicroCredits}, more than its hold of ${hold?.amountMicroCredits ?? 0}`);
    if (!wasTracked && row.drawnMicroCredits !== 0) fail('I12', `charge ${row.id} drew credits without a hold`);
  }
  return charged;
}

function totalsOf<T>(map: Map<string, T>, key: string, fresh: () => T): T {
  let value = map.get(key);
  if (!value) { value = fresh(); map.set(key, value); }
  return value;
}

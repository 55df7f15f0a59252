// Proves a ledger from its rows alone: recomputes every balance, charge and chain and names each
// promise that does not hold. Invariants I1 to I12 carry the numbers of the failure model.
import { chargeFor, costOfTerms } from './pricing.ts';
import { chainStart, chargeText, entryText, usageEventText } from './ledgerRows.ts';
import type { ChargeRow, EntryRow, GrantRow, Hash, HoldRow, UsageEventRow } from './ledgerRows.ts';

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

interface GrantTotals { granted: number; remaining: number; held: number; causes: number }
interface AttemptTotals { reserved: number; released: number; posted: number; overage: number; resolutions: number }

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
  for (const event of events.values()) {
    if (event.outcome !== 'refused' && !holds.has(event.attemptId)) fail('I7', `attempt ${event.attemptId} was sent without a hold`);
  }
  const charges = auditCharges(rows.charges, hash, fail, { events, holds, attempts: entries.attempts });
  for (const [id, totals] of entries.attempts) {
    if (totals.posted + totals.overage > 0 && !charges.has(id)) fail('I12', `credits were drawn for attempt ${id} without a charge`);
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
  let previous = chainStart; let balance = 0; let held = 0; let count = 0; let sequence = 0;
  for (const row of rows) {
    count += 1;
    if (row.sequence <= sequence) fail('I11', `entry ${row.id} is out of sequence`);
    sequence = row.sequence;
    if (row.prevHash !== previous || hash(entryText(row)) !== row.hash) fail('I9', `the chain of entries breaks at ${row.id}`);
    previous = row.hash;
    if (ids.has(row.id)) fail('I3', `entry ${row.id} exists twice`);
    ids.add(row.id);
    if (!Number.isSafeInteger(row.amountMicroCredits) || !Number.isSafeInteger(row.heldDeltaMicroCredits)) fail('I10', `entry ${row.id} is not in whole microcredits`);
    if (!hasLawfulSigns(row)) fail('I1', `entry ${row.id} moves ${row.amountMicroCredits} and ${row.heldDeltaMicroCredits} reserved, which no ${row.kind} does`);
    const grant = totalsOf(grants, row.grantId, () => ({ granted: 0, remaining: 0, held: 0, causes: 0 }));
    if (row.kind === 'grant') { grant.causes += 1; grant.granted += row.amountMicroCredits; }
    grant.remaining += row.amountMicroCredits;
    grant.held += row.heldDeltaMicroCredits;
    balance += row.amountMicroCredits;
    held += row.heldDeltaMicroCredits;
    if (grant.held < 0 || grant.remaining < grant.held) fail('I2', `after entry ${row.id} grant ${row.grantId} has ${grant.remaining} left and ${grant.held} reserved`);
    if (row.balanceAfterMicroCredits !== balance || row.heldAfterMicroCredits !== held) fail('I6', `entry ${row.id} says ${row.balanceAfterMicroCredits} after it, the entries sum to ${balance}`);
    if (row.attemptId === null) continue;
    const attempt = totalsOf(attempts, row.attemptId, () => ({ reserved: 0, released: 0, posted: 0, overage: 0, resolutions: 0 }));
    if (row.kind === 'reserve') attempt.reserved += row.heldDeltaMicroCredits;
    else attempt.released -= row.heldDeltaMicroCredits;
    if (row.kind === 'post') attempt.posted -= row.amountMicroCredits;
    if (row.kind === 'overage') attempt.overage -= row.amountMicroCredits;
    if (row.kind === 'post' || row.kind === 'void') attempt.resolutions += 1;
  }
  return { grants, attempts, balance, count };
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
  let previous = chainStart; let sequence = 0;
  for (const row of rows) {
    if (row.sequence <= sequence) fail('I11', `usage event ${row.id} is out of sequence`);
    sequence = row.sequence;
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

interface Known {
  readonly events: ReadonlyMap<string, UsageEventRow>;
  readonly holds: ReadonlyMap<string, HoldRow>;
  readonly attempts: ReadonlyMap<string, AttemptTotals>;
}

function auditCharges(rows: Iterable<ChargeRow>, hash: Hash, fail: Fail, known: Known): Set<string> {
  const charged = new Set<string>();
  let previous = chainStart; let sequence = 0;
  for (const row of rows) {
    if (row.sequence <= sequence) fail('I11', `charge ${row.id} is out of sequence`);
    sequence = row.sequence;
    if (row.prevHash !== previous || hash(chargeText(row)) !== row.hash) fail('I9', `the chain of charges breaks at ${row.id}`);
    previous = row.hash;
    if (charged.has(row.attemptId)) fail('I3', `attempt ${row.attemptId} was charged twice`);
    charged.add(row.attemptId);
    const event = known.events.get(row.attemptId);
    if (!event || event.id !== row.usageEventId) { fail('I12', `charge ${row.id} has no usage event`); continue; }
    const expected = chargeFor(event, row.price, event.tier);
    if (costOfTerms(row.terms) !== row.costMicroCredits || JSON.stringify(expected.terms) !== JSON.stringify(row.terms)) {
      fail('I12', `charge ${row.id} is ${row.costMicroCredits}, its usage and price give ${expected.costMicroCredits}`);
    }
    const totals = known.attempts.get(row.attemptId);
    const drawn = (totals?.posted ?? 0) + (totals?.overage ?? 0);
    if (drawn !== row.drawnMicroCredits) fail('I12', `charge ${row.id} says ${row.drawnMicroCredits} was drawn, its entries drew ${drawn}`);
    const hold = known.holds.get(row.attemptId);
    const wasTracked = (hold?.amountMicroCredits ?? 0) > 0;
    if (wasTracked && row.drawnMicroCredits + row.uncoveredMicroCredits !== row.costMicroCredits) fail('I12', `charge ${row.id}: drawn and uncovered do not sum to its cost`);
    if (!wasTracked && row.drawnMicroCredits !== 0) fail('I12', `charge ${row.id} drew credits without a hold`);
  }
  return charged;
}

function totalsOf<T>(map: Map<string, T>, key: string, fresh: () => T): T {
  let value = map.get(key);
  if (!value) { value = fresh(); map.set(key, value); }
  return value;
}

// Proves a ledger from its rows alone: recomputes every balance, charge and chain and names each
// promise that does not hold. Invariants I1 to I12 carry the numbers of the failure model. From a
// checkpoint on, it proves only what came after it, and that the rows before it are still those.
import type { DirectiveRow, GrantRow } from '../ledgerRows.ts';
import type { Hash } from '../rowTexts.ts';
import { grantTermsText } from '../rowTexts.ts';
import { auditAttempt } from './attemptAudit.ts';
import type { AttemptRows } from './attemptAudit.ts';
import { auditCharges, auditDirectives, auditEntries, auditUsageEvents } from './chainAudit.ts';
import type { ChainRows, Checkpoint, GrantTotals } from './chainAudit.ts';

/** One broken promise of the ledger. */
export interface Violation {
  /** The invariant's name, I1 to I12, or `integrity`. */
  readonly invariant: string;
  readonly what: string;
}

/** Names a broken promise. */
export type Fail = (invariant: string, what: string) => void;

/** The rows of a ledger: its chains from the checkpoint on, its grants, and the attempts that have rows there or run. */
export interface LedgerRows extends ChainRows {
  readonly grants: Iterable<GrantRow>;
  readonly attempts: Iterable<AttemptRows>;
}

/** What an audit found. Counts are those of the whole ledger; sums beside the balance are of what was looked at. */
export interface AuditFindings {
  readonly violations: readonly Violation[];
  readonly usageEvents: number;
  readonly charges: number;
  readonly entries: number;
  readonly directives: number;
  readonly openHolds: number;
  readonly balanceMicroCredits: number;
  /** What attempts that were lost may have cost upstream, what no credits covered, and what is owed. */
  readonly exposureMicroCredits: number;
  readonly overshootMicroCredits: number;
  readonly owedMicroCredits: number;
  /** Whether all rows were looked at, or those after a checkpoint. */
  readonly full: boolean;
}

/** What a clean audit leaves for the next one, and what it found. */
export interface AuditOutcome {
  readonly findings: AuditFindings;
  readonly checkpoint: Omit<Checkpoint, 'decisions'>;
}

/** More violations than this are not listed; one is enough to stop spending. */
const violationsMax = 100;

/** Recomputes everything. Pure: the same rows always give the same findings. */
export function auditLedger(rows: LedgerRows, hash: Hash, from?: Checkpoint): AuditOutcome {
  const violations: Violation[] = [];
  const fail: Fail = (invariant, what) => { if (violations.length < violationsMax) violations.push({ invariant, what }); };
  const entries = auditEntries(rows.entries, hash, fail, from);
  const usageEvents = auditUsageEvents(rows.usageEvents, hash, fail, from?.heads.usage_events);
  const charges = auditCharges(rows.charges, hash, fail, from?.heads.charges);
  const voids = new Map<string, GrantRow['voided']>();
  const directives = auditDirectives(noted(rows.directives, voids), hash, fail, from?.heads.directives);
  auditGrants(rows.grants, entries.grants, voids, hash, fail, from === undefined);
  let openHolds = 0;
  for (const attempt of rows.attempts) {
    if (attempt.hold?.state === 'open') openHolds += 1;
    auditAttempt(attempt, hash, fail);
  }
  const { beside } = entries;
  if (beside.overshoot !== 0) fail('I1', `what no credits covered was booked and given back with a difference of ${beside.overshoot}`);
  if (beside.owed > 0) fail('I2', `more was paid of what is owed than was owed: ${beside.owed}`);
  return {
    findings: {
      violations, usageEvents: usageEvents.rows, charges: charges.rows, entries: entries.head.rows, directives: directives.rows, openHolds,
      balanceMicroCredits: entries.balance, exposureMicroCredits: Math.max(0, -beside.exposure), overshootMicroCredits: beside.overshot, owedMicroCredits: Math.max(0, -beside.owed), full: from === undefined,
    },
    checkpoint: {
      heads: { usage_events: usageEvents, charges, entries: entries.head, directives }, balance: entries.balance, held: entries.held, beside,
      grants: Object.fromEntries(entries.grants),
    },
  };
}

/** Passes directives on and notes the grants that were taken back. */
function* noted(rows: Iterable<DirectiveRow>, voids: Map<string, GrantRow['voided']>): Generator<DirectiveRow> {
  for (const row of rows) {
    if (row.kind === 'void') voids.set(row.subject, row.content.includes('"disputed":true') ? 'disputed' : 'undone');
    yield row;
  }
}

function auditGrants(rows: Iterable<GrantRow>, totals: ReadonlyMap<string, GrantTotals>, voids: ReadonlyMap<string, GrantRow['voided']>, hash: Hash, fail: Fail, all: boolean): void {
  const known = new Set<string>();
  for (const grant of rows) {
    known.add(grant.id);
    const found = totals.get(grant.id);
    if (!found) { fail('I8', `grant ${grant.id} has no entry that made it`); continue; }
    if (found.causes !== 1 || found.granted !== grant.amountMicroCredits) fail('I8', `grant ${grant.id} of ${grant.amountMicroCredits} was made ${found.causes} times with ${found.granted} in all`);
    if (found.termsHash !== hash(grantTermsText(grant))) fail('I9', `the terms of grant ${grant.id} are not those that it was made with`);
    if (found.remaining !== grant.remainingMicroCredits) fail('I6', `grant ${grant.id} stores ${grant.remainingMicroCredits} left, its entries sum to ${found.remaining}`);
    if (found.held !== grant.heldMicroCredits) fail('I6', `grant ${grant.id} stores ${grant.heldMicroCredits} reserved, its entries sum to ${found.held}`);
    const { owed, paid, settled, repaid } = found;
    const due = grant.voided === 'disputed' ? found.granted - found.remaining - found.ended : 0;
    if (owed !== due) fail('I1', `for grant ${grant.id} ${owed} is owed, and it should be ${due}`);
    if (paid !== settled) fail('I1', `grant ${grant.id} paid ${paid} of what was owed, and ${settled} arrived`);
    if (repaid !== 0 && repaid !== found.granted) fail('I1', `grant ${grant.id} of ${found.granted} was made for ${repaid} that had been paid too much`);
    const voided = voids.get(grant.id) ?? null;
    if ((all || voided !== null) && grant.voided !== voided) fail('I6', `grant ${grant.id} is told as ${grant.voided ?? 'in force'}, its directives tell it as ${voided ?? 'in force'}`);
  }
  for (const id of totals.keys()) if (!known.has(id)) fail('I8', `entries move grant ${id}, which does not exist`);
}

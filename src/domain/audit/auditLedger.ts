// Proves a ledger from its rows alone: recomputes every balance, charge and chain and names each
// promise that does not hold. Invariants I1 to I12 carry the numbers of the failure model. From a
// checkpoint on, it proves only what came after it, and that the rows before it are still those.
import type { DirectiveRow, GrantRow } from '../ledgerRows.ts';
import type { ImportRow } from '../importedUse.ts';
import type { Hash } from '../rowTexts.ts';
import { auditAttempt } from './attemptAudit.ts';
import type { AttemptRows } from './attemptRows.ts';
import type { Fail } from './auditFail.ts';
import { auditCharges, auditDirectives, auditEntries, auditUsageEvents } from './chainAudit.ts';
import type { ChainRows, Checkpoint } from './chainAudit.ts';
import { CreditTrail } from './creditTrail.ts';
import type { UseOf } from './creditTrail.ts';
import { DirectiveAudit } from './directiveAudit.ts';
import type { OlderRows } from './directiveAudit.ts';
import { auditGrants } from './grantAudit.ts';
import { auditImports } from './importAudit.ts';

/** One broken promise of the ledger. */
export interface Violation {
  /** The invariant's name, I1 to I12, or `integrity`. */
  readonly invariant: string;
  readonly what: string;
}

/** The rows of a ledger: its chains from the checkpoint on, its grants, and the attempts that have rows there or run. */
export interface LedgerRows extends ChainRows {
  readonly grants: Iterable<GrantRow>;
  /** Imported responses, in their own sequence order. */
  readonly imports: Iterable<ImportRow>;
  /** Directives before the checkpoint by which grants were taken back. */
  readonly earlierVoids: Iterable<DirectiveRow>;
  readonly olderUntil: OlderRows;
  readonly useOf: UseOf;
  readonly attempts: Iterable<AttemptRows>;
}

/** What an audit found. Counts are those of the whole ledger; sums beside the balance are of what was looked at. */
export interface AuditFindings {
  readonly violations: readonly Violation[];
  readonly usageEvents: number;
  readonly charges: number;
  readonly entries: number;
  readonly directives: number;
  /** Responses that went around the broker and were imported. */
  readonly imports: number;
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
  const told = new DirectiveAudit({ isWhole: from === undefined, earlier: rows.earlierVoids, olderUntil: rows.olderUntil }, fail);
  const directives = auditDirectives(told.along(rows.directives), hash, fail, from?.heads.directives);
  const grants = [...rows.grants];
  const trail = new CreditTrail(grants, { owed: -(from?.beside.owed ?? 0), told, useOf: rows.useOf }, fail);
  const entries = auditEntries(rows.entries, hash, fail, { from, each: (row) => trail.follow(row) });
  trail.end();
  const usageEvents = auditUsageEvents(rows.usageEvents, hash, fail, from?.heads.usage_events);
  const charges = auditCharges(rows.charges, hash, fail, from?.heads.charges);
  const imports = auditImports(rows.imports, hash, fail, from?.heads.imports);
  auditGrants(grants, entries.grants, told, hash, fail);
  let openHolds = 0;
  let reserved = 0;
  for (const attempt of rows.attempts) {
    if (attempt.hold?.state === 'open') { openHolds += 1; reserved += attempt.hold.amountMicroCredits; }
    auditAttempt(attempt, hash, told, fail);
  }
  if (reserved !== entries.held) fail('I4', `open holds are of ${reserved} in all, the entries reserve ${entries.held}`);
  const { beside } = entries;
  if (beside.overshoot !== 0) fail('I1', `what no credits covered was booked and given back with a difference of ${beside.overshoot}`);
  if (beside.owed > 0) fail('I2', `more was paid of what is owed than was owed: ${beside.owed}`);
  return {
    findings: {
      violations, usageEvents: usageEvents.rows, charges: charges.rows, entries: entries.head.rows, directives: directives.rows, imports: imports.rows, openHolds,
      balanceMicroCredits: entries.balance, exposureMicroCredits: Math.max(0, -beside.exposure), overshootMicroCredits: beside.overshot, owedMicroCredits: Math.max(0, -beside.owed), full: from === undefined,
    },
    checkpoint: {
      heads: { usage_events: usageEvents, charges, entries: entries.head, directives, imports }, balance: entries.balance, held: entries.held, beside,
      grants: Object.fromEntries(entries.grants),
    },
  };
}

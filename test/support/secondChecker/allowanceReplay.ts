// Grants that allowances gave: each is what its allowance said at that time, for the very period of the
// zone's calendar in which it was made. And whether credits were tracked when an attempt reserved none.
import { createHash } from 'node:crypto';
import type { LedgerTables, WrittenGrant } from './ledgerTables.ts';
import { periodAround } from './localPeriods.ts';
import { decided, granted } from './momentOrder.ts';
import type { MomentOrder } from './momentOrder.ts';
import { standingAfter } from './standingDirectives.ts';
import type { WrittenAllowance } from './standingDirectives.ts';

/** Grants of allowances that no allowance would have given. */
export function wrongAllowances(tables: LedgerTables, order: MomentOrder): string[] {
  const standing = standingAfter(tables.directives);
  return [...tables.grants.values()].flatMap((grant) => {
    const { allowanceId } = grant;
    if (allowanceId === null) return [];
    const { least, most } = order.before(granted(grant.id), 'directives');
    for (let count = least; count <= most; count += 1) {
      const allowance = standing(count).allowances.get(allowanceId);
      if (allowance && isGiftOf(grant, allowance)) return [];
    }
    return [`the grant ${grant.id} is not what its allowance gives`];
  });
}

function isGiftOf(grant: WrittenGrant, allowance: WrittenAllowance): boolean {
  const { fromMs, untilMs } = periodAround(allowance.every, grant.createdAtMs, allowance.timeZone, allowance.weekStartsOn);
  const key = `allowance ${allowance.id} ${fromMs}`;
  const list = (names: readonly string[] | null | undefined) => JSON.stringify(names ?? null);
  return grant.key === key && grant.id === `grant_${createHash('sha256').update(key).digest('hex').slice(0, 24)}` && grant.startsAtMs === fromMs && grant.expiresAtMs === untilMs
    && grant.content === JSON.stringify([allowance.kind, allowance.amountMicroCredits, untilMs, fromMs, allowance.id])
    && grant.kind === allowance.kind && grant.amount === allowance.amountMicroCredits && grant.priority === allowance.priority && grant.note === (allowance.note ?? null)
    && list(grant.models) === list(allowance.models) && list(grant.workspaces) === list(allowance.workspaces);
}

/** Attempts that reserved nothing, or whose cost is booked nowhere, although credits had been added before. */
export function wronglyUntracked(tables: LedgerTables, order: MomentOrder): string[] {
  const firstGrant = tables.entries.findIndex((entry) => entry.kind === 'grant');
  if (firstGrant < 0) return [];
  return tables.decisions.flatMap((decision) => {
    const hold = tables.holds.get(decision.attemptId);
    const moment = decided(decision.attemptId);
    if (decision.record.fallback !== undefined) return hold && hold.amount === 0 && !hold.isTracked ? [] : [`a fallback's answer was to be paid for with credits (${moment})`];
    if (hold?.isTracked && order.before(moment, 'entries').most <= firstGrant) return [`an attempt counts as tracked although no credits had been added (${moment})`];
    if (!hold || hold.isOfFirstVersion || hold.amount > 0 || hold.estimate === null || order.before(moment, 'entries').least <= firstGrant) return [];
    if (hold.estimate > 0) return [`an attempt reserved nothing although credits are tracked (${moment})`];
    const unbooked = tables.charges.filter((one) => one.attemptId === decision.attemptId).reduce((sum, one) => sum + one.cost - one.drawn - one.uncovered, 0);
    return unbooked === 0 ? [] : [`a cost was neither drawn nor booked as uncovered although credits are tracked (${moment})`];
  });
}

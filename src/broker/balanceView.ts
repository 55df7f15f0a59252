// The stored balance as people and programs are shown it.
import { sum } from '../domain/units.ts';
import type { GrantView, Snapshot } from '../protocol/snapshot.ts';
import type { BalanceRead } from './store/ledgerPort.ts';

/** The balance as people see it. Grants that are used up or expired stay visible for their history. */
export function balanceView(balance: BalanceRead): Snapshot['balance'] {
  const grants: GrantView[] = balance.grants.map((grant) => ({
    id: grant.id, kind: grant.kind, amountMicroCredits: grant.amountMicroCredits, remainingMicroCredits: grant.remainingMicroCredits,
    heldMicroCredits: grant.heldMicroCredits, priority: grant.priority, createdAtMs: grant.createdAtMs,
    ...(grant.startsAtMs === undefined ? {} : { startsAtMs: grant.startsAtMs }), ...(grant.expiresAtMs === undefined ? {} : { expiresAtMs: grant.expiresAtMs }),
    ...(grant.models ? { models: grant.models } : {}), ...(grant.workspaces ? { workspaces: grant.workspaces } : {}),
    ...(grant.allowanceId === undefined ? {} : { allowanceId: grant.allowanceId }), ...(grant.source ? { source: grant.source } : {}), ...(grant.voided === undefined ? {} : { voided: grant.voided }),
    ...(grant.note === undefined ? {} : { note: grant.note }),
  }));
  return {
    tracked: balance.tracked, grants, owedMicroCredits: balance.owedMicroCredits,
    balanceMicroCredits: sum(grants.map((grant) => grant.remainingMicroCredits)), heldMicroCredits: sum(grants.map((grant) => grant.heldMicroCredits)),
  };
}

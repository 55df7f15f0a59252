// What the next request of one window's workspace would draw from. The snapshot tells it for any
// workspace; permission to use purchased credits and grants for some workspaces only are joined here.
// It never decides about a request: the broker does that, with the request's real size and model.
import { grantKinds, isInForce } from '../domain/grants.ts';
import { isKeyUsable, type PayerFacts } from './payer.ts';
import type { GrantView, Snapshot } from './snapshot.ts';
import { stoppingBudget } from './windowBudgets.ts';

/**
 * As `Snapshot.nextDraw`. When only purchased credits are free: `asks` where nobody said yet whether this workspace
 * may use them, so that a request waits for the answer, and `not-allowed` where they were refused.
 */
export type WindowDraw = Snapshot['nextDraw'] | 'asks' | 'not-allowed';

/** Whether a workspace may use purchased credits. A workspace that is not known yet counts as allowed when any is. */
export function mayUsePurchased(consent: Snapshot['consent'], workspaceId: string | undefined): boolean {
  if (workspaceId === undefined) return consent.everywhere || consent.workspaceIds.length > 0;
  return consent.workspaceIds.includes(workspaceId) || consent.everywhere && !consent.deniedWorkspaceIds.includes(workspaceId);
}

/** Whether a workspace was refused purchased credits, so that nobody is asked any more. */
export function isDenied(consent: Snapshot['consent'], workspaceId: string | undefined): boolean {
  if (mayUsePurchased(consent, workspaceId)) return false;
  return consent.deniedEverywhere === true || workspaceId !== undefined && consent.deniedWorkspaceIds.includes(workspaceId);
}

/** Whether a grant has something that a request of a workspace could use now; of one that is not known yet, as if it could. */
export function isFree(grant: GrantView, workspaceId: string | undefined, atMs: number): boolean {
  return isInForce(grant, atMs) && grant.remainingMicroCredits > grant.heldMicroCredits
    && (grant.workspaces === undefined || workspaceId === undefined || grant.workspaces.includes(workspaceId));
}

/**
 * The draw of one window.
 * @param workspaceId the window's workspace; absent until the broker told it
 */
export function windowDraw(snapshot: Pick<Snapshot, 'atMs' | 'balance' | 'consent'>, workspaceId: string | undefined): WindowDraw {
  const { balance, consent, atMs } = snapshot;
  if (!balance.tracked) return 'untracked';
  const kind = grantKinds.find((one) => balance.grants.some((grant) => grant.kind === one && isFree(grant, workspaceId, atMs)));
  if (kind !== 'purchased' || mayUsePurchased(consent, workspaceId)) return kind ?? 'none';
  return isDenied(consent, workspaceId) ? 'not-allowed' : 'asks';
}

/** What tells whether a window's requests with the key go on. */
export type KeyFacts = PayerFacts & Pick<Snapshot, 'atMs' | 'balance' | 'consent' | 'budgets'>;

/** Whether requests of a window go on with the key: nothing is owed, no budget is used up, and there are credits, if only held ones that may come back. */
export function keyGoesOn(facts: KeyFacts, workspaceId: string | undefined): boolean {
  if (!isKeyUsable(facts) || facts.balance.owedMicroCredits > 0 || stoppingBudget(facts.budgets, workspaceId, 'key')) return false;
  const draw = windowDraw(facts, workspaceId);
  return draw === 'none' ? facts.balance.heldMicroCredits > 0 : draw !== 'not-allowed';
}

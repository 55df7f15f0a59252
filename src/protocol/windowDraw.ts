// What the next request of one window's workspace would draw from. The snapshot tells it for any
// workspace; permission to use purchased credits belongs to each workspace, so the two are joined here.
// It never decides about a request: the broker does that, with the request's real size.
import { sum } from '../domain/units.ts';
import type { Snapshot } from './snapshot.ts';

/** As `Snapshot.nextDraw`; `not-allowed` when only purchased credits are free and this workspace may not use them. */
export type WindowDraw = Snapshot['nextDraw'] | 'not-allowed';

/** Whether a workspace may use purchased credits. A workspace that is not known yet counts as allowed when any is. */
export function mayUsePurchased(consent: Snapshot['consent'], workspaceId: string | undefined): boolean {
  if (workspaceId === undefined) return consent.everywhere || consent.workspaceIds.length > 0;
  return consent.workspaceIds.includes(workspaceId) || consent.everywhere && !consent.deniedWorkspaceIds.includes(workspaceId);
}

/**
 * The draw of one window.
 * @param workspaceId the window's workspace; absent until the broker told it
 */
export function windowDraw(snapshot: Pick<Snapshot, 'atMs' | 'balance' | 'consent' | 'nextDraw'>, workspaceId: string | undefined): WindowDraw {
  const { balance, nextDraw } = snapshot;
  if (nextDraw !== 'purchased' && nextDraw !== 'none' || mayUsePurchased(snapshot.consent, workspaceId)) return nextDraw;
  if (nextDraw === 'purchased') return 'not-allowed';
  // `none` may mean that nobody at all was allowed yet, or that nothing is free.
  const free = sum(balance.grants
    .filter((grant) => grant.kind === 'purchased' && (grant.expiresAtMs === undefined || grant.expiresAtMs > snapshot.atMs))
    .map((grant) => grant.remainingMicroCredits - grant.heldMicroCredits));
  return free > 0 ? 'not-allowed' : 'none';
}

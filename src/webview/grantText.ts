// Grants in words: the order in which they are used, how each stands, until when it lasts, and whom it is for. Pure;
// the numbers and the rules are the broker's.
import { grantKinds, isExpired } from '../domain/grants.ts';
import type { Allowance } from '../domain/allowances.ts';
import type { GrantView, Snapshot } from '../protocol/snapshot.ts';
import { creditsText } from './amountText.ts';
import { dayAndTime, duration } from './timeText.ts';
import type { Place } from './timeText.ts';

/** How a grant stands now. */
export type GrantState = 'usable' | 'not-begun' | 'used-up' | 'expired' | 'undone' | 'disputed';

/** How a grant stands. What ended it comes before what is left of it: expiry takes that away too. */
export function grantState(grant: GrantView, nowMs: number): GrantState {
  if (grant.voided !== undefined) return grant.voided;
  if (isExpired(grant, nowMs)) return 'expired';
  if (grant.remainingMicroCredits <= 0) return 'used-up';
  return grant.startsAtMs !== undefined && grant.startsAtMs > nowMs ? 'not-begun' : 'usable';
}

/**
 * Grants in the order in which they are used: by kind, then priority, then earlier expiry, then earlier creation.
 * Those that have begun come before those that have not; what is over stands last, because nothing is drawn from it.
 */
export function burnOrder(grants: readonly GrantView[], nowMs: number): GrantView[] {
  const expiry = (grant: GrantView) => grant.expiresAtMs ?? Number.MAX_SAFE_INTEGER;
  const rank = (grant: GrantView) => ({ usable: 0, 'not-begun': 1, 'used-up': 2, expired: 2, undone: 2, disputed: 2 })[grantState(grant, nowMs)];
  return grants.toSorted((a, b) => rank(a) - rank(b) || grantKinds.indexOf(a.kind) - grantKinds.indexOf(b.kind)
    || a.priority - b.priority || expiry(a) - expiry(b) || a.createdAtMs - b.createdAtMs);
}

/** From when and until when a grant can be used. */
export function expiryText(grant: GrantView, nowMs: number, place: Place): string {
  const state = grantState(grant, nowMs);
  if (state === 'undone') return 'Taken back';
  if (state === 'disputed') return 'Taken back, disputed';
  if (state === 'expired') return 'Expired';
  if (state === 'used-up') return 'Used up';
  const { startsAtMs, expiresAtMs } = grant;
  if (state === 'not-begun' && startsAtMs !== undefined) {
    return `Begins ${dayAndTime(startsAtMs, nowMs, place)} · in ${duration(startsAtMs - nowMs)}${expiresAtMs === undefined ? '' : `, until ${dayAndTime(expiresAtMs, nowMs, place)}`}`;
  }
  return expiresAtMs === undefined ? 'Does not expire' : `${dayAndTime(expiresAtMs, nowMs, place)} · in ${duration(expiresAtMs - nowMs)}`;
}

/** What a grant is for, where it is not for everything: "Only for gpt-6*, and only in docs-site". */
export function restrictionText({ models, workspaces }: Pick<GrantView, 'models' | 'workspaces'>, nameOf: (workspaceId: string) => string): string | undefined {
  const parts = [...(models ? [`for ${models.join(', ')}`] : []), ...(workspaces ? [`in ${workspaces.map(nameOf).join(', ')}`] : [])];
  return parts.length === 0 ? undefined : `Only ${parts.join(', and only ')}`;
}

/** How an allowance gives: "250.00 included credits each week". */
export function allowanceText({ amountMicroCredits, kind, every }: Allowance, locale: string): string {
  return `${creditsText(amountMicroCredits, locale)} ${kind} credits each ${every}`;
}

/** The allowance that a grant comes from, while it still gives. */
export function allowanceOf(snapshot: Pick<Snapshot, 'allowances'>, grant: GrantView): Allowance | undefined {
  return grant.allowanceId === undefined ? undefined : snapshot.allowances.find((allowance) => allowance.id === grant.allowanceId);
}

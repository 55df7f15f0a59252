// Amounts of credits and the order in which they burn: which grants a hold is reserved from, and
// how a charge is posted against the reserved slices. Pure arithmetic on what the store read.
import type { GrantSource } from './grantSource.ts';
import { safeInteger, sum } from './units.ts';

/** Kinds of grants, in the order in which the waterfall draws from them. */
export type GrantKind = 'included' | 'promotional' | 'purchased';

/** Draw order of the kinds. */
export const grantKinds: readonly GrantKind[] = ['included', 'promotional', 'purchased'];

/** Burn priority of a grant that names none; lower burns first within a kind. */
export const priorityDefault = 50;

/** A grant as it stands. Amounts in microcredits; `held` is a part of `remaining`. */
export interface Grant {
  readonly id: string;
  readonly kind: GrantKind;
  readonly amountMicroCredits: number;
  readonly remainingMicroCredits: number;
  readonly heldMicroCredits: number;
  /** Lower burns first within a kind. */
  readonly priority: number;
  readonly createdAtMs: number;
  /** Order of creation, for grants made in the same millisecond. */
  readonly order: number;
  /** Usable from then on; absent: at once. */
  readonly startsAtMs?: number;
  readonly expiresAtMs?: number;
  /** Only for these models; a name that ends in `*` stands for all that begin with it. Absent: every model. */
  readonly models?: readonly string[];
  /** Only for these workspaces, by id. Absent: every workspace. */
  readonly workspaces?: readonly string[];
  /** The allowance that made it. */
  readonly allowanceId?: string;
  /** Where it came from, where neither a person nor an allowance added it. */
  readonly source?: GrantSource;
  /** Taken back: nothing new is reserved from it, and what holds give back goes too. Of a disputed one what was spent is owed. */
  readonly voided?: 'undone' | 'disputed';
  readonly note?: string;
}

/** What credits are wanted for, and when. */
export interface GrantUse {
  readonly nowMs: number;
  readonly model: string;
  readonly workspaceId: string;
}

/** How much of a hold came from which grant. */
export interface Slice {
  readonly grantId: string;
  readonly kind: GrantKind;
  readonly microCredits: number;
}

/** What a grant has left that is not reserved. */
export function availableMicroCredits(grant: Grant): number {
  return safeInteger(grant.remainingMicroCredits - grant.heldMicroCredits, 'available credits');
}

/** Tells whether a grant's time is over. It ends at its expiry, not after it. */
export function isExpired(grant: Pick<Grant, 'expiresAtMs'>, nowMs: number): boolean {
  return grant.expiresAtMs !== undefined && nowMs >= grant.expiresAtMs;
}

/** Whether a grant's time has come and is not over, and nobody took it back. */
export function isInForce(grant: Pick<Grant, 'startsAtMs' | 'expiresAtMs' | 'voided'>, nowMs: number): boolean {
  return grant.voided === undefined && (grant.startsAtMs === undefined || nowMs >= grant.startsAtMs) && !isExpired(grant, nowMs);
}

/** Whether a grant may pay for a model in a workspace. */
export function appliesTo(grant: Pick<Grant, 'models' | 'workspaces'>, use: Pick<GrantUse, 'model' | 'workspaceId'>): boolean {
  return (grant.workspaces === undefined || grant.workspaces.includes(use.workspaceId))
    && (grant.models === undefined || grant.models.some((pattern) => matchesModel(pattern, use.model)));
}

/** Whether a model's name fits a pattern: the name itself, or a beginning with `*` behind it. */
export function matchesModel(pattern: string, model: string): boolean {
  return pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : pattern === model;
}

/** Whether a grant can be drawn from for this use now. */
export function isUsable(grant: Grant, use: GrantUse): boolean {
  return isInForce(grant, use.nowMs) && appliesTo(grant, use) && availableMicroCredits(grant) > 0;
}

/** Burn order: kind, priority, earlier expiry, earlier creation. Never-expiring grants burn last. */
export function burnOrder(grants: readonly Grant[]): Grant[] {
  const expiry = (grant: Grant) => grant.expiresAtMs ?? Number.MAX_SAFE_INTEGER;
  return [...grants].sort((a, b) => grantKinds.indexOf(a.kind) - grantKinds.indexOf(b.kind)
    || a.priority - b.priority || expiry(a) - expiry(b) || a.createdAtMs - b.createdAtMs || a.order - b.order);
}

/**
 * Takes slices for an amount from grants in burn order. The slices may sum to less than the
 * amount; the caller decides what that means.
 */
export function takeSlices(grants: readonly Grant[], amountMicroCredits: number, use: GrantUse): Slice[] {
  const slices: Slice[] = [];
  let missing = safeInteger(amountMicroCredits, 'amount');
  for (const grant of burnOrder(grants)) {
    if (missing === 0) break;
    const take = isUsable(grant, use) ? Math.min(missing, availableMicroCredits(grant)) : 0;
    if (take <= 0) continue;
    slices.push({ grantId: grant.id, kind: grant.kind, microCredits: take });
    missing -= take;
  }
  return slices;
}

/** One movement that ends (a part of) a hold. */
export interface Posting {
  readonly kind: 'post' | 'overage' | 'void';
  readonly grantId: string;
  /** Taken from the balance; zero for a void. */
  readonly microCredits: number;
  /** Given back to what can be reserved. */
  readonly releasedHoldMicroCredits: number;
}

/** How a charge is drawn: postings, and what no grant covered. */
export interface PostingPlan {
  readonly postings: readonly Posting[];
  readonly drawnMicroCredits: number;
  readonly uncoveredMicroCredits: number;
}

/** Credits that expired while the clock was ahead come back where it now is before their end by more than this: clocks are set by a little all the time. */
export const earlyExpiryMsMin = 600_000;

/** What was reserved of a hold. Without a slice the balance is untracked, or the attempt was expected to cost nothing. */
export interface HeldSlices { readonly slices: readonly Slice[]; readonly tracked: boolean }

/**
 * Posts a cost against the slices of its hold and gives back the rest. A cost above the hold is
 * drawn as `overage` from what the grants have free, in burn order; what remains is uncovered
 * and booked openly with the charge (policy P), never hidden and never below zero.
 * @param grants the grants that an overage may draw from, as they stand with the hold still reserved
 */
export function planPosting({ slices, tracked }: HeldSlices, costMicroCredits: number, grants: readonly Grant[], use: GrantUse): PostingPlan {
  let left = safeInteger(costMicroCredits, 'cost');
  const postings: Posting[] = [];
  for (const slice of slices) {
    const post = Math.min(left, slice.microCredits);
    left -= post;
    postings.push(post > 0
      ? { kind: 'post', grantId: slice.grantId, microCredits: post, releasedHoldMicroCredits: slice.microCredits }
      : { kind: 'void', grantId: slice.grantId, microCredits: 0, releasedHoldMicroCredits: slice.microCredits });
  }
  // Nothing is drawn from credits that were added while a request ran that began with an untracked balance.
  const extra = tracked ? takeSlices(grants, left, use) : [];
  for (const slice of extra) postings.push({ kind: 'overage', grantId: slice.grantId, microCredits: slice.microCredits, releasedHoldMicroCredits: 0 });
  const drawn = sum(postings.map((one) => one.microCredits), 'drawn credits');
  return { postings, drawnMicroCredits: drawn, uncoveredMicroCredits: tracked ? costMicroCredits - drawn : 0 };
}

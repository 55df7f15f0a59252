// Grants in words: the order in which they are used, how each stands, until when it lasts, and whom it is for. Pure;
// the numbers and the rules are the broker's.
import { grantKinds, isExpired } from '../domain/grants.ts';
import type { GrantKind } from '../domain/grants.ts';
import type { Allowance } from '../domain/allowances.ts';
import { t } from '../protocol/language.ts';
import type { GrantView, Snapshot } from '../protocol/snapshot.ts';
import { creditsText } from './amountText.ts';
import { countdown, dayAndTime } from './timeText.ts';
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

/** From when and until when a grant can be used, and in how long that is. */
export function expiryParts(grant: GrantView, nowMs: number, place: Place): string[] {
  const state = grantState(grant, nowMs);
  if (state === 'undone') return [t('Taken back')];
  if (state === 'disputed') return [t('Taken back, disputed')];
  if (state === 'expired') return [t('Expired')];
  if (state === 'used-up') return [t('Used up')];
  const { startsAtMs, expiresAtMs } = grant;
  if (state === 'not-begun' && startsAtMs !== undefined) {
    const [begins, wait] = [dayAndTime(startsAtMs, nowMs, place), countdown(startsAtMs - nowMs)];
    return [t('Begins {0}', begins), expiresAtMs === undefined ? t('in {0}', wait) : t('in {0}, until {1}', wait, dayAndTime(expiresAtMs, nowMs, place))];
  }
  return expiresAtMs === undefined ? [t('Does not expire')] : [dayAndTime(expiresAtMs, nowMs, place), t('in {0}', countdown(expiresAtMs - nowMs))];
}

/** What a grant is for, where it is not for everything: "Only for gpt-6*, and only in docs-site". */
export function restrictionText({ models, workspaces }: Pick<GrantView, 'models' | 'workspaces'>, nameOf: (workspaceId: string) => string): string | undefined {
  const [forModels, inWorkspaces] = [models?.join(', '), workspaces?.map(nameOf).join(', ')];
  if (forModels === undefined) return inWorkspaces === undefined ? undefined : t('Only in {0}', inWorkspaces);
  return inWorkspaces === undefined ? t('Only for {0}', forModels) : t('Only for {0}, and only in {1}', forModels, inWorkspaces);
}

/** How an allowance gives: "250.00 included credits each week". */
export function allowanceText({ amountMicroCredits, kind, every }: Allowance, locale: string): string {
  const [amount, credits] = [creditsText(amountMicroCredits, locale), kindCredits(kind)];
  switch (every) {
    case 'day': return t('{0} {1} each day', amount, credits);
    case 'week': return t('{0} {1} each week', amount, credits);
    case 'month': return t('{0} {1} each month', amount, credits);
  }
}

/** A kind of grant within a sentence: "included credits". */
export function kindCredits(kind: GrantKind): string {
  switch (kind) {
    case 'included': return t('included credits');
    case 'promotional': return t('promotional credits');
    case 'purchased': return t('purchased credits');
  }
}

/** The allowance that a grant comes from, while it still gives. */
export function allowanceOf(snapshot: Pick<Snapshot, 'allowances'>, grant: GrantView): Allowance | undefined {
  return grant.allowanceId === undefined ? undefined : snapshot.allowances.find((allowance) => allowance.id === grant.allowanceId);
}

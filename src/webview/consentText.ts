// Who may use purchased credits, in words: one permission for all of them, given to every workspace or
// to some. Pure; it decides nothing, the broker does that for each request.
import { plural, t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { mayUsePurchased } from '../protocol/windowDraw.ts';

/** This window's workspace as the page knows it; without an id the broker has not told it yet. */
export interface OwnWorkspace {
  readonly workspaceId: string | undefined;
  readonly workspaceLabel: string | undefined;
}

/** Whether this window's workspace is known and not allowed yet. */
export function mayBeAllowed({ consent }: Pick<Snapshot, 'consent'>, { workspaceId }: OwnWorkspace): boolean {
  return workspaceId !== undefined && !mayUsePurchased(consent, workspaceId);
}

/** Who may use purchased credits: "every workspace", "this workspace (billing-service) and 2 others", "nobody yet". */
export function consentText({ consent }: Pick<Snapshot, 'consent'>, own: OwnWorkspace): string {
  if (consent.everywhere) {
    const refused = consent.deniedWorkspaceIds.length;
    return refused === 0 ? t('every workspace') : plural(refused, 'every workspace but {0} that was refused', 'every workspace but {0} that were refused');
  }
  const isOwn = own.workspaceId !== undefined && consent.workspaceIds.includes(own.workspaceId);
  const others = consent.workspaceIds.length - (isOwn ? 1 : 0);
  if (isOwn) {
    const name = own.workspaceLabel === undefined ? t('this workspace') : t('this workspace ({0})', own.workspaceLabel);
    return others === 0 ? name : plural(others, '{1} and {0} other', '{1} and {0} others', name);
  }
  if (others === 0) return consent.deniedEverywhere ? t('nobody') : t('nobody yet');
  return own.workspaceId === undefined ? plural(others, '{0} workspace', '{0} workspaces') : plural(others, '{0} other workspace', '{0} other workspaces');
}

/** Whether there is anything to say: purchased credits, or a permission that was given for them. */
export function isConsentTold({ balance, consent }: Pick<Snapshot, 'balance' | 'consent'>): boolean {
  return balance.grants.some((grant) => grant.kind === 'purchased') || consent.everywhere || consent.workspaceIds.length > 0;
}

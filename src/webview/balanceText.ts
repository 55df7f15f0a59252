// What the balance means right now: its level, what the next request draws from, the order in which
// grants burn. Pure, and built on the meter so that the page and the status bar never disagree.
import { grantKinds } from '../domain/grants.ts';
import type { GrantKind } from '../domain/grants.ts';
import { meterFace } from '../domain/meter.ts';
import { sum } from '../domain/units.ts';
import { meterInput } from '../protocol/meterInput.ts';
import { windowDraw } from '../protocol/windowDraw.ts';
import type { BalanceView, GrantView, Snapshot } from '../protocol/snapshot.ts';
import { creditsText } from './amountText.ts';
import { dayAndTime, duration } from './timeText.ts';
import type { Place } from './timeText.ts';

/** How the balance stands, whatever the mode and the key. */
export type BalanceLevel = 'untracked' | 'ok' | 'low' | 'critical' | 'blocked';

/** Level of the balance by the meter's own rule; practice mode, key, permission, problems and queue are left aside. */
export function balanceLevel(snapshot: Snapshot): BalanceLevel {
  const input = meterInput('connected', snapshot, { show: 'left', unit: 'credits', locale: 'en' });
  if (!input.snapshot) return 'untracked';
  const { waiting: _waiting, problem: _problem, ...facts } = input.snapshot;
  const { state } = meterFace({ ...input, snapshot: { ...facts, practice: false, keyMissing: false, keyRejected: false, notAllowed: false } });
  return state === 'low' || state === 'critical' || state === 'blocked' || state === 'untracked' ? state : 'ok';
}

/** Everything ever granted that has not expired, in microcredits: what the balance is a share of. */
export function grantedMicroCredits(balance: BalanceView): number {
  return sum(balance.grants.map((grant) => grant.amountMicroCredits), 'granted credits');
}

/** A grant's kind as a word. */
export function kindName(kind: GrantKind): string {
  return { included: 'Included', promotional: 'Promotional', purchased: 'Purchased' }[kind];
}

/**
 * Grants in the order in which they are used: by kind, then earlier expiry, then earlier creation.
 * Used-up grants stand last, because nothing is drawn from them any more.
 */
export function burnOrder(grants: readonly GrantView[]): GrantView[] {
  const expiry = (grant: GrantView) => grant.expiresAtMs ?? Number.MAX_SAFE_INTEGER;
  return grants.toSorted((a, b) =>
    Number(a.remainingMicroCredits <= 0) - Number(b.remainingMicroCredits <= 0)
    || grantKinds.indexOf(a.kind) - grantKinds.indexOf(b.kind)
    || expiry(a) - expiry(b)
    || a.createdAtMs - b.createdAtMs);
}

/** Until when a grant can be used. */
export function expiryText(grant: GrantView, nowMs: number, place: Place): string {
  // Expiry takes what is left away, so an expired grant is empty without having been used up.
  if (grant.expiresAtMs !== undefined && grant.expiresAtMs <= nowMs) return 'Expired';
  if (grant.remainingMicroCredits <= 0) return 'Used up';
  return grant.expiresAtMs === undefined ? 'Does not expire'
    : `${dayAndTime(grant.expiresAtMs, nowMs, place)} · in ${duration(grant.expiresAtMs - nowMs)}`;
}

/** The third headline fact: what the next request draws from, and what comes after it. */
export interface DrawText {
  readonly title: string;
  readonly amount?: string;
  readonly then: string;
}

/**
 * Words what this window's next request draws from. What refuses it before any credit is looked at, a
 * missing or refused key, comes first; the simulated upstream of practice mode needs none.
 */
export function drawText(snapshot: Snapshot, locale: string, workspaceId: string | undefined): DrawText {
  const { balance } = snapshot;
  if (snapshot.broker.mode !== 'practice' && snapshot.key.state !== 'present') {
    return snapshot.key.state === 'missing' ? { title: 'Nothing', amount: 'no API key', then: 'Requests are refused until a key is stored.' }
      : { title: 'Nothing', amount: 'API key refused', then: 'Requests fail until another key is stored.' };
  }
  const nextDraw = windowDraw(snapshot, workspaceId);
  if (nextDraw === 'untracked') {
    return { title: 'No balance', then: 'Requests are counted and priced. The first top-up begins the balance.' };
  }
  if (nextDraw === 'not-allowed') {
    return { title: 'Nothing', amount: 'not allowed', then: 'Only purchased credits are left, and this workspace may not use them.' };
  }
  if (nextDraw === 'none') {
    return { title: 'Nothing', then: 'The next request would be refused, and nothing would be charged for it.' };
  }
  const left = (kind: GrantKind) => sum(balance.grants.filter((grant) => grant.kind === kind).map((grant) => grant.remainingMicroCredits), 'credits left');
  const later = grantKinds.slice(grantKinds.indexOf(nextDraw) + 1).filter((kind) => left(kind) > 0);
  const names = later.map((kind) => kind === 'purchased' ? 'purchased credits, where you allowed them' : `${kind} credits`);
  return {
    title: kindName(nextDraw),
    amount: `${creditsText(left(nextDraw), locale)} credits left`,
    then: names.length === 0 ? 'Nothing comes after that.' : `Then ${names.join(', then ')}.`,
  };
}

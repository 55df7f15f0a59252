// What the balance means right now: its level, what the next request draws from, the order in which
// grants burn. Pure, and built on the meter so that the page and the status bar never disagree.
import { grantKinds } from '../domain/grants.ts';
import type { GrantKind } from '../domain/grants.ts';
import { meterFace } from '../domain/meter.ts';
import { sum } from '../domain/units.ts';
import { meterInput } from '../protocol/meterInput.ts';
import { isOnPlan, refusedRequests } from '../protocol/planWords.ts';
import { budgetName, stoppingBudget } from '../protocol/windowBudgets.ts';
import { isDenied, isFree, mayUsePurchased, windowDraw } from '../protocol/windowDraw.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { creditsText } from './amountText.ts';

/** How the balance stands, whatever the mode and the key. */
export type BalanceLevel = 'untracked' | 'ok' | 'low' | 'critical' | 'blocked';

/** Level of the balance by the meter's own rule; practice mode, key, permission, budgets, limits, debts, problems and what waits are left aside. */
export function balanceLevel(snapshot: Snapshot): BalanceLevel {
  const input = meterInput('connected', snapshot, { show: 'left', unit: 'credits', locale: 'en' });
  if (!input.snapshot) return 'untracked';
  const { waiting: _waiting, problem: _problem, question: _question, budget: _budget, limit: _limit, owedMicroCredits: _owed, noneForHere: _none, ...facts } = input.snapshot;
  const { state } = meterFace({ ...input, snapshot: { ...facts, practice: false, keyMissing: false, keyRejected: false, notAllowed: false } });
  return state === 'low' || state === 'critical' || state === 'blocked' || state === 'untracked' ? state : 'ok';
}

/** A grant's kind as a word. */
export function kindName(kind: GrantKind): string {
  return { included: 'Included', promotional: 'Promotional', purchased: 'Purchased' }[kind];
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
    const amount = snapshot.key.state === 'missing' ? 'no API key' : 'API key refused';
    const until = snapshot.key.state === 'missing' ? 'are refused until a key is stored' : 'fail until another key is stored';
    return isOnPlan(snapshot) ? { title: 'The plan', amount, then: `It pays for Codex that is signed in with ChatGPT, and no credits are drawn. Other requests ${until}.` }
      : { title: 'Nothing', amount, then: `Requests ${until}, but those of a ChatGPT sign-in, which go on its plan.` };
  }
  if (balance.owedMicroCredits > 0) {
    return { title: 'Nothing', amount: 'credits owed', then: `${sentence(refusedRequests(snapshot))} are refused until purchased credits are added; they pay what is owed first.` };
  }
  const budget = stoppingBudget(snapshot.budgets, workspaceId);
  if (budget) return { title: 'Nothing', amount: 'budget used up', then: `The budget of ${budgetName(budget.view)} refuses requests.` };
  const nextDraw = windowDraw(snapshot, workspaceId);
  if (nextDraw === 'untracked') {
    return { title: 'No balance', then: 'Requests are counted and priced. The first top-up begins the balance.' };
  }
  if (nextDraw === 'not-allowed') {
    return { title: 'Nothing', amount: 'not allowed', then: 'Only purchased credits are left, and they were refused to this workspace.' };
  }
  if (nextDraw === 'none') {
    return { title: 'Nothing', then: whyNothing(snapshot) };
  }
  const left = (kind: GrantKind) => sum(balance.grants.filter((grant) => grant.kind === kind && isFree(grant, workspaceId, snapshot.atMs)).map((grant) => grant.remainingMicroCredits), 'credits left');
  if (nextDraw === 'asks') {
    return { title: kindName('purchased'), amount: `${creditsText(left('purchased'), locale)} credits left`, then: 'Nothing else is left, so the next request asks first whether it may use them.' };
  }
  const later = grantKinds.slice(grantKinds.indexOf(nextDraw) + 1).filter((kind) => left(kind) > 0 && (kind !== 'purchased' || !isDenied(snapshot.consent, workspaceId)));
  const names = later.map((kind) => (kind === 'purchased' && !mayUsePurchased(snapshot.consent, workspaceId) ? 'purchased credits, once you allow them' : `${kind} credits`));
  return {
    title: kindName(nextDraw),
    amount: `${creditsText(left(nextDraw), locale)} credits left`,
    then: names.length === 0 ? 'Nothing comes after that.' : `Then ${names.join(', then ')}.`,
  };
}

/** Words as the beginning of a sentence. */
export function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Why nothing can be drawn although there may be a balance. */
export function whyNothing({ balance, atMs }: Pick<Snapshot, 'balance' | 'atMs'>): string {
  const starts = balance.grants.filter((grant) => grant.voided === undefined && grant.startsAtMs !== undefined && grant.startsAtMs > atMs && grant.remainingMicroCredits > 0);
  if (balance.heldMicroCredits > 0) return 'Running requests hold all credits that could be used; what they do not use comes back when they end.';
  if (starts.length > 0) return 'The credits that are left have not begun yet. Until then requests are refused, and nothing is charged for them.';
  return balance.balanceMicroCredits > 0 ? 'The credits that are left are for other workspaces or models.' : 'The next request would be refused, and nothing would be charged for it.';
}

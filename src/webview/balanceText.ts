// What the balance means right now: its level, what the next request draws from, the order in which
// grants burn. Pure, and built on the meter's rule so that the page and the status bar never disagree.
import { balanceLevelOf } from '../domain/balanceLevel.ts';
import type { BalanceLevel } from '../domain/balanceLevel.ts';
import { grantKinds } from '../domain/grants.ts';
import type { GrantKind } from '../domain/grants.ts';
import { sum } from '../domain/units.ts';
import type { LimitStand } from '../domain/tightest.ts';
import { clockWords } from '../protocol/clockWords.ts';
import { grantedMicroCredits } from '../protocol/meterInput.ts';
import { t } from '../protocol/language.ts';
import { keyStoppingLimit, standOfWindow } from '../protocol/limitStands.ts';
import { payerOf, type PayerFacts } from '../protocol/payer.ts';
import { budgetName, stoppingBudget, type BudgetStand } from '../protocol/windowBudgets.ts';
import { isDenied, isFree, mayUsePurchased, windowDraw } from '../protocol/windowDraw.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { creditsText } from './amountText.ts';

/** Level of the balance by the meter's own rule, whatever the mode, the key, permissions, budgets and limits. */
export function balanceLevel({ balance, atMs }: Snapshot): BalanceLevel {
  return balanceLevelOf({ ...balance, grantedMicroCredits: grantedMicroCredits(balance, atMs) });
}

/** A grant's kind as a word. */
export function kindName(kind: GrantKind): string {
  switch (kind) {
    case 'included': return t('Included');
    case 'promotional': return t('Promotional');
    case 'purchased': return t('Purchased');
  }
}

/** The third headline fact: what the next request draws from, and what comes after it. */
export interface DrawText {
  readonly title: string;
  readonly amount?: string;
  readonly then: string;
}

/** What a request with the key draws from, and of which kind those credits are. */
interface KeyDraw extends DrawText {
  readonly kind?: GrantKind;
}

/**
 * Words what this window's next request draws from. What refuses it before any credit is looked at, a
 * missing or refused key, comes first; the simulated upstream of practice mode needs none.
 * @param nowMs the clock that tells which limits are over; absent where the snapshot is new
 */
export function drawText(snapshot: Snapshot, locale: string, workspaceId: string | undefined, nowMs = snapshot.atMs): DrawText {
  const payer = payerOf(snapshot);
  if (payer === 'key') {
    const { kind: _kind, ...draw } = keyDraw(snapshot, locale, workspaceId, nowMs);
    return draw;
  }
  const budget = stoppingBudget(snapshot.budgets, workspaceId, payer);
  if (budget) return budgetDraw(budget);
  const isUsedUp = snapshot.windows.some((window) => {
    const stand = window.measure === 'percent' && !window.ofPlan ? standOfWindow(window, nowMs) : undefined;
    return stand !== undefined && stand.left <= 0 && (stand.endsAtMs ?? Infinity) > nowMs;
  });
  const amount = isUsedUp ? { amount: t('used up') } : {};
  if (payer === 'both') {
    const key = keyDraw(snapshot, locale, workspaceId, nowMs);
    return { title: t('The plan'), ...amount, then: `${keySentence(key)}${key.then}` };
  }
  if (isUsedUp) return { title: t('The plan'), ...amount, then: t('Requests go on when its limit begins anew. No credits are drawn.') };
  return planText(snapshot.key.state === 'missing');
}

/** What a request with a key draws from, as a sentence before what comes after it; nothing where that says it all. */
function keySentence({ kind, amount }: KeyDraw): string {
  if (amount === undefined) return '';
  if (kind === undefined) return `${t('Requests with a key draw nothing: {0}.', amount)} `;
  switch (kind) {
    case 'included': return `${t('Requests with a key draw from included credits: {0}.', amount)} `;
    case 'promotional': return `${t('Requests with a key draw from promotional credits: {0}.', amount)} `;
    case 'purchased': return `${t('Requests with a key draw from purchased credits: {0}.', amount)} `;
  }
}

function budgetDraw({ view }: BudgetStand): DrawText {
  return { title: t('Nothing'), amount: t('budget used up'), then: t('The budget of {0} refuses requests.', budgetName(view)) };
}

/** A long limit of OpenAI's is used up: credits do not lift it. */
function limitDraw({ name, endsAtMs }: LimitStand, nowMs: number, locale: string): DrawText {
  return {
    title: t('Nothing'), amount: t('limit used up'),
    then: endsAtMs === undefined ? t('The {0} is used up, and nothing is drawn until it begins anew.', name) : t('The {0} is used up, and nothing is drawn until {1}.', name, clockWords(endsAtMs, nowMs, locale)),
  };
}

/** What a request with the key draws from. */
function keyDraw(snapshot: Snapshot, locale: string, workspaceId: string | undefined, nowMs: number): KeyDraw {
  const { balance } = snapshot;
  if (snapshot.broker.mode !== 'practice' && snapshot.key.state !== 'present') return keylessText(snapshot.key.state);
  if (balance.owedMicroCredits > 0) {
    const then = payerOf(snapshot) === 'both' ? t('New requests that go on no plan are refused until purchased credits are added; they pay what is owed first.') : t('New requests are refused until purchased credits are added; they pay what is owed first.');
    return { title: t('Nothing'), amount: t('credits owed'), then };
  }
  const budget = stoppingBudget(snapshot.budgets, workspaceId, 'key');
  if (budget) return budgetDraw(budget);
  const nextDraw = windowDraw(snapshot, workspaceId);
  if (nextDraw === 'not-allowed') return { title: t('Nothing'), amount: t('not allowed'), then: t('Only purchased credits are left, and they were refused to this workspace.') };
  if (nextDraw === 'none') return { title: t('Nothing'), then: whyNothing(snapshot) };
  const limit = keyStoppingLimit(snapshot, nowMs);
  if (limit) return limitDraw(limit, nowMs, locale);
  if (nextDraw === 'untracked') return { title: t('No balance'), then: t('Requests are counted and priced. The first top-up begins the balance.') };
  const left = (kind: GrantKind) => sum(balance.grants.filter((grant) => grant.kind === kind && isFree(grant, workspaceId, snapshot.atMs)).map((grant) => grant.remainingMicroCredits), 'credits left');
  const amount = (kind: GrantKind) => t('{0} credits left', creditsText(left(kind), locale));
  if (nextDraw === 'asks') return { kind: 'purchased', title: kindName('purchased'), amount: amount('purchased'), then: t('Nothing else is left, so the next request asks first whether it may use them.') };
  const later = grantKinds.slice(grantKinds.indexOf(nextDraw) + 1).filter((kind) => left(kind) > 0 && (kind !== 'purchased' || !isDenied(snapshot.consent, workspaceId)));
  return { kind: nextDraw, title: kindName(nextDraw), amount: amount(nextDraw), then: laterText(later, mayUsePurchased(snapshot.consent, workspaceId)) };
}

/** A plan pays, and there is no other that could. */
function planText(isMissing: boolean): DrawText {
  return isMissing ? { title: t('The plan'), amount: t('no API key'), then: t('It pays for Codex that is signed in with ChatGPT, and no credits are drawn. Other requests are refused until a key is stored.') }
    : { title: t('The plan'), amount: t('API key refused'), then: t('It pays for Codex that is signed in with ChatGPT, and no credits are drawn. Other requests fail until another key is stored.') };
}

/** No key is stored, or it was refused. */
function keylessText(state: 'missing' | 'rejected'): DrawText {
  const isMissing = state === 'missing';
  const amount = isMissing ? t('no API key') : t('API key refused');
  return { title: t('Nothing'), amount, then: isMissing ? t('Requests are refused until a key is stored, but those of a ChatGPT sign-in, which go on its plan.') : t('Requests fail until another key is stored, but those of a ChatGPT sign-in, which go on its plan.') };
}

/** The kinds that burn after the present one, in their order. */
function laterText(later: readonly GrantKind[], mayUse: boolean): string {
  const hasPromotional = later.includes('promotional');
  if (!later.includes('purchased')) return hasPromotional ? t('Then promotional credits.') : t('Nothing comes after that.');
  if (mayUse) return hasPromotional ? t('Then promotional credits, then purchased credits.') : t('Then purchased credits.');
  return hasPromotional ? t('Then promotional credits, then purchased credits, once you allow them.') : t('Then purchased credits, once you allow them.');
}

/** Why nothing can be drawn although there may be a balance. */
export function whyNothing(snapshot: PayerFacts & Pick<Snapshot, 'balance' | 'atMs'>): string {
  const { balance, atMs } = snapshot;
  const isKeyOnly = payerOf(snapshot) === 'key';
  const starts = balance.grants.filter((grant) => grant.voided === undefined && grant.startsAtMs !== undefined && grant.startsAtMs > atMs && grant.remainingMicroCredits > 0);
  if (balance.heldMicroCredits > 0) return t('Running requests hold all credits that could be used; what they do not use comes back when they end.');
  if (starts.length > 0) return !isKeyOnly ? t('The credits that are left have not begun yet. Until then requests with a key are refused, and nothing is charged for them.') : t('The credits that are left have not begun yet. Until then requests are refused, and nothing is charged for them.');
  if (balance.balanceMicroCredits > 0) return t('The credits that are left are for other workspaces or models.');
  return !isKeyOnly ? t('A request with a key would be refused, and nothing would be charged for it.') : t('The next request would be refused, and nothing would be charged for it.');
}

// The second mind's waterfall: whether an attempt may go on, written from the rules as one list of
// questions in their order. It changes nothing.
import type { ConsentScope } from '../../../../src/domain/consent.ts';
import type { ModelPrice } from '../../../../src/domain/pricing.ts';
import type { DecideFacts, RequestFacts } from '../../../../src/broker/store/ledgerCommands.ts';
import { standings, stopsOf } from './modelBudgets.ts';
import { drawable, isAlive, isFor, take } from './modelCosts.ts';
import { freeOf } from './modelState.ts';
import type { ModelSlice, ModelState, Verdict } from './modelState.ts';

/** A verdict with what it was made by. */
export interface Decided {
  readonly verdict: Verdict;
  readonly slices: readonly ModelSlice[];
  readonly price?: ModelPrice | undefined;
  readonly estimate?: number | undefined;
}

type Ended = Pick<Verdict, 'outcome' | 'code' | 'question' | 'retryAtMs'>;

/** What was said about purchased credits for a request: the word closest to it that was not taken back. */
export function consentOf(state: ModelState, request: Pick<RequestFacts, 'requestId' | 'threadId' | 'workspaceId'>): 'allow' | 'deny' | 'ask' {
  const closest: [ConsentScope, string | undefined][] = [['request', request.requestId], ['task', request.threadId], ['workspace', request.workspaceId], ['everywhere', '']];
  for (const [scope, of] of closest) {
    const word = of === undefined ? undefined : state.directives.get(`consent ${scope} ${of}`);
    if (word?.kind === 'consent' && word.consent.answer !== 'ask') return word.consent.answer;
  }
  return 'ask';
}

function unpricedRule(state: ModelState, facts: DecideFacts): string {
  if (facts.unpricedRule !== undefined) return facts.unpricedRule;
  const word = state.directives.get(`unpriced-model ${facts.request.model}`);
  if (word?.kind === 'unpriced-model' && word.answer !== 'ask') return word.answer === 'allow' ? 'allow' : 'refuse';
  const policy = state.directives.get('policy unpriced');
  return policy?.kind === 'policy' ? policy.value : 'refuse';
}

/** Decides on the state as it is. */
export function decided(state: ModelState, facts: DecideFacts): Decided {
  const rule = unpricedRule(state, facts);
  const isCeiling = facts.estimateMicroCredits === undefined && rule === 'ceiling' && facts.ceiling !== undefined;
  const price = isCeiling ? facts.ceiling?.price : facts.price;
  const estimate = isCeiling ? facts.ceiling?.estimateMicroCredits : facts.estimateMicroCredits;
  if (isCeiling) state.notes.push('ceiling price');
  const end = (ended: Ended, kept: Partial<Verdict> = {}): Decided => ({ verdict: { ...ended, hold: 0, slices: [], ...kept }, slices: [], price, estimate });
  for (const stop of [facts.unsafe, facts.limits.ended]) if (stop) return end({ outcome: 'refuse', code: stop.code, retryAtMs: stop.retryAtMs });
  if (state.owed > 0) return end({ outcome: 'refuse', code: 'credits_owed' });

  const all = standings(state, facts, estimate);
  const judged = all.flatMap(({ budget, key, used, reserved, wanted, verdict }): [string, string, number, number, number, string][] => (verdict === undefined || wanted === undefined ? [] : [[budget.id, key, used, reserved, wanted, verdict]]));
  const budgets = judged.length > 0 ? judged : undefined;
  const barred = all.filter((one) => one.budget.mode === 'hard' && one.verdict !== undefined && one.verdict !== 'fits');
  const worst = barred.find((one) => one.verdict === 'over') ?? barred[0];
  for (const one of all) if (one.verdict !== undefined && one.verdict !== 'fits') state.notes.push(`${one.budget.mode} budget ${one.verdict}`);
  if (worst) {
    const waits = worst.verdict === 'reserved' && facts.canWait === true;
    const helps = !waits && (worst.wanted ?? 0) <= worst.budget.limit;
    return end({ outcome: waits ? 'wait' : 'refuse', code: 'budget_exceeded', retryAtMs: helps ? worst.endsAtMs : undefined }, { budgets });
  }
  const stops = stopsOf(all);
  const kept: Partial<Verdict> = { budgets, stops: stops.length > 0 ? stops : undefined };
  const isTracked = state.grants.size > 0;
  if (estimate === undefined && (isTracked || all.some(({ budget }) => budget.mode === 'hard' && budget.unit === 'credits')) && rule !== 'allow') {
    // An answer to another question is none to this one.
    return rule === 'ask' && facts.canAsk === true && facts.answered?.kind !== 'unpriced' ? end({ outcome: 'ask', code: 'model_unpriced', question: 'unpriced' }, kept) : end({ outcome: 'refuse', code: 'model_unpriced' }, kept);
  }
  if (!isTracked || estimate === undefined) return end({ outcome: 'admit' }, kept);
  return drawn(state, facts, { price, estimate }, kept, end);
}

/** The credits' part: which grants cover it, whether purchased ones may, and whether waiting would help. */
function drawn(state: ModelState, facts: DecideFacts, by: { readonly price: ModelPrice | undefined; readonly estimate: number }, kept: Partial<Verdict>, end: (ended: Ended, kept: Partial<Verdict>) => Decided): Decided {
  const wanted = { atMs: facts.atMs, model: facts.request.model, workspaceId: facts.request.workspaceId };
  const slices = take(drawable(state, wanted), by.estimate);
  if (slices.some((slice) => state.grants.get(slice.grantId)?.kind === 'purchased')) {
    const word = consentOf(state, facts.request);
    const unattended = state.directives.get('policy unattended');
    const isOpen = word === 'ask' && facts.canAsk !== true && !facts.answered && unattended?.kind === 'policy' && unattended.value === 'allow';
    if (word === 'deny') return end({ outcome: 'refuse', code: 'consent_missing' }, kept);
    if (word === 'ask' && !isOpen) {
      return facts.canAsk === true && facts.answered?.kind !== 'consent' ? end({ outcome: 'ask', code: 'consent_missing', question: 'consent' }, kept) : end({ outcome: 'refuse', code: 'consent_missing' }, kept);
    }
    if (isOpen) state.notes.push('nobody to ask, allowed by policy');
  }
  const missing = by.estimate - slices.reduce((sum, slice) => sum + slice.amount, 0);
  if (missing === 0) {
    if (slices.length > 1) state.notes.push('hold over several grants');
    return { verdict: { outcome: 'admit', hold: by.estimate, slices: slices.map((slice) => [slice.grantId, slice.amount]), ...kept }, slices, price: by.price, estimate: by.estimate };
  }
  const held = [...state.grants.values()].filter((grant) => isAlive(grant, wanted.atMs) && isFor(grant, wanted)).reduce((sum, grant) => sum + grant.held, 0);
  if (held > 0) state.notes.push('refused while others hold');
  if (held >= missing && facts.canWait === true) return end({ outcome: 'wait', code: 'credits_exhausted' }, kept);
  const starts = [...state.grants.values()].filter((grant) => grant.voided === undefined && (grant.startsAtMs ?? 0) > wanted.atMs && freeOf(grant) + grant.held > 0 && isFor(grant, wanted)).map((grant) => grant.startsAtMs ?? 0);
  return end({ outcome: 'refuse', code: 'credits_exhausted', retryAtMs: starts.length > 0 ? Math.min(...starts) : undefined }, kept);
}

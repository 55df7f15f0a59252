// The second mind's waterfall: whether an attempt may go on, written from the rules as one list of
// questions in their order. It changes nothing.
import type { ConsentScope } from '../../../../src/domain/consent.ts';
import type { ModelPrice } from '../../../../src/domain/pricing.ts';
import type { DecideFacts, RequestFacts } from '../../../../src/broker/store/ledgerCommands.ts';
import { standings, stopsOf } from './modelBudgets.ts';
import type { Standing } from './modelBudgets.ts';
import { drawable, isAlive, isFor, take } from './modelCosts.ts';
import { allowsAt, evenDay } from './modelEven.ts';
import { freeOf } from './modelState.ts';
import type { ModelSlice, ModelState, Verdict } from './modelState.ts';

/** A verdict with what it was made by. */
export interface Decided {
  readonly verdict: Verdict;
  readonly slices: readonly ModelSlice[];
  readonly price?: ModelPrice | undefined;
  readonly estimate?: number | undefined;
  /** The model that answers instead. */
  readonly fallback?: string;
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
  const price = isCeiling && !facts.plan ? facts.ceiling?.price : facts.price;
  const estimate = facts.plan ? undefined : isCeiling ? facts.ceiling?.estimateMicroCredits : facts.estimateMicroCredits;
  if (isCeiling && !facts.plan) state.notes.push('ceiling price');
  const end = (ended: Ended, kept: Partial<Verdict> = {}): Decided => ({ verdict: { ...ended, hold: 0, slices: [], ...kept }, slices: [], price, estimate });
  for (const stop of [facts.unsafe, facts.limits.ended]) if (stop) return end({ outcome: 'refuse', code: stop.code, retryAtMs: stop.retryAtMs });
  if (state.owed > 0 && !facts.plan) return end({ outcome: 'refuse', code: 'credits_owed' });
  if (facts.runaway?.action === 'ask' || facts.runaway?.action === 'stop') {
    const asks = facts.runaway.action === 'ask' && facts.canAsk === true && facts.answered?.kind !== 'runaway';
    return end(asks ? { outcome: 'ask', code: 'runaway_paused', question: 'runaway' } : { outcome: 'refuse', code: 'runaway_paused' });
  }

  const all = standings(state, facts, estimate);
  const budgets = toldOf(all);
  const barred = all.filter((one) => one.budget.mode === 'hard' && one.verdict !== undefined && one.verdict !== 'fits');
  const worst = barred.find((one) => one.verdict === 'over') ?? barred[0];
  for (const one of all) if (one.verdict !== undefined && one.verdict !== 'fits') state.notes.push(`${one.budget.mode} budget ${one.verdict}`);
  if (worst) {
    const waits = worst.verdict === 'reserved' && facts.canWait === true;
    return end({ outcome: waits ? 'wait' : 'refuse', code: 'budget_exceeded', retryAtMs: waits ? undefined : roomAgainAt(state, worst, facts.atMs) }, { budgets });
  }
  const stops = stopsOf(all).filter(([, unit]) => !facts.plan || unit === 'tokens');
  const kept: Partial<Verdict> = { budgets, stops: stops.length > 0 ? stops : undefined };
  if (facts.plan) {
    state.notes.push('a plan paid');
    return end({ outcome: 'admit' }, { ...kept, payer: 'plan' });
  }
  const isTracked = state.grants.size > 0;
  if (estimate === undefined && (isTracked || all.some(({ budget }) => budget.mode === 'hard' && budget.unit === 'credits')) && rule !== 'allow') {
    // An answer to another question is none to this one.
    return rule === 'ask' && facts.canAsk === true && facts.answered?.kind !== 'unpriced' ? end({ outcome: 'ask', code: 'model_unpriced', question: 'unpriced' }, kept) : end({ outcome: 'refuse', code: 'model_unpriced' }, kept);
  }
  if (!isTracked || estimate === undefined) return end({ outcome: 'admit' }, kept);
  return drawn(state, facts, { price, estimate }, kept, end);
}

/** What is told of budgets. */
function toldOf(all: readonly Standing[]): Verdict['budgets'] {
  const judged = all.flatMap(({ budget, key, used, reserved, wanted, verdict, allowed }): [string, string, number, number, number, string, number | undefined][] => (verdict === undefined || wanted === undefined ? [] : [[budget.id, key, used, reserved, wanted, verdict, budget.pace === undefined ? undefined : allowed]]));
  return judged.length > 0 ? judged : undefined;
}

const answersFor: Readonly<Record<string, readonly string[]>> = {
  balance: ['credits_exhausted', 'consent_missing', 'credits_owed'], window: ['wait_too_long', 'too_large_for_limit'], unreachable: ['upstream_unreachable', 'upstream_untrusted', 'proxy_refused'],
};

/** What becomes of a refusal where another model may answer: it costs no credits, and every budget counts it. */
export function withFallback(state: ModelState, facts: DecideFacts, plain: Decided): Decided {
  const { fallback: offer, runaway } = facts;
  const cause = plain.verdict.outcome === 'refuse' ? offer?.causes.find((one) => answersFor[one]?.includes(plain.verdict.code ?? '')) : undefined;
  if (!offer || cause === undefined) return plain;
  if (offer.isElsewhere) { state.notes.push('a fallback that answers elsewhere'); return plain; }
  if (runaway?.action === 'ask' || runaway?.action === 'stop') return plain;
  const all = standings(state, facts, offer.estimateMicroCredits);
  if (all.some((one) => one.budget.mode === 'hard' && one.verdict !== 'fits')) { state.notes.push('a fallback that a budget keeps from answering'); return plain; }
  const stops = stopsOf(all).filter(([, unit]) => unit === 'tokens');
  state.notes.push(`a fallback answered for ${String(plain.verdict.code)}`);
  return {
    verdict: { outcome: 'admit', hold: 0, slices: [], payer: `${offer.model} for ${cause} ${String(plain.verdict.code)}`, budgets: toldOf(all), stops: stops.length > 0 ? stops : undefined },
    slices: [], price: offer.price, estimate: offer.estimateMicroCredits, fallback: offer.model,
  };
}

/** When time alone gives the budget room for the attempt: on a later day, on some day of the next period, or never. */
function roomAgainAt(state: ModelState, { budget, used, reserved, wanted = 0, endsAtMs }: Standing, atMs: number): number | undefined {
  const today = evenDay(budget, atMs);
  // Running requests are over long before a day is: what they hold of the whole keeps nobody waiting for the next period.
  if (today && today.allowed < budget.limit && used + wanted <= budget.limit) {
    state.notes.push(`${typeof budget.period === 'object' ? 'rolling' : budget.period} budget used up for a day`);
    return allowsAt(budget, Math.min(used + reserved + wanted, budget.limit), atMs);
  }
  if (endsAtMs === undefined || wanted > budget.limit) return undefined;
  const again = allowsAt(budget, wanted, endsAtMs);
  if (again !== undefined && again > endsAtMs) state.notes.push('too large for the first day of the next period');
  return again ?? endsAtMs;
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

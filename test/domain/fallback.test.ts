// The layer before a refusal: which refusals a fallback may answer for, and what stays refused.
import assert from 'node:assert/strict';
import type { BudgetUse } from '../../src/domain/budgets.ts';
import { fallbackCause } from '../../src/domain/fallback.ts';
import { fallbackCauses } from '../../src/domain/fallbackOffer.ts';
import type { FallbackOffer } from '../../src/domain/fallbackOffer.ts';
import { problem, problemKinds } from '../../src/domain/problem.ts';
import type { ProblemCode } from '../../src/domain/problem.ts';
import type { WaterfallInput } from '../../src/domain/walk.ts';
import { decide } from '../../src/domain/waterfall.ts';

const offer: FallbackOffer = { model: 'llama3', at: '127.0.0.1:11434', causes: fallbackCauses, estimateMicroCredits: 0 };
const poor: WaterfallInput = {
  nowMs: 0, model: 'gpt-5.5', workspaceId: 'ws', estimateMicroCredits: 1000, estimateTokens: 100, unpricedRule: 'ask', tracked: true, grants: [], owedMicroCredits: 0,
  consent: { answer: 'ask' }, canAsk: false, canWait: false, budgets: [], limits: { waitedMs: 0, because: 'Room.' }, fallback: offer,
};
const ended = (code: ProblemCode): WaterfallInput => ({ ...poor, limits: { waitedMs: 5, because: 'It waited.', ended: problem(code, 'No.') } });
const budget = (unit: 'tokens' | 'credits', limit: number): BudgetUse => ({ budget: { id: 'b', unit, limit, mode: 'hard', per: 'everything', period: 'life', timeZone: 'UTC' }, key: '', used: 0, reserved: 0 });

describe('the fallback layer', () => {
  it('turns just the refusals that its causes name into an answer', () => {
    const answered = (Object.keys(problemKinds) as ProblemCode[]).filter((code) => decide(ended(code)).outcome === 'admit');
    assert.deepEqual(answered.sort((a, b) => a.localeCompare(b)), ['consent_missing', 'credits_exhausted', 'credits_owed', 'proxy_refused', 'too_large_for_limit', 'upstream_unreachable', 'upstream_untrusted', 'wait_too_long']);
    for (const cause of fallbackCauses) {
      const only = answered.filter((code) => decide({ ...ended(code), fallback: { ...offer, causes: [cause] } }).outcome === 'admit');
      assert.deepEqual(only, answered.filter((code) => fallbackCause(code, offer) === cause));
    }
    assert.equal(fallbackCause('toString', offer), undefined);
  });

  it('reserves nothing, and tells what would have been', () => {
    const taken = decide(poor);
    assert.deepEqual([taken.outcome, taken.holdMicroCredits, taken.slices, taken.tracked, taken.code], ['admit', 0, [], undefined, undefined]);
    assert.deepEqual([taken.fallback?.code, taken.fallback?.cause, taken.layers.at(-1)?.verdict, taken.layers.at(-2)?.verdict], ['credits_exhausted', 'balance', 'took', 'ended']);
    const { fallback: _none, ...without } = poor;
    assert.equal(`${taken.fallback?.because} Nothing was sent and nothing was charged.`, decide(without).message);
  });

  it('leaves what is safe, owed to a person, or out of hand as it was', () => {
    assert.equal(decide({ ...poor, unsafe: problem('broker_stopping', 'It stops.') }).outcome, 'refuse');
    assert.equal(decide({ ...poor, grants: [{ id: 'g', kind: 'purchased', amountMicroCredits: 5000, remainingMicroCredits: 5000, heldMicroCredits: 0, priority: 50, createdAtMs: 0, order: 1 }], canAsk: true }).outcome, 'ask', 'a person is asked first');
    for (const action of ['ask', 'stop'] as const) assert.equal(decide({ ...ended('wait_too_long'), runaway: { action, because: 'It goes in circles.' } }).outcome, 'refuse');
    assert.equal(decide({ ...poor, fallback: { ...offer, isElsewhere: true } }).outcome, 'refuse');
    assert.equal(decide({ ...poor, tracked: false }).fallback, undefined, 'nothing is to be answered for where nothing is refused');
  });

  it('counts in budgets of tokens, and costs nothing in those of credits', () => {
    const kept = (one: BudgetUse, input = ended('upstream_unreachable')) => decide({ ...input, budgets: [one] });
    assert.deepEqual(kept(budget('tokens', 99)).layers.at(-1)?.verdict, 'skipped');
    assert.deepEqual([kept(budget('tokens', 99)).outcome, kept(budget('tokens', 99)).code], ['refuse', 'upstream_unreachable']);
    const each = budget('tokens', 100);
    const fits = kept({ ...each, budget: { ...each.budget, per: 'request' } });
    assert.deepEqual([fits.outcome, fits.budgets?.[0]?.wanted, fits.stops?.length, fits.layers.filter((one) => one.layer === 'budgets').length], ['admit', 100, 1, 1]);
    const free = kept(budget('credits', 10));
    assert.deepEqual([free.outcome, free.budgets?.[0]?.wanted, free.stops], ['admit', 0, undefined]);
    assert.equal(decide({ ...poor, budgets: [budget('credits', 10)] }).code, 'budget_exceeded', 'a budget that ended the walk stays its end');
    assert.equal(decide({ ...poor, budgets: [budget('tokens', 1000)] }).budgets?.[0]?.wanted, 100);
  });
});

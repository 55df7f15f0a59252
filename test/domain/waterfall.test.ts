// The waterfall decides layer by layer, says why in sentences, and never admits what is not free.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Grant, GrantKind } from '../../src/domain/grants.ts';
import { problem } from '../../src/domain/problem.ts';
import { decide, nextDraw } from '../../src/domain/waterfall.ts';
import type { WaterfallInput } from '../../src/domain/waterfall.ts';

const credit = 1_000_000;

function grant(kind: GrantKind, credits: number, more: Partial<Grant> = {}): Grant {
  const amount = credits * credit;
  return { id: `${kind}-${credits}`, kind, amountMicroCredits: amount, remainingMicroCredits: amount, heldMicroCredits: 0, priority: 50, createdAtMs: 0, order: 1, ...more };
}

const ask = (grants: readonly Grant[], more: Partial<WaterfallInput> = {}) => decide({
  nowMs: 1000, model: 'gpt-test', estimateMicroCredits: 3 * credit, unpricedRule: 'refuse', grants, consented: true, limits: { waitedMs: 0, because: 'There is room.' }, ...more,
});
const verdicts = (decision: ReturnType<typeof decide>) => decision.layers.map((one) => `${one.layer} ${one.verdict}`);

describe('the waterfall', () => {
  it('draws from included, then promotional, then purchased, and the slices sum to the hold', () => {
    const decision = ask([grant('purchased', 10), grant('promotional', 1), grant('included', 0.5)]);
    assert.deepEqual(decision.slices.map((one) => [one.kind, one.microCredits]), [['included', 500_000], ['promotional', credit], ['purchased', 1_500_000]]);
    assert.deepEqual(verdicts(decision), ['safety passed', 'limits passed', 'included took', 'promotional took', 'consent passed', 'purchased took']);
    assert.equal(decision.holdMicroCredits, 3 * credit);
    assert.equal(decision.layers[2]?.because, 'Reserved 0.500000 of 0.500000 free included credits.');
  });

  it('asks for permission only when purchased credits would be touched', () => {
    assert.equal(ask([grant('included', 5), grant('purchased', 5)], { consented: false }).outcome, 'admit');
    const refused = ask([grant('included', 1), grant('purchased', 5)], { consented: false });
    assert.deepEqual([refused.outcome, refused.code, refused.slices, refused.holdMicroCredits], ['refuse', 'consent_missing', [], 0]);
    assert.equal(verdicts(refused).at(-1), 'consent ended');
  });

  it('is untracked before the first grant, and tracked ever after, even when all are gone', () => {
    const untracked = ask([]);
    assert.deepEqual([untracked.outcome, untracked.holdMicroCredits, verdicts(untracked).slice(2)], ['admit', 0, ['included skipped', 'promotional skipped', 'purchased skipped']]);
    assert.equal(ask([grant('promotional', 5, { remainingMicroCredits: 0 })]).code, 'credits_exhausted');
    assert.equal(ask([grant('promotional', 5, { expiresAtMs: 1000 })]).code, 'credits_exhausted');
    assert.equal(ask([grant('promotional', 5, { expiresAtMs: 1001 })]).outcome, 'admit');
  });

  it('says what is missing, and what running requests have reserved', () => {
    const decision = ask([grant('promotional', 4, { heldMicroCredits: 2 * credit })]);
    assert.equal(decision.message, 'This request may cost up to 3.00 credits and 2.00 are free (2.00 more are reserved by running requests). Nothing was sent and nothing was charged.');
    assert.ok(decision.remedy?.includes('credits add'));
    assert.equal(verdicts(decision).at(-1), 'wait ended');
  });

  it('ends at safety and at limits before it looks at credits', () => {
    const unsafe = ask([grant('included', 9)], { unsafe: problem('no_api_key', 'No key.') });
    assert.deepEqual([unsafe.code, verdicts(unsafe)], ['no_api_key', ['safety ended']]);
    const tooLong = ask([grant('included', 9)], { limits: { waitedMs: 7, because: 'x', ended: problem('wait_too_long', 'Too long.') } });
    assert.deepEqual([tooLong.code, verdicts(tooLong)], ['wait_too_long', ['safety passed', 'limits ended']]);
    assert.equal(verdicts(ask([grant('included', 9)], { limits: { waitedMs: 7, because: 'It waited.' } }))[1], 'limits waited');
  });

  it('treats a model without a price as the rule says: unknown is not zero', () => {
    const { estimateMicroCredits: _none, ...rest } = { nowMs: 0, model: 'gpt-x', estimateMicroCredits: 0, unpricedRule: 'refuse' as const, grants: [grant('included', 1)], consented: true, limits: { waitedMs: 0, because: '' } };
    assert.deepEqual([decide(rest).code, decide({ ...rest, unpricedRule: 'allow' }).holdMicroCredits, decide({ ...rest, grants: [] }).outcome], ['model_unpriced', 0, 'admit']);
  });

  it('never admits more than is free, nor purchased credits without permission, and explains each layer', () => {
    const anyGrant = fc.record({ kind: fc.constantFrom<GrantKind>('included', 'promotional', 'purchased'), left: fc.integer({ min: 0, max: 900 }), held: fc.integer({ min: 0, max: 900 }), expires: fc.option(fc.integer({ min: 999, max: 1002 }), { nil: undefined }) });
    fc.assert(fc.property(fc.array(anyGrant, { maxLength: 6 }), fc.integer({ min: 1, max: 3000 }), fc.boolean(), (made, hold, consented) => {
      const grants = made.map((one, order): Grant => ({
        id: `g${order}`, kind: one.kind, amountMicroCredits: 900, remainingMicroCredits: one.left, heldMicroCredits: Math.min(one.left, one.held), priority: 50, createdAtMs: 0, order,
        ...(one.expires === undefined ? {} : { expiresAtMs: one.expires }),
      }));
      const decision = ask(grants, { estimateMicroCredits: hold, consented });
      const usable = (kinds: readonly GrantKind[]) => grants.filter((one) => kinds.includes(one.kind) && (one.expiresAtMs ?? 2000) > 1000).reduce((sum, one) => sum + one.remainingMicroCredits - one.heldMicroCredits, 0);
      const free = usable(consented ? ['included', 'promotional', 'purchased'] : ['included', 'promotional']);
      assert.equal(decision.outcome, grants.length === 0 || free >= hold ? 'admit' : 'refuse');
      assert.equal(decision.slices.reduce((sum, one) => sum + one.microCredits, 0), decision.holdMicroCredits);
      if (!consented) assert.ok(decision.slices.every((one) => one.kind !== 'purchased'));
      assert.ok(decision.layers.every((one) => /[.]$/.test(one.because)));
      assert.equal(decision.layers.filter((one) => one.verdict === 'ended').length, decision.outcome === 'refuse' ? 1 : 0);
      if (decision.outcome === 'refuse') assert.ok(decision.code && decision.message && decision.remedy);
    }));
  });
});

describe('what the next request draws from', () => {
  it('is the first kind with something free, or none', () => {
    assert.equal(nextDraw([], false, 0), 'untracked');
    assert.equal(nextDraw([grant('purchased', 1), grant('included', 1)], false, 0), 'included');
    assert.equal(nextDraw([grant('purchased', 1)], true, 0), 'purchased');
    assert.equal(nextDraw([grant('purchased', 1)], false, 0), 'none');
    assert.equal(nextDraw([grant('promotional', 1, { heldMicroCredits: credit })], true, 0), 'none');
    assert.equal(nextDraw([grant('promotional', 1, { expiresAtMs: 5 })], true, 5), 'none');
  });
});

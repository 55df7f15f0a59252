// The automatic top-up's rules: what can be laid down, when it is called for, how much of its cap is left, and what it
// makes of a decision that lacked credits.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { additionsLeft, additionsPerMonthMax, autoTopUpFault, balanceInForce, isCalledFor, monthOf } from '../../src/domain/autoTopUp.ts';
import type { AutoTopUp } from '../../src/domain/autoTopUp.ts';
import { directiveFault, directiveState, keyFault, subjectOf } from '../../src/domain/directives.ts';
import type { Grant } from '../../src/domain/grants.ts';
import { additionContent, sourceOf, voucherContent } from '../../src/domain/grantSource.ts';
import { decideToppedUp } from '../../src/domain/toppedUpDecision.ts';
import type { TopUpOffer } from '../../src/domain/toppedUpDecision.ts';
import type { WaterfallInput } from '../../src/domain/walk.ts';
import { saidWords } from '../../src/protocol/problemWords.ts';

const credit = 1_000_000;
const rule: AutoTopUp = { belowMicroCredits: 10 * credit, amountMicroCredits: 50 * credit, capMicroCredits: 120 * credit, timeZone: 'UTC' };
const nowMs = Date.UTC(2026, 10, 22, 12);
const grant = (remaining: number, more: Partial<Grant> = {}): Grant => ({ id: 'g', kind: 'purchased', amountMicroCredits: remaining, remainingMicroCredits: remaining, heldMicroCredits: 0, priority: 50, createdAtMs: 0, order: 1, ...more });

describe('the automatic top-up', () => {
  it('takes a rule that can hold, and says what is wrong with another', () => {
    assert.equal(autoTopUpFault(rule), undefined);
    assert.equal(autoTopUpFault({ ...rule, belowMicroCredits: rule.amountMicroCredits, capMicroCredits: rule.amountMicroCredits * additionsPerMonthMax }), undefined);
    for (const [wrong, why] of [
      [{ belowMicroCredits: 0 }, /whole amounts above zero/], [{ amountMicroCredits: 1.5 }, /whole amounts/], [{ belowMicroCredits: 51 * credit }, /at least as much as its threshold/], [{ capMicroCredits: 49 * credit }, /not less than what it adds/],
      [{ capMicroCredits: 50 * credit * 100 + 1 }, /at most 100 times a month/], [{ timeZone: 'Mars/Base' }, /no time zone "Mars\/Base"/],
    ] as const) assert.match(autoTopUpFault({ ...rule, ...wrong })?.because ?? '', why);
    assert.match(directiveFault({ kind: 'auto-top-up', rule: { ...rule, timeZone: 'Mars/Base' } }, directiveState([]))?.because ?? '', /no time zone/);
    assert.equal(directiveFault({ kind: 'auto-top-up', rule: null }, directiveState([])), undefined);
  });

  it('is one per ledger: the newest holds, and null takes it away', () => {
    assert.equal(subjectOf({ kind: 'auto-top-up', rule }), 'ledger');
    assert.deepEqual(directiveState([{ kind: 'auto-top-up', rule }]).autoTopUp, rule);
    assert.equal(directiveState([{ kind: 'auto-top-up', rule: null }]).autoTopUp, undefined);
  });

  it('is called for below its threshold, not at it, and neither before the first credits nor beside a debt', () => {
    const at = (remaining: number) => isCalledFor(rule, { tracked: true, grants: [grant(remaining)], owedMicroCredits: 0 }, nowMs);
    assert.deepEqual([at(10 * credit), at(10 * credit - 1), at(0)], [false, true, true]);
    assert.equal(isCalledFor(rule, { tracked: false, grants: [], owedMicroCredits: 0 }, nowMs), false);
    assert.equal(isCalledFor(rule, { tracked: true, grants: [], owedMicroCredits: 1 }, nowMs), false);
  });

  it('counts what is reserved as there, and not what is over, not begun or taken back', () => {
    assert.equal(balanceInForce([grant(5, { heldMicroCredits: 5 }), grant(7, { expiresAtMs: nowMs }), grant(9, { startsAtMs: nowMs + 1 }), grant(11, { voided: 'undone' }), grant(13, { kind: 'included', models: ['x'] })], nowMs), 18);
  });

  it('never adds more than the cap, and only whole amounts', () => {
    assert.deepEqual([0, 50, 70, 71, 100, 120, 500].map((added) => additionsLeft(rule, added * credit)), [2, 1, 1, 0, 0, 0, 0]);
    fc.assert(fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 1e11 }), fc.integer({ min: 0, max: 1e11 }), (amount, cap, added) => {
      const times = additionsLeft({ ...rule, amountMicroCredits: amount, capMicroCredits: cap }, added);
      assert.ok(times === 0 || added + times * amount <= cap);
      assert.ok(added + (times + 1) * amount > cap);
    }));
  });

  it('begins its month at midnight of its own time zone', () => {
    const atMs = Date.UTC(2026, 10, 30, 23, 30);
    assert.deepEqual([new Date(monthOf(rule, atMs).fromMs), new Date(monthOf({ timeZone: 'Europe/Berlin' }, atMs).fromMs)], [new Date('2026-11-01T00:00:00Z'), new Date('2026-11-30T23:00:00Z')]);
  });

  it('tells its grants and those of vouchers from a person\'s, by what cannot be chosen', () => {
    assert.deepEqual([additionContent(1, 2, 3), voucherContent(1, undefined, 'k', 'v'), '["purchased",1,null,{"scope":"ask"}]', '["purchased",1]'].map(sourceOf), ['auto', 'voucher', undefined, undefined]);
    for (const key of ['auto top-up 1 1', 'voucher a b']) assert.match(keyFault(key)?.because ?? '', /the ledger's own/);
  });
});

describe('a decision with an automatic top-up', () => {
  const input = (more: Partial<WaterfallInput> = {}): WaterfallInput => ({
    nowMs, model: 'm', workspaceId: 'ws', estimateMicroCredits: 60 * credit, estimateTokens: 1, unpricedRule: 'refuse', tracked: true, grants: [grant(20 * credit)], owedMicroCredits: 0,
    consent: { answer: 'allow', scope: 'everywhere' }, canAsk: true, canWait: true, budgets: [], limits: { waitedMs: 0, because: 'There is room.' }, ...more,
  });
  const offer = (added = 0): TopUpOffer => ({ rule, addedMicroCredits: added, grantAt: (place) => grant(rule.amountMicroCredits, { id: `new-${place}`, order: 10 + place, createdAtMs: nowMs, source: 'auto' }) });

  it('carries a request that lacks credits, with as many additions as it needs', () => {
    const one = decideToppedUp(input(), () => offer());
    assert.deepEqual([one.additions, one.decision.outcome, one.decision.slices.map(({ grantId, microCredits }) => [grantId, microCredits / credit])], [1, 'admit', [['g', 20], ['new-0', 40]]]);
    const purchased = one.decision.layers.find((layer) => layer.layer === 'purchased');
    assert.match(purchased?.because ?? '', /50\.00 of them come from the automatic top-up\.$/);
    assert.equal(saidWords('', purchased?.said), purchased?.because);
    const two = decideToppedUp(input({ estimateMicroCredits: 71 * credit }), () => offer());
    assert.deepEqual([two.additions, two.decision.slices.map(({ grantId }) => grantId)], [2, ['g', 'new-0', 'new-1']]);
  });

  it('adds nothing where there is enough, where waiting helps, or where something else ends it', () => {
    const never = () => { throw new Error('nobody lacks credits'); };
    assert.deepEqual([decideToppedUp(input({ estimateMicroCredits: credit }), never).additions, decideToppedUp(input({ grants: [grant(60 * credit, { heldMicroCredits: 50 * credit })] }), never).decision.outcome], [0, 'wait']);
    assert.equal(decideToppedUp(input({ owedMicroCredits: 1 }), never).decision.code, 'credits_owed');
    assert.equal(decideToppedUp(input({ tracked: false, grants: [] }), never).decision.outcome, 'admit');
  });

  it('asks for permission before anything is added, and adds nothing where it is refused', () => {
    const asked = decideToppedUp(input({ grants: [grant(0)], consent: { answer: 'ask' } }), () => offer());
    assert.deepEqual([asked.additions, asked.decision.outcome, asked.decision.question], [0, 'ask', 'consent']);
    const refused = decideToppedUp(input({ grants: [grant(0)], consent: { answer: 'deny', scope: 'workspace' } }), () => offer());
    assert.deepEqual([refused.additions, refused.decision.outcome, refused.decision.code], [0, 'refuse', 'consent_missing']);
  });

  it('says so where the cap keeps it from adding', () => {
    const { additions, decision } = decideToppedUp(input({ estimateMicroCredits: 80 * credit }), () => offer(50 * credit));
    assert.deepEqual([additions, decision.outcome, decision.code], [0, 'refuse', 'credits_exhausted']);
    assert.match(decision.message ?? '', /The automatic top-up has added 50\.00 of its 120\.00 credits this month, so that it may not add the 100\.00 that this needs\.$/);
    assert.equal(decision.layers.at(-1)?.because, decision.message);
    assert.deepEqual(decision.toChange?.at(-1), 'Or raise the monthly cap of the automatic top-up.');
    // The parts say as much as the sentences: an editor tells only those.
    assert.deepEqual([saidWords('', decision.said), saidWords('', decision.layers.at(-1)?.said), decision.toChangeSaid?.map((said) => saidWords('', said))], [decision.message, decision.message, decision.toChange]);
  });

  it('goes before a fallback, which answers where it may not add', () => {
    const fallback = { model: 'small', at: 'localhost:1', estimateMicroCredits: 0, causes: ['balance'] } as unknown as NonNullable<WaterfallInput['fallback']>;
    assert.equal(decideToppedUp(input({ fallback }), () => offer()).additions, 1);
    const capped = decideToppedUp(input({ fallback }), () => offer(120 * credit));
    assert.equal(capped.additions, 0);
  });
});

// The waterfall decides layer by layer, says why in sentences, and never admits what is not free.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Grant, GrantKind } from '../../src/domain/grants.ts';
import { problem } from '../../src/domain/problem.ts';
import { dayShare } from '../../src/domain/evenBurn.ts';
import { decide, nextDraw } from '../../src/domain/waterfall.ts';
import type { WaterfallInput } from '../../src/domain/walk.ts';

const credit = 1_000_000;

function grant(kind: GrantKind, credits: number, more: Partial<Grant> = {}): Grant {
  const amount = credits * credit;
  return { id: `${kind}-${credits}`, kind, amountMicroCredits: amount, remainingMicroCredits: amount, heldMicroCredits: 0, priority: 50, createdAtMs: 0, order: 1, ...more };
}

const allowed = { answer: 'allow', scope: 'everywhere' } as const;
const notAsked = { answer: 'ask' } as const;
const input = (grants: readonly Grant[], more: Partial<WaterfallInput> = {}): WaterfallInput => ({
  nowMs: 1000, model: 'gpt-test', workspaceId: 'ws_a', estimateMicroCredits: 3 * credit, estimateTokens: 1500, unpricedRule: 'refuse', tracked: grants.length > 0, grants, owedMicroCredits: 0,
  consent: allowed, canAsk: false, canWait: false, budgets: [], limits: { waitedMs: 0, because: 'There is room.' }, ...more,
});
const ask = (grants: readonly Grant[], more: Partial<WaterfallInput> = {}) => decide(input(grants, more));
const verdicts = (decision: ReturnType<typeof decide>) => decision.layers.map((one) => `${one.layer} ${one.verdict}`);

describe('the waterfall', () => {
  it('draws from included, then promotional, then purchased, and the slices sum to the hold', () => {
    const decision = ask([grant('purchased', 10), grant('promotional', 1), grant('included', 0.5)]);
    assert.deepEqual(decision.slices.map((one) => [one.kind, one.microCredits]), [['included', 500_000], ['promotional', credit], ['purchased', 1_500_000]]);
    assert.deepEqual(verdicts(decision), ['safety passed', 'budgets skipped', 'limits passed', 'included took', 'promotional took', 'consent passed', 'purchased took']);
    assert.equal(decision.holdMicroCredits, 3 * credit);
    assert.equal(decision.layers[3]?.because, 'Reserved 0.500000 of 0.500000 free included credits.');
  });

  it('asks for permission only when purchased credits would be touched', () => {
    assert.equal(ask([grant('included', 5), grant('purchased', 5)], { consent: notAsked }).outcome, 'admit');
    const refused = ask([grant('included', 1), grant('purchased', 5)], { consent: notAsked });
    assert.deepEqual([refused.outcome, refused.code, refused.slices, refused.holdMicroCredits], ['refuse', 'consent_missing', [], 0]);
    assert.equal(verdicts(refused).at(-1), 'consent ended');
  });

  it('is untracked before the first grant, and tracked ever after, even when all are gone', () => {
    const untracked = ask([]);
    assert.deepEqual([untracked.outcome, untracked.holdMicroCredits, verdicts(untracked).slice(3)], ['admit', 0, ['included skipped', 'promotional skipped', 'purchased skipped']]);
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
    assert.deepEqual([tooLong.code, verdicts(tooLong)], ['wait_too_long', ['limits ended']]);
    assert.equal(verdicts(ask([grant('included', 9)], { limits: { waitedMs: 7, because: 'It waited.' } }))[2], 'limits waited');
  });

  it('treats a model without a price as the rule says: unknown is not zero', () => {
    const { estimateMicroCredits: _none, ...rest } = input([grant('included', 1)]);
    assert.deepEqual([decide(rest).code, decide({ ...rest, unpricedRule: 'allow' }).holdMicroCredits, decide({ ...rest, tracked: false, grants: [] }).outcome], ['model_unpriced', 0, 'admit']);
    const asked = decide({ ...rest, unpricedRule: 'ask', canAsk: true });
    assert.deepEqual([asked.outcome, asked.question], ['ask', 'unpriced']);
    assert.equal(decide({ ...rest, unpricedRule: 'ask', canAsk: false }).outcome, 'refuse');
    assert.equal(decide({ ...rest, unpricedRule: 'ask', canAsk: true, answered: { kind: 'unpriced', afterMs: 5 } }).code, 'model_unpriced');
  });

  it('never admits more than is free, nor purchased credits without permission, and explains each layer', () => {
    const anyGrant = fc.record({ kind: fc.constantFrom<GrantKind>('included', 'promotional', 'purchased'), left: fc.integer({ min: 0, max: 900 }), held: fc.integer({ min: 0, max: 900 }), expires: fc.option(fc.integer({ min: 999, max: 1002 }), { nil: undefined }) });
    fc.assert(fc.property(fc.array(anyGrant, { maxLength: 6 }), fc.integer({ min: 1, max: 3000 }), fc.boolean(), (made, hold, consented) => {
      const grants = made.map((one, order): Grant => ({
        id: `g${order}`, kind: one.kind, amountMicroCredits: 900, remainingMicroCredits: one.left, heldMicroCredits: Math.min(one.left, one.held), priority: 50, createdAtMs: 0, order,
        ...(one.expires === undefined ? {} : { expiresAtMs: one.expires }),
      }));
      const decision = ask(grants, { estimateMicroCredits: hold, consent: consented ? allowed : notAsked });
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

describe('questions and waiting', () => {
  const bought = [grant('purchased', 5)];
  it('asks where somebody can be asked, and says what it would take', () => {
    const asked = ask(bought, { consent: notAsked, canAsk: true });
    assert.deepEqual([asked.outcome, asked.question, asked.slices, verdicts(asked).at(-1)], ['ask', 'consent', [], 'consent asked']);
    assert.match(asked.message ?? '', /3\.00 purchased credits/);
  });

  it('does not ask twice, nor where the answer is no', () => {
    assert.equal(ask(bought, { consent: notAsked, canAsk: true, answered: { kind: 'consent', afterMs: 9000 } }).code, 'consent_missing');
    assert.match(ask(bought, { consent: notAsked, canAsk: true, answered: { kind: 'consent', afterMs: 9000 } }).message ?? '', /nobody answered within 9 s/);
    assert.equal(ask(bought, { consent: { answer: 'deny', scope: 'workspace' }, canAsk: true }).outcome, 'refuse');
    // An answer to another question is no answer to this one.
    assert.equal(ask(bought, { consent: notAsked, canAsk: true, answered: { kind: 'unpriced', afterMs: 1, answer: 'once' } }).outcome, 'ask');
  });

  it('waits for what running requests reserve, where that would do and waiting is possible', () => {
    const busy = [grant('promotional', 4, { heldMicroCredits: 2 * credit })];
    const waits = ask(busy, { canWait: true });
    assert.deepEqual([waits.outcome, waits.code, verdicts(waits).at(-1)], ['wait', 'credits_exhausted', 'wait waited']);
    assert.equal(ask(busy).outcome, 'refuse');
    assert.equal(ask([grant('promotional', 2.5, { heldMicroCredits: credit })], { canWait: true }).outcome, 'refuse');
  });

  it('refuses everything while something is owed', () => {
    const owed = ask([grant('included', 9)], { owedMicroCredits: credit });
    assert.deepEqual([owed.code, verdicts(owed)], ['credits_owed', ['safety ended']]);
  });

  it('says what would have to change, and when it does by itself', () => {
    const later = ask([grant('included', 9, { startsAtMs: 5000 })]);
    assert.deepEqual([later.retryAtMs, later.toChange], [5000, ['Add 3.00 credits or more.']]);
    assert.match(ask([grant('included', 9, { models: ['gpt-x'] })]).layers.map((one) => one.because).join(' '), /for other models or workspaces/);
  });
});

describe('budgets in the waterfall', () => {
  const budget = { id: 'b', per: 'workspace', unit: 'credits', limit: 10 * credit, period: 'day', timeZone: 'UTC', mode: 'hard' } as const;
  const use = (used: number, reserved = 0, more: Partial<typeof budget> | { readonly mode: 'soft' } = {}) => ({ budget: { ...budget, ...more }, key: 'ws_a', used: used * credit, reserved: reserved * credit, endsAtMs: 9000 });
  const plenty = [grant('included', 99)];

  it('let pass what fits to the last microcredit, and end at one more', () => {
    const fits = ask(plenty, { budgets: [use(7)] });
    assert.deepEqual([fits.outcome, fits.budgets?.[0]?.verdict, verdicts(fits)[1]], ['admit', 'fits', 'budgets passed']);
    const over = ask(plenty, { budgets: [{ ...use(7), used: 7 * credit + 1 }] });
    assert.deepEqual([over.outcome, over.code, over.retryAtMs, verdicts(over)], ['refuse', 'budget_exceeded', 9000, ['safety passed', 'budgets ended']]);
    assert.deepEqual(over.toChange, ['Raise the budget to 10.01 credits or more.', 'Or wait for its next period.']);
    const named = ask(plenty, { budgets: [{ ...use(8), budget: { ...budget, of: 'ws_a' }, label: 'shop' }] });
    assert.match(named.message ?? '', /^The budget of 10\.00 credits per workspace \(shop\) and day has 2\.00 credits left/);
  });

  it('tell amounts apart that two decimals would make alike, and offer no next period to what never fits', () => {
    const over = ask(plenty, { budgets: [{ ...use(7), used: 7 * credit + 1 }] });
    assert.match(over.message ?? '', /has 2\.999999 credits left, and this request may take 3\.000000 credits\./);
    const small = use(0);
    const never = ask(plenty, { budgets: [{ ...small, budget: { ...small.budget, limit: 2 * credit } }] });
    assert.deepEqual([never.toChange, never.retryAtMs], [['Raise the budget to 3.00 credits or more.'], undefined]);
  });

  it('count what is reserved, and wait where only that is in the way', () => {
    assert.equal(ask(plenty, { budgets: [use(5, 3)] }).code, 'budget_exceeded');
    assert.equal(ask(plenty, { budgets: [use(5, 3)], canWait: true }).outcome, 'wait');
    assert.equal(ask(plenty, { budgets: [use(8, 3)], canWait: true }).outcome, 'refuse');
  });

  it('only warn when they are soft', () => {
    const warned = ask(plenty, { budgets: [use(9, 0, { mode: 'soft' })] });
    assert.deepEqual([warned.outcome, verdicts(warned)[1]], ['admit', 'budgets warned']);
  });

  it('hold without a balance too, and count tokens where they say so', () => {
    assert.equal(ask([], { budgets: [use(8)] }).code, 'budget_exceeded');
    const tokens = { budget: { ...budget, unit: 'tokens' as const, limit: 2000 }, key: 'ws_a', used: 501, reserved: 0 };
    assert.equal(ask([], { budgets: [tokens] }).code, 'budget_exceeded');
    assert.equal(ask([], { budgets: [{ ...tokens, used: 500 }] }).outcome, 'admit');
  });

  it('that are spread evenly end for today what only a later day has room for, and say which', () => {
    const monday = Date.parse('2026-11-23T12:00:00Z');
    const dayMs = 86_400_000;
    const week = { ...budget, limit: 21 * credit, period: 'week', pace: 'even' } as const;
    const spread = (nowMs: number, used: number, reserved = 0, more: Partial<WaterfallInput> & { readonly mode?: 'soft' } = {}) => {
      const { mode, ...rest } = more;
      const made = mode ? { ...week, mode } : week;
      const today = dayShare(made, nowMs) ?? assert.fail('it is spread');
      return ask(plenty, { nowMs, budgets: [{ budget: made, key: 'ws_a', used: used * credit, reserved: reserved * credit, endsAtMs: Date.parse('2026-11-30T00:00:00Z'), today }], ...rest });
    };
    assert.deepEqual([spread(monday, 0).outcome, spread(monday, 0).budgets?.[0]?.allowed], ['admit', 3 * credit]);
    const over = spread(monday, 3);
    assert.deepEqual([over.code, over.retryAtMs], ['budget_exceeded', Date.parse('2026-11-24T00:00:00Z')]);
    assert.equal(over.message, 'The budget of 21.00 credits per workspace and week (spread evenly) is used up for today: its days so far allow 3.00 credits, and this request may take 3.00 credits. Nothing was sent and nothing was charged.');
    assert.deepEqual(over.toChange, ['Wait for the share of a later day.', 'Or set the budget without spreading it evenly; then all of it may be used at any time.']);
    assert.match(spread(monday, 1, 1).message ?? '', /has 2\.00 credits left for today, of which running requests reserve 1\.00 credits: its days so far allow 3\.00 credits/);
    assert.equal(spread(monday + 2 * dayMs, 0, 0, { estimateMicroCredits: 9 * credit }).outcome, 'admit', 'what earlier days left is there');
    // Three days' shares are gone, and what is reserved takes another.
    assert.deepEqual([spread(monday, 6, 3).retryAtMs, spread(monday, 0, 3, { canWait: true }).outcome, spread(monday, 3, 0, { mode: 'soft' }).outcome], [Date.parse('2026-11-26T00:00:00Z'), 'wait', 'admit']);
    assert.deepEqual([3, 20].map((used) => spread(monday, used, 0, { mode: 'soft' }).layers.find(({ verdict }) => verdict === 'warned')?.because), [' for today', ''].map((day) => `It goes over the soft budget of 21.00 credits per workspace and week (spread evenly)${day}.`));
    // Beyond the whole budget only the next week helps, and on its second day where the request is larger than a share.
    assert.deepEqual([spread(monday, 20, 0).retryAtMs, spread(monday, 20, 0, { estimateMicroCredits: 5 * credit }).retryAtMs], [Date.parse('2026-11-30T00:00:00Z'), Date.parse('2026-12-01T00:00:00Z')]);
    assert.deepEqual(spread(monday, 20, 0).toChange, ['Raise the budget to 23.00 credits or more.', 'Or wait for its next period.']);
  });

  it('do not send back for the next period what no period has room for', () => {
    assert.equal(ask(plenty, { budgets: [{ ...use(0), budget: { ...budget, limit: credit } }] }).retryAtMs, undefined);
  });

  it('keep with the decision where a running attempt is stopped', () => {
    const task = { ...use(6), budget: { ...budget, per: 'task' as const, period: 'life' as const } };
    assert.deepEqual(ask(plenty, { budgets: [task] }).stops, [{ budgetId: 'b', unit: 'credits', amount: 4 * credit }]);
    assert.equal(ask(plenty, { budgets: [use(1)] }).stops, undefined);
  });

  it('refuse a model without a price where they count credits', () => {
    const { estimateMicroCredits: _none, ...rest } = input([], { budgets: [use(0)] });
    assert.equal(decide(rest).code, 'model_unpriced');
    assert.equal(decide({ ...rest, budgets: [use(0, 0, { mode: 'soft' })] }).outcome, 'admit');
  });
});

describe('what the next request draws from', () => {
  it('is the first kind with something free, or none', () => {
    assert.equal(nextDraw({ tracked: false, grants: [] }, false, 0), 'untracked');
    assert.equal(nextDraw({ tracked: true, grants: [grant('purchased', 1), grant('included', 1)] }, false, 0), 'included');
    assert.equal(nextDraw({ tracked: true, grants: [grant('purchased', 1)] }, true, 0), 'purchased');
    assert.equal(nextDraw({ tracked: true, grants: [grant('purchased', 1)] }, false, 0), 'none');
    assert.equal(nextDraw({ tracked: true, grants: [grant('promotional', 1, { heldMicroCredits: credit })] }, true, 0), 'none');
    assert.equal(nextDraw({ tracked: true, grants: [grant('promotional', 1, { expiresAtMs: 5 })] }, true, 5), 'none');
  });
});

describe('the runaway guard in the waterfall', () => {
  const found = (action: 'slow' | 'ask' | 'let' | 'stop') => ({ runaway: { action, because: 'It looks like a circle.' } });

  it('asks where somebody can be asked, and refuses else', () => {
    assert.deepEqual([ask([], found('ask')).outcome, ask([], { ...found('ask'), canAsk: true }).question], ['refuse', 'runaway']);
    assert.equal(ask([], { ...found('ask'), canAsk: true, answered: { kind: 'runaway', afterMs: 5 } }).code, 'runaway_paused');
    assert.equal(ask([], { ...found('stop'), canAsk: true }).outcome, 'refuse');
  });

  it('lets pass what was slowed down or let go on, and says so', () => {
    assert.deepEqual([ask([], found('slow')).outcome, ask([], found('slow')).layers[0]?.verdict], ['admit', 'waited']);
    assert.match(ask([], found('let')).layers[0]?.because ?? '', /It looks like a circle\. A person let it go on\./);
  });
});

// Budgets as rows and the budget form's rules: what is typed becomes exactly that budget, or one sentence.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Budget } from '../../src/domain/budgets.ts';
import { controlArguments } from '../../src/protocol/controlArguments.ts';
import { pageChange } from '../../src/protocol/dashboardChanges.ts';
import { budgetOf, canBeSpread, draftOf, draftSentence, takesOne } from '../../src/webview/budgetDraft.ts';
import type { BudgetDraft, DraftBudget } from '../../src/webview/budgetDraft.ts';
import { budgetRows, unitAmount } from '../../src/webview/budgetText.ts';
import { sampleBudget, sampleBudgets } from './sampleRules.ts';
import { sampleNowMs } from './sampleSnapshot.ts';

const place = { locale: 'en', timeZone: 'UTC' };
const rows = (show: 'left' | 'used', budgets = sampleBudgets) => budgetRows({ budgets }, 'ws_billing-service', sampleNowMs, show, place);

describe('budget rows', () => {
  it('show what is left, what running requests reserve of it, and when it begins anew', () => {
    const [month] = rows('left');
    assert.deepEqual([month?.name, month?.amount, month?.limit, month?.state, month?.level, month?.ends, month?.countdown], ['500.00 credits per month', '316.80', '500.00', '63 % left', 'fine', 'Tue 1 Dec 00:00', 'in 13 d 9 h']);
    assert.deepEqual([month?.share?.toFixed(4), month?.reserved?.toFixed(4)], ['0.5856', '0.0480'], 'left of it without what is reserved, then that');
    assert.equal(month?.sentence, 'Budget of 500.00 credits per month: 316.80 of 500.00 credits left, 24.00 reserved by running requests, Tue 1 Dec 00:00, in 13 d 9 h');
  });

  it('tell until when each key lasts that is used up before its time at its pace', () => {
    assert.deepEqual(rows('left').map(({ ahead }) => ahead?.replace(/ \d.*/, '')), [undefined, 'until about', undefined, undefined, undefined, undefined]);
    const spread = { ...sampleBudget({ id: 'b', pace: 'even' }, { key: '', used: 30_000_000, usedToday: 1, reserved: 0, endsAtMs: sampleNowMs + 86_400_000 }), today: { allowed: 40_000_000, day: { fromMs: sampleNowMs - 1, untilMs: sampleNowMs + 1 } } };
    assert.equal(rows('left', [spread])[0]?.ahead, undefined);
  });

  it('flip number and bar together', () => {
    const [month] = rows('used');
    assert.deepEqual([month?.amount, month?.state, month?.share?.toFixed(4), month?.reserved?.toFixed(4)], ['183.20', '37 % used', '0.3664', '0.0480']);
  });

  it('make one row for each key, and one for a budget without any', () => {
    assert.deepEqual(rows('left').map((row) => [row.budgetId, row.key, row.isOwn, row.isFirst, row.level, row.state]), [
      ['everything-month', '', false, true, 'fine', '63 % left'], ['workspaces', 'billing-service', true, true, 'low', '13 % left'], ['workspaces', 'mobile-app', false, false, 'fine', '85 % left'],
      ['family', '', false, true, 'empty', '16 % over the limit'], ['one-request', '', false, true, 'unknown', 'each request by itself'], ['docs', '', false, true, 'empty', 'used up'],
    ]);
    assert.deepEqual(rows('left').map((row) => row.ends).slice(3), ['moves on, 5 h', 'with each request', 'Wed 18 Nov 00:00']);
    assert.equal(rows('left')[5]?.name, '5.00 credits per workspace (docs-site) and day');
    assert.equal(new Set(rows('left').map((row) => row.id)).size, 6);
  });

  it('say what today has of a budget that is spread evenly, with the tick where its days so far end', () => {
    const credits = (amount: number) => amount * 1_000_000;
    const row = (show: 'left' | 'used', used: number, usedToday: number, change: Partial<Budget> = {}) => rows(show, [{ ...sampleBudget({ id: 'b', pace: 'even', ...change }, { key: '', used: credits(used), usedToday: credits(usedToday), reserved: 0, endsAtMs: sampleNowMs + 6 * 86_400_000 }), today: { allowed: credits(40), day: { fromMs: sampleNowMs - 1, untilMs: Date.UTC(2026, 10, 18) } } }])[0];
    const fine = row('left', 30, 5);
    assert.deepEqual([fine?.amount, fine?.limit, fine?.state, fine?.level, fine?.share, fine?.tick, fine?.pace, fine?.today?.amount], ['70.00', '100.00', '10.00 left for today', 'fine', 0.7, 0.6, undefined, '10.00']);
    const flipped = row('used', 30, 5);
    assert.deepEqual([flipped?.amount, flipped?.state, flipped?.share, flipped?.tick, flipped?.today?.amount], ['30.00', '5.00 used today', 0.3, 0.4, '5.00']);
    const over = row('left', 40, 15);
    assert.deepEqual([over?.state, over?.level, over?.amount], ['used up for today, goes on Wed 18 Nov 00:00', 'empty', '60.00']);
    assert.deepEqual([row('left', 45, 15, { mode: 'soft' })?.state, row('left', 100, 0)?.state], ['used up for today, more Wed 18 Nov 00:00', 'used up']);
  });

  it('never draw more than the whole bar', () => {
    fc.assert(fc.property(fc.nat(300), fc.nat(300), fc.nat(200), fc.constantFrom('left', 'used'), (limit, used, reserved, show) => {
      const [row] = rows(show, [sampleBudget({ id: 'b', limit }, { key: '', used, reserved })]);
      const [share = 0, held = 0] = [row?.share, row?.reserved];
      assert.ok(share >= 0 && held >= 0 && share + held <= 1 + 1e-9, `${share} ${held}`);
      if (show === 'left' && used < limit) assert.ok(Math.abs(share + held - (1 - used / limit)) < 1e-9 || reserved > limit - used);
    }));
    assert.equal(unitAmount('tokens', 2_310_000, 'en'), '2.31 M');
  });
});

describe('budget form', () => {
  const draft = (change: Partial<BudgetDraft> = {}): BudgetDraft => ({ ...draftOf(undefined, 'en'), limitText: '100', ...change });
  const read = (change: Partial<BudgetDraft>): DraftBudget => budgetOf(draft(change), 'b', 'Europe/Berlin', 'en');

  it('makes the budget that was chosen', () => {
    assert.deepEqual(read({}), { budget: { id: 'b', per: 'everything', unit: 'credits', limit: 100_000_000, period: 'week', timeZone: 'Europe/Berlin', mode: 'hard' } });
    assert.deepEqual(read({ per: 'model', of: ' gpt-6* ', unit: 'tokens', limitText: '2.5M', period: 'rolling', hoursText: '5', mode: 'soft' }), { budget: { id: 'b', per: 'model', of: 'gpt-6*', unit: 'tokens', limit: 2_500_000, period: { rollingHours: 5 }, timeZone: 'Europe/Berlin', mode: 'soft' } });
    assert.deepEqual(read({ per: 'request', period: 'day', of: 'left over' }), { budget: { id: 'b', per: 'request', unit: 'credits', limit: 100_000_000, period: 'life', timeZone: 'Europe/Berlin', mode: 'hard' } });
  });

  it('says the first thing that is wrong, beside its field', () => {
    const wrong: readonly (readonly [Partial<BudgetDraft>, string, RegExp])[] = [
      [{ limitText: '' }, 'limit', /how many credits/], [{ limitText: '12,5' }, 'limit', /at most six decimals/], [{ limitText: '0' }, 'limit', /more than zero/], [{ limitText: '1000001' }, 'limit', /at most 1,000,000/], [{ limitText: '-4' }, 'limit', /such as/],
      [{ unit: 'tokens', limitText: ' ' }, 'limit', /how many tokens/], [{ unit: 'tokens', limitText: '1.5' }, 'limit', /whole tokens/], [{ unit: 'tokens', limitText: '0' }, 'limit', /more than zero/], [{ unit: 'tokens', limitText: '9000000000000' }, 'limit', /at most/], [{ unit: 'tokens', limitText: '1e9' }, 'limit', /whole tokens/],
      [{ per: 'model', of: 'gpt-*-mini' }, 'of', /at the end/], [{ per: 'client', of: 'c'.repeat(201) }, 'of', /200/], [{ period: 'rolling', hoursText: '0' }, 'hours', /1 to 8784/], [{ period: 'rolling', hoursText: '8785' }, 'hours', /1 to 8784/], [{ period: 'rolling', hoursText: '1.5' }, 'hours', /whole hours/],
    ];
    for (const [change, field, words] of wrong) {
      const made = read(change);
      assert.ok('wrong' in made && made.field === field && words.test(made.wrong), JSON.stringify([change, made]));
    }
  });

  it('reads credits and tokens as the locale writes them', () => {
    const limit = (locale: string, limitText: string, unit: 'credits' | 'tokens' = 'credits') => { const made = budgetOf(draft({ limitText, unit }), 'b', 'UTC', locale); return 'budget' in made ? made.budget.limit : made.wrong; };
    assert.deepEqual([limit('de', '1.000'), limit('de', '12,5'), limit('de', '1.000', 'tokens'), limit('de', '2.500k', 'tokens'), limit('de', '2,5 M', 'tokens'), limit('en', '1,000', 'tokens')], [1_000_000_000, 12_500_000, 1000, 2_500_000, 2_500_000, 1000]);
    // A point that could be a group, and a part of a token: never guessed.
    for (const wrong of [limit('de', '12.5'), limit('fr', '1.000'), limit('en', '1.000', 'tokens'), limit('fr', '1.000', 'tokens')]) assert.match(String(wrong), /such as/);
    assert.equal(limit('de', '12.5'), 'Type credits with at most six decimals, such as 1.000 or 2,5.');
    const { budget } = sampleBudget({ id: 'odd', limit: 1_250_500_000 });
    assert.equal(draftOf(budget, 'de').limitText, '1250,5');
  });

  it('makes nothing that the broker or the extension would not take', () => {
    const any = fc.record({
      limitText: fc.oneof(fc.string({ maxLength: 12 }), fc.integer({ min: 0, max: 2_000_000 }).map(String), fc.constantFrom('2.5M', '10k', '0.000001', '7 k')), unit: fc.constantFrom('credits', 'tokens'), per: fc.constantFrom('request', 'task', 'workspace', 'model', 'client', 'everything'),
      of: fc.string({ maxLength: 210 }), period: fc.constantFrom('day', 'week', 'month', 'life', 'rolling'), hoursText: fc.oneof(fc.string({ maxLength: 5 }), fc.integer({ min: -1, max: 9000 }).map(String)), mode: fc.constantFrom('soft', 'hard'), even: fc.boolean(),
    });
    fc.assert(fc.property(any, (each) => {
      const made = budgetOf(each, 'b', 'UTC', 'en');
      if ('wrong' in made) assert.ok(made.wrong.endsWith('.'));
      else {
        assert.ok(pageChange.safeParse({ kind: 'budgetSet', budget: made.budget }).success && controlArguments.budgetSet.safeParse({ budget: made.budget }).success, JSON.stringify(made));
        assert.ok(Number.isSafeInteger(made.budget.limit) && made.budget.limit > 0);
        assert.equal(made.budget.pace === 'even', each.even && canBeSpread(each));
      }
    }), { numRuns: 500 });
  });

  it('begins with the budget that is changed, and leaves it as it is', () => {
    for (const { budget } of sampleBudgets) {
      const again = budgetOf(draftOf(budget, 'en'), budget.id, budget.timeZone, 'en');
      assert.deepEqual('budget' in again && again.budget, budget);
    }
  });

  it('spreads a budget evenly where it has days, and forgets the wish where it has none', () => {
    const pace = (change: Partial<BudgetDraft>) => { const made = read({ even: true, ...change }); return 'budget' in made ? made.budget.pace : made; };
    assert.deepEqual([pace({}), pace({ period: 'month' }), pace({ period: 'rolling', hoursText: '48' }), pace({ period: 'rolling', hoursText: '24' }), pace({ period: 'day' }), pace({ period: 'life' }), pace({ per: 'request' }), pace({ even: false })],
      ['even', 'even', 'even', undefined, undefined, undefined, undefined, undefined]);
    const { budget } = sampleBudget({ id: 'even', pace: 'even' });
    const again = budgetOf(draftOf(budget, 'en'), budget.id, budget.timeZone, 'en');
    assert.deepEqual('budget' in again && again.budget, budget);
    assert.deepEqual([canBeSpread(draft()), canBeSpread(draft({ period: 'rolling', hoursText: 'x' }))], [true, false]);
  });

  it('says what it would mean', () => {
    const sentence = (change: Partial<BudgetDraft>) => { const made = read(change); return 'budget' in made ? draftSentence(made.budget, (id) => `«${id}»`) : ''; };
    assert.equal(sentence({}), 'A request that would go over 100.00 credits per week is refused before it is sent.');
    assert.equal(sentence({ per: 'workspace', mode: 'soft' }), 'A request that goes over 100.00 credits per workspace and week is told, and still sent. Each workspace is counted by itself.');
    assert.equal(sentence({ per: 'workspace', of: 'ws_1' }), 'A request that would go over 100.00 credits per workspace («ws_1») and week is refused before it is sent.');
    assert.equal(sentence({ even: true }), 'Of 100.00 credits per week, each day adds 14.29 credits; what a day leaves stays. A request that would go over the shares so far is refused, until a later day has room.');
    assert.match(sentence({ even: true, mode: 'soft' }), /A request that goes over the shares so far is told, and still sent\.$/);
    assert.deepEqual((['request', 'everything', 'task', 'model'] as const).map(takesOne), [false, false, true, true]);
  });
});

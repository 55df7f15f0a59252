// How full budgets are, which ones a window's requests count under, which one stops them, and which one counts a model.
import assert from 'node:assert/strict';
import type { BudgetView } from '../../src/protocol/snapshot.ts';
import { priceChangeText } from '../../src/protocol/priceWords.ts';
import { budgetCounting, budgetKeyName, budgetLeft, budgetName, budgetStand, budgetStands, stoppingBudget, windowBudgets } from '../../src/protocol/windowBudgets.ts';

type Use = BudgetView['uses'][number];
const budget = (id: string, change: Partial<BudgetView['budget']> = {}, ...uses: readonly (Partial<Use> & { readonly used: number })[]): BudgetView => ({
  id, text: `text of ${id}`, budget: { id, per: 'everything', unit: 'credits', limit: 100, period: 'week', timeZone: 'UTC', mode: 'hard', ...change }, uses: uses.map((use) => ({ key: '', reserved: 0, ...use })),
});
const stopId = (budgets: readonly BudgetView[], workspaceId: string | undefined) => stoppingBudget(budgets, workspaceId, 'key')?.view.id;

describe('budgets of a window', () => {
  it('are near from four fifths on and used up at the limit, whatever is reserved', () => {
    assert.deepEqual([79, 80, 99, 100, 130].map((used) => budgetStand(budget('b'), { key: '', used, reserved: 900 }).level), ['fine', 'near', 'near', 'used-up', 'used-up']);
    assert.deepEqual([budgetStand(budget('b', { limit: 0 }), { key: '', used: 0, reserved: 0 }).level, budgetStand(budget('b'), { key: '', used: 130, reserved: 0 }).share], ['used-up', 1.3]);
  });

  it('that are spread evenly stand as today\'s share does: what earlier days left is in it, and later days are not', () => {
    const [dayEnd, later] = [5000, 9000];
    const spread = (used: number, usedToday: number, change: Partial<BudgetView['budget']> = {}, use: Partial<Use> = {}) => {
      const view = { ...budget('b', { pace: 'even', ...change }, { used, usedToday, endsAtMs: 100_000, ...use }), today: { allowed: 40, day: { fromMs: 0, untilMs: dayEnd } } };
      const { share, level, isForToday, untilMs } = budgetStand(view, view.uses[0]!);
      return [share, level, isForToday, untilMs];
    };
    assert.deepEqual(spread(30, 0), [0, 'fine', true, dayEnd], 'a new day is fine, whatever was used before');
    assert.deepEqual(spread(35, 5), [0.5, 'fine', true, dayEnd]);
    assert.deepEqual(spread(38, 8), [0.8, 'near', true, dayEnd]);
    assert.deepEqual(spread(20, 0), [0, 'fine', true, dayEnd]);
    assert.deepEqual(spread(40, 10), [1, 'used-up', true, dayEnd]);
    assert.deepEqual(spread(55, 0, {}, { goesOnAtMs: later }), [1, 'used-up', true, later], 'days ahead are used: the day that has room again');
    assert.deepEqual(spread(55, 25, { mode: 'soft' }), [2.5, 'used-up', true, dayEnd]);
    assert.deepEqual(spread(100, 5), [1, 'used-up', false, 100_000], 'all of it is used');
    const last = { ...budget('b', { pace: 'even' }, { used: 50 }), today: { allowed: 100 } };
    assert.deepEqual([budgetStand(last, last.uses[0]!).share, budgetStand(last, last.uses[0]!).isForToday], [0.5, false], 'a rolling one whose days have all begun');
  });

  it('that are spread evenly stop the window until the next share', () => {
    const spread = (used: number) => ({ ...budget('even', { pace: 'even' }, { used, usedToday: used, goesOnAtMs: 7000, endsAtMs: 100_000 }), today: { allowed: 40, day: { fromMs: 0, untilMs: 5000 } } });
    assert.deepEqual([stopId([spread(40)], 'a'), stoppingBudget([spread(40)], 'a', 'key')?.untilMs, stopId([spread(39)], 'a')], ['even', 7000, undefined]);
    const none = { ...budget('even', { per: 'workspace', limit: 3, pace: 'even' }), today: { allowed: 0, day: { fromMs: 0, untilMs: 5000 } } };
    assert.equal(stoppingBudget([none], 'a', 'key')?.untilMs, 5000, 'a share of less than one, though nothing is listed');
    assert.deepEqual([budgetLeft(spread(15), { used: 15 }), budgetLeft(spread(60), { used: 60 }), budgetLeft(budget('b'), { used: 15 })], [25, 0, 85]);
  });

  it('leave other workspaces out', () => {
    const budgets = [budget('all', {}, { used: 1 }), budget('each', { per: 'workspace' }, { key: 'a', used: 1 }, { key: 'b', used: 1 }), budget('model', { per: 'model' }, { key: 'gpt-6', used: 1 })];
    assert.deepEqual(windowBudgets(budgets, 'a').map(({ view, use }) => `${view.id} ${use.key}`), ['all ', 'each a', 'model gpt-6']);
    assert.equal(budgetStands(budgets).length, 4);
  });

  it('stop the window when a hard one over everything or its workspace is used up', () => {
    assert.equal(stopId([budget('all', {}, { used: 100 })], undefined), 'all');
    assert.equal(stopId([budget('all', {}, { used: 99 })], 'a'), undefined);
    assert.equal(stopId([budget('soft', { mode: 'soft' }, { used: 100 })], 'a'), undefined);
    assert.equal(stopId([budget('model', { per: 'model' }, { key: 'gpt-6', used: 100 })], 'a'), undefined, 'other models go on');
    const each = budget('each', { per: 'workspace' }, { key: 'b', used: 100 });
    assert.deepEqual(['a', 'b', undefined].map((id) => stopId([each], id)), [undefined, 'each', undefined]);
    assert.deepEqual(['a', 'b'].map((id) => stopId([budget('one', { per: 'workspace', of: 'a', limit: 0 })], id)), ['one', undefined], 'of zero, though nothing is listed');
  });

  it('name the one that ends last, since the others do not help before', () => {
    assert.equal(stopId([budget('soon', {}, { used: 100, endsAtMs: 5 }), budget('late', {}, { used: 100, endsAtMs: 9 })], 'a'), 'late');
    assert.equal(stopId([budget('late', {}, { used: 100, endsAtMs: 9 }), budget('never', { period: 'life' }, { used: 100 })], 'a'), 'never');
  });

  it('go by names, not ids', () => {
    const one = budget('one', { per: 'workspace', of: 'ws_1', limit: 1_000_000 }, { key: 'ws_1', label: 'shop $&', used: 1 });
    assert.equal(budgetName(one), '1.00 credits per workspace (shop $&) and week');
    assert.equal(budgetName({ ...one, uses: [] }), '1.00 credits per workspace (ws_1) and week');
    const each = budget('each', { per: 'workspace' }, { key: 'ws_1', label: 'shop', used: 1 }, { key: 'ws_2', used: 1 });
    assert.deepEqual(budgetStands([each, one, budget('all', {}, { used: 1 })]).map(budgetKeyName), ['shop', 'ws_2', '', '']);
  });
});

describe('prices and budgets', () => {
  it('find the budget that counts a model, the narrowest first', () => {
    const all = budget('all');
    assert.equal(budgetCounting([all, budget('family', { per: 'model', of: 'gpt-6*' })], 'gpt-6.1-sol')?.id, 'family');
    assert.equal(budgetCounting([all, budget('other', { per: 'model', of: 'gpt-5.5' })], 'gpt-6.1-sol')?.id, 'all');
    assert.equal(budgetCounting([budget('tokens', { unit: 'tokens' }), budget('other', { per: 'model', of: 'gpt-5.5' })], 'gpt-6.1-sol'), undefined);
  });

  it('tell only the rates that changed', () => {
    const rates = { input: 50_000_000, cachedInput: 5_000_000, cacheWrite: 50_000_000, output: 250_000_000 };
    const price = { model: 'm', version: '1', rates };
    assert.equal(priceChangeText({ before: price, after: { ...price, rates: { ...rates, cachedInput: 2_500_000, output: 300_000_000 } } }, 'en'), 'cached input 5 → 2.5, output 250 → 300 credits per million tokens');
    assert.equal(priceChangeText({ before: price, after: { ...price, fast: { numerator: 3, denominator: 1 } } }, 'en'), 'the rates of long inputs or of the fast tier');
  });
});

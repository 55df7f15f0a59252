// The lines of the card that name full budgets.
import assert from 'node:assert/strict';
import { budgetLines } from '../../src/extension/budgetLine.ts';
import { budgetRowLine } from '../../src/extension/limitLine.ts';
import type { BudgetView } from '../../src/protocol/snapshot.ts';
import { budgetStand } from '../../src/protocol/windowBudgets.ts';
import { budgetFixture } from './snapshotFixture.ts';

const unescaped = (card: string) => card.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
const payer = { broker: { mode: 'live' }, key: { state: 'present' } } as const;
const plans = [{ account: 'ChatGPT 3fa9', observedAtMs: 1 }];

describe('a budget that is spread evenly, in the card', () => {
  const view = (used: number, change: Partial<BudgetView['budget']> = {}): BudgetView => ({ ...budgetFixture(used, { pace: 'even', ...change }, { usedToday: used * 1_000_000 }), today: { allowed: 40_000_000, day: { fromMs: 0, untilMs: 50_000_000 } } });
  const lines = (budget: BudgetView) => budgetLines({ ...payer, budgets: [budget] }, undefined, 'used', 1_000_000, 'en').map(unescaped);

  it('is named when today\'s share is used up, with when it goes on', () => {
    assert.match(lines(view(40))[0] ?? '', /^\$\(circle-slash\) \*\*Budget 100\.00 credits per week \(spread evenly\) is used up for today\*\*, so that its requests are refused, goes on /);
    assert.match(lines(view(40, { mode: 'soft' }))[0] ?? '', /^\$\(warning\) Budget 100\.00 credits per week \(spread evenly\) is used up for today and only warns, next share /);
    assert.match(lines({ ...view(36, { per: 'model' }), uses: [{ ...view(36).uses[0]!, key: 'gpt-5.5' }] })[0] ?? '', /^\$\(warning\) Budget 100\.00 credits per model and week \(spread evenly\) · gpt-5\.5: 90 % of today's share used/);
    assert.deepEqual(lines(view(39)), [], 'it stands in the table');
  });

  it('has a line of its own in the table, for today', () => {
    const { name, share, resets, pace, gauge } = budgetRowLine(budgetStand(view(30), view(30).uses[0]!), 'left', 1_000_000, 'en');
    assert.deepEqual([name, share, pace, gauge.tick], ['Budget 100.00 credits per week (spread evenly) · today\'s share', '25 %', '', undefined]);
    assert.match(resets, / · in 13 h 37 min$/);
  });
});

describe('budgets in the card', () => {
  const lines = (budgets: readonly BudgetView[], workspaceId?: string) => budgetLines({ ...payer, budgets }, workspaceId, 'used', 1_000_000, 'en').map(unescaped);

  it('are named where they are used up, or nearly so and not in the table of limits, the fullest first', () => {
    assert.deepEqual(lines([budgetFixture(79, { per: 'model' }), budgetFixture(85)]), []);
    const [first, second] = lines([budgetFixture(85, { per: 'model' }, { key: 'gpt-5.5' }), budgetFixture(5, { id: 'b2', limit: 5_000_000, period: 'day' })]);
    assert.match(first ?? '', /^\$\(circle-slash\) \*\*Budget 5\.00 credits per day is used up\*\*, so that its requests are refused, begins anew .* · \[Budgets\]\(command:codexBroker\.showBudgets\)$/);
    assert.match(second ?? '', /^\$\(warning\) Budget 100\.00 credits per model and week · gpt-5\.5: 85 % used, begins anew /);
    assert.match(lines([budgetFixture(100, { mode: 'soft' })])[0] ?? '', /is used up and only warns/);
  });

  it('leave out other workspaces, and count what is too much', () => {
    const each = { ...budgetFixture(0, { per: 'workspace' }), uses: [{ key: 'ws_1', label: 'shop', used: 100_000_000, reserved: 0 }, { key: 'ws_2', label: 'site', used: 105_000_000, reserved: 0 }] };
    assert.deepEqual(lines([each], 'ws_1').map((line) => /· (\w+) is used up/.exec(line)?.[1]), ['shop']);
    assert.deepEqual(lines(Array.from({ length: 7 }, (_, index) => budgetFixture(90, { id: `b${index}`, per: 'model' }))).at(-1), '3 more budgets are nearly used up.');
  });

  it('do not say that a plan is refused by a budget in credits, and do of one in tokens', () => {
    const of = (view: BudgetView) => unescaped(budgetLines({ ...payer, plans, budgets: [view] }, undefined, 'used', 1_000_000, 'en')[0] ?? '');
    assert.match(of(budgetFixture(100)), /^\$\(warning\) Budget .* is used up, so that requests with a key are refused until .*; a plan goes on/);
    assert.match(of(budgetFixture(100, { unit: 'tokens', limit: 100_000_000 })), /^\$\(circle-slash\) .* so that its requests are refused/);
  });
});

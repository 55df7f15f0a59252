// The lines of the card that name full budgets.
import assert from 'node:assert/strict';
import { budgetLines } from '../../src/extension/budgetLine.ts';
import type { BudgetView } from '../../src/protocol/snapshot.ts';
import { budgetFixture } from './snapshotFixture.ts';

describe('budgets in the card', () => {
  const unescaped = (card: string) => card.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
  const lines = (budgets: readonly BudgetView[], workspaceId?: string) => budgetLines({ budgets }, workspaceId, 1_000_000, 'en').map(unescaped);

  it('are named where they are used up, or nearly so and not in the table of limits, the fullest first', () => {
    assert.deepEqual(lines([budgetFixture(79, { per: 'model' }), budgetFixture(85)]), []);
    const [first, second] = lines([budgetFixture(85, { per: 'model' }, { key: 'gpt-5.5' }), { ...budgetFixture(100, { id: 'b2' }), text: '5.00 credits per day' }]);
    assert.match(first ?? '', /^\$\(circle-slash\) \*\*Budget 5\.00 credits per day is used up\*\*, so that its requests are refused, begins anew .* · \[Budgets\]\(command:codexBroker\.showBudgets\)$/);
    assert.match(second ?? '', /^\$\(warning\) Budget 100\.00 credits per week · gpt-5\.5: 85 % used, begins anew /);
    assert.match(lines([budgetFixture(100, { mode: 'soft' })])[0] ?? '', /is used up and only warns/);
  });

  it('leave out other workspaces, and count what is too much', () => {
    const each = { ...budgetFixture(0, { per: 'workspace' }), uses: [{ key: 'ws_1', label: 'shop', used: 100_000_000, reserved: 0 }, { key: 'ws_2', label: 'site', used: 105_000_000, reserved: 0 }] };
    assert.deepEqual(lines([each], 'ws_1').map((line) => /· (\w+) is used up/.exec(line)?.[1]), ['shop']);
    assert.deepEqual(lines(Array.from({ length: 7 }, (_, index) => budgetFixture(90, { id: `b${index}`, per: 'model' }))).at(-1), '3 more budgets are nearly used up.');
  });
});

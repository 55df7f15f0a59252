// A budget's name says in English what the broker's own text of it says.
import assert from 'node:assert/strict';
import { budgetText, type Budget } from '../../src/domain/budgets.ts';
import { budgetWords } from '../../src/protocol/budgetWords.ts';

describe('what a budget is called', () => {
  it('is the broker\'s own text, for every sort of budget', () => {
    for (const per of ['request', 'task', 'workspace', 'model', 'client', 'everything'] as const) {
      for (const period of ['day', 'week', 'month', 'life', { rollingHours: 5 }] as const) {
        for (const unit of ['credits', 'tokens'] as const) {
          const budget: Budget = { id: 'b', per, unit, limit: 12_345_678, period, timeZone: 'UTC', mode: 'hard', ...(per === 'everything' ? {} : { of: 'of $&' }) };
          assert.equal(budgetWords(budget), budgetText(budget));
        }
      }
    }
  });

  it('goes by a name that is known, and counts one hour as one', () => {
    assert.equal(budgetWords({ per: 'workspace', of: 'ws_1', unit: 'credits', limit: 1_000_000, period: { rollingHours: 1 } }, 'shop'), '1.00 credits per workspace (shop) in any hour');
  });
});

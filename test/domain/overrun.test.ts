// A running attempt is stopped at a hard budget only once its answer has outgrown what was held for it.
import assert from 'node:assert/strict';
import { crossedStop } from '../../src/domain/overrun.ts';
import { testPrice } from '../support/ledger/ledgerCommands.ts';

const hold = { estimateMicroCredits: 500_000, price: testPrice, tier: 'standard', inputTokens: 1000, outputTokens: 100 } as const;
const credits = (amount: number) => ({ budgetId: 'b', unit: 'credits', amount } as const);

describe('the stop of a running attempt', () => {
  it('is never within what was held', () => {
    assert.equal(crossedStop([credits(0), { budgetId: 't', unit: 'tokens', amount: 0 }], hold, 100), undefined);
  });

  it('comes with the first token that the budget has no room for', () => {
    // Output costs 750 a token beyond the 100 that were held for: 600,000 leave room for 133 more.
    assert.equal(crossedStop([credits(600_000)], hold, 233), undefined);
    assert.deepEqual(crossedStop([credits(600_000)], hold, 234), credits(600_000));
    const tokens = { budgetId: 't', unit: 'tokens', amount: 1200 } as const;
    assert.equal(crossedStop([tokens], hold, 200), undefined);
    assert.deepEqual(crossedStop([tokens], hold, 201), tokens);
  });

  it('counts the fast tier at its price, and knows no cost without a price', () => {
    assert.deepEqual(crossedStop([credits(600_000)], { ...hold, tier: 'fast' }, 154), credits(600_000));
    const { price: _price, estimateMicroCredits: _estimate, ...unpriced } = hold;
    assert.equal(crossedStop([credits(1)], unpriced, 9999), undefined);
  });
});

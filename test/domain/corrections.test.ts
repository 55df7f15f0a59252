// Late corrections: what is given back comes from where it was drawn, the last first, and never more.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planReconciliation, planRefund } from '../../src/domain/corrections.ts';

describe('a refund', () => {
  it('forgives what was never taken, then gives back the last drawn first', () => {
    const drawn = [{ grantId: 'a', microCredits: 30 }, { grantId: 'b', microCredits: 50 }];
    assert.deepEqual(planRefund(5, drawn, 9), { movements: [], drawnMicroCredits: 0, uncoveredMicroCredits: -5 });
    assert.deepEqual(planRefund(70, drawn, 9), { movements: [{ grantId: 'b', microCredits: 50 }, { grantId: 'a', microCredits: 11 }], drawnMicroCredits: -61, uncoveredMicroCredits: -9 });
  });

  it('gives back exactly what was asked for, and to no grant more than it gave', () => {
    const slices = fc.array(fc.record({ grantId: fc.constantFrom('a', 'b', 'c', 'd'), microCredits: fc.integer({ min: 1, max: 90 }) }), { maxLength: 4 }).map((list) => [...new Map(list.map((one) => [one.grantId, one])).values()]);
    fc.assert(fc.property(slices, fc.nat(50), fc.nat(500), (drawn, uncovered, wish) => {
      const most = drawn.reduce((sum, one) => sum + one.microCredits, 0) + uncovered;
      const amount = Math.min(wish, most);
      const plan = planRefund(amount, drawn, uncovered);
      assert.equal(plan.drawnMicroCredits + plan.uncoveredMicroCredits, amount === 0 ? 0 : -amount);
      for (const { grantId, microCredits } of plan.movements) assert.ok(microCredits > 0 && microCredits <= (drawn.find((one) => one.grantId === grantId)?.microCredits ?? 0));
      assert.ok(!Object.is(plan.drawnMicroCredits, -0) && !Object.is(plan.uncoveredMicroCredits, -0));
    }));
  });
});

describe('what turns out to be due', () => {
  it('is drawn from the slices that are free, the rest is uncovered', () => {
    const plan = planReconciliation(100, [{ grantId: 'a', kind: 'included', microCredits: 60 }]);
    assert.deepEqual(plan, { movements: [{ grantId: 'a', microCredits: -60 }], drawnMicroCredits: 60, uncoveredMicroCredits: 40 });
  });
});

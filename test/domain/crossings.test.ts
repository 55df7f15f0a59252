// Crossings of steps: once each in a period, never at first sight, whatever the order of what is seen.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { crossings, isRearmed, noticeSteps, stepOf, usedUpStep, type Known } from '../../src/domain/crossings.ts';

describe('crossings', () => {
  it('counts the steps that are crossed', () => {
    assert.deepEqual([0, 0.74, 0.75, 0.9, 0.95, 0.999, 1, 3].map(stepOf), [0, 0, 1, 2, 3, 3, 4, 4]);
    assert.equal(usedUpStep, noticeSteps.length);
  });

  it('tells each step of a period at the most once, and none at first sight', () => {
    const seen = fc.array(fc.double({ min: 0, max: 1.2, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(fc.property(seen, fc.boolean(), (uses, isNew) => {
      let known: ReadonlyMap<string, Known> | undefined;
      let told = 0;
      for (const [index, used] of uses.entries()) {
        const found = crossings(known, [{ key: 'a', used, endsAtMs: 1000, isNew }], index);
        known = found.known;
        if (index === 0) assert.equal(found.crossed.length, 0);
        if (found.crossed.length > 0) {
          assert.ok(stepOf(used) > told);
          told = stepOf(used);
        }
      }
      assert.equal(known?.get('a')?.step, Math.max(...uses.map(stepOf)));
    }));
  });

  it('begins anew with the next period, and after little was used of what comes back bit by bit', () => {
    const look = (steps: readonly { used: number; endsAtMs?: number; refills?: boolean }[]) => {
      let known: ReadonlyMap<string, Known> | undefined;
      return steps.map((step, index) => {
        const found = crossings(known, [{ key: 'a', ...step }], index * 10);
        known = found.known;
        return found.crossed.length;
      });
    };
    assert.deepEqual(look([{ used: 0, endsAtMs: 25 }, { used: 0.8, endsAtMs: 25 }, { used: 0.3, endsAtMs: 25 }, { used: 0.8, endsAtMs: 90 }]), [0, 1, 0, 1]);
    assert.deepEqual(look([0, 0.8, 0.3, 0.8].map((used) => ({ used, endsAtMs: 90 }))), [0, 1, 0, 0]);
    assert.deepEqual(look([0, 0.8, 0.3, 0.8].map((used) => ({ used }))), [0, 1, 0, 1]);
    assert.deepEqual(look([0, 0.8, 0.3, 0.8].map((used) => ({ used, endsAtMs: 90, refills: true }))), [0, 1, 0, 1]);
    assert.ok(!isRearmed({ key: 'a', used: 0.6 }));
  });

  it('knows again what left the list, and takes a first sight for a crossing only where nothing was used before', () => {
    const first = crossings(undefined, [{ key: 'a', used: 0.8, endsAtMs: 100 }], 0);
    const gone = crossings(first.known, [], 1);
    assert.deepEqual(crossings(gone.known, [{ key: 'a', used: 0.8, endsAtMs: 100 }], 2).crossed, []);
    assert.deepEqual([false, true].map((isNew) => crossings(gone.known, [{ key: 'b', used: 0.8, isNew }], 2).crossed.length), [0, 1]);
    assert.deepEqual(crossings(gone.known, [{ key: 'c', used: 0.8, isNew: true, firstStep: usedUpStep }], 2).crossed, []);
  });
});

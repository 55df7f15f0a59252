// What is known of a plan: windows go by their length, newer word replaces older, time empties what has reset,
// and a plan counts as used up only while that is fresh.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { observePlan, planWindowsAt, planWindowsMax, unknownPlan, usedUp, usedUpMsMax } from '../../src/domain/planLimits.ts';

const atMs = 1_000_000;
const window = (windowMinutes: number, usedPercent: number, resetsAtMs?: number) => ({ windowMinutes, usedPercent, ...(resetsAtMs === undefined ? {} : { resetsAtMs }) });

describe('a plan\'s limits', () => {
  it('are kept by their length, whatever slot they come in', () => {
    const first = observePlan(unknownPlan, { windows: [window(300, 10), window(10_080, 20)], planType: 'plus' }, atMs);
    const next = observePlan(first, { windows: [window(10_080, 25)], credits: { hasCredits: false, isUnlimited: false } }, atMs + 5);
    assert.deepEqual(next.windows, [{ ...window(300, 10), observedAtMs: atMs }, { ...window(10_080, 25), observedAtMs: atMs + 5 }]);
    assert.deepEqual([next.planType, next.credits?.hasCredits, next.observedAtMs], ['plus', false, atMs + 5]);
    assert.equal(observePlan(next, { windows: [] }, atMs + 9).observedAtMs, atMs + 5);
  });

  it('are empty once they have reset, and then nobody knows when they reset next', () => {
    const known = observePlan(unknownPlan, { windows: [window(300, 80, atMs + 100)] }, atMs);
    assert.deepEqual(planWindowsAt(known, atMs + 99)[0]?.usedPercent, 80);
    assert.deepEqual(planWindowsAt(known, atMs + 100), [{ windowMinutes: 300, usedPercent: 0, observedAtMs: atMs }]);
  });

  it('are used up while that was told just now, until the last full window resets', () => {
    const full = observePlan(unknownPlan, { windows: [window(300, 100, atMs + 500_000), window(10_080, 104, atMs + 900_000), window(60, 99, atMs + 990_000)] }, atMs);
    assert.deepEqual(usedUp(full, atMs + usedUpMsMax), { untilMs: atMs + 900_000, windowMinutes: 10_080 });
    assert.equal(usedUp(full, atMs + usedUpMsMax + 1), undefined);
    assert.equal(usedUp(full, atMs - 1), undefined, 'a clock that was set back knows nothing');
    for (const credits of [{ hasCredits: true, isUnlimited: false }, { hasCredits: false, isUnlimited: true }]) assert.equal(usedUp(observePlan(full, { windows: [], credits }, atMs), atMs), undefined);
  });

  it('are used up by a refusal, until an answer says otherwise', () => {
    const refused = observePlan(unknownPlan, { windows: [], refused: { untilMs: atMs + 10_000 } }, atMs);
    assert.deepEqual(usedUp(refused, atMs + 1), { untilMs: atMs + 10_000 });
    assert.equal(usedUp(refused, atMs + 10_000), undefined);
    assert.equal(usedUp(observePlan(refused, { windows: [window(300, 3)] }, atMs + 2), atMs + 3), undefined);
    assert.deepEqual(usedUp(observePlan(refused, { windows: [] }, atMs + 2), atMs + 3), { untilMs: atMs + 10_000 });
  });

  it('stay few and in order, whatever is told', () => {
    const told = fc.array(fc.record({ windowMinutes: fc.integer({ min: 1, max: 20_000 }), usedPercent: fc.double({ min: 0, max: 200, noNaN: true }) }), { maxLength: 12 });
    fc.assert(fc.property(fc.array(told, { maxLength: 6 }), (tellings) => {
      const known = tellings.reduce((before, windows, index) => observePlan(before, { windows }, atMs + index), unknownPlan);
      const lengths = known.windows.map((one) => one.windowMinutes);
      assert.ok(lengths.length <= planWindowsMax);
      assert.deepEqual(lengths, lengths.toSorted((a, b) => a - b));
    }));
  });
});

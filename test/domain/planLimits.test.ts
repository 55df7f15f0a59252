// What is known of a plan: windows go by their length, newer word replaces older, time empties what has reset,
// and a plan counts as used up only while that is fresh.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { observePlan, planWindowsAt, planWindowsMax, spreadShares, unknownPlan, usedUp, usedUpMsMax, usedUpShare } from '../../src/domain/planLimits.ts';

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

  it('are ordered by when the attempts were sent: an older answer that comes late tells only that more of the same window is used', () => {
    const resetsAtMs = atMs + 500_000;
    const known = observePlan(unknownPlan, { windows: [window(300, 60, resetsAtMs)], credits: { hasCredits: false, isUnlimited: false }, planType: 'pro' }, atMs + 20_000, atMs + 10_000);
    const late = (usedPercent: number, sentAtMs: number, reset = resetsAtMs) => observePlan(known, {
      windows: [window(300, usedPercent, reset), window(10_080, 5)], credits: { hasCredits: true, isUnlimited: false }, planType: 'plus',
    }, atMs + 25_000, sentAtMs);
    const older = late(40, atMs + 9_999);
    assert.deepEqual([older.windows.map(({ usedPercent }) => usedPercent), older.credits?.hasCredits, older.planType, older.observedAtMs], [[60, 5], false, 'pro', atMs + 20_000]);
    assert.equal(late(70, atMs + 9_999).windows[0]?.usedPercent, 70, 'a window only fills');
    assert.equal(late(100, atMs + 9_999, resetsAtMs - 18_000_000).windows[0]?.usedPercent, 60, 'one that has begun anew since');
    const newer = late(40, atMs + 10_000);
    assert.deepEqual([newer.windows[0]?.usedPercent, newer.credits?.hasCredits, newer.planType, newer.observedAtMs], [40, true, 'plus', atMs + 25_000]);
    const setBack = observePlan(known, { windows: [window(300, 3)] }, atMs - 90_000);
    assert.equal(setBack.windows[0]?.usedPercent, 3, 'a clock that was set back orders nothing');
  });

  it('stay used up by a refusal although an answer comes that was sent before it, and not by a refusal of one that was sent before an answer', () => {
    const refused = observePlan(unknownPlan, { windows: [], refused: { untilMs: atMs + 50_000 } }, atMs + 10_000, atMs + 9_000);
    const told = (sentAtMs: number) => usedUp(observePlan(refused, { windows: [window(300, 99)] }, atMs + 12_000, sentAtMs), atMs + 12_000);
    assert.deepEqual([told(atMs), told(atMs + 9_000)], [{ untilMs: atMs + 50_000 }, undefined]);
    const answered = observePlan(unknownPlan, { windows: [window(300, 1)] }, atMs + 10_000, atMs + 9_000);
    const late = (sentAtMs: number) => usedUp(observePlan(answered, { windows: [], refused: { untilMs: atMs + 50_000 } }, atMs + 12_000, sentAtMs), atMs + 12_000);
    assert.deepEqual([late(atMs), late(atMs + 9_500)], [undefined, { untilMs: atMs + 50_000 }]);
  });

  it('spread over their days open a seventh of a week with each of its days', () => {
    const dayMs = 86_400_000;
    const startMs = 10 * dayMs;
    const at = (nowMs: number, usedPercent: number) => usedUpShare(observePlan(unknownPlan, { windows: [window(10_080, usedPercent, startMs + 7 * dayMs)] }, nowMs), nowMs);
    assert.equal(at(startMs, 14), undefined);
    assert.deepEqual(at(startMs, 15)?.nextAtMs, startMs + dayMs);
    assert.equal(at(startMs + dayMs, 15), undefined, 'what a day left is the next one\'s too');
    assert.deepEqual(at(startMs + 3.5 * dayMs, 60)?.nextAtMs, startMs + 4 * dayMs);
    assert.equal(at(startMs + 6.1 * dayMs, 100), undefined, 'on the last day all of it is open: the limit itself ends it');
    assert.deepEqual(at(startMs - 60_000, 15)?.nextAtMs, startMs + dayMs, 'a reset told with a little to spare');
  });

  it('spread over their days leave out short windows, and those whose reset is not known', () => {
    const shares = (...windows: ReturnType<typeof window>[]) => spreadShares(observePlan(unknownPlan, { windows }, atMs), atMs).map(({ windowMinutes }) => windowMinutes);
    assert.deepEqual(shares(window(300, 100, atMs + 1000), window(1440, 100, atMs + 1000), window(10_080, 100)), []);
    assert.deepEqual(shares(window(10_080, 0, atMs + 1000), window(43_200, 0, atMs + 1000)), [10_080, 43_200]);
  });

  it('spread over their days allow more with time, never more than all, and never less than the time that is over', () => {
    const dayMs = 86_400_000;
    fc.assert(fc.property(fc.integer({ min: 2880, max: 50_000 }), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.double({ min: 0, max: 0.999, noNaN: true }), (minutes, a, b) => {
      const resetsAtMs = 100 * dayMs;
      const share = (part: number) => {
        const nowMs = Math.floor(resetsAtMs - minutes * 60_000 * (1 - part));
        const [found] = spreadShares(observePlan(unknownPlan, { windows: [window(minutes, 0, resetsAtMs)] }, nowMs), nowMs);
        assert.ok(found && found.nextAtMs > nowMs && found.nextAtMs <= resetsAtMs);
        return found.allowedPercent;
      };
      assert.ok(share(Math.max(a, b)) >= share(Math.min(a, b)));
      assert.ok(share(a) <= 100 && share(a) >= a * 100 - 1e-6);
    }));
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

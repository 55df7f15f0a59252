// The run-out forecast: a straight line where there is enough to draw one, and nothing where there is not.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { aheadSpans, lookBackMs, requestsMin, runOut, spanMsMin, type Burn } from '../../src/domain/forecast.ts';

const hourMs = 3_600_000;
const nowMs = 100 * hourMs;
const each = (count: number, spanMs: number, costMicroCredits: number): Burn[] => Array.from({ length: count }, (_, index) => ({ atMs: nowMs - spanMs + Math.round(index * spanMs / count), costMicroCredits }));

describe('the run-out forecast', () => {
  it('draws a straight line through what was charged', () => {
    assert.deepEqual(runOut(12_000_000, each(10, 2 * hourMs, 1_000_000), nowMs), { runsOutAtMs: nowMs + 2.4 * hourMs, spanMs: 2 * hourMs, perHourMicroCredits: 5_000_000 });
  });

  it('says nothing where there is too little data, nothing drawn, or nothing left', () => {
    assert.equal(runOut(1_000_000, [], nowMs), undefined);
    assert.equal(runOut(1_000_000, each(requestsMin - 1, hourMs, 1_000_000), nowMs), undefined);
    assert.equal(runOut(1_000_000, each(50, spanMsMin - 1, 1_000_000), nowMs), undefined);
    assert.equal(runOut(1_000_000, each(10, hourMs, 0), nowMs), undefined);
    assert.equal(runOut(0, each(10, hourMs, 1_000_000), nowMs), undefined);
    assert.equal(runOut(1_000_000, each(10, hourMs, 1_000_000).map((one) => ({ ...one, atMs: one.atMs - lookBackMs - hourMs })), nowMs), undefined, 'what is long over');
  });

  it('never looks further ahead than a few times as far as it looked back', () => {
    const burns = each(10, hourMs, 1_000_000);
    assert.ok(runOut(40_000_000, burns, nowMs));
    assert.equal(runOut(40_000_001, burns, nowMs), undefined);
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e12 }), fc.array(fc.record({ atMs: fc.integer({ min: nowMs - 5 * hourMs, max: nowMs + hourMs }), costMicroCredits: fc.integer({ min: 0, max: 1e9 }) }), { maxLength: 40 }), (balance, some) => {
      const found = runOut(balance, some, nowMs);
      if (!found) return;
      assert.ok(found.runsOutAtMs > nowMs && found.runsOutAtMs <= nowMs + lookBackMs * aheadSpans);
      const richer = runOut(balance * 2, some, nowMs);
      assert.ok(richer === undefined || richer.runsOutAtMs >= found.runsOutAtMs);
    }));
  });
});

// The run-out forecast: a straight line where there is enough to draw one, and nothing where there is not.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { aheadSpans, balanceForecast, fastRequestsMin, lookBackMs, requestsMin, runOut, slowSpanMs, spanMsMin, type Burn } from '../../src/domain/forecast.ts';
import { seededRandom } from '../support/seededRandom.ts';

const hourMs = 3_600_000;
const nowMs = 100 * hourMs;
const each = (count: number, spanMs: number, costMicroCredits: number): Burn[] => Array.from({ length: count }, (_, index) => ({ atMs: nowMs - spanMs + Math.round(index * spanMs / count), costMicroCredits }));

describe('the run-out forecast', () => {
  it('draws a straight line through what was charged', () => {
    const found = runOut(12_000_000, each(12, 2 * hourMs, 1_000_000), nowMs);
    assert.equal(found?.runsOutAtMs, nowMs + 2 * hourMs);
    assert.equal(found.spanMs, 2 * hourMs);
    assert.equal(found.perHourMicroCredits, 6_000_000);
  });

  it('says nothing where there is too little data, nothing drawn, or nothing left', () => {
    assert.equal(runOut(1_000_000, [], nowMs), undefined);
    assert.equal(runOut(1_000_000, each(requestsMin - 1, hourMs, 1_000_000), nowMs), undefined);
    assert.equal(runOut(1_000_000, each(50, spanMsMin - 1, 1_000_000), nowMs), undefined);
    assert.equal(runOut(1_000_000, each(10, hourMs, 0), nowMs), undefined);
    assert.equal(runOut(0, each(10, hourMs, 1_000_000), nowMs), undefined);
    assert.equal(runOut(1_000_000, each(10, hourMs, 1_000_000).map((one) => ({ ...one, atMs: one.atMs - lookBackMs - hourMs })), nowMs), undefined, 'what is long over');
  });

  it('sees a fast burn within minutes, and in so short a time only by many requests', () => {
    const fast = each(30, 150_000, 1_000_000);
    assert.equal(runOut(60_000_000, fast, nowMs)?.runsOutAtMs, nowMs + 300_000);
    assert.equal(runOut(1_000_000, each(fastRequestsMin - 1, slowSpanMs - 1000, 1_000_000), nowMs), undefined);
    assert.ok(runOut(1_000_000, each(fastRequestsMin, slowSpanMs - 1000, 1_000_000), nowMs));
  });

  it('tells what lasts longer than can be seen from what is not known', () => {
    assert.deepEqual(balanceForecast(40_000_001, each(10, hourMs, 1_000_000), nowMs), { seenUntilMs: nowMs + 4 * hourMs });
    assert.equal(balanceForecast(40_000_001, each(2, hourMs, 1_000_000), nowMs), undefined);
    assert.equal(balanceForecast(0, each(10, hourMs, 1_000_000), nowMs), undefined);
  });

  it('draws the same line through sums, and knows no band where a single sum is all there is', () => {
    const burns = each(240, 2 * hourMs, 100_000);
    const sums = Array.from({ length: 8 }, (_, index) => ({ sinceMs: nowMs - 2 * hourMs + index * hourMs / 4, atMs: nowMs - 2 * hourMs + (index + 1) * hourMs / 4, costMicroCredits: 3_000_000, requests: 30 }));
    assert.equal(runOut(12_000_000, sums, nowMs)?.runsOutAtMs, runOut(12_000_000, burns, nowMs)?.runsOutAtMs);
    const one = { sinceMs: nowMs - hourMs, atMs: nowMs, costMicroCredits: 1_000_000, requests: 50 };
    assert.equal(runOut(1_000_000, [one], nowMs), undefined);
    const uneven = (parts: number) => runOut(1_000_000, Array.from({ length: parts }, (_, index) => ({ sinceMs: nowMs - hourMs + index * hourMs / parts, atMs: nowMs - hourMs + (index + 1) * hourMs / parts, costMicroCredits: 1_000_000 / parts * (index % 2 === 0 ? 1.2 : 0.8), requests: 50 })), nowMs);
    const [two, six] = [uneven(2), uneven(6)];
    assert.ok(two && six && two.earliestAtMs < six.earliestAtMs, 'fewer parts know less');
  });

  it('never looks further ahead than a few times as far as it looked back', () => {
    const burns = each(10, hourMs, 1_000_000);
    assert.ok(runOut(40_000_000, burns, nowMs));
    assert.equal(runOut(40_000_001, burns, nowMs), undefined);
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e12 }), fc.array(fc.record({ atMs: fc.integer({ min: nowMs - 5 * hourMs, max: nowMs + hourMs }), costMicroCredits: fc.integer({ min: 0, max: 1e9 }) }), { maxLength: 40 }), (balance, some) => {
      const found = runOut(balance, some, nowMs);
      if (!found) return;
      assert.ok(found.runsOutAtMs > nowMs && found.runsOutAtMs <= nowMs + lookBackMs * aheadSpans);
      assert.ok(found.earliestAtMs > nowMs && found.earliestAtMs <= found.runsOutAtMs);
      assert.ok(found.latestAtMs === undefined || found.latestAtMs >= found.runsOutAtMs - 1000);
      const richer = runOut(balance * 2, some, nowMs);
      assert.ok(richer === undefined || richer.runsOutAtMs >= found.runsOutAtMs);
    }));
  });

  it('has a narrow band where the pace was even, a wide one where it was not, and no end where that may be beyond sight', () => {
    const even = runOut(12_000_000, each(12, 2 * hourMs, 1_000_000), nowMs);
    assert.ok(even?.latestAtMs !== undefined && even.latestAtMs - even.earliestAtMs < hourMs / 60, JSON.stringify(even));
    const uneven = runOut(12_000_000, each(12, 2 * hourMs, 1_000_000).map((one, index) => ({ ...one, costMicroCredits: index % 4 === 0 ? 2_500_000 : 500_000 })), nowMs);
    assert.ok(uneven?.latestAtMs !== undefined && uneven.latestAtMs - uneven.earliestAtMs > hourMs / 2, JSON.stringify(uneven));
    const once = runOut(12_000_000, each(12, 2 * hourMs, 10).map((one, index) => ({ ...one, costMicroCredits: index === 6 ? 12_000_000 : 10 })), nowMs);
    assert.ok(once && once.latestAtMs === undefined && once.earliestAtMs < once.runsOutAtMs, JSON.stringify(once));
  });

  it('holds its band about as often where quarter hours or the first minutes of fast work are all that is known', () => {
    const random = seededRandom(17);
    const arrival = (meanMs: number) => -Math.log(1 - random.next()) * meanMs;
    const summed = (burns: readonly Burn[], stepMs: number): Burn[] => [...new Set(burns.map(({ atMs }) => Math.floor(atMs / stepMs)))].map((step) => {
      const some = burns.filter(({ atMs }) => Math.floor(atMs / stepMs) === step);
      return { sinceMs: step * stepMs, atMs: Math.min(nowMs, (step + 1) * stepMs), costMicroCredits: some.reduce((total, one) => total + one.costMicroCredits, 0), requests: some.length };
    });
    for (const [spanMs, leastMs, stepMs] of [[2.9 * hourMs, 30_000, hourMs / 4], [5 * 60_000, 2_000, 10_000], [hourMs / 3, 1_000, hourMs / 4]] as const) {
      let [seen, inside] = [0, 0];
      for (let history = 0; history < 1_000; history += 1) {
        const meanMs = leastMs * (1 + random.next() * 4);
        const before: Burn[] = [];
        for (let atMs = nowMs - spanMs + arrival(meanMs); atMs <= nowMs; atMs += arrival(meanMs)) before.push({ atMs, costMicroCredits: Math.round(arrival(1_000_000)) });
        const balance = Math.round(before.reduce((total, { costMicroCredits }) => total + costMicroCredits, 0) * (0.2 + random.next() * 1.5));
        const sums = summed(before, stepMs);
        // A span begins with its first charge.
        const found = runOut(balance, [{ ...sums[0]!, sinceMs: before[0]?.atMs ?? nowMs }, ...sums.slice(1)], nowMs);
        if (!found) continue;
        let [left, atMs] = [balance, nowMs];
        while (left > 0) { atMs += arrival(meanMs); left -= arrival(1_000_000); }
        seen += 1;
        if (atMs >= found.earliestAtMs && atMs <= (found.latestAtMs ?? Infinity)) inside += 1;
      }
      assert.ok(seen > 900 && inside / seen > 0.7 && inside / seen < 0.92, `${inside} of ${seen} in ${spanMs}`);
    }
  });

  it('holds its band about four of five times over histories of uneven work', () => {
    const random = seededRandom(31);
    const arrival = (meanMs: number) => -Math.log(1 - random.next()) * meanMs;
    let [seen, inside] = [0, 0];
    for (let history = 0; history < 2_000; history += 1) {
      // Requests at random moments with costs of a long tail, before and after now, at one pace.
      const meanMs = 60_000 + random.next() * 600_000;
      const before: Burn[] = [];
      for (let atMs = nowMs - 3 * hourMs + arrival(meanMs); atMs <= nowMs; atMs += arrival(meanMs)) before.push({ atMs, costMicroCredits: Math.round(arrival(1_000_000)) });
      const balance = Math.round(before.reduce((total, { costMicroCredits }) => total + costMicroCredits, 0) * (0.2 + random.next() * 1.5));
      const found = runOut(balance, before, nowMs);
      if (!found) continue;
      let [left, atMs] = [balance, nowMs];
      while (left > 0) { atMs += arrival(meanMs); left -= arrival(1_000_000); }
      seen += 1;
      if (atMs >= found.earliestAtMs && atMs <= (found.latestAtMs ?? Infinity)) inside += 1;
    }
    assert.ok(seen > 1_000);
    assert.ok(inside / seen > 0.7 && inside / seen < 0.92, `${inside} of ${seen}`);
  });
});

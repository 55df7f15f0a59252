// Proves that a decision costs the same however many models are remembered, however many requests wait and
// however many were carried before. Ratios of the processor's time, far above noise and far below real growth.
import assert from 'node:assert/strict';
import { BusyPacer } from '../bench/decisionBench.ts';

describe('cost of a decision', () => {
  it('does not grow with keys, with the line or with history', () => {
    const [small, large] = [new BusyPacer(100, 10), new BusyPacer(10_000, 999)];
    for (const world of [small, large]) world.carry(2_000);
    const [least, most] = [small.microsecondsPerRequest(3), large.microsecondsPerRequest(3)];
    assert.ok(most < 8 * least, `${most} µs beside ${least} µs`);
    large.carry(8_000);
    const later = large.microsecondsPerRequest(3);
    assert.ok(later < 3 * most, `${later} µs after a history, ${most} µs before`);
  }).timeout(60_000);
});

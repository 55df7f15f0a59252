// Proves that overload is counted over all requests of a model, from its first refusal to the next answer or a long silence.
import assert from 'node:assert/strict';
import { Overload, overloadPauseMsMax } from '../../src/domain/overload.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { seen, started, submitted } from '../support/pacerSteps.ts';

describe('overload', () => {
  it('lasts from the first refusal on, until an answer, or until nothing was refused for a minute', () => {
    const overload = new Overload();
    assert.equal(overload.forMs(5), 0);
    overload.refused(1_000);
    overload.refused(41_000);
    assert.deepEqual([overload.forMs(41_000), overload.forMs(101_000), overload.forMs(101_001)], [40_000, 100_000, 0]);
    overload.refused(200_000);
    overload.refused(201_000);
    assert.equal(overload.forMs(202_000), 2_000, 'another one');
    overload.answered();
    assert.equal(overload.forMs(202_000), 0);
  });

  it('pauses shortly for overload, whoever was refused, and ends with an answer to what was sent after it', () => {
    const pacer = new Pacer(() => 1);
    let nowMs = 0;
    for (let count = 0; count < 10; count += 1) {
      const id = submitted(pacer, nowMs);
      assert.deepEqual(started(pacer, nowMs), [id]);
      pacer.sent(id, nowMs);
      assert.equal(pacer.overloadedForMs(id, nowMs), nowMs, 'of other requests too');
      const opensAtMs = pacer.throttled(id, { isOverload: true }, nowMs) ?? NaN;
      assert.ok(opensAtMs - nowMs <= overloadPauseMsMax && opensAtMs > nowMs);
      pacer.cancel(id, nowMs);
      nowMs = opensAtMs;
    }
    assert.ok(nowMs > 40_000);
    const [well, other] = [submitted(pacer, nowMs), submitted(pacer, nowMs, { model: 'other' })];
    started(pacer, nowMs);
    assert.deepEqual([pacer.overloadedForMs(well, nowMs), pacer.overloadedForMs(other, nowMs), pacer.overloadedForMs('unknown', nowMs)], [nowMs, 0, 0]);
    pacer.headers(well, seen(100, 99), nowMs);
    assert.equal(pacer.overloadedForMs(well, nowMs), 0);
  });
});

// Proves that what people are told about when a request will start counts limits per day too, for each one after those
// that are ahead of it.
import assert from 'node:assert/strict';
import { certainMsMin } from '../../src/domain/namedLimits.ts';
import { dayMs } from '../../src/domain/rateWindow.ts';
import { knowing, seen, started, submitted } from '../support/pacerSteps.ts';

describe('when a request will start', () => {
  it('counts a limit per day, one request after the other', () => {
    const pacer = knowing(10_000, 9_000);
    const refillMs = dayMs / 200;
    const first = submitted(pacer, 0);
    started(pacer, 0);
    pacer.sent(first, 0);
    pacer.throttled(first, { measure: 'requests', perDay: true, limit: 200, requested: 1, retryAfterMs: refillMs, observation: seen(10_000, 9_990) }, 0);
    const ids = [first, ...Array.from({ length: 3 }, () => submitted(pacer, 0))];
    assert.deepEqual(pacer.waiting(0).map(({ id, startsAtMs }) => [id, startsAtMs]), ids.map((id, ahead) => [id, (1 + ahead) * refillMs]));
    assert.equal(pacer.waitingOne(ids[2] ?? '', 0)?.startsAtMs, 3 * refillMs);
    assert.deepEqual(started(pacer, refillMs), [first], 'as it was told');
    assert.deepEqual(pacer.waiting(refillMs).map(({ startsAtMs }) => startsAtMs), [2, 3, 4].map((turn) => turn * refillMs));
  });

  it('tells of a limit per day also where nothing else is known, of the first no later than it may find out', () => {
    const pacer = knowing(10_000, 9_000);
    const first = submitted(pacer, 0, { estimatedTokens: 90_000 });
    started(pacer, 0);
    pacer.sent(first, 0);
    pacer.throttled(first, { measure: 'tokens', perDay: true, limit: 100_000, requested: 90_000, retryAfterMs: 1_000 }, 0);
    submitted(pacer, 0, { estimatedTokens: 90_000 });
    submitted(pacer, 0, { estimatedTokens: 900_000 });
    assert.deepEqual(pacer.waiting(1_000).map(({ startsAtMs }) => startsAtMs), [1_000, 1_000 + 0.9 * dayMs, 1_000 + 1.9 * dayMs], 'an amount above the limit counts as the limit');
    assert.deepEqual(started(pacer, 1_000), [first]);
    assert.equal(pacer.waiting(1_000)[0]?.startsAtMs, certainMsMin, 'one finds out then whether the limit still binds');
  });
});

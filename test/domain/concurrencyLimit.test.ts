// Proves that few attempts run while nothing is known, that announced limits take over, and that a
// learnt limit shrinks once per crowd, grows only when it is used, and recovers.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  afterAnswer, afterRefusal, afterSlowness, attemptsAnnouncedMax, attemptsLearntMax, attemptsUnknownMax, hasRoom, unknownConcurrency, type ConcurrencyLimit,
} from '../../src/domain/concurrencyLimit.ts';

describe('concurrency limit', () => {
  it('starts low and opens when limits are announced', () => {
    assert.equal(hasRoom(unknownConcurrency, attemptsUnknownMax - 1), true);
    assert.equal(hasRoom(unknownConcurrency, attemptsUnknownMax), false);
    assert.equal(hasRoom(afterAnswer(unknownConcurrency, true, 1), attemptsAnnouncedMax - 1), true);
  });

  it('grows by one per answer until something is refused, then by one per round, and only while it is used to the full', () => {
    assert.equal(afterAnswer(unknownConcurrency, false, attemptsUnknownMax).attemptsMax, attemptsUnknownMax + 1);
    let limit: ConcurrencyLimit = { state: 'learnt', attemptsMax: 4, decreasedAtMs: 0 };
    for (let answers = 0; answers < 5; answers += 1) limit = afterAnswer(limit, false, Math.floor(limit.attemptsMax));
    assert.ok(limit.attemptsMax >= 5 && limit.attemptsMax < 6.1, `${limit.attemptsMax}`);
    assert.equal(afterAnswer(limit, false, 2).attemptsMax, limit.attemptsMax);
  });

  it('counts refusals of one crowd once', () => {
    const wide = { state: 'learnt', attemptsMax: 20 } as const;
    const once = afterRefusal(wide, 20, 100, 200);
    assert.equal(once.attemptsMax, 14);
    assert.equal(afterRefusal(once, 19, 150, 210).attemptsMax, 14, 'sent before the decrease');
    assert.ok(afterRefusal(once, 14, 300, 400).attemptsMax < 14, 'sent after it');
  });

  it('steps down a little after slow answers, from what runs, and never below what is tried at first', () => {
    const wide = { state: 'learnt', attemptsMax: 20 } as const;
    assert.equal(afterSlowness(wide, 20).attemptsMax, 18);
    assert.equal(afterSlowness(wide, 10).attemptsMax, 9);
    assert.equal(afterSlowness(wide, 1).attemptsMax, attemptsUnknownMax);
    assert.equal(afterSlowness({ ...wide, attemptsMax: 2 }, 2).attemptsMax, 2, 'refusals may have taken it lower');
  });

  it('stays within its bounds for any history, and always lets one attempt run', () => {
    fc.assert(fc.property(fc.array(fc.record({ refused: fc.boolean(), announced: fc.boolean(), running: fc.nat(400) }), { maxLength: 300 }), (history) => {
      let limit = unknownConcurrency;
      history.forEach(({ refused, announced, running }, nowMs) => {
        limit = refused ? afterRefusal(limit, running, nowMs, nowMs) : afterAnswer(limit, announced, running);
        assert.ok(hasRoom(limit, 0) && limit.attemptsMax <= attemptsAnnouncedMax);
      });
    }));
    let learnt = unknownConcurrency;
    for (let answers = 0; answers < 5_000; answers += 1) learnt = afterAnswer(learnt, false, Math.floor(learnt.attemptsMax));
    assert.equal(learnt.attemptsMax, attemptsLearntMax);
  });
});

// Proves that few attempts run while nothing is known, that announced limits take over, that a learnt limit shrinks once per
// crowd, grows only when it is used, and recovers; and that what one refusal says is neither too much nor known for ever.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  afterAnswer, afterRefusal, afterSlowness, attemptsAnnouncedMax, attemptsLearntMax, attemptsUnknownMax, hasRoom, ranWell, unknownConcurrency, whileSlower, type ConcurrencyLimit,
} from '../../src/domain/concurrencyLimit.ts';

const announced: ConcurrencyLimit = { state: 'announced', attemptsMax: attemptsAnnouncedMax };

describe('concurrency limit', () => {
  it('starts low and opens when limits are announced', () => {
    assert.equal(hasRoom(unknownConcurrency, attemptsUnknownMax - 1), true);
    assert.equal(hasRoom(unknownConcurrency, attemptsUnknownMax), false);
    assert.equal(hasRoom(afterAnswer(unknownConcurrency, true, 1, 0), attemptsAnnouncedMax - 1), true);
  });

  it('grows by one per answer up to what was borne, then slowly, the slower the surer it is, and only while it is used to the full', () => {
    assert.equal(afterAnswer(unknownConcurrency, false, attemptsUnknownMax, 0).attemptsMax, attemptsUnknownMax + 1);
    const held: ConcurrencyLimit = { state: 'learnt', attemptsMax: 14, refusal: { atMs: 0, heldMs: 35_000, borneMax: 20 } };
    const borne = full(held, 6, 0);
    assert.equal(borne.attemptsMax, 20);
    const beyond = full(borne, 20, 0);
    assert.ok(beyond.attemptsMax > 20 && beyond.attemptsMax < 20.5, 'less than one in a round');
    const surer = full({ ...borne, refusal: { atMs: 0, heldMs: 350_000, borneMax: 20 } }, 20, 0);
    assert.ok(surer.attemptsMax > 20 && surer.attemptsMax < beyond.attemptsMax);
    assert.equal(afterAnswer(held, false, 2, 0).attemptsMax, 14);
  });

  it('takes a lone refusal for no sign of too many: what ran well of late is not taken, and all comes back at once', () => {
    const alone = afterRefusal({ ...announced, well: { attempts: 1, atMs: 0 } }, 1, 0, 10);
    assert.equal(alone.attemptsMax, 1, 'one goes first');
    assert.equal(full(alone, 60, 20).attemptsMax, 61);
    const among = afterRefusal(ranWell(announced, 40, 0), 40, 0, 10);
    assert.equal(among.attemptsMax, 40);
    assert.equal(full(among, 9, 20).attemptsMax, 49);
    assert.equal(afterRefusal(ranWell(among, 40, 20), 40, 20, 30).attemptsMax, 40, 'as many ran well since the last one');
    assert.equal(afterRefusal(ranWell(announced, 40, 0), 20, 0, 3_600_000).attemptsMax, 14, 'what ran well long ago is not known to do so now');
  });

  it('steps down when it is refused again, and is not led by an outage that answers nothing', () => {
    let limit = afterRefusal(ranWell(announced, 40, 0), 40, 0, 10);
    for (let time = 1; time <= 20; time += 1) limit = afterRefusal(limit, Math.floor(limit.attemptsMax), time * 1_000, time * 1_000 + 10);
    assert.ok(limit.attemptsMax <= attemptsUnknownMax);
    assert.ok(full(limit, 30, 22_000).attemptsMax >= 30, 'once it is over');
    const crowded = afterRefusal(ranWell(announced, 24, 0), 30, 0, 10);
    const again = afterRefusal(ranWell(crowded, 24, 20), 25, 20, 30);
    assert.deepEqual([again.attemptsMax, again.refusal?.borneMax], [16, 24]);
    assert.ok((again.refusal?.heldMs ?? 0) > (crowded.refusal?.heldMs ?? NaN), 'it is surer now');
  });

  it('forgets a refusal after quiet minutes, sooner a lone one, and later while answers are slower than usual', () => {
    const refused = afterRefusal({ ...announced, attemptsMax: 12 }, 12, 0, 10);
    assert.ok(full(refused, 10, 20).attemptsMax < 9);
    assert.ok(full(refused, 200, 120_000).attemptsMax > 50);
    assert.ok(full(whileSlower(refused, 100_000), 200, 120_000).attemptsMax < 10);
    assert.ok(full(whileSlower(refused, 100_000), 200, 7_200_000).attemptsMax > 50);
    const lower = afterSlowness(refused, 8, 100_000);
    assert.ok(lower.attemptsMax < 8 && full(lower, 200, 120_000).attemptsMax < 8.5, 'what was slow is not taken again at once');
    let sure = refused;
    for (let time = 1; time < 20; time += 1) sure = afterRefusal(ranWell(sure, 8, time * 1_000), 9, time * 1_000, time * 1_000 + 1);
    assert.ok(full(sure, 50, 600_000).attemptsMax < 10, 'what was refused often is held longer');
    assert.ok(full(sure, 500, 86_400_000).attemptsMax > 50, 'a day later it is forgotten');
    assert.ok((afterRefusal(sure, 9, 86_400_000, 86_400_001).refusal?.heldMs ?? NaN) < (sure.refusal?.heldMs ?? NaN), 'and a refusal then is a lone one');
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
    assert.equal(afterSlowness(wide, 20, 0).attemptsMax, 18);
    assert.equal(afterSlowness(wide, 10, 0).attemptsMax, 9);
    assert.equal(afterSlowness(wide, 1, 0).attemptsMax, attemptsUnknownMax);
    assert.equal(afterSlowness({ ...wide, attemptsMax: 2 }, 2, 0).attemptsMax, 2, 'refusals may have taken it lower');
  });

  it('stays within its bounds for any history, and always lets one attempt run', () => {
    fc.assert(fc.property(fc.array(fc.record({ refused: fc.boolean(), announced: fc.boolean(), running: fc.nat(400) }), { maxLength: 300 }), (history) => {
      let limit = unknownConcurrency;
      history.forEach(({ refused, announced, running }, nowMs) => {
        limit = refused ? afterRefusal(limit, running, nowMs, nowMs) : afterAnswer(ranWell(limit, running, nowMs), announced, running, nowMs);
        assert.ok(hasRoom(limit, 0) && limit.attemptsMax <= attemptsAnnouncedMax);
      });
    }));
    let learnt = unknownConcurrency;
    for (let answers = 0; answers < 5_000; answers += 1) learnt = afterAnswer(learnt, false, Math.floor(learnt.attemptsMax), 0);
    assert.equal(learnt.attemptsMax, attemptsLearntMax);
  });
});

/** So many answers while a limit is used to the full. */
function full(limit: ConcurrencyLimit, answers: number, nowMs: number): ConcurrencyLimit {
  let next = limit;
  for (let count = 0; count < answers; count += 1) next = afterAnswer(next, limit.state === 'announced', Math.floor(next.attemptsMax), nowMs);
  return next;
}

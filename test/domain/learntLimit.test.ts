// Proves that a limit which nobody announces is found from what was let in and refused, is kept while it is
// found to be the same, follows one that falls, and finds one that rose.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { afterLearntAnswer, afterLearntRefusal, counted, firstLearnt, limitAtLeast, noTally, type LearntLimit, type Tally } from '../../src/domain/learntLimit.ts';

const minuteMs = 60_000;

/** An upstream with a bucket of a minute's limit, asked for one whenever the learnt limit allows. @returns the learnt limits and refusals */
function learn(limitOf: (nowMs: number) => number, untilMs: number): { readonly limits: readonly { readonly atMs: number; readonly limit: number }[]; readonly refusals: number; readonly letIn: number } {
  let [bucket, bucketMs, level, levelMs, refusedMs, refusals, letIn] = [limitOf(0), 0, 0, 0, 0, 0, 0];
  let learnt: LearntLimit | undefined;
  let tally: Tally = noTally;
  const limits: { atMs: number; limit: number }[] = [];
  for (let nowMs = 0; nowMs < untilMs; nowMs += 100) {
    bucket = Math.min(limitOf(nowMs), bucket + limitOf(nowMs) * (nowMs - bucketMs) / minuteMs);
    bucketMs = nowMs;
    if (learnt) level = Math.min(learnt.limit, level + learnt.limit * (nowMs - levelMs) / minuteMs);
    levelMs = nowMs;
    if (learnt && level < 1) continue;
    if (bucket >= 1) {
      [bucket, level, letIn] = [bucket - 1, level - 1, letIn + 1];
      tally = counted(tally, 1, nowMs);
      if (learnt) learnt = afterLearntAnswer(learnt.limit, learnt.learnt);
    } else {
      learnt = learnt ? afterLearntRefusal(learnt.limit, learnt.learnt, tally, refusedMs, minuteMs, nowMs) : firstLearnt(limitAtLeast(tally, minuteMs, nowMs));
      [level, refusedMs, refusals] = [0, nowMs, refusals + 1];
    }
    if (learnt) limits.push({ atMs: nowMs, limit: learnt.limit });
  }
  return { limits, refusals, letIn };
}

describe('learnt limit', () => {
  it('finds any limit within a few in a hundred, at about one refusal in a hundred, and uses all of it', () => {
    fc.assert(fc.property(fc.integer({ min: 20, max: 500 }), (limit) => {
      const { limits, refusals, letIn } = learn(() => limit, 30 * minuteMs);
      const late = limits.filter(({ atMs }) => atMs > 10 * minuteMs);
      const mean = late.reduce((sum, each) => sum + each.limit, 0) / late.length;
      assert.ok(Math.abs(mean / limit - 1) < 0.05, `${mean} for ${limit}`);
      assert.ok(refusals <= 3 + letIn * 0.015, `${refusals} refusals of ${letIn}`);
      assert.ok(letIn >= limit * 31 * 0.98 - 2, `${letIn} of ${limit * 31}`);
    }), { numRuns: 25 });
  });

  it('follows a limit that halves within a minute, and finds it when it returns', () => {
    const { limits } = learn((nowMs) => (nowMs > 10 * minuteMs && nowMs < 20 * minuteMs ? 60 : 120), 45 * minuteMs);
    const at = (atMs: number) => limits.findLast((each) => each.atMs <= atMs)?.limit ?? NaN;
    assert.ok(at(13 * minuteMs) < 70, `${at(13 * minuteMs)}`);
    assert.ok(at(44 * minuteMs) > 110, `${at(44 * minuteMs)}`);
  });

  it('takes from the past only what it proves: a bucket that stood full was asked for less than it bears', () => {
    const slow = Array.from({ length: 20 }, (_, index) => index * 30_000).reduce<Tally>((tally, atMs) => counted(tally, 1, atMs), noTally);
    assert.ok(limitAtLeast(slow, minuteMs, 600_000) < 3);
    const burst = Array.from({ length: 40 }, (_, index) => 600_000 + index * 10).reduce<Tally>((tally, atMs) => counted(tally, 1, atMs), slow);
    assert.ok(Math.abs(limitAtLeast(burst, minuteMs, 600_400) - 40) < 2, 'the newest burst alone proves more than ten minutes');
    assert.equal(limitAtLeast(noTally, minuteMs, 5), 0);
    assert.ok(Array.from({ length: 5000 }, (_, index) => index * 5_000).reduce<Tally>((tally, atMs) => counted(tally, 1, atMs), noTally).length <= 120, 'and remembers no more than that');
  });
});

// Proves that a window follows what the upstream tells, never counts the same room twice while
// answers come late or out of order, and never admits more than an honest upstream grants.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  availableAt, close, commit, dayMs, earliestStartMs, forecastStartMs, fullAtMs, levelAt, minuteMs, overtakingMsMax, release, reserve, unknownWindow,
  type RateWindow,
} from '../../src/domain/rateWindow.ts';
import { observe } from '../../src/domain/windowObservation.ts';

const seen = (limit: number, remaining: number, resetMs = 0) => ({ limit, remaining, resetMs });
/** A window after one answer to an attempt sent at 0. */
const known = (limit: number, remaining: number, nowMs = 0): RateWindow => observe(unknownWindow, 'first', 0, seen(limit, remaining), nowMs);

describe('rate window', () => {
  it('keeps unknown unknown and holds nothing back then', () => {
    assert.equal(levelAt(unknownWindow, 5), undefined);
    assert.equal(availableAt(unknownWindow, 5), undefined);
    assert.equal(fullAtMs(unknownWindow, 5), undefined);
    assert.equal(forecastStartMs(unknownWindow, 3, 5), undefined);
    assert.equal(earliestStartMs(unknownWindow, 1e9, 5), 5);
    const without = observe(reserve(unknownWindow, 'a', 1, 0), 'a', 0, undefined, 5);
    assert.equal(without.limit, undefined);
    assert.deepEqual(without.reservations, []);
  });

  it('refills continuously up to the limit', () => {
    const window = known(60, 10);
    assert.equal(levelAt(window, 0), 10);
    assert.equal(levelAt(window, 5_000), 15);
    assert.equal(levelAt(window, 500_000), 60);
    assert.equal(levelAt(window, -5_000), 10, 'a clock that went back takes nothing away');
    assert.equal(fullAtMs(window, 0), 50_000);
    assert.equal(earliestStartMs(window, 12, 0), 2_000);
    assert.equal(earliestStartMs(window, 500, 0), 50_000, 'more than the limit starts when it is full');
    assert.equal(forecastStartMs(window, 130, 0), 120_000, 'a line longer than the limit');
  });

  it('subtracts what is under way until an answer accounts for it', () => {
    const two = reserve(reserve(known(60, 2, 100), 'a', 1, 200), 'b', 1, 200);
    assert.ok(Math.abs((availableAt(two, 200) ?? NaN) - 0.1) < 1e-9);
    const answered = observe(two, 'a', 200, seen(60, 1), 300);
    assert.ok(Math.abs((availableAt(answered, 300) ?? NaN) - 0.2) < 1e-9, 'b is still unaccounted for, and a figure does not tell the fifth that was refilled');
    assert.equal(availableAt(release(two, 'a', 200), 200), (availableAt(two, 200) ?? NaN) + 1, 'never sent');
    assert.equal(availableAt(commit(two, 'a', 1, 200), 200), availableAt(two, 200), 'ended without an answer');
    assert.equal(earliestStartMs(reserve(known(3, 3), 'a', 3, 0), 1, 0), 20_000, 'what came to the door is refilled, however late its answer comes');
    assert.equal(earliestStartMs(reserve({ ...known(3, 3), unseen: { perMs: 1e-3, peak: 1, atMs: 0, sinceMs: -60_000 } }, 'a', 3, 0), 1, 0), Infinity, 'but beside others only an answer makes room');
  });

  it('is not raised by an answer that was overtaken, but may be lowered by it', () => {
    const window = observe(known(60, 50), 'late', 10_000, seen(60, 20), 10_100);
    assert.equal(levelAt(observe(window, 'old', 10_000 - overtakingMsMax, seen(60, 59), 10_100), 10_100), 20);
    assert.equal(levelAt(observe(window, 'beside', 9_900, seen(60, 59), 10_100), 10_100), 20);
    assert.equal(levelAt(observe(window, 'beside', 9_900, seen(60, 18), 10_100), 10_100), 18);
    assert.equal(levelAt(observe(window, 'old', 1_000, seen(60, 3), 10_100), 10_100), 20, 'too old to say anything');
    assert.equal(levelAt(observe(window, 'at once', 10_100, seen(60, 40), 10_300), 10_300), 40, 'sent by what that answer told');
    assert.equal(levelAt(observe(window, 'next', 10_200, seen(60, 40), 10_300), 10_300), 40);
  });

  it('is raised by an answer only as far as it cannot have overtaken others that were answered before it', () => {
    let window = known(60, 20, 1_000);
    for (const [id, sentAtMs] of [['a', 900], ['b', 905], ['c', 1_010]] as const) window = reserve(window, id, 10, sentAtMs);
    // At the door: c, then a and b.
    window = observe(window, 'a', 900, seen(60, 1), 1_400);
    window = observe(window, 'c', 1_010, seen(60, 40), 1_600);
    assert.equal(availableAt(window, 1_600), 20, 'forty less the ten of a, and of b, which is still under way');
    window = observe(window, 'b', 905, seen(60, 12), 1_700);
    assert.equal(availableAt(window, 1_700), 12);
    window = observe(reserve(window, 'd', 1, 1_701), 'd', 1_701, seen(60, 45), 2_500);
    assert.equal(availableAt(window, 2_500), 45, 'sent after all of them were answered');
  });

  it('is lowered by an answer that was overtaken by what others took after it, and by nothing that it knew of', () => {
    /** Each takes ten; they are answered in this order, and those named t were sent a little before the others. */
    const after = (...answers: (readonly [id: string, remaining: number])[]): number | undefined => {
      let window = known(60, 50, 1_005);
      const sentAtMs = (id: string) => (id.startsWith('t') ? 1_000 : 1_010);
      for (const [id] of answers) window = reserve(window, id, 10, sentAtMs(id));
      for (const [id, remaining] of answers) window = observe(window, id, sentAtMs(id), seen(60, remaining), 1_100);
      return availableAt(window, 1_100);
    };
    assert.equal(after(['t', 10], ['r', 30], ['x', 20]), 10, 'neither r nor x saw all three');
    assert.equal(after(['t', 30], ['r', 10], ['x', 20]), 10, 'r saw all three');
    assert.equal(after(['t', 20], ['r', 10], ['x', 30]), 10, 'r saw all three, and x neither of the others');
    assert.equal(after(['t1', 40], ['t2', 30], ['r', 10], ['x', 20]), 10, 'r saw all, and x all but r');
  });

  it('follows a limit that halves and returns, and one per day', () => {
    const halved = observe(known(60, 60), 'b', 5_000, seen(30, 29), 5_100);
    assert.equal(halved.limit, 30);
    assert.equal(levelAt(halved, 500_000), 30);
    assert.equal(observe(halved, 'c', 20_000, seen(60, 10), 20_100).limit, 60);
    const daily = observe(unknownWindow, 'a', 0, seen(10_000, 0, dayMs), 0);
    assert.equal(daily.lengthMs, dayMs);
    assert.equal(earliestStartMs(daily, 1, 0), 8_640);
    assert.equal(observe(unknownWindow, 'a', 0, seen(500, 499, 1_000), 0).lengthMs, minuteMs, 'a reset rounded up to a second');
  });

  it('reads debt from a reset that is longer than the window', () => {
    const window = observe(unknownWindow, 'a', 0, seen(100_000, 0, 90_000), 0);
    assert.equal(levelAt(window, 0), -50_000);
    assert.equal(earliestStartMs(window, 10_000, 0), 36_000);
  });

  it('closes after a refusal, and spreads starts where room was announced all the same', () => {
    const closed = close(known(60, 60), 14_000, { amount: 1, sentAtMs: 0, remaining: 0 }, 0);
    assert.equal(earliestStartMs(closed, 1, 0), 14_000);
    const implied = close(known(60_000, 60_000), 14_000, { amount: 20_000, sentAtMs: 0 }, 0);
    assert.equal(earliestStartMs(implied, 20_000, 0), 14_000);
    assert.ok(earliestStartMs(implied, 30_000, 0) > 14_000);
    const smooth = reserve(close(known(60, 60), 1_000, { amount: 1, sentAtMs: 0, remaining: 40 }, 0), 'a', 1, 1_000);
    assert.equal(earliestStartMs(smooth, 1, 1_000), 2_501, 'half a turn after the pause, then a little slower than the limit');
    assert.equal(earliestStartMs(smooth, 1, 1_000, 0, true), 2_001, 'a person half a turn earlier');
    const beside = reserve(reserve(known(60, 60), 'before', 1, 100), 'since', 1, 200);
    const apart = close(beside, 1_000, { amount: 1, sentAtMs: 150, remaining: 40 }, 300);
    assert.equal(earliestStartMs(apart, 1, 300), 2_500, 'what was sent since the refused one takes a turn of its own');
  });

  it('never admits more than the limit refills plus one full limit, however late answers come', () => {
    const step = fc.record({ pauseMs: fc.nat(3_000), amount: fc.integer({ min: 1, max: 8 }), latencyMs: fc.oneof(fc.nat(1_900), fc.nat(40_000)), uses: fc.boolean() });
    fc.assert(fc.property(fc.integer({ min: 8, max: 60 }), fc.array(step, { minLength: 30, maxLength: 120 }), (limit, steps) => {
      // An upstream with a token bucket that refuses nothing: it must never be overdrawn.
      let level = limit, levelMs = 0, nowMs = 0;
      let window = observe(unknownWindow, 'probe', -1, seen(limit, limit), 0);
      const pending: { readonly id: string; readonly sentAtMs: number; readonly dueMs: number; readonly remaining: number; readonly answers: boolean; readonly amount: number }[] = [];
      const deliver = (untilMs: number) => {
        for (const each of pending.filter((one) => one.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)) {
          pending.splice(pending.indexOf(each), 1);
          window = each.answers ? observe(window, each.id, each.sentAtMs, seen(limit, each.remaining), each.dueMs) : commit(window, each.id, each.amount, each.dueMs);
        }
      };
      for (const [index, { pauseMs, amount, latencyMs, uses }] of steps.entries()) {
        nowMs += pauseMs;
        deliver(nowMs);
        for (let tries = 0; earliestStartMs(window, amount, nowMs) > nowMs; tries += 1) {
          assert.ok(tries < 1000, 'it waits for ever');
          nowMs = Math.min(earliestStartMs(window, amount, nowMs), ...pending.map((one) => one.dueMs));
          deliver(nowMs);
        }
        window = reserve(window, `${index}`, amount, nowMs);
        level = Math.min(limit, level + limit * (nowMs - levelMs) / minuteMs) - amount;
        levelMs = nowMs;
        assert.ok(level >= -1e-6, `overdrawn to ${level} at ${nowMs}`);
        pending.push({ id: `${index}`, sentAtMs: nowMs, dueMs: nowMs + latencyMs, remaining: Math.max(0, Math.floor(level)), answers: uses, amount });
      }
    }), { numRuns: 200 });
  });
});

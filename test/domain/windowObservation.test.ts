// Proves how a figure is put together with what was counted here: nothing is subtracted twice, whatever was under
// way when it was told, what others took is found, and nobody starts more than there is.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { availableAt, commit, earliestStartMs, minuteMs, reserve, unknownWindow, type RateWindow } from '../../src/domain/rateWindow.ts';
import { observe } from '../../src/domain/windowObservation.ts';

const seen = (limit: number, remaining: number) => ({ limit, remaining, resetMs: 0 });
const known = (limit: number, remaining = limit): RateWindow => observe(unknownWindow, 'first', 0, seen(limit, remaining), 0);

/** Ten requests of 20 each of an agent whose connection tells no figures, and one of a person between them whose answer, at 600, tells that so much is left. */
function betweenOthers(remaining: number): number {
  let window = known(300);
  for (let index = 0; index < 10; index += 1) window = reserve(window, `agent${index}`, 20, 10_000 + index);
  window = reserve(window, 'person', 2, 10_004.5);
  for (let index = 0; index < 10; index += 1) window = commit(window, `agent${index}`, 20, 10_200 + index);
  window = observe(window, 'person', 10_004.5, seen(300, remaining), 10_600);
  return Math.round(availableAt(window, 10_600) ?? NaN);
}

describe('observation of a limit', () => {
  it('takes nothing twice that a figure accounts for already, whoever told it', () => {
    for (const remaining of [298, 198, 98]) assert.equal(betweenOthers(remaining), 98, `${remaining}: none, five or all of the others were at the door before`);
  });

  it('finds what others took as soon as what was counted here cannot explain it', () => {
    assert.equal(betweenOthers(60), 60);
    const window = observe(reserve(known(300), 'a', 10, 5_000), 'a', 5_000, seen(300, 200), 5_100);
    assert.equal(availableAt(window, 5_100), 200);
    assert.ok((window.unseen?.peak ?? 0) > 80);
  });

  it('counts what was sent well after an attempt whose answer comes late', () => {
    let window = reserve(known(300), 'slow', 10, 1_000);
    window = reserve(window, 'fast', 50, 4_000);
    window = observe(window, 'slow', 1_000, seen(300, 100), 6_000);
    assert.equal(availableAt(window, 6_000), 65, 'others took a lot, the fast one is not in this figure, and three seconds at least have refilled');
  });

  it('finds that a limit gave something back, or rose', () => {
    const empty = observe(reserve(known(300), 'a', 300, 5_000), 'a', 5_000, seen(300, 0), 5_100);
    assert.equal(availableAt(observe(reserve(empty, 'b', 0, 5_200), 'b', 5_200, seen(300, 250), 5_300), 5_300), 250);
    let window = reserve(reserve(empty, 'b', 0, 5_200), 'c', 100, 5_200);
    window = observe(window, 'b', 5_200, seen(300, 250), 5_300);
    assert.equal(availableAt(window, 5_300), 150, 'c may be in it or not');
  });

  it('stays at what an exact count gives, whatever comes to the door in whatever order and tells of it or not', () => {
    const step = fc.record({ pauseMs: fc.nat(400), amount: fc.integer({ min: 1, max: 8 }), wayMs: fc.integer({ min: 1, max: 500 }), answerMs: fc.integer({ min: 1, max: 1_000 }), tells: fc.boolean() });
    fc.assert(fc.property(fc.integer({ min: 60, max: 600 }), fc.array(step, { minLength: 30, maxLength: 120 }), (limit, steps) => {
      // It begins empty, since a full bucket loses what is refilled.
      let window = known(limit, 0), exact = 0, exactMs = 0, door = 0, doorMs = 0, nowMs = 10;
      const refill = (level: number, ms: number) => Math.min(limit, level + limit * ms / minuteMs);
      const events: { readonly atMs: number; readonly happens: () => void }[] = [];
      const play = (untilMs: number) => {
        for (;;) {
          const next = events.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
          if (!next) return;
          events.splice(events.indexOf(next), 1);
          next.happens();
        }
      };
      const start = (id: string, { amount, wayMs, answerMs, tells }: (typeof steps)[number], sentAtMs: number) => {
        window = reserve(window, id, amount, sentAtMs);
        [exact, exactMs] = [refill(exact, sentAtMs - exactMs) - amount, sentAtMs];
        events.push({ atMs: sentAtMs + wayMs, happens: () => {
          [door, doorMs] = [refill(door, sentAtMs + wayMs - doorMs) - amount, sentAtMs + wayMs];
          assert.ok(door >= -1e-6, `overdrawn to ${door}`);
          const told = Math.max(0, Math.floor(door));
          const answeredMs = sentAtMs + wayMs + answerMs;
          events.push({ atMs: answeredMs, happens: () => {
            window = tells ? observe(window, id, sentAtMs, seen(limit, told), answeredMs) : commit(window, id, amount, answeredMs);
          } });
        } });
      };
      for (const [index, one] of steps.entries()) {
        nowMs += one.pauseMs;
        play(nowMs);
        for (let tries = 0; earliestStartMs(window, one.amount, nowMs) > nowMs; tries += 1) {
          assert.ok(tries < 1_000, 'it waits for ever');
          nowMs = Math.min(earliestStartMs(window, one.amount, nowMs), ...events.map(({ atMs }) => Math.ceil(atMs)));
          play(nowMs);
        }
        start(`${index}`, one, nowMs);
        const available = availableAt(window, nowMs) ?? NaN;
        // Figures are rounded down, and as old as their way here.
        const borne = 1 + limit * 1_500 / minuteMs;
        assert.ok(available >= exact - borne && available <= exact + borne, `${available} are thought to be left where there are ${exact}`);
      }
    }), { numRuns: 300 });
  });

  it('uses a limit to the full however late answers come', () => {
    for (const latencyMs of [2_000, 60_000, 300_000]) {
      const limit = 60;
      let window = known(limit), door = limit, doorMs = 0, letIn = 0;
      const answers: { readonly atMs: number; readonly id: string; readonly sentAtMs: number; readonly told: number }[] = [];
      for (let nowMs = 10; nowMs < 1_200_000; nowMs += 250) {
        for (const { id, sentAtMs, told } of answers.filter(({ atMs }) => atMs === nowMs)) window = observe(window, id, sentAtMs, seen(limit, told), nowMs);
        if (earliestStartMs(window, 1, nowMs) > nowMs) continue;
        window = reserve(window, `${nowMs}`, 1, nowMs);
        [door, doorMs, letIn] = [Math.min(limit, door + limit * (nowMs - doorMs) / minuteMs) - 1, nowMs, letIn + 1];
        assert.ok(door >= -1e-6, `overdrawn to ${door} after ${latencyMs}`);
        answers.push({ atMs: nowMs + latencyMs, id: `${nowMs}`, sentAtMs: nowMs, told: Math.floor(door) });
      }
      assert.ok(letIn > 0.97 * 21 * limit, `${letIn} in twenty minutes, where answers take ${latencyMs} ms`);
    }
  });
});

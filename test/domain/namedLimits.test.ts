// Proves that a limit that one refusal named, and no header tells of, is kept apart from what headers tell, and is
// questioned later: it may have been raised or lifted, and nobody tells that to who waits for it.
import assert from 'node:assert/strict';
import { certainMsMin } from '../../src/domain/namedLimits.ts';
import type { Pacer } from '../../src/domain/pacing.ts';
import { dayMs } from '../../src/domain/rateWindow.ts';
import { knowing, seen, started, submitted } from '../support/pacerSteps.ts';

const refillMs = dayMs / 200;

/** A pacer that was refused by 200 requests per day, all used, at 0. */
function usedUp(): { pacer: Pacer; waits: string } {
  const pacer = knowing(10_000, 9_000);
  const waits = submitted(pacer, 0);
  started(pacer, 0);
  refuse(pacer, waits, 0);
  return { pacer, waits };
}

function refuse(pacer: Pacer, id: string, nowMs: number, retryAfterMs = refillMs): void {
  pacer.sent(id, nowMs);
  pacer.throttled(id, { measure: 'requests', perDay: true, limit: 200, requested: 1, retryAfterMs, observation: seen(10_000, 9_990) }, nowMs);
}

/**
 * Lets time pass in which requests wait all the time.
 * @param refusedForMs how long the upstream refuses one more; 0 when it lets it in
 * @returns how many were let in, and when others were refused
 */
function play(pacer: Pacer, fromMs: number, toMs: number, refusedForMs: (nowMs: number) => number): { letIn: number; refusals: number[] } {
  const refusals: number[] = [];
  let letIn = 0;
  for (let nowMs = fromMs; nowMs < toMs;) {
    while (pacer.waiting(nowMs).length < 3) submitted(pacer, nowMs);
    const { start, wakeAtMs = nowMs } = pacer.next(nowMs);
    for (const { id } of start) {
      const retryAfterMs = refusedForMs(nowMs);
      if (retryAfterMs > 0) {
        refuse(pacer, id, nowMs, retryAfterMs);
        refusals.push(nowMs);
        continue;
      }
      letIn += 1;
      pacer.sent(id, nowMs);
      pacer.headers(id, seen(10_000, 9_990), nowMs);
      pacer.finished(id, 1_000, nowMs);
    }
    nowMs = start.length > 0 ? nowMs + 1_000 : Math.max(nowMs + 1_000, Math.min(wakeAtMs, nowMs + 600_000));
  }
  return { letIn, refusals };
}

/** An upstream with a bucket of 200 that refills evenly, and is empty at the start. @param counts how much of a request it counts */
function bucket(counts: number): (nowMs: number) => number {
  let [level, atMs] = [0, 0];
  return (nowMs) => {
    level = Math.min(200, level + (nowMs - atMs) / refillMs);
    atMs = nowMs;
    if (level < 1) return (1 - level) * refillMs;
    level -= counts;
    return 0;
  };
}

describe('a limit that only a refusal named', () => {
  it('is found to be lifted within the hour', () => {
    const { pacer } = usedUp();
    const { letIn } = play(pacer, 1, certainMsMin - 60_000, () => 0);
    assert.equal(letIn, Math.floor((certainMsMin - 60_000) / refillMs), 'until then it is believed');
    const after = play(pacer, certainMsMin - 60_000, 2 * certainMsMin, () => 0);
    assert.ok(after.letIn > 1_000, `${after.letIn}`);
    assert.deepEqual(pacer.windows(2 * certainMsMin).map(({ id }) => id).filter((id) => id.endsWith('/day')), [], 'and is not shown any more');
  });

  it('is asked about less often the more often it was the same', () => {
    const { pacer } = usedUp();
    const { letIn, refusals } = play(pacer, 1, 2 * dayMs, bucket(1));
    assert.ok(letIn >= 396, `${letIn} of 400 that refilled`);
    assert.ok(refusals.length > 2 && refusals.length <= 7, JSON.stringify(refusals));
    const gaps = refusals.slice(1).map((at, index) => at - (refusals[index] ?? 0));
    assert.ok(gaps.every((gap, index) => gap > 1.9 * (gaps[index - 1] ?? 0) || gap >= 0.9 * dayMs), JSON.stringify(gaps));
  });

  it('is asked about by one request at a time, and again by the next one if that ended otherwise', () => {
    const { pacer, waits } = usedUp();
    const more = [submitted(pacer, certainMsMin), submitted(pacer, certainMsMin), submitted(pacer, certainMsMin)];
    const full = started(pacer, certainMsMin);
    assert.equal(full.length, 4, 'eight were refilled within the hour');
    for (const id of full) { pacer.sent(id, certainMsMin); pacer.headers(id, seen(10_000, 9_990), certainMsMin); pacer.finished(id, 1_000, certainMsMin); }
    for (let count = 0; count < 9; count += 1) submitted(pacer, certainMsMin);
    const [, , , , probe, ...beside] = started(pacer, certainMsMin);
    assert.ok(probe !== undefined && beside.length === 0, 'four that are left, and one that finds out');
    assert.match(pacer.waiting(certainMsMin)[0]?.because ?? '', /200 requests per day/);
    pacer.finished(probe, undefined, certainMsMin);
    const [next, ...others] = started(pacer, certainMsMin);
    assert.ok(next !== undefined && others.length === 0);
    pacer.sent(next, certainMsMin);
    pacer.headers(next, seen(10_000, 9_990), certainMsMin);
    assert.equal(started(pacer, certainMsMin).length, 1, 'it was let in, so another one may go');
    assert.ok(more.length === 3 && full.includes(waits));
  });

  it('refuses only a few where the upstream counts less than was counted here', () => {
    const { pacer } = usedUp();
    const { letIn, refusals } = play(pacer, 1, 2 * dayMs, bucket(0.95));
    assert.ok(letIn >= 396, `${letIn}`);
    assert.ok(refusals.length <= 12, JSON.stringify(refusals));
  });

  it('waits as long as the upstream told, however long it was', () => {
    const pacer = knowing(600, 500);
    const id = submitted(pacer, 0);
    started(pacer, 0);
    pacer.throttled(id, { measure: 'requests', perDay: true, limit: 10, requested: 1, retryAfterMs: 2 * certainMsMin }, 0);
    assert.deepEqual(started(pacer, 2 * certainMsMin - 1), []);
    assert.deepEqual(started(pacer, 2 * certainMsMin), [id]);
  });

  it('gives way to headers that tell the limit per day themselves', () => {
    const { pacer, waits } = usedUp();
    assert.deepEqual(started(pacer, refillMs), [waits]);
    pacer.sent(waits, refillMs);
    pacer.headers(waits, { requests: { limit: 10_000, remaining: 5_000, resetMs: dayMs / 2 } }, refillMs);
    pacer.finished(waits, 1_000, refillMs);
    assert.deepEqual(pacer.windows(refillMs).filter(({ measure }) => measure === 'requests').map(({ limit, windowMinutes }) => [limit, windowMinutes]), [[10_000, 1440]]);
    const more = Array.from({ length: 3 }, () => submitted(pacer, refillMs));
    assert.deepEqual(started(pacer, refillMs), more);
  });

  it('is told by the minute too, where headers tell of a day, and spreads nothing over the day', () => {
    const pacer = knowing(60, 50);
    const daily = (remaining: number) => ({ requests: { limit: 200, remaining, resetMs: dayMs * (200 - remaining) / 200 } });
    const first = submitted(pacer, 0);
    started(pacer, 0);
    pacer.sent(first, 0);
    pacer.headers(first, daily(150), 0);
    pacer.finished(first, 1_000, 0);
    const waits = submitted(pacer, 100);
    assert.deepEqual(started(pacer, 100), [waits]);
    pacer.throttled(waits, { measure: 'requests', limit: 3, requested: 1, retryAfterMs: 20_000, observation: daily(149) }, 100);
    const next = submitted(pacer, 100);
    assert.deepEqual(started(pacer, 20_100), [waits]);
    pacer.sent(waits, 20_100);
    pacer.headers(waits, daily(148), 20_200);
    pacer.finished(waits, 1_000, 20_300);
    assert.match(pacer.waitingOne(next, 20_300)?.because ?? '', /limit of 3 requests per minute for m is used up/);
    assert.deepEqual(started(pacer, 40_100), [next]);
    assert.deepEqual(pacer.windows(40_100).filter(({ measure }) => measure === 'requests').map(({ limit, windowMinutes }) => [limit, windowMinutes]), [[200, 1440]]);
  });
});

// Proves that an upstream which fails again and again is asked by one request at a time, with longer and longer
// pauses, whatever else waits; and that its first answer lets everything go on.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { failuresMax, openMsMax, openMsMin } from '../../src/domain/circuitBreaker.ts';
import { Pacer } from '../../src/domain/pacing.ts';

let made = 0;
const put = (pacer: Pacer, nowMs: number, model = 'm', upstream?: string) => {
  const id = `r${made += 1}`;
  assert.equal(pacer.submit({ id, model, workspaceId: 'w', threadId: id, priority: 'agent', estimatedTokens: 10, ...(upstream === undefined ? {} : { upstream }) }, nowMs).outcome, 'queued');
  return id;
};
const started = (pacer: Pacer, nowMs: number) => pacer.next(nowMs).start.map(({ id }) => id);
const fail = (pacer: Pacer, id: string, nowMs: number) => { pacer.failed(id, nowMs); pacer.finished(id, undefined, nowMs); };
/** A pacer whose upstream has just failed so often that nothing more is sent. */
const broken = (): Pacer => {
  const pacer = new Pacer(() => 1);
  for (let count = 0; count < failuresMax; count += 1) { put(pacer, 0); for (const id of started(pacer, 0)) fail(pacer, id, 0); }
  return pacer;
};

describe('circuit breaker', () => {
  it('stops after failures in a row, lets one try over all models, and waits twice as long after each', () => {
    const pacer = broken();
    const waiting = [put(pacer, 0), put(pacer, 0), put(pacer, 0, 'other')];
    const closed = pacer.next(0);
    assert.deepEqual([closed.start, closed.wakeAtMs], [[], openMsMin]);
    assert.match(pacer.waitingOne(waiting[1] ?? '', 0)?.because ?? '', /failed 6 times in a row; one request tries/);
    let [nowMs, pauseMs] = [openMsMin, openMsMin];
    for (let tries = 0; tries < 8; tries += 1) {
      const [id, ...more] = started(pacer, nowMs);
      assert.ok(id && more.length === 0, 'one at a time');
      assert.equal(pacer.next(nowMs + 5_000).wakeAtMs, undefined, 'until it is over');
      fail(pacer, id, nowMs);
      waiting.push(put(pacer, nowMs));
      pauseMs = Math.min(openMsMax, pauseMs * 2);
      assert.equal(pacer.next(nowMs).wakeAtMs, nowMs + pauseMs);
      nowMs += pauseMs;
    }
  });

  it('lets a client that tries thirty times one after the other, as Codex does, hear of it within three minutes', () => {
    const pacer = new Pacer(() => 1);
    let nowMs = 0;
    for (let tries = 0; tries < 30; tries += 1) {
      put(pacer, nowMs);
      let start = started(pacer, nowMs);
      for (let looks = 0; start.length === 0 && looks < 5; looks += 1) {
        nowMs = pacer.next(nowMs).wakeAtMs ?? nowMs;
        start = started(pacer, nowMs);
      }
      assert.equal(start.length, 1);
      for (const id of start) fail(pacer, id, nowMs);
    }
    assert.ok(nowMs > 0 && nowMs < 180_000, `${nowMs} ms of pauses`);
  });

  it('goes on with everything at the first answer, a refusal included, and counts anew', () => {
    for (const answer of [(pacer: Pacer, id: string) => pacer.headers(id, {}, 2_000), (pacer: Pacer, id: string) => pacer.reached(id), (pacer: Pacer, id: string) => { pacer.throttled(id, { measure: 'tokens', retryAfterMs: 0 }, 2_000); }]) {
      const pacer = broken();
      const ids = [put(pacer, 0), put(pacer, 0, 'other'), put(pacer, 0, 'third')];
      const [trying] = started(pacer, 1_000);
      assert.equal(trying, ids[0]);
      answer(pacer, ids[0] ?? '');
      assert.deepEqual(started(pacer, 2_000).filter((id) => id !== ids[0]), ids.slice(1));
      fail(pacer, ids[1] ?? '', 2_100);
      assert.equal(started(pacer, 2_100).length + [put(pacer, 2_100, 'fourth')].length, 1);
      assert.equal(started(pacer, 2_100).length, 1, 'one failure opens nothing');
    }
  });

  it('is one for each upstream', () => {
    const pacer = broken();
    put(pacer, 0);
    const elsewhere = put(pacer, 0, 'm (plan)', 'plan');
    assert.deepEqual(started(pacer, 0), [elsewhere]);
    fail(pacer, elsewhere, 0);
    assert.equal(started(pacer, 500).length, 0);
    assert.equal(started(pacer, 1_000).length, 1);
  });

  it('lets another one try when the one that tried was stopped', () => {
    const pacer = broken();
    const ids = [put(pacer, 0), put(pacer, 0)];
    assert.deepEqual(started(pacer, 1_000), [ids[0]]);
    pacer.cancel(ids[0] ?? '', 1_100);
    assert.deepEqual(started(pacer, 1_100), [ids[1]]);
  });

  it('never sends more than a bounded number of attempts to an upstream that is down, however many come', () => {
    fc.assert(fc.property(fc.array(fc.nat(400), { minLength: 50, maxLength: 300 }), (pauses) => {
      const pacer = new Pacer(() => 1);
      let [nowMs, sent] = [0, 0];
      for (const pauseMs of pauses) {
        nowMs += pauseMs;
        if (pacer.waitingCount < 150) put(pacer, nowMs);
        for (const id of started(pacer, nowMs)) { sent += 1; fail(pacer, id, nowMs); }
      }
      assert.ok(sent <= failuresMax + Math.ceil(Math.log2(nowMs / openMsMin + 2)) + nowMs / openMsMax, `${sent} in ${nowMs} ms`);
    }), { numRuns: 50 });
  });
});

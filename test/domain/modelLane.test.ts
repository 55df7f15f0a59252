// Proves what a model's line keeps free and learns: room for people and for another application, outputs that
// are to come, and limits that nobody tells.
import assert from 'node:assert/strict';
import { Pacer } from '../../src/domain/pacing.ts';
import type { PaceRequest } from '../../src/domain/paceRequest.ts';

let made = 0;
const seen = (limit: number, remaining: number, tokens?: { limit: number; remaining: number }) => ({ requests: { limit, remaining, resetMs: 0 }, ...(tokens ? { tokens } : {}) });
const submitted = (pacer: Pacer, nowMs: number, over: Partial<PaceRequest> = {}): string => {
  const id = `r${made += 1}`;
  assert.equal(pacer.submit({ id, model: 'm', workspaceId: 'w', priority: 'agent', estimatedTokens: 1_000, ...over }, nowMs).outcome, 'queued');
  return id;
};
const started = (pacer: Pacer, nowMs: number) => pacer.next(nowMs).start.map((ticket) => ticket.id);
/** A pacer that knows its limits from a first request that ended. */
const knowing = (limit: number, remaining: number, tokens?: { limit: number; remaining: number }): Pacer => {
  const pacer = new Pacer(() => 1);
  const first = submitted(pacer, 0);
  assert.deepEqual(started(pacer, 0), [first]);
  pacer.sent(first, 0);
  pacer.headers(first, seen(limit, remaining, tokens), 0);
  pacer.finished(first, 1_000, 0);
  return pacer;
};

describe('model lane', () => {
  it('keeps a limit per day apart from those per minute once a refusal named it', () => {
    const pacer = knowing(60, 50, { limit: 100_000, remaining: 90_000 });
    const refused = submitted(pacer, 0);
    started(pacer, 0);
    pacer.throttled(refused, { measure: 'requests', perDay: true, limit: 200, requested: 1, retryAfterMs: 432_000, observation: seen(60, 49) }, 100);
    assert.match(pacer.waitingOne(refused, 100)?.because ?? '', /limit of 200 requests per day for m is used up/);
    assert.deepEqual(pacer.windows(100).map(({ id, limit, windowMinutes }) => ({ id, limit, windowMinutes })), [
      { id: 'm/requests', limit: 60, windowMinutes: 1 }, { id: 'm/requests/day', limit: 200, windowMinutes: 1440 }, { id: 'm/tokens', limit: 100_000, windowMinutes: 1 }]);
    const next = submitted(pacer, 100);
    assert.equal(pacer.next(100).wakeAtMs, 432_100);
    assert.deepEqual(started(pacer, 432_100), [refused]);
    pacer.sent(refused, 432_100);
    pacer.headers(refused, seen(60, 59), 432_200);
    assert.deepEqual(started(pacer, 432_200), [], 'the next comes with the next two-hundredth of a day');
    assert.deepEqual(started(pacer, 864_100), [next]);
  });

  it('counts against a day what was used, and gives back what was refused elsewhere', () => {
    const pacer = knowing(600, 600, { limit: 1_000_000, remaining: 1_000_000 });
    const first = submitted(pacer, 0);
    started(pacer, 0);
    pacer.throttled(first, { measure: 'tokens', perDay: true, limit: 86_400_000, requested: 1_000, retryAfterMs: 1_000 }, 0);
    const left = () => pacer.windows(1_000).find(({ id }) => id === 'm/tokens/day')?.remaining;
    assert.equal(left(), 1_000, 'a thousand come in a second');
    assert.deepEqual(started(pacer, 1_000), [first]);
    assert.equal(left(), 0);
    pacer.throttled(first, { measure: 'requests', retryAfterMs: 0, observation: seen(600, 600) }, 1_000);
    assert.equal(left(), 1_000, 'that one consumed nothing');
    assert.deepEqual(started(pacer, 1_000), [first]);
    pacer.sent(first, 1_000);
    pacer.headers(first, seen(600, 599), 1_000);
    pacer.finished(first, 400, 1_000);
    assert.equal(left(), 600);
  });

  it('learns a limit that nobody tells, says so, and shows none', () => {
    const pacer = new Pacer(() => 1);
    const answer = (id: string, nowMs: number) => { pacer.sent(id, nowMs); pacer.headers(id, {}, nowMs); pacer.finished(id, 1_000, nowMs); };
    for (let count = 0; count < 30; count += 1) { submitted(pacer, 0); for (const id of started(pacer, 0)) answer(id, 0); }
    const refused = submitted(pacer, 0);
    started(pacer, 0);
    pacer.throttled(refused, { measure: 'requests' }, 10);
    assert.deepEqual(pacer.windows(10), []);
    assert.match(pacer.waitingOne(refused, 10)?.because ?? '', /tells no limit for m; going by what it refused, about 30 requests per minute/);
    assert.deepEqual(started(pacer, 1_900), []);
    assert.deepEqual(started(pacer, 2_010), [refused], 'one in two seconds');
  });

  it('learns nothing from a refusal that comes after few requests, or that tells a pause', () => {
    for (const throttle of [{ measure: 'requests' as const }, { measure: 'requests' as const, retryAfterMs: 1_000 }]) {
      const pacer = new Pacer(() => 1);
      const refused = submitted(pacer, 0);
      started(pacer, 0);
      pacer.throttled(refused, throttle, 0);
      const next = submitted(pacer, 0);
      assert.deepEqual(started(pacer, 1_000), [refused], 'a second later, not in a minute');
      pacer.sent(refused, 1_000);
      pacer.headers(refused, {}, 1_100);
      assert.deepEqual(started(pacer, 1_100), [next], 'and the next as soon as that one was let in');
    }
  });

  it('keeps room for people while one is about, and for what another application takes', () => {
    const pacer = knowing(60, 4);
    const agents = Array.from({ length: 4 }, () => submitted(pacer, 0));
    const person = submitted(pacer, 0, { workspaceId: 'p', priority: 'interactive' });
    assert.deepEqual(started(pacer, 0), [person, agents[0]], 'two are left for the next person');
    const next = submitted(pacer, 0, { workspaceId: 'p', priority: 'interactive' });
    assert.deepEqual(started(pacer, 0), [next]);

    const shared = knowing(600, 500);
    const first = submitted(shared, 5_000);
    started(shared, 5_000);
    shared.sent(first, 5_000);
    // 550 were expected, and the request itself took one.
    shared.headers(first, seen(600, 20), 5_000);
    for (let count = 0; count < 30; count += 1) submitted(shared, 5_000);
    assert.deepEqual(started(shared, 5_000), [], 'others take much at once');
    assert.ok((shared.next(5_000).wakeAtMs ?? 0) > 6_000);
  });

  it('counts what the upstream counts on arrival, and what is used beyond it when it ends', () => {
    const pacer = knowing(1_000, 1_000, { limit: 10_000, remaining: 9_000 });
    const first = submitted(pacer, 0, { estimatedTokens: 6_000, countedTokens: 2_000 });
    const second = submitted(pacer, 0, { estimatedTokens: 5_000, countedTokens: 2_000 });
    assert.deepEqual(started(pacer, 0), [first], 'the outputs of both would not fit');
    pacer.sent(first, 0);
    pacer.headers(first, seen(1_000, 999, { limit: 10_000, remaining: 7_000 }), 0);
    assert.deepEqual(started(pacer, 0), []);
    pacer.finished(first, 3_000, 0);
    assert.deepEqual(started(pacer, 0), [second], 'the answer was shorter than expected');
  });
});

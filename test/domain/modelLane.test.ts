// Proves what a model's line keeps free and learns: room for people and for another application, outputs that
// are to come, and limits that nobody tells.
import assert from 'node:assert/strict';
import { ModelLane } from '../../src/domain/modelLane.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { knowing, request, seen, started, submitted } from '../support/pacerSteps.ts';

describe('model lane', () => {
  it('finds out with one request whether a limit per minute is enforced by the second', () => {
    const pacer = new Pacer(() => 1);
    const answer = (id: string | undefined, nowMs: number) => { pacer.sent(id ?? '', nowMs); pacer.headers(id ?? '', seen(120, 118), nowMs); pacer.finished(id ?? '', 1_000, nowMs); };
    for (let count = 0; count < 9; count += 1) submitted(pacer, 0);
    const [first, second, ...more] = started(pacer, 0);
    assert.deepEqual(more, [], 'two are what a second bears, at the least');
    answer(first, 0);
    const [probe, ...beside] = started(pacer, 0);
    assert.ok(probe !== undefined && beside.length === 0, 'the third goes alone');
    answer(second, 0);
    assert.deepEqual(started(pacer, 0), [], 'an answer to another one tells nothing');
    assert.match(pacer.waiting(0)[0]?.because ?? '', /finds out whether the upstream bears several in a second/);
    answer(probe, 0);
    assert.equal(started(pacer, 0).length, 5, 'as many as may be unanswered');
  });

  it('spreads starts once that one was refused, and asks again only after a long while, twice as long each time', () => {
    const pacer = new Pacer(() => 1);
    const refusedAt = (nowMs: number) => {
      const ids = Array.from({ length: 3 }, () => submitted(pacer, nowMs));
      const begun = started(pacer, nowMs);
      for (const id of begun.slice(0, 1)) { pacer.sent(id, nowMs); pacer.headers(id, seen(120, 119), nowMs); }
      begun.push(...started(pacer, nowMs));
      for (const id of begun.slice(1, 2)) { pacer.sent(id, nowMs); pacer.headers(id, seen(120, 118), nowMs); }
      assert.equal(begun.length, 3, `${nowMs}`);
      pacer.throttled(begun[2] ?? '', { measure: 'requests', retryAfterMs: 500, observation: seen(120, 118) }, nowMs + 100);
      assert.deepEqual(started(pacer, nowMs + 849), []);
      const again = started(pacer, nowMs + 850);
      assert.deepEqual(again, [begun[2]], 'half a turn after the pause');
      for (const id of ids) { pacer.sent(id, nowMs + 900); pacer.headers(id, seen(120, 119), nowMs + 900); pacer.finished(id, 1_000, nowMs + 900); }
    };
    const isSpreadAt = (nowMs: number) => {
      const ids = Array.from({ length: 2 }, () => submitted(pacer, nowMs));
      const begun = started(pacer, nowMs);
      for (const id of ids) pacer.cancel(id, nowMs);
      return begun.length === 1;
    };
    refusedAt(0);
    assert.ok(isSpreadAt(590_000));
    refusedAt(610_000);
    assert.ok(isSpreadAt(610_000 + 1_190_000));
    refusedAt(610_000 + 1_210_000);
  });

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

  it('tells when the next request has room in a limit that is used up, which is long before it is full', () => {
    const dayMs = 86_400_000;
    const pacer = knowing(10_000, 10_000);
    const one = submitted(pacer, 0);
    started(pacer, 0);
    pacer.sent(one, 0);
    // A day's limit by its headers: it is full again a day after nothing was left.
    pacer.headers(one, { requests: { limit: 200, remaining: 0, resetMs: dayMs }, tokens: { limit: 1_000_000, remaining: 400_000, resetMs: 51_840_000 } }, 0);
    pacer.finished(one, 1_000, 0);
    const windows = (nowMs: number) => pacer.windows(nowMs).map(({ measure, windowMinutes, remaining, resetsAtMs, opensAtMs }) => ({ measure, windowMinutes, remaining, resetsAtMs, opensAtMs }));
    assert.deepEqual(windows(0), [
      { measure: 'requests', windowMinutes: 1440, remaining: 0, resetsAtMs: dayMs, opensAtMs: dayMs / 200 },
      { measure: 'tokens', windowMinutes: 1440, remaining: 400_000, resetsAtMs: 51_840_000, opensAtMs: undefined }]);
    assert.deepEqual(windows(dayMs / 200).map(({ remaining, opensAtMs }) => [remaining, opensAtMs])[0], [1, undefined]);
    // What waits says how much room is wanted.
    const other = knowing(10_000, 10_000);
    const two = submitted(other, 0);
    started(other, 0);
    other.sent(two, 0);
    other.headers(two, { requests: { limit: 200, remaining: 9, resetMs: 82_512_000 }, tokens: { limit: 86_400_000, remaining: 0, resetMs: dayMs } }, 0);
    other.finished(two, 1_000, 0);
    const opens = () => other.windows(0).find(({ measure }) => measure === 'tokens')?.opensAtMs;
    assert.equal(opens(), 1, 'one token');
    submitted(other, 0, { estimatedTokens: 60_000 });
    assert.equal(opens(), 60_000, 'as many as the next request needs');
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
    assert.equal(pacer.windows(1_000).find(({ id }) => id === 'm/tokens/day')?.opensAtMs, 1_001);
    pacer.throttled(first, { retryAfterMs: 0 }, 1_000);
    assert.equal(left(), 1_000, 'that one consumed nothing');
    assert.deepEqual(started(pacer, 1_000), [first]);
    pacer.sent(first, 1_000);
    pacer.headers(first, seen(600, 599), 1_000);
    pacer.finished(first, 400, 1_000);
    assert.equal(left(), 600);
  });

  it('paces images by their own limit, which holds back no request without any', () => {
    const pacer = knowing(600, 600);
    const images = (remaining: number) => ({ images: { limit: 60, remaining, resetMs: 0 } });
    const first = submitted(pacer, 0, { images: 2 });
    started(pacer, 0);
    pacer.sent(first, 0);
    pacer.headers(first, images(3), 0);
    pacer.finished(first, 1_000, 0);
    const [two, three, none] = [submitted(pacer, 0, { images: 2, threadId: 'a' }), submitted(pacer, 0, { images: 3, threadId: 'b' }), submitted(pacer, 0, { threadId: 'c' })];
    assert.deepEqual(started(pacer, 0), [two, none], 'although both are agents and the other one came first');
    assert.match(pacer.waitingOne(three, 0)?.because ?? '', /limit of 60 images per minute for m is used up/);
    assert.deepEqual(pacer.windows(0).find(({ measure }) => measure === 'images'), { id: 'm/images', model: 'm', measure: 'images', windowMinutes: 1, limit: 60, remaining: 1, resetsAtMs: 59_000, observedAtMs: 0 });
    assert.equal(pacer.next(0).wakeAtMs, 2_000);
    pacer.sent(two, 0);
    pacer.finished(two, 1_000, 10);
    assert.deepEqual(started(pacer, 2_000), [three], 'what ended without a figure was used all the same');
  });

  it('takes a refusal by a limit on images for nothing else', () => {
    const pacer = knowing(600, 600);
    const refused = submitted(pacer, 0);
    started(pacer, 0);
    pacer.throttled(refused, { measure: 'images', limit: 6, requested: 1, retryAfterMs: 10_000 }, 100);
    assert.deepEqual(pacer.windows(100).map(({ id, limit }) => [id, limit]), [['m/requests', 600], ['m/images', 6]]);
    assert.deepEqual(started(pacer, 100), [], 'it does take an image');
    const plain = submitted(pacer, 100);
    assert.deepEqual(started(pacer, 100), [plain]);
    assert.deepEqual(started(pacer, 10_100), [refused]);
    pacer.throttled(refused, { measure: 'images', perDay: true, limit: 100, requested: 1, retryAfterMs: 1_728_000 }, 10_200);
    const next = submitted(pacer, 10_200);
    assert.deepEqual(started(pacer, 10_200), [next], 'nor one by the day');
  });

  it('keeps its order among those with images, and their place after a refusal', () => {
    const pacer = knowing(600, 600);
    const teach = submitted(pacer, 0, { images: 1 });
    started(pacer, 0);
    pacer.sent(teach, 0);
    pacer.headers(teach, { images: { limit: 60, remaining: 1, resetMs: 59_000 } }, 0);
    pacer.finished(teach, 1_000, 0);
    const large = submitted(pacer, 0, { images: 3, workspaceId: 'a' });
    assert.deepEqual(started(pacer, 0), []);
    const small = submitted(pacer, 0, { images: 1, workspaceId: 'b' });
    assert.deepEqual(started(pacer, 0), [], 'one is left, but it is saved for who waits for three');
    const person = submitted(pacer, 0, { images: 1, workspaceId: 'c', priority: 'interactive' });
    assert.deepEqual(started(pacer, 0), [person], 'people go before agents here too');
    assert.deepEqual(pacer.waiting(0).map(({ id, place }) => [id, place]), [[large, 1], [small, 2]]);
    assert.equal(pacer.next(0).wakeAtMs, 3_000);
    assert.deepEqual(started(pacer, 3_000), [large]);
    pacer.sent(large, 3_000);
    pacer.throttled(large, { measure: 'images', limit: 60, requested: 3, retryAfterMs: 4_000 }, 3_000);
    assert.deepEqual(started(pacer, 6_999), []);
    assert.equal(started(pacer, 30_000)[0], large, 'it had its turn before the small one');
    const [left, moved] = [submitted(pacer, 30_000, { images: 60 }), submitted(pacer, 30_000, { images: 60 })];
    started(pacer, 30_000);
    assert.ok(pacer.setPriority(moved, 'interactive'));
    started(pacer, 30_000);
    assert.deepEqual([left, moved].map((id) => pacer.cancel(id, 30_000)), ['waiting', 'waiting']);
    assert.deepEqual(pacer.waiting(30_000).filter(({ id }) => id !== small), []);
  });

  it('forecasts a request with images by their limits too, and others without them', () => {
    const pacer = knowing(600, 500);
    const teach = submitted(pacer, 0, { images: 1 });
    started(pacer, 0);
    pacer.sent(teach, 0);
    pacer.headers(teach, { ...seen(600, 499), images: { limit: 5, remaining: 0, resetMs: 60_000 } }, 0);
    pacer.finished(teach, 1_000, 0);
    const [first, second] = [submitted(pacer, 0, { images: 5 }), submitted(pacer, 0, { images: 5 })];
    assert.deepEqual(started(pacer, 0), []);
    assert.equal(pacer.waitingOne(first, 0)?.startsAtMs, 60_000);
    assert.equal(pacer.waitingOne(second, 0)?.startsAtMs, 120_000, 'after those of the first');
    assert.deepEqual(pacer.waiting(0).map(({ startsAtMs }) => startsAtMs), [60_000, 120_000]);
    pacer.throttled(started(pacer, 60_000)[0] ?? '', { measure: 'images', perDay: true, limit: 100, requested: 5, retryAfterMs: 4_320_000 }, 60_000);
    started(pacer, 60_000);
    assert.equal(pacer.waitingOne(first, 60_000)?.startsAtMs, 4_380_000, 'by the day');
  });

  it('limits images that are made apart from those that are brought along', () => {
    const pacer = knowing(600, 600);
    const making = submitted(pacer, 0, { madeImages: 1 });
    started(pacer, 0);
    pacer.throttled(making, { measure: 'madeImages', limit: 5, requested: 1, retryAfterMs: 12_000 }, 0);
    const picture = submitted(pacer, 0, { images: 8 });
    assert.deepEqual(started(pacer, 0), [picture]);
    assert.match(pacer.waitingOne(making, 0)?.because ?? '', /asked to wait/);
    pacer.throttled(picture, { measure: 'images', limit: 60, requested: 8, retryAfterMs: 30_000 }, 0);
    started(pacer, 0);
    assert.equal(pacer.next(0).wakeAtMs, 12_000);
    assert.deepEqual(started(pacer, 12_000), [making], 'those that wait for pictures hold it back as little');
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

  it('lets a learnt limit grow only while somebody waits for it, not for images', () => {
    const lane = new ModelLane('m', true);
    const limit = () => lane.windows.requests.limit ?? 0;
    const start = (nowMs: number) => {
      lane.submit(request(), nowMs);
      const item = lane.queue.take();
      assert.ok(item);
      lane.start(item, nowMs);
      lane.sent(item.id, nowMs);
      return item.id;
    };
    const answer = (nowMs: number) => {
      const id = start(nowMs);
      lane.answered(id, {}, nowMs);
      lane.finished(id, 1_000, nowMs);
    };
    for (let count = 0; count < 30; count += 1) answer(0);
    lane.refused(start(0), { measure: 'requests' }, 1, 10);
    lane.queue.take();
    const learnt = limit();
    assert.ok(learnt > 0);
    lane.submit(request({ images: 1 }), 10);
    const waits = lane.queue.peek();
    assert.ok(waits);
    lane.queue.setAside(waits, 'images', false);
    for (let count = 1; count <= 200; count += 1) answer(count * 10_000);
    assert.equal(limit(), learnt);
    lane.submit(request(), 10);
    for (let count = 201; count <= 400; count += 1) answer(count * 10_000);
    assert.ok(limit() > learnt);
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

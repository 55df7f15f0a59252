// Proves the life of a request through the pacer: queued, started, answered, refused, ended or
// cancelled; and that reservations, places, reasons and limits are told truly at each step.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { refusalMsMax, unansweredMin } from '../../src/domain/answerGate.ts';
import { attemptsUnknownMax } from '../../src/domain/concurrencyLimit.ts';
import { queueBounds } from '../../src/domain/fairQueue.ts';
import { limitCertainMs } from '../../src/domain/modelLane.ts';
import { lanesMax, Pacer } from '../../src/domain/pacing.ts';
import { backOffMsMax, backOffMsMin } from '../../src/domain/refusalPause.ts';
import { placesLookedMax } from '../../src/domain/waitingView.ts';
import { knowing, request, seen, started, submitted } from '../support/pacerSteps.ts';

describe('pacer', () => {
  it('starts a few while nothing is known, and the rest once limits are told', () => {
    const pacer = new Pacer(() => 1);
    const ids = Array.from({ length: 20 }, () => submitted(pacer, 0));
    assert.equal(pacer.next(0).start.length, unansweredMin);
    const step = pacer.next(refusalMsMax);
    assert.equal(step.start.length, attemptsUnknownMax - unansweredMin, 'a refusal would have come by now');
    assert.equal(step.wakeAtMs, undefined, 'only an event can help');
    assert.match(pacer.waiting(refusalMsMax)[0]?.because ?? '', /more start once the upstream told its limits/);
    const [first, ...others] = ids;
    pacer.sent(first ?? '', 0);
    pacer.headers(first ?? '', seen(600, 599), refusalMsMax);
    assert.equal(pacer.next(refusalMsMax).start.length, 1, 'one more than before may be unanswered');
    for (const id of others.slice(0, 4)) pacer.headers(id, seen(600, 590), refusalMsMax);
    assert.equal(pacer.next(refusalMsMax).start.length, unansweredMin + 5);
    assert.equal(pacer.runningCount, attemptsUnknownMax + 1 + unansweredMin + 5);
  });

  it('waits for the refill, names the limit, and asks to be woken exactly then', () => {
    const pacer = knowing(60, 1);
    const ids = [submitted(pacer, 0), submitted(pacer, 0), submitted(pacer, 0)];
    const step = pacer.next(0);
    assert.deepEqual(step.start.map((ticket) => ticket.id), [ids[0]]);
    assert.equal(step.wakeAtMs, 1_000);
    const waiting = pacer.waiting(0);
    assert.deepEqual(waiting.map(({ id, place, startsAtMs }) => ({ id, place, startsAtMs })), [{ id: ids[1], place: 1, startsAtMs: 1_000 }, { id: ids[2], place: 2, startsAtMs: 2_000 }]);
    assert.match(waiting[0]?.because ?? '', /limit of 60 requests per minute for m is used up/);
    assert.match(waiting[1]?.because ?? '', /^1 request to m is ahead of it/);
    assert.deepEqual(started(pacer, 999), []);
    assert.deepEqual(started(pacer, 1_000), [ids[1]]);
  });

  it('reserves estimated tokens and takes what was used beyond them', () => {
    const pacer = knowing(1_000, 1_000, { limit: 10_000, remaining: 10_000 });
    const big = submitted(pacer, 0, { estimatedTokens: 6_000 });
    const next = submitted(pacer, 0, { estimatedTokens: 6_000 });
    assert.deepEqual(started(pacer, 0), [big]);
    assert.equal(pacer.windows(0).find((window) => window.measure === 'tokens')?.remaining, 4_000);
    pacer.sent(big, 0);
    pacer.finished(big, 9_000, 0);
    assert.equal(pacer.windows(0).find((window) => window.measure === 'tokens')?.remaining, 1_000);
    assert.equal(pacer.next(0).wakeAtMs, 30_000);
    assert.deepEqual(started(pacer, 30_000), [next]);
  });

  it('refuses a request that exceeds the whole token limit, before or after that is learnt', () => {
    const unknown = new Pacer(() => 1);
    const others = Array.from({ length: attemptsUnknownMax }, () => submitted(unknown, 0));
    const large = submitted(unknown, 0, { estimatedTokens: 50_000 });
    assert.equal(unknown.next(0).start.length + unknown.next(refusalMsMax).start.length, attemptsUnknownMax);
    unknown.headers(others[0] ?? '', seen(60, 50, { limit: 30_000, remaining: 20_000 }), refusalMsMax);
    const step = unknown.next(refusalMsMax);
    assert.deepEqual(step.tooLarge.map((each) => each.id), [large]);
    assert.match(step.tooLarge[0]?.because ?? '', /about 50000 tokens, but the whole token limit of m is 30000/);
    assert.equal(unknown.submit(request({ estimatedTokens: 30_001 }), refusalMsMax).outcome, 'too-large');
    assert.equal(unknown.submit(request({ estimatedTokens: 90_000, certainTokens: 8_000 }), refusalMsMax).outcome, 'queued', 'only what is certain counts');
  });

  it('does not believe a small token limit for ever: after a while one request finds out', () => {
    const pacer = knowing(60, 60, { limit: 5_000, remaining: 5_000 });
    const large = { estimatedTokens: 20_000, certainTokens: 6_000 };
    assert.equal(pacer.submit(request(large), limitCertainMs - 1).outcome, 'too-large');
    const probe = submitted(pacer, limitCertainMs, large);
    const second = submitted(pacer, limitCertainMs, large);
    assert.deepEqual(started(pacer, limitCertainMs), [probe], 'one, while its answer is awaited');
    pacer.sent(probe, limitCertainMs);
    const refusal = { measure: 'tokens' as const, limit: 5_000, requested: 20_000, retryAfterMs: 1_000 };
    pacer.throttled(probe, refusal, limitCertainMs + 10);
    assert.deepEqual(pacer.next(limitCertainMs + 10).tooLarge.map((each) => each.id), [probe, second], 'the refusal made it certain again, without headers too');
    assert.equal(pacer.submit(request(large), 2 * limitCertainMs).outcome, 'too-large');
    const again = submitted(pacer, 3 * limitCertainMs, large);
    assert.deepEqual(started(pacer, 3 * limitCertainMs), [again]);
    pacer.sent(again, 3 * limitCertainMs);
    pacer.headers(again, seen(60, 50, { limit: 400_000, remaining: 380_000 }), 3 * limitCertainMs + 10);
    assert.equal(pacer.submit(request(large), 3 * limitCertainMs + 20).outcome, 'queued', 'the limit had grown');
  });

  it('takes an answer as proof that a limit does not bind requests of that size, until one is refused', () => {
    const pacer = knowing(60, 60);
    const large = { estimatedTokens: 20_000, certainTokens: 6_000 };
    const answered = submitted(pacer, 0, large);
    started(pacer, 0);
    pacer.sent(answered, 0);
    pacer.headers(answered, seen(60, 59, { limit: 5_000, remaining: 4_000 }), 10);
    pacer.finished(answered, 20_000, 20);
    assert.equal(pacer.submit(request({ ...large, certainTokens: 6_001 }), 30).outcome, 'too-large');
    const next = submitted(pacer, 30, large);
    assert.deepEqual(started(pacer, 1_000_000), [next]);
    pacer.throttled(next, { measure: 'tokens', limit: 5_000, requested: 20_000, retryAfterMs: 1_000 }, 1_000_010);
    assert.deepEqual(pacer.next(1_000_010).tooLarge.map((each) => each.id), [next]);
  });

  it('tells of one waiting request what the whole picture tells, and does not walk a long line for it', () => {
    const pacer = knowing(60, 0);
    const ids = Array.from({ length: placesLookedMax + 30 }, (_, index) => submitted(pacer, 0, { workspaceId: `w${index % 3}`, estimatedTokens: 100 + index }));
    const all = pacer.waiting(0);
    for (const view of all.slice(0, placesLookedMax)) assert.deepEqual(pacer.waitingOne(view.id, 0), view);
    for (const view of all.slice(placesLookedMax)) {
      const one = pacer.waitingOne(view.id, 0);
      assert.equal(one?.place, undefined);
      assert.match(one?.because ?? '', new RegExp(`^At least ${placesLookedMax} requests to m are ahead of it\\. The limit of 60`));
      assert.ok((one?.startsAtMs ?? Infinity) <= (view.startsAtMs ?? 0), 'the earliest time is not later than the probable one');
    }
    assert.equal(all.length, ids.length);
    assert.equal(pacer.waitingOne('stranger', 0), undefined);
  });

  it('puts a refused attempt at the head again and waits as long as it was told', () => {
    const pacer = knowing(60, 1);
    const refused = submitted(pacer, 0);
    started(pacer, 0);
    const behind = submitted(pacer, 0);
    assert.equal(pacer.throttled(refused, { measure: 'requests', retryAfterMs: 5_000, observation: seen(60, 0) }, 100), 5_100);
    assert.match(pacer.waiting(100)[0]?.because ?? '', /asked to wait|used up/);
    assert.deepEqual(started(pacer, 5_000), []);
    const step = pacer.next(5_100);
    assert.deepEqual(step.start.map(({ id, attempt }) => ({ id, attempt })), [{ id: refused, attempt: 2 }, { id: behind, attempt: 1 }].slice(0, step.start.length));
    assert.ok(step.start.length > 0);
  });

  it('backs off exponentially with jitter where no pause is named, one step for attempts refused together', () => {
    const pacer = new Pacer(() => 0.5);
    const ids = [submitted(pacer, 0), submitted(pacer, 0)];
    started(pacer, 0);
    const first = pacer.throttled(ids[0] ?? '', {}, 100) ?? NaN;
    assert.equal(first - 100, backOffMsMin * 0.75);
    assert.equal((pacer.throttled(ids[1] ?? '', {}, 100) ?? NaN) - 100, backOffMsMin * 0.75);
    let nowMs = first;
    for (let refusals = 0; refusals < 12; refusals += 1) {
      const [id] = started(pacer, nowMs);
      assert.ok(id);
      nowMs = pacer.throttled(id, {}, nowMs + 1) ?? NaN;
    }
    assert.ok(nowMs > backOffMsMax);
    const [last] = started(pacer, nowMs);
    assert.equal((pacer.throttled(last ?? '', {}, nowMs + 1) ?? NaN) - nowMs - 1, backOffMsMax * 0.75);
  });

  it('learns a limit and a size that only the text of a refusal told', () => {
    const pacer = new Pacer(() => 1);
    const id = submitted(pacer, 0, { estimatedTokens: 1_000 });
    started(pacer, 0);
    pacer.throttled(id, { measure: 'tokens', retryAfterMs: 2_000, limit: 30_000, requested: 4_000 }, 10);
    assert.equal(pacer.windows(10)[0]?.limit, 30_000);
    assert.equal(pacer.next(2_010).start[0]?.estimatedTokens, 4_000);
  });

  it('takes time that was slept as time in which limits refilled', () => {
    const pacer = knowing(60, 0);
    const ids = Array.from({ length: 3 }, () => submitted(pacer, 0));
    assert.deepEqual(started(pacer, 0), []);
    pacer.slept(2_000);
    assert.deepEqual(started(pacer, 0), ids.slice(0, 2));
  });

  it('changes who goes first while they wait', () => {
    const pacer = knowing(60, 0);
    const [first, second] = [submitted(pacer, 0, { priority: 'batch' }), submitted(pacer, 0, { priority: 'batch' })];
    assert.equal(pacer.setPriority(second, 'interactive'), true);
    assert.equal(pacer.setPriority('stranger', 'interactive'), false);
    assert.deepEqual(started(pacer, 1_000), [second]);
    assert.equal(pacer.setPriority(second, 'batch'), false, 'it runs');
    assert.deepEqual(started(pacer, 5_000), [first]);
  });

  it('cancels what waits and what runs, and ignores what it does not know', () => {
    const pacer = knowing(60, 1);
    const [runs, waits] = [submitted(pacer, 0), submitted(pacer, 0)];
    started(pacer, 0);
    assert.equal(pacer.cancel(waits, 0), 'waiting');
    assert.equal(pacer.cancel(runs, 0), 'running');
    assert.equal(pacer.cancel(runs, 0), 'unknown');
    pacer.finished('stranger', 5, 0);
    pacer.headers('stranger', seen(1, 1), 0);
    assert.equal(pacer.throttled('stranger', {}, 0), undefined);
    assert.equal(pacer.windows(0)[0]?.remaining, 1, 'an attempt that was never sent used nothing');
    assert.deepEqual([pacer.waitingCount, pacer.runningCount], [0, 0]);
  });

  it('bounds its line and the models it remembers', () => {
    const pacer = new Pacer(() => 1);
    for (let count = 0; count < queueBounds.itemsPerWorkspaceMax; count += 1) submitted(pacer, 0);
    assert.equal(pacer.submit(request(), 0).outcome, 'queue-full');
    const many = new Pacer(() => 1);
    for (let count = 0; count < 3 * lanesMax; count += 1) {
      const id = submitted(many, count, { model: `m${count}` });
      started(many, count);
      many.headers(id, seen(60, 59), count);
      many.finished(id, 1, count);
    }
    assert.equal(many.windows(0).length, lanesMax);
    for (let count = 0; count < lanesMax; count += 1) submitted(many, 0, { model: `busy${count}` });
    assert.equal(many.submit(request({ model: 'one too many' }), 0).outcome, 'queue-full');
  });

  it('takes people in where agents fill the line, as far as their own places go', () => {
    const pacer = new Pacer(() => 1);
    const { itemsMax, itemsPerWorkspaceMax, peopleMax = 0 } = queueBounds;
    for (let count = 0; count < itemsPerWorkspaceMax; count += 1) submitted(pacer, 0);
    submitted(pacer, 0, { priority: 'interactive' });
    for (let count = pacer.waitingCount; count < itemsMax; count += 1) submitted(pacer, 0, { workspaceId: 'v' });
    assert.deepEqual(['w', 'v', 'x'].map((workspaceId) => pacer.submit(request({ workspaceId }), 0).outcome), ['queue-full', 'queue-full', 'queue-full']);
    for (let count = 0; count < peopleMax; count += 1) submitted(pacer, 0, { workspaceId: 'x', priority: 'interactive' });
    assert.equal(pacer.submit(request({ workspaceId: 'x', priority: 'interactive' }), 0).outcome, 'queue-full');
    assert.equal(pacer.waitingCount, itemsMax + peopleMax);
  });

  it('ends every request exactly once and leaves nothing behind, whatever happens', () => {
    const event = fc.record({ act: fc.constantFrom('submit', 'headers', 'silent', 'throttle', 'finish', 'cancel', 'pass'), pick: fc.nat(), number: fc.nat(5_000) });
    fc.assert(fc.property(fc.array(event, { maxLength: 150 }), (events) => {
      const pacer = new Pacer(() => 0.5);
      const open = new Set<string>(), running = new Set<string>();
      let nowMs = 0;
      const step = () => {
        const { start, tooLarge } = pacer.next(nowMs);
        for (const ticket of start) { assert.ok(open.has(ticket.id) && !running.has(ticket.id)); running.add(ticket.id); pacer.sent(ticket.id, nowMs); }
        for (const { id } of tooLarge) assert.ok(open.delete(id));
      };
      const end = (id: string) => { open.delete(id); running.delete(id); };
      for (const { act, pick, number } of events) {
        const id = [...running][pick % Math.max(1, running.size)];
        if (act === 'submit') { const each = request({ estimatedTokens: number }); if (pacer.submit(each, nowMs).outcome === 'queued') open.add(each.id); }
        else if (act === 'pass') nowMs += number;
        else if (act === 'cancel') { const any = [...open][pick % Math.max(1, open.size)]; if (any !== undefined) { assert.notEqual(pacer.cancel(any, nowMs), 'unknown'); end(any); } }
        else if (id !== undefined && act === 'headers') pacer.headers(id, seen(60, number % 60, { limit: 20_000, remaining: number }), nowMs);
        else if (id !== undefined && act === 'silent') pacer.headers(id, {}, nowMs);
        else if (id !== undefined && act === 'throttle') { pacer.throttled(id, pick % 2 ? { measure: 'tokens', retryAfterMs: number } : {}, nowMs); running.delete(id); }
        else if (id !== undefined && act === 'finish') { pacer.finished(id, number, nowMs); end(id); }
        step();
        assert.equal(pacer.waitingCount + pacer.runningCount, open.size);
        assert.equal(pacer.runningCount, running.size);
      }
      // Everything that is left gets its turn once time passes and answers come.
      for (let rounds = 0; open.size > 0; rounds += 1) {
        assert.ok(rounds < 2_000, 'a request waits for ever');
        for (const id of running) { pacer.finished(id, 1, nowMs); end(id); }
        nowMs += 60_000;
        step();
      }
      for (const window of pacer.windows(nowMs + 86_400_000)) assert.equal(window.remaining, window.limit, 'no reservation is left over');
    }), { numRuns: 150 });
  });
});

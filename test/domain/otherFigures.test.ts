// Proves that figures which come beside an attempt's success are believed for what they are of: a refusal's of its
// attempt, and an opened connection's of the moment at which it was opened.
import assert from 'node:assert/strict';
import { Pacer } from '../../src/domain/pacing.ts';
import { knowing, seen, started, submitted } from '../support/pacerSteps.ts';

const left = (pacer: Pacer, nowMs: number) => Object.fromEntries(pacer.windows(nowMs).map(({ measure, remaining }) => [measure, Math.round(remaining ?? NaN)]));

/** A request that starts and is sent now. */
function sent(pacer: Pacer, nowMs: number): string {
  const id = submitted(pacer, nowMs);
  assert.deepEqual(started(pacer, nowMs), [id]);
  pacer.sent(id, nowMs);
  return id;
}

describe('figures beside an attempt', () => {
  it('of an opened connection raise nothing that is known later', () => {
    const pacer = knowing(60, 60, { limit: 60_000, remaining: 60_000 });
    // Thirty seconds after the connection was opened much is gone.
    const busy = sent(pacer, 28_000);
    pacer.headers(busy, seen(60, 40, { limit: 60_000, remaining: 38_000 }), 28_000);
    pacer.finished(busy, 1_000, 28_000);
    const first = sent(pacer, 30_000);
    pacer.headers(first, seen(60, 60, { limit: 60_000, remaining: 60_000 }), 30_000, 0);
    assert.deepEqual(left(pacer, 30_000), { requests: 41, tokens: 39_000 }, 'what it takes itself is subtracted');
  });

  it('of an opened connection tell the limits where nothing else does, and what is left by now', () => {
    const pacer = new Pacer(() => 1);
    const first = sent(pacer, 30_000);
    pacer.headers(first, seen(60, 0, { limit: 60_000, remaining: 15_000 }), 30_000, 0);
    assert.deepEqual(left(pacer, 30_000), { requests: 29, tokens: 44_000 }, 'half of it was refilled since, and one request was sent');
    pacer.finished(first, 1_000, 30_000);
    assert.deepEqual(left(pacer, 30_000), { requests: 29, tokens: 44_000 });
  });

  it('of an opened connection lower what is known when others took more', () => {
    const pacer = knowing(60, 60);
    const first = sent(pacer, 40_000);
    pacer.headers(first, seen(60, 10), 40_000, 30_000);
    assert.deepEqual(left(pacer, 40_000), { requests: 19 });
  });

  it('of an opened connection are those of another key once that was replaced', () => {
    const pacer = new Pacer(() => 1);
    pacer.finished(sent(pacer, 0), 1_000, 0);
    pacer.keyReplaced(10_000);
    const first = sent(pacer, 30_000);
    pacer.headers(first, seen(60, 0), 30_000, 0);
    assert.deepEqual(left(pacer, 30_000), {});
  });

  it('of a refusal for another reason are taken in as of its attempt, which they account for', () => {
    const pacer = knowing(60, 60, { limit: 60_000, remaining: 60_000 });
    const id = sent(pacer, 10_000);
    pacer.refusalTold(id, seen(60, 7, { limit: 60_000, remaining: 2_000 }), 10_000);
    pacer.finished(id, 0, 10_000);
    assert.deepEqual(left(pacer, 10_000), { requests: 7, tokens: 2_000 });
  });

  it('of a refusal are no answer: nothing more may run for it, and without figures nothing is changed', () => {
    const pacer = new Pacer(() => 1);
    const id = sent(pacer, 0);
    pacer.refusalTold(id, {}, 0);
    assert.deepEqual(left(pacer, 0), {});
    pacer.refusalTold(id, seen(60, 50), 0);
    pacer.refusalTold('unknown', seen(60, 1), 0);
    assert.deepEqual(left(pacer, 0), { requests: 50 });
    pacer.headers(id, seen(60, 40), 0);
    assert.deepEqual(left(pacer, 0), { requests: 40 }, 'an answer that comes all the same counts');
  });
});

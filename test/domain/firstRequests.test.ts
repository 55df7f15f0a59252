// Proves how few requests go up before a first answer told what is let in: with a model that nothing is known of, and with another key.
import assert from 'node:assert/strict';
import { refusalMsMax, unansweredMin } from '../../src/domain/answerGate.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { smallestTokensPerMinute } from '../../src/domain/startGate.ts';
import { knowing, seen, started, submitted } from '../support/pacerSteps.ts';

describe('before a first answer, a pacer', () => {
  it('sends requests one by one that together may exceed the smallest limits there are, until one was answered or could have been refused', () => {
    const large = { estimatedTokens: smallestTokensPerMinute / 2 + 1 };
    const pacer = new Pacer(() => 1);
    for (let count = 0; count < 5; count += 1) submitted(pacer, 0, large);
    const [first = ''] = started(pacer, 0);
    pacer.sent(first, 0);
    assert.deepEqual(pacer.next(0), { start: [], tooLarge: [], wakeAtMs: refusalMsMax });
    const another = new Pacer(() => 1);
    for (let count = 0; count < 2; count += 1) submitted(another, 0, { estimatedTokens: smallestTokensPerMinute / 2 });
    assert.equal(started(another, 0).length, 2, 'these have room together');
    assert.equal(started(pacer, refusalMsMax).length, 1, 'a refusal would have come');
    pacer.headers(first, seen(600, 599, { limit: smallestTokensPerMinute, remaining: 100 }), refusalMsMax);
    assert.deepEqual(started(pacer, refusalMsMax), []);
    const wide = new Pacer(() => 1);
    for (let count = 0; count < 5; count += 1) submitted(wide, 0, large);
    const [one = ''] = started(wide, 0);
    wide.sent(one, 0);
    wide.headers(one, {}, 400);
    assert.equal(started(wide, 400).length, unansweredMin + 1, 'an answer tells enough');
  });

  it('sends few with another key until it is known what that is let in with, also while answers to the last one still come', () => {
    const pacer = knowing(6_000, 5_000);
    const old: string[] = [];
    for (let count = 0; count < 100; count += 1) old.push(submitted(pacer, 0));
    for (let count = 0; count < 20; count += 1) {
      for (const id of started(pacer, 0)) {
        pacer.sent(id, 0);
        pacer.headers(id, seen(6_000, 4_000), 0);
      }
    }
    assert.equal(pacer.runningCount, 100);
    for (let count = 0; count < 60; count += 1) old.push(submitted(pacer, 0));
    const unanswered = started(pacer, 0);
    for (const id of unanswered) pacer.sent(id, 0);
    assert.ok(unanswered.length > 40, 'many at once were borne');
    for (let count = 0; count < 500; count += 1) submitted(pacer, 0);
    pacer.keyReplaced(100);
    const first = started(pacer, 100);
    assert.equal(first.length, unansweredMin);
    for (const id of first) pacer.sent(id, 100);
    for (const id of unanswered) pacer.headers(id, seen(6_000, 3_000), 200);
    assert.deepEqual(started(pacer, 200), [], 'what the last key was let in with says nothing');
    for (const id of first) pacer.headers(id, seen(60, 58), 300);
    assert.ok(started(pacer, 300).length <= unansweredMin + 1);
  });
});

// Proves in virtual time that people wait behind what already runs and behind no large request of a lower class, while
// that still has its turn: a class is passed over by cost, not by turns.
import assert from 'node:assert/strict';
import { FairQueue, passedOverMax, type Priority, type QueueItem } from '../../src/domain/fairQueue.ts';
import type { PaceRequest } from '../../src/domain/paceRequest.ts';
import { knowing, request } from '../support/pacerSteps.ts';

const limit = 500_000;
const minutes = 20;

/**
 * One person's request of 3,000 tokens each second beside some of a lower class that came first.
 * @returns how long the people waited at the most, and how many of the others started
 */
function play(others: readonly PaceRequest[]): { personWaitMsMax: number; othersStarted: number } {
  const pacer = knowing(10_000, 10_000, { limit, remaining: limit });
  const cameAtMs = new Map<string, number>();
  let [left, personWaitMsMax, othersStarted] = [limit, 0, 0];
  for (const each of others) pacer.submit(each, 0);
  for (let nowMs = 0; nowMs < minutes * 60_000; nowMs += 100) {
    left = Math.min(limit, left + limit / 600);
    if (nowMs % 1000 === 0) {
      const one = request({ workspaceId: 'person', priority: 'interactive', estimatedTokens: 3_000 });
      cameAtMs.set(one.id, nowMs);
      pacer.submit(one, nowMs);
    }
    for (const { id, estimatedTokens } of pacer.next(nowMs).start) {
      const cameMs = cameAtMs.get(id);
      if (cameMs === undefined) othersStarted += 1;
      cameAtMs.delete(id);
      personWaitMsMax = Math.max(personWaitMsMax, nowMs - (cameMs ?? nowMs));
      left -= estimatedTokens;
      pacer.sent(id, nowMs);
      pacer.headers(id, { requests: { limit: 10_000, remaining: 9_990 }, tokens: { limit, remaining: Math.max(0, Math.floor(left)) } }, nowMs);
      pacer.finished(id, estimatedTokens, nowMs);
    }
  }
  for (const cameMs of cameAtMs.values()) personWaitMsMax = Math.max(personWaitMsMax, minutes * 60_000 - cameMs);
  return { personWaitMsMax, othersStarted };
}

const many = (count: number, priority: Priority, estimatedTokens: number) => Array.from({ length: count }, () => request({ workspaceId: 'other', priority, estimatedTokens }));

describe('turns of classes', () => {
  it('lets no person wait until there is room for a batch that takes nearly the whole limit, and the batch gets on', () => {
    const { personWaitMsMax, othersStarted } = play(many(8, 'batch', 480_000));
    assert.ok(personWaitMsMax <= 2_000, `${personWaitMsMax} ms`);
    assert.equal(othersStarted, 8);
  });

  it('lets no person wait for a swarm of agents, which gets what people leave', () => {
    const { personWaitMsMax, othersStarted } = play(many(60, 'agent', 150_000));
    assert.ok(personWaitMsMax <= 2_000, `${personWaitMsMax} ms`);
    // 500,000 a minute without the 180,000 of the people are two of them and a little more.
    assert.ok(othersStarted >= 0.9 * minutes * 320_000 / 150_000, `${othersStarted} started`);
  });

  it('gives what is passed over a turn after twenty times its own cost, and what is small sooner than what is large', () => {
    for (const cost of [1, 7, 50]) {
      const queue = new FairQueue<QueueItem>();
      queue.enqueue({ id: 'patient', workspaceId: 'w', priority: 'batch', cost });
      let people = 0;
      for (let turn = 0; turn < 5_000; turn += 1) {
        queue.enqueue({ id: `person${turn}`, workspaceId: 'w', priority: 'interactive', cost: 10 });
        const order = queue.order(3).map(({ id }) => id);
        const id = queue.take()?.id;
        assert.equal(order[0], id, 'what is told is what comes');
        if (id === 'patient') break;
        people += 1;
      }
      assert.equal(people, Math.ceil(passedOverMax * cost / 10));
    }
  });
});

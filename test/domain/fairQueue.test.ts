// Proves the order of the line: classes, equal shares for workspaces whatever their requests cost,
// turns for threads, bounds; and that nobody in it ever starves.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FairQueue, passedOverMax, type Priority, type QueueItem } from '../../src/domain/fairQueue.ts';

let made = 0;
const item = (workspaceId: string, threadId = '', cost = 1, priority: Priority = 'agent'): QueueItem => ({ id: `r${made += 1}`, workspaceId, threadId, cost, priority });
const drain = <T extends QueueItem>(queue: FairQueue<T>): T[] => {
  const taken: T[] = [];
  for (let next = queue.take(); next; next = queue.take()) taken.push(next);
  return taken;
};

describe('fair queue', () => {
  it('takes interactive before agent before batch', () => {
    const queue = new FairQueue();
    for (const priority of ['batch', 'agent', 'interactive', 'agent'] as const) assert.equal(queue.enqueue(item('w', '', 1, priority)), 'queued');
    assert.deepEqual(drain(queue).map((each) => each.priority), ['interactive', 'agent', 'agent', 'batch']);
  });

  it('alternates workspaces and, in each, threads, first come first served in a thread', () => {
    const queue = new FairQueue();
    const [a1, a2, a3, b1] = [item('a', 'x'), item('a', 'x'), item('a', 'y'), item('b')];
    for (const each of [a1, a2, a3, b1]) queue.enqueue(each);
    assert.deepEqual(drain(queue).map((each) => each.id), [a1, b1, a3, a2].map((each) => each.id));
  });

  it('gives a class that is passed over a turn in the end', () => {
    const queue = new FairQueue();
    const patient = item('w', '', 1, 'batch');
    queue.enqueue(patient);
    for (let count = 0; count < 2 * passedOverMax; count += 1) queue.enqueue(item('w', '', 1, 'interactive'));
    assert.equal(drain(queue).findIndex((each) => each.id === patient.id), passedOverMax);
  });

  it('refuses beyond its bounds and takes in again when there is room', () => {
    const queue = new FairQueue({ itemsMax: 3, itemsPerWorkspaceMax: 2 });
    const first = item('a');
    assert.deepEqual([queue.enqueue(first), queue.enqueue(first), queue.enqueue(item('a')), queue.enqueue(item('a'))], ['queued', 'known', 'queued', 'workspace-full']);
    assert.deepEqual([queue.enqueue(item('b')), queue.enqueue(item('c'))], ['queued', 'queue-full']);
    assert.equal(queue.remove(first.id)?.id, first.id);
    assert.equal(queue.remove(first.id), undefined);
    assert.equal(queue.enqueue(item('a')), 'queued');
    assert.equal(queue.size, 3);
  });

  it('puts an item back at the head and lets its workspace pay once', () => {
    const queue = new FairQueue();
    for (let count = 0; count < 4; count += 1) { queue.enqueue(item('a', '', 3)); queue.enqueue(item('b', '', 3)); }
    const taken = queue.take();
    assert.ok(taken);
    queue.putBack(taken);
    assert.equal(queue.peek()?.id, taken.id);
    assert.equal(queue.place(taken.id), 1);
    assert.deepEqual(drain(queue).map((each) => each.workspaceId).join(''), 'abababab');
  });

  it('moves an item to another class, to the end of its thread there', () => {
    const queue = new FairQueue();
    const [first, second, third] = [item('a', 'x'), item('a', 'x'), item('b', '', 1, 'batch')];
    for (const each of [first, second, third]) queue.enqueue(each);
    assert.equal(queue.move({ ...third, priority: 'interactive' }), true);
    assert.equal(queue.move({ ...first, priority: 'batch' }), true);
    assert.equal(queue.move(item('a')), false, 'it does not wait');
    assert.deepEqual([queue.size, queue.get(first.id)?.priority], [3, 'batch']);
    assert.deepEqual(drain(queue).map((each) => each.id), [third, second, first].map((each) => each.id));
  });

  it('tells the order and the places that really follow', () => {
    fc.assert(fc.property(items(), (all) => {
      const queue = new FairQueue();
      for (const each of all) queue.enqueue(each);
      const order = queue.order().map((each) => each.id);
      for (const [index, id] of order.entries()) if (index % 7 === 0) assert.equal(queue.place(id), index + 1);
      assert.equal(queue.peek()?.id, order[0]);
      for (const itemsMax of [0, 1, 7, 50]) assert.deepEqual(queue.order(itemsMax).map((each) => each.id), order.slice(0, itemsMax));
      assert.deepEqual(drain(queue).map((each) => each.id), order);
      assert.equal(queue.size, 0);
    }));
  });

  it('shares by cost: while two workspaces wait, neither gets ahead by more than two of the largest requests', () => {
    const costs = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 30, maxLength: 60 });
    fc.assert(fc.property(costs, costs, (a, b) => {
      const queue = new FairQueue();
      for (const cost of a) queue.enqueue(item('a', '', cost));
      for (const cost of b) queue.enqueue(item('b', '', cost));
      const served = { a: 0, b: 0 }, left = { a: a.length, b: b.length };
      for (let next = queue.take(); next && left.a > 0 && left.b > 0; next = queue.take()) {
        const who = next.workspaceId === 'a' ? 'a' : 'b';
        served[who] += next.cost;
        left[who] -= 1;
        assert.ok(Math.abs(served.a - served.b) <= 100, JSON.stringify(served));
      }
    }));
  });

  it('gives a thread back one turn that it missed, where all turns cost about the same', () => {
    for (const isEven of [true, undefined]) {
      const queue = new FairQueue();
      const come = (threadId: string) => { queue.enqueue({ ...item('w', threadId, 5), ...(isEven ? { isEven } : {}) }); };
      const turn = () => queue.take()?.threadId ?? '';
      for (const thread of ['x', 'y', 'z']) come(thread);
      assert.equal(turn(), 'x');
      // Its answer takes long; the others go on.
      for (const thread of ['y', 'z', 'y', 'z', 'y', 'z']) {
        assert.equal(turn(), thread);
        come(thread);
      }
      come('new');
      come('x');
      const first = turn();
      come('x');
      assert.deepEqual([first, ...Array.from({ length: 4 }, turn)].join(' '), isEven ? 'x new x y z' : 'new x y z x', 'one of three turns, and nothing for who is new');
    }
  });

  it('starves no thread, whatever is given back to others', () => {
    const queue = new FairQueue();
    const comes = (threadId: string): QueueItem => ({ ...item('w', threadId), isEven: true });
    const patient = comes('patient');
    queue.enqueue(comes('first'));
    queue.enqueue(patient);
    for (let turn = 0; ; turn += 1) {
      assert.ok(turn < 10, `still waiting after ${turn} turns`);
      for (const thread of [`new${turn}`, `again${turn % 3}`]) queue.enqueue(comes(thread));
      if (queue.take()?.id === patient.id) break;
    }
  });

  it('starves nobody: while others keep coming, each item is taken within a bounded number of turns', () => {
    fc.assert(fc.property(items(), fc.constantFrom<Priority>('interactive', 'agent', 'batch'), (rivals, priority) => {
      const queue = new FairQueue();
      const patient = item('patient', '', 5, priority);
      queue.enqueue(patient);
      const workspaces = new Set(rivals.map((each) => each.workspaceId)).size + 1;
      // Between two turns of its class lie at most `passedOverMax` others for each class above it; in
      // its class, each other workspace can take at most its own largest cost ahead of it.
      const bound = (passedOverMax + 2) ** 2 * workspaces * (10 + 5);
      for (let turn = 0; ; turn += 1) {
        assert.ok(turn <= bound, `still waiting after ${turn} turns`);
        for (const rival of rivals) queue.enqueue({ ...rival, id: `${rival.id}/${turn}` });
        if (queue.take()?.id === patient.id) break;
      }
    }), { numRuns: 60 });
  });
});

function items(): fc.Arbitrary<QueueItem[]> {
  return fc.array(fc.record({
    workspaceId: fc.constantFrom('a', 'b', 'c'), threadId: fc.constantFrom('x', 'y'), cost: fc.integer({ min: 1, max: 10 }),
    priority: fc.constantFrom<Priority>('interactive', 'agent', 'batch'),
  }), { maxLength: 40 }).map((list) => list.map((each, index) => ({ ...each, id: `i${index}` })));
}

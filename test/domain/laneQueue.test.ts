// Proves that stepping aside loses nothing, costs nothing and keeps shares, and that bounds count what stands aside.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { QueueItem } from '../../src/domain/fairQueue.ts';
import { LaneQueue } from '../../src/domain/laneQueue.ts';
import { imageMeasures } from '../../src/domain/measure.ts';

const bounds = { itemsMax: 40, itemsPerWorkspaceMax: 25 };
const item = (id: string, over: Partial<QueueItem> = {}): QueueItem => ({ id, priority: 'agent', workspaceId: 'w', cost: 1, ...over });
const takenFrom = (queue: LaneQueue<QueueItem>, count = Infinity): string[] => {
  const taken: string[] = [];
  for (let next = queue.peek(); next && taken.length < count; next = queue.peek()) taken.push(queue.take()?.id ?? '');
  return taken;
};

describe('lane queue', () => {
  it('brings what stepped aside back to the next turn of its workspace, and one of a class at a time', () => {
    const queue = new LaneQueue<QueueItem>(bounds);
    for (const id of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2']) queue.enqueue(item(id, { workspaceId: id[0] ?? '' }));
    for (const id of ['a1', 'a2']) queue.setAside(item(id, { workspaceId: 'a' }), 'images', false);
    assert.deepEqual([queue.order().map(({ id }) => id), queue.order(9, 'images').map(({ id }) => id), queue.asideOf('a1')], [['a3', 'b1', 'a4', 'b2'], ['a1', 'a2'], 'images']);
    assert.ok(queue.isBehind(item('a3'), 'images') && !queue.isBehind(item('a3'), 'madeImages') && !queue.isBehind(item('a3', { priority: 'interactive' }), 'images'));
    assert.deepEqual(takenFrom(queue, 1), ['a3']);
    queue.bringBack('images');
    assert.equal(queue.asideHead('images'), undefined, 'until the first one had its turn');
    assert.deepEqual(takenFrom(queue, 1), ['b1'], 'its workspace was just served');
    assert.deepEqual(takenFrom(queue, 1), ['a1']);
    assert.equal(queue.asideHead('images')?.id, 'a2');
  });

  it('keeps the place of one that came back too early, and of one that was refused', () => {
    const queue = new LaneQueue<QueueItem>(bounds);
    for (const id of ['1', '2', '3']) { queue.enqueue(item(id)); queue.setAside(item(id), 'images', false); }
    queue.bringBack('images');
    queue.setAside(item('1'), 'images', false);
    queue.enqueue(item('0'));
    queue.setAside(item('0'), 'images', true);
    assert.deepEqual(queue.order(9, 'images').map(({ id }) => id), ['0', '1', '2', '3']);
  });

  it('counts what stands aside within its bounds and loses nothing, whatever moves', () => {
    fc.assert(fc.property(fc.array(fc.record({ what: fc.nat(6), id: fc.nat(60), workspace: fc.nat(2), measure: fc.constantFrom(...imageMeasures), priority: fc.constantFrom('interactive' as const, 'agent' as const, 'batch' as const) }), { maxLength: 200 }), (steps) => {
      const queue = new LaneQueue<QueueItem>(bounds);
      const waiting = new Map<string, string>();
      for (const { what, id: number, workspace, measure, priority } of steps) {
        const id = `${number}`;
        const each = item(id, { priority, workspaceId: `${workspace}` });
        const ofWorkspace = [...waiting.values()].filter((name) => name === each.workspaceId).length;
        if (what <= 2) {
          const outcome = queue.enqueue(each);
          assert.equal(outcome, waiting.has(id) ? 'known' : waiting.size >= 40 ? 'queue-full' : ofWorkspace >= 25 ? 'workspace-full' : 'queued');
          if (outcome === 'queued') waiting.set(id, each.workspaceId);
        } else if (what === 3) {
          const head = queue.peek();
          if (head) queue.setAside(head, measure, number % 2 === 0);
        } else if (what === 4) queue.bringBack(measure);
        else if (what === 5) {
          const known = queue.get(id);
          assert.equal(queue.move(known ? { ...known, priority } : each), waiting.has(id));
        } else assert.equal(queue.remove(id)?.id, waiting.delete(id) ? id : undefined);
        assert.equal(queue.size, waiting.size);
      }
      const taken = takenFrom(queue);
      for (const measure of imageMeasures) while (queue.asideHead(measure)) { queue.bringBack(measure); taken.push(...takenFrom(queue)); }
      assert.deepEqual(taken.toSorted(), [...waiting.keys()].toSorted());
      assert.equal(queue.size, 0);
    }));
  });
});

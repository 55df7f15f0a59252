// Proves equal shares by cost for whoever waits, against a plain model, and the order of the heap below.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ShareLine } from '../../src/domain/shareLine.ts';
import { nowhere, TagHeap, type Tagged } from '../../src/domain/tagHeap.ts';

describe('share line', () => {
  it('keeps members that stay within two of the largest costs of each other', () => {
    fc.assert(fc.property(fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c'), cost: fc.integer({ min: 1, max: 20 }) }), { minLength: 60, maxLength: 120 }), (turns) => {
      const line = new ShareLine(() => undefined);
      const served = new Map(['a', 'b', 'c'].map((id) => [id, 0]));
      for (const id of served.keys()) line.join(id);
      for (const { cost } of turns) {
        const { next } = line;
        assert.ok(next);
        served.set(next.id, (served.get(next.id) ?? 0) + cost);
        line.served(next, cost);
        const all = [...served.values()];
        assert.ok(Math.max(...all) - Math.min(...all) <= 40, JSON.stringify(all));
      }
    }));
  });

  it('gives who comes back neither credit for having been away nor a fresh start', () => {
    const line = new ShareLine(() => undefined);
    const [a, b] = [line.join('a'), line.join('b')];
    line.served(a, 100);
    line.leave(a);
    line.join('a');
    for (let turn = 0; turn < 9; turn += 1) {
      assert.equal(line.next, b, 'what a took ahead is not forgotten while b waits');
      line.served(b, 10);
    }
    const late = line.join('late');
    line.served(late, 10);
    assert.ok(line.next !== late, 'who was not there has saved up nothing');
  });

  it('remembers a bounded number of members', () => {
    const line = new ShareLine(() => undefined);
    line.join('stays');
    for (let count = 0; count < 2_000; count += 1) {
      const member = line.join(`m${count}`);
      line.served(member, 5);
      line.leave(member);
    }
    assert.equal(line.size, 1);
    assert.equal(line.upcoming(10).length, 1);
  });
});

describe('tag heap', () => {
  it('is in order after any puts, moves and removals', () => {
    fc.assert(fc.property(fc.array(fc.record({ act: fc.constantFrom('put', 'move', 'remove'), pick: fc.nat(30), tag: fc.integer({ min: 0, max: 20 }) }), { maxLength: 120 }), (steps) => {
      const heap = new TagHeap<Tagged>();
      const members = Array.from({ length: 31 }, (_, order) => ({ tag: 0, order, at: nowhere }));
      const inside = new Set<Tagged>();
      for (const { act, pick, tag } of steps) {
        const member = members[pick];
        assert.ok(member);
        if (act === 'remove') { heap.remove(member); inside.delete(member); continue; }
        if (act === 'move' && !inside.has(member)) continue;
        member.tag = tag;
        heap.put(member);
        inside.add(member);
      }
      const expected = [...inside].sort((a, b) => a.tag - b.tag || a.order - b.order);
      assert.equal(heap.size, expected.length);
      assert.deepEqual(heap.smallest(31), expected);
      assert.deepEqual(heap.smallest(3), expected.slice(0, 3));
      for (const each of expected) { assert.equal(heap.first, each); heap.remove(each); }
    }));
  });
});

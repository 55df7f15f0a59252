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

  /** A turn that is had at once, and still runs. */
  const runs = (line: ShareLine<undefined>, id: string, cost: number, catchUpMax: number): void => {
    const member = line.join(id, catchUpMax);
    line.served(member, cost);
    line.began(id);
    line.leave(member);
  };
  /** Whose turns come next, each of so much, until none of them is behind. */
  const turns = (line: ShareLine<undefined>, count: number, cost = 10): string => Array.from({ length: count }, () => {
    const { next } = line;
    if (next) line.served(next, cost);
    return next?.id;
  }).join('');

  it('makes good for what others took while nobody had to wait, as far as it is missing', () => {
    for (const [missing, ahead] of [[100, 6], [30, 2], [0, 0]] as const) {
      const line = new ShareLine(() => undefined);
      for (let count = 0; count < 8; count += 1) runs(line, 'a', 10, missing);
      runs(line, 'b', 10, missing);
      runs(line, 'b', 10, missing);
      for (const id of ['a', 'b']) line.join(id, missing);
      const order = turns(line, 20);
      assert.equal(/^b*/.exec(order)?.[0].length, ahead, `${order} with ${missing} missing`);
      assert.match(order.slice(ahead), /^(ab)+a?$/, order);
    }
  });

  it('gives who comes anew the place of the least served one that waits, and who is away nothing', () => {
    const line = new ShareLine(() => undefined);
    for (let count = 0; count < 8; count += 1) runs(line, 'a', 10, 100);
    runs(line, 'b', 10, 100);
    for (const id of ['a', 'b']) line.join(id, 100);
    turns(line, 3);
    line.join('new', 100);
    assert.match(turns(line, 8), /^(bnew|newb)+$/);
    const stays = line.join('a');
    for (let turn = 0; turn < 50; turn += 1) line.served(line.next ?? stays, 10);
    line.leave(line.join('b'));
    line.ended('b', 0);
    for (let turn = 0; turn < 50; turn += 1) line.served(line.next ?? stays, 10);
    line.join('b', 100);
    assert.ok(turns(line, 6).replaceAll('new', 'n').split('b').length <= 3, 'it neither waited nor ran');
  });

  it('lets members pay for what their turns really took', () => {
    const line = new ShareLine(() => undefined);
    const served = { a: 0, b: 0 };
    for (const id of ['a', 'b']) line.join(id);
    for (let turn = 0; turn < 300; turn += 1) {
      const id = line.next?.id === 'a' ? 'a' : 'b';
      if (line.next) line.served(line.next, 10);
      line.began(id);
      const used = id === 'a' ? 30 : 5;
      line.ended(id, used - 10);
      served[id] += used;
    }
    assert.ok(Math.abs(served.a - served.b) <= 60, JSON.stringify(served));
    line.ended('a', 1_000);
    assert.match(turns(line, 6), /a/, 'what does not run has nothing to pay for');
    line.began('a');
    line.ended('a', 1_000);
    assert.equal(turns(line, 6), 'bbbbbb');
    for (const id of ['a', 'b']) line.leave(line.join(id));
    for (const id of ['a', 'b']) line.join(id);
    assert.equal(turns(line, 6), 'ababab', 'nothing waited or ran any more');
  });

  it('remembers a bounded number of members', () => {
    const line = new ShareLine(() => undefined);
    const stays = line.join('stays');
    line.served(stays, 5);
    runs(line, 'runs', 10_000, 0);
    for (let count = 0; count < 2_000; count += 1) {
      const member = line.join(`m${count}`);
      line.served(member, 5);
      line.leave(member);
    }
    assert.equal(line.size, 1);
    assert.equal(line.upcoming(10).length, 1);
    line.join('runs');
    assert.equal(turns(line, 9).includes('runs'), false, 'what is running is remembered, and what it took ahead');
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

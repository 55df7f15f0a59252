// Whether a task may not fit: by what three of four former ones stayed within, and never from too few of them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formerTasksMin, tooSmallRoom, usualTask, type Room } from '../../src/domain/taskFit.ts';

const credits = (left: number, what = 'balance'): Room<string> => ({ unit: 'credits', left, what });
const tasks = (...amounts: readonly number[]) => amounts.map((microCredits) => ({ microCredits, tokens: microCredits * 10 }));

describe('the fit of a task', () => {
  it('is too small where three of four former tasks cost more than is left', () => {
    assert.deepEqual(tooSmallRoom(tasks(1, 2, 3, 100), [credits(2)]), { room: credits(2), needed: 3 });
    assert.equal(tooSmallRoom(tasks(1, 2, 3, 100), [credits(3)]), undefined);
    assert.equal(tooSmallRoom(tasks(1, 2, 3, 100), []), undefined);
  });

  it('says nothing from a few tasks', () => {
    assert.equal(tooSmallRoom(tasks(...Array.from({ length: formerTasksMin - 1 }, () => 5)), [credits(0)]), undefined);
    assert.ok(tooSmallRoom(tasks(...Array.from({ length: formerTasksMin }, () => 5)), [credits(0)]));
  });

  it('is usually between the cheapest and the dearest quarter', () => {
    assert.deepEqual(usualTask(tasks(1, 2, 3, 100)), { from: { microCredits: 1, tokens: 10 }, to: { microCredits: 3, tokens: 30 } });
    assert.deepEqual(usualTask(tasks(8, 1, 2, 3, 4, 5, 6, 7))?.from.microCredits, 2);
    assert.equal(usualTask(tasks(1, 2, 3)), undefined);
  });

  it('names the room that is exceeded most, each in its own unit', () => {
    const tokens: Room<string> = { unit: 'tokens', left: 1, what: 'tokens' };
    assert.equal(tooSmallRoom(tasks(5, 5, 5, 5), [credits(4), tokens])?.room.what, 'tokens');
    assert.equal(tooSmallRoom(tasks(5, 5, 5, 5), [credits(0, 'empty'), tokens])?.room.what, 'empty');
  });

  it('never warns of a room that holds the dearest task, and always of one below the cheapest', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: formerTasksMin, maxLength: 40 }), (amounts) => {
      assert.equal(tooSmallRoom(tasks(...amounts), [credits(Math.max(...amounts))]), undefined);
      assert.ok(tooSmallRoom(tasks(...amounts), [credits(Math.min(...amounts) - 1)]));
    }));
  });
});

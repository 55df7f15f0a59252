// Which waiting request is first is the same on every surface.
import assert from 'node:assert/strict';
import { inLine } from '../../src/protocol/waitingOrder.ts';

describe('waiting requests', () => {
  it('stand in line by their places, and those without one behind', () => {
    const runs = [{ id: 'parked' }, { id: 'second', place: 2 }, { id: 'asks' }, { id: 'first', place: 1 }];
    assert.deepEqual(inLine(runs).map(({ id }) => id), ['first', 'second', 'parked', 'asks']);
  });
});

// Text in pieces gives the same lines as in one, however it was cut, and no line that is too long.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BoundedLines } from '../../src/protocol/boundedLines.ts';

describe('lines of a bounded length', () => {
  it('are those of the whole text, without the empty ones and those that are too long', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 12 })), (pieces) => {
      const lines = new BoundedLines(6);
      const found = [...pieces.flatMap((piece) => lines.take(piece)), ...lines.end()];
      const all = pieces.join('').split('\n');
      assert.deepEqual(found, all.filter((line) => line.length > 0 && line.length <= 6));
      assert.equal(lines.skipped, all.filter((line) => line.length > 6).length);
    }));
  });
});

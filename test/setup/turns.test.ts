// Tests that several programs at once keep their order, their room and their words apart, and that none begins after one failed to run.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import path from 'node:path';
import { stages } from '../../src/setup/stages.mjs';
import { inOrder, inTurns } from '../../src/setup/turns.mjs';

const root = path.resolve(import.meta.dirname, '../..');

/** Work that ends when it is told to, and what began so far. */
function works() {
  const began: string[] = [];
  const ends = new Map<string, { readonly done: () => void; readonly fail: (error: Error) => void }>();
  return {
    began,
    work: (name: string) => () => new Promise<string>((resolve, reject) => {
      began.push(name);
      ends.set(name, { done: () => { resolve(name); }, fail: reject });
    }),
    /** Ends one, and lets what follows from it happen. */
    end: async (name: string, error?: Error) => {
      const one = ends.get(name);
      assert.ok(one, `${name} has not begun`);
      if (error) one.fail(error);
      else one.done();
      await new Promise((resolve) => { setImmediate(resolve); });
    },
  };
}

describe('programs in turns', () => {
  it('begin in their order as soon as there is room, and what mostly waits takes less of it', async () => {
    const { began, work, end } = works();
    const turn = inTurns(2);
    const results = Promise.all([turn(1, work('a')), turn(1, work('b')), turn(2, work('c')), turn(0.5, work('d')), turn(0.5, work('e')), turn(1, work('f')), turn(1, work('g'))]);
    assert.deepEqual(began, ['a', 'b']);
    await end('a');
    assert.deepEqual(began, ['a', 'b'], 'nothing passes one that needs more room');
    await end('b');
    assert.deepEqual(began, ['a', 'b', 'c']);
    await end('c');
    assert.deepEqual(began, ['a', 'b', 'c', 'd', 'e', 'f']);
    for (const name of ['d', 'e']) await end(name);
    assert.equal(began.at(-1), 'g');
    for (const name of ['f', 'g']) await end(name);
    assert.deepEqual(await results, ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });

  it('run alone where one asks for more room than there is', async () => {
    const { began, work, end } = works();
    const turn = inTurns(1);
    const results = Promise.all([turn(2, work('a')), turn(0.5, work('b')), turn(0.5, work('c'))]);
    assert.deepEqual(began, ['a']);
    await end('a');
    assert.deepEqual(began, ['a', 'b', 'c']);
    for (const name of ['b', 'c']) await end(name);
    await results;
  });

  it('do not begin after one was interrupted', async () => {
    const { began, work, end } = works();
    const turn = inTurns(1);
    const results = Promise.allSettled([turn(1, work('a')), turn(1, work('b')), turn(1, work('c'))]);
    await end('a', new Error('The run was interrupted.'));
    assert.deepEqual((await results).map((one) => one.status), ['rejected', 'rejected', 'rejected']);
    await assert.rejects(turn(1, work('d')), /interrupted/);
    assert.deepEqual(began, ['a']);
  });

  it('are heard one after the other, the first of them at once', () => {
    const heard: string[] = [];
    const place = inOrder((text) => { heard.push(text); });
    const [first, second, third] = [place(), place(), place()];
    third.write('third');
    second.write('second ');
    first.write('first');
    assert.deepEqual(heard, ['first']);
    second.write('goes on');
    third.end();
    first.end();
    assert.deepEqual(heard, ['first', 'second goes on']);
    second.write(', at once');
    second.end();
    assert.deepEqual(heard, ['first', 'second goes on', ', at once', 'third']);
  });

  it('share the test files of each stage without leaving one out or running one twice', () => {
    for (const { name, folders = [], ignore = [], beside = [] } of stages) {
      const filesOf = (patterns: readonly string[]) => globSync(patterns, { cwd: root, exclude: ignore });
      const all = new Set(filesOf(folders.map((folder) => `${folder}/**/*.test.ts`)));
      const shared = beside.map(({ files }) => filesOf(files));
      assert.ok(shared.every((files) => files.length > 0 && files.every((file) => all.has(file))), name);
      assert.equal(new Set(shared.flat()).size, shared.flat().length, `${name}: a file is in two shares`);
    }
  });
});

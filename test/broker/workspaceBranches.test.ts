// A folder is looked into again after a moment, once for all who ask meanwhile, and nobody waits long for a disk that
// does not answer.
import assert from 'node:assert/strict';
import { freshMs, lookMsMax, rememberedMs, WorkspaceBranches } from '../../src/broker/workspaceBranches.ts';
import { manualClock, settled } from '../support/manualClock.ts';

/** Looks that a test answers when it likes. */
function heldLooks() {
  const looks: { readonly folder: string; readonly answer: (branch: string | undefined) => void; readonly fail: () => void }[] = [];
  const read = (folder: string) => new Promise<string | undefined>((resolve, reject) => { looks.push({ folder, answer: resolve, fail: () => reject(new Error('gone')) }); });
  return { looks, read };
}

/** What a promise has come to; `waits` while it has not. */
async function nowOf(promise: Promise<string | undefined>): Promise<string | undefined> {
  const waits = Symbol('waits');
  await settled();
  const found = await Promise.race([promise, Promise.resolve(waits)]);
  return typeof found === 'symbol' ? 'waits' : found;
}

describe('the branches of workspaces', () => {
  it('are looked up once for all who ask, and again after a moment', async () => {
    const clock = manualClock();
    const { looks, read } = heldLooks();
    const branches = new WorkspaceBranches(clock, read);
    const asked = [branches.branchOf('/a'), branches.branchOf('/a')];
    assert.deepEqual([looks.length, await nowOf(asked[0]!)], [1, 'waits']);
    looks[0]!.answer('main');
    assert.deepEqual(await Promise.all(asked), ['main', 'main']);
    assert.equal(await nowOf(branches.branchOf('/a')), 'main');
    assert.deepEqual([looks.length, clock.pendingMs], [1, []], 'nothing is left behind');
    clock.advance(freshMs);
    const later = branches.branchOf('/a');
    looks[1]!.answer('other');
    assert.equal(await later, 'other');
    clock.advance(freshMs);
    const gone = branches.branchOf('/a');
    looks[2]!.fail();
    assert.equal(await gone, undefined, 'what cannot be looked into is on no branch that is known');
  });

  it('are not waited for long, nor by anybody else, and are known again once the disk answers', async () => {
    const clock = manualClock();
    const { looks, read } = heldLooks();
    const branches = new WorkspaceBranches(clock, read);
    const first = branches.branchOf('/a');
    looks[0]!.answer('main');
    await first;
    clock.advance(freshMs);
    const slow = branches.branchOf('/a');
    assert.equal(await nowOf(slow), 'waits');
    clock.advance(lookMsMax);
    assert.equal(await nowOf(slow), 'main', 'what was known before');
    assert.equal(await nowOf(branches.branchOf('/a')), 'main');
    assert.equal(looks.length, 2, 'the disk is not asked again while it owes an answer');
    looks[1]!.answer('other');
    await settled();
    assert.equal(await nowOf(branches.branchOf('/a')), 'other');
    clock.advance(freshMs);
    void branches.branchOf('/a');
    assert.equal(looks.length, 3);
  });

  it('are not told as they were long ago, of no folder, while others do not answer', async () => {
    const clock = manualClock();
    const { looks, read } = heldLooks();
    const branches = new WorkspaceBranches(clock, read);
    const first = branches.branchOf('/b');
    looks[0]!.answer('main');
    await first;
    const dead = [branches.branchOf('/dead/1'), branches.branchOf('/dead/2')];
    clock.advance(lookMsMax);
    await Promise.all(dead);
    clock.advance(freshMs);
    assert.equal(await nowOf(branches.branchOf('/b')), 'main', 'a moment ago');
    clock.advance(rememberedMs);
    assert.equal(await nowOf(branches.branchOf('/b')), undefined, 'it may be another one by now');
  });

  it('leave the other folders room where some do not answer', async () => {
    const clock = manualClock();
    const { looks, read } = heldLooks();
    const branches = new WorkspaceBranches(clock, read);
    const dead = [branches.branchOf('/dead/1'), branches.branchOf('/dead/2')];
    clock.advance(lookMsMax);
    assert.deepEqual(await Promise.all(dead), [undefined, undefined]);
    assert.equal(await nowOf(branches.branchOf('/b')), undefined);
    assert.equal(looks.length, 2, 'no third look is risked');
    looks[0]!.answer('late');
    await settled();
    const other = branches.branchOf('/b');
    looks[2]!.answer('main');
    assert.equal(await other, 'main');
  });
});

// A folder is looked into again after a moment, once for all who ask meanwhile, and nobody waits long for a disk that
// does not answer.
import assert from 'node:assert/strict';
import { freshMs, lateMsMax, lookMsMax, rememberedMs, WorkspaceBranches } from '../../src/broker/workspaceBranches.ts';
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

  it('are not told from memory once they are old, neither of a folder that hangs nor of those that are not looked into because of others', async () => {
    const clock = manualClock();
    const { looks, read } = heldLooks();
    const branches = new WorkspaceBranches(clock, read);
    const first = [branches.branchOf('/a'), branches.branchOf('/b')];
    for (const look of looks) look.answer('main');
    await Promise.all(first);
    clock.advance(freshMs);
    const dead = [branches.branchOf('/a'), branches.branchOf('/dead')];
    clock.advance(lookMsMax);
    await Promise.all(dead);
    const told = () => Promise.all([nowOf(branches.branchOf('/a')), nowOf(branches.branchOf('/b'))]);
    clock.advance(rememberedMs - freshMs - lookMsMax - 1);
    assert.deepEqual(await told(), ['main', 'main']);
    clock.advance(1);
    assert.deepEqual([await told(), looks.length], [[undefined, undefined], 4]);
  });

  it('are looked up again a minute after two disks went dead, though never on the last thread', async () => {
    const clock = manualClock();
    const { looks, read } = heldLooks();
    const branches = new WorkspaceBranches(clock, read);
    void branches.branchOf('/dead/1');
    void branches.branchOf('/dead/2');
    clock.advance(lookMsMax);
    clock.advance(lateMsMax - 1);
    assert.deepEqual([await nowOf(branches.branchOf('/b')), looks.length], [undefined, 2]);
    clock.advance(1);
    const other = branches.branchOf('/b');
    assert.equal(looks.length, 3);
    looks[2]!.answer('main');
    assert.equal(await other, 'main');
    assert.deepEqual([await nowOf(branches.branchOf('/dead/1')), looks.length], [undefined, 3], 'the dead ones still owe an answer');
    void branches.branchOf('/dead/3');
    clock.advance(lookMsMax + lateMsMax);
    assert.deepEqual([looks.length, await nowOf(branches.branchOf('/c')), looks.length], [4, undefined, 4]);
    looks[0]!.answer('back');
    await settled();
    void branches.branchOf('/c');
    assert.equal(looks.length, 5);
  });
});

// The notice about credits that were added by themselves comes once for each addition, in the window with the focus.
import assert from 'node:assert/strict';
import { TopUpNotices } from '../../src/extension/topUpNotices.ts';
import type { GrantView, Snapshot } from '../../src/protocol/snapshot.ts';
import { readSettings } from '../../src/extension/settings.ts';
import { fakeEditor, fakeMemory } from '../support/fakeEditor.ts';
import { snapshotFixture } from './snapshotFixture.ts';

const grant = (createdAtMs: number, source?: 'auto' | 'voucher'): GrantView => ({
  id: `g${createdAtMs}`, kind: 'purchased', amountMicroCredits: 10_000_000, remainingMicroCredits: 1, heldMicroCredits: 0, priority: 50, createdAtMs, ...(source ? { source } : {}),
});
const seen = (grants: readonly GrantView[], addedMicroCredits = 20_000_000): Partial<Snapshot> => ({
  balance: { ...snapshotFixture({}).balance, grants },
  autoTopUp: { belowMicroCredits: 5_000_000, amountMicroCredits: 10_000_000, capMicroCredits: 50_000_000, timeZone: 'UTC', addedMicroCredits, beginsAnewAtMs: 99 },
});

function play() {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  fake.focused = true;
  const see = (each: Partial<Snapshot> | undefined, wanted = readSettings(fake.editor.workspace).notices, editor = fake) => new TopUpNotices(editor.editor, fakeMemory(fake.globalState)).see(each && snapshotFixture(each), 'en', wanted);
  return { fake, see, said: () => fake.shown.map((one) => one.message) };
}

describe('notices about the automatic top-up', () => {
  it('tell once how much came and how much of the cap is used, whatever window looks next', async () => {
    const { see, said } = play();
    await see(seen([grant(1, 'auto')]));
    assert.deepEqual(said(), [], 'what is older than the first look is no news');
    await see(seen([grant(1, 'auto'), grant(2, 'auto'), grant(3)]));
    await see(seen([grant(1, 'auto'), grant(2, 'auto'), grant(3)]));
    assert.deepEqual(said(), ['10.00 credits were added automatically; 20.00 of at most 50.00 this month.']);
    await see(seen([grant(2, 'auto'), grant(4, 'auto'), grant(5, 'auto'), grant(6, 'voucher')], 40_000_000));
    assert.equal(said()[1], '20.00 credits were added automatically; 40.00 of at most 50.00 this month.');
    await see({ ...seen([grant(7, 'auto')]), broker: { ...snapshotFixture({}).broker, mode: 'practice' } });
    assert.equal(said()[2], 'Practice mode: 10.00 credits were added automatically; 20.00 of at most 50.00 this month.');
  });

  it('wait for the focus, and are left out where notices are not wanted, were silenced, or the rule is off', async () => {
    const { fake, see, said } = play();
    await see(undefined);
    await see(seen([]));
    fake.focused = false;
    await see(seen([grant(2, 'auto')]));
    assert.deepEqual(said(), []);
    fake.focused = true;
    await see(seen([grant(2, 'auto')]));
    assert.equal(said().length, 1);
    await see(seen([grant(3, 'auto')]), false);
    const { autoTopUp: _off, ...off } = seen([grant(4, 'auto')]);
    await see(off);
    fake.answers.push('Don\'t Show Again');
    await see(seen([grant(5, 'auto')]));
    await see(seen([grant(6, 'auto')]));
    assert.equal(said().length, 2);
  });
});

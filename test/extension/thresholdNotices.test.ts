// Notices come once at a crossing downwards, never at start, and never again when silenced.
import assert from 'node:assert/strict';
import { crossedTo, ThresholdNotices, type BalanceLevel } from '../../src/extension/thresholdNotices.ts';
import { fakeEditor, fakeMemory } from '../support/fakeEditor.ts';
import { budgetFixture, practiceSnapshot, questionFixture, untrackedSnapshot, withBalance } from './snapshotFixture.ts';

const taste = { show: 'left', unit: 'credits', locale: 'en' } as const;

describe('threshold notices', () => {
  const play = async (credits: readonly number[], change: { focused?: boolean; wanted?: boolean; answer?: string } = {}) => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
    fake.focused = change.focused ?? true;
    if (change.answer !== undefined) fake.answers.push(change.answer);
    const notices = new ThresholdNotices(fake.editor, fakeMemory(fake.globalState));
    for (const each of credits) await notices.see(withBalance(each * 1_000_000), taste, change.wanted ?? true);
    return fake;
  };

  it('speaks once at each step down', async () => {
    const fake = await play([400, 399, 120, 119, 118, 40, 39, 0, 0]);
    assert.deepEqual(fake.shown.map((notice) => notice.message.split(/[:.]/)[0]), ['Codex credits are low', 'Codex credits are almost used up', 'No Codex credits are left']);
    assert.ok(fake.shown.every((notice) => !notice.modal && notice.buttons.includes('Don\'t Show Again')));
  });

  it('is silent at the first snapshot, when credits are added, without focus and when switched off', async () => {
    assert.equal((await play([0])).shown.length, 0);
    assert.equal((await play([0, 400])).shown.length, 0);
    assert.equal((await play([400, 0], { focused: false })).shown.length, 0);
    assert.equal((await play([400, 0], { wanted: false })).shown.length, 0);
  });

  it('speaks again after credits were added and used', async () => {
    assert.equal((await play([400, 120, 400, 120])).shown.length, 2);
  });

  it('never speaks again once silenced', async () => {
    assert.equal((await play([400, 120, 40, 400, 0], { answer: 'Don\'t Show Again' })).shown.length, 1);
  });

  it('has nothing to say in practice mode or without a cap', async () => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
    const notices = new ThresholdNotices(fake.editor, fakeMemory(fake.globalState));
    for (const snapshot of [withBalance(400_000_000), practiceSnapshot({ balance: withBalance(0).balance }), untrackedSnapshot(), undefined]) await notices.see(snapshot, taste, true);
    assert.equal(fake.shown.length, 0);
  });

  it('takes a workspace without permission, a rejected key, a question, a debt or a used-up budget for no lack of credits', async () => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
    const notices = new ThresholdNotices(fake.editor, fakeMemory(fake.globalState));
    const nobody = { everywhere: false, workspaceIds: [], deniedWorkspaceIds: [] };
    for (const change of [{}, { consent: nobody, nextDraw: 'none' }, { key: { state: 'rejected' } }, { questions: [questionFixture()] }, { budgets: [budgetFixture(100)] }, { balance: { ...withBalance(400_000_000).balance, owedMicroCredits: 5 } }] as const) await notices.see(withBalance(400_000_000, change), taste, true);
    assert.equal(fake.shown.length, 0);
  });

  it('crosses only downwards', () => {
    const levels: (BalanceLevel | undefined)[] = [undefined, 'ok', 'low', 'critical', 'blocked'];
    for (const [from, before] of levels.entries()) {
      for (const [to, now] of levels.entries()) assert.equal(crossedTo(before, now), from > 0 && to > from ? now : undefined);
    }
  });
});

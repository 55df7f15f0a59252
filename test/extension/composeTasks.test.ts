// Which way a task of the editor goes is decided by who pays: the plan of a ChatGPT sign-in only where no key can be used.
import assert from 'node:assert/strict';
import { composeTasks, type TasksParts } from '../../src/extension/composeTasks.ts';
import { readSettings } from '../../src/extension/settings.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import { manualSchedule } from './manualSchedule.ts';
import { practiceSnapshot, snapshotFixture } from './snapshotFixture.ts';

const plans = [{ account: 'ChatGPT 3fa9', observedAtMs: 1 }];

describe('the way of a task', () => {
  /** What the gate and the person are told when a task is started. */
  const started = async (snapshot: Snapshot | undefined) => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: '/w' });
    const gates: boolean[] = [];
    const parts: TasksParts = {
      editor: fake.editor, log: fake.log, schedule: manualSchedule(), memory: fake.context.workspaceState, env: {}, platform: process.platform, stopping: new AbortController().signal,
      call: (async () => ({ rows: [] })) as never, workspace: { folder: '/w', forget: () => undefined, token: async () => ({ token: 't', workspaceId: 'w', baseUrl: '', codexBaseUrl: '' }) },
      practice: () => false, settings: () => readSettings(fake.editor.workspace), findProgram: () => Promise.reject(new Error('not reached')),
      passGate: async (planMayPay) => { gates.push(planMayPay); return true; }, snapshot: () => snapshot, isConnected: () => true, changed: () => undefined,
    };
    const tasks = composeTasks(parts);
    await tasks.run();
    tasks.dispose();
    return { gates, isPlan: /your ChatGPT plan pays/.test(fake.shown.find(({ kind }) => kind === 'input')?.message ?? '') };
  };

  it('is the plan where no key can be used', async () => {
    assert.deepEqual(await started(snapshotFixture({ key: { state: 'missing' }, plans })), { gates: [true], isPlan: true });
  });

  it('is the key everywhere else', async () => {
    for (const snapshot of [snapshotFixture({ plans }), snapshotFixture({ key: { state: 'missing' } }), practiceSnapshot({ plans }), undefined]) assert.deepEqual(await started(snapshot), { gates: [false], isPlan: false });
  });
});

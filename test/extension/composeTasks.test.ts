// Which way a task of the editor goes is decided by who pays: the plan of a ChatGPT sign-in only where no key can be used.
import assert from 'node:assert/strict';
import { composeTasks, type TasksParts } from '../../src/extension/composeTasks.ts';
import { readSettings } from '../../src/extension/settings.ts';
import { waitingMemory } from '../../src/extension/waitingTasks.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import { manualSchedule } from './manualSchedule.ts';
import { practiceSnapshot, snapshotFixture } from './snapshotFixture.ts';

const plans = [{ account: 'ChatGPT 3fa9', observedAtMs: 1 }];

describe('the way of a task', () => {
  /** What the gate and the person are told when a task is started. */
  const started = async (snapshot: Snapshot | undefined, prepare: (memory: TasksParts['memory']) => Thenable<void> = async () => undefined) => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: '/w' });
    const gates: boolean[] = [];
    const parts: TasksParts = {
      editor: fake.editor, log: fake.log, schedule: manualSchedule(), memory: fake.context.workspaceState, env: {}, platform: process.platform, stopping: new AbortController().signal,
      call: (async () => ({ rows: [] })) as never, workspace: { folder: '/w', forget: () => undefined, token: async () => ({ token: 't', workspaceId: 'w', baseUrl: '', codexBaseUrl: '' }) },
      practice: () => false, settings: () => readSettings(fake.editor.workspace), findProgram: () => Promise.reject(new Error('not reached')),
      passGate: async (planMayPay) => { gates.push(planMayPay); return true; }, snapshot: () => snapshot, isConnected: () => true, changed: () => undefined,
    };
    await prepare(parts.memory);
    const tasks = composeTasks(parts);
    await tasks.run();
    tasks.dispose();
    return { fake, gates, isPlan: /your ChatGPT plan pays/.test(fake.shown.find(({ kind }) => kind === 'input')?.message ?? '') };
  };

  it('is the plan where no key can be used', async () => {
    const { gates, isPlan } = await started(snapshotFixture({ key: { state: 'missing' }, plans }));
    assert.deepEqual({ gates, isPlan }, { gates: [true], isPlan: true });
  });

  it('is asked for where a window closed during the run of a task that went on', async () => {
    const { fake } = await started(undefined, (memory) => memory.update(waitingMemory, [{ threadId: 't1', title: 'Add a greeting', atMs: 0, continuedTimes: 1, begunAtMs: 1 }]));
    assert.deepEqual(fake.shown.filter(({ kind }) => kind === 'warning').map(({ message }) => message), ['The Codex task "Add a greeting" was interrupted before it ended. It goes on only if you say so.']);
  });

  it('is the key everywhere else', async () => {
    for (const snapshot of [snapshotFixture({ plans }), snapshotFixture({ key: { state: 'missing' } }), practiceSnapshot({ plans }), undefined]) {
      const { gates, isPlan } = await started(snapshot);
      assert.deepEqual({ gates, isPlan }, { gates: [false], isPlan: false });
    }
  });
});

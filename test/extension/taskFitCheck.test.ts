// The look ahead before a task: it warns where tasks of the workspace usually cost more than is left, leaves it to the
// person, and never stands in the way where nothing can be told.
import assert from 'node:assert/strict';
import { passFit, type FitParts } from '../../src/extension/taskFitCheck.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import { manualSchedule } from './manualSchedule.ts';
import { budgetFixture, untrackedSnapshot, withBalance } from './snapshotFixture.ts';

describe('the look ahead before a task', () => {
  /** Former tasks of 12 credits each, so many of them on each day back. */
  const check = async (snapshot: Snapshot | undefined, change: { readonly perDay?: number; readonly answer?: string; readonly fails?: boolean } = {}) => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
    fake.answers.push(change.answer);
    const asked: unknown[] = [];
    const call = async (method: string, args: unknown) => {
      asked.push([method, args]);
      if (change.fails) throw new Error('gone');
      return { rows: Array.from({ length: change.perDay ?? 2 }, (_, index) => ({ key: `t${asked.length}-${index}`, costMicroCredits: 12_000_000, inputTokens: 90_000, outputTokens: 10_000 })) };
    };
    const parts: FitParts = {
      editor: fake.editor, log: fake.log, schedule: manualSchedule(), call: call as unknown as FitParts['call'], snapshot: () => snapshot,
      workspace: { token: async () => ({ token: 't', workspaceId: 'w', baseUrl: '', codexBaseUrl: '' }) },
    };
    const passed = await passFit(parts);
    return { may: passed !== undefined, estimate: passed?.estimate, shown: fake.shown, executed: fake.executed.map(({ command }) => command), asked, logLines: fake.logLines };
  };

  it('lets a task start that fits', async () => {
    const { may, shown, asked } = await check(withBalance(100_000_000));
    assert.deepEqual([may, shown.length], [true, 0]);
    assert.equal(asked.length, 6, 'until there are a dozen tasks');
    assert.equal((await check(withBalance(100_000_000), { perDay: 0 })).asked.length, 7);
  });

  it('tells what tasks here usually come to, and what is left for that', async () => {
    assert.equal((await check(withBalance(100_000_000))).estimate, 'Tasks here usually take 100.0 k to 100.0 k tokens and 12.00 to 12.00 credits; 100.00 are left.');
    assert.equal((await check(untrackedSnapshot())).estimate, 'Tasks here usually take 100.0 k to 100.0 k tokens and 12.00 to 12.00 credits.');
    assert.equal((await check({ ...untrackedSnapshot(), key: { state: 'missing' }, plans: [{ account: 'ChatGPT 3fa9', observedAtMs: 1 }] })).estimate, 'Tasks here usually take 100.0 k to 100.0 k tokens.');
    assert.equal((await check(withBalance(100_000_000), { perDay: 0 })).estimate, undefined, 'too little is known');
  });

  it('warns where credits are too few, and leaves it to the person', async () => {
    const stopped = await check(withBalance(5_000_000));
    assert.equal(stopped.may, false);
    assert.deepEqual([stopped.shown[0]?.modal, stopped.shown[0]?.buttons], [true, ['Run Anyway', 'Top Up']]);
    assert.equal(stopped.shown[0]?.detail, 'Three of four tasks in this workspace cost up to 12.00 credits, and 5.00 credits are left. When that is used up the task stops where it is; what it did until then stays.');
    assert.equal((await check(withBalance(5_000_000), { answer: 'Run Anyway' })).may, true);
    const topped = await check(withBalance(5_000_000), { answer: 'Top Up' });
    assert.deepEqual([topped.may, topped.executed], [false, ['codexBroker.topUp']]);
  });

  it('warns of hard budgets over everything, of the workspace and per task, and of no others', async () => {
    const detail = async (...budgets: ReturnType<typeof budgetFixture>[]) => (await check({ ...withBalance(100_000_000), budgets })).shown[0]?.detail ?? '';
    assert.match(await detail(budgetFixture(95)), /cost up to 12\.00 credits, and the budget of 100\.00 credits per week has 5\.00 credits left\. /);
    assert.match(await detail(budgetFixture(0, { per: 'task', period: 'life', unit: 'tokens', limit: 50_000 })), /cost up to 100\.0 k tokens, and the budget of .+ lets a task have 50\.0 k tokens\. /);
    assert.match(await detail(budgetFixture(95, { per: 'workspace' }, { key: 'w' })), /has 5\.00 credits left/);
    assert.match(await detail({ ...budgetFixture(35, { pace: 'even' }), today: { allowed: 40_000_000 } }), /has 5\.00 credits left/);
    for (const other of [budgetFixture(95, { mode: 'soft' }), budgetFixture(95, { per: 'workspace' }, { key: 'another' }), budgetFixture(95, { per: 'workspace', of: 'another' }, { key: 'another' }), budgetFixture(95, { per: 'model' }, { key: 'gpt-5.5' })]) assert.equal(await detail(other), '');
  });

  it('knows no credits where the plan of a ChatGPT sign-in pays, and budgets of tokens all the same', async () => {
    const planned = { ...withBalance(1), key: { state: 'missing' }, plans: [{ account: 'ChatGPT 3fa9', observedAtMs: 1 }] } as const;
    assert.deepEqual([(await check(planned)).may, (await check({ ...planned, budgets: [budgetFixture(99)] })).shown], [true, []]);
    assert.match((await check({ ...planned, budgets: [budgetFixture(0, { unit: 'tokens', limit: 50_000 })] })).shown[0]?.detail ?? '', /cost up to 100\.0 k tokens/);
    assert.equal((await check({ ...planned, key: { state: 'present' } })).may, false, 'with a key too, the key pays');
  });

  it('stands in nobody\'s way where nothing can be told', async () => {
    assert.equal((await check(undefined)).may, true);
    assert.deepEqual([(await check(untrackedSnapshot())).may, (await check(untrackedSnapshot())).shown], [true, []]);
    const failed = await check(withBalance(1), { fails: true });
    assert.deepEqual([failed.may, failed.shown.length], [true, 0]);
    assert.match(failed.logLines.join(), /Former tasks could not be looked up: gone/);
    assert.equal((await check(withBalance(1), { perDay: 0 })).may, true, 'no former task');
  });
});

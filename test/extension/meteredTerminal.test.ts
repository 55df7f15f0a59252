// The metered terminal as one of the kinds in VS Code's list: the same terminal as the command's, behind the same gate.
import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { connectWaitMsMax, meteredProfile, openMeteredTerminal, type TerminalParts } from '../../src/extension/meteredTerminal.ts';
import { fakeEditor, type FakeEditor } from '../support/fakeEditor.ts';
import { manualSchedule, settle, type ManualSchedule } from './manualSchedule.ts';

describe('metered terminal profile', () => {
  let fake: FakeEditor;
  let parts: TerminalParts;
  let schedule: ManualSchedule;
  beforeEach(() => {
    schedule = manualSchedule();
    fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: '/w' });
    parts = {
      editor: fake.editor, log: fake.log, env: { PATH: '/bin' }, platform: 'linux', practice: () => false, dataDir: () => '/data', prepareShims: async () => '/shims', passGate: async () => true,
      asksAside: () => false, isConnecting: () => false, schedule,
      workspace: { folder: '/w', path: '/w', token: async () => ({ token: 'tok', workspaceId: 'ws_1', baseUrl: 'http://127.0.0.1:1/v1', codexBaseUrl: '' }) },
    };
  });
  const provided = async () => (await meteredProfile(parts).provideTerminalProfile(undefined as never)) as vscode.TerminalProfile;

  it('gives the terminal that the command opens, in the folder that VS Code has for it', async () => {
    await openMeteredTerminal(parts);
    assert.equal(fake.terminals[0]?.cwd, '/w');
    const { options } = await provided();
    assert.ok(!('cwd' in options));
    assert.deepEqual({ ...options, cwd: '/w' }, fake.terminals[0]);
    assert.equal(fake.terminals[0]?.env?.['PATH'], '/shims:/bin');
    assert.equal(fake.terminals[0]?.name, 'Codex (metered)');
  });

  it('waits while the window still connects to the broker, but not for ever', async () => {
    let isConnecting = true;
    let asked = 0;
    parts = { ...parts, isConnecting: () => isConnecting, passGate: async () => { asked += 1; return true; } };
    const first = provided();
    await schedule.advance(3_000);
    assert.equal(asked, 0);
    isConnecting = false;
    await schedule.advance(200);
    assert.equal(asked, 1);
    await first;
    isConnecting = true;
    const second = provided();
    await schedule.advance(connectWaitMsMax + 200);
    assert.equal(asked, 2);
    await second;
    assert.deepEqual(schedule.waiting(), []);
  });

  it('does not wait for the answer to a message; who goes on then gets the terminal', async () => {
    let answer = (_isYes: boolean) => undefined as void;
    parts = { ...parts, asksAside: () => true, passGate: async () => new Promise((resolve) => { answer = resolve; }) };
    await assert.rejects(provided(), /^Error: No metered terminal was opened\.$/);
    assert.equal(fake.terminals.length, 0);
    answer(true);
    await settle();
    assert.deepEqual(fake.terminals.map(({ name }) => name), ['Codex (metered)']);
  });

  it('opens none where the gate is shut or something fails, and shows no secret', async () => {
    await assert.rejects(meteredProfile({ ...parts, passGate: async () => false }).provideTerminalProfile(undefined as never) as Promise<unknown>, /^Error: No metered terminal was opened\.$/);
    parts = { ...parts, prepareShims: async () => { throw new Error('disk full tok'); } };
    await assert.rejects(provided(), /^Error: No metered terminal was opened\.$/);
    assert.match(fake.shown.at(-1)?.message ?? '', /^Opening the metered terminal failed/);
  });
});

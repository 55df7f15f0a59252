// The metered terminal as one of the kinds in VS Code's list: the same terminal as the command's, behind the same gate.
import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { meteredProfile, openMeteredTerminal, type TerminalParts } from '../../src/extension/meteredTerminal.ts';
import { fakeEditor, type FakeEditor } from '../support/fakeEditor.ts';

describe('metered terminal profile', () => {
  let fake: FakeEditor;
  let parts: TerminalParts;
  beforeEach(() => {
    fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: '/w' });
    parts = {
      editor: fake.editor, log: fake.log, env: { PATH: '/bin' }, platform: 'linux', practice: () => false, dataDir: () => '/data', prepareShims: async () => '/shims', passGate: async () => true,
      workspace: { folder: '/w', path: '/w', token: async () => ({ token: 'tok', workspaceId: 'ws_1', baseUrl: 'http://127.0.0.1:1/v1', codexBaseUrl: '' }) },
    };
  });
  const provided = async () => (await meteredProfile(parts).provideTerminalProfile(undefined as never)) as vscode.TerminalProfile;

  it('gives the terminal that the command opens, in the folder that VS Code was told', async () => {
    await openMeteredTerminal(parts);
    assert.deepEqual({ ...(await provided()).options, cwd: '/w' }, fake.terminals[0]);
    assert.ok(!('cwd' in (await provided()).options));
    assert.equal(fake.terminals[0]?.env?.['PATH'], '/shims:/bin');
    assert.equal(fake.terminals[0]?.name, 'Codex (metered)');
  });

  it('opens none where the gate is shut or something fails, and shows no secret', async () => {
    await assert.rejects(meteredProfile({ ...parts, passGate: async () => false }).provideTerminalProfile(undefined as never) as Promise<unknown>, /^Error: No metered terminal was opened\.$/);
    parts = { ...parts, prepareShims: async () => { throw new Error('disk full tok'); } };
    await assert.rejects(provided(), /^Error: No metered terminal was opened\.$/);
    assert.match(fake.shown.at(-1)?.message ?? '', /^Opening the metered terminal failed/);
  });
});

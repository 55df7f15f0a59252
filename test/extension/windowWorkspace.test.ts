// Which workspace a window stands for: learned once for a connection, and never from an answer that came too late.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WindowWorkspace } from '../../src/extension/windowWorkspace.ts';
import type { BrokerCall } from '../../src/extension/liveSocket.ts';
import { german, spokenIn } from '../support/language/spokenIn.ts';
import { settle } from './manualSchedule.ts';

interface Asked { readonly path: string; readonly end: (id?: string) => void }

function scene() {
  const asked: Asked[] = [];
  let folder = '/one';
  const call = ((_method: string, { workspacePath }: { readonly workspacePath: string }) => new Promise((resolve, reject) => {
    asked.push({ path: workspacePath, end: (id) => (id === undefined ? reject(new Error('gone')) : resolve({ workspaceId: id, token: 't', baseUrl: 'b' })) });
  })) as unknown as BrokerCall;
  const editor = { name: undefined, get workspaceFolders() { return [{ uri: { scheme: 'file', fsPath: folder } }]; } };
  return { asked, workspace: new WindowWorkspace(editor as never, '/storage', call), move: (to: string) => { folder = to; } };
}

describe('the window\'s workspace', () => {
  it('is asked for once', async () => {
    const { asked, workspace } = scene();
    const both = Promise.all([workspace.token(), workspace.token()]);
    asked[0]?.end('ws_1');
    await both;
    assert.deepEqual([asked.length, workspace.id], [1, 'ws_1']);
    workspace.forgetToken();
    assert.equal(workspace.id, 'ws_1', 'a lost connection changes nothing of who the window is');
  });

  it('has one name at the broker whatever language its window speaks', async () => {
    const asked: string[] = [];
    const call = ((_method: string, { label }: { readonly label: string }) => {
      asked.push(label);
      return Promise.resolve({ workspaceId: 'ws_1', token: 't', baseUrl: 'b' });
    }) as unknown as BrokerCall;
    await spokenIn(german, async () => {
      const workspace = new WindowWorkspace({ name: undefined, workspaceFolders: undefined }, mkdtempSync(join(tmpdir(), 'no-folder-')), call);
      await workspace.token();
      assert.deepEqual([workspace.label, asked], ['Kein Ordner', ['No folder']]);
    });
  });

  it('is not the one of before when its answer comes late', async () => {
    const { asked, workspace, move } = scene();
    const old = workspace.token();
    move('/two');
    workspace.forget();
    const now = workspace.token();
    asked[0]?.end('ws_1');
    await old;
    assert.equal(workspace.id, undefined);
    asked[1]?.end('ws_2');
    await now;
    assert.deepEqual([workspace.id, asked.map(({ path }) => path)], ['ws_2', ['/one', '/two']]);
  });

  it('is asked for again after a failure, and a late failure forgets nothing newer', async () => {
    const { asked, workspace } = scene();
    const old = workspace.token().catch(() => 'failed');
    workspace.forget();
    const now = workspace.token();
    asked[0]?.end();
    assert.equal(await old, 'failed');
    await settle();
    assert.equal(workspace.token(), now);
    asked[1]?.end('ws_1');
    await now;
    assert.equal(workspace.id, 'ws_1');
  });
});

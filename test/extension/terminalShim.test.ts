// The shim in the window's terminals follows the person's setting, the seat and trust, leaves nothing behind
// when it is turned off, and touches the terminals only when something really changed.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { composeExtension } from '../../src/extension/compose.ts';
import { TerminalShim } from '../../src/extension/terminalShim.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import { eventually, realSchedule } from './manualSchedule.ts';

describe('codex in the terminals of the window', () => {
  const world = () => {
    const changes: string[] = [];
    const state = { wanted: true, dataDir: '/data', prepare: async () => '/bin of shims' };
    const shim = new TerminalShim({
      wanted: () => state.wanted, dataDir: () => state.dataDir, workspacePath: () => '/work', prepareShims: () => state.prepare(),
      collection: {
        description: undefined, clear: () => { changes.push('clear'); },
        prepend: (name, value, options) => { changes.push(`${name} < ${value} ${JSON.stringify(options)}`); }, replace: (name, value) => { changes.push(`${name} = ${value}`); },
      },
    });
    return { changes, state, shim };
  };
  const on = [`PATH < /bin of shims${delimiter} {"applyAtProcessCreation":true,"applyAtShellIntegration":true}`, 'CODEX_BROKER_DATA = /data', 'CODEX_BROKER_WORKSPACE = /work'];

  it('gets the shims\' folder first on the path, and changes only when something changed', async () => {
    const { changes, state, shim } = world();
    await shim.apply();
    await shim.apply();
    assert.deepEqual(changes, on);
    state.dataDir = '/data/practice';
    await shim.apply();
    assert.deepEqual(changes.slice(3), [on[0], 'CODEX_BROKER_DATA = /data/practice', on[2]]);
  });

  it('is cleared when it is not wanted, also what an earlier window left', async () => {
    const { changes, state, shim } = world();
    state.wanted = false;
    await shim.apply();
    assert.deepEqual(changes, ['clear']);
    state.wanted = true;
    await shim.apply();
    state.wanted = false;
    await shim.apply();
    assert.deepEqual(changes, ['clear', ...on, 'clear']);
  });

  it('stays off when it was turned off while the shims were written', async () => {
    const { changes, state, shim } = world();
    let finish: (folder: string) => void = () => undefined;
    state.prepare = () => new Promise((resolve) => { finish = resolve; });
    const slow = shim.apply();
    state.wanted = false;
    await shim.apply();
    finish('/bin of shims');
    await slow;
    assert.deepEqual(changes, ['clear']);
  });

  it('changes nothing when the shims cannot be written', async () => {
    const { changes, state, shim } = world();
    state.prepare = () => Promise.reject(new Error('disk full'));
    await assert.rejects(shim.apply(), /disk full/);
    assert.deepEqual(changes, []);
  });

  it('follows the setting of the whole extension, which is the person\'s own and waits for trust', async () => {
    const root = mkdtempSync(join(tmpdir(), 'terminal-shim-'));
    mkdirSync(join(root, 'ext', 'dist'), { recursive: true });
    for (const name of ['broker.mjs', 'ledger.mjs', 'sandbox.mjs']) writeFileSync(join(root, 'ext', 'dist', name), '');
    const fake = fakeEditor({ extensionDir: join(root, 'ext'), storageDir: join(root, 'storage'), folder: root });
    fake.configuration.user['codexBroker.dataDir'] = join(root, 'data');
    fake.configuration.workspace['codexBroker.routeTerminals'] = true;
    fake.configuration.user['codexBroker.routeTerminals'] = true;
    fake.trusted = false;
    let tokens = 0;
    const running = composeExtension(fake.editor, fake.context, {
      schedule: realSchedule, env: { HOME: root }, platform: process.platform, execPath: '/no/such/program', utcOffsetMs: () => 0, newToken: () => `token${(tokens += 1)}`,
      request: () => Promise.reject(new Error('no broker')), openLive: () => Promise.reject(new Error('no broker')),
    });
    try {
      fake.terminalVariables.set('PATH', 'left by an earlier window');
      await eventually('it waits for trust, and what was left is cleared', () => fake.terminalVariables.size === 0);
      fake.trusted = true;
      fake.fire('trust');
      const binDir = join(root, 'storage', 'bin');
      await eventually('terminals get the shims', () => fake.terminalVariables.get('PATH') === `prepend ${binDir}${delimiter}`);
      assert.deepEqual([fake.terminalVariables.get('CODEX_BROKER_DATA'), fake.terminalVariables.get('CODEX_BROKER_WORKSPACE')], [`replace ${join(root, 'data')}`, `replace ${root}`]);
      assert.ok(statSync(join(binDir, process.platform === 'win32' ? 'codex.cmd' : 'codex')).isFile());
      fake.configuration.user['codexBroker.routeTerminals'] = false;
      fake.fire('configuration');
      await eventually('they are given back, whatever the workspace says', () => fake.terminalVariables.size === 0);
    } finally {
      running.stop();
      for (const each of fake.context.subscriptions) each.dispose();
      rmSync(root, { recursive: true, force: true });
    }
  });
});

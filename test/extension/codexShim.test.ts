// The scripts of a metered terminal, run by a real shell: what they call, with hostile folder
// names and arguments, and that no token is written to disk.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { posixShims, windowsShims, writeShims, type ShimPlaces } from '../../src/extension/codexShim.ts';
import { openMeteredTerminal, terminalEnvironment } from '../../src/extension/meteredTerminal.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import { realSchedule } from './manualSchedule.ts';

const tell = 'console.log(JSON.stringify({ args: process.argv.slice(2), asNode: process.env.ELECTRON_RUN_AS_NODE, data: process.env.CODEX_BROKER_DATA }));';

describe('metered terminal', function slowMachine() {
  this.timeout(30_000);
  let root = '';
  let places: ShimPlaces;
  beforeEach(() => {
    root = join(mkdtempSync(join(tmpdir(), 'shim-')), 'it\'s a "$(touch evil)" folder');
    mkdirSync(root);
    writeFileSync(join(root, 'broker.mjs'), tell);
    places = { binDir: join(root, 'bin'), execPath: process.execPath, brokerScript: join(root, 'broker.mjs'), dataDir: join(root, 'data'), codexPath: '' };
  });
  afterEach(() => rmSync(join(root, '..'), { recursive: true, force: true }));
  const call = (name: string, args: readonly string[], env: Record<string, string> = {}) =>
    JSON.parse(execFileSync(join(places.binDir, name), args, { env: { PATH: '/usr/bin:/bin', ...env }, cwd: root, encoding: 'utf8' })) as { args: string[]; asNode: string; data?: string };

  it('passes every argument to the broker untouched and hides its own folder', async () => {
    await writeShims(places, 'linux', () => 'n');
    const args = ['exec', 'say "hi"; rm -rf $HOME', '', '*', '--', '-x', 'line\nbreak'];
    assert.deepEqual(call('codex', args), { args: ['run', '--data', places.dataDir, '--workspace', root, '--hide-path', places.binDir, '--', 'codex', ...args], asNode: '1' });
    const terminal = call('codex', [], { CODEX_BROKER_DATA: '/practice', CODEX_BROKER_WORKSPACE: '/my work' });
    assert.deepEqual(terminal.args.slice(0, 5), ['run', '--data', '/practice', '--workspace', '/my work']);
    assert.deepEqual(call('codex-broker', ['status', '--json']), { args: ['status', '--json'], asNode: '1', data: places.dataDir });
    assert.deepEqual(readdirSync(root).sort(), ['bin', 'broker.mjs']);
    assert.deepEqual(readdirSync(places.binDir).sort(), ['codex', 'codex-broker']);
    assert.equal(statSync(join(places.binDir, 'codex')).mode & 0o777, 0o700);
  });

  it('runs the program of the setting, and follows a changed setting', async () => {
    await writeShims(places, 'linux', () => 'n');
    const { ino } = statSync(join(places.binDir, 'codex'));
    await writeShims(places, 'linux', () => 'n');
    assert.equal(statSync(join(places.binDir, 'codex')).ino, ino, 'what is right already stays');
    await writeShims({ ...places, codexPath: '/opt/my codex/codex' }, 'linux', () => 'n');
    assert.equal(call('codex', []).args.at(-1), '/opt/my codex/codex');
  });

  it('writes batch files for Windows, with percent signs kept from becoming variables', () => {
    const shims = windowsShims({ ...places, binDir: 'C:\\100%\\bin', execPath: 'C:\\VS Code\\Code.exe', brokerScript: 'C:\\b\\broker.mjs', dataDir: 'C:\\d' });
    assert.deepEqual(Object.keys(shims), ['codex.cmd', 'codex-broker.cmd']);
    assert.match(shims['codex.cmd'] ?? '', /"C:\\VS Code\\Code\.exe" "C:\\b\\broker\.mjs" run --data "%CODEX_BROKER_DATA%" --workspace "%CODEX_BROKER_WORKSPACE%" --hide-path "C:\\100%%\\bin" -- codex %\*\r\n/);
    for (const text of Object.values(shims)) assert.ok(text.startsWith('@echo off\r\n') && text.includes('ELECTRON_RUN_AS_NODE=1'));
  });

  it('puts the shims first and gives SDKs their address and token', async () => {
    const env = terminalEnvironment({ env: { PATH: '/bin', NO_PROXY: 'a' }, platform: 'linux', binDir: '/b', baseUrl: 'http://127.0.0.1:1/v1', token: 'tok', dataDir: '/d', workspacePath: '/w' });
    assert.deepEqual(env, { PATH: '/b:/bin', OPENAI_BASE_URL: 'http://127.0.0.1:1/v1', OPENAI_API_KEY: 'tok', CODEX_BROKER_DATA: '/d', CODEX_BROKER_WORKSPACE: '/w', NO_PROXY: 'a,127.0.0.1,localhost', no_proxy: 'a,127.0.0.1,localhost' });
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: '/w' });
    const parts = {
      editor: fake.editor, log: fake.log, env: { PATH: '/bin' }, platform: 'linux', practice: () => true, dataDir: () => '/d', prepareShims: async () => '/b', asksAside: () => false, isConnecting: () => false, schedule: realSchedule,
      workspace: { folder: '/w', path: '/w', token: async () => ({ token: 'tok-secret', workspaceId: 'w', baseUrl: 'http://127.0.0.1:1/v1', codexBaseUrl: '' }) },
    };
    await openMeteredTerminal({ ...parts, passGate: async () => false });
    assert.equal(fake.terminals.length, 0, 'the gate comes first');
    await openMeteredTerminal({ ...parts, passGate: async () => true });
    assert.equal(fake.terminals[0]?.name, 'Codex (practice)');
    assert.equal(fake.terminals[0]?.cwd, '/w');
    assert.ok(!Object.values(posixShims(places)).join('').includes('tok-secret'));
    assert.ok(!fake.logLines.join('').includes('tok-secret'));
  });

  it('leaves no half-written script behind', async () => {
    await Promise.all(Array.from({ length: 6 }, (_, index) => writeShims({ ...places, codexPath: `/c${index}` }, 'linux', () => `n${index}`)));
    assert.deepEqual(readdirSync(places.binDir).sort(), ['codex', 'codex-broker']);
    assert.match(readFileSync(join(places.binDir, 'codex'), 'utf8'), /-- '\/c\d' "\$@"\n$/);
  });
});

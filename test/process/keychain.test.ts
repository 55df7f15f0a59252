// The API key in a real system keychain (gnome-keyring behind a D-Bus of its own): stored by one
// broker, found by the next, forgotten on request. Nothing of the user's own keyring is touched.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brokerProgram, controlTokenOf, plainEnvironment } from '../support/process/brokerProgram.ts';
import { filesIn } from '../support/process/filesIn.ts';
import type { AuditResult } from '../../src/protocol/control.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';

const secretKey = 'sk-keychain-canary-0123456789';

/** One session: an unlocked keyring with an empty password, and a broker in it. Unlocking reads one line, the empty password. */
const session = `printf '\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
exec "$@"`;

describe('the key in the system keychain', function () {
  // Each of them starts several sessions with a keyring of its own.
  this.timeout(120_000);
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'codex-broker-keychain-'));
    for (const name of ['run', 'data', 'cache', 'broker']) mkdirSync(path.join(folder, name), { mode: 0o700 });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const environment = () => plainEnvironment({ HOME: folder, XDG_RUNTIME_DIR: path.join(folder, 'run'), XDG_DATA_HOME: path.join(folder, 'data'), XDG_CACHE_HOME: path.join(folder, 'cache') });

  /** Runs one command in a session of its own. */
  async function inSession(...args: string[]): Promise<{ readonly code: number | null; readonly found: AuditResult }> {
    const child = spawn('dbus-run-session', ['--', 'bash', '-c', session, 'session', process.execPath, brokerProgram, ...args], { env: environment(), stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
    const code = await new Promise<number | null>((resolve) => { child.once('close', resolve); });
    return { code, found: JSON.parse(out) as AuditResult };
  }

  async function withBroker<T>(use: (call: (method: string, args: object) => Promise<unknown>) => Promise<T>): Promise<T> {
    const dataDir = path.join(folder, 'broker');
    const child = spawn('dbus-run-session', ['--', 'bash', '-c', session, 'session', process.execPath, brokerProgram, 'serve', '--data', dataDir], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const ready = await new Promise<{ url: string; pid: number }>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString('utf8'); });
      child.stdout.on('data', (chunk: Buffer) => {
        const line = chunk.toString('utf8').split('\n').find((one) => one.startsWith('{"event":"ready"'));
        if (line) resolve(JSON.parse(line) as { url: string; pid: number });
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`the session ended with ${code}: ${said}`)));
    });
    try {
      return await use(async (method, args) => {
        const answer = await fetch(`${ready.url}/broker/v1/${method}`, { method: 'POST', body: JSON.stringify(args), headers: { authorization: `Bearer ${controlTokenOf(dataDir)}` } });
        return answer.json();
      });
    } finally {
      process.kill(ready.pid, 'SIGTERM');
      await new Promise((resolve) => { child.once('close', resolve); });
    }
  }

  it('is stored by one broker and found by the next', async () => {
    const stored = await withBroker(async (call) => {
      assert.equal((await call('status', {}) as Snapshot).key.state, 'missing');
      return call('setApiKey', { apiKey: secretKey });
    });
    assert.deepEqual(stored, { stored: true });
    const found = await withBroker((call) => call('status', {}));
    assert.deepEqual((found as Snapshot).key, { state: 'present', source: 'keychain' });
  });

  it('has the note of where the ledger stood, by which the audit tells an older copy without its file', async () => {
    const dataDir = path.join(folder, 'broker');
    const audit = (...more: string[]) => inSession('audit', '--data', dataDir, '--json', ...more);
    const grow = (key: string) => withBroker((call) => call('creditsAdd', { amountMicroCredits: 5_000_000, kind: 'promotional', key, consent: { scope: 'ask' } }));
    await grow('k1');
    const older = readFileSync(path.join(dataDir, 'ledger.db'));
    await grow('k2');
    const sound = await audit();
    assert.deepEqual([sound.code, sound.found.anchors, sound.found.violations], [0, { file: 'noted', keychain: 'noted' }, []]);
    writeFileSync(path.join(dataDir, 'ledger.db'), older);
    for (const name of ['ledger.anchor', 'ledger.db-wal']) rmSync(path.join(dataDir, name), { force: true });
    const told = await audit();
    assert.deepEqual([told.code, told.found.anchors, told.found.violations.map((one) => one.invariant)], [2, { file: 'nothing', keychain: 'noted' }, ['I9']]);
    // Without the keychain nothing is left to tell by, and that is said.
    const blind = await audit('--no-keychain');
    assert.deepEqual([blind.code, blind.found.anchors], [0, { file: 'nothing', keychain: 'not-asked' }]);
    assert.equal((await inSession('restore', '--accept', '--data', dataDir, '--json')).code, 0);
    assert.deepEqual((await audit()).found.anchors, { file: 'noted', keychain: 'noted' });
  });

  it('is in no file of the data folder', () => {
    for (const [name, bytes] of filesIn(path.join(folder, 'broker'))) assert.ok(!bytes.includes(secretKey), `${name} holds the key`);
  });

  it('is forgotten on request, for the next broker too', async () => {
    assert.deepEqual(await withBroker((call) => call('forgetApiKey', {})), { forgotten: true });
    const after = await withBroker((call) => call('status', {}));
    assert.deepEqual((after as Snapshot).key, { state: 'missing' });
  });

  it('goes with a wipe of all data, and the mark of the ledger with it, so that a new ledger is believed', async () => {
    const dataDir = path.join(folder, 'broker');
    assert.deepEqual(await withBroker((call) => call('setApiKey', { apiKey: secretKey })), { stored: true });
    const wiped = await inSession('wipe', '--yes', '--json', '--data', dataDir);
    assert.deepEqual([wiped.code, (wiped.found as unknown as { isKeychainSilent: boolean }).isKeychainSilent], [0, false]);
    const after = await withBroker((call) => call('status', {})) as Snapshot;
    assert.deepEqual([after.key, after.problems, after.balance.tracked], [{ state: 'missing' }, [], false]);
  });

  it('without a keychain the key is used and said to be kept in memory only', async () => {
    // No D-Bus address at all: the library answers with an error, and nothing falls back to a file.
    const dataDir = path.join(folder, 'broker');
    const child = spawn(process.execPath, [brokerProgram, 'serve', '--data', dataDir], { env: plainEnvironment({ HOME: folder, XDG_RUNTIME_DIR: path.join(folder, 'nowhere') }), stdio: ['ignore', 'pipe', 'ignore'] });
    const line = await new Promise<string>((resolve) => { child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString('utf8'))); });
    const { url } = JSON.parse(line) as { url: string };
    const answer = await fetch(`${url}/broker/v1/setApiKey`, { method: 'POST', body: JSON.stringify({ apiKey: secretKey }), headers: { authorization: `Bearer ${controlTokenOf(dataDir)}` } });
    const result = await answer.json() as { stored: boolean; notice: string };
    assert.equal(result.stored, false);
    assert.match(result.notice, /kept until the broker ends/);
    child.kill('SIGTERM');
    await new Promise((resolve) => { child.once('close', resolve); });
  });
});

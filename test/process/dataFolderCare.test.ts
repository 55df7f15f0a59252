// The care that the real program takes of a data folder: practice apart from real credits, commands
// and a broker that want it at the same moment, and reading where nothing can be written.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { acquireLease } from '../../src/broker/store/lease.ts';
import { runBroker, startBroker } from '../support/process/brokerProgram.ts';
import type { CommandResult } from '../support/process/brokerProgram.ts';
import { makeFolder, openBench, removeFolder, until } from '../support/process/workbench.ts';

const jsonOf = <T>(result: CommandResult) => { assert.equal(result.code, 0, result.stderr); return JSON.parse(result.stdout) as T; };
interface Credits { readonly balanceMicroCredits: number; readonly grants: readonly unknown[] }

function assertRefused(result: CommandResult, code: number, problem: string): void {
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr, new RegExp(`^[A-Z][^\\n]+ \\(${problem}\\)\\n$`));
}

describe('practice mode', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => { folder = makeFolder('practice'); });
  afterEach(() => removeFolder(folder));

  it('has a folder of its own inside the default one, for every command that names it', async () => {
    const env = { CODEX_BROKER_DATA: path.join(folder, 'data') };
    await runBroker(['credits', 'add', '100'], { env });
    const practised = await runBroker(['serve', '--practice', '--idle-exit-ms', '1000'], { env });
    const ready = jsonOf<{ dataDir: string; mode: string }>(practised);
    assert.deepEqual([ready.dataDir, ready.mode], [path.join(folder, 'data/practice'), 'practice']);
    assert.equal(jsonOf<{ broker: { mode: string } }>(await runBroker(['status', '--practice', '--json'], { env })).broker.mode, 'practice');
    assert.equal(jsonOf<Credits>(await runBroker(['credits', 'add', '7', '--practice', '--json'], { env }).then(() => runBroker(['credits', 'list', '--practice', '--json'], { env }))).balanceMicroCredits, 7_000_000);
    assert.equal(jsonOf<Credits>(await runBroker(['credits', 'list', '--json'], { env })).balanceMicroCredits, 100_000_000);
  });

  it('takes no live ledger, and a live broker none of practice mode', async () => {
    const live = path.join(folder, 'live');
    const practice = path.join(folder, 'practice');
    assert.equal((await runBroker(['credits', 'add', '100', '--data', live])).code, 0);
    assertRefused(await runBroker(['serve', '--practice', '--idle-exit-ms', '1000', '--data', live]), 1, 'data_folder_unusable');
    assertRefused(await runBroker(['status', '--practice', '--data', live]), 1, 'data_folder_unusable');
    assert.equal((await runBroker(['serve', '--practice', '--idle-exit-ms', '1000', '--data', practice])).code, 0);
    assertRefused(await runBroker(['serve', '--no-keychain', '--idle-exit-ms', '1000', '--data', practice]), 1, 'data_folder_unusable');
    assert.equal((await runBroker(['credits', 'add', '5', '--data', practice])).code, 0, 'a command takes the folder as it is');
  });

  it('hands nothing secret on to its upstream', async function () {
    if (!existsSync('/proc/self/environ')) return console.log('    Environments of processes cannot be read here: the one of the simulated upstream is not looked at.');
    const broker = await startBroker({ dataDir: path.join(folder, 'data'), apiKey: false, args: ['--practice'], env: { OPENAI_API_KEY: 'sk-canary', NODE_OPTIONS: '--no-warnings', LANG: 'C' } });
    try {
      const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isChild(name, broker.pid));
      assert.equal(children.length, 1);
      const names = readFileSync(`/proc/${children[0]}/environ`, 'utf8').split('\0').map((one) => one.split('=')[0]);
      assert.deepEqual(['PATH', 'LANG', 'OPENAI_API_KEY', 'NODE_OPTIONS'].map((name) => names.includes(name)), [true, true, false, false]);
    } finally {
      await broker.stop();
    }
  });
});

function isChild(pid: string, parent: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nPPid:\t${parent}\n`);
  } catch {
    // It has ended since the list was made.
    return false;
  }
}

describe('a data folder that a program copies elsewhere', () => {
  it('is used, and whoever starts the broker is told', async () => {
    const folder = makeFolder('synchronised');
    try {
      const broker = await startBroker({ dataDir: path.join(folder, 'Dropbox', 'broker'), upstream: 'http://127.0.0.1:9' });
      await until(() => broker.complaint() !== '', 'the warning');
      assert.match(broker.complaint(), /lies in Dropbox, which may copy or exchange the ledger while it is in use\. Choose a folder on a local disk/);
      assert.equal(await broker.stop(), 0);
      const plain = await startBroker({ dataDir: path.join(folder, 'broker'), upstream: 'http://127.0.0.1:9' });
      assert.equal(await plain.stop(), 0);
      assert.equal(plain.complaint(), '');
    } finally {
      removeFolder(folder);
    }
  }).timeout(30_000);
});

describe('a data folder that several want at once', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => { folder = makeFolder('held'); });
  afterEach(() => removeFolder(folder));

  it('serves commands one after the other', async () => {
    const added = await Promise.all(Array.from({ length: 4 }, (_, index) => runBroker(['credits', 'add', '1', '--key', `k${index}`, '--data', path.join(folder, 'data')])));
    assert.deepEqual(added.map((one) => [one.code, one.stderr]), added.map(() => [0, '']));
    assert.equal(jsonOf<Credits>(await runBroker(['credits', 'list', '--json', '--data', path.join(folder, 'data')])).balanceMicroCredits, 4_000_000);
  });

  it('lets a broker start once a command is done with it', async () => {
    const dataDir = path.join(folder, 'data');
    await runBroker(['credits', 'add', '1', '--data', dataDir]);
    const lease = acquireLease(dataDir);
    assert.ok(lease);
    const starting = startBroker({ dataDir });
    const first = await Promise.race([starting.then(() => 'ready', () => 'refused'), new Promise((resolve) => { setTimeout(() => resolve('waiting'), 1500); })]);
    lease.release();
    const broker = await starting;
    await broker.stop();
    assert.equal(first, 'waiting');
  });
});

describe('reading a ledger where nothing can be written', function () {
  this.timeout(60_000);
  const isRoot = process.getuid?.() === 0;
  let folder: string;
  let dataDir: string;
  beforeEach(() => {
    folder = makeFolder('reading');
    dataDir = path.join(folder, 'data');
    mkdirSync(path.join(folder, 'tmp'));
  });
  const mount = (...args: string[]) => spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
  const unmount = () => spawnSync('umount', ['-l', dataDir], { stdio: 'ignore' });

  /** Takes the right to write away; root has it anyhow, except where the file system itself refuses. @returns whether that worked */
  function close(): boolean {
    if (isRoot) return process.platform === 'linux' && mount('--bind', dataDir, dataDir) && mount('-o', 'remount,ro,bind', dataDir);
    for (const name of readdirSync(dataDir)) chmodSync(path.join(dataDir, name), 0o400);
    chmodSync(dataDir, 0o500);
    return true;
  }
  afterEach(() => {
    if (isRoot) unmount();
    else if (existsSync(dataDir)) chmodSync(dataDir, 0o700);
    removeFolder(folder);
  });

  it('tells everything, what a killed broker left in its log included', async () => {
    const bench = await openBench({ serve: { dataDir } });
    const answer = await bench.ask();
    const id = String(answer.headers['x-request-id']);
    await bench.explain(answer);
    await bench.close();
    assert.ok(existsSync(path.join(dataDir, 'ledger.db-wal')));
    if (!close()) return console.log('    Nothing can be made read-only here: reading without the right to write is not tried.');
    const files = readdirSync(dataDir);
    const read = async <T>(...args: string[]) => jsonOf<T>(await runBroker([...args, '--json', '--data', dataDir], { env: { TMPDIR: path.join(folder, 'tmp') } }));
    assert.deepEqual((await read<{ violations: unknown[]; requests: number }>('audit', '--full')).requests, 1);
    const { balanceMicroCredits } = await read<Credits>('credits', 'list');
    assert.ok(balanceMicroCredits > 0 && balanceMicroCredits < 100_000_000);
    assert.equal((await read<{ balance: Credits }>('status')).balance.balanceMicroCredits, balanceMicroCredits);
    assert.equal((await read<{ rows: unknown[] }>('usage')).rows.length, 1);
    assert.equal((await read<{ id: string }>('explain', id)).id, id);
    assert.deepEqual([readdirSync(dataDir), readdirSync(path.join(folder, 'tmp'))], [files, []], 'nothing is left behind');
    const adding = await runBroker(['credits', 'add', '5', '--data', dataDir]);
    assertRefused(adding, 1, 'data_folder_unusable');
  });

  it('works on a full disk', async () => {
    mkdirSync(dataDir);
    if (!(isRoot && process.platform === 'linux' && mount('-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', dataDir))) return console.log('    Small file systems cannot be mounted here: the full disk is not tried.');
    await runBroker(['credits', 'add', '5', '--expires', '2099-01-01', '--data', dataDir]);
    for (const piece of [65_536, 4_096, 512, 1]) {
      try {
        for (;;) appendFileSync(path.join(dataDir, 'ballast'), Buffer.alloc(piece));
      } catch {
        // No piece of this size fits any more.
      }
    }
    assert.equal(jsonOf<Credits>(await runBroker(['credits', 'list', '--json', '--data', dataDir])).balanceMicroCredits, 5_000_000);
    assert.equal((await runBroker(['audit', '--data', dataDir])).code, 0);
    assert.equal((await runBroker(['status', '--data', dataDir])).code, 0);
  });
});

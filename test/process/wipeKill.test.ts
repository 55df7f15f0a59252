// SIGKILL of a wipe at each system call by which it changes the disk. Wherever it ends, the folder is as it was, or closed to every
// program until the wipe is repeated, or empty; no ledger and no backup is ever left that could be opened. Where programs cannot
// be traced, it is ended at random moments instead. And the lock's file, which a wipe takes away, keeps two programs apart all the same.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dataFolders } from '../../src/broker/dataInventory.ts';
import { prepareDataFolder } from '../../src/broker/dataFolder.ts';
import { acquireLease } from '../../src/broker/store/lease.ts';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { wipeFolders } from '../../src/broker/wipeFolders.ts';
import { ProblemError } from '../../src/domain/problem.ts';
import { grantCommand } from '../support/ledger/ledgerCommands.ts';
import { runOne } from '../support/ledger/tempLedger.ts';
import { manualClock } from '../support/manualClock.ts';
import { canTrace, countingCalls, diskCalls, killingAt } from '../support/process/systemCallKiller.ts';
import { makeFolder, removeFolder, sleep, until } from '../support/process/workbench.ts';

const program = path.resolve(import.meta.dirname, '../support/ledger/wipeProgram.ts');
const leaseModule = path.resolve(import.meta.dirname, '../../src/broker/store/lease.ts');
const randomKills = 20;
const foreign = 'notes.txt';

/** Runs a program. @returns what it said */
function said(under: readonly string[], args: readonly string[], killAfterMs?: number, spawned?: (pid: number) => void): Promise<string> {
  const [tracer, ...tracing] = under;
  const all = ['--disable-warning=ExperimentalWarning', ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(tracer ?? process.execPath, tracer === undefined ? all : [...tracing, process.execPath, ...all], { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1' } });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => { text += chunk.toString('utf8'); });
    child.once('error', reject);
    child.once('close', () => resolve(text));
    if (killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    spawned?.(child.pid ?? 0);
  });
}

const wiping = async (dataDir: string, under: readonly string[], killAfterMs?: number) => (await said(under, [program, dataDir], killAfterMs)).includes('wiped');

/** Two ledgers with credits and a backup each, and a file of somebody else. */
function makeWorld(dataDir: string): void {
  for (const folder of [dataDir, path.join(dataDir, 'practice')]) {
    prepareDataFolder(folder);
    mkdirSync(path.join(folder, 'backups'));
    const ledger = SqliteLedger.open(path.join(folder, 'ledger.db'), sha256);
    runOne(ledger, grantCommand('g1', 5_000_000));
    ledger.query('backup', { path: path.join(folder, 'backups/ledger-20261130-120000000.db') });
    ledger.close();
    writeFileSync(path.join(folder, 'mode'), 'live\n');
  }
  writeFileSync(path.join(dataDir, foreign), 'mine');
}

/** Whether a process has opened a file; it may close others while they are looked at. */
function hasOpen(pid: number, file: string): boolean {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((name) => {
    try {
      return readlinkSync(path.join(folder, name)) === file;
    } catch {
      return false;
    }
  });
}

const ledgersIn = (folder: string) => ['ledger.db', 'backups/ledger-20261130-120000000.db'].filter((name) => existsSync(path.join(folder, name)));

describe('a wipe that is killed', function () {
  this.timeout(600_000);
  let folder: string;
  beforeEach(() => { folder = makeFolder('wipe-kill'); makeWorld(path.join(folder, 'world')); });
  afterEach(() => removeFolder(folder));

  function dataFolder(name: string): string {
    const dataDir = path.join(folder, name);
    cpSync(path.join(folder, 'world'), dataDir, { recursive: true });
    return dataDir;
  }

  /** Whole, closed, or without any ledger; then the same again ends it. @returns which it was */
  async function assertSafe(dataDir: string, where: string): Promise<string> {
    const states = [dataDir, path.join(dataDir, 'practice')].map((one) => {
      if (ledgersIn(one).length === 2) return 'whole';
      if (existsSync(path.join(one, 'wiping'))) {
        assert.throws(() => prepareDataFolder(one), (error) => error instanceof ProblemError && error.problem.code === 'wipe_unfinished', where);
        return 'closed';
      }
      assert.deepEqual(ledgersIn(one), [], where);
      return 'empty';
    });
    await wipeFolders(dataFolders(dataDir), { clock: manualClock(), stopsRequests: false, more: () => Promise.resolve() });
    assert.deepEqual(readdirSync(dataDir), [foreign], where);
    rmSync(dataDir, { recursive: true });
    return states.join(' ');
  }

  if (canTrace) {
    it('leaves nothing that could be opened, at each call that changes the disk, and goes through when it is repeated', async () => {
      const counts = await countingCalls(async (under) => { assert.ok(await wiping(dataFolder('counted'), under)); });
      const seen = new Set<string>();
      let killed = 0;
      for (const call of diskCalls) {
        for (let n = 1; n <= counts[call]; n += 1) {
          const dataDir = dataFolder(`${call}-${n}`);
          if (!await wiping(dataDir, killingAt(call, n))) killed += 1;
          seen.add(await assertSafe(dataDir, `${call} ${n}`));
        }
      }
      assert.ok(killed >= 15, `${killed} kills at ${JSON.stringify(counts)}`);
      for (const state of ['whole whole', 'whole closed', 'closed empty']) assert.ok(seen.has(state), `${state} of ${[...seen].join(', ')}`);
    });
  } else {
    it('leaves nothing that could be opened, at random moments, and goes through when it is repeated', async () => {
      const startedMs = performance.now();
      assert.ok(await wiping(dataFolder('whole'), []));
      const wholeMs = performance.now() - startedMs;
      for (let index = 0; index < randomKills; index += 1) {
        const dataDir = dataFolder(`random-${index}`);
        await wiping(dataDir, [], wholeMs * (0.4 + 0.6 * index / randomKills));
        await assertSafe(dataDir, `random ${index}`);
      }
    });
  }

  it('takes the lock\'s file away without letting two programs in at once', async () => {
    const dataDir = path.join(folder, 'world');
    const lease = acquireLease(dataDir);
    assert.ok(lease);
    // Another program waits for the lock of the file that is about to go.
    let pid = 0;
    const waiting = said([], ['--input-type=module', '-e', `import { acquireLease } from ${JSON.stringify(leaseModule)}; console.log('waits'); const lease = acquireLease(${JSON.stringify(dataDir)}, 5000); console.log(lease ? 'holds' : 'has nothing');`], undefined, (of) => { pid = of; });
    // Only the kernel of Linux tells when it has opened the file.
    if (process.platform === 'linux') await until(() => hasOpen(pid, path.join(realpathSync(dataDir), 'lease.db')), 'the other program waiting');
    else await sleep(1500);
    if (process.platform !== 'win32') rmSync(path.join(dataDir, 'lease.db'));
    lease.release();
    assert.match(await waiting, process.platform === 'win32' ? /holds/ : /has nothing/);
    const mine = acquireLease(dataDir);
    assert.ok(mine, 'the next one who asks gets the lock of a new file');
    assert.equal(acquireLease(dataDir), undefined);
    mine.release();
  });
});

// SIGKILL of a restore at each system call by which it changes the disk. Wherever it ends, a broker that
// starts finds a ledger that holds what was booked, or refuses; it never makes an empty one, and another
// restore goes through. Where programs cannot be traced, it is ended at random moments instead.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { restoreBackup } from '../../src/broker/restoreLedger.ts';
import { proveLedger } from '../../src/broker/ledgerProof.ts';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { ProblemError } from '../../src/domain/problem.ts';
import { grantCommand, reserveCommand, startMs } from '../support/ledger/ledgerCommands.ts';
import { runOne } from '../support/ledger/tempLedger.ts';
import { manualClock } from '../support/manualClock.ts';
import { canTrace, countingCalls, diskCalls, killingAt } from '../support/process/systemCallKiller.ts';
import type { DiskCall } from '../support/process/systemCallKiller.ts';
import { makeFolder, removeFolder } from '../support/process/workbench.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] === '1';
/** Points of each kind of call that are tried when not all of them are, but for renames, of which each one counts. */
const pointsOfKind = isLong ? Infinity : 3;
const randomKills = 20;

const program = path.resolve(import.meta.dirname, '../support/ledger/restoreProgram.ts');

/** Runs the restore to its end, or until it is killed. @returns whether it said that it was done */
function restoring(dataDir: string, backup: string, under: readonly string[], killAfterMs?: number): Promise<boolean> {
  const [tracer, ...tracing] = under;
  const args = ['--disable-warning=ExperimentalWarning', program, dataDir, backup];
  return new Promise((resolve, reject) => {
    const child = spawn(tracer ?? process.execPath, tracer === undefined ? args : [...tracing, process.execPath, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1' } });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => { said += chunk.toString('utf8'); });
    child.once('error', reject);
    child.once('close', () => resolve(said.includes('restored')));
    if (killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  });
}

/** Two ledgers: one in use, whose log holds what was written last, as after a crash; and one that was closed, which has no log. */
function makeWorld(folder: string): void {
  const made = path.join(folder, 'made');
  mkdirSync(made);
  const ledger = SqliteLedger.open(path.join(made, 'ledger.db'), sha256);
  runOne(ledger, grantCommand('g1', 5_000_000));
  ledger.query('backup', { path: path.join(folder, 'backup.db') });
  runOne(ledger, reserveCommand('r1-1', 1_000_000));
  mkdirSync(path.join(folder, 'crashed'));
  for (const end of ['', '-wal']) copyFileSync(path.join(made, `ledger.db${end}`), path.join(folder, 'crashed', `ledger.db${end}`));
  ledger.close();
  mkdirSync(path.join(folder, 'closed'));
  copyFileSync(path.join(made, 'ledger.db'), path.join(folder, 'closed', 'ledger.db'));
}

const worlds = ['crashed', 'closed'] as const;

/** One of them in a data folder of its own. */
function dataFolder(folder: string, world: (typeof worlds)[number], name: string): string {
  const dataDir = path.join(folder, `${world}-${name}`);
  cpSync(path.join(folder, world), dataDir, { recursive: true });
  return dataDir;
}

/** What the owner finds who starts next: the number of balance entries, or why it refuses. */
function foundBy(dataDir: string): number | string {
  try {
    const ledger = SqliteLedger.open(path.join(dataDir, 'ledger.db'), sha256);
    try {
      return proveLedger(ledger, 'it').entries;
    } finally {
      ledger.close();
    }
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.code;
    throw error;
  }
}

describe('a restore that is killed', function () {
  this.timeout(600_000);
  let folder: string;
  beforeEach(() => { folder = makeFolder('restore-kill'); makeWorld(folder); });
  afterEach(() => removeFolder(folder));
  const backup = () => path.join(folder, 'backup.db');

  /** Proves that nothing is lost that was there, and that the next restore goes through. */
  async function assertWhole(dataDir: string, old: Buffer, where: string): Promise<void> {
    const aside = path.join(dataDir, 'quarantine');
    const kept = [path.join(dataDir, 'ledger.db'), ...(existsSync(aside) ? readdirSync(aside).map((name) => path.join(aside, name)) : [])];
    assert.ok(kept.some((one) => existsSync(one) && readFileSync(one).equals(old)), `${where}: the old ledger is gone`);
    const found = foundBy(dataDir);
    // One entry is the backup, two are the old ledger with its log.
    assert.ok(found === 1 || found === 2 || found === 'ledger_corrupt', `${where}: ${found}`);
    const restored = await restoreBackup({ dataDir, keychain: undefined, clock: manualClock(startMs + 1), ids: { directiveId: () => 'dir_again' } }, backup());
    assert.deepEqual([restored.proof.entries, restored.isAnchored, foundBy(dataDir)], [1, true, 1], where);
    rmSync(dataDir, { recursive: true });
  }

  for (const world of worlds) {
    if (canTrace) {
      it(`leaves nothing lost at each rename, and at writes, synchronisations and removals (${world})`, async () => {
        const old = readFileSync(path.join(folder, world, 'ledger.db'));
        const counts = await countingCalls(async (under) => { assert.ok(await restoring(dataFolder(folder, world, 'counted'), backup(), under)); });
        let killed = 0;
        const tried = async (call: DiskCall, n: number) => {
          const dataDir = dataFolder(folder, world, `${call}-${n}`);
          if (!await restoring(dataDir, backup(), killingAt(call, n))) killed += 1;
          await assertWhole(dataDir, old, `${world}, ${call} ${n}`);
        };
        for (const call of diskCalls) {
          const all = call === 'rename' ? counts[call] : Math.min(counts[call], pointsOfKind);
          for (let point = 0; point < all; point += 1) await tried(call, 1 + Math.floor(point * counts[call] / all));
        }
        assert.ok(counts.rename >= 3 && killed >= 8, `${killed} kills at ${JSON.stringify(counts)}`);
      });
    } else {
      it(`leaves nothing lost at random moments (${world})`, async () => {
        const old = readFileSync(path.join(folder, world, 'ledger.db'));
        const startedMs = performance.now();
        assert.ok(await restoring(dataFolder(folder, world, 'whole'), backup(), []));
        const wholeMs = performance.now() - startedMs;
        for (let index = 0; index < randomKills; index += 1) {
          const dataDir = dataFolder(folder, world, `random-${index}`);
          await restoring(dataDir, backup(), [], wholeMs * (0.4 + 0.6 * index / randomKills));
          await assertWhole(dataDir, old, `${world}, random ${index}`);
        }
      });
    }
  }
});

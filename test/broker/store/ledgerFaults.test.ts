// Files that are damaged, foreign, empty, newer or gone are refused and stay as they are; a disk that
// takes no more loses nothing that was acknowledged; one broker at a time holds a data folder.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { ProblemError } from '../../../src/domain/problem.ts';
import { acquireLease } from '../../../src/broker/store/lease.ts';
import { openDatabase } from '../../../src/broker/store/openDatabase.ts';
import { openLedgerFile, storeProblem } from '../../../src/broker/store/ledgerFile.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { grantCommand, reserveCommand, settleCommand, startMs } from '../../support/ledger/ledgerCommands.ts';
import { runOne, withFolder } from '../../support/ledger/tempLedger.ts';
import { seededRandom } from '../../support/seededRandom.ts';
import { checkAgain } from '../../support/secondChecker.ts';

const root = join(import.meta.dirname, '../../..');

function makeLedger(path: string, attempts = 30): void {
  const ledger = SqliteLedger.open(path, sha256);
  runOne(ledger, grantCommand('g1', 900_000_000));
  for (let index = 0; index < attempts; index += 1) {
    runOne(ledger, reserveCommand(`r${index}-1`, 1000));
    runOne(ledger, settleCommand(`r${index}-1`, { inputTokens: 10 }));
  }
  ledger.close();
}

/** The problem that opening gives. */
function refusalOf(path: string): string {
  try {
    SqliteLedger.open(path, sha256).close();
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.code;
    throw error;
  }
  return 'opened';
}

describe('a ledger file that is not as it should be', () => {
  const refusedUntouched = (title: string, code: string, prepare: (path: string) => void) => it(`${title} is refused and stays as it is`, () => withFolder((folder) => {
    const path = join(folder, 'ledger.db');
    prepare(path);
    const before = existsSync(path) ? readFileSync(path) : undefined;
    assert.equal(refusalOf(path), code);
    assert.deepEqual(existsSync(path) ? readFileSync(path) : undefined, before);
    assert.equal(refusalOf(path), code);
  }));
  const withHeader = (path: string, change: (header: Buffer) => void) => {
    makeLedger(path, 1);
    const bytes = readFileSync(path);
    change(bytes);
    writeFileSync(path, bytes);
  };

  refusedUntouched('an empty one', 'ledger_corrupt', (path) => writeFileSync(path, ''));
  refusedUntouched('a short one', 'ledger_corrupt', (path) => writeFileSync(path, 'SQLite format 3\0'));
  refusedUntouched('a text', 'ledger_corrupt', (path) => writeFileSync(path, 'Dear diary, '.repeat(500)));
  refusedUntouched('another program\'s database', 'ledger_corrupt', (path) => {
    const db = new DatabaseSync(path);
    db.exec('CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES (1)');
    db.close();
  });
  refusedUntouched('one of a newer program', 'ledger_newer', (path) => withHeader(path, (bytes) => bytes.writeUInt32BE(99, 60)));
  refusedUntouched('one with a broken first page', 'ledger_corrupt', (path) => withHeader(path, (bytes) => bytes.fill(0xff, 100, 400)));
  refusedUntouched('a truncated one', 'ledger_corrupt', (path) => { makeLedger(path); truncateSync(path, 20_000); });
  refusedUntouched('a write-ahead log without its database', 'ledger_corrupt', (path) => {
    makeLedger(path, 1);
    rmSync(path);
    writeFileSync(`${path}-wal`, 'left over');
  });

  it('never serves a ledger with damaged pages as if it were sound', () => withFolder((folder) => {
    const random = seededRandom(8);
    const sound = join(folder, 'sound.db');
    // So much that most pages hold something.
    makeLedger(sound, 80);
    const { length } = readFileSync(sound);
    let refused = 0;
    for (let round = 0; round < 40; round += 1) {
      const path = join(folder, `damaged-${round}.db`);
      copyFileSync(sound, path);
      const file = openSync(path, 'r+');
      const at = random.whole(0, Math.floor(length / 512) - 1) * 512;
      writeSync(file, Buffer.alloc(512, random.whole(1, 255)), 0, 512, at);
      closeSync(file);
      try {
        const ledger = SqliteLedger.open(path, sha256);
        const { violations } = ledger.query('audit', { full: true });
        ledger.close();
        // Damage in a page that holds nothing is harmless; anything else must be seen.
        if (violations.length > 0) refused += 1;
        else assert.deepEqual(checkAgain(path), [], `block at ${at}`);
      } catch (error) {
        assert.ok(error instanceof ProblemError, String(error));
        refused += 1;
      }
    }
    assert.ok(refused >= 20, `${refused} of 40 were refused`);
  }));

  /** Opens connections whose commits and checkpoints fail when told to; a commit that fails is in the log all the same. */
  const faultyDisk = () => {
    const disk = { commitFails: false, checkpoint: 'works' as 'works' | 'fails' | 'is busy', checkpoints: 0 };
    const open: typeof openDatabase = (file, options) => {
      const db = openDatabase(file, options);
      const fault = () => Object.assign(new Error('database or disk is full'), { errcode: 13 });
      return new Proxy(db, {
        get: (target, name) => {
          const value = Reflect.get(target, name) as unknown;
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) => {
            if (String(args[0]).includes('wal_checkpoint')) {
              disk.checkpoints += 1;
              if (disk.checkpoint === 'fails') throw fault();
              if (disk.checkpoint === 'is busy') return { get: () => ({ busy: 1, log: 4, checkpointed: 2 }) };
            }
            const result = Reflect.apply(value, target, args) as unknown;
            if (name === 'exec' && args[0] === 'COMMIT' && disk.commitFails) throw fault();
            return result;
          };
        },
      });
    };
    return { disk, open };
  };

  for (const checkpoint of ['fails', 'is busy'] as const) {
    it(`answers questions, and no command, while what a failed commit left cannot be made safe: the checkpoint ${checkpoint}`, () => withFolder((folder) => {
      const { disk, open } = faultyDisk();
      const ledger = SqliteLedger.open(join(folder, 'ledger.db'), sha256, 'owner', open);
      runOne(ledger, grantCommand('g1', 5_000_000));
      Object.assign(disk, { commitFails: true, checkpoint });
      const codeOf = () => { const [outcome] = ledger.runGroup([reserveCommand('r1-1', 1000)]); return outcome?.ok ? 'ok' : outcome?.problem.code; };
      const refusal = checkpoint === 'fails' ? 'ledger_full' : 'ledger_unavailable';
      assert.equal(codeOf(), refusal);
      disk.commitFails = false;
      assert.equal(codeOf(), refusal);
      assert.deepEqual([ledger.query('audit', { full: true }).openHolds, ledger.query('balance', { nowMs: startMs }).grants.length], [1, 1]);
      disk.checkpoint = 'works';
      assert.equal(codeOf(), 'ok');
      // From then on no command waits for a checkpoint.
      const { checkpoints } = disk;
      runOne(ledger, reserveCommand('r2-1', 1000));
      assert.equal(disk.checkpoints, checkpoints);
      ledger.close();
    }));
  }

  it('makes safe what an ended program left in the log before it takes its first command', () => withFolder((folder) => {
    const path = join(folder, 'ledger.db');
    makeLedger(path, 1);
    const { disk, open } = faultyDisk();
    disk.checkpoint = 'fails';
    const ledger = SqliteLedger.open(path, sha256, 'owner', open);
    assert.equal(ledger.query('audit', { full: true }).violations.length, 0);
    assert.deepEqual(ledger.runGroup([grantCommand('g1', 900_000_000)]).map((one) => one.ok), [false]);
    disk.checkpoint = 'works';
    const again = runOne(ledger, grantCommand('g1', 900_000_000));
    assert.equal('created' in again && again.created, false);
    ledger.close();
  }));

  it('is not made anew when it vanishes while it is used', () => withFolder((folder) => {
    const path = join(folder, 'ledger.db');
    makeLedger(path, 1);
    rmSync(path);
    assert.throws(() => openLedgerFile(path, { hash: sha256, as: 'again', open: openDatabase }), (error: ProblemError) => error.problem.code === 'ledger_corrupt');
    assert.equal(existsSync(path), false);
  }));

  it('is made in one step: what a program left half way is swept aside', () => withFolder((folder) => {
    const path = join(folder, 'ledger.db');
    writeFileSync(`${path}.new`, 'half a ledger');
    writeFileSync(`${path}.new-journal`, 'half a journal');
    SqliteLedger.open(path, sha256).close();
    assert.equal(existsSync(`${path}.new`), false);
    assert.equal(refusalOf(path), 'opened');
  }));

  it('cannot be made where there is no folder', () => withFolder((folder) => {
    assert.equal(refusalOf(join(folder, 'nowhere', 'ledger.db')), 'ledger_unavailable');
  }));

  it('is synchronised to the full on every opening', () => withFolder((folder) => {
    const path = join(folder, 'ledger.db');
    makeLedger(path, 1);
    for (let round = 0; round < 2; round += 1) {
      const db = openLedgerFile(path, { hash: sha256, as: 'owner', open: openDatabase });
      assert.equal(db.prepare('PRAGMA synchronous').get()?.['synchronous'], 2);
      assert.equal(db.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal');
      assert.equal(db.prepare('PRAGMA foreign_keys').get()?.['foreign_keys'], 1);
      db.close();
    }
  }));

  it('is told when the log of another ledger lies beside it', () => withFolder((folder) => {
    for (const attempts of [3, 40]) {
      const [path, other] = [join(folder, `ledger${attempts}.db`), join(folder, `other${attempts}.db`)];
      makeLedger(path, attempts);
      const reader = SqliteLedger.open(path, sha256, 'reader');
      const head = reader.query('head', {});
      reader.close();
      const foreign = SqliteLedger.open(other, sha256);
      runOne(foreign, grantCommand('foreign', 5_000_000));
      copyFileSync(`${other}-wal`, `${path}-wal`);
      foreign.close();
      // SQLite takes it for its own. Its pages do not fit, or what they hold does not: by the rows, and by what was noted outside.
      if (refusalOf(path) === 'ledger_corrupt') continue;
      const mixed = SqliteLedger.open(path, sha256);
      assert.equal(mixed.query('stoodAt', { head }), false, `${attempts} attempts`);
      try {
        assert.ok(mixed.query('audit', { full: false }).violations.length > 0, `${attempts} attempts`);
      } catch (error) {
        // The audit may meet the damage itself.
        assert.ok(error instanceof ProblemError && error.problem.code === 'ledger_corrupt', String(error));
      }
      mixed.close();
    }
  }));

  it('loses nothing to writes that were never synchronised', () => withFolder((folder) => {
    const path = join(folder, 'ledger.db');
    const ledger = SqliteLedger.open(path, sha256);
    runOne(ledger, grantCommand('g1', 5_000_000));
    runOne(ledger, reserveCommand('r1-1', 1000));
    const copy = join(folder, 'copy.db');
    copyFileSync(path, copy);
    writeFileSync(`${copy}-wal`, Buffer.concat([readFileSync(`${path}-wal`), Buffer.alloc(3000, 0xa5)]));
    ledger.close();
    const again = SqliteLedger.open(copy, sha256);
    assert.equal(again.query('balance', { nowMs: startMs }).grants[0]?.heldMicroCredits, 1000);
    again.close();
  }));
});

describe('a disk that takes no more', () => {
  it('refuses with a clear code, and everything acknowledged is there', () => withFolder((folder) => {
    // Windows has no such limit on a process; there the same code meets the disk's own.
    if (process.platform === 'win32') return;
    const path = join(folder, 'ledger.db');
    const blocks = 600; // 512 or 1024 bytes each, by shell
    const result = spawnSync('sh', ['-c', `ulimit -f ${blocks}; exec "$0" "$@"`, process.execPath, '--disable-warning=ExperimentalWarning', join(root, 'test/support/ledger/boundedWriter.ts'), path], { encoding: 'utf8' });
    const answers = result.stdout.trim().split('\n').map((line) => JSON.parse(line) as { stored?: string; refused?: string; attempt?: string });
    const stored = answers.flatMap((one) => one.stored ?? []);
    const refused = answers.filter((one) => one.refused !== undefined);
    assert.equal(refused.length, 3, result.stderr);
    assert.ok(stored.length > 5, `${stored.length} were stored`);
    for (const one of refused) assert.ok(one.refused === 'ledger_full' || one.refused === 'ledger_unavailable', one.refused);
    const ledger = SqliteLedger.open(path, sha256);
    const held = ledger.query('balance', { nowMs: startMs }).grants[0]?.heldMicroCredits ?? 0;
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
    for (const attempt of stored) assert.ok(ledger.query('explain', { id: attempt }), attempt);
    for (const { attempt = '' } of refused) assert.equal(ledger.query('explain', { id: attempt }), null, attempt);
    assert.equal(held, stored.length * 1000);
    // With room again the same ledger goes on.
    assert.equal(runOne(ledger, reserveCommand('later-1', 1000)).decision.outcome, 'admit');
    ledger.close();
    assert.deepEqual(checkAgain(path), []);
  })).timeout(60_000);

  it('says what a failure means', () => {
    const problemOf = (errcode: number) => storeProblem(Object.assign(new Error('no'), { errcode })).code;
    assert.deepEqual([13, 10, 778, 11, 26, 14, 8, 5].map(problemOf), ['ledger_full', 'ledger_unavailable', 'ledger_unavailable', 'ledger_corrupt', 'ledger_corrupt', 'ledger_unavailable', 'ledger_unavailable', 'ledger_unavailable']);
    assert.equal(storeProblem('odd').code, 'ledger_unavailable');
  });
});

describe('the lease of a data folder', () => {
  it('is refused while another process holds it, and free at once when that is killed', () => withFolder(async (folder) => {
    const lease = JSON.stringify(join(root, 'src/broker/store/lease.ts'));
    // A lease that nothing refers to would be let go of with the next garbage collection.
    const program = `const { acquireLease } = await import(${lease}); globalThis.lease = acquireLease(${JSON.stringify(folder)}); console.log(globalThis.lease ? 'held' : 'refused'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [line] = await once(createInterface({ input: holder.stdout }), 'line') as [string];
      assert.equal(line, 'held');
      assert.equal(acquireLease(folder), undefined);
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    const mine = acquireLease(folder);
    assert.ok(mine);
    assert.equal(acquireLease(folder), undefined);
    mine.release();
    acquireLease(folder)?.release();
  }));

  it('throws where the folder cannot be written', () => withFolder((folder) => {
    assert.throws(() => acquireLease(join(folder, 'nowhere')));
  }));
});

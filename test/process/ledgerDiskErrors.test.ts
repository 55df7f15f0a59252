// A disk that fails under a program which works through the standard workload: the n-th read, write or
// synchronisation fails, for every n, once or from then on. The program refuses in words, never crashes and
// never hangs; what it acknowledged is there, and running everything again has one effect only. What it
// acknowledges was synchronised before: the order of the calls proves that, and it is what catches a
// relaxed `synchronous`, which no kill can. Where programs cannot be traced, files that must not grow stand
// in for the failing disk.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { earlyAnswers } from '../support/ledger/diskTrace.ts';
import type { Call } from '../support/ledger/diskTrace.ts';
import { failAt, noRuns, proveFailed } from '../support/ledger/errorProof.ts';
import type { DiskError } from '../support/ledger/errorProof.ts';
import { inLanes } from '../support/ledger/killSweep.ts';
import { withFastFolder } from '../support/ledger/tempLedger.ts';
import { bundleProgram, growingTo, runWorkload } from '../support/ledger/workloadRuns.ts';
import { callsOf, firstLife, laterLife, wholeLife } from '../support/ledger/workloadScenes.ts';
import { canTrace } from '../support/process/systemCallKiller.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] === '1';
const groups = isLong ? 8 : 4;
const seeds = isLong ? [1, 2] : [1];
/** Of the less telling errors so many are left out for one that is tried. */
const sparse = isLong ? 1 : 5;

/** Both kinds of each error at calls of some kinds: every one, or one of some. */
function errorsAt(calls: readonly Call[], names: readonly Call['call'][], error: DiskError['error'], step = 1): DiskError[] {
  return calls.filter((one) => names.includes(one.call)).filter((_, index) => index % step === 0)
    .flatMap(({ call, n }) => [false, true].map((isLasting) => ({ call, n, error, isLasting })));
}

const changing = ['pwrite64', 'fsync', 'fdatasync', 'ftruncate', 'rename', 'unlink'] as const;

describe('the ledger on a disk that fails', function () {
  this.timeout(isLong ? 3_000_000 : 1_000_000);
  const writes = noRuns();
  const reads = noRuns();

  it('keeps every promise when its files must not grow', () => withFastFolder(async (folder) => {
    if (!canTrace) console.log('    Programs cannot be traced here (strace is missing or not allowed): the disk errors are those of files that must not grow.');
    // Windows has no such limit on a process.
    if (process.platform === 'win32') return;
    const scene = firstLife(await bundleProgram(join(folder, 'program')), 1, 30);
    const limits = Array.from({ length: canTrace && !isLong ? 12 : 120 }, (_, index) => 200 + index * (canTrace && !isLong ? 100 : 10));
    let refusing = 0;
    await inLanes(limits, async (blocks) => {
      const place = join(folder, `to-${blocks}`);
      const run = await runWorkload(place, scene.workload, { disturbance: growingTo(blocks) });
      proveFailed(place, scene, run, `files of at most ${blocks} blocks`);
      if (run.told.some((one) => one.detail === 'ledger_full' || one.detail === 'ledger_unavailable')) refusing += 1;
    });
    assert.ok(refusing > limits.length / 2, `${refusing} of ${limits.length} programs had to refuse`);
  }));

  if (!canTrace) return;

  it('synchronises every group before it answers', () => withFastFolder(async (folder) => {
    const { calls } = await wholeLife(folder, firstLife(await bundleProgram(join(folder, 'program')), 1, 30));
    assert.deepEqual(earlyAnswers(calls), []);
    // At least once for each step that wrote anything before its first answer.
    let hasWritten = false;
    let writing = 0;
    for (const one of calls) {
      if (one.call === 'pwrite64' && one.path.endsWith('-wal')) hasWritten = true;
      else if (one.call === 'write') { writing += hasWritten ? 1 : 0; hasWritten = false; }
    }
    const synchronised = calls.filter((one) => (one.call === 'fsync' || one.call === 'fdatasync') && one.path.endsWith('-wal')).length;
    assert.ok(writing > 20 && synchronised >= writing, `${synchronised} synchronisations for ${writing} groups`);
  }));

  for (const seed of seeds) {
    it(`keeps every promise whichever write or synchronisation fails (seed ${seed})`, () => withFastFolder(async (folder) => {
      const scene = firstLife(await bundleProgram(join(folder, 'program')), seed, groups);
      const calls = await callsOf(folder, scene);
      for (const call of ['pwrite64', 'fsync', 'rename', 'unlink'] as const) assert.ok(calls.some((one) => one.call === call), `a life without ${call}`);
      await failAt(folder, scene, [...errorsAt(calls, changing, 'EIO'), ...errorsAt(calls, ['pwrite64'], 'ENOSPC', sparse)], writes);
    }));

    it(`keeps every promise whichever of them fails after a crash (seed ${seed})`, () => withFastFolder(async (folder) => {
      const scene = await laterLife(folder, await bundleProgram(join(folder, 'program')), seed, groups + 3);
      const calls = await callsOf(folder, scene);
      await failAt(folder, scene, [...errorsAt(calls, ['pwrite64'], 'EIO', sparse), ...errorsAt(calls, ['fsync', 'fdatasync', 'ftruncate', 'unlink'], 'EIO')], writes);
    }));

    it(`keeps every promise whichever read fails (seed ${seed})`, () => withFastFolder(async (folder) => {
      const scene = firstLife(await bundleProgram(join(folder, 'program')), seed, groups);
      await failAt(folder, scene, errorsAt(await callsOf(folder, scene), ['pread64'], 'EIO', isLong ? 1 : 2), reads);
    }));
  }

  it('was made to refuse by most of the errors', () => {
    console.log(`      ${writes.runs} errors of writes, ${writes.refusing} led to refusals; ${reads.runs} of reads, ${reads.refusing} did`);
    assert.ok(writes.runs >= 500 && writes.refusing > writes.runs * 0.8, `${writes.refusing} of ${writes.runs}`);
    assert.ok(reads.refusing > reads.runs * 0.5, `${reads.refusing} of ${reads.runs}`);
  });

  it('acknowledges nothing that was not synchronised, whatever failed', () => {
    assert.deepEqual([...writes.early, ...reads.early], []);
  });

  it('can be closed, whatever failed', () => {
    assert.deepEqual([...writes.unclosed, ...reads.unclosed].slice(0, 5), []);
  });

  it('says what failed', () => {
    assert.deepEqual([...writes.codes.keys()].sort(), ['ledger_full', 'ledger_unavailable']);
    // SQLite takes a page that cannot be read for a damaged one, as it may well be.
    assert.deepEqual([...reads.codes.keys()].sort(), ['ledger_corrupt', 'ledger_unavailable']);
  });
});

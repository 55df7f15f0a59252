// SIGKILL of a program that works through the standard workload on a ledger, at every call by which it
// changes the disk and before every answer, and again while it recovers. After each kill the file holds
// whole groups only, everything that was acknowledged, and the money of a life that nothing disturbed.
// A kill loses nothing that the system has taken, synchronised or not: that a group is synchronised before
// its answer is proven from the order of the calls instead (ledgerDiskErrors.test.ts). Where programs
// cannot be traced, many kills at random moments run instead.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { callsAroundMove, inLanes, killInRow, pointsOf, proveKilled, sweep } from '../support/ledger/killSweep.ts';
import { withFastFolder } from '../support/ledger/tempLedger.ts';
import { bundleProgram, runWorkload } from '../support/ledger/workloadRuns.ts';
import { callsOf, firstLife, groupsOfLongLife, laterLife, wholeLife } from '../support/ledger/workloadScenes.ts';
import { canTrace } from '../support/process/systemCallKiller.ts';
import { seededRandom } from '../support/seededRandom.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] === '1';
const seeds = isLong ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] : [1];
/** Points over all tests of this file. */
const pointsMin = isLong ? 10_000 : 500;
const groups = isLong ? 10 : 7;
/** Lives that are followed by more that are killed too, for each seed. */
const rows = isLong ? 60 : 12;
const randomKills = canTrace ? isLong ? 500 : 40 : pointsMin;

describe('the ledger, killed', function () {
  this.timeout(isLong ? 3_000_000 : 1_000_000);
  let points = 0;

  // Where every call can be met exactly, random moments prove nothing more.
  if (!canTrace) it('at random moments: keeps every promise', () => withFastFolder(async (folder) => {
    if (!canTrace) console.log('    Programs cannot be traced here (strace is missing or not allowed): more random kills run instead of exact ones.');
    const scene = firstLife(await bundleProgram(join(folder, 'program')), 1, groups);
    const lines = (await wholeLife(folder, scene)).told.length;
    const random = seededRandom(12);
    // Some programs end before they are killed, so more are ready than are needed.
    const plans = Array.from({ length: randomKills * 10 }, () => ({ lines: random.whole(0, lines - 1), ms: random.whole(0, 2) }));
    let killed = 0;
    await inLanes(plans, async (plan, index) => {
      if (killed >= randomKills) return;
      const place = join(folder, `random-${index}`);
      const run = await runWorkload(place, scene.workload, { killAfter: plan });
      if (run.signal === 'SIGKILL') killed += 1;
      proveKilled(place, scene, run, `killed ${plan.ms} ms after line ${plan.lines}`);
      rmSync(place, { recursive: true });
    });
    assert.ok(killed >= randomKills, `${killed} of ${plans.length} programs were killed before their end`);
    points += killed;
  }));

  if (canTrace) {
    for (const seed of seeds) {
      it(`at every call of a whole life, from the making of the file to its closing (seed ${seed})`, () => withFastFolder(async (folder) => {
        const scene = firstLife(await bundleProgram(join(folder, 'program')), seed, groups);
        const every = pointsOf((await wholeLife(folder, scene)).calls);
        for (const call of ['pwrite64', 'fsync', 'rename', 'unlink', 'ftruncate', 'write']) assert.ok(every.some((one) => one.call === call), `a life without ${call}`);
        assert.equal(await sweep(folder, scene, every), every.length, 'every point must be reached');
        points += every.length;
      }));

      it(`at every call of a later life, from its first look at what another left (seed ${seed})`, () => withFastFolder(async (folder) => {
        const scene = await laterLife(folder, await bundleProgram(join(folder, 'program')), seed, groups);
        const every = pointsOf(await callsOf(folder, scene));
        assert.equal(await sweep(folder, scene, every), every.length, 'every point must be reached');
        points += every.length;
      }));

      it(`at every call while the log is moved into the file (seed ${seed})`, () => withFastFolder(async (folder) => {
        const scene = firstLife(await bundleProgram(join(folder, 'program')), seed, groupsOfLongLife);
        const every = pointsOf(callsAroundMove((await wholeLife(folder, scene)).calls));
        const chosen = isLong ? every : every.filter((_, index) => index % 4 === 0);
        assert.equal(await sweep(folder, scene, chosen), chosen.length, 'every point must be reached');
        points += chosen.length;
      }));

      it(`again while it recovers, up to three times in a row (seed ${seed})`, () => withFastFolder(async (folder) => {
        const scene = firstLife(await bundleProgram(join(folder, 'program')), seed, groups);
        const every = pointsOf((await wholeLife(folder, scene)).calls);
        let killed = 0;
        await inLanes(Array.from({ length: rows }, (_, index) => every[Math.floor(index * every.length / rows)] ?? { call: 'fsync' as const, n: 1 }), async (first, index, lane) => {
          const kills = await killInRow(folder, scene, first, { depth: 2 + index % 2, random: seededRandom(seed * 1000 + index), lane });
          killed += kills;
        });
        assert.ok(killed > rows * 2, `${killed} kills in ${rows} rows`);
        points += killed;
      }));
    }
  }

  it(`at no fewer than ${pointsMin} points`, () => {
    console.log(`      ${points} points`);
    assert.ok(points >= pointsMin, `${points} points`);
  });
});

// The ledger lives through thousands of random worlds with crashes, failed commits, full disks, copies, late
// commands and clocks that are set. A failure names the seed that repeats it; CODEX_BROKER_SEED=n runs that one alone.
import assert from 'node:assert/strict';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { liveThrough, wholeDaysMax } from './world/ledgerWorld.ts';
import type { WorldHistory } from './world/ledgerWorld.ts';
import { worldGround } from './world/worldGround.ts';
import { mustHappen } from './mustHappen.ts';
import { liveThroughAll } from './worldCrew.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] !== undefined;
const worlds = isLong ? 1_000_000 : wholeDaysMax;
/** A long run ends in time for its stage, and then says how far it came; fewer than this are too few in any case. */
const longMsMax = 4_500_000;
const longMin = 500_000;
const chosen = process.env['CODEX_BROKER_SEED'];

/** Lives through worlds, one after the other. */
function live(...seeds: readonly number[]): WorldHistory[] {
  const ground = worldGround((path, as, open) => SqliteLedger.open(path, sha256, as, open));
  try {
    return seeds.map((seed) => liveThrough(seed, ground));
  } finally {
    ground.close();
  }
}

if (chosen !== undefined) {
  describe('the ledger in one world', () => {
    it(`lives through that of seed ${chosen}`, () => { live(Number(chosen)); });
  });
} else {
  describe('the ledger in random worlds', () => {
    it(`adds up in ${worlds} of them, and every fault happened`, async function () {
      this.timeout(isLong ? longMsMax + 120_000 : 900_000);
      const report = await liveThroughAll(1, worlds, isLong ? longMsMax : Infinity);
      assert.deepEqual(report.failures, []);
      if (report.worlds < worlds) console.log(`      the time was enough for ${report.worlds} of ${worlds} worlds`);
      assert.ok(report.worlds >= (isLong ? longMin : worlds), `${report.worlds} worlds`);
      const rare = Object.entries(mustHappen).filter(([what, times]) => (report.counters.get(what) ?? 0) < times).map(([what, times]) => `${what}: ${report.counters.get(what) ?? 0} times, not ${times}`);
      assert.deepEqual(rare, []);
    });

    // A day in memory, a day on files, a moment in memory.
    for (const seed of [77, 96, wholeDaysMax + 77]) {
      it(`is the same world for seed ${seed} each time, and another for the next`, () => {
        const [first] = live(seed);
        // What was before it leaves nothing behind.
        const [other, again] = live(seed + 1, seed);
        assert.deepEqual(again, first);
        assert.notEqual(other?.digest, first?.digest);
      });
    }
  });
}

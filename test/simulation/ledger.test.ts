// The ledger lives through hundreds of random days with crashes, copies, late commands and a clock
// that is set. A failure names the seed that repeats it.
import assert from 'node:assert/strict';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { withFastFolder } from '../support/ledger/tempLedger.ts';
import { liveThrough } from './ledgerWorld.ts';
import type { WorldHistory } from './ledgerWorld.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] !== undefined;
const worlds = isLong ? 6000 : 300;
const stepsPerWorld = 60;
/** Each of these must have happened in a run, or the run proves less than it says. */
const mustHappen = [
  'crash', 'lost group', 'late', 'clock set', 'grant true', 'grant false', 'grant key_conflict', 'grant argument_invalid', 'reserve false', 'reserve true',
  'reserve credits_exhausted', 'reserve consent_missing', 'reserve model_unpriced', 'reserve wait_too_long', 'settle false', 'settle true', 'settle failed',
  'begin false', 'begin true', 'begin failed', 'expire done', 'recover done', 'workspace true', 'consent false', 'consent true',
];

const live = (seed: number): Promise<WorldHistory> => withFastFolder((folder) => {
  try {
    return liveThrough({ seed, steps: stepsPerWorld, folder, open: (path) => SqliteLedger.open(path, sha256) });
  } catch (error) {
    throw new Error(`the world of seed ${seed} went wrong: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
});

describe('the ledger in random worlds', () => {
  it(`adds up in ${worlds} of them, and every fault happened`, async function () {
    this.timeout(isLong ? 900_000 : 120_000);
    const counters = new Map<string, number>();
    for (let seed = 1; seed <= worlds; seed += 1) {
      for (const [what, times] of (await live(seed)).counters) counters.set(what, (counters.get(what) ?? 0) + times);
    }
    assert.deepEqual(mustHappen.filter((what) => (counters.get(what) ?? 0) < 10), [], JSON.stringify([...counters]));
  });

  it('is the same world for the same seed, and another for another', async () => {
    const [first, again, other] = [await live(77), await live(77), await live(78)];
    assert.deepEqual(again, first);
    assert.notEqual(other.head, first.head);
  });
});

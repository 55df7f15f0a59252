// A hundred clients on the last credit, a thousand rounds, through the ledger's own thread as the broker uses it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ThreadedLedger } from '../../../src/broker/store/threadedLedger.ts';
import { withFastFolder } from '../../support/ledger/tempLedger.ts';
import { raceForLastCredit } from './lastCredit.ts';

const entry = new URL('../../../src/broker/ledgerMain.ts', import.meta.url);
const rounds = process.env['CODEX_BROKER_TEST_LONG'] === undefined ? 1000 : 3000;

describe('a hundred clients on the last credit', () => {
  it(`never get more than there is, in ${rounds} rounds`, () => withFastFolder(async (folder) => {
    const ledger = await ThreadedLedger.open(entry, join(folder, 'ledger.db'));
    try {
      const counts = await raceForLastCredit({
        run: (commands) => Promise.all(commands.map((command) => ledger.command(command))),
        balance: () => ledger.query('balance', { nowMs: 0 }),
      }, rounds);
      assert.equal(counts.rounds, rounds);
      for (const what of ['admitted', 'refused', 'held', 'freed'] as const) assert.ok(counts[what] > rounds, `${what}: ${counts[what]}`);
      assert.deepEqual((await ledger.query('audit', { full: true })).violations, []);
    } finally {
      await ledger.close();
    }
  })).timeout(rounds * 300);
});

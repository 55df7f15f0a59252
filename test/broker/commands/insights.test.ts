// `insights`: of which days and workspace it tells, what it says of a ledger that began within them, and what it takes.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { systemClock } from '../../../src/broker/systemClock.ts';
import type { InsightsResult } from '../../../src/protocol/insightsResult.ts';
import { reserveCommand, settleCommand, workspaceCommand } from '../../support/ledger/ledgerCommands.ts';
import { runOne, withFolder } from '../../support/ledger/tempLedger.ts';
import { jsonOf, ran } from './ranCommand.ts';

const dayMs = 86_400_000;
const [one, other] = ['ws_0000000000000001', 'ws_0000000000000002'];

/** A folder with a request that had no price, twenty days ago in one workspace. */
function withPast(run: (folder: string) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    await ran(folder, 'status');
    const ledger = SqliteLedger.open(join(folder, 'ledger.db'), sha256);
    for (const workspaceId of [one, other]) runOne(ledger, workspaceCommand(workspaceId));
    const atMs = systemClock.nowMs() - 20 * dayMs;
    const reserve = reserveCommand('r1-1', undefined, { atMs, unpricedRule: 'allow', request: { requestId: 'r1', receivedAtMs: atMs, workspaceId: one, client: 'codex_exec', model: 'gpt-new', stream: true } });
    assert.ok(!('problem' in runOne(ledger, reserve)));
    runOne(ledger, settleCommand('r1-1', { inputTokens: 500, outputTokens: 5 }, { atMs: atMs + 1000 }));
    ledger.close();
    await run(folder);
  });
}

describe('insights on the command line', function () {
  this.timeout(30_000);

  it('are those of seven days, or of as many as are named, and say where the ledger began within them', () => withPast(async (folder) => {
    assert.deepEqual(await ran(folder, 'insights'), { code: 0, out: 'Nothing stands out in the last 7 days.', err: '' });
    assert.equal((await ran(folder, 'insights', '--days', '1')).out, 'Nothing stands out today.');
    assert.match((await ran(folder, 'insights', '--days', '30')).out, /^No price is known for gpt-new\n[\s\S]*\nThe ledger begins on \w{3} \d+ \w+, so these are fewer than 30 days\.$/);
    const { insights, days, comparedDays } = await jsonOf<InsightsResult>(folder, 'insights', '--days', '30');
    assert.deepEqual([insights.map(({ kind }) => kind), days, comparedDays], [['unpriced'], 30, 30]);
  }));

  it('are of one workspace where one is named', () => withPast(async (folder) => {
    const of = async (workspaceId: string) => (await jsonOf<InsightsResult>(folder, 'insights', '--days', '30', '--workspace', workspaceId)).insights.length;
    assert.deepEqual([await of(one), await of(other)], [1, 0]);
  }));

  it('take days up to the longest range, and a workspace that is there', () => withPast(async (folder) => {
    for (const wrong of [['--days', '0'], ['--days', '91'], ['--days', 'many'], ['--workspace', 'nowhere']]) assert.notEqual((await ran(folder, 'insights', ...wrong)).code, 0, wrong.join(' '));
  }));
});

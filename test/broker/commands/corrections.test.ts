// `credits void`, `refund` and `reconcile` as a person types them, on a real ledger that no broker holds: what
// moves, what is said, and that the ledger still adds up.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { grantCommand, reserveCommand, settleCommand } from '../../support/ledger/ledgerCommands.ts';
import { runOne, withFolder } from '../../support/ledger/tempLedger.ts';
import { jsonOf, ran } from './ranCommand.ts';

/** Five credits, and a request whose first attempt was free and whose second cost 1.575. */
function spent(folder: string): void {
  const ledger = SqliteLedger.open(join(folder, 'ledger.db'), sha256);
  runOne(ledger, grantCommand('g1', 5_000_000));
  runOne(ledger, reserveCommand('r1-1', 2_000_000));
  runOne(ledger, settleCommand('r1-1', {}, { chargeable: false, freeReason: 'The upstream was busy.', outcome: 'rejected', status: 429 }));
  runOne(ledger, reserveCommand('r1-2', 2_000_000));
  runOne(ledger, settleCommand('r1-2', { inputTokens: 12_000, outputTokens: 100 }));
  ledger.close();
}

describe('credits void, refund and reconcile', function () {
  this.timeout(30_000);

  it('give back a part of what a request cost, once for one key', () => withFolder(async (folder) => {
    spent(folder);
    const refund = ['credits', 'refund', 'r1', '0.5', '--reason', 'slow', '--key', 'k1'];
    assert.deepEqual((await ran(folder, ...refund)).out.split('\n'), ['The attempt r1-2 is refunded by 0.500000 credits: 0.500000 credits came back.', 'Balance 3.93 credits.']);
    assert.equal((await ran(folder, ...refund)).out, 'This key was used before: nothing was changed again.');
    const again = await jsonOf(folder, 'credits', 'refund', 'r1-2', '1.075');
    assert.deepEqual([again.attemptId, again.changedMicroCredits, again.balance.balanceMicroCredits], ['r1-2', 1_075_000, 5_000_000]);
    const tooMuch = await ran(folder, 'credits', 'refund', 'r1', '0.000001');
    assert.deepEqual([tooMuch.code, /at the most what the attempt cost/.test(tooMuch.err)], [2, true]);
    const free = await ran(folder, 'credits', 'refund', 'r1-1', '1');
    assert.deepEqual([free.code, /was not charged/.test(free.err)], [2, true]);
    assert.match((await ran(folder, 'credits', 'refund', 'nothing', '1')).err, /\(request_not_found\)$/);
    assert.match((await ran(folder, 'explain', 'r1')).out, /It was refunded later by 0\.500000 credits less; 0\.500000 credits came back \(slow\)\./);
    assert.equal((await ran(folder, 'audit', '--full')).code, 0);
  }));

  it('book the usage as it really was', () => withFolder(async (folder) => {
    spent(folder);
    const { out } = await ran(folder, 'credits', 'reconcile', 'r1', '--input', '12000', '--cached', '4000', '--output', '100', '--reasoning', '20');
    // 4,000 of the tokens cost a tenth: 0.45 credits less.
    assert.deepEqual(out.split('\n'), ['The attempt r1-2 has the usage that was said: 0.450000 credits came back.', 'Balance 3.88 credits.']);
    assert.match((await ran(folder, 'credits', 'reconcile', 'r1', '--input', '20000', '--output', '100')).out, /credits were drawn\./);
    const untrue = await ran(folder, 'credits', 'reconcile', 'r1', '--input', '5', '--cached', '6', '--output', '1');
    assert.deepEqual([untrue.code, /cannot be true/.test(untrue.err)], [2, true]);
    assert.equal((await ran(folder, 'audit', '--full')).code, 0);
  }));

  it('take a grant back, and let what was spent of a disputed one be owed', () => withFolder(async (folder) => {
    spent(folder);
    assert.match((await ran(folder, 'credits', 'void', 'nothing')).err, /\(grant_not_found\)$/);
    const { out } = await ran(folder, 'credits', 'void', 'g1', '--disputed');
    assert.deepEqual(out.split('\n'), [
      'The grant g1 is taken back: 3.425000 credits left the balance; what running requests reserved of it follows when they end.', 'Owed 1.575000 credits: nothing is sent until purchased credits pay them.', 'Balance 0.00 credits.']);
    assert.equal((await ran(folder, 'credits', 'void', 'g1')).out, 'The grant g1 was taken back before: nothing was changed.');
    const list = await ran(folder, 'credits', 'list');
    assert.match(list.out, /^Owed 1\.575000 credits/m);
    assert.match(list.out, /g1\s+promotional\s+disputed/);
    assert.match((await ran(folder, 'status')).out, /^Owed {7}1\.575000 credits/m);
    const refund = await ran(folder, 'credits', 'refund', 'r1', '0.5');
    assert.deepEqual(refund.out.split('\n').slice(0, 3), ['The attempt r1-2 is refunded by 0.500000 credits: no credits came back.', 'What is owed for disputed credits is lower by 0.500000.', 'Owed 1.075000 credits: nothing is sent until purchased credits pay them.']);
    assert.match((await ran(folder, 'credits', 'add', '10')).out, /^1\.075000 of them paid what was owed\.$/m);
    assert.equal((await ran(folder, 'audit', '--full')).code, 0);
  }));
});

// Vouchers on a real ledger: each gives once and ends with its own time, only while its issuer is trusted, and both
// proofs of the ledger find one that nobody trusted or that says something else.
import assert from 'node:assert/strict';
import type { RedeemCommand } from '../../../src/broker/store/ledgerCommands.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { credit, grantCommand, startMs } from '../../support/ledger/ledgerCommands.ts';
import { runOne, tamper, withLedger } from '../../support/ledger/tempLedger.ts';
import { checkAgain } from '../../support/secondChecker.ts';

const keyId = '21fe31dfa154a261';
const issuer = { keyId, name: 'Team lead', publicKey: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
let keys = 0;
const trust = (ledger: SqliteLedger, whom: typeof issuer | null = issuer) => runOne(ledger, { type: 'direct', key: `trust-${keys += 1}`, atMs: startMs, directive: { kind: 'voucher-issuer', keyId, issuer: whom } });
const redeem = (ledger: SqliteLedger, voucherId: string, more: Partial<RedeemCommand> = {}) => {
  const result = runOne(ledger, { type: 'redeem', grantId: `grant-${keys += 1}`, keyId, voucherId, amountMicroCredits: 50 * credit, expiresAtMs: startMs + 60_000, atMs: startMs, ...more });
  return 'problem' in result ? result.problem.code : result.grant;
};

describe('vouchers of a ledger', () => {
  it('give promotional credits once, and these end with the voucher', () => withLedger((ledger, path) => {
    assert.equal(redeem(ledger, 'a'), 'voucher_foreign');
    trust(ledger);
    const grant = redeem(ledger, 'a');
    assert.ok(typeof grant === 'object');
    assert.deepEqual([grant.kind, grant.source, grant.remainingMicroCredits, grant.expiresAtMs], ['promotional', 'voucher', 50 * credit, startMs + 60_000]);
    assert.deepEqual([redeem(ledger, 'a'), redeem(ledger, 'a', { amountMicroCredits: credit }), redeem(ledger, 'b', { expiresAtMs: startMs }), redeem(ledger, 'b', { expiresAtMs: startMs, atMs: startMs - 1 })].map((one) => (typeof one === 'string' ? one : 'taken')), ['voucher_redeemed', 'voucher_redeemed', 'voucher_expired', 'taken']);
    assert.equal(runOne(ledger, { type: 'upkeep', atMs: startMs + 60_000 }).expired, 2);
    // What was redeemed is told so also when its time and its issuer's trust are over.
    trust(ledger, null);
    assert.deepEqual([redeem(ledger, 'a', { atMs: startMs + 60_000 }), redeem(ledger, 'c')], ['voucher_redeemed', 'voucher_foreign']);
    assert.deepEqual(ledger.query('balance', { nowMs: startMs }).directives.issuers, []);
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
    assert.deepEqual(checkAgain(path), []);
  }));

  it('cannot be had by a key of one\'s own choice, nor by more issuers than there can be', () => withLedger((ledger) => {
    const taken = runOne(ledger, grantCommand('x', credit, { key: `voucher ${keyId} a` }));
    assert.ok('problem' in taken && taken.problem.code === 'argument_invalid');
    const lay = (id: string, more: object = {}) => runOne(ledger, { type: 'direct', key: `issuer-${keys += 1}`, atMs: startMs, directive: { kind: 'voucher-issuer', keyId: id, issuer: { ...issuer, keyId: id, ...more } } });
    for (let count = 0; count < 20; count += 1) assert.ok('exists' in lay(String(count).padStart(16, '0')));
    for (const one of [lay('f'.repeat(16)), lay('x'), lay('0'.repeat(16), { name: ' ' }), lay('0'.repeat(16), { publicKey: 'short' })]) assert.ok('problem' in one && one.problem.code === 'argument_invalid');
    assert.ok('exists' in lay('0'.repeat(16), { name: 'Renamed' }), 'a known one may have another name');
  }));

  const forgeries: readonly (readonly [string, string, RegExp, RegExp])[] = [
    ['of an issuer whom nobody trusted', `DELETE FROM directives WHERE kind = 'voucher-issuer'`, /whose issuer was never trusted/, /of an issuer whom nobody trusted/],
    ['that gave more than it says', `UPDATE grants SET content = replace(content, '50000000', '5000000')`, /not what its voucher gives/, /the grant of a voucher is not what it says/],
    ['under another one\'s key', `UPDATE grants SET key = key || '0'`, /not what its voucher gives/, /the grant of a voucher is not what it says/],
  ];
  for (const [what, sql, found, foundAgain] of forgeries) {
    it(`are proven: both audits find one ${what}`, () => withLedger((ledger, path) => {
      trust(ledger);
      redeem(ledger, 'a');
      ledger.close();
      tamper(path, (db) => { db.exec(sql); });
      const forged = SqliteLedger.open(path, sha256, 'reader');
      const { violations } = forged.query('audit', { full: true });
      forged.close();
      assert.ok(violations.some((one) => found.test(one.what)), JSON.stringify(violations));
      assert.ok(checkAgain(path).some((one) => foundAgain.test(one)), JSON.stringify(checkAgain(path)));
    }));
  }
});

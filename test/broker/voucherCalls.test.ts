// The calls about vouchers on a real ledger in memory: a code gives once, also to two windows at the same time and after
// an answer was lost, and no code reaches the ledger.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { ProblemError } from '../../src/domain/problem.ts';
import { voucherCalls } from '../../src/broker/voucherCalls.ts';
import { newPrivateKeyText, publicHalf } from '../../src/broker/vouchers/issuerKeys.ts';
import { writeVoucher } from '../../src/broker/vouchers/voucherCode.ts';
import { manualClock, noonMs } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';

describe('calls about vouchers', () => {
  const key = createPrivateKey(newPrivateKeyText());
  const { publicKey, keyId } = publicHalf(key);
  const scene = () => {
    const [ledger, clock] = [recordingLedger(), manualClock()];
    let count = 0;
    let eased = 0;
    const calls = voucherCalls({ ledger, clock, ids: { requestId: () => 'req', grantId: () => `grant_${count += 1}`, directiveId: () => `dir_${count += 1}` } }, () => { eased += 1; });
    return { calls, ledger, easings: () => eased };
  };
  const codeOf = async (answer: Promise<unknown>) => {
    try {
      await answer;
      return 'taken';
    } catch (error) {
      assert.ok(error instanceof ProblemError, String(error));
      return error.problem.code;
    }
  };

  it('redeem a voucher once, also when two windows do at the same time, and tell the ledger nothing of its code', async () => {
    const { calls, ledger, easings } = scene();
    const code = writeVoucher(key, { voucherId: '0'.repeat(24), amountMicroCredits: 7_000_000, expiresAtMs: noonMs + 5000 });
    assert.equal(await codeOf(calls.voucherRedeem({ code })), 'voucher_foreign');
    assert.equal(await codeOf(calls.voucherTrust({ publicKey: 'x' })), 'argument_invalid');
    const name = `issuer ${keyId.slice(0, 6)}`;
    assert.deepEqual(await calls.voucherTrust({ publicKey }), { issuer: { keyId, publicKey, name } });
    const [first, second] = [calls.voucherRedeem({ code }), calls.voucherRedeem({ code })];
    const { grant, issuer, balance } = await first;
    assert.equal(await codeOf(second), 'voucher_redeemed');
    assert.deepEqual([grant.kind, grant.source, grant.expiresAtMs, issuer, balance.balanceMicroCredits, easings() > 1], ['promotional', 'voucher', noonMs + 5000, name, 7_000_000, true]);
    assert.equal(await codeOf(calls.voucherRedeem({ code: writeVoucher(key, { voucherId: '1'.repeat(24), amountMicroCredits: 1, expiresAtMs: noonMs }) })), 'voucher_expired');
    // An issuer who was careless with ids gives once all the same.
    assert.equal(await codeOf(calls.voucherRedeem({ code: writeVoucher(key, { voucherId: '0'.repeat(24), amountMicroCredits: 9_000_000 }) })), 'voucher_redeemed');
    assert.deepEqual([await calls.voucherDistrust({ keyId }), await calls.voucherDistrust({ keyId })], [{ removed: true }, { removed: false }]);
    assert.deepEqual((await ledger.query('audit', { full: true })).violations, []);
    assert.ok(!JSON.stringify(ledger.commands).includes(code.slice(5, 40)));
    await ledger.close();
  });

  it('redeem it after the disk was full, and take the same command twice for one', async () => {
    const { calls, ledger } = scene();
    await calls.voucherTrust({ publicKey, name: 'Lead' });
    const code = writeVoucher(key, { voucherId: '2'.repeat(24), amountMicroCredits: 7_000_000 });
    ledger.failing = 'redeem';
    assert.equal(await codeOf(calls.voucherRedeem({ code })), 'ledger_full');
    ledger.failing = undefined;
    assert.equal((await calls.voucherRedeem({ code })).balance.balanceMicroCredits, 7_000_000);
    const done = ledger.commands.findLast((command) => command.type === 'redeem');
    assert.ok(done?.type === 'redeem');
    const again = await ledger.command(done);
    assert.ok('grant' in again && !again.created && again.grant.id === done.grantId);
    await ledger.close();
  });
});

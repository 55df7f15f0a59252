// `voucher` from the key to the credits, as a team lead and a developer type it, on real ledgers of two developers.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { jsonOf, ran, ranIn } from './ranCommand.ts';

interface Issued { readonly publicKey: string; readonly keyId: string; readonly vouchers: readonly { readonly code: string; readonly voucherId: string }[] }

describe('voucher', function () {
  this.timeout(120_000);

  /** A key, some vouchers of it, and a data folder that trusts nobody yet. */
  const withVouchers = (args: readonly string[], run: (world: { readonly data: string; readonly folder: string; readonly issued: Issued; readonly refusal: (...words: string[]) => Promise<string> }) => Promise<void>) => withFolder(async (folder) => {
    const [data, key] = [join(folder, 'data'), join(folder, 'lead.pem')];
    await jsonOf(data, 'voucher', 'key', key);
    const issued = await jsonOf<Issued>(data, 'voucher', 'issue', '--amount', '50', '--key', key, ...args);
    await run({ data, folder, issued, refusal: async (...words) => {
      const { code, out, err } = await ran(data, ...words, '--json');
      assert.equal(code, 1, err);
      return String(JSON.parse(out).error.code);
    } });
  });

  it('makes a key once, for its owner alone, and shows its public half', () => withFolder(async (folder) => {
    const path = join(folder, 'lead.pem');
    const made = await jsonOf(folder, 'voucher', 'key', 'lead.pem');
    assert.deepEqual([made.created, made.path, statSync(path).mode & 0o777], [true, path, 0o600]);
    const before = readFileSync(path, 'utf8');
    assert.deepEqual(await jsonOf(folder, 'voucher', 'key', path), { ...made, created: false });
    assert.equal(readFileSync(path, 'utf8'), before);
    assert.ok(!(await ran(folder, 'voucher', 'key', path)).out.includes(before.split('\n')[1] ?? ''));
  }));

  it('gives promotional credits once in each ledger, and says why it gives no more', () => withVouchers(['--expires', '2099-01-01T00:00:00Z', '--count', '2'], async ({ data, folder, issued, refusal }) => {
    const [first, second] = issued.vouchers;
    assert.match(issued.publicKey, /^cbk1_[A-Za-z0-9_-]{43}$/);
    assert.ok(first && second && first.code !== second.code && first.code.length < 200);
    assert.equal(await refusal('voucher', 'redeem', first.code), 'voucher_foreign');
    assert.deepEqual((await jsonOf(data, 'voucher', 'trust', issued.publicKey, '--name', 'Team lead')).issuer, { keyId: issued.keyId, name: 'Team lead', publicKey: issued.publicKey.replace('cbk1_', '') });
    assert.deepEqual((await jsonOf(data, 'voucher', 'list')).issuers.map((one: { name: string }) => one.name), ['Team lead']);
    const { out } = await ran(data, 'voucher', 'redeem', first.code);
    assert.match(out, /^Added 50\.00 promotional credits from Team lead; they end .*\nBalance 50\.00 credits\.$/);
    const again = await ran(data, 'voucher', 'redeem', first.code);
    assert.deepEqual([again.code, /^This voucher was redeemed before, on \d{4}-\d\d-\d\d \d\d:\d\d UTC; it gave 50\.00 credits\. Nothing was added again\..* \(voucher_redeemed\)$/.test(again.err)], [1, true]);
    assert.equal(await refusal('voucher', 'redeem', second.code.slice(0, -3)), 'voucher_broken');
    assert.equal(await refusal('voucher', 'redeem', `${second.code.slice(0, 100)}${second.code[100] === 'A' ? 'B' : 'A'}${second.code.slice(101)}`), 'voucher_forged');
    const { grants } = await jsonOf(data, 'credits', 'list');
    assert.deepEqual(grants.map((one: { kind: string; source: string; amountMicroCredits: number; expiresAtMs: number }) => [one.kind, one.source, one.amountMicroCredits, one.expiresAtMs]), [['promotional', 'voucher', 50_000_000, Date.UTC(2099, 0, 1)]]);
    // Trust can be taken back; what was given stays, and another ledger decides for itself.
    assert.deepEqual((await jsonOf(data, 'voucher', 'distrust', issued.keyId)), { removed: true });
    assert.equal(await refusal('voucher', 'redeem', second.code), 'voucher_foreign');
    const other = join(folder, 'other');
    await jsonOf(other, 'voucher', 'trust', issued.publicKey);
    assert.equal((await jsonOf(other, 'voucher', 'redeem', first.code)).balance.balanceMicroCredits, 50_000_000);
    for (const ledger of [data, other]) assert.equal((await jsonOf(ledger, 'audit', '--full')).ok, true);
    // Neither the ledger nor the log keeps a code.
    for (const file of ['ledger.db', 'ledger.db-wal']) {
      try {
        assert.ok(!readFileSync(join(data, file)).includes(first.code.slice(20, 60)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }));

  it('is over when its time is, and never ends where it says none', () => withVouchers(['--expires', '2020-01-01T00:00:00Z'], async ({ data, issued, refusal }) => {
    await jsonOf(data, 'voucher', 'trust', issued.publicKey);
    assert.equal(await refusal('voucher', 'redeem', issued.vouchers[0]?.code ?? ''), 'voucher_expired');
  }).then(() => withVouchers([], async ({ data, issued }) => {
    await jsonOf(data, 'voucher', 'trust', issued.publicKey);
    assert.equal((await jsonOf(data, 'voucher', 'redeem', issued.vouchers[0]?.code ?? '')).grant.expiresAtMs, undefined);
  })));

  it('refuses what it cannot use, without showing any of it', () => withFolder(async (folder) => {
    writeFileSync(join(folder, 'no.pem'), 'top secret');
    for (const [args, why] of [
      [['voucher'], /Say `voucher` with one of/], [['voucher', 'issue', '--amount', '5'], /private key/], [['voucher', 'issue', '--amount', '5', '--key', 'gone.pem'], /cannot be used \(ENOENT\)/], [['voucher', 'issue', '--amount', '5', '--key', 'no.pem'], /holds no private key in PEM/],
      [['voucher', 'issue', '--amount', '0', '--key', 'no.pem'], /no amount of credits/], [['voucher', 'issue', '--amount', '5', '--count', '0', '--key', 'no.pem'], /--count/], [['voucher', 'issue', '--amount', '5', '--count', '1001', '--key', 'no.pem'], /from 0 to 1000/],
      [['voucher', 'trust', 'nonsense'], /no public key of an issuer/], [['voucher', 'key', 'no.pem'], /holds no private key in PEM/],
    ] as const) {
      const { code, err } = await ranIn(folder, { cwd: folder }, args);
      assert.equal(code, 2, args.join(' '));
      assert.match(err, why);
      assert.ok(!err.includes('top secret'));
    }
  }));
});

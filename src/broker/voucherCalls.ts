// The control calls about vouchers: whose are taken, and redeeming one. A code is proven here, before the ledger
// hears of it, and goes no further: neither the ledger nor the log ever holds one.
import { problem, ProblemError } from '../domain/problem.ts';
import type { ControlApi } from '../protocol/control.ts';
import { balanceView } from './balanceView.ts';
import type { ControlParts } from './controlParts.ts';
import { issuerKeyOf } from './vouchers/issuerKeys.ts';
import { readVoucher } from './vouchers/voucherCode.ts';

type Calls = Pick<ControlApi, 'voucherTrust' | 'voucherDistrust' | 'voucherRedeem'>;

/** Makes the calls. @param eased told after whatever may let a waiting request go on */
export function voucherCalls({ ledger, clock, ids }: Pick<ControlParts, 'ledger' | 'clock' | 'ids'>, eased: () => void): Calls {
  const issuers = async () => (await ledger.query('balance', { nowMs: clock.nowMs() })).directives.issuers;
  const lay = async (keyId: string, issuer: { readonly keyId: string; readonly name: string; readonly publicKey: string } | null) => {
    const result = await ledger.command({ type: 'direct', key: ids.directiveId(), atMs: clock.nowMs(), directive: { kind: 'voucher-issuer', keyId, issuer } });
    if ('problem' in result) throw new ProblemError(result.problem);
    eased();
  };
  return {
    voucherTrust: async ({ publicKey: text, name }) => {
      const { keyId, publicKey } = issuerKeyOf(text);
      const issuer = { keyId, name: name ?? `issuer ${keyId.slice(0, 6)}`, publicKey };
      await lay(keyId, issuer);
      return { issuer };
    },
    voucherDistrust: async ({ keyId }) => {
      if (!(await issuers()).some((one) => one.keyId === keyId)) return { removed: false };
      await lay(keyId, null);
      return { removed: true };
    },
    voucherRedeem: async ({ code }) => {
      const known = await issuers();
      const voucher = readVoucher(code, known);
      const grantId = ids.grantId();
      const result = await ledger.command({ type: 'redeem', grantId, atMs: clock.nowMs(), ...voucher });
      eased();
      if ('problem' in result) throw new ProblemError(result.problem);
      const balance = balanceView(await ledger.query('balance', { nowMs: clock.nowMs() }));
      const grant = balance.grants.find((one) => one.id === grantId);
      if (!grant) throw new ProblemError(problem('internal', 'The voucher was redeemed, but its grant cannot be read.'));
      return { grant, issuer: known.find((one) => one.keyId === voucher.keyId)?.name ?? voucher.keyId, balance };
    },
  };
}

// A voucher's code, written and read: `cbv1_` and 96 bytes in base64url, of which the last 64 are the Ed25519
// signature of a fixed prefix and the first 32. What it says is read only after its signature was proven, with the
// key of an issuer that a person trusts; the code itself is never stored or logged.
//
//   byte 0       version, 1                         bytes 21 to 26   amount in microcredits
//   bytes 1-8    id of the issuer's key             bytes 27 to 31   end in seconds since 1970; 0 for none
//   bytes 9-20   id of the voucher, by chance       numbers are big-endian
import { sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { problem, ProblemError, problemThat } from '../../domain/problem.ts';
import { say } from '../../domain/say.ts';
import type { Because } from '../../domain/say.ts';
import type { VoucherIssuer } from '../../domain/vouchers.ts';
import { grantMicroCreditsMax } from '../../protocol/controlArguments.ts';
import { isVoucherShaped, tidyVoucher, voucherLetters, voucherPrefix } from '../../protocol/voucherShape.ts';
import { issuerKeyOf, publicHalf } from './issuerKeys.ts';

/** What a voucher says. */
export interface Voucher {
  /** Of the issuer's key, in hex. */
  readonly keyId: string;
  /** Twelve bytes in hex, the same for no two vouchers. */
  readonly voucherId: string;
  readonly amountMicroCredits: number;
  /** Redeemed before then, and its credits end then too; absent: never. A whole second. */
  readonly expiresAtMs?: number;
}

/** Nothing else that the key signs can be taken for a voucher. */
const signedPrefix = Buffer.from('codex-usage-broker/voucher/v1\0');
const version = 1;
const factBytes = 32;
/** Seconds that fit into five bytes; some 34,000 years. */
const endSecondsMax = 2 ** 40 - 1;

/** Writes and signs a code. @throws RangeError for what no voucher can say */
export function writeVoucher(privateKey: KeyObject, { voucherId, amountMicroCredits, expiresAtMs }: Omit<Voucher, 'keyId'>): string {
  const end = expiresAtMs === undefined ? 0 : Math.floor(expiresAtMs / 1000);
  if (!/^[0-9a-f]{24}$/.test(voucherId) || !isAmount(amountMicroCredits) || expiresAtMs !== undefined && !(end > 0 && end <= endSecondsMax)) throw new RangeError('a voucher says nothing like that');
  const facts = Buffer.alloc(factBytes);
  facts.writeUInt8(version, 0);
  facts.write(publicHalf(privateKey).keyId, 1, 'hex');
  facts.write(voucherId, 9, 'hex');
  facts.writeUIntBE(amountMicroCredits, 21, 6);
  facts.writeUIntBE(end, 27, 5);
  return voucherPrefix + Buffer.concat([facts, sign(null, Buffer.concat([signedPrefix, facts]), privateKey)]).toString('base64url');
}

/** Reads a code. @throws ProblemError `voucher_broken`, `voucher_foreign` or `voucher_forged` */
export function readVoucher(text: string, issuers: readonly VoucherIssuer[]): Voucher {
  const code = tidyVoucher(text);
  if (!isVoucherShaped(code)) throw new ProblemError(problemThat('voucher_broken', shapeFault(code)));
  const bytes = Buffer.from(code.slice(voucherPrefix.length), 'base64url');
  const facts = bytes.subarray(0, factBytes);
  const keyId = facts.toString('hex', 1, 9);
  const issuer = issuers.find((one) => one.keyId === keyId);
  if (!issuer) throw new ProblemError(problem('voucher_foreign', 'This voucher names the issuer {0}, whom nobody told this ledger to trust. Nothing was added.', { values: [keyId] }));
  if (!verify(null, Buffer.concat([signedPrefix, facts]), issuerKeyOf(issuer.publicKey).key, bytes.subarray(factBytes))) {
    throw new ProblemError(problem('voucher_forged', 'This voucher is not what {0} signed: it was changed on its way, or made by somebody else. Nothing was added.', { values: [issuer.name] }));
  }
  const [amountMicroCredits, end] = [facts.readUIntBE(21, 6), facts.readUIntBE(27, 5)];
  if (facts[0] !== version || !isAmount(amountMicroCredits)) throw new ProblemError(problem('voucher_broken', 'This voucher is signed by {0}, and says an amount that no voucher may give, or is of a version that this one does not know. Nothing was added.', { values: [issuer.name] }));
  return { keyId, voucherId: facts.toString('hex', 9, 21), amountMicroCredits, ...(end === 0 ? {} : { expiresAtMs: end * 1000 }) };
}

function isAmount(microCredits: number): boolean {
  return Number.isSafeInteger(microCredits) && microCredits > 0 && microCredits <= grantMicroCreditsMax;
}

/** Says what is wrong with a text, and nothing of the text: it may be most of a code. */
function shapeFault(code: string): Because {
  const letters = code.length - voucherPrefix.length;
  if (!code.startsWith(voucherPrefix)) return say('This is no voucher: one begins with "{0}". Nothing was added.', voucherPrefix);
  return letters < voucherLetters ? say('This voucher is cut off: {0} of its {1} letters are missing. Nothing was added.', voucherLetters - letters, voucherLetters + voucherPrefix.length) : say('This voucher has letters that do not belong to it. Nothing was added.');
}

// Whose vouchers a ledger takes. A voucher is a signed text that gives promotional credits once in each ledger that
// trusts its issuer; its format is in `broker/vouchers/voucherCode.ts`. Pure.
import { say } from './say.ts';
import type { Because } from './say.ts';

/** An issuer that a person trusts. */
export interface VoucherIssuer {
  /** The beginning of the hash of its public key, in hex; vouchers name it. */
  readonly keyId: string;
  /** How people call it. */
  readonly name: string;
  /** Its Ed25519 public key: 32 bytes, base64url. */
  readonly publicKey: string;
}

/** Issuers at the most. */
export const issuersMax = 20;

/** Why an issuer cannot be trusted, as a sentence; undefined when it can. Whether key and id belong together is seen where the key is read. */
export function issuerFault({ keyId, name, publicKey }: VoucherIssuer, known: readonly VoucherIssuer[]): Because | undefined {
  if (!/^[0-9a-f]{16}$/.test(keyId) || !/^[A-Za-z0-9_-]{43}$/.test(publicKey)) return say('An issuer is known by an Ed25519 public key and the beginning of its hash.');
  if (name.trim() === '') return say('An issuer needs a name.');
  return known.length >= issuersMax && !known.some((one) => one.keyId === keyId) ? say('There are {0} issuers of vouchers already, the most there can be.', issuersMax) : undefined;
}

// The keys of vouchers: an issuer's Ed25519 pair, the short name of its public half, and how people hand that over.
// RFC 8032 has the signatures, RFC 8037 the JSON form by which Node takes a bare public key.
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { problem, ProblemError } from '../../domain/problem.ts';

/** A public key as vouchers and directives know it. */
export interface IssuerKey {
  /** The first eight bytes of the SHA-256 of the key's 32 bytes, in hex. */
  readonly keyId: string;
  /** The 32 bytes in base64url. */
  readonly publicKey: string;
  readonly key: KeyObject;
}

/**
 * Points of small order, without their sign: to a lenient verifier one of them in the place of a public key has signed
 * whatever somebody likes (Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs"; libsodium refuses the same ones).
 * Some versions of the platform's library refuse them too, others do not.
 */
const weakPoints: ReadonlySet<string> = new Set([
  '00'.repeat(32), `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`, `ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`,
]);

/** How a public key begins where it is handed over. Bare ones may begin with a dash, which a command line takes for an option. */
const publicKeyPrefix = 'cbk1_';

/** A public key as people hand it over. */
export function shownPublicKey(publicKey: string): string {
  return publicKeyPrefix + publicKey;
}

/** The key of an issuer from what a person pasted: what `voucher key` prints, with or without its beginning, or a public key in PEM. @throws ProblemError `argument_invalid` */
export function issuerKeyOf(text: string): IssuerKey {
  const pasted = text.trim().replace(publicKeyPrefix, '');
  try {
    const key = pasted.startsWith('-----') ? createPublicKey(pasted) : createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: /^[A-Za-z0-9_-]{43}$/.test(pasted) ? pasted : '' }, format: 'jwk' });
    return publicHalf(key);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError(problem('argument_invalid', 'This is no public key of an issuer: "cbk1_" and 43 letters, as `codex-broker voucher key FILE` prints them, or an Ed25519 public key in PEM.'), { cause: error });
  }
}

/** The public half of a key, with its name. @throws ProblemError `argument_invalid` for another kind of key and for one that anybody can sign for */
export function publicHalf(key: KeyObject): IssuerKey {
  if (key.asymmetricKeyType !== 'ed25519') throw new ProblemError(problem('argument_invalid', 'Vouchers are signed with Ed25519, and this is a key of the kind {0}.', { values: [key.asymmetricKeyType ?? 'secret'] }));
  const half = key.type === 'private' ? createPublicKey(key) : key;
  const bytes = Buffer.from(half.export({ format: 'jwk' }).x ?? '', 'base64url');
  const unsigned = Buffer.from(bytes);
  unsigned[31] = (unsigned[31] ?? 0) & 0x7f;
  if (bytes.length !== 32 || weakPoints.has(unsigned.toString('hex'))) throw new ProblemError(problem('argument_invalid', 'This public key is a weak one, for which anybody could sign vouchers. It is not taken.'));
  return { keyId: createHash('sha256').update(bytes).digest('hex').slice(0, 16), publicKey: bytes.toString('base64url'), key: half };
}

/** A new private key, as PKCS #8 in PEM. */
export function newPrivateKeyText(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
}

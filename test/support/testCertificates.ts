// Makes certificates for tests, with keys that live as long as the test: an authority, and leaves that it signs.
// Written by the grammar of X.509 (RFC 5280), no more of it than TLS needs.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its key, both in PEM. */
export interface TestCertificate { readonly cert: string; readonly key: string }

/** An authority. */
export interface TestAuthority extends TestCertificate {
  /** A leaf for names and addresses. @param days how long it is valid from yesterday on */
  leaf(names: readonly string[], days?: number): TestCertificate;
}

/** Makes an authority. */
export function testAuthority(name = 'Test Authority'): TestAuthority {
  const { publicKey, privateKey } = newKey();
  const cert = certificate({ subject: name, issuer: name, publicKey, signer: privateKey, days: 30, extensions: [extension('551d13', true, sequence(Buffer.from('0101ff', 'hex')))] });
  return {
    cert, key: pem(privateKey),
    leaf: (names, days = 30) => {
      const own = newKey();
      const alternatives = names.map((one) => (isIP(one) === 0 ? der(0x82, Buffer.from(one)) : der(0x87, Buffer.from(one.split('.').map(Number)))));
      return { cert: certificate({ subject: names[0] ?? '', issuer: name, publicKey: own.publicKey, signer: privateKey, days, extensions: [extension('551d11', false, sequence(...alternatives))] }), key: pem(own.privateKey) };
    },
  };
}

function newKey(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pem(key: KeyObject): string { return key.export({ type: 'pkcs8', format: 'pem' }) as string; }

interface Terms { readonly subject: string; readonly issuer: string; readonly publicKey: KeyObject; readonly signer: KeyObject; readonly days: number; readonly extensions: readonly Buffer[] }

function certificate({ subject, issuer, publicKey, signer, days, extensions }: Terms): string {
  const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'));
  const dayMs = 86_400_000;
  const body = sequence(
    der(0xa0, Buffer.from('020102', 'hex')), der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])), ecdsaWithSha256, named(issuer),
    sequence(time(Date.now() - dayMs), time(Date.now() + (days - 1) * dayMs)), named(subject), publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, signer);
  const whole = sequence(body, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  return sequence(objectId(id), ...(isCritical ? [Buffer.from('0101ff', 'hex')] : []), der(0x04, value));
}

function named(name: string): Buffer { return sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(name))))); }

function time(atMs: number): Buffer { return der(0x17, Buffer.from(`${new Date(atMs).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`)); }

function objectId(hex: string): Buffer { return der(0x06, Buffer.from(hex, 'hex')); }

function sequence(...parts: readonly Buffer[]): Buffer { return der(0x30, Buffer.concat(parts)); }

function der(tag: number, value: Buffer): Buffer {
  const { length } = value;
  return Buffer.concat([Buffer.from(length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]), value]);
}

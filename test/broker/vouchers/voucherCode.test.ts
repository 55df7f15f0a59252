// A voucher's code, attacked: what is cut, changed, signed otherwise or by others is told by its own problem, and weak
// public keys, for which anybody could sign, are not taken.
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { ProblemError } from '../../../src/domain/problem.ts';
import type { VoucherIssuer } from '../../../src/domain/vouchers.ts';
import { issuerKeyOf, newPrivateKeyText, publicHalf, shownPublicKey } from '../../../src/broker/vouchers/issuerKeys.ts';
import { readVoucher, writeVoucher } from '../../../src/broker/vouchers/voucherCode.ts';
import { voucherPrefix } from '../../../src/protocol/voucherShape.ts';

const credit = 1_000_000;
/** The order of the group, L in RFC 8032. */
const order = 2n ** 252n + 27742317777372353535851937790883648493n;
/** Test 1 of RFC 8032, section 7.1. */
const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const publicHex = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const privateKey = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'hex')]), format: 'der', type: 'pkcs8' });
const { keyId, publicKey } = publicHalf(privateKey);
const issuers: readonly VoucherIssuer[] = [{ keyId, publicKey, name: 'Team lead' }];
const facts = { voucherId: '00112233445566778899aabb', amountMicroCredits: 50 * credit, expiresAtMs: Date.UTC(2027, 0, 1) };
const code = writeVoucher(privateKey, facts);
const bytesOf = (text: string) => Buffer.from(text.slice(voucherPrefix.length), 'base64url');
const written = (bytes: Uint8Array) => voucherPrefix + Buffer.from(bytes).toString('base64url');
const signedFacts = (bytes: Buffer, prefix = 'codex-usage-broker/voucher/v1\0') => Buffer.concat([bytes, sign(null, Buffer.concat([Buffer.from(prefix), bytes]), privateKey)]);

function codeOfRefusal(text: string, known = issuers): string {
  try {
    readVoucher(text, known);
  } catch (error) {
    assert.ok(error instanceof ProblemError, String(error));
    // Whatever is wrong, what was pasted is not repeated.
    assert.ok(text.length < 12 || !`${error.problem.message} ${error.problem.remedy}`.includes(text.slice(0, 12)));
    return error.problem.code;
  }
  return 'taken';
}

describe('a voucher\'s code', () => {
  it('says what was signed, in 133 letters, with or without the line breaks of a mail', () => {
    assert.equal(publicKey, Buffer.from(publicHex, 'hex').toString('base64url'));
    assert.match(code, /^cbv1_[A-Za-z0-9_-]{128}$/);
    assert.deepEqual(readVoucher(code, issuers), { keyId, ...facts });
    assert.deepEqual(readVoucher(` ${code.slice(0, 60)}\r\n ${code.slice(60)}\n`, issuers), { keyId, ...facts });
    const { expiresAtMs: _end, ...endless } = facts;
    assert.deepEqual(readVoucher(writeVoucher(privateKey, endless), issuers), { keyId, ...endless });
    // What a later version writes must still be read by this one: byte for byte as it was described.
    const end = (facts.expiresAtMs / 1000).toString(16).padStart(10, '0');
    assert.equal(bytesOf(code).toString('hex', 0, 32), `0121fe31dfa154a261${facts.voucherId}${(50 * credit).toString(16).padStart(12, '0')}${end}`);
  });

  it('carries every amount and end that one may have', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1_000_000 * credit }), fc.option(fc.integer({ min: 1, max: 2 ** 40 - 1 })), (amountMicroCredits, end) => {
      const said = { voucherId: facts.voucherId, amountMicroCredits, ...(end === null ? {} : { expiresAtMs: end * 1000 }) };
      assert.deepEqual(readVoucher(writeVoucher(privateKey, said), issuers), { keyId, ...said });
    }), { numRuns: 40 });
    for (const wrong of [{ amountMicroCredits: 0 }, { amountMicroCredits: -1 }, { amountMicroCredits: 1.5 }, { amountMicroCredits: 1_000_000 * credit + 1 }, { expiresAtMs: 0 }, { expiresAtMs: 2 ** 50 }, { voucherId: 'x' }]) assert.throws(() => writeVoucher(privateKey, { ...facts, ...wrong }), RangeError);
  });

  it('is refused with every single bit of it flipped', () => {
    const bytes = bytesOf(code);
    const counts: Record<string, number> = {};
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ 1 << (bit & 7);
      const refusal = codeOfRefusal(written(flipped));
      counts[refusal] = (counts[refusal] ?? 0) + 1;
    }
    assert.deepEqual(counts, { voucher_forged: 88 * 8, voucher_foreign: 8 * 8 });
  });

  it('is told as cut off, or as none at all, and never crashes on what is pasted', () => {
    for (let length = 0; length < code.length; length += 1) assert.equal(codeOfRefusal(code.slice(0, length)), 'voucher_broken');
    for (const text of [`${code}A`, code.replace('cbv1_', 'cbv2_'), code.toUpperCase(), `${code.slice(0, -1)}+`, `${code.slice(0, -1)}=`, `${code.slice(0, -1)}é`, 'sk-something', '']) assert.equal(codeOfRefusal(text), 'voucher_broken', text);
    fc.assert(fc.property(fc.string({ maxLength: 400 }), (text) => { assert.equal(codeOfRefusal(text), 'voucher_broken'); }));
    fc.assert(fc.property(fc.uint8Array({ minLength: 96, maxLength: 96 }), (bytes) => { assert.equal(codeOfRefusal(written(bytes)), 'voucher_foreign'); }));
  });

  it('is taken of a trusted issuer alone', () => {
    assert.equal(codeOfRefusal(code, []), 'voucher_foreign');
    const other = createPrivateKey(newPrivateKeyText());
    assert.equal(codeOfRefusal(writeVoucher(other, facts)), 'voucher_foreign');
    // Somebody else's signature over facts that name the trusted issuer.
    const bytes = bytesOf(code).subarray(0, 32);
    assert.equal(codeOfRefusal(written(Buffer.concat([bytes, sign(null, Buffer.concat([Buffer.from('codex-usage-broker/voucher/v1\0'), bytes]), other)]))), 'voucher_forged');
  });

  it('is refused with another purpose\'s signature, an empty one, and one that was made to look new', () => {
    const bytes = bytesOf(code).subarray(0, 32);
    assert.equal(codeOfRefusal(written(signedFacts(bytes))), 'taken');
    for (const prefix of ['', 'codex-usage-broker/voucher/v2\0', 'codex-usage-broker/voucher/v1']) assert.equal(codeOfRefusal(written(signedFacts(bytes, prefix))), 'voucher_forged');
    assert.equal(codeOfRefusal(written(Buffer.concat([bytes, Buffer.alloc(64)]))), 'voucher_forged');
    // S + L is the same number to a careless verifier (RFC 8032, 5.1.7 forbids it).
    const signature = Buffer.from(bytesOf(code).subarray(32));
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse().copy(signature, 32);
    assert.equal(codeOfRefusal(written(Buffer.concat([bytes, signature]))), 'voucher_forged');
  });

  it('is refused where its signature is right and what it says cannot be', () => {
    const change = (write: (bytes: Buffer) => void) => { const bytes = Buffer.from(bytesOf(code).subarray(0, 32)); write(bytes); return written(signedFacts(bytes)); };
    for (const write of [(bytes: Buffer) => bytes.writeUInt8(2, 0), (bytes: Buffer) => bytes.writeUIntBE(0, 21, 6), (bytes: Buffer) => bytes.writeUIntBE(2 ** 48 - 1, 21, 6)]) assert.equal(codeOfRefusal(change((bytes) => { write(bytes); })), 'voucher_broken');
  });
});

describe('an issuer\'s key', () => {
  it('is taken bare or in PEM, by one short name', () => {
    const pem = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }) as string;
    for (const text of [publicKey, shownPublicKey(publicKey), ` ${shownPublicKey(publicKey)}\n`, pem]) assert.deepEqual([issuerKeyOf(text).keyId, issuerKeyOf(text).publicKey], [keyId, publicKey]);
    assert.match(keyId, /^[0-9a-f]{16}$/);
  });

  it('is refused where it is none, of another kind, or weak', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'pem', type: 'spki' }) as string;
    const weak = ['00'.repeat(32), `01${'00'.repeat(31)}`, `01${'00'.repeat(30)}80`, `ec${'ff'.repeat(30)}7f`, `ed${'ff'.repeat(30)}ff`, '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'];
    for (const text of ['', 'x', publicKey.slice(1), `${publicKey}A`, '-----BEGIN PUBLIC KEY-----', rsa, ...weak.map((hex) => Buffer.from(hex, 'hex').toString('base64url'))]) {
      assert.throws(() => issuerKeyOf(text), (error) => error instanceof ProblemError && error.problem.code === 'argument_invalid', text);
    }
  });
});

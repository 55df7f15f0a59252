// `codex-broker voucher`: making vouchers with a private key of one's own, trusting an issuer, redeeming a code.
// Making them needs neither a broker nor a ledger.
import { createPrivateKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { problem, ProblemError } from '../../domain/problem.ts';
import { formatCredits } from '../../domain/units.ts';
import { newPrivateKeyText, publicHalf, shownPublicKey } from '../vouchers/issuerKeys.ts';
import { writeVoucher } from '../vouchers/voucherCode.ts';
import { amountOf, momentOf, wantedWord, wholeNumberOf, wrongUse } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { pathOf, readOptions } from './commandIo.ts';
import { momentText } from './factTexts.ts';
import { withControl } from './withControl.ts';

/** Vouchers that one call makes at the most. */
const countMax = 1000;
/** A key in PEM has 119 letters; a file that is much longer is another one. */
const keyBytesMax = 4096;

const words: Readonly<Record<string, (args: readonly string[], io: CommandIo) => Promise<number>>> = { key, issue, trust, distrust, list, redeem };

/** `codex-broker voucher WORD` */
export async function voucher(args: readonly string[], io: CommandIo): Promise<number> {
  const [word = '', ...rest] = args;
  const run = Object.hasOwn(words, word) ? words[word] : undefined;
  if (!run) throw wrongUse(`Say \`voucher\` with one of ${Object.keys(words).join(', ')}; for example \`voucher redeem CODE\`.`);
  return run(rest, io);
}

/** `codex-broker voucher key FILE`: makes a private key where there is none, and shows its public half. */
function key(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, {}, 1);
  const path = pathOf('key', wantedWord(positionals[0], 'A file for the private key'), io);
  const created = writeNew(path, newPrivateKeyText());
  const { keyId, publicKey: bare } = publicHalf(readKey(path));
  const publicKey = shownPublicKey(bare);
  io.out(values.json ? JSON.stringify({ created, path, keyId, publicKey }) : [
    created ? `Made a private key in ${path}. Whoever has it can make vouchers; keep it to yourself.` : `There is a private key in ${path} already; it stays.`,
    `Public key ${publicKey}`, `Whoever takes your vouchers runs: codex-broker voucher trust ${publicKey} --name NAME`].join('\n'));
  return Promise.resolve(0);
}

/** `codex-broker voucher issue --amount AMOUNT --key FILE [--expires ISO] [--count N]` */
function issue(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { amount: { type: 'string' }, key: { type: 'string' }, expires: { type: 'string' }, count: { type: 'string' } });
  const amountMicroCredits = amountOf(values.amount);
  const expiresAtMs = momentOf(values.expires);
  const count = wholeNumberOf('--count', values.count ?? '1', countMax) ?? 1;
  if (count < 1) throw wrongUse('Say --count with a number from 1 on.');
  if (expiresAtMs !== undefined && expiresAtMs < 1000) throw wrongUse('A voucher cannot end at the beginning of 1970.');
  const privateKey = readKey(pathOf('key', wantedWord(values.key, 'The file of your private key, with --key FILE,'), io));
  const { keyId, publicKey } = publicHalf(privateKey);
  // A voucher ends with a whole second.
  const facts = { amountMicroCredits, ...(expiresAtMs === undefined ? {} : { expiresAtMs: Math.floor(expiresAtMs / 1000) * 1000 }) };
  const vouchers = Array.from({ length: count }, () => {
    const voucherId = randomBytes(12).toString('hex');
    return { voucherId, ...facts, code: writeVoucher(privateKey, { voucherId, ...facts }) };
  });
  io.out(values.json ? JSON.stringify({ keyId, publicKey: shownPublicKey(publicKey), vouchers }) : vouchers.map((one) => one.code).join('\n'));
  return Promise.resolve(0);
}

/** `codex-broker voucher trust PUBLICKEY [--name NAME]` */
async function trust(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, { name: { type: 'string' } }, 1);
  const publicKey = wantedWord(positionals[0], 'The public key of an issuer');
  return withControl(values, io, 'change', async ({ api }) => {
    const { issuer } = await api.voucherTrust({ publicKey, ...(values.name === undefined ? {} : { name: values.name }) });
    io.out(values.json ? JSON.stringify({ issuer }) : `Vouchers of ${issuer.name} (${issuer.keyId}) are taken from now on.`);
    return 0;
  });
}

/** `codex-broker voucher distrust ID` */
async function distrust(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, {}, 1);
  const keyId = wantedWord(positionals[0], 'The id of an issuer, as `voucher list` shows it,');
  return withControl(values, io, 'change', async ({ api }) => {
    const result = await api.voucherDistrust({ keyId });
    io.out(values.json ? JSON.stringify(result) : result.removed ? `Vouchers of ${keyId} are taken no more. What they gave stays.` : `The issuer ${keyId} was not trusted.`);
    return result.removed ? 0 : 1;
  });
}

/** `codex-broker voucher list` */
async function list(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, {});
  return withControl(values, io, 'read', async ({ api }) => {
    const { voucherIssuers: issuers = [] } = await api.status({});
    io.out(values.json ? JSON.stringify({ issuers }) : issuers.length === 0 ? 'Vouchers of nobody are taken.' : issuers.map((one) => `${one.keyId}  ${shownPublicKey(one.publicKey)}  ${one.name}`).join('\n'));
    return 0;
  });
}

/** `codex-broker voucher redeem CODE` */
async function redeem(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, {}, 1);
  const code = wantedWord(positionals[0], 'The code of a voucher');
  return withControl(values, io, 'change', async ({ api }) => {
    const result = await api.voucherRedeem({ code });
    const { grant, issuer, balance } = result;
    io.out(values.json ? JSON.stringify(result) : [
      `Added ${formatCredits(grant.amountMicroCredits)} promotional credits from ${issuer}${grant.expiresAtMs === undefined ? '' : `; they end ${momentText(grant.expiresAtMs)}`}.`,
      `Balance ${formatCredits(balance.balanceMicroCredits)} credits.`].join('\n'));
    return 0;
  });
}

/** Writes a file that only its owner may read; false where there is one. @throws ProblemError */
function writeNew(path: string, text: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      writeSync(file, text);
    } finally {
      closeSync(file);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unusable(path, error);
  }
}

/** @throws ProblemError `argument_invalid` */
function readKey(path: string): KeyObject {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').slice(0, keyBytesMax);
  } catch (error) {
    throw unusable(path, error);
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    // What OpenSSL says of a file that is no key helps nobody, and might show a part of it.
    throw new ProblemError(problem('argument_invalid', `The file ${path} holds no private key in PEM without a password.`), { cause: error });
  }
}

function unusable(path: string, error: unknown): ProblemError {
  return new ProblemError(problem('argument_invalid', `The file ${path} cannot be used (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`), { cause: error });
}

// The files of a data folder beside the ledger: who may read them, and the secrets that prove who
// is who. The folder is the user's alone (0700), each secret file too (0600).
import { createHmac, randomBytes, timingSafeEqual, createHash } from 'node:crypto';
import { chmodSync, existsSync, linkSync, lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { problem, ProblemError } from '../domain/problem.ts';
import { brokerAddress, brokerAddressFile, controlTokenFile } from '../protocol/control.ts';
import type { BrokerAddress } from '../protocol/control.ts';
import { refuseBeingWiped } from './wipeMark.ts';

/** Name of the file with the key that workspace tokens are made from. */
const workspaceKeyFile = 'workspace.key';

/** A data folder that exists and is usable. */
export interface DataFolder {
  readonly path: string;
  readonly ledgerPath: string;
  readonly controlToken: string;
  readonly workspaceKey: Buffer;
}

/** Rights to write for the group and for everybody. */
const openToOthers = 0o022;

/**
 * Makes the folder and its secrets where they are missing.
 * @throws ProblemError `data_folder_unusable`, also for a folder of others or one that others may write to; `wipe_unfinished`
 */
export function prepareDataFolder(path: string): DataFolder {
  refuseBeingWiped(path);
  try {
    const isNew = mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined;
    // Windows keeps rights in lists that a mode does not show; a user's own folders are private there.
    if (process.platform !== 'win32') keepPrivate(path, isNew);
    return {
      path, ledgerPath: join(path, 'ledger.db'),
      controlToken: readOrMakeSecret(join(path, controlTokenFile)),
      workspaceKey: Buffer.from(readOrMakeSecret(join(path, workspaceKeyFile)), 'base64url'),
    };
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError(problem('data_folder_unusable', 'The data folder {0} cannot be used ({1}).', { values: [path, error instanceof Error ? error.message : String(error)] }), { cause: error });
  }
}

/**
 * Closes a folder that is ours to others. The rights of any other folder are its owner's business; it
 * is only refused when others could put their own files in the place of ours.
 */
function keepPrivate(path: string, isNew: boolean): void {
  if (isNew || isOwnFile(join(path, workspaceKeyFile))) { chmodSync(path, 0o700); return; }
  const { mode } = statSync(path);
  if ((mode & openToOthers) === 0) return;
  throw new ProblemError(problem('data_folder_unusable', 'Other users may write to the data folder {0} (mode {1}), so what lies in it proves nothing.', { values: [path, (mode & 0o7777).toString(8)], remedy: 'Choose another folder with --data, or take that right away with `chmod go-w`.' }));
}

/** Whether a file is there and belongs to this user; a link to such a file is none. */
function isOwnFile(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.isFile() && found.uid === process.getuid?.();
}

function readOrMakeSecret(path: string): string {
  if (!existsSync(path)) {
    const fresh = `${path}.${process.pid}`;
    writeFileSync(fresh, randomBytes(32).toString('base64url'), { mode: 0o600 });
    try {
      // A link is made or refused as one step: of two processes that start at once, one wins.
      linkSync(fresh, path);
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
    } finally {
      rmSync(fresh, { force: true });
    }
  }
  const secret = readFileSync(path, 'utf8').trim();
  if (!/^[\w-]{43}$/.test(secret)) throw new Error(`${path} does not hold a secret of the broker`);
  return secret;
}

/** Writes where the broker listens, whole or not at all. */
export function writeBrokerAddress(folder: string, address: BrokerAddress): void {
  const path = join(folder, brokerAddressFile);
  writeFileSync(`${path}.new`, `${JSON.stringify(address)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Takes the address away when the broker stops. */
export function removeBrokerAddress(folder: string): void {
  rmSync(join(folder, brokerAddressFile), { force: true });
}

/** Reads the address and the control token; undefined where there are none or they make no sense. */
export function readBrokerAddress(folder: string): { address: BrokerAddress; controlToken: string } | undefined {
  try {
    const address = brokerAddress.parse(JSON.parse(readFileSync(join(folder, brokerAddressFile), 'utf8')));
    return { address, controlToken: readFileSync(join(folder, controlTokenFile), 'utf8').trim() };
  } catch {
    // Missing, half written or foreign: each means that no broker can be found through it.
    return undefined;
  }
}

/** A workspace's stable id: its real path, hashed, so that two names of one folder are one workspace. */
export function workspaceIdOf(path: string): { workspaceId: string; path: string; label: string } {
  let real = path;
  try {
    real = realpathSync(path);
  } catch {
    // A folder that does not exist (any more) keeps the name it was given.
  }
  return { workspaceId: `ws_${createHash('sha256').update(real).digest('hex').slice(0, 16)}`, path: real, label: basename(real) || real };
}

/** The workspace's token: 256 bits made from the folder's key, so that it can be shown again. @param renewals how often it was replaced by another */
export function workspaceToken(workspaceKey: Buffer, workspaceId: string, renewals = 0): string {
  return createHmac('sha256', workspaceKey).update(`workspace-token/v1\0${workspaceId}${renewals === 0 ? '' : `\0${renewals}`}`).digest('base64url');
}

/** How often a workspace's token can be replaced. */
export const renewalsMax = 1000;

/** How often a workspace's token was replaced, found by what is stored of the present one; 0 where this key made none of them. */
export function renewalsOf(workspaceKey: Buffer, workspaceId: string, storedHash: string): number {
  for (let renewals = 0; renewals <= renewalsMax; renewals += 1) if (tokenHash(workspaceToken(workspaceKey, workspaceId, renewals)) === storedHash) return renewals;
  return 0;
}

/** What is stored of a token. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Compares two secrets in constant time. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}

/** Proof that one knows the control token, for a nonce. */
export function proofOf(controlToken: string, nonce: string): string {
  return createHmac('sha256', controlToken).update(nonce).digest('hex');
}

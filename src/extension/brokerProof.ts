// Finds the broker that the data folder names and makes it prove itself. The address file is only
// a hint: until the proof is right, nothing secret is sent to whoever listens there.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { problem, type Problem } from '../domain/problem.ts';
import { say } from '../domain/say.ts';
import { brokerAddress, brokerAddressFile, controlProtocolVersion, controlTokenFile, type BrokerAddress } from '../protocol/control.ts';
import { wipeMarkFile } from '../protocol/dataFiles.ts';
import { wipeUnfinished } from '../protocol/wipeUnfinished.ts';
import { isLoopbackAddress, readText, type LoopbackRequest } from './loopbackHttp.ts';
import { within, type Schedule } from './schedule.ts';

/** A broker that proved that it knows this folder's control token. */
export interface ProvenBroker {
  readonly address: BrokerAddress;
  readonly controlToken: string;
}

/** What the data folder leads to. `silent` means that something listens but does not answer in time. */
export type BrokerLookup =
  | { readonly kind: 'found'; readonly broker: ProvenBroker }
  | { readonly kind: 'none'; readonly because: string }
  | { readonly kind: 'silent'; readonly pid: number }
  | { readonly kind: 'unusable'; readonly problem: Problem };

/** What a lookup needs from outside. */
export interface ProofParts {
  readonly request: LoopbackRequest;
  readonly schedule: Schedule;
  /** Fresh random text for each challenge. */
  newNonce(): string;
}

/** How long the challenge may take; a broker that is alive answers within milliseconds. */
export const proofWaitMsMax = 2_000;
const fileBytesMax = 16_384;
const healthBytesMax = 16_384;
const tokenCharactersMin = 20;

const health = z.object({ ok: z.literal(true), version: z.string(), protocol: z.int(), proof: z.string() });

/** The proof that belongs to a nonce: HMAC-SHA256 in hex, keyed by the control token. */
export function expectedProof(controlToken: string, nonce: string): string {
  return createHmac('sha256', controlToken).update(nonce).digest('hex');
}

/** Looks for the broker of a data folder, in the wanted mode. Never rejects. */
export async function lookForBroker(parts: ProofParts, dataDir: string, practice: boolean): Promise<BrokerLookup> {
  // Nobody else runs in a folder while it is wiped, and a broker that was started there would only leave again.
  if (await readSmallFile(join(dataDir, wipeMarkFile)) !== undefined) return { kind: 'unusable', problem: wipeUnfinished(dataDir) };
  const addressText = await readSmallFile(join(dataDir, brokerAddressFile));
  const controlToken = (await readSmallFile(join(dataDir, controlTokenFile)))?.trim();
  if (addressText === undefined || controlToken === undefined) return { kind: 'none', because: 'no broker has left its address' };
  const address = parseAddress(addressText);
  if (!address || controlToken.length < tokenCharactersMin) return { kind: 'none', because: 'the address file cannot be read' };

  const nonce = parts.newNonce();
  const giveUp = new AbortController();
  let answer: string;
  try {
    answer = await within(parts.schedule, proofWaitMsMax, challenge(parts.request, address.url, nonce, giveUp.signal), () => new SilentError());
  } catch (error) {
    giveUp.abort();
    // A refused connection or a broken answer means the same: whoever wrote the file is gone.
    return error instanceof SilentError ? { kind: 'silent', pid: address.pid } : { kind: 'none', because: 'nobody answers at the address on file' };
  }
  const told = health.safeParse(parseJson(answer));
  if (!told.success || !sameText(told.data.proof, expectedProof(controlToken, nonce))) {
    return { kind: 'none', because: 'another program answers at the address on file' };
  }
  if (told.data.protocol !== controlProtocolVersion) return { kind: 'unusable', problem: protocolProblem(told.data.protocol, told.data.version) };
  if ((address.mode === 'practice') !== practice) {
    return { kind: 'unusable', problem: otherModeProblem(dataDir, address.mode) };
  }
  return { kind: 'found', broker: { address, controlToken } };
}

class SilentError extends Error {}

async function challenge(request: LoopbackRequest, url: string, nonce: string, signal: AbortSignal): Promise<string> {
  const answer = await request({ method: 'GET', url: `${url}/healthz?nonce=${nonce}`, headers: {}, signal });
  if (answer.status !== 200) throw new Error(`healthz answered ${answer.status}`);
  return readText(answer, healthBytesMax);
}

function parseAddress(text: string): BrokerAddress | undefined {
  const parsed = brokerAddress.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const url = parsed.data.url.replace(/\/+$/, '');
  return isLoopbackAddress(url) && new URL(url).pathname === '/' ? { ...parsed.data, url } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Broken JSON is as good as no JSON; the caller checks the shape of what comes back.
    return undefined;
  }
}

function sameText(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(fileBytesMax);
      const { bytesRead } = await file.read(buffer, 0, fileBytesMax, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    // A missing or unreadable file means that no broker can be found through it.
    return undefined;
  }
}

function protocolProblem(protocol: number, version: string): Problem {
  const older = protocol < controlProtocolVersion;
  return problem('broker_unreachable', 'A broker of another version ({0}) is running and speaks protocol {1}; this window speaks {2}.', {
    values: [version, protocol, controlProtocolVersion],
    remedy: older ? say('Close the VS Code windows that still run the older version; the old broker ends by itself and this window starts its own.')
      : say('Reload this window so that it runs the updated extension.'),
  });
}

/** Practice credits pay for nothing real, so a broker of the other mode is none for this window. */
function otherModeProblem(dataDir: string, mode: 'live' | 'practice') {
  const parts = { values: [dataDir], remedy: say('Stop that broker, or choose another folder in the setting codexBroker.dataDir.') };
  return mode === 'practice' ? problem('data_folder_unusable', 'The broker of {0} runs in practice mode, so it cannot serve this window.', parts)
    : problem('data_folder_unusable', 'The broker of {0} runs in live mode, so it cannot serve this window.', parts);
}

// The same answer of an upstream twice: one sandbox to ask straight, and one behind a broker of its own. It checks
// nothing but that the ledger adds up and holds nothing afterwards.
import assert from 'node:assert/strict';
import path from 'node:path';
import { startSandbox } from '../../../src/sandbox/main.ts';
import type { AnswerRow } from './answerRows.ts';
import { startBroker } from './brokerProgram.ts';
import type { BrokerProcess } from './brokerProgram.ts';
import { addCredits, callBroker, makeFolder, removeFolder, until } from './workbench.ts';

/** The key that both upstreams take. */
export const pairKey = 'sk-practice-upstream';

/** Where the two ways begin. */
export interface Pair {
  readonly folder: string;
  /** Base URL of the sandbox that is asked straight. */
  readonly straight: string;
  readonly broker: BrokerProcess;
}

/** What came of the two ways, and how often each upstream was asked. */
export interface PlayedPair<T> { readonly direct: T; readonly broker: T; readonly requests: { readonly direct: number; readonly broker: number } }

/** Plays a row both ways at once. */
export async function playPair<T>({ action, times }: AnswerRow, direct: (pair: Pair) => Promise<T>, through: (pair: Pair) => Promise<T>): Promise<PlayedPair<T>> {
  const folder = makeFolder('table');
  const scenario = { delays: { deltaMs: 0 }, webSocket: { offered: false }, faults: [{ match: times === undefined ? {} : { times }, do: action }] };
  const [alone, behind] = await Promise.all([startSandbox({ scenario }), startSandbox({ scenario })]);
  const broker = await startBroker({ dataDir: path.join(folder, 'data'), upstream: behind.url, apiKey: pairKey });
  try {
    await addCredits(broker, 1_000, 'the test');
    const pair: Pair = { folder, straight: `${alone.url}/v1`, broker };
    const [one, other] = await Promise.all([direct(pair), through(pair)]);
    await until(async () => (await callBroker(broker, 'health', {})).openHolds === 0, 'the end of all holds');
    const audit = await callBroker(broker, 'audit', { full: true });
    assert.deepEqual([audit.ok, audit.violations], [true, []]);
    return { direct: one, broker: other, requests: { direct: alone.meter.attempts.length, broker: behind.meter.attempts.length } };
  } finally {
    await broker.kill();
    await Promise.all([alone.close(), behind.close()]);
    removeFolder(folder);
  }
}

/**
 * Fails unless both ways came to the same, or to what the row says is better, and the upstream behind the broker
 * got no more requests than the other one.
 * @param isWell whether a run succeeded, and the words with which it failed
 */
export function compareWays<T>(row: AnswerRow, { direct, broker, requests }: PlayedPair<T>, isWell: (run: T) => { readonly well: boolean; readonly words: string }): void {
  const told = `direct ${requests.direct} ${JSON.stringify(direct)}\n      broker ${requests.broker} ${JSON.stringify(broker)}`;
  const { better } = row;
  if (!better) assert.deepEqual(broker, direct, told);
  else if (better.ends === 'well') assert.deepEqual([isWell(direct).well, isWell(broker).well], [false, true], told);
  else assert.match(isWell(broker).words, better.ends, told);
  // Who ends well asks again where the other one gave up.
  const most = better?.ends === 'well' ? (row.times ?? 0) + 1 : requests.direct;
  assert.ok(requests.broker <= most, `the upstream got ${requests.broker} requests\n      ${told}`);
}

/** Words without addresses, ids and the time of day, which differ from run to run. */
export function plainWords(text: string): string {
  return text.replaceAll(/http:\/\/127\.0\.0\.1:\d+\/(w\/[\w-]+\/)?/g, 'UPSTREAM/').replaceAll(/req_\w+/g, 'ID').replaceAll(/try again at [^"]*/g, 'try again at TIME');
}

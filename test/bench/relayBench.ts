// The relay: the broker beside the direct way, a minimal pipe, nginx and two gateways, in turn and in one run, on
// the same machine and the same disk. It prints ratios and says of each goal whether it was met: absolute times
// say more about the machine than about us.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runtimeEnvironment, runtimeFlags } from '../../src/extension/brokerStart.ts';
import { startPeers } from './benchPeers.ts';
import { startProcess } from './benchProcess.ts';
import type { BenchProcess } from './benchProcess.ts';
import { addedFirstByte, idleMemory, lateness, processorPerEvent, requestsPerSecond, steadily } from './relayMeasures.ts';
import type { ByVariant, Lateness } from './relayMeasures.ts';
import { bodyOf, stream } from './streamClient.ts';
import type { Variant } from './streamClient.ts';

/** What one run of the relay's benchmark found. Times are medians. */
export interface RelayResult {
  readonly names: readonly string[];
  readonly firstByte: readonly { readonly what: string; readonly addedMs: ByVariant; readonly syncMs: number }[];
  /** The first measure of all, beside pipes that only make a hold durable before they send. */
  readonly floor: { readonly addedMs: ByVariant; readonly syncMs: number };
  readonly processor: readonly { readonly streams: number; readonly usPerEvent: ByVariant }[];
  readonly rate: readonly { readonly clients: number; readonly perSecond: ByVariant; readonly processorUs: ByVariant }[];
  readonly idle: { readonly streams: number; readonly before: ByVariant; readonly mb: ByVariant };
  /** By what went on meanwhile. */
  readonly late: { readonly pipe: ReadonlyMap<string, Lateness>; readonly broker: ReadonlyMap<string, Lateness> };
  readonly charges: number;
  /** Whether the ledger adds up afterwards. */
  readonly isSound: boolean;
}

/** What to measure, and where. */
export interface RelayOptions { readonly root: string; readonly isQuick: boolean; readonly log: (line: string) => void }

/** Pipes that do one thing of a broker: something is durable before they send. What it is, by how holdingPipe.ts calls it. */
export const holdingPipes = { 'pipe, line in place': 'overwrite', 'pipe, appended line': 'append', 'pipe, hold on its thread': 'here', 'pipe, hold on another': 'thread' } as const;

/** What went on while events were timed: the same calls once without and once with a durable write, and new requests. */
export const meanwhile = { nothing: 'nothing', calls: 'calls that write nothing', writes: 'calls that write', requests: 'new requests' } as const;
const idleStreams = 500;
const callsPerSecond = 100;
const newRequestsPerSecond = 30;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Runs everything. */
export async function benchRelay({ root, isQuick, log }: RelayOptions): Promise<RelayResult> {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache', 'relay-bench-'));
  const started: BenchProcess[] = [];
  const start = async (...args: Parameters<typeof startProcess>) => {
    const one = await startProcess(...args);
    started.push(one);
    return one;
  };
  try {
    const upstream = await start([here('./benchUpstream.ts')]);
    const pipe = await start([here('./minimalPipe.ts'), upstream.url]);
    const program = join(root, 'dist', 'broker.mjs');
    const dataDir = join(folder, 'data');
    const broker = await start([...runtimeFlags, program, 'serve', '--data', dataDir, '--upstream', upstream.url, '--api-key-env', 'BENCH_KEY', '--no-keychain', '--no-runaway-guard'], { env: { ...process.env, ...runtimeEnvironment, BENCH_KEY: 'sk-bench-0000000000' } });
    const ask = (...args: string[]) => execFileSync(process.execPath, [program, ...args, '--data', dataDir, '--json'], { encoding: 'utf8' });
    const { token } = JSON.parse(ask('token', '--workspace', folder)) as { token: string };
    ask('credits', 'add', '1000000');
    const peers = await startPeers({ root, folder, upstreamUrl: upstream.url, log });
    started.push(...peers.map((peer) => peer.process));
    const pipeVariant: Variant = { name: 'pipe', url: pipe.url, headers: {}, pid: pipe.pid };
    const brokerVariant: Variant = { name: 'broker', url: broker.url, headers: { authorization: `Bearer ${token}` }, pid: broker.pid };
    const variants: Variant[] = [
      { name: 'direct', url: upstream.url, headers: {} }, pipeVariant, brokerVariant,
      ...peers.map(({ name, process: { url, pid }, headers, model }) => ({ name, url, headers, pid, isPeer: true, ...(model === undefined ? {} : { model }) })),
    ];

    const holding = () => Promise.all(Object.entries(holdingPipes).map(async ([name, how]): Promise<Variant> => {
      const { url, pid } = await start([here('./holdingPipe.ts'), upstream.url, folder, how]);
      return { name, url, headers: {}, pid };
    }));
    const call = controlCalls(broker.url, dataDir);
    await stream(brokerVariant, bodyOf(brokerVariant, { events: 1, paceMs: 0, bodyBytes: 2_000 }));

    log('measuring: memory of idle streams');
    const { before, idle } = await idleMemory(variants, idleStreams);
    const firstByte = [];
    for (const [bodyBytes, atOnce, rounds] of [[2_000, 1, 60], [64_000, 1, 50], [512_000, 1, 30], [2_000, 10, 25], [2_000, 100, 8], [2_000, 500, 4]] as const) {
      if (isQuick && atOnce > 10) continue;
      const what = `${bodyBytes / 1000} KB, ${atOnce} at once`;
      log(`measuring: time to the first byte, ${what}`);
      firstByte.push({ what, ...await addedFirstByte(variants, folder, { bodyBytes, atOnce, rounds: isQuick ? Math.ceil(rounds / 5) : rounds }) });
    }
    log('measuring: time to the first byte, beside pipes that only hold');
    const floor = await addedFirstByte([...variants.slice(0, 3), ...await holding()], folder, { bodyBytes: 2_000, atOnce: 1, rounds: isQuick ? 40 : 200 });
    const processor = [];
    const rate = [];
    for (const streams of isQuick ? [10, 100] : [1, 10, 100, 500]) {
      log(`measuring: processor time and requests per second, ${streams} at once`);
      processor.push({ streams, usPerEvent: await processorPerEvent(variants, streams, isQuick ? { rounds: 1, measureMs: 1000 } : { rounds: 3, measureMs: 2000 }) });
      rate.push({ clients: streams, ...await requestsPerSecond(variants, streams, isQuick ? 500 : 2000) });
    }
    log('measuring: how late events come while something else goes on');
    const late = async (variant: Variant, calls: Readonly<Record<string, () => Promise<void>>>) => lateness(variant, isQuick ? 1 : 4, isQuick ? 1000 : 2500, {
      [meanwhile.nothing]: async () => { /* so it is */ },
      ...Object.fromEntries(Object.entries(calls).map(([name, once]) => [name, (ended: () => boolean) => steadily(callsPerSecond, ended, once)])),
      [meanwhile.requests]: (ended) => steadily(newRequestsPerSecond, ended, () => stream(variant, bodyOf(variant, { events: 10, paceMs: 0, bodyBytes: 2_000 }))),
    });
    const brokerLate = await late(brokerVariant, { [meanwhile.calls]: call.withoutWrite, [meanwhile.writes]: call.withWrite });
    const pipeLate = await late(pipeVariant, {});
    const audit = JSON.parse(ask('audit', '--full')) as { ok: boolean; charges: number };
    return { names: variants.map((one) => one.name), firstByte, floor, processor, rate, idle: { streams: idleStreams, before, mb: idle }, late: { broker: brokerLate, pipe: pipeLate }, charges: audit.charges, isSound: audit.ok };
  } finally {
    await Promise.all(started.reverse().map((one) => one.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Calls of the broker; two of them differ in one thing: whether the ledger writes. */
function controlCalls(url: string, dataDir: string): { withoutWrite(): Promise<void>; withWrite(): Promise<void> } {
  const controlToken = readFileSync(join(dataDir, 'control.token'), 'utf8').trim();
  const call = async (method: string, args: unknown) => {
    const answer = await fetch(`${url}/broker/v1/${method}`, { method: 'POST', headers: { authorization: `Bearer ${controlToken}`, 'content-type': 'application/json' }, body: JSON.stringify(args) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} was answered with ${answer.status}: ${text}`);
  };
  let count = 0;
  return {
    withoutWrite: () => call('cancel', { requestId: `bench-${count += 1}` }),
    withWrite: () => call('consent', { scope: 'workspace', workspaceId: 'bench', answer: (count += 1) % 2 === 0 ? 'allow' : 'ask' }),
  };
}

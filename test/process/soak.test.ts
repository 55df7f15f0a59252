// Two hundred clients at once that read to the end, leave, stall and flood, for a while (ten minutes in the long
// run): afterwards the broker holds nothing that it did not hold before. No credits, bodies, handles or memory.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { recordedEvents, recordedRequest } from '../support/process/recordedStream.ts';
import { chunkOf, lastChunk, streamHead } from '../support/process/scriptedUpstream.ts';
import type { Script } from '../support/process/scriptedUpstream.ts';
import { callBroker, makeFolder, openBench, removeFolder, sleep, until } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';
import { seededRandom } from '../support/seededRandom.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] === '1';
const loadMs = isLong ? 600_000 : 10_000;
/** The same load before anything is compared, so that what a process needs once is there. */
const warmUpMs = isLong ? 20_000 : 4_000;
/** What memory may differ by between two moments without work: what is alive, and what the process keeps for more. */
const aliveGrowthMbMax = 6;
const residentGrowthMbMax = 96;
/** How long it may take to give memory and handles back once nothing runs. */
const settleMsMax = 60_000;
/** How many clients of each kind there are; together two hundred. */
const kinds = { reading: 110, leaving: 50, stalling: 32, flooding: 8 } as const;

/** What a request tells the scripted upstream in its metadata. */
interface Play { readonly pieces: number; readonly pieceBytes: number; readonly paceMs: number }

const limits = {
  'x-ratelimit-limit-requests': '10000000', 'x-ratelimit-remaining-requests': '9999999', 'x-ratelimit-reset-requests': '1ms',
  'x-ratelimit-limit-tokens': '100000000000', 'x-ratelimit-remaining-tokens': '99999999999', 'x-ratelimit-reset-tokens': '1ms',
};

/** Plays what the request asks for, and keeps nothing of it. */
function playing(bench: () => Workbench): Script {
  return async (request, wire) => {
    bench().upstream.requests.length = 0;
    const { pieces, pieceBytes, paceMs } = (JSON.parse(request.body.toString()) as { metadata: Play }).metadata;
    const piece = chunkOf(`event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"${'x'.repeat(pieceBytes)}"}\n\n`);
    await wire.write(Buffer.concat([Buffer.from(streamHead(limits)), chunkOf(recordedEvents[0] ?? '')]));
    for (let count = 0; count < pieces && !wire.isGone(); count += 1) {
      await sleep(paceMs);
      await wire.write(piece);
    }
    await wire.write(Buffer.concat([chunkOf(recordedEvents.at(-1) ?? ''), Buffer.from(lastChunk)]));
  };
}

describe('two hundred clients that read, leave, stall and flood', function () {
  this.timeout(loadMs + warmUpMs + 2 * settleMsMax + 120_000);
  let bench: Workbench;
  const memoryFile = path.join(makeFolder('memory'), 'alive');
  const random = seededRandom(20_261_130);
  before(async () => {
    const preload = pathToFileURL(path.resolve(import.meta.dirname, '../support/process/tellMemory.ts')).href;
    bench = await openBench({
      credits: 1_000_000, script: playing(() => bench), serve: { env: { NODE_OPTIONS: `--import=${preload}`, CODEX_BROKER_TEST_MEMORY: memoryFile } },
    });
  });
  after(async () => {
    await bench.close();
    removeFolder(path.dirname(memoryFile));
  });

  const done = { reading: 0, leaving: 0, stalling: 0, flooding: 0 };
  const asking = (play: Play, bytes: number) => recordedRequest(true, { metadata: play, input: 'x'.repeat(bytes) });

  const clients: Record<keyof typeof kinds, (agent: http.Agent) => Promise<void>> = {
    reading: async (agent) => {
      const pieces = random.whole(5, 40);
      const answer = await bench.ask({ agent, body: asking({ pieces, pieceBytes: 200, paceMs: random.whole(5, 50) }, random.whole(100, 20_000)) });
      assert.deepEqual([answer.status, answer.complete, answer.bytes.toString().split('\n\n').length], [200, true, pieces + 3]);
    },
    leaving: async (agent) => {
      const leave = new AbortController();
      const answer = bench.ask({ agent, signal: leave.signal, body: asking({ pieces: 100, pieceBytes: 200, paceMs: 20 }, random.whole(100, 100_000)) });
      const left = answer.catch(() => undefined);
      await sleep(random.whole(0, 600));
      leave.abort();
      await left;
    },
    stalling: async () => {
      const leave = new AbortController();
      const answer = bench.ask({
        signal: leave.signal, body: asking({ pieces: 60, pieceBytes: 64 * 1024, paceMs: 0 }, 1_000),
        onResponse: (response) => {
          response.pause();
          void sleep(random.whole(200, 2_500)).then(() => { if (random.chance(0.5)) response.resume(); else leave.abort(); });
        },
      });
      await answer.catch(() => undefined);
    },
    flooding: async () => {
      await Promise.all(Array.from({ length: 10 }, async (_, index) => {
        if (index < 3) { await halfABody(); return; }
        const leave = new AbortController();
        const answer = bench.ask({ signal: leave.signal, body: asking({ pieces: 3, pieceBytes: 200, paceMs: 5 }, 256 * 1024) }).catch(() => undefined);
        await sleep(random.whole(0, 150));
        leave.abort();
        await answer;
      }));
      await sleep(random.whole(50, 400));
    },
  };

  /** Promises a megabyte, sends a part of it, and is gone. */
  async function halfABody(): Promise<void> {
    const socket = net.connect(bench.broker.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1:${bench.broker.port}\r\nauthorization: Bearer ${bench.token.token}\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n${'x'.repeat(200_000)}`);
    await sleep(random.whole(10, 300));
    socket.resetAndDestroy();
  }

  /** Lets all clients work for a while. */
  async function load(forMs: number): Promise<void> {
    const agent = new http.Agent({ keepAlive: true });
    const endMs = performance.now() + forMs;
    try {
      await Promise.all(Object.entries(kinds).flatMap(([kind, count]) => Array.from({ length: count }, async () => {
        const name = kind as keyof typeof kinds;
        while (performance.now() < endMs) {
          await clients[name](agent);
          done[name] += 1;
        }
      })));
    } finally {
      agent.destroy();
    }
  }

  /** Megabytes that are alive on the broker's main thread, buffers included, after the garbage was collected. */
  async function aliveMb(): Promise<number> {
    rmSync(memoryFile, { force: true });
    process.kill(bench.broker.pid, 'SIGUSR2');
    await until(() => existsSync(memoryFile), 'an answer about memory');
    return Number(readFileSync(memoryFile, 'utf8')) / 1024 / 1024;
  }

  /** Handles and resident megabytes, as the kernel counts them; nothing elsewhere than on Linux. */
  function held(): { handles: number; residentMb: number } | undefined {
    if (process.platform !== 'linux') return undefined;
    const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${bench.broker.pid}/status`, 'utf8'))?.[1];
    return { handles: readdirSync(`/proc/${bench.broker.pid}/fd`).length, residentMb: Number(resident) / 1024 };
  }

  /** Waits until nothing runs, waits or is held, and both sides' kept connections are closed. */
  async function quiet(): Promise<void> {
    const endMs = performance.now() + settleMsMax;
    for (;;) {
      const [{ running, waiting }, { openHolds, heldBodyBytes }] = await Promise.all([callBroker(bench.broker, 'status', {}), callBroker(bench.broker, 'health', {})]);
      const left = { running: running.length, waiting: waiting.length, openHolds, heldBodyBytes };
      if (Object.values(left).every((count) => count === 0)) break;
      assert.ok(performance.now() < endMs, `something is held for good: ${JSON.stringify(left)}`);
      await sleep(100);
    }
    bench.upstream.hangUp();
    await sleep(500);
  }

  it('leave no hold, body, handle or memory behind, and every reader is served', async () => {
    await load(warmUpMs);
    await quiet();
    const alive = { start: await aliveMb(), end: NaN };
    const start = held();
    await load(loadMs);
    await quiet();
    alive.end = await aliveMb();
    let end = held();
    const endMs = performance.now() + settleMsMax;
    const isBack = () => !start || !end || end.handles <= start.handles && end.residentMb <= start.residentMb + residentGrowthMbMax;
    while (!isBack() && performance.now() < endMs) {
      await sleep(1_000);
      end = held();
    }
    const told = `${JSON.stringify({ done, alive, start, end })}`;
    if (isLong || process.env['CODEX_BROKER_TEST_TELL']) console.log(`      ${told}`);
    assert.ok(isBack() && alive.end <= alive.start + aliveGrowthMbMax, `more is held than before: ${told}`);
    assert.ok(Object.values(done).every((count) => count > 0), told);
    const audit = await bench.audit();
    assert.deepEqual([audit.ok, audit.openHolds], [true, 0]);
    assert.ok(audit.charges >= done.reading, told);
  });
});

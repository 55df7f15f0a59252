// What bodies take of memory: a room with a size, bytes that are let go once the answer has begun, a
// text that is not kept while a request waits, and a refusal when the room is full.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { Admission } from '../../src/broker/admission.ts';
import type { ResponsesParts } from '../../src/broker/carriedRequest.ts';
import { BackgroundRuns } from '../../src/broker/background/backgroundRuns.ts';
import { BodyRoom, HeldBody } from '../../src/broker/heldBodies.ts';
import { apiKeyCredential } from '../../src/broker/upstream/credential.ts';
import { ResponseOwners } from '../../src/broker/responseOwners.ts';
import { carryResponses } from '../../src/broker/responsesRoute.ts';
import { systemClock } from '../../src/broker/systemClock.ts';
import { networkOf } from '../../src/broker/upstream/network.ts';
import { upstreamTarget } from '../../src/broker/upstream/upstreamTarget.ts';
import { Estimator } from '../../src/domain/estimator.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { testPrice } from '../support/ledger/ledgerCommands.ts';
import { calmWatch } from '../support/calmWatch.ts';
import { recordingLedger } from './recordingLedger.ts';

const megabyte = 1024 * 1024;
const workspace = { workspaceId: 'w', path: '/w', label: 'w', tokenHash: '' };

/** Frees what nothing refers to, so that what is left is what is held. */
async function collect(): Promise<NodeJS.MemoryUsage> {
  setFlagsFromString('--expose-gc');
  const free = runInNewContext('gc') as () => void;
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => { setImmediate(resolve); });
    free();
  }
  return process.memoryUsage();
}

interface World { readonly room: BodyRoom; readonly pacer: Pacer; readonly upstreamBytes: () => number; readonly held: http.ServerResponse[]; post(body: Buffer, headers?: http.OutgoingHttpHeaders): Promise<{ status: number; text: () => Promise<string> }>; until(done: () => boolean): Promise<void> }

/** The route in front of an upstream that reads everything and answers only when the test says so. */
async function withRoute(roomBytes: number, run: (world: World) => Promise<void>): Promise<void> {
  const held: http.ServerResponse[] = [];
  const open: http.ClientRequest[] = [];
  let upstreamBytes = 0;
  const upstream = http.createServer((message, response) => { message.on('data', (chunk: Buffer) => { upstreamBytes += chunk.length; }).on('end', () => held.push(response)); });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const ledger = recordingLedger();
  const pacer = new Pacer(() => 0.5);
  const room = new BodyRoom(roomBytes);
  const nothing = () => undefined;
  const target = upstreamTarget(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, networkOf({ env: {} }));
  const parts: ResponsesParts = {
    admission: new Admission({ pacer, ledger, clock: systemClock, watch: calmWatch, unsafe: nothing, canAsk: () => false, changed: nothing }), watch: calmWatch, bodies: room, ledger, settle: (command) => ledger.command(command), clock: systemClock,
    estimator: new Estimator(), prices: nothing, ceilingPrice: () => testPrice, target, credential: () => apiKeyCredential('sk', target), headSeen: nothing, limitsTold: nothing, keyAnswered: nothing, upstreamAnswered: nothing, changed: nothing, log: nothing,
    branchOf: () => Promise.resolve(undefined), owners: new ResponseOwners({ ledger, log: nothing }), background: new BackgroundRuns({ target, credential: nothing, clock: systemClock, end: nothing, log: nothing }),
  };
  let count = 0;
  const route = http.createServer((message, response) => { void carryResponses(parts, message, response, workspace, `req_${count += 1}`); });
  route.listen(0, '127.0.0.1');
  await once(route, 'listening');
  const until = async (done: () => boolean) => { while (!done()) await new Promise((resolve) => { setTimeout(resolve, 5); }); };
  try {
    await run({
      room, pacer, held, upstreamBytes: () => upstreamBytes, until,
      post: (body, headers = {}) => new Promise((resolve, reject) => {
        const request = http.request({ port: (route.address() as AddressInfo).port, method: 'POST', headers: { 'content-length': body.length, ...headers } }, (answer) => {
          resolve({ status: answer.statusCode ?? 0, text: async () => { let text = ''; for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) text += chunk; return text; } });
        });
        open.push(request);
        request.on('error', reject).end(body);
      }),
    });
  } finally {
    for (const request of open) request.destroy();
    for (const server of [route, upstream]) { server.closeAllConnections(); server.close(); }
    await target.close();
    await until(() => pacer.runningCount + pacer.waitingCount === 0);
  }
}

const bodyOf = (bytes: number) => Buffer.from(JSON.stringify({ model: 'gpt-test', stream: true, input: 'x'.repeat(bytes) }));

describe('the room for bodies', () => {
  it('is taken as bytes come, given back once, and never overdrawn', () => {
    const room = new BodyRoom(100);
    const [first, second] = [new HeldBody(room), new HeldBody(room)];
    assert.deepEqual([first.grow(60), second.grow(40), second.grow(1), room.bytes], [true, true, false, 100]);
    first.letGo();
    first.letGo();
    assert.deepEqual([room.bytes, second.grow(60), room.bytes], [40, true, 100]);
  });

  it('keeps a body for every attempt until it is let go', async () => {
    const body = new HeldBody(new BodyRoom());
    body.keep(Buffer.from('abc'));
    for (let attempt = 0; attempt < 2; attempt += 1) assert.equal(String(Buffer.concat(await body.stream().toArray() as Buffer[])), 'abc');
    body.letGo();
    assert.equal(body.wireBytes, 3);
    assert.throws(() => body.stream(), RangeError);
  });

  it('refuses a body that does not fit any more, over a connection that goes on', () => withRoute(3 * megabyte, async ({ post, room, held, until, upstreamBytes }) => {
    const first = post(bodyOf(2 * megabyte));
    await until(() => held.length === 1);
    const taken = room.bytes;
    assert.ok(taken > 2 * megabyte && upstreamBytes() === taken);
    const refused = await post(bodyOf(2 * megabyte));
    assert.equal(refused.status, 429);
    assert.match(await refused.text(), /queue_full/);
    assert.equal(room.bytes, taken, 'what had been read of it is given back');
    held[0]?.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    assert.equal((await first).status, 200);
    assert.equal(room.bytes, 0, 'the answer has begun');
    const second = post(bodyOf(2 * megabyte));
    await until(() => held.length === 2);
    held[1]?.writeHead(400, { 'content-type': 'application/json' }).end('{}');
    await second;
    await until(() => room.bytes === 0);
  }));

  it('holds no body while its answer streams', () => withRoute(200 * megabyte, async ({ post, held, until }) => {
    const body = bodyOf(8 * megabyte);
    const before = await collect();
    for (let number = 0; number < 4; number += 1) {
      const answer = post(body);
      await until(() => held.length === number + 1);
      held[number]?.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1"}}\n\n');
      assert.equal((await answer).status, 200);
    }
    const grown = (await collect()).arrayBuffers - before.arrayBuffers;
    assert.ok(grown < 16 * megabyte, `${(grown / megabyte).toFixed(1)} MB of 4 bodies of 8 MB are still held`);
  }));

  it('keeps a waiting request as it came, not its text', () => withRoute(200 * megabyte, async ({ post, pacer, until }) => {
    const packed = gzipSync(bodyOf(8 * megabyte));
    const waiting = 6;
    for (let number = 0; number < 4; number += 1) post(bodyOf(1)).catch(() => undefined);
    await until(() => pacer.runningCount === 4);
    const before = await collect();
    for (let number = 0; number < waiting; number += 1) post(packed, { 'content-encoding': 'gzip' }).catch(() => undefined);
    await until(() => pacer.waitingCount === waiting);
    const after = await collect();
    // Long texts lie outside the heap of the engine, and are counted with the buffers.
    const grown = after.heapUsed + after.external - before.heapUsed - before.external;
    assert.ok(grown < 24 * megabyte, `${(grown / megabyte).toFixed(1)} MB are held for 6 texts of 8 MB`);
  }));
});

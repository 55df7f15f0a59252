// Connections over real sockets with a clock in the test's hands: what a client hears while it waits, when an
// upstream falls silent, and what becomes of a client that does not read.
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Admission } from '../../../src/broker/admission.ts';
import { BackgroundRuns } from '../../../src/broker/background/backgroundRuns.ts';
import { BodyRoom } from '../../../src/broker/heldBodies.ts';
import { keepAliveMs } from '../../../src/broker/responsesSocket/carryMessage.ts';
import { ResponseOwners } from '../../../src/broker/responseOwners.ts';
import { connectionsMax, ResponsesSockets } from '../../../src/broker/responsesSocket/responsesSockets.ts';
import { openMsMax } from '../../../src/broker/responsesSocket/upstreamSocket.ts';
import type { SettleCommand } from '../../../src/broker/store/ledgerCommands.ts';
import { attemptMsMax, unreadMsMax } from '../../../src/broker/upstream/attempt.ts';
import { apiKeyCredential } from '../../../src/broker/upstream/credential.ts';
import { networkOf } from '../../../src/broker/upstream/network.ts';
import { bodyTimeoutMs, headersTimeoutMs, upstreamTarget } from '../../../src/broker/upstream/upstreamTarget.ts';
import { Estimator } from '../../../src/domain/estimator.ts';
import { Pacer } from '../../../src/domain/pacing.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { testPrice } from '../../support/ledger/ledgerCommands.ts';
import { calmWatch } from '../../support/calmWatch.ts';
import { manualClock } from '../../support/manualClock.ts';
import type { ManualClock } from '../../support/manualClock.ts';
import { openSocketUpstream, recordedFrames } from '../../support/process/scriptedSocketUpstream.ts';
import type { ScriptedSocketUpstream } from '../../support/process/scriptedSocketUpstream.ts';
import { connectSocket, createMessage, endTypes, UpgradeRefused } from '../../support/socketClient.ts';
import type { SocketClient } from '../../support/socketClient.ts';
import { recordingLedger } from '../recordingLedger.ts';

const workspace = { workspaceId: 'w', path: '/w', label: 'w', tokenHash: 'h' };

interface World {
  readonly clock: ManualClock;
  readonly upstream: ScriptedSocketUpstream;
  readonly sockets: ResponsesSockets;
  readonly settled: SettleCommand[];
  apiKey: string | undefined;
  problem: Problem | undefined;
  /** Lets every message meet a fault of the broker. */
  isFaulty: boolean;
  connect(): Promise<SocketClient>;
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const clock = manualClock();
  const upstream = await openSocketUpstream();
  const ledger = recordingLedger();
  const admission = new Admission({ pacer: new Pacer(() => 0.5), ledger, clock, watch: calmWatch, changed: () => undefined, canAsk: () => false, unsafe: () => undefined });
  const target = upstreamTarget(upstream.url, networkOf({ env: {} }));
  const clients: SocketClient[] = [];
  const settled: SettleCommand[] = [];
  let ids = 0;
  const sockets = new ResponsesSockets({
    admission, watch: calmWatch, ledger, clock, target, bodies: new BodyRoom(), estimator: new Estimator(), prices: () => testPrice, ceilingPrice: () => testPrice,
    settle: (command) => { settled.push(command); return Promise.resolve({ exists: false, drawnMicroCredits: 0 }); },
    credential: () => apiKeyCredential(world.apiKey, target), headSeen: () => undefined, limitsTold: () => undefined, keyAnswered: () => undefined, upstreamAnswered: (what) => { world.problem = what; }, changed: () => undefined, log: () => undefined, newRequestId: () => { if (world.isFaulty) throw new Error('a fault of ours'); return `req_${ids += 1}`; },
    branchOf: () => Promise.resolve(undefined), owners: new ResponseOwners({ ledger, log: () => undefined }), background: new BackgroundRuns({ target, credential: () => undefined, clock, end: () => undefined, log: () => undefined }),
  });
  const server = http.createServer();
  server.on('upgrade', (message, socket, head) => {
    socket.on('error', () => undefined);
    void sockets.accept(message, socket, head, workspace, 'req_upgrade');
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const world: World = {
    clock, upstream, sockets, settled, apiKey: 'sk-one', problem: undefined, isFaulty: false,
    connect: async () => {
      const client = await connectSocket(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/responses`, { headers: { originator: 'codex_exec' } });
      clients.push(client);
      return client;
    },
  };
  try {
    await run(world);
  } finally {
    for (const { socket } of clients) socket.terminate();
    await target.close();
    await upstream.close();
    server.close();
  }
}

/** Only a fault uses that up. */
const untilMsMax = 15_000;

/** Waits for something that only needs the sockets to be served. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + untilMsMax;
  while (performance.now() < endMs) {
    if (holds()) return;
    await new Promise((resolve) => { setTimeout(resolve, 1); });
  }
  throw new Error(`${what} did not happen`);
}

/** Lets time pass in steps, and what crosses the sockets meanwhile arrive: pings and their answers above all. */
async function pass(clock: ManualClock, ms: number, isOver: () => boolean = () => false): Promise<void> {
  for (let left = ms; left > 0 && !isOver(); left -= stepMs) {
    clock.advance(Math.min(stepMs, left));
    for (let round = 0; round < 6; round += 1) await new Promise((resolve) => { setTimeout(resolve, 1); });
  }
}
const stepMs = 10_000;
/** How often a connection asks whether its other end is there. */
const pingMs = 30_000;

const keepAlives = (client: SocketClient) => client.texts.filter((text) => text === '{"type":"keepalive"}').length;
const throttle = JSON.stringify({ type: 'error', status: 429, error: { code: 'rate_limit_exceeded', message: 'Slow.' }, headers: { 'retry-after': '600' } });

describe('connections', function () {
  this.timeout(20_000);

  it('are kept alive with messages while their request waits, at least once a minute, and not while it is answered', () => inWorld(async ({ clock, upstream, connect }) => {
    assert.ok(keepAliveMs <= 60_000);
    let asked = 0;
    upstream.script = (_message, wire) => wire.send(asked++ === 0 ? throttle : recordedFrames[0] ?? '');
    const client = await connect();
    client.send(createMessage());
    await until(() => clock.pendingMs.includes(600_000), 'the wait');
    for (let beats = 1; beats <= 5; beats += 1) {
      await pass(clock, keepAliveMs);
      await until(() => keepAlives(client) === beats, `keep-alive ${beats}`);
    }
    assert.equal(client.texts.length, 5, 'nothing else is said');
    await pass(clock, 600_000 - 5 * keepAliveMs);
    await client.until(['response.created']);
    const heard = keepAlives(client);
    await pass(clock, 2 * keepAliveMs);
    assert.equal(keepAlives(client), heard);
    assert.equal(upstream.messages.length, 2);
  }));

  for (const [name, frames, msMax] of [['before its first message', 0, headersTimeoutMs], ['in the middle', 2, bodyTimeoutMs]] as const) {
    it(`end when the upstream falls silent ${name}`, () => inWorld(async ({ clock, upstream, settled, connect }) => {
      upstream.script = async (_message, wire) => { for (const frame of recordedFrames.slice(0, frames)) await wire.send(frame); };
      const client = await connect();
      client.send(createMessage());
      await until(() => upstream.messages.length === 1 && client.texts.length === frames, 'the beginning');
      // The upstream answers pings all the while.
      await pass(clock, msMax - stepMs);
      assert.equal(settled.length, 0);
      clock.advance(stepMs);
      assert.equal((await client.closed).code, 1011);
      assert.deepEqual(settled.map((one) => [one.outcome, one.chargeable]), [['broken', frames > 0]]);
    }));
  }

  it('end when the upstream answers no ping, whether something runs or not', () => inWorld(async ({ clock, upstream, connect }) => {
    const idle = await connect();
    upstream.script = (_message, wire) => { wire.socket.pause(); };
    const silent = await connect();
    silent.send(createMessage());
    await until(() => upstream.messages.length === 1, 'the message');
    await pass(clock, 90_000);
    assert.equal((await silent.closed).code, 1011);
    assert.equal(idle.socket.readyState, idle.socket.OPEN, 'one that answers pings stays');
  }));

  it('end by a fault of the broker with one of their messages, and no other one does', () => inWorld(async (world) => {
    const [faulty, other] = [await world.connect(), await world.connect()];
    world.isFaulty = true;
    faulty.send(createMessage());
    assert.equal((await faulty.closed).code, 1011);
    world.isFaulty = false;
    other.send(createMessage());
    await other.until(endTypes);
    assert.equal(other.frames().at(-1).type, 'response.completed');
    await until(() => world.sockets.size === 1, 'the end of one of them');
  }));

  it('end for a client that leaves an answer unread', () => inWorld(async ({ clock, upstream, settled, connect }) => {
    const delta = JSON.stringify({ type: 'response.output_text.delta', delta: 'x'.repeat(1_000_000) });
    let sent = 0;
    upstream.script = async (_message, wire) => {
      await wire.send(recordedFrames[0] ?? '');
      for (; sent < 40; sent += 1) await wire.send(delta);
    };
    const client = await connect();
    client.send(createMessage());
    await client.until(['response.created']);
    client.socket.pause();
    await until(() => clock.pendingMs.includes(unreadMsMax), 'the watch over what is unread');
    clock.advance(unreadMsMax);
    await until(() => clock.pendingMs.includes(1000), 'the grace');
    clock.advance(1000);
    await until(() => settled.length === 1, 'the settlement');
    assert.deepEqual([settled[0]?.outcome, settled[0]?.chargeable], ['aborted', true]);
    await until(() => upstream.open() === 0, 'the upstream\'s end');
  }));

  it('end after the longest time that an answer may take', () => inWorld(async ({ clock, upstream, settled, connect }) => {
    upstream.script = async (_message, wire) => { await wire.send(recordedFrames[0] ?? ''); wire.socket.on('ping', () => { void wire.send(recordedFrames[2] ?? ''); }); };
    const client = await connect();
    client.send(createMessage());
    await client.until(['response.created']);
    for (let passedMs = 0; passedMs < attemptMsMax && settled.length === 0; passedMs += pingMs) {
      const heard = client.texts.length;
      clock.advance(pingMs);
      await until(() => settled.length > 0 || client.texts.length > heard, 'the word that a ping brings');
    }
    assert.equal((await client.closed).code, 1011);
    assert.deepEqual(settled.map((one) => one.outcome), ['broken']);
  }));

  it('end before the next request when the key was changed, and say so when it was removed', () => inWorld(async (world) => {
    const client = await world.connect();
    world.apiKey = 'sk-two';
    client.send(createMessage());
    assert.deepEqual([(await client.closed).code, world.settled.map((one) => [one.outcome, one.chargeable])], [1012, [['aborted', false]]]);
    const second = await world.connect();
    world.apiKey = undefined;
    second.send(createMessage());
    assert.match((await second.until(endTypes)).at(-1).response.error.message, /no_api_key/);
    assert.equal(world.upstream.messages.length, 0);
  }));

  it('are as many as may be; more are sent to HTTP', () => inWorld(async ({ upstream, sockets, connect }) => {
    await Promise.all(Array.from({ length: connectionsMax }, connect));
    const error: unknown = await connect().then(() => undefined, (thrown: unknown) => thrown);
    assert.ok(error instanceof UpgradeRefused && error.status === 426);
    assert.deepEqual([sockets.size, upstream.upgrades.length], [connectionsMax, connectionsMax]);
  }));

  it('are not waited for longer than Codex waits', () => inWorld(async (world) => {
    assert.ok(openMsMax < 15_000);
    world.upstream.refusal = 'silent';
    const asked = world.connect().then(() => undefined, (thrown: unknown) => thrown);
    await until(() => world.upstream.upgrades.length === 1, 'the upgrade');
    world.clock.advance(openMsMax);
    const error = await asked;
    assert.ok(error instanceof UpgradeRefused && error.status === 502);
    assert.equal(world.problem?.code, 'upstream_unreachable');
    await until(() => world.sockets.size === 0, 'the end of the opening');
  }));
});

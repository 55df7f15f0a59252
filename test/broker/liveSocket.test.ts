// A window's live connection over a real WebSocket: calls, pictures, and windows that speak nonsense,
// say too much, or fall silent. None of them may end the broker.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBirpc } from 'birpc';
import { WebSocket } from 'ws';
import type { callControl } from '../../src/broker/controlApi.ts';
import { LiveSockets } from '../../src/broker/liveSocket.ts';
import { SnapshotFeed } from '../../src/broker/snapshotFeed.ts';
import { systemClock } from '../../src/broker/systemClock.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { manualClock } from '../support/manualClock.ts';
import type { ManualClock } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';

type CallOutcome = Awaited<ReturnType<typeof callControl>>;

interface World { readonly connect: () => WebSocket; readonly live: LiveSockets; readonly feed: SnapshotFeed; readonly calls: [string, unknown][]; readonly pings: ManualClock }

async function withLive(run: (world: World) => Promise<void>): Promise<void> {
  const ledger = recordingLedger();
  const calls: [string, unknown][] = [];
  const pings = manualClock();
  const feed = new SnapshotFeed({
    ledger, clock: systemClock, live: () => [], pacer: new Pacer(() => 0), utcOffsetMs: () => 0, key: () => ({ state: 'present' }), problems: () => [], openWorkspaces: () => new Set(),
    broker: { version: '1', pid: 1, startedAtMs: 0, mode: 'live', upstream: 'u', dataDir: 'd' },
  });
  const live = new LiveSockets(feed, pings, (method, args): Promise<CallOutcome> => { calls.push([method, args]); return Promise.resolve({ ok: true, value: { stopping: true } }); }, () => feed.changed());
  const server = createServer();
  server.on('upgrade', (message: IncomingMessage, socket, head) => live.accept(message, socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets: WebSocket[] = [];
  try {
    await run({ live, feed, calls, pings, connect: () => { const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`); socket.on('error', () => undefined); sockets.push(socket); return socket; } });
  } finally {
    for (const socket of sockets) socket.terminate();
    live.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
    await ledger.close();
  }
}

/** A window as the extension is one. */
function windowOn(socket: WebSocket) {
  const snapshots: Snapshot[] = [];
  let arrived = () => undefined as void;
  const remote = createBirpc<Record<string, (args: unknown) => Promise<CallOutcome>>, { snapshot(snapshot: Snapshot): void }>({ snapshot: (snapshot) => { snapshots.push(snapshot); arrived(); } }, {
    post: (data: string) => { socket.send(data); }, on: (receive) => { socket.on('message', (data: Buffer) => { receive(data.toString('utf8')); }); }, serialize: JSON.stringify, deserialize: (text: string) => JSON.parse(text) as unknown,
  });
  return { remote, snapshots, next: () => new Promise<void>((resolve) => { arrived = resolve; }) };
}

describe('a window\'s live connection', () => {
  it('begins with a picture, carries calls, and tells of changes', () => withLive(async ({ connect, calls, feed, live }) => {
    const socket = connect();
    const window = windowOn(socket);
    await window.next();
    assert.equal(live.size, 1);
    assert.deepEqual(await window.remote['shutdown']?.({}), { ok: true, value: { stopping: true } });
    assert.deepEqual(calls, [['shutdown', {}]]);
    feed.changed();
    await window.next();
    assert.ok((window.snapshots.at(-1)?.sequence ?? 0) > (window.snapshots[0]?.sequence ?? 0));
    socket.close();
    await once(socket, 'close');
    while (live.size > 0) await new Promise((resolve) => { setTimeout(resolve, 5); });
    assert.deepEqual([live.size, feed.listeners], [0, 0]);
  }));

  it('is cut off when it speaks anything but the protocol, and the others go on', () => withLive(async ({ connect, calls }) => {
    const good = connect();
    const window = windowOn(good);
    await window.next();
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    for (const nonsense of ['', 'no JSON', 'null', '5', '[]', '{}', '{"t":"q"}', '{"t":"q","m":5,"a":[]}', '{"t":"q","m":"shutdown","a":{}}', '{"t":"x","m":"status","a":[]}', deep]) {
      const bad = connect();
      await once(bad, 'open');
      const closed = once(bad, 'close');
      bad.send(nonsense);
      await closed;
    }
    assert.deepEqual(calls, []);
    assert.deepEqual(await window.remote['status']?.({}), { ok: true, value: { stopping: true } });
  }));

  it('is not fooled by names that every object has', () => withLive(async ({ connect, calls }) => {
    const socket = connect();
    const window = windowOn(socket);
    await window.next();
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'noSuchCall']) await assert.rejects(window.remote.$call(name, {}), () => true, name);
    assert.deepEqual(calls, []);
  }));

  it('is cut off when a message is larger than any call', () => withLive(async ({ connect }) => {
    const socket = connect();
    await once(socket, 'open');
    const closed = once(socket, 'close');
    socket.send('x'.repeat(1024 * 1024 + 1));
    const [code] = await closed as [number];
    assert.ok(code === 1009 || code === 1006, String(code));
  }));

  it('is cut off when it answers no ping for two rounds', () => withLive(async ({ connect, pings, live }) => {
    const socket = new Promise<WebSocket>((resolve) => { const made = connect(); made.once('open', () => resolve(made)); });
    const open = await socket;
    // A window whose program hangs reads nothing, so it answers nothing.
    open.pause();
    const closed = once(open, 'close');
    pings.advance(20_000);
    pings.advance(20_000);
    open.resume();
    await closed;
    while (live.size > 0) await new Promise((resolve) => { setTimeout(resolve, 5); });
    assert.equal(live.size, 0);
  }));

  it('is closed with a reason when the broker stops', () => withLive(async ({ connect, live }) => {
    const socket = connect();
    await once(socket, 'open');
    const closed = once(socket, 'close');
    live.close();
    const [code] = await closed as [number];
    assert.equal(code, 1001);
  }));
});

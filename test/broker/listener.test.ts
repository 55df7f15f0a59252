// The door over real connections: strangers cannot fill it, hear their refusal and are let go; those
// who have shown a token keep their connection.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { tokenHash } from '../../src/broker/dataFolder.ts';
import { problem } from '../../src/domain/problem.ts';
import { listen, type Door } from '../../src/broker/listener.ts';
import type { LiveSockets } from '../../src/broker/liveSocket.ts';
import type { ResponsesSockets } from '../../src/broker/responsesSocket/responsesSockets.ts';
import { StrangerConnections, strangersMax } from '../../src/broker/strangerConnections.ts';
import { systemClock } from '../../src/broker/systemClock.ts';

const token = 'a-token-of-a-workspace-that-is-known';
const controlToken = 'the-control-token';
const workspace = { workspaceId: 'w', path: '/w', label: 'w', tokenHash: tokenHash(token) };

async function withDoor(run: (door: Door) => Promise<void>): Promise<void> {
  const door = await listen(0, {
    version: '1', controlToken, workspaces: () => [workspace], newRequestId: () => 'req_1', clock: systemClock,
    responses: (_message, response) => { response.end('carried'); return Promise.resolve(); },
    planWay: () => problem('chatgpt_login_missing', 'None.'),
    models: (_message, response) => { response.end('[]'); return Promise.resolve(); },
    api: (_call, _message, response) => { response.end('passed'); return Promise.resolve(); }, passThrough: [],
    control: () => Promise.resolve({ ok: true, value: { stopping: true } }),
    live: { size: 0, close: () => undefined } as unknown as LiveSockets,
    responsesSockets: { size: 0, close: () => Promise.resolve() } as unknown as ResponsesSockets, log: () => undefined,
  });
  try {
    await run(door);
  } finally {
    await door.close(0);
  }
}

interface Answer { readonly status: number; readonly connection: string | undefined; readonly text: string }

function call(door: Door, method: string, path: string, options: { readonly bearer?: string; readonly agent?: http.Agent; readonly body?: Buffer } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(`${door.url}${path}`, { method, ...(options.agent ? { agent: options.agent } : {}), ...(options.bearer === undefined ? {} : { headers: { authorization: `Bearer ${options.bearer}` } }) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('end', () => resolve({ status: answer.statusCode ?? 0, connection: answer.headers.connection, text })).on('error', reject);
    });
    request.on('error', reject).end(options.body);
  });
}

describe('the door', () => {
  it('lets those in who have a token however many connections without one stand open', () => withDoor(async (door) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    assert.equal((await call(door, 'GET', '/v1/models', { bearer: token, agent })).status, 200);
    const idle: net.Socket[] = [];
    try {
      for (let round = 0; round < 27; round += 1) {
        const opened = Array.from({ length: 40 }, () => net.connect(Number(new URL(door.url).port), '127.0.0.1').on('error', () => undefined));
        idle.push(...opened);
        await Promise.all(opened.map((socket) => once(socket, 'connect')));
        await new Promise((resolve) => { setImmediate(resolve); });
      }
      assert.ok(idle.length > 1024, 'more than all connections that the door takes');
      assert.deepEqual(await call(door, 'POST', '/v1/responses', { bearer: token, body: Buffer.from('{}') }), { status: 200, connection: 'keep-alive', text: 'carried' });
      assert.equal((await call(door, 'POST', '/broker/v1/status', { bearer: controlToken })).status, 200);
      const socket = await new Promise<net.Socket | null>((resolve) => { const request = http.get(`${door.url}/v1/models`, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => { answer.resume().on('end', () => resolve(request.reusedSocket ? request.socket : null)); }); });
      assert.ok(socket, 'the connection of before is still open');
    } finally {
      for (const socket of idle) socket.destroy();
      agent.destroy();
    }
  }));

  it('closes the connection behind its answer to whoever shows no token', () => withDoor(async (door) => {
    const strange = [['GET', '/healthz', 200], ['GET', '/nothing', 404], ['GET', '/v1/responses', 405], ['GET', '/v1/models', 401], ['POST', '/v1/responses', 401], ['POST', '/broker/v1/status', 401], ['GET', '/broker/v1/live', 405]] as const;
    for (const [method, path, status] of strange) {
      const answer = await call(door, method, path, { agent: new http.Agent({ keepAlive: true }) });
      assert.deepEqual([answer.status, answer.connection], [status, 'close'], path);
    }
  }));

  it('tells a client its token is wrong also when a long body is still on its way', () => withDoor(async (door) => {
    for (const path of ['/v1/responses', '/broker/v1/status']) {
      const answer = await call(door, 'POST', path, { bearer: 'wrong', body: Buffer.alloc(24 * 1024 * 1024, 'x') });
      assert.equal(answer.status, 401);
      assert.match(answer.text, /token/);
    }
  }));

  it('keeps an idle connection for longer than Node would by itself, and closes it when it closes', () => withDoor(async (door) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const ask = () => new Promise<{ readonly socket: net.Socket; readonly isKept: boolean; readonly hint: string }>((resolve, reject) => {
        const request = http.get(`${door.url}/v1/models`, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
          const { socket } = answer;
          answer.resume().on('end', () => resolve({ socket, isKept: request.reusedSocket, hint: String(answer.headers['keep-alive']) }));
        }).on('error', reject);
      });
      const { hint } = await ask();
      assert.match(hint, /^timeout=([6-9]\d|\d{3,})$/, 'clients that heed it keep the connection for a minute at least');
      await new Promise((resolve) => { setTimeout(resolve, 6500); });
      const { socket, isKept } = await ask();
      assert.ok(isKept);
      const closed = once(socket, 'close');
      // The time to end in is longer than this test's: it is not waited out for connections that only stand open.
      await door.close(60_000);
      await closed;
    } finally {
      agent.destroy();
    }
  })).timeout(40_000);
});

describe('the room of connections without a token', () => {
  it('lets the oldest one out for a new one, and forgets who left or was recognised', () => {
    const room = new StrangerConnections();
    const gone: number[] = [];
    const sockets = Array.from({ length: strangersMax + 2 }, (_, index) => {
      let closed = () => undefined as void;
      return { once: (_event: 'close', listener: () => void) => { closed = listener; }, destroy: () => { gone.push(index); closed(); }, leave: () => closed() };
    });
    const [first, second] = sockets;
    assert.ok(first && second);
    for (const socket of sockets.slice(0, strangersMax)) room.add(socket);
    room.recognise(first);
    assert.equal(room.size, strangersMax - 1);
    for (const socket of sockets.slice(strangersMax)) room.add(socket);
    assert.deepEqual([gone, room.size], [[1], strangersMax]);
    sockets.at(-1)?.leave();
    assert.equal(room.size, strangersMax - 1);
  });
});

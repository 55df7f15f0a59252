// A small broker for tests: the health challenge, the live WebSocket with typed calls, and the
// Responses endpoint, over real sockets. It keeps no ledger; tests say what each call answers.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBirpc } from 'birpc';
import { WebSocketServer, type WebSocket } from 'ws';
import { problem } from '../../src/domain/problem.ts';
import { expectedProof } from '../../src/extension/brokerProof.ts';
import type { CallOutcome } from '../../src/protocol/control.ts';
import { brokerAddressFile, controlTokenFile, type WindowApi } from '../../src/protocol/control.ts';
import { controlArguments } from '../../src/protocol/controlArguments.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { snapshotFixture } from './snapshotFixture.ts';

/** The token of the fake broker's control surface and of its one workspace. */
export const fakeControlToken = 'c'.repeat(43);
/** See `fakeControlToken`. */
export const fakeWorkspaceToken = 'w'.repeat(43);

type Answer = (args: never) => unknown;

/** A running fake. */
export interface FakeBroker {
  readonly dataDir: string;
  readonly url: string;
  snapshot: Snapshot;
  /** Answers by name of the call; what they return goes back as `{ ok: true, value }`. */
  readonly answers: Record<string, Answer>;
  /** Every call that came, in order. */
  readonly calls: { readonly method: string; readonly args: unknown }[];
  /** Every HTTP request's path and headers. */
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  /** What answers the Responses endpoint. */
  responses: (request: IncomingMessage, response: ServerResponse, body: string) => void;
  /** How the health challenge is answered. */
  health: { proof: (nonce: string) => string; protocol: number };
  readonly sockets: Set<WebSocket>;
  push(snapshot: Snapshot): void;
  /** Cuts every live connection without a word. */
  cut(): void;
  close(): Promise<void>;
}

/** Starts one with a data folder of its own. */
export async function startFakeBroker(mode: 'live' | 'practice' = 'live'): Promise<FakeBroker> {
  const dataDir = mkdtempSync(join(tmpdir(), 'fake-broker-'));
  const live = new WebSocketServer({ noServer: true });
  const open = new Set<Socket>();
  const pushers = new Map<WebSocket, (snapshot: Snapshot) => void>();
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    fake.requests.push({ path: url.pathname, headers: request.headers });
    if (url.pathname === '/healthz') {
      response.end(JSON.stringify({ ok: true, version: '1.2.3', protocol: fake.health.protocol, proof: fake.health.proof(url.searchParams.get('nonce') ?? '') }));
      return;
    }
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => { body += text; }).on('end', () => fake.responses(request, response, body));
  });
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    fake.requests.push({ path: request.url ?? '', headers: request.headers });
    if (request.headers.authorization !== `Bearer ${fakeControlToken}` || request.headers.origin !== undefined) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n');
      return;
    }
    live.handleUpgrade(request, socket, head, (accepted) => serve(accepted));
  });
  const serve = (socket: WebSocket) => {
    fake.sockets.add(socket);
    const functions = Object.fromEntries(Object.keys(controlArguments).map((method) => [method, async (args: unknown): Promise<CallOutcome<unknown>> => {
      fake.calls.push({ method, args });
      const answer = fake.answers[method];
      if (!answer) return { ok: false, problem: problem('request_not_found', `The fake has no answer for ${method}.`) };
      const value = await answer(args as never);
      return isAnswer(value) ? value : { ok: true, value };
    }]));
    const remote = createBirpc<WindowApi, typeof functions>(functions, {
      post: (text: string) => { socket.send(text); }, on: (take) => { socket.on('message', (data) => { take(data.toString()); }); },
      serialize: (value) => JSON.stringify(value), deserialize: (text: string) => JSON.parse(text) as unknown, eventNames: ['snapshot'],
    });
    pushers.set(socket, (snapshot) => { remote.snapshot.asEvent(snapshot).catch(() => undefined); });
    socket.on('close', () => {
      fake.sockets.delete(socket);
      pushers.delete(socket);
    });
  };
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(dataDir, brokerAddressFile), JSON.stringify({ url, pid: process.pid, version: '1.2.3', protocol: 3, mode }));
  writeFileSync(join(dataDir, controlTokenFile), fakeControlToken);
  const fake: FakeBroker = {
    dataDir, url, calls: [], requests: [], sockets: new Set(),
    snapshot: snapshotFixture(),
    answers: {
      status: () => fake.snapshot,
      token: () => ({ token: fakeWorkspaceToken, workspaceId: 'ws_1', baseUrl: `${url}/v1`, codexBaseUrl: `${url}/w/${fakeWorkspaceToken}/v1` }),
    },
    responses: (_request, response) => { response.writeHead(404).end(); },
    health: { proof: (nonce) => expectedProof(fakeControlToken, nonce), protocol: 3 },
    push: (snapshot) => {
      fake.snapshot = snapshot;
      for (const push of pushers.values()) push(snapshot);
    },
    cut: () => { for (const socket of fake.sockets) socket.terminate(); },
    close: async () => {
      live.close();
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => { server.close(resolve); });
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return fake;
}

function isAnswer(value: unknown): value is CallOutcome<unknown> {
  return typeof value === 'object' && value !== null && 'ok' in value && ('problem' in value || 'value' in value);
}

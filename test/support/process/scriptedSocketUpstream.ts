// An upstream that speaks the Responses API over WebSockets exactly as a test says, message by message: it
// keeps what came, and lets a script answer, cut in the middle of a frame, close or reset.
import { once } from 'node:events';
import http from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { ServerOptions, WebSocket } from 'ws';
import { recordedEvents } from './recordedStream.ts';

/** A message as it came. */
export interface CameMessage {
  readonly text: string;
  readonly json: ReturnType<typeof JSON.parse>;
  /** 0 for the first connection. */
  readonly connection: number;
}

/** What a script can do with its connection. */
export interface SocketWire {
  readonly socket: WebSocket;
  /** What lies under it, for bytes that are no frames. */
  readonly raw: Socket;
  /** Sends a text message; resolves when the kernel took it, or the connection is gone. */
  send(text: string): Promise<void>;
  /** Begins a text message and writes so many of its bytes. */
  begin(text: string, bytes: number): Promise<void>;
  close(code: number, reason?: string): void;
  /** Tears the connection down. */
  reset(): void;
  /** Resolves when the other side has gone. */
  readonly gone: Promise<void>;
}

/** Answers one message. */
export type SocketScript = (message: CameMessage, wire: SocketWire, index: number) => Promise<void> | void;

/** An answer to an upgrade that is refused. */
export interface RefusedUpgrade { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }

/** A running upstream. */
export interface ScriptedSocketUpstream {
  readonly url: string;
  readonly messages: CameMessage[];
  /** The heads of all upgrades so far. */
  readonly upgrades: { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  /** How many connections are open now. */
  readonly open: () => number;
  script: SocketScript;
  /** How upgrades are refused; `silent` answers nothing at all. */
  refusal: RefusedUpgrade | 'silent' | undefined;
  /** Answers requests over HTTP; by itself it knows none. */
  answerHttp: (request: IncomingMessage, response: ServerResponse) => void;
  /** More headers for the answer to upgrades. */
  upgradeHeaders: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** The recorded answer as messages; the last one is the terminal event. */
export const recordedFrames: readonly string[] = recordedEvents.map((event) => event.slice(event.indexOf('data: ') + 6).trimEnd());

/** Answers every message with the recorded answer. */
export const answerFrames: SocketScript = async (_message, wire) => {
  for (const frame of recordedFrames) await wire.send(frame);
};

/** Opens one. */
export async function openSocketUpstream(script: SocketScript = answerFrames, options: ServerOptions = {}): Promise<ScriptedSocketUpstream> {
  const server = http.createServer((request, response) => upstream.answerHttp(request, response));
  const sockets = new WebSocketServer({ noServer: true, ...options });
  const raws = new Set<Socket>();
  server.on('connection', (raw) => {
    raws.add(raw);
    raw.once('close', () => raws.delete(raw));
    raw.on('error', () => undefined);
  });
  sockets.on('headers', (lines) => lines.push(...Object.entries(upstream.upgradeHeaders).map(([name, value]) => `${name}: ${value}`)));
  server.on('upgrade', (request, raw, head) => {
    const connection = upstream.upgrades.push({ url: request.url ?? '', headers: request.headers }) - 1;
    const { refusal } = upstream;
    if (refusal === 'silent') return;
    if (refusal) {
      const body = refusal.body ?? '';
      const headers = Object.entries({ 'content-length': String(Buffer.byteLength(body)), ...refusal.headers });
      raw.end(`HTTP/1.1 ${refusal.status} Refused\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
      return;
    }
    sockets.handleUpgrade(request, raw, head, (socket) => serve(socket, raw as Socket, connection, upstream));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream: ScriptedSocketUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, messages: [], upgrades: [], open: () => sockets.clients.size, script, refusal: undefined,
    answerHttp: (_request, response) => { response.writeHead(404).end(); },
    upgradeHeaders: { 'x-request-id': 'req_upstream_socket' },
    close: async () => {
      for (const raw of raws) raw.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return upstream;
}

function serve(socket: WebSocket, raw: Socket, connection: number, upstream: ScriptedSocketUpstream): void {
  const gone = new Promise<void>((resolve) => { socket.once('close', () => resolve()); });
  const wire: SocketWire = {
    socket, raw, gone,
    send: (text) => new Promise((resolve) => { socket.send(text, () => resolve()); }),
    begin: (text, bytes) => {
      const data = Buffer.from(text);
      const head = Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
      head.writeUInt32BE(data.length, 6);
      return new Promise((resolve) => { raw.write(Buffer.concat([head, data.subarray(0, bytes)]), () => resolve()); });
    },
    close: (code, reason) => socket.close(code, reason),
    reset: () => { raw.resetAndDestroy(); },
  };
  // What breaks a connection shows as its close.
  socket.on('error', () => undefined);
  socket.on('message', (data: Buffer) => {
    const text = data.toString('utf8');
    const message: CameMessage = { text, json: JSON.parse(text), connection };
    const index = upstream.messages.push(message) - 1;
    void upstream.script(message, wire, index);
  });
}

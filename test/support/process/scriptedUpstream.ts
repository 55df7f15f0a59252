// An upstream that does exactly what a test says, byte for byte, on a raw TCP socket: it reads one
// request after the other, keeps what came, and lets a script write, cut or reset. It checks nothing.
import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo } from 'node:net';

/** A request as it came over the wire. */
export interface WireRequest {
  readonly line: string;
  /** Names in lower case; a repeated header keeps its last value. */
  readonly headers: Readonly<Record<string, string>>;
  readonly head: string;
  readonly body: Buffer;
  /** Resolves when the other side has closed the connection; with the time since the script began. */
  readonly gone: Promise<number>;
}

/** What a script can do with its connection. */
export interface Wire {
  /** Writes and resolves when the kernel took the bytes, or the connection is gone. */
  write(bytes: Buffer | string): Promise<void>;
  /** Closes in an orderly way. */
  end(): void;
  /** Tears the connection down. */
  reset(): void;
  readonly isGone: () => boolean;
}

/** Answers one request. The connection stays open for the next one unless the script ends it. */
export type Script = (request: WireRequest, wire: Wire, index: number) => Promise<void> | void;

/** A running upstream. */
export interface ScriptedUpstream {
  readonly url: string;
  readonly port: number;
  /** Every request so far, oldest first. */
  readonly requests: WireRequest[];
  /** Bytes that arrived on any connection. */
  readonly bytesSeen: () => number;
  script: Script;
  /** Closes every connection and goes on listening. */
  hangUp(): void;
  close(): Promise<void>;
}

/** Opens one; without a script it answers each request with a completed stream of its own. */
export async function openUpstream(script: Script): Promise<ScriptedUpstream> {
  const sockets = new Set<net.Socket>();
  let bytes = 0;
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A reset is part of many scripts; the close that follows it is what counts.
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => { bytes += chunk.length; });
    void serve(socket, upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const upstream: ScriptedUpstream = {
    url: `http://127.0.0.1:${port}`, port, requests: [], bytesSeen: () => bytes, script,
    hangUp: () => { for (const socket of sockets) socket.destroy(); },
    close: async () => {
      upstream.hangUp();
      server.close();
      await once(server, 'close');
    },
  };
  return upstream;
}

async function serve(socket: net.Socket, upstream: ScriptedUpstream): Promise<void> {
  let pending = Buffer.alloc(0);
  let wake: () => void = () => undefined;
  let isGone = false;
  const startedMs = performance.now();
  const gone = new Promise<number>((resolve) => {
    socket.once('close', () => { isGone = true; wake(); resolve(performance.now() - startedMs); });
    socket.once('end', () => { isGone = true; wake(); resolve(performance.now() - startedMs); });
  });
  socket.on('data', (chunk) => { pending = Buffer.concat([pending, chunk]); wake(); });
  const more = () => new Promise<void>((resolve) => { wake = resolve; });
  const wire: Wire = {
    isGone: () => isGone,
    write: (data) => new Promise((resolve) => {
      if (isGone || socket.destroyed) { resolve(); return; }
      void gone.then(() => resolve());
      socket.write(data, () => resolve());
    }),
    end: () => { socket.end(); },
    reset: () => { socket.resetAndDestroy(); },
  };
  while (!isGone) {
    const headEnd = pending.indexOf('\r\n\r\n');
    if (headEnd === -1) { await more(); continue; }
    const head = pending.subarray(0, headEnd).toString('latin1');
    const headers = headersOf(head);
    const length = Number(headers['content-length'] ?? 0);
    while (pending.length < headEnd + 4 + length && !isGone) await more();
    if (pending.length < headEnd + 4 + length) return;
    const request: WireRequest = { line: head.split('\r\n')[0] ?? '', headers, head, body: Buffer.from(pending.subarray(headEnd + 4, headEnd + 4 + length)), gone };
    pending = pending.subarray(headEnd + 4 + length);
    upstream.requests.push(request);
    await upstream.script(request, wire, upstream.requests.length - 1);
  }
}

function headersOf(head: string): Record<string, string> {
  return Object.fromEntries(head.split('\r\n').slice(1).map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  }));
}

/** The head of a chunked event stream. */
export function streamHead(more: Readonly<Record<string, string>> = {}): string {
  return headOf(200, { 'content-type': 'text/event-stream; charset=utf-8', 'transfer-encoding': 'chunked', ...more });
}

/** A head of any kind. */
export function headOf(status: number, headers: Readonly<Record<string, string>>): string {
  return `HTTP/1.1 ${status} Scripted\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** A whole answer with a length. */
export function wholeAnswer(status: number, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(headOf(status, { 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers })), bytes]);
}

/** One chunk of a chunked body; the empty one ends it. */
export function chunkOf(bytes: Buffer | string): Buffer {
  const data = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]);
}

/** The end of a chunked body. */
export const lastChunk = '0\r\n\r\n';

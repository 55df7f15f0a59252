// A WebSocket client for tests: sends messages, keeps every frame that comes as text, and tells how the
// connection ended. It answers nothing by itself.
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';

/** Parsed JSON whose shape the test that reads it knows. */
type Json = ReturnType<typeof JSON.parse>;

/** An open connection. */
export interface SocketClient {
  readonly socket: WebSocket;
  /** The headers of the upgrade's answer. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Everything that came from the upstream so far, as text. */
  readonly texts: string[];
  /** What the broker itself told of limits so far, each before the end of an answer. */
  readonly meters: string[];
  /** Everything that came from the upstream so far, parsed. */
  frames(): Json[];
  send(message: object | string | Buffer): void;
  /** Resolves with the frames from number `from` on, once one of them has a type that `ends` names, or the connection has ended. */
  until(ends: readonly string[], from?: number): Promise<Json[]>;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** An upgrade that was refused. */
export class UpgradeRefused extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  constructor(status: number, headers: UpgradeRefused['headers'], body: string) {
    super(`the upgrade was refused with ${status}: ${body}`);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** How the broker's own word on limits begins; an upstream's names a plan first. */
const meterBeginning = '{"type":"codex.rate_limits","rate_limits":';

/** Types that end a response. */
export const endTypes: readonly string[] = ['response.completed', 'response.incomplete', 'response.failed', 'error'];

/** Connects. @throws UpgradeRefused when the answer is another than 101 */
export function connectSocket(url: string, options: ClientOptions = {}): Promise<SocketClient> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false, ...options });
    const texts: string[] = [];
    const meters: string[] = [];
    const wakers = new Set<() => void>();
    let headers: SocketClient['headers'] = {};
    let isClosed = false;
    const wake = () => { for (const waker of wakers) waker(); };
    const closed = new Promise<{ code: number; reason: string }>((done) => {
      socket.once('close', (code, reason) => {
        isClosed = true;
        wake();
        done({ code, reason: reason.toString() });
      });
    });
    socket.once('upgrade', (response) => { headers = response.headers; });
    socket.on('message', (data: Buffer) => {
      const text = data.toString('utf8');
      (text.startsWith(meterBeginning) ? meters : texts).push(text);
      wake();
    });
    socket.on('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('close', () => reject(new UpgradeRefused(response.statusCode ?? 0, response.headers, Buffer.concat(chunks).toString('utf8'))));
    });
    const frames = (): Json[] => texts.map((text) => JSON.parse(text));
    socket.once('open', () => resolve({
      socket, headers, texts, meters, frames, closed,
      send: (message) => { socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)); },
      until: (ends, from = 0) => new Promise((done) => {
        const look = () => {
          const seen = frames().slice(from);
          const end = seen.findIndex((frame) => ends.includes(frame.type as string));
          if (end === -1 && !isClosed) return;
          wakers.delete(look);
          done(end === -1 ? seen : seen.slice(0, end + 1));
        };
        wakers.add(look);
        look();
      }),
    }));
  });
}

/** A request as Codex sends it over a WebSocket. */
export function createMessage(input: unknown = 'say hi', more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { type: 'response.create', model: 'gpt-5.5', stream: true, input, ...more };
}

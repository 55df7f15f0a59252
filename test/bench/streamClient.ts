// The benchmark's client: streamed requests over kept connections, with the time to the first byte, how late
// each event comes, and a stream that is held open and left.
import { Agent, request as send } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const agent = new Agent({ keepAlive: true, maxSockets: 1024, maxFreeSockets: 1024 });
/** When a connection was done with its last request. */
const idleSinceMs = new WeakMap<Duplex, number>();
agent.on('free', (socket: Duplex) => { idleSinceMs.set(socket, performance.now()); });
/** Half of what the broker leaves a kept connection: a server may close one just when it is used again. */
export const idleMsMax = 60_000;

/** Closes connections that were idle for so long. To be called before something is measured, never within it. */
export function dropIdle(forMs = idleMsMax): void {
  const nowMs = performance.now();
  for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) if (nowMs - (idleSinceMs.get(socket) ?? -Infinity) >= forMs) socket.destroy();
}

/** A variant to measure: an address and the head that it wants. */
export interface Variant {
  readonly name: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly pid?: number;
  /** Somebody else's program: where it fails, it is left out of that measurement. */
  readonly isPeer?: boolean;
  /** The model's name where it is not the upstream's. */
  readonly model?: string;
}

/** What to ask for. */
export interface Asked { readonly events: number; readonly paceMs: number; readonly bodyBytes: number }

/** A body for it; made before the clock runs. */
export function bodyOf(variant: Variant, asked: Asked): Buffer {
  return Buffer.from(JSON.stringify({ model: variant.model ?? 'gpt-5.4-mini', stream: true, metadata: { events: asked.events, paceMs: asked.paceMs }, input: 'x'.repeat(asked.bodyBytes) }));
}

/** Sends one request and reads it to its end. @returns milliseconds to the first byte and the bytes read */
export function stream(variant: Variant, body: Buffer): Promise<{ firstByteMs: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    open(variant, body, reject, (answer) => {
      let firstByteMs = 0;
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        if (bytes === 0) firstByteMs = performance.now() - startedMs;
        bytes += chunk.length;
      });
      answer.on('end', () => resolve({ firstByteMs, bytes }));
    });
  });
}

/** A stream that runs until it is left. */
export interface OpenStream { leave(): Promise<void> }

/** Opens a stream and resolves with its first byte. @param late told by how many milliseconds each event came after it was written */
export function openStream(variant: Variant, body: Buffer, late?: (ms: number) => void): Promise<OpenStream> {
  return new Promise((resolve, reject) => {
    const request = open(variant, body, reject, (answer) => {
      answer.once('data', () => resolve({
        leave: () => new Promise((left) => {
          answer.removeAllListeners('error').on('error', () => undefined).once('close', left);
          request.destroy();
        }),
      }));
      if (!late) return;
      let rest = '';
      answer.setEncoding('latin1').on('data', (text: string) => {
        const nowMs = monotonicMs();
        const events = (rest + text).split('\n\n');
        rest = events.pop() ?? '';
        for (const event of events) {
          const sentMs = /"obfuscation":"([\d.]+)"/.exec(event)?.[1];
          if (sentMs !== undefined) late(nowMs - Number(sentMs));
        }
      });
    });
  });
}

/** The computer's monotonic clock, the same in every process. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** How long a variant may leave a request without an answer. */
const answerMsMax = 30_000;

function open(variant: Variant, body: Buffer, failed: (error: Error) => void, answered: (answer: IncomingMessage) => void): ClientRequest {
  const url = new URL(`${variant.url}/v1/responses`);
  const request = send({
    agent, host: url.hostname, port: url.port, path: url.pathname, method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': body.length, accept: 'text/event-stream', ...variant.headers },
  }, (answer) => {
    request.setTimeout(0);
    answer.on('error', failed);
    if (answer.statusCode === 200) { answered(answer); return; }
    failed(new Error(`${variant.name} answered ${answer.statusCode}`));
    answer.resume();
  });
  request.setTimeout(answerMsMax, () => request.destroy(new Error(`${variant.name} did not answer within ${answerMsMax / 1000} s`)));
  request.on('error', (error) => failed(new Error(`${variant.name}: ${error.message}`, { cause: error })));
  request.end(body);
  return request;
}

// A small HTTP client for tests: plain requests whose answer is kept byte for byte, even when the
// connection breaks, and raw bytes on a socket for what no well-behaved client would send.
import http from 'node:http';
import net from 'node:net';

/** An answer as far as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** Whether the body ended as it should. */
  readonly complete: boolean;
}

/** What to send. */
export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly agent?: http.Agent;
  /** Aborting it closes the connection. */
  readonly signal?: AbortSignal;
  /** Sees the answer's head and stream before it is read; may pause it. */
  readonly onResponse?: (response: http.IncomingMessage) => void;
}

/** Sends a request and reads the answer as far as it comes. Rejects only when no head came at all. */
export function exchange(url: string, asked: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: asked.method ?? 'POST', headers: { ...asked.headers }, agent: asked.agent ?? false, ...(asked.signal ? { signal: asked.signal } : {}) });
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      const done = () => resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks), complete: response.complete });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      // A connection that breaks shows as an error and then as a close; the bytes until then are the answer.
      response.on('error', () => undefined);
      request.on('error', () => undefined);
      response.once('close', done);
      asked.onResponse?.(response);
    });
    request.end(asked.body);
  });
}

/** The JSON of an answer. */
export function jsonOf(answer: Answer): ReturnType<typeof JSON.parse> {
  return JSON.parse(answer.bytes.toString('utf8'));
}

/** Longest time to wait for the end of a raw exchange. */
const rawMsMax = 15_000;

/**
 * Writes bytes to a port and reads until the other side closes, or until `untilBytes` is matched.
 * @returns what came, as latin1 text
 */
export function rawExchange(port: number, bytes: string | Buffer, until: RegExp = /\r\n\r\n[\s\S]*$/): Promise<string> {
  return new Promise((resolve) => {
    let seen = '';
    let quiet: NodeJS.Timeout | undefined;
    const socket = net.connect(port, '127.0.0.1');
    const done = () => {
      clearTimeout(timer);
      clearTimeout(quiet);
      socket.destroy();
      resolve(seen);
    };
    const timer = setTimeout(done, rawMsMax);
    socket.on('error', () => undefined);
    socket.once('close', done);
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      // A moment of silence after a whole head ends the exchange; a second answer would come within it.
      clearTimeout(quiet);
      if (until.test(seen)) quiet = setTimeout(done, 60);
    });
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
}

/** The status of each answer in a raw text. */
export function statusesOf(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((match) => Number(match[1]));
}

// HTTP to the broker on this computer: plain requests and streamed answers over the loopback
// address. It refuses any other host, follows no redirect and reads at most a named maximum.
import { request } from 'node:http';

/** One call. `body` is JSON text. */
export interface LoopbackQuestion {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Aborting it ends the request and the reading of its answer. */
  readonly signal?: AbortSignal;
}

/** An answer whose body has not been read yet. */
export interface LoopbackAnswer {
  readonly status: number;
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Sends one request. Rejects when nobody answers. */
export type LoopbackRequest = (question: LoopbackQuestion) => Promise<LoopbackAnswer>;

/** The largest answer that is read as a whole. */
export const answerBytesMax = 4_194_304;

/** True for `http://127.0.0.1:PORT` and nothing else: no name to resolve, no other computer. */
export function isLoopbackAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === 'http:' && url.hostname === '127.0.0.1' && url.port !== '' && url.username === '' && url.password === '';
}

/** See `LoopbackRequest`; the real one. */
export const loopbackRequest: LoopbackRequest = (question) => new Promise((resolve, reject) => {
  if (!isLoopbackAddress(question.url)) {
    reject(new Error('Only the loopback address is called.'));
    return;
  }
  const call = request(question.url, {
    method: question.method,
    agent: false,
    headers: { ...question.headers, ...(question.body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(question.body)) }) },
    ...(question.signal ? { signal: question.signal } : {}),
  }, (response) => {
    resolve({
      status: response.statusCode ?? 0,
      header: (name) => {
        const value = response.headers[name];
        return Array.isArray(value) ? value[0] : value;
      },
      body: response,
    });
  });
  call.on('error', reject);
  call.end(question.body);
});

/** Reads an answer as text. @throws Error when it is longer than `bytesMax`. */
export async function readText(answer: LoopbackAnswer, bytesMax = answerBytesMax): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body) {
    bytes += part.byteLength;
    if (bytes > bytesMax) throw new Error(`The answer is longer than ${bytesMax} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

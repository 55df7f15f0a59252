// The benchmark's client: one streamed request, timed, over kept connections.
import { Agent, request as send } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 512 });

/** A variant to measure: an address and the head that it wants. */
export interface Variant { readonly name: string; readonly url: string; readonly headers: Record<string, string>; readonly pid?: number }

/** What to ask for. */
export interface Asked { readonly events: number; readonly paceMs: number; readonly bodyBytes: number }

/** Sends one request and reads it to its end. @returns milliseconds to the first byte and the bytes read */
export function stream(variant: Variant, asked: Asked): Promise<{ firstByteMs: number; bytes: number }> {
  const body = JSON.stringify({ model: 'gpt-5.4-mini', stream: true, metadata: { events: asked.events, paceMs: asked.paceMs }, input: 'x'.repeat(asked.bodyBytes) });
  const url = new URL(`${variant.url}/v1/responses`);
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const message = send({
      agent, host: url.hostname, port: url.port, path: url.pathname, method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), accept: 'text/event-stream', ...variant.headers },
    }, (answer) => {
      if (answer.statusCode !== 200) { reject(new Error(`${variant.name} answered ${answer.statusCode}`)); answer.resume(); return; }
      let firstByteMs = 0;
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        if (bytes === 0) firstByteMs = performance.now() - startedMs;
        bytes += chunk.length;
      });
      answer.on('end', () => resolve({ firstByteMs, bytes }));
      answer.on('error', reject);
    });
    message.on('error', reject);
    message.end(body);
  });
}

// Bodies over a real connection: every coding that clients send, and what is broken, stacked, unknown
// or too large in any of them; the bytes that go on are the bytes that came.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { bodyBytesMax, readBody } from '../../src/broker/requestBody.ts';
import type { RequestBody } from '../../src/broker/requestBody.ts';

type Outcome = Awaited<ReturnType<typeof readBody>>;

/** Serves what `readBody` makes of each request: the problem's status as the answer, or 200. */
async function withReader(run: (url: string, seen: Outcome[], arrived: () => Promise<void>) => Promise<void>): Promise<void> {
  const seen: Outcome[] = [];
  let tell = () => undefined as void;
  const server = createServer((message, response) => {
    void readBody(message).then((outcome) => {
      seen.push(outcome);
      tell();
      response.writeHead(outcome === 'client-left' ? 500 : 'problem' in outcome ? 400 : 200).end('read');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, () => new Promise((resolve) => { if (seen.length > 0) resolve(); else tell = resolve; }));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const post = (url: string, body: Uint8Array | string, encoding?: string) => fetch(url, { method: 'POST', body: body as BodyInit, headers: encoding === undefined ? {} : { 'content-encoding': encoding } });
const text = '{"model":"gpt-test","input":"schön"}';

describe('a request body', () => {
  it('is read in every coding that clients send, and kept as it came', () => withReader(async (url, seen) => {
    const wires: [string | undefined, Buffer][] = [[undefined, Buffer.from(text)], ['identity', Buffer.from(text)], ['gzip', gzipSync(text)], ['x-gzip', gzipSync(text)], [' GZIP ', gzipSync(text)], ['br', brotliCompressSync(text)], ['deflate', deflateSync(text)], ['zstd', zstdCompressSync(text)]];
    for (const [encoding, wire] of wires) assert.equal((await post(url, wire, encoding)).status, 200);
    wires.forEach(([encoding, wire], index) => assert.deepEqual(seen[index], { wire, text, decodedBytes: Buffer.byteLength(text) } satisfies RequestBody, String(encoding)));
  }));

  it('may be empty or come in pieces', () => withReader(async (url, seen) => {
    await post(url, '');
    const { port } = new URL(url);
    const socket = net.connect(Number(port), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n');
    socket.write('2\r\nde\r\n0\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    assert.deepEqual(seen.map((one) => typeof one === 'object' && 'text' in one ? one.text : one), ['', 'abcde']);
  }));

  it('is refused when its coding is unknown, stacked or a lie', () => withReader(async (url, seen) => {
    for (const [wire, encoding] of [[text, 'rot13'], [gzipSync(gzipSync(text)), 'gzip, gzip'], [text, 'gzip'], [gzipSync(text).subarray(0, 20), 'gzip'], [zstdCompressSync(text).subarray(0, 10), 'zstd'], [text, 'br'], [gzipSync(text), 'zstd']] as const) await post(url, wire, encoding);
    assert.deepEqual(seen.map((one) => typeof one === 'object' && 'problem' in one ? one.problem.code : 'read'), ['encoding_unknown', 'encoding_unknown', 'body_broken', 'body_broken', 'body_broken', 'body_broken', 'body_broken']);
  }));

  it('is refused when it unpacks to more than is taken, and the memory is not spent on it', () => withReader(async (url, seen) => {
    const bomb = gzipSync(Buffer.alloc(bodyBytesMax + 1));
    assert.ok(bomb.length < 100_000);
    assert.equal((await post(url, bomb, 'gzip')).status, 400);
    const [outcome] = seen;
    assert.ok(typeof outcome === 'object' && 'problem' in outcome && outcome.problem.code === 'body_too_large');
  }));

  it('is refused with an answer when it is too large on the wire', () => withReader(async (url, seen) => {
    const { port } = new URL(url);
    const socket = net.connect(Number(port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => { answer += chunk.toString('latin1'); });
    socket.on('error', () => undefined);
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${bodyBytesMax + 1_000_000}\r\n\r\n`);
    const chunk = Buffer.alloc(1_000_000);
    for (let sent = 0; sent < bodyBytesMax + 1_000_000 && socket.writable; sent += chunk.length) if (!socket.write(chunk.subarray(0, Math.min(chunk.length, bodyBytesMax + 1_000_000 - sent)))) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    while (!answer && !socket.closed) await new Promise((resolve) => { setTimeout(resolve, 10); });
    socket.destroy();
    assert.match(answer, /^HTTP\/1\.1 400/);
    const [outcome] = seen;
    assert.ok(typeof outcome === 'object' && 'problem' in outcome && outcome.problem.code === 'body_too_large');
  }));

  it('is nothing when the client leaves in the middle of it', () => withReader(async (url, seen, arrived) => {
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc');
    await once(socket, 'connect');
    setTimeout(() => socket.destroy(), 20);
    await arrived();
    assert.deepEqual(seen, ['client-left']);
  }));
});

// Reads a request's body, bounded, and decodes a bounded copy of it for the estimate. The bytes
// that go upstream are the bytes that came.
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import { heldBytesMax, type HeldBody } from './heldBodies.ts';

/** Largest body on the wire and after decoding. */
export const bodyBytesMax = 64 * 1024 * 1024;

/** A body as it came and as text. */
export interface RequestBody { readonly wire: Buffer; readonly text: string; readonly decodedBytes: number }

const decoders: Record<string, (wire: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(zlib.gunzip), 'x-gzip': promisify(zlib.gunzip), deflate: promisify(zlib.inflate), br: promisify(zlib.brotliDecompress),
  zstd: promisify(zlib.zstdDecompress),
};

/**
 * Reads everything; a problem instead of a body when it is too large, broken or in an unknown coding.
 * @param held what takes room for the bytes as they come; a full room is the problem `queue_full`
 */
export async function readBody(request: IncomingMessage, held?: HeldBody): Promise<RequestBody | { readonly problem: Problem } | 'client-left'> {
  const read = await readWire(request, held);
  return read === 'client-left' || 'problem' in read ? read : decodeBody(read.wire, request.headers['content-encoding'] ?? 'identity');
}

/** Reads everything as it comes. @param held see `readBody` */
export async function readWire(request: IncomingMessage, held?: HeldBody): Promise<{ readonly wire: Buffer } | { readonly problem: Problem } | 'client-left'> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let refused: Problem | undefined;
  const end = await eachChunk(request, (chunk) => {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) refused = problem('body_too_large', 'The request body is larger than the broker takes.');
    else if (held?.grow(chunk.length) === false) refused = problem('queue_full', 'Requests that wait or are being sent hold {0} MB already, as much as the broker keeps. Nothing was sent.', { values: [heldBytesMax / 1024 / 1024] });
    else chunks.push(chunk);
    return refused === undefined;
  });
  if (end === 'client-left') return end;
  if (refused) {
    // What is left of the body passes unread.
    request.resume();
    return { problem: refused };
  }
  const wire = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
  held?.keep(wire);
  return { wire };
}

/** Reads what a client still sends and drops it, at most one body's length. */
export async function dropBody(request: IncomingMessage): Promise<void> {
  let bytes = 0;
  await eachChunk(request, (chunk) => (bytes += chunk.length) <= bodyBytesMax);
}

/**
 * Hands on each piece of a body as it comes. By events, because an async iterator costs more than all else that a small
 * body takes; and the connection outlives a body that is given up, to carry the refusal and the next request.
 * @param take whether it wants more
 */
function eachChunk(request: IncomingMessage, take: (chunk: Buffer) => boolean): Promise<'ended' | 'enough' | 'client-left'> {
  return new Promise((resolve) => {
    const done = (end: 'ended' | 'enough' | 'client-left') => {
      // Any listener that stayed would keep what was read for as long as the answer lasts.
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onError);
      resolve(end);
    };
    const onData = (chunk: Buffer) => {
      if (take(chunk)) return;
      request.pause();
      done('enough');
    };
    const onEnd = () => done('ended');
    // The only way reading fails is that the client's connection broke; there is nobody to tell.
    const onClose = () => done('client-left');
    const onError = () => undefined;
    if (request.destroyed) { onClose(); return; }
    request.on('error', onError).on('end', onEnd).on('close', onClose).on('data', onData);
  });
}

/** Decodes a bounded copy of a body; a problem instead where its coding is unknown, broken or hides too much. */
export async function decodeBody(wire: Buffer, encoding: string): Promise<RequestBody | { readonly problem: Problem }> {
  const coding = encoding.trim().toLowerCase();
  if (coding === 'identity' || coding === '') return { wire, text: wire.toString('utf8'), decodedBytes: wire.length };
  const decoder = decoders[coding];
  if (!decoder) return { problem: problem('encoding_unknown', 'The content encoding "{0}" is not known to the broker.', { values: [coding.slice(0, 40)] }) };
  try {
    const decoded = await decoder(wire, { maxOutputLength: bodyBytesMax });
    return { wire, text: decoded.toString('utf8'), decodedBytes: decoded.length };
  } catch (error) {
    const tooLarge = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
    return { problem: tooLarge
      ? problem('body_too_large', 'The request body is larger than the broker takes, once decompressed.')
      : problem('body_broken', 'The request body is not valid {0}.', { values: [coding] }) };
  }
}

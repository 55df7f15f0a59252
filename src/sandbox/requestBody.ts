// Reads a request's body off the wire and undoes its compression, both within a maximum. It keeps
// count of the bytes as they came, because that is what a sender must be able to check; it never
// looks into the content.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { badRequest, bodyTooLarge, encodingUnknown, type PlainAnswer } from './errorAnswer.ts';

/** Largest body, before and after decompression. */
export const bodyBytesMax = 64 * 1024 * 1024;
/** Most bytes that are read, and dropped, of a body that is too large, before the connection is closed. */
export const bodyBytesReadMax = 4 * bodyBytesMax;
/** Most content-encodings that may be stacked on each other. */
const encodingLayersMax = 2;

/** A body as it came. */
export interface WireBody {
  readonly bytes: Buffer;
  readonly sha256: string;
  /** The body was cut off at the maximum. */
  readonly tooLarge: boolean;
}

/**
 * Collects the body. Rejects only if the client goes away before its end.
 * A body beyond the maximum is read to its end, so that the refusal can be heard, but not kept.
 */
export async function readBody(incoming: IncomingMessage): Promise<WireBody> {
  const chunks: Buffer[] = [];
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    hash.update(chunk);
    if (size <= bodyBytesMax) chunks.push(chunk);
    else chunks.length = 0;
    if (size > bodyBytesReadMax) break; // Leaving the loop early closes the connection.
  }
  if (!incoming.complete) throw new Error('The body did not arrive completely.');
  const tooLarge = size > bodyBytesMax;
  return { bytes: tooLarge ? Buffer.alloc(0) : Buffer.concat(chunks), sha256: hash.digest('hex'), tooLarge };
}

type Decompress = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const decompressors: Readonly<Record<string, Decompress | undefined>> = {
  gzip: promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.gunzip),
  'x-gzip': promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.gunzip),
  deflate: promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.inflate),
  br: promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.brotliDecompress),
  // Runtimes older than Node 22.15 have no zstd; there the encoding is answered as unknown.
  ...(typeof zlib.zstdDecompress === 'function' ? { zstd: promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.zstdDecompress) } : {}),
};

/**
 * Undoes the encodings that `content-encoding` names, the last one first.
 * @returns the plain bytes, or the refusal: 415 unknown, 413 too large, 400 damaged
 */
export async function decodeBody(body: WireBody, contentEncoding: string | undefined): Promise<Buffer | PlainAnswer> {
  if (body.tooLarge) return bodyTooLarge(bodyBytesMax);
  const encodings = (contentEncoding ?? '').toLowerCase().split(',').map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity');
  if (encodings.length > encodingLayersMax) return encodingUnknown(contentEncoding ?? '');
  let bytes = body.bytes;
  for (const encoding of encodings.reverse()) {
    const decompress = decompressors[encoding];
    if (!decompress) return encodingUnknown(encoding);
    try {
      bytes = await decompress(bytes, { maxOutputLength: bodyBytesMax });
    } catch (error) {
      const tooLarge = error instanceof RangeError || (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      return tooLarge ? bodyTooLarge(bodyBytesMax) : badRequest(`The request body is not valid ${encoding} data.`, 'invalid_body');
    }
  }
  return bytes;
}

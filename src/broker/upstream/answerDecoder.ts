// Decodes a copy of an answer that came compressed although plain was asked for, so that its usage
// can still be read. The client gets the bytes as they came.
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

/** A decoder for a content encoding; `plain` when none is needed, undefined when it is unknown. */
export function answerDecoder(encoding: string): Transform | 'plain' | undefined {
  switch (encoding.trim().toLowerCase()) {
    case '': case 'identity': return 'plain';
    case 'gzip': case 'x-gzip': return zlib.createGunzip();
    case 'deflate': return zlib.createInflate();
    case 'br': return zlib.createBrotliDecompress();
    case 'zstd': return zlib.createZstdDecompress();
    default: return undefined;
  }
}

// Reads single facts out of the bytes of a stream event without decoding or parsing the rest: its
// type when that comes first, and the length of its delta; and holds bytes up to a maximum. It knows
// no lines and no meaning of events.

const quote = 0x22;
const backslash = 0x5c;
const typeHead = bytesOf('{"type":"');
const deltaKey = bytesOf('delta":"');
/** Longer names than any event has; beyond it the event is parsed instead. */
const typeBytesMax = 100;

/** Reads the types of a stream's events; it remembers the last one, because most events repeat it. */
export class TypeReader {
  #name: string | undefined;
  #head: Uint8Array = typeHead;

  /**
   * The value of `type` when the data from `start` to `end` begins with it, as OpenAI's events do.
   * @returns undefined when it does not, or when the name is written with escapes.
   */
  read(bytes: Uint8Array, start: number, end: number): string | undefined {
    if (this.#name !== undefined && matchesAt(bytes, start, end, this.#head)) return this.#name;
    if (!matchesAt(bytes, start, end, typeHead)) return undefined;
    const nameStart = start + typeHead.length;
    const nameEnd = bytes.subarray(0, Math.min(end, nameStart + typeBytesMax)).indexOf(quote, nameStart);
    if (nameEnd === -1) return undefined;
    let name = '';
    for (const byte of bytes.subarray(nameStart, nameEnd)) {
      if (byte === backslash || byte < 0x20 || byte > 0x7e) return undefined;
      name += String.fromCharCode(byte);
    }
    this.#name = name;
    this.#head = bytes.slice(start, nameEnd + 1);
    return name;
  }
}

/**
 * The length of the first string under the key `delta`, counted in UTF-16 units as `JSON.parse`
 * would give it; 0 when there is none. Exact for valid JSON in valid UTF-8.
 */
export function deltaCharacters(bytes: Uint8Array, start: number, end: number): number {
  let at = start + 1;
  while (at < end && !(bytes[at] === 0x64 && bytes[at - 1] === quote && bytes[at - 2] !== backslash && matchesAt(bytes, at, end, deltaKey))) at += 1;
  let count = 0;
  for (at += deltaKey.length; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) return count;
    // Bytes that continue a character are not counted; four-byte characters are two units.
    if ((byte & 0xc0) !== 0x80) count += byte >= 0xf0 ? 2 : 1;
    // \uXXXX is one unit, as are the escapes of two characters.
    if (byte === backslash) at += bytes[at + 1] === 0x75 ? 5 : 1;
  }
  return count;
}

/** The size from which memory is given back when a buffer is emptied. */
const keptBytesMax = 256 * 1024;

/** Bytes that grow up to a maximum, copied once on average; beyond it the rest is dropped and said so. */
export class ByteBuffer {
  /** Some bytes were dropped. */
  overflowed = false;
  /** Bytes that were appended, dropped ones included. */
  wanted = 0;
  readonly #bytesMax: number;
  #bytes = new Uint8Array(1024);
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What is held; valid until the next call. */
  get view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Copies bytes in. */
  append(part: Uint8Array): void {
    this.wanted += part.length;
    const room = this.#bytesMax - this.#length;
    if (part.length > room) this.overflowed = true;
    const taken = this.overflowed ? part.subarray(0, room) : part;
    const length = this.#length + taken.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.#bytesMax, Math.max(length, 2 * this.#bytes.length)));
      larger.set(this.view);
      this.#bytes = larger;
    }
    this.#bytes.set(taken, this.#length);
    this.#length = length;
  }

  /** Forgets everything. */
  clear(): void {
    if (this.#bytes.length > keptBytesMax) this.#bytes = new Uint8Array(1024);
    this.#length = 0;
    this.wanted = 0;
    this.overflowed = false;
  }
}

function matchesAt(bytes: Uint8Array, at: number, end: number, wanted: Uint8Array): boolean {
  const length = wanted.length;
  if (at + length > end) return false;
  for (let index = 0; index < length; index += 1) {
    if (bytes[at + index] !== wanted[index]) return false;
  }
  return true;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

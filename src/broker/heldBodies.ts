// The memory that request bodies take while they are read, wait in line and are sent. All of them
// share one room with a named size; a body leaves it as soon as nothing can need its bytes any more.
// It looks into no body and decides nothing about requests.
import { Readable } from 'node:stream';

/** The bytes of all bodies that are held at once, as they came on the wire. */
export const heldBytesMax = 256 * 1024 * 1024;

/** The room that all bodies share. */
export class BodyRoom {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax = heldBytesMax) {
    this.#bytesMax = bytesMax;
  }

  /** The bytes that are held now. */
  get bytes(): number { return this.#bytes; }

  /** Takes room. @returns false, and takes none, when there is not enough */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#bytesMax) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Gives room back. */
  give(bytes: number): void { this.#bytes -= bytes; }
}

/** One body's bytes and its part of the room. */
export class HeldBody {
  readonly #room: BodyRoom;
  #wire: Buffer | undefined;
  #bytes = 0;
  #wireBytes = 0;

  constructor(room: BodyRoom) {
    this.#room = room;
  }

  /** Takes room for bytes that have come. @returns false when the room is full */
  grow(bytes: number): boolean {
    if (!this.#room.take(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** The body is complete. */
  keep(wire: Buffer): void {
    this.#wire = wire;
    this.#wireBytes = wire.length;
  }

  /** Takes other bytes in place of the complete body. @returns false, and keeps what it had, when the room is full */
  replace(wire: Buffer): boolean {
    if (!this.#room.take(wire.length)) return false;
    this.#room.give(this.#bytes);
    this.#bytes = wire.length;
    this.keep(wire);
    return true;
  }

  /** The length of the complete body on the wire; it stays after the bytes were let go. */
  get wireBytes(): number { return this.#wireBytes; }

  /**
   * The bytes for one attempt. Whoever reads them is left with nothing that refers to them, so a
   * request upstream that lasts for minutes does not hold them.
   * @throws RangeError after `letGo`
   */
  stream(): Readable {
    const wire = this.#wire;
    if (!wire) throw new RangeError('the body was let go before it was sent');
    return new OnceReadable(wire);
  }

  /** The bytes themselves. @throws RangeError after `letGo` */
  get bytes(): Buffer {
    if (!this.#wire) throw new RangeError('the body was let go before it was sent');
    return this.#wire;
  }

  /** Nothing needs the bytes any more. Does nothing the second time. */
  letGo(): void {
    this.#wire = undefined;
    this.#room.give(this.#bytes);
    this.#bytes = 0;
  }
}

class OnceReadable extends Readable {
  #bytes: Buffer | undefined;

  constructor(bytes: Buffer) {
    super();
    this.#bytes = bytes;
  }

  override _read(): void {
    const bytes = this.#bytes;
    this.#bytes = undefined;
    if (bytes && bytes.length > 0) this.push(bytes);
    this.push(null);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#bytes = undefined;
    done(error);
  }
}

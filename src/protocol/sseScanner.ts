// Watches the bytes of an event stream pass by and notes what accounting needs: the id, the
// first terminal event, and how much was written. It alters nothing, keeps no text of the reply,
// holds bounded memory, and never throws. Lines are found on bytes; only events that can matter are
// decoded and parsed (https://html.spec.whatwg.org/multipage/server-sent-events.html).
import { ByteBuffer } from './eventBytes.ts';
import { EventNotes, type EventFindings, type StreamNotes } from './eventNotes.ts';

/** The largest event that is held; the data of a larger one is skipped and counted. */
export const eventBytesMax = 16 * 1024 * 1024;

/** What was seen so far. */
export interface SseFindings extends EventFindings {
  readonly bytes: number;
}

const lineFeed = 10;
const carriageReturn = 13;
const space = 32;
const colon = 58;
const nameBytesMax = 128;
const dataField = Uint8Array.of(0x64, 0x61, 0x74, 0x61);
const eventField = Uint8Array.of(0x65, 0x76, 0x65, 0x6e, 0x74);
const separator = Uint8Array.of(lineFeed);
const noBytes = new Uint8Array(0);

/** Observes one stream. Give it every chunk with `push`, then call `end`. */
export class SseScanner {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** A line whose end has not come. */
  readonly #line: ByteBuffer;
  /** The data of the event that is being read: its lines with line feeds between. */
  readonly #data: ByteBuffer;
  #dataLines = 0;
  /** The event's `event:` name, which only matters when its data has no type; a view until its chunk is done with. */
  #name: Uint8Array = noBytes;
  readonly #notes: StreamNotes;
  #atStart = true;
  #skipLineFeed = false;
  #bytes = 0;

  /** @param bytesMax the largest event that is held @param notes what takes in the events; by itself those of the Responses API */
  constructor(bytesMax = eventBytesMax, notes: StreamNotes = new EventNotes()) {
    this.#notes = notes;
    this.#line = new ByteBuffer(bytesMax);
    this.#data = new ByteBuffer(bytesMax);
  }

  /** What was seen so far. */
  get findings(): SseFindings {
    return { ...this.#notes.findings, bytes: this.#bytes };
  }

  /** The first terminal event, once it was seen; cheaper than all findings. */
  get terminal(): SseFindings['terminal'] { return this.#notes.terminal; }

  /** The UTF-16 length of all deltas so far; cheaper than all findings. */
  get deltaCharacters(): number { return this.#notes.deltaCharacters; }

  /** Takes in the next bytes. The chunk is only read, and not kept beyond this call. */
  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#notes.terminal || chunk.length === 0) return;
    let start = 0;
    if (this.#skipLineFeed) {
      this.#skipLineFeed = false;
      if (chunk[0] === lineFeed) start = 1;
    }
    // Most streams have no carriage return at all, so each search is repeated only once it was passed.
    let nextLineFeed = chunk.indexOf(lineFeed, start);
    let nextReturn = chunk.indexOf(carriageReturn, start);
    while (nextLineFeed !== -1 || nextReturn !== -1) {
      const end = nextLineFeed === -1 || (nextReturn !== -1 && nextReturn < nextLineFeed) ? nextReturn : nextLineFeed;
      // The common event, one line of data and a blank one, is read where it lies.
      if (this.#dataLines === 0 && this.#line.wanted === 0 && !this.#atStart && chunk[end + 1] === lineFeed && chunk[end] === lineFeed
        && isField(chunk, start, end, dataField)) {
        this.#notes.take(chunk, valueStart(chunk, start, end, dataField), end, true, this.#nameText);
        this.#name = noBytes;
        start = end + 2;
      } else {
        this.#lineEnded(chunk, start, end);
        start = end + 1;
        if (end === nextReturn) {
          if (start === chunk.length) this.#skipLineFeed = true;
          else if (chunk[start] === lineFeed) start += 1;
        }
      }
      if (this.#notes.terminal) return;
      if (nextLineFeed !== -1 && nextLineFeed < start) nextLineFeed = chunk.indexOf(lineFeed, start);
      if (nextReturn !== -1 && nextReturn < start) nextReturn = chunk.indexOf(carriageReturn, start);
    }
    if (start < chunk.length) this.#line.append(chunk.subarray(start));
    // The chunk's memory belongs to someone else.
    if (this.#name.length > 0) this.#name = this.#name.slice();
  }

  /**
   * The stream ended. An event whose closing blank line is missing still counts: if its data is
   * whole, what it reports is true, whether or not the client could use it.
   */
  end(): void {
    this.#endEvents();
    this.#notes.ended?.();
  }

  #endEvents(): void {
    if (this.#notes.terminal) return;
    if (this.#line.wanted > 0) this.#lineEnded(noBytes, 0, 0);
    if (this.#notes.terminal || this.#dataLines === 0 || this.#data.overflowed) return;
    // An event that was cut off reached nobody; it is not counted as broken either.
    if (this.#notes.isWhole(this.#data.view)) this.#eventEnded();
  }

  /** A line ended; what was held of it before comes first. */
  #lineEnded(chunk: Uint8Array, start: number, end: number): void {
    let line = chunk;
    let [from, to] = [start, end];
    if (this.#line.wanted > 0) {
      this.#line.append(chunk.subarray(start, end));
      line = this.#line.view;
      [from, to] = [0, line.length];
    }
    if (this.#atStart) {
      this.#atStart = false;
      if (to - from >= 3 && line[from] === 0xef && line[from + 1] === 0xbb && line[from + 2] === 0xbf) from += 3;
    }
    if (from === to) this.#eventEnded();
    else this.#fieldEnded(line, from, to);
    if (this.#line.wanted > 0) this.#line.clear();
  }

  #fieldEnded(line: Uint8Array, start: number, end: number): void {
    if (isField(line, start, end, eventField)) {
      const from = valueStart(line, start, end, eventField);
      const name = line.subarray(from, Math.min(end, from + nameBytesMax));
      // What is held of a line is overwritten by the next; a chunk stays as it is until `push` returns.
      this.#name = this.#line.wanted > 0 ? name.slice() : name;
    } else if (isField(line, start, end, dataField)) {
      if (this.#dataLines > 0) this.#data.append(separator);
      this.#dataLines += 1;
      this.#data.append(line.subarray(valueStart(line, start, end, dataField), end));
      if (this.#line.overflowed) this.#data.overflowed = true;
    }
  }

  #eventEnded(): void {
    if (this.#dataLines > 0) {
      const data = this.#data.view;
      if (this.#data.overflowed) this.#notes.takeOversized(data, this.#nameText);
      else this.#notes.take(data, 0, data.length, this.#dataLines === 1, this.#nameText);
      this.#data.clear();
    }
    this.#dataLines = 0;
    this.#name = noBytes;
  }

  readonly #nameText = (): string => this.#decoder.decode(this.#name);
}

/** Whether a line is `name`, `name:` or `name:value`. */
function isField(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  const length = name.length;
  if (end - start < length || (end - start > length && bytes[start + length] !== colon)) return false;
  for (let at = 0; at < length; at += 1) {
    if (bytes[start + at] !== name[at]) return false;
  }
  return true;
}

/** Where the value of such a line begins: behind the colon and one space. */
function valueStart(bytes: Uint8Array, start: number, end: number, name: Uint8Array): number {
  const behindColon = start + name.length + 1;
  return Math.min(end, bytes[behindColon] === space ? behindColon + 1 : behindColon);
}

// Watches the bytes of a Responses event stream pass by and notes what accounting needs: the id, the
// first terminal event, and how much was written. It alters nothing, keeps no text of the reply,
// holds bounded memory, and never throws. Lines are found on bytes; only events that can matter are
// decoded and parsed (https://html.spec.whatwg.org/multipage/server-sent-events.html).
import { record, readResponse, type ResponseFacts } from './responseUsage.ts';
import { ByteBuffer, deltaCharacters, typeAtHead } from './eventBytes.ts';

/** The largest event that is held; the data of a larger one is skipped and counted. */
export const eventBytesMax = 16 * 1024 * 1024;

/** Types that end a response. Codex and the SDKs go by the `type` in the data. */
export const terminalTypes = ['response.completed', 'response.incomplete', 'response.failed'] as const;
/** See `terminalTypes`. */
export type TerminalType = (typeof terminalTypes)[number];

/** What was seen so far. */
export interface SseFindings {
  /** Id of the response, from `response.created` or the terminal event. */
  readonly responseId?: string;
  /** The first terminal event; later ones change nothing. */
  readonly terminal?: { readonly type: TerminalType; readonly facts: ResponseFacts };
  /** Events with data, up to and including the terminal one. */
  readonly events: number;
  /** Events whose type ends in `.delta`, and the UTF-16 length of their `delta` texts. */
  readonly deltaEvents: number;
  readonly deltaCharacters: number;
  readonly bytes: number;
  /** Events that were larger than can be held. */
  readonly oversizedEvents: number;
  /** Events that had to be parsed and were not JSON. */
  readonly brokenEvents: number;
}

const lineFeed = 10;
const carriageReturn = 13;
const space = 32;
const colon = 58;
const nameBytesMax = 128;
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
  /** The event's `event:` name. */
  #name = '';
  #atStart = true;
  #skipLineFeed = false;
  #responseId: string | undefined;
  #terminal: SseFindings['terminal'];
  #events = 0;
  #deltaEvents = 0;
  #deltaCharacters = 0;
  #bytes = 0;
  #oversizedEvents = 0;
  #brokenEvents = 0;

  /** @param bytesMax the largest event that is held */
  constructor(bytesMax = eventBytesMax) {
    this.#line = new ByteBuffer(bytesMax);
    this.#data = new ByteBuffer(bytesMax);
  }

  /** What was seen so far. */
  get findings(): SseFindings {
    return {
      ...(this.#responseId === undefined ? {} : { responseId: this.#responseId }),
      ...(this.#terminal === undefined ? {} : { terminal: this.#terminal }),
      events: this.#events, deltaEvents: this.#deltaEvents, deltaCharacters: this.#deltaCharacters,
      bytes: this.#bytes, oversizedEvents: this.#oversizedEvents, brokenEvents: this.#brokenEvents,
    };
  }

  /** Takes in the next bytes. The chunk is only read, and not kept beyond this call. */
  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#terminal || chunk.length === 0) return;
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
      this.#lineEnded(chunk.subarray(start, end));
      if (this.#terminal) return;
      start = end + 1;
      if (end === nextReturn) {
        if (start === chunk.length) this.#skipLineFeed = true;
        else if (chunk[start] === lineFeed) start += 1;
      }
      if (nextLineFeed !== -1 && nextLineFeed < start) nextLineFeed = chunk.indexOf(lineFeed, start);
      if (nextReturn !== -1 && nextReturn < start) nextReturn = chunk.indexOf(carriageReturn, start);
    }
    if (start < chunk.length) this.#line.append(chunk.subarray(start));
  }

  /**
   * The stream ended. An event whose closing blank line is missing still counts: if its data is
   * whole, what it reports is true, whether or not the client could use it.
   */
  end(): void {
    if (this.#terminal) return;
    if (this.#line.wanted > 0) this.#lineEnded(noBytes);
    if (this.#terminal || this.#dataLines === 0 || this.#data.overflowed) return;
    const brokenEvents = this.#brokenEvents;
    const whole = this.#parsed(this.#data.view) !== undefined;
    // An event that was cut off reached nobody; it is not counted as broken either.
    this.#brokenEvents = brokenEvents;
    if (whole) this.#eventEnded();
  }

  #lineEnded(rest: Uint8Array): void {
    let line = rest;
    if (this.#line.wanted > 0) {
      this.#line.append(rest);
      line = this.#line.view;
    }
    const overflowed = this.#line.overflowed;
    if (this.#atStart) {
      this.#atStart = false;
      if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3);
    }
    if (line.length === 0) this.#eventEnded();
    else this.#fieldEnded(line, overflowed);
    this.#line.clear();
  }

  #fieldEnded(line: Uint8Array, overflowed: boolean): void {
    const isData = isField(line, 'data');
    if (!isData && !isField(line, 'event')) return;
    const nameLength = isData ? 4 : 5;
    const valueStart = line[nameLength + 1] === space ? nameLength + 2 : nameLength + 1;
    const value = line.subarray(Math.min(valueStart, line.length));
    if (!isData) {
      this.#name = this.#decoder.decode(value.subarray(0, nameBytesMax));
      return;
    }
    if (this.#dataLines > 0) this.#data.append(separator);
    this.#dataLines += 1;
    this.#data.append(value);
    if (overflowed) this.#data.overflowed = true;
  }

  #eventEnded(): void {
    if (this.#dataLines > 0) {
      this.#events += 1;
      const data = this.#data.view;
      const head = typeAtHead(data);
      if (this.#data.overflowed) {
        this.#oversizedEvents += 1;
        this.#oversized(head ?? this.#name);
      } else if (head === undefined) {
        // The type does not come first, so only parsing tells it.
        const event = this.#parsed(data);
        const type = event?.['type'];
        if (event) this.#note(typeof type === 'string' ? type : this.#name, event);
      } else if (head.endsWith('.delta') && this.#dataLines === 1) {
        this.#deltaEvents += 1;
        this.#deltaCharacters += deltaCharacters(data);
      } else if (matters(head)) {
        const event = this.#parsed(data);
        if (event) this.#note(head, event);
      }
    }
    this.#data.clear();
    this.#dataLines = 0;
    this.#name = '';
  }

  #note(type: string, event: Readonly<Record<string, unknown>>): void {
    if (type.endsWith('.delta')) {
      const delta = event['delta'];
      this.#deltaEvents += 1;
      this.#deltaCharacters += typeof delta === 'string' ? delta.length : 0;
      return;
    }
    if (!matters(type)) return;
    const facts = readResponse(event['response']);
    if (facts.id !== undefined) this.#responseId ??= facts.id;
    const terminal = terminalTypes.find((each) => each === type);
    if (terminal !== undefined) this.#terminal = { type: terminal, facts };
  }

  /** A terminal event that cannot be held still ends the response; what it used stays unknown. */
  #oversized(type: string): void {
    const terminal = terminalTypes.find((each) => each === type);
    if (terminal !== undefined) this.#terminal = { type: terminal, facts: { usagePlausible: false } };
  }

  #parsed(data: Uint8Array): Readonly<Record<string, unknown>> | undefined {
    try {
      return record(JSON.parse(this.#decoder.decode(data)));
    } catch {
      // Not JSON, or nested too deeply to parse: counted, and otherwise as if it had not come.
      this.#brokenEvents += 1;
      return undefined;
    }
  }
}

function matters(type: string): boolean {
  return type === 'response.created' || type.endsWith('.delta') || terminalTypes.some((each) => each === type);
}

function isField(line: Uint8Array, name: 'data' | 'event'): boolean {
  for (let at = 0; at < name.length; at += 1) {
    if (line[at] !== name.charCodeAt(at)) return false;
  }
  return line.length === name.length || line[name.length] === colon;
}

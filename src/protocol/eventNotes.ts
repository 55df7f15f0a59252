// Notes what accounting needs from the events of one response, however they were carried: the id, the
// first terminal event, and how much was written. It keeps no text of the reply and never throws; only
// events that can matter are decoded and parsed.
import { deltaCharacters, TypeReader } from './eventBytes.ts';
import { record, readResponse, type ResponseFacts } from './responseUsage.ts';

/** Types that end a response. Codex and the SDKs go by the `type` in the data. */
export const terminalTypes = ['response.completed', 'response.incomplete', 'response.failed'] as const;
/** See `terminalTypes`. */
export type TerminalType = (typeof terminalTypes)[number];

/** What was seen of a response so far. */
export interface EventFindings {
  /** Id of the response, from `response.created` or the terminal event. */
  readonly responseId?: string;
  /** The first terminal event; later ones change nothing. */
  readonly terminal?: { readonly type: TerminalType; readonly facts: ResponseFacts };
  /** Events with data, up to and including the terminal one. */
  readonly events: number;
  /** Events whose type ends in `.delta`, and the UTF-16 length of their `delta` texts. */
  readonly deltaEvents: number;
  readonly deltaCharacters: number;
  /** Events that were larger than can be held. */
  readonly oversizedEvents: number;
  /** Events that had to be parsed and were not JSON. */
  readonly brokenEvents: number;
}

/** Takes in the events of one stream for whoever splits it into them. */
export interface StreamNotes {
  /** The first terminal event, once it was seen. */
  readonly terminal: EventFindings['terminal'];
  readonly findings: EventFindings;
  /** The UTF-16 length of all that was written so far. */
  readonly deltaCharacters: number;
  /** Takes in the data of one event; see `EventNotes`. */
  take(bytes: Uint8Array, start: number, end: number, isOneLine?: boolean, name?: () => string): string | undefined;
  /** Takes in the beginning of an event whose data could not be held. */
  takeOversized(beginning: Uint8Array, name: () => string): void;
  /** Whether data is whole. Nothing is counted. */
  isWhole(data: Uint8Array): boolean;
  /** The stream is over. */
  ended?(): void;
}

const noName = () => '';

/** Takes in the events of one response. */
export class EventNotes implements StreamNotes {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #types = new TypeReader();
  readonly #isOther: (responseId: string) => boolean;
  #responseId: string | undefined;
  #terminal: EventFindings['terminal'];
  #events = 0;
  #deltaEvents = 0;
  #deltaCharacters = 0;
  #oversizedEvents = 0;
  #brokenEvents = 0;

  /** @param isOther tells whether an id is that of an earlier response; the end of that one is passed over */
  constructor(isOther: (responseId: string) => boolean = () => false) {
    this.#isOther = isOther;
  }

  /** The first terminal event, once it was seen. */
  get terminal(): EventFindings['terminal'] { return this.#terminal; }

  /** The UTF-16 length of all deltas so far. */
  get deltaCharacters(): number { return this.#deltaCharacters; }

  /** What was seen so far. */
  get findings(): EventFindings {
    return {
      ...(this.#responseId === undefined ? {} : { responseId: this.#responseId }),
      ...(this.#terminal === undefined ? {} : { terminal: this.#terminal }),
      events: this.#events, deltaEvents: this.#deltaEvents, deltaCharacters: this.#deltaCharacters,
      oversizedEvents: this.#oversizedEvents, brokenEvents: this.#brokenEvents,
    };
  }

  /**
   * Takes in the data of one event, which lies between `start` and `end`.
   * @param isOneLine whether the data has no line ends of its own, so that single facts can be read from its bytes
   * @param name the event's name outside of its data, for data without a type
   * @returns its type; undefined where it cannot be told, or where it is known to belong to another response
   */
  take(bytes: Uint8Array, start: number, end: number, isOneLine = true, name: () => string = noName): string | undefined {
    this.#events += 1;
    const head = this.#types.read(bytes, start, end);
    if (head === undefined) {
      // The type does not come first, so only parsing tells it.
      const event = this.#parsed(bytes.subarray(start, end));
      if (!event) return undefined;
      const type = event['type'];
      const told = typeof type === 'string' ? type : name();
      return this.#note(told, event) ? told : undefined;
    }
    if (head.endsWith('.delta') && isOneLine) {
      this.#deltaEvents += 1;
      this.#deltaCharacters += deltaCharacters(bytes, start, end);
    } else if (matters(head)) {
      const event = this.#parsed(bytes.subarray(start, end));
      if (event && !this.#note(head, event)) return undefined;
    }
    return head;
  }

  /** Takes in an event whose data could not be held. A terminal one still ends the response; what it used stays unknown. */
  takeOversized(beginning: Uint8Array, name: () => string): void {
    this.#events += 1;
    this.#oversizedEvents += 1;
    const type = this.#types.read(beginning, 0, beginning.length) ?? name();
    const terminal = terminalTypes.find((each) => each === type);
    if (terminal !== undefined) this.#terminal = { type: terminal, facts: { usagePlausible: false } };
  }

  /** Whether data is whole. Nothing is counted. */
  isWhole(data: Uint8Array): boolean {
    const brokenEvents = this.#brokenEvents;
    const whole = this.#parsed(data) !== undefined;
    this.#brokenEvents = brokenEvents;
    return whole;
  }

  /** @returns false for an event of another response */
  #note(type: string, event: Readonly<Record<string, unknown>>): boolean {
    if (type.endsWith('.delta')) {
      const delta = event['delta'];
      this.#deltaEvents += 1;
      this.#deltaCharacters += typeof delta === 'string' ? delta.length : 0;
      return true;
    }
    if (!matters(type)) return true;
    const facts = readResponse(event['response']);
    const terminal = terminalTypes.find((each) => each === type);
    // An end that is told twice may come after the next request was sent; a beginning is always of the newest.
    if (terminal !== undefined && facts.id !== undefined && facts.id !== this.#responseId && this.#isOther(facts.id)) return false;
    if (facts.id !== undefined) this.#responseId ??= facts.id;
    if (terminal !== undefined) this.#terminal ??= { type: terminal, facts };
    return true;
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

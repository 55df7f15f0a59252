// Notes what accounting needs from the chunks of a streamed chat completion, in the words of the Responses
// API: `[DONE]` is its end, the newest usage is what it used (only clients that ask for it get any), and
// the reasons of its choices tell how it ended. It keeps no text of the reply and never throws.
import { choicesOf, failedFacts, namesOf, readChatUsage, statusOfReasons, writtenCharacters } from './chatUsage.ts';
import type { EventFindings, StreamNotes, TerminalType } from './eventNotes.ts';
import { record, type ResponseFacts } from './responseUsage.ts';

const doneText = '[DONE]';
/** Choices whose ends are kept; no API gives more. */
const choicesMax = 128;

/** Takes in the chunks of one completion. */
export class ChatNotes implements StreamNotes {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #reasons: unknown[] = [];
  #names: Pick<ResponseFacts, 'id' | 'model' | 'serviceTier'> = {};
  #usage: ReturnType<typeof readChatUsage>;
  #terminal: EventFindings['terminal'];
  #events = 0;
  #deltaEvents = 0;
  #deltaCharacters = 0;
  #oversizedEvents = 0;
  #brokenEvents = 0;

  get terminal(): EventFindings['terminal'] { return this.#terminal; }

  get deltaCharacters(): number { return this.#deltaCharacters; }

  get findings(): EventFindings {
    return {
      ...(this.#names.id === undefined ? {} : { responseId: this.#names.id }),
      ...(this.#terminal === undefined ? {} : { terminal: this.#terminal }),
      events: this.#events, deltaEvents: this.#deltaEvents, deltaCharacters: this.#deltaCharacters,
      oversizedEvents: this.#oversizedEvents, brokenEvents: this.#brokenEvents,
    };
  }

  take(bytes: Uint8Array, start: number, end: number): undefined {
    this.#events += 1;
    const data = this.#decoder.decode(bytes.subarray(start, end));
    if (data.trim() === doneText) { this.#end(); return; }
    const chunk = parsed(data);
    if (!chunk) { this.#brokenEvents += 1; return; }
    const error = record(chunk['error']);
    if (error) { this.#terminal = { type: 'response.failed', facts: { ...this.#names, ...failedFacts(error) } }; return; }
    this.#names = { ...this.#names, ...namesOf(chunk) };
    this.#usage = readChatUsage(chunk['usage']) ?? this.#usage;
    let written = 0;
    for (const choice of choicesOf(chunk)) {
      written += writtenCharacters(choice['delta']);
      if (typeof choice['finish_reason'] === 'string' && this.#reasons.length < choicesMax) this.#reasons.push(choice['finish_reason']);
    }
    if (written > 0) this.#deltaEvents += 1;
    this.#deltaCharacters += written;
  }

  takeOversized(): void {
    this.#events += 1;
    this.#oversizedEvents += 1;
  }

  isWhole(data: Uint8Array): boolean {
    const text = this.#decoder.decode(data);
    return text.trim() === doneText || parsed(text) !== undefined;
  }

  /** A stream that told why it ended and what it used is complete, though `[DONE]` is missing. */
  ended(): void {
    if (!this.#terminal && this.#usage && this.#reasons.length > 0) this.#end();
  }

  #end(): void {
    const status = statusOfReasons(this.#reasons) ?? 'completed';
    const type: TerminalType = `response.${status}`;
    this.#terminal = { type, facts: { ...this.#names, status, ...(this.#usage ? { usage: this.#usage.usage } : {}), usagePlausible: this.#usage?.plausible ?? false } };
  }
}

function parsed(data: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return record(JSON.parse(data));
  } catch {
    // Not JSON, or nested too deeply to parse: counted, and otherwise as if it had not come.
    return undefined;
  }
}

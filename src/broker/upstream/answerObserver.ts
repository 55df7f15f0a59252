// Observes the bytes of a successful answer of any API without altering them: a stream for its terminal
// event, JSON for its usage. Decodes a bounded copy first where the answer came compressed.
import type { Transform } from 'node:stream';
import type { ApiDialect } from '../../protocol/apiDialect.ts';
import { ChatNotes } from '../../protocol/chatNotes.ts';
import { readAnswer } from '../../protocol/jsonAnswer.ts';
import type { ResponseFacts } from '../../protocol/responseUsage.ts';
import { SseScanner } from '../../protocol/sseScanner.ts';
import { answerDecoder } from './answerDecoder.ts';

/** What an answer has told so far. */
export interface AnswerFindings {
  readonly terminal?: 'completed' | 'incomplete' | 'failed';
  readonly facts?: ResponseFacts;
  readonly responseId?: string;
  readonly outputChars: number;
}

/** Largest JSON answer that is parsed. */
const jsonBytesMax = 16 * 1024 * 1024;
/** The end of a longer one that is looked at. */
const tailBytesMax = 16 * 1024;
/** Largest decoded copy that is looked at; a bomb beyond it is relayed unread and estimated. */
const decodedBytesMax = 256 * 1024 * 1024;

/** Observes one answer. Give it every chunk with `push`, then call `end`. */
export class AnswerObserver {
  readonly #scanner: SseScanner | undefined;
  readonly #decoder: Transform | undefined;
  readonly #isReadable: boolean;
  readonly #dialect: ApiDialect;
  #json: Buffer[] = [];
  /** The end of JSON that is too long to be kept. */
  #tail: Buffer = Buffer.alloc(0);
  #bytes = 0;
  #jsonFacts: ResponseFacts | undefined;
  #jsonChars = 0;

  /** @param seen called whenever something new may have been found */
  constructor(isStream: boolean, encoding: string, seen: () => void, dialect: ApiDialect = 'responses') {
    this.#dialect = dialect;
    this.#scanner = isStream ? new SseScanner(undefined, dialect === 'chat' ? new ChatNotes() : undefined) : undefined;
    const decoder = answerDecoder(encoding);
    this.#isReadable = decoder !== undefined;
    if (decoder === undefined || decoder === 'plain') return;
    this.#decoder = decoder;
    decoder.on('data', (chunk: Buffer) => {
      this.#read(chunk);
      seen();
    });
    // A copy that cannot be decoded tells nothing more; the attempt is then estimated.
    decoder.on('error', () => undefined);
  }

  /** Takes a chunk as it came. */
  push(chunk: Buffer): void {
    if (this.#decoder) this.#decoder.write(chunk);
    else if (this.#isReadable) this.#read(chunk);
  }

  /** Nothing more comes. Calls back once everything was read, at once where nothing is decoded. */
  end(whenRead: () => void): void {
    const finish = () => {
      this.#scanner?.end();
      if (!this.#scanner && this.#isReadable) this.#readJson();
      whenRead();
    };
    if (!this.#decoder || this.#decoder.destroyed) { finish(); return; }
    this.#decoder.once('close', finish);
    this.#decoder.end();
  }

  /** Whether a stream has told its terminal event; cheap, for every chunk. */
  get hasEnded(): boolean { return this.#scanner?.terminal !== undefined; }

  /** Characters of output in a stream so far; cheap, for every chunk. */
  get outputChars(): number { return this.#scanner?.deltaCharacters ?? 0; }

  /** What was found so far; of JSON only after `end`. */
  get findings(): AnswerFindings {
    const found = this.#scanner?.findings;
    const facts = this.#jsonFacts ?? found?.terminal?.facts;
    const terminal = this.#jsonFacts ? terminalOf(this.#jsonFacts.status) : terminalOf(found?.terminal?.type.slice('response.'.length));
    const responseId = facts?.id ?? found?.responseId;
    return {
      outputChars: found?.deltaCharacters ?? this.#jsonChars,
      ...(terminal ? { terminal } : {}), ...(facts ? { facts } : {}), ...(responseId === undefined ? {} : { responseId }),
    };
  }

  #read(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > decodedBytesMax) return;
    if (this.#scanner) this.#scanner.push(chunk);
    else if (this.#bytes <= jsonBytesMax) this.#json.push(chunk);
    if (!this.#scanner && this.#bytes > jsonBytesMax) {
      this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-tailBytesMax);
      this.#json = [];
    }
  }

  #readJson(): void {
    const whole = Buffer.concat(this.#json);
    this.#json = [];
    const { facts, outputChars } = readAnswer(this.#dialect, (this.#bytes <= jsonBytesMax ? whole.subarray(-tailBytesMax) : this.#tail).toString('utf8'),
      () => (this.#bytes <= jsonBytesMax ? whole.toString('utf8') : undefined));
    this.#jsonFacts = facts;
    this.#jsonChars = outputChars;
  }
}

function terminalOf(status: string | undefined): AnswerFindings['terminal'] {
  return status === 'completed' || status === 'incomplete' || status === 'failed' ? status : undefined;
}

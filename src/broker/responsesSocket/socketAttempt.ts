// Carries one attempt over a pair of WebSockets: sends the client's message upstream, gives on what comes
// back unchanged, and observes it. Like an attempt over HTTP it decides nothing about money; it tells what
// it saw, once, at the first moment at which the outcome is certain.
//
// An attempt is `sent` until an event of its response comes, then `relaying`, then settled: by the terminal
// event, by an `error` message, by the end of either side, or by a maximum. A refusal that came before
// anything of the answer is kept back, because the request may be tried again.
import type { AttemptFacts } from '../../domain/settlement.ts';
import { rateLimitsEvent } from '../../protocol/codexLimits.ts';
import { EventNotes } from '../../protocol/eventNotes.ts';
import type { Clock } from '../clock.ts';
import { attemptMsMax, graceBytesMax, graceMs } from '../upstream/attempt.ts';
import type { AttemptReport, KeptAnswer } from '../upstream/attempt.ts';
import { bodyTimeoutMs, headersTimeoutMs } from '../upstream/upstreamTarget.ts';
import { readErrorFrame } from './errorFrame.ts';
import type { SocketPair } from './socketPair.ts';

/** What the attempt tells while it runs. */
export interface SocketAttemptEvents {
  /** The upstream has begun to answer. */
  begun(): void;
  /** The upstream told limits. */
  limits(message: Buffer): void;
  /** The answer is about to end well, and the upstream has told no limits. @returns a message that goes before its end */
  ending?(): string | undefined;
  /** So many characters of output so far. Asked for only while somebody counts. */
  progress?(outputChars: number): void;
  /** The outcome is certain; called once. */
  settled(report: AttemptReport): void;
}

/** What an attempt knows of its connection. */
export interface AttemptConnection {
  readonly pair: SocketPair;
  /** Whether a response was settled on this connection before. */
  readonly isSettled: (responseId: string) => boolean;
  readonly upstreamRequestId?: string;
}

/** One attempt. */
export class SocketAttempt {
  readonly #pair: SocketPair;
  readonly #upstreamRequestId: string | undefined;
  readonly #events: SocketAttemptEvents;
  readonly #clock: Clock;
  readonly #notes: EventNotes;
  readonly #startedMs: number;
  readonly #stopTotal: () => void;
  #stopSilence = () => undefined as void;
  #stopGrace = () => undefined as void;
  #refusal: { readonly answer: KeptAnswer; readonly frame: Buffer } | undefined;
  #hasVagueError = false;
  #hasLimits = false;
  #firstByteMs: number | undefined;
  #graceBytes = 0;
  #isBegun = false;
  #isSettled = false;

  constructor(connection: AttemptConnection, events: SocketAttemptEvents, clock: Clock) {
    this.#pair = connection.pair;
    this.#upstreamRequestId = connection.upstreamRequestId;
    this.#notes = new EventNotes(connection.isSettled);
    this.#events = events;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    this.#stopTotal = clock.after(attemptMsMax, () => this.#overdue(`no end after ${attemptMsMax / 60_000} minutes`));
  }

  /** The upstream's id of the response, once it was told. */
  get responseId(): string | undefined { return this.#notes.findings.responseId; }

  /** Some of the answer has gone to the client. */
  get isBegun(): boolean { return this.#isBegun; }

  /** Nothing more is expected of it. */
  get isSettled(): boolean { return this.#isSettled; }

  /** The refusal as it came, when it was refused. */
  get refusal(): Buffer | undefined { return this.#refusal?.frame; }

  /** It was ended by an error that named no status. */
  get hasVagueError(): boolean { return this.#hasVagueError; }

  /** Sends the message. */
  send(message: Buffer): void {
    this.#pair.toUpstream(message);
    this.#watchSilence(headersTimeoutMs);
  }

  /** Ends it at once, for example because a person stopped the request. */
  stop(): void { this.#settle('client-left'); }

  /** The upstream sent something. */
  frame(data: Buffer): void {
    const type = this.#notes.take(data, 0, data.length);
    if (type === 'error') { this.#error(data); return; }
    this.#watchSilence(bodyTimeoutMs);
    if (!this.#isBegun && type?.startsWith('response.')) {
      this.#isBegun = true;
      this.#firstByteMs = this.#clock.monotonicMs() - this.#startedMs;
      this.#events.begun();
    }
    if (type === rateLimitsEvent) {
      this.#hasLimits = true;
      this.#events.limits(data);
    }
    const before = type === 'response.completed' && this.#notes.terminal && !this.#hasLimits ? this.#events.ending?.() : undefined;
    if (before !== undefined) this.#pair.toClient(before);
    this.#pair.toClient(data);
    if (this.#notes.terminal) { this.#settle('finished'); return; }
    if (this.#events.progress) this.#events.progress(this.#notes.findings.deltaCharacters);
    if (!this.#pair.isClientGone) return;
    this.#graceBytes += data.length;
    if (this.#graceBytes > graceBytesMax) this.#settle('client-left');
  }

  /** The client left: the upstream may still tell the usage for a moment, if it has begun. */
  clientGone(): void {
    if (!this.#isBegun) { this.#settle('client-left'); return; }
    this.#stopGrace = this.#clock.after(graceMs, () => this.#settle('client-left'));
  }

  /** The upstream is gone. */
  upstreamGone(why: string): void {
    this.#settle(this.#pair.isClientGone ? 'client-left' : 'upstream-broke', new Error(why));
  }

  #error(data: Buffer): void {
    const { hasStatus, ...answer } = readErrorFrame(data);
    this.#hasVagueError = !hasStatus;
    if (!this.#isBegun) {
      this.#refusal = { answer, frame: data };
      this.#settle('rejected');
      return;
    }
    // As in a stream over HTTP: an answer that ends without its terminal event is a broken one.
    this.#pair.toClient(data);
    this.#settle('finished');
  }

  #watchSilence(msMax: number): void {
    this.#stopSilence();
    this.#stopSilence = this.#clock.after(msMax, () => this.#overdue(`silent for ${msMax / 60_000} minutes`));
  }

  #overdue(why: string): void { this.#settle('upstream-broke', new Error(why)); }

  #settle(ending: AttemptFacts['ending'], error?: Error): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#stopTotal();
    this.#stopSilence();
    this.#stopGrace();
    const { terminal, responseId, deltaCharacters } = this.#notes.findings;
    const kept = this.#refusal?.answer;
    this.#events.settled({
      ending, begun: this.#isBegun, outputChars: deltaCharacters, durationMs: Math.round(this.#clock.monotonicMs() - this.#startedMs),
      ...(terminal ? { terminal: endingNames[terminal.type], response: terminal.facts } : {}),
      ...(responseId === undefined ? {} : { responseId }),
      ...(this.#upstreamRequestId === undefined ? {} : { upstreamRequestId: this.#upstreamRequestId }),
      ...(this.#firstByteMs === undefined ? {} : { firstByteMs: Math.round(this.#firstByteMs) }),
      ...(kept ? { kept, status: kept.status } : {}),
      ...(error ? { networkError: error.message } : {}),
    });
  }
}

const endingNames = { 'response.completed': 'completed', 'response.incomplete': 'incomplete', 'response.failed': 'failed' } as const;

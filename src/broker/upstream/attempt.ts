// Carries one attempt: sends the client's bytes upstream, relays the answer unchanged with
// back-pressure, and observes it. It decides nothing about money or retries; it tells what it saw,
// once, at the first moment at which the outcome is certain.
//
// An attempt is `sent` until headers come, then `relaying` a success or `keeping` a refusal that
// has not been shown to the client, then `ended`. A client that leaves turns `relaying` into a
// short grace in which the upstream may still tell the usage, then the upstream is stopped. Every
// wait has its named maximum; one that is over ends the attempt as what was seen of it.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { AttemptFacts } from '../../domain/settlement.ts';
import type { ApiDialect } from '../../protocol/apiDialect.ts';
import type { ResponseFacts } from '../../protocol/responseUsage.ts';
import type { Clock } from '../clock.ts';
import { AnswerObserver } from './answerObserver.ts';
import { clientHeaders } from './headerLists.ts';

/** A refusal by the upstream that has not been shown to the client. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** A success status whose content cannot be a response of the API: a login page, a redirect. */
  readonly foreign: boolean;
}

/** What was seen of an attempt. */
export interface AttemptReport {
  readonly ending: AttemptFacts['ending'];
  readonly begun: boolean;
  readonly terminal?: 'completed' | 'incomplete' | 'failed';
  readonly response?: ResponseFacts;
  readonly responseId?: string;
  readonly outputChars: number;
  readonly status?: number;
  readonly upstreamRequestId?: string;
  readonly firstByteMs?: number;
  readonly durationMs: number;
  readonly kept?: KeptAnswer;
  /** Why the upstream was lost: the network's words and its code. */
  readonly networkError?: string;
  readonly networkCode?: string;
  /** Nothing had come on the connection before, so it was no kept one that had died meanwhile. Absent where that is not known. */
  readonly freshConnection?: boolean;
}

/** What the attempt tells while it runs. */
export interface AttemptEvents {
  /** Headers of a success. @returns what is added to them for the client */
  answered(headers: IncomingHttpHeaders): Readonly<Record<string, string>>;
  /** The upstream has begun to answer. */
  begun(): void;
  /** More of the answer was read; so many characters of output so far. Asked for only while somebody counts. */
  progress?(outputChars: number): void;
  /** The outcome is certain; called once. */
  settled(report: AttemptReport): void;
}

/** Largest refusal that is kept, and how long it may take to come. */
const keptBytesMax = 64 * 1024;
const keptMsMax = 10_000;
/** Grace after the client left: how long the upstream may still say something. */
export const graceMs = 1000;
/** And how much. */
export const graceBytesMax = 64 * 1024;
/** A response in the background goes on without its client: how long the upstream may take to tell its id, and how much. */
export const idMsMax = 30_000;
const idBytesMax = 4 * 1024 * 1024;
/** The longest answer; models have been seen to think for an hour. */
export const attemptMsMax = 2 * 60 * 60_000;
/** How long a client may leave bytes unread. Codex itself gives up after five minutes of silence. */
export const unreadMsMax = 5 * 60_000;
/** How long the upstream may keep the stream open behind its terminal event. */
export const afterTerminalMsMax = 5000;

/** What is asked for, as far as it decides how the answer is read. */
export interface AttemptKind { readonly dialect: ApiDialect; readonly background?: boolean }

/** One attempt, as the handler that undici calls. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #requestId: string;
  readonly #events: AttemptEvents;
  readonly #clock: Clock;
  readonly #kind: AttemptKind;
  readonly #startedMs: number;
  readonly #stopTotal: () => void;
  #stopUnread = () => undefined as void;
  #stopTail = () => undefined as void;
  #controller: Dispatcher.DispatchController | undefined;
  #observer: AnswerObserver | undefined;
  #kept: { status: number; headers: IncomingHttpHeaders; chunks: Buffer[]; bytes: number; foreign: boolean } | undefined;
  #status: number | undefined;
  #upstreamRequestId: string | undefined;
  #firstByteMs: number | undefined;
  #graceBytes = 0;
  #begun = false;
  #clientLeft = false;
  #settled = false;
  #ended = false;

  constructor(response: ServerResponse, requestId: string, events: AttemptEvents, clock: Clock, kind: AttemptKind = { dialect: 'responses' }) {
    this.#kind = kind;
    this.#response = response;
    this.#requestId = requestId;
    this.#events = events;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    this.#stopTotal = clock.after(attemptMsMax, () => this.#overdue(`no end after ${attemptMsMax / 60_000} minutes`));
    response.once('close', this.#onClose);
  }

  /** The upstream's id of the response, once it was told. */
  get responseId(): string | undefined { return this.#observer?.findings.responseId; }

  /** Ends the upstream side at once, for example because a person stopped the request. */
  stop(): void {
    this.#clientLeft = true;
    this.#settle('client-left');
    this.#abort();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#clientLeft) controller.abort(new Error('the client left'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    // The head as it came, which undici keeps beside the parsed one for as long as the answer lasts.
    controller.rawHeaders = null;
    this.#status = status;
    this.#upstreamRequestId = text(headers['x-request-id']);
    const type = (headers['content-type'] ?? '').toLowerCase();
    const isStream = type.startsWith('text/event-stream');
    const foreign = status >= 300 && status < 400 || status < 300 && !isStream && !type.startsWith('application/json');
    if (status >= 300 || foreign) {
      this.#kept = { status, headers, chunks: [], bytes: 0, foreign };
      this.#stopTail = this.#clock.after(keptMsMax, () => this.#cutKept());
      return;
    }
    this.#observer = new AnswerObserver(isStream, headers['content-encoding'] ?? '', () => this.#look(), this.#kind.dialect);
    this.#begun = true;
    const added = this.#events.answered(headers);
    this.#events.begun();
    if (this.#clientLeft || this.#response.destroyed) return;
    this.#response.writeHead(status, { ...clientHeaders(headers, this.#requestId), ...added });
    // Content that came in the same packet is given on right after this, and takes the head with it.
    queueMicrotask(() => { if (this.#firstByteMs === undefined && !this.#response.destroyed) this.#response.flushHeaders(); });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#kept) {
      this.#kept.bytes += chunk.length;
      if (this.#kept.bytes <= keptBytesMax) this.#kept.chunks.push(chunk);
      else this.#cutKept();
      return;
    }
    this.#firstByteMs ??= this.#clock.monotonicMs() - this.#startedMs;
    if (!this.#clientLeft && !this.#response.write(chunk)) this.#waitForReader(controller);
    this.#observer?.push(chunk);
    this.#look();
    if (this.#clientLeft) {
      if (this.#kind.background && this.responseId !== undefined) { this.#stopAfterGrace(); return; }
      this.#graceBytes += chunk.length;
      if (this.#settled || this.#graceBytes > (this.#kind.background ? idBytesMax : graceBytesMax)) this.#stopAfterGrace();
    }
  }

  onResponseEnd(): void {
    if (this.#kept || !this.#observer) {
      this.#settle('rejected');
      this.#end();
      return;
    }
    this.#observer.end(() => {
      this.#settle(this.#observer?.findings.terminal ? 'finished' : this.#clientLeft ? 'client-left' : 'finished');
      if (!this.#clientLeft) this.#response.end();
      this.#end();
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#ended) return;
    const finish = () => {
      this.#settle(this.#kept ? 'rejected' : this.#clientLeft ? 'client-left' : 'upstream-broke', error);
      // After headers a broken stream is passed on as what it is: a connection that ends too early.
      if (!this.#clientLeft && this.#response.headersSent) this.#response.destroy();
      this.#end();
    };
    // The last event may be whole but for its blank line.
    if (this.#observer) this.#observer.end(finish);
    else finish();
  }

  readonly #onClose = (): void => {
    if (this.#ended || this.#response.writableFinished) return;
    this.#clientLeft = true;
    if (this.#kind.background ? this.responseId !== undefined : !this.#begun) { this.#stopAfterGrace(); return; }
    // The upstream may be about to tell the usage; a paused stream must flow again for that.
    this.#controller?.resume();
    this.#clock.after(this.#kind.background ? idMsMax : graceMs, () => this.#stopAfterGrace());
  };

  /** A client that does not read holds the upstream back, for a while. */
  #waitForReader(controller: Dispatcher.DispatchController): void {
    controller.pause();
    this.#stopUnread();
    this.#stopUnread = this.#clock.after(unreadMsMax, () => this.#response.destroy());
    this.#response.once('drain', () => {
      this.#stopUnread();
      controller.resume();
    });
  }

  #look(): void {
    if (this.#settled) return;
    if (!this.#observer?.hasEnded) {
      this.#events.progress?.(this.#observer?.outputChars ?? 0);
      return;
    }
    this.#settle('finished');
    // The client has everything; what an upstream sends behind its last event is not waited for.
    this.#stopTail = this.#clock.after(afterTerminalMsMax, () => {
      if (!this.#clientLeft) this.#response.end();
      this.#end();
      this.#abort();
    });
  }

  /** A refusal that is too long or does not end is told with what has come of it. */
  #cutKept(): void {
    this.#settle('rejected');
    this.#end();
    this.#abort();
  }

  #overdue(why: string): void {
    this.#settle('upstream-broke', new Error(why));
    if (this.#response.headersSent) this.#response.destroy();
    this.#end();
    this.#abort();
  }

  #stopAfterGrace(): void {
    if (this.#ended) return;
    this.#settle('client-left');
    this.#abort();
  }

  #abort(): void {
    this.#controller?.abort(new Error('the attempt was ended'));
  }

  #settle(ending: AttemptReport['ending'], error?: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    const { terminal, facts, responseId, outputChars } = this.#observer?.findings ?? { outputChars: 0 };
    const { code, socket } = (error ?? {}) as { code?: unknown; socket?: { bytesRead?: unknown } };
    const bytesRead = socket?.bytesRead;
    this.#events.settled({
      ending, begun: this.#begun, outputChars, durationMs: Math.round(this.#clock.monotonicMs() - this.#startedMs),
      ...(terminal ? { terminal } : {}), ...(facts ? { response: facts } : {}), ...(responseId === undefined ? {} : { responseId }),
      ...(this.#status === undefined ? {} : { status: this.#status }),
      ...(this.#upstreamRequestId === undefined ? {} : { upstreamRequestId: this.#upstreamRequestId }),
      ...(this.#firstByteMs === undefined ? {} : { firstByteMs: Math.round(this.#firstByteMs) }),
      ...(this.#kept ? { kept: { status: this.#kept.status, headers: this.#kept.headers, body: Buffer.concat(this.#kept.chunks), foreign: this.#kept.foreign } } : {}),
      ...(error ? { networkError: error.message } : {}), ...(typeof code === 'string' ? { networkCode: code } : {}),
      ...(typeof bytesRead === 'number' ? { freshConnection: bytesRead === 0 } : {}),
    });
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopTotal();
    this.#stopUnread();
    this.#stopTail();
    this.#response.off('close', this.#onClose);
  }
}

function text(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value.slice(0, 200) : undefined;
}

/** A report, and why the broker itself ended the attempt, if it did. */
export type EndedReport = AttemptReport & { readonly stopped?: string };

// Carries one attempt: sends the client's bytes upstream, relays the answer unchanged with
// back-pressure, and observes it. It decides nothing about money or retries; it tells what it saw,
// once, at the first moment at which the outcome is certain.
//
// An attempt is `sent` until headers come, then `relaying` a success or `keeping` a refusal that
// has not been shown to the client, then `ended`. A client that leaves turns `relaying` into a
// short grace in which the upstream may still tell the usage, then the upstream is stopped.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { AttemptFacts } from '../../domain/settlement.ts';
import { readResponseText } from '../../protocol/responseUsage.ts';
import type { ResponseFacts } from '../../protocol/responseUsage.ts';
import { SseScanner } from '../../protocol/sseScanner.ts';
import type { Clock } from '../clock.ts';
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
  /** Why the upstream was lost, in the words of the network, for the log. */
  readonly networkError?: string;
}

/** What the attempt tells while it runs. */
export interface AttemptEvents {
  /** Headers of a success. */
  answered(headers: IncomingHttpHeaders): void;
  /** The upstream has begun to answer with a response of this id. */
  begun(responseId: string | undefined): void;
  /** The outcome is certain; called once. */
  settled(report: AttemptReport): void;
}

/** Largest refusal that is kept and JSON answer that is parsed. */
const keptBytesMax = 64 * 1024;
const jsonBytesMax = 16 * 1024 * 1024;
/** Grace after the client left: how long and how much the upstream may still say. */
export const graceMs = 1000;
const graceBytesMax = 64 * 1024;

/** One attempt, as the handler that undici calls. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #requestId: string;
  readonly #events: AttemptEvents;
  readonly #clock: Clock;
  readonly #startedMs: number;
  #controller: Dispatcher.DispatchController | undefined;
  #scanner: SseScanner | undefined;
  #json: Buffer[] | undefined;
  #kept: { status: number; headers: IncomingHttpHeaders; chunks: Buffer[]; bytes: number; foreign: boolean } | undefined;
  #status: number | undefined;
  #upstreamRequestId: string | undefined;
  #firstByteMs: number | undefined;
  #bytes = 0;
  #graceBytes = 0;
  #begun = false;
  #clientLeft = false;
  #settled = false;
  #ended = false;

  constructor(response: ServerResponse, requestId: string, events: AttemptEvents, clock: Clock) {
    this.#response = response;
    this.#requestId = requestId;
    this.#events = events;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    response.once('close', this.#onClose);
  }

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

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#upstreamRequestId = text(headers['x-request-id']);
    const type = headers['content-type'] ?? '';
    const isStream = type.startsWith('text/event-stream');
    const foreign = status >= 300 && status < 400 || status < 300 && !isStream && !type.startsWith('application/json');
    if (status >= 300 || foreign) {
      this.#kept = { status, headers, chunks: [], bytes: 0, foreign };
      return;
    }
    if (isStream) this.#scanner = new SseScanner();
    else this.#json = [];
    this.#events.answered(headers);
    this.#noteBegun(undefined);
    if (this.#clientLeft || this.#response.destroyed) return;
    this.#response.writeHead(status, clientHeaders(headers, this.#requestId));
    this.#response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#kept) {
      this.#kept.bytes += chunk.length;
      // A refusal is short; of a long page only the beginning is kept, and the rest read and dropped.
      if (this.#kept.bytes <= keptBytesMax) this.#kept.chunks.push(chunk);
      return;
    }
    this.#firstByteMs ??= this.#clock.monotonicMs() - this.#startedMs;
    this.#bytes += chunk.length;
    if (!this.#clientLeft && !this.#response.write(chunk)) {
      controller.pause();
      this.#response.once('drain', () => controller.resume());
    }
    this.#observe(chunk);
    if (this.#clientLeft) {
      this.#graceBytes += chunk.length;
      if (this.#settled || this.#graceBytes > graceBytesMax) this.#stopAfterGrace();
    }
  }

  onResponseEnd(): void {
    if (this.#kept) {
      this.#settle('rejected');
    } else {
      this.#scanner?.end();
      if (this.#json) this.#noteJson();
      else if (this.#scanner?.findings.terminal) this.#settle('finished');
      this.#settle(this.#clientLeft ? 'client-left' : 'finished');
      if (!this.#clientLeft) this.#response.end();
    }
    this.#end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#scanner?.end();
    this.#settle(this.#clientLeft ? 'client-left' : 'upstream-broke', error);
    // After headers a broken stream is passed on as what it is: a connection that ends too early.
    if (!this.#clientLeft && this.#response.headersSent) this.#response.destroy();
    this.#end();
  }

  readonly #onClose = (): void => {
    if (this.#ended || this.#response.writableFinished) return;
    this.#clientLeft = true;
    if (!this.#begun) { this.#stopAfterGrace(); return; }
    // The upstream may be about to tell the usage; a paused stream must flow again for that.
    this.#controller?.resume();
    this.#clock.after(graceMs, () => this.#stopAfterGrace());
  };

  #stopAfterGrace(): void {
    if (this.#ended) return;
    this.#settle('client-left');
    this.#abort();
  }

  #abort(): void {
    this.#controller?.abort(new Error('the client left'));
  }

  #observe(chunk: Buffer): void {
    if (this.#json) {
      if (this.#bytes <= jsonBytesMax) this.#json.push(chunk);
      return;
    }
    const scanner = this.#scanner;
    if (!scanner || this.#settled) return;
    scanner.push(chunk);
    const { responseId, terminal } = scanner.findings;
    if (responseId !== undefined) this.#noteBegun(responseId);
    if (terminal) this.#settle('finished');
  }

  #noteBegun(responseId: string | undefined): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#events.begun(responseId);
  }

  #noteJson(): void {
    const facts = this.#bytes <= jsonBytesMax ? readResponseText(Buffer.concat(this.#json ?? []).toString('utf8')) : { usagePlausible: false };
    this.#settle('finished', undefined, facts);
  }

  #settle(ending: AttemptReport['ending'], error?: Error, json?: ResponseFacts): void {
    if (this.#settled) return;
    this.#settled = true;
    const findings = this.#scanner?.findings;
    const facts = json ?? findings?.terminal?.facts;
    const terminal = json ? terminalOf(json.status) : findings?.terminal?.type.slice('response.'.length) as AttemptReport['terminal'];
    const responseId = facts?.id ?? findings?.responseId;
    this.#events.settled({
      ending, begun: this.#begun, outputChars: findings?.deltaCharacters ?? 0, durationMs: Math.round(this.#clock.monotonicMs() - this.#startedMs),
      ...(terminal ? { terminal } : {}), ...(facts ? { response: facts } : {}), ...(responseId === undefined ? {} : { responseId }),
      ...(this.#status === undefined ? {} : { status: this.#status }),
      ...(this.#upstreamRequestId === undefined ? {} : { upstreamRequestId: this.#upstreamRequestId }),
      ...(this.#firstByteMs === undefined ? {} : { firstByteMs: Math.round(this.#firstByteMs) }),
      ...(this.#kept ? { kept: { status: this.#kept.status, headers: this.#kept.headers, body: Buffer.concat(this.#kept.chunks), foreign: this.#kept.foreign } } : {}),
      ...(error ? { networkError: error.message } : {}),
    });
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.off('close', this.#onClose);
  }
}

function terminalOf(status: string | undefined): AttemptReport['terminal'] {
  return status === 'completed' || status === 'incomplete' || status === 'failed' ? status : undefined;
}

function text(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value.slice(0, 200) : undefined;
}

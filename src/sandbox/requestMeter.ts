// The provider's own truth: what arrived, what was answered, what it would have billed, and whether
// the client stayed to the end. Tests compare a broker's ledger with it. It is kept in memory, with
// credentials and all, because the sandbox accepts none that is worth anything.
import type { TokenUsage } from '../domain/tokenUsage.ts';

/** One request as the provider saw it. */
export interface ReceivedRequest {
  /** 1 for the first since the start or the last reset. */
  readonly sequence: number;
  readonly requestId: string;
  readonly receivedAtMs: number;
  /** `MESSAGE` for a request that came over a WebSocket. */
  readonly method: string;
  /** Path and query, as they came. */
  readonly path: string;
  /** Header names in lower case; repeated ones joined with a comma. `authorization` is kept. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body on the wire, before decompression. */
  bodyBytes: number;
  bodySha256?: string;
  /** The body on the wire, only when bodies are kept. */
  body?: Uint8Array;
  /** Status that was answered; absent when the connection ended before a status. */
  status?: number;
  model?: string;
  responseId?: string;
  /** It only prepared a conversation: nothing was generated, and nothing is billed for it. */
  isPrewarm?: boolean;
  /** The kind of fault that acted on it. */
  fault?: string;
  /** `usage` as it went out in the event or body that ended the answer; absent when it never did. */
  reportedUsage?: unknown;
  /** What the request really used, up to the moment when the client left; absent when nothing was produced. */
  billedUsage?: TokenUsage;
  /** The client went away before the answer was complete. */
  aborted: boolean;
  finishedAtMs?: number;
}

/** Sums over all requests, including those that are no longer listed. */
export interface MeterTotals {
  readonly requests: number;
  readonly listedFromSequence: number;
  /** Requests that produced something, and the sum of what they used. */
  readonly billedRequests: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** Most requests that are listed; older ones fall out of the list but stay in the totals. */
export const requestsListedMax = 20_000;

/** Lists requests in the order of arrival. */
export class RequestMeter {
  readonly #requests: ReceivedRequest[] = [];
  #count = 0;
  #billedRequests = 0;
  #billed = { inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 };

  /** The requests that are listed, oldest first. */
  get requests(): readonly ReceivedRequest[] {
    return this.#requests;
  }

  /** Requests for a response over HTTP and WebSocket, oldest first: the attempts of whoever calls. */
  get attempts(): readonly ReceivedRequest[] {
    return this.#requests.filter((request) => (request.method === 'POST' || request.method === 'MESSAGE') && request.path.split('?')[0] === '/v1/responses');
  }

  /** Sums over everything since the start or the last reset. */
  get totals(): MeterTotals {
    return { requests: this.#count, listedFromSequence: this.#count - this.#requests.length + 1, billedRequests: this.#billedRequests, ...this.#billed };
  }

  /** Notes an arrival. The record that it gives back is filled in as the request goes on. */
  arrived(request: Omit<ReceivedRequest, 'sequence' | 'bodyBytes' | 'aborted'>): ReceivedRequest {
    const record: ReceivedRequest = { ...request, sequence: ++this.#count, bodyBytes: 0, aborted: false };
    this.#requests.push(record);
    if (this.#requests.length > requestsListedMax) this.#requests.shift();
    return record;
  }

  /** Notes what a request really used; called once per request that produced something. */
  billed(record: ReceivedRequest, usage: TokenUsage): void {
    record.billedUsage = usage;
    this.#billedRequests++;
    for (const name of Object.keys(this.#billed) as (keyof TokenUsage)[]) this.#billed[name] += usage[name];
  }

  /** Forgets everything. */
  reset(): void {
    this.#requests.length = 0;
    this.#count = 0;
    this.#billedRequests = 0;
    this.#billed = { inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 };
  }
}

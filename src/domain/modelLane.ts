// Everything about pacing that belongs to one model: its limits, its line, what runs, and when the
// next one may start. It sets no timer and sends nothing; every moment is passed in.
import { afterAnswer, afterRefusal, hasRoom, unknownConcurrency, type ConcurrencyLimit } from './concurrencyLimit.ts';
import { FairQueue, queueBounds, type Priority, type QueueItem } from './fairQueue.ts';
import {
  charge, close, commit, earliestStartMs, forecastStartMs, markSent, observe, release, reserve, unknownWindow, withLimit,
  type RateLimitObservation, type RateWindow,
} from './rateWindow.ts';

/** A request as pacing sees it. */
export interface PaceRequest {
  readonly id: string;
  readonly model: string;
  readonly workspaceId: string;
  readonly threadId?: string;
  readonly priority: Priority;
  /** Input and expected output together; corrected by the usage when it ends. */
  readonly estimatedTokens: number;
  /** The part of the estimate that is certain, the input. Only this can make a request too large. */
  readonly certainTokens?: number;
}

/** A refusal by the upstream that waiting can cure. */
export interface Throttle {
  /** Which limit was met; absent when the answer did not say. */
  readonly measure?: 'requests' | 'tokens';
  readonly retryAfterMs?: number;
  /** The limit and the request's size in that measure, where the refusal named them. */
  readonly limit?: number;
  readonly requested?: number;
  /** What the refusal's own headers said. */
  readonly observation?: RateLimitObservation;
}

/** Why the head of a line does not start now, and when it can; no time means: when something ends. */
export interface Hold {
  readonly because: string;
  readonly untilMs?: number;
}

/** A request that can never start: it exceeds a whole limit. */
export interface TooLarge {
  readonly id: string;
  readonly because: string;
}

/** A waiting request's place and reason for display. */
export interface WaitingView {
  readonly id: string;
  /** 1 for the next in its model's line; absent when more than `placesLookedMax` are ahead and nobody counted them. */
  readonly place?: number;
  readonly because: string;
  /** When it will probably start, or for one without a place the earliest; absent when that cannot be told. */
  readonly startsAtMs?: number;
}

/** How far along a line one request's own place is looked for; lines of a thousand are walked for pictures only. */
export const placesLookedMax = 50;

/** How long a told token limit can make a request too large. After that one such request goes up and finds out. */
export const limitCertainMs = 300_000;

/** First pause after a refusal that named none; it doubles with every further one. */
export const backOffMsMin = 1_000;
/** The longest such pause. */
export const backOffMsMax = 60_000;

/** A request in line. Its cost is the larger of its shares of both limits, in requests. */
export interface LaneItem extends QueueItem {
  readonly request: PaceRequest;
  /** How often it was started before. */
  readonly starts: number;
}

interface Running {
  readonly item: LaneItem;
  readonly sentAtMs: number;
  readonly sent: boolean;
  readonly answered: boolean;
}

const measures = ['requests', 'tokens'] as const;

/** The pacing of one model. */
export class ModelLane {
  readonly model: string;
  readonly queue = new FairQueue<LaneItem>(queueBounds);
  readonly running = new Map<string, Running>();
  windows: Readonly<Record<'requests' | 'tokens', RateWindow>> = { requests: unknownWindow, tokens: unknownWindow };
  lastUsedAtMs: number;
  #concurrency: ConcurrencyLimit = unknownConcurrency;
  /** The size of the largest request that was answered although it exceeds the token limit that is told. */
  #passedTokens = 0;
  #refusalsInRow = 0;
  #refusedAtMs = -Infinity;

  constructor(model: string, nowMs: number) {
    this.model = model;
    this.lastUsedAtMs = nowMs;
  }

  /** What a request costs in the line, so that workspaces get equal shares of whatever is scarcer. */
  costOf(request: PaceRequest): number {
    const { requests, tokens } = this.windows;
    if (requests.limit === undefined || tokens.limit === undefined) return 1;
    return Math.max(1, Math.ceil(request.estimatedTokens * requests.limit / tokens.limit));
  }

  /**
   * Why a request can never start, if the token limit is known and too small for it. A limit that was
   * told longer ago than `limitCertainMs` may have grown, and one that a request of this size has
   * passed does not bind; the request then goes up alone, since it reserves more than the limit has.
   */
  tooLarge(request: PaceRequest, nowMs: number): string | undefined {
    const { limit, observedAtMs } = this.windows.tokens;
    const certain = certainTokensOf(request);
    if (limit === undefined || certain <= Math.max(limit, this.#passedTokens)) return undefined;
    if (observedAtMs === undefined || nowMs - observedAtMs >= limitCertainMs) return undefined;
    return `The request needs about ${certain} tokens, but the whole token limit of ${this.model} is ${limit}.`;
  }

  /** Why the next request cannot start at this moment; absent when it can. */
  hold(request: PaceRequest, nowMs: number): Hold | undefined {
    if (!hasRoom(this.#concurrency, this.running.size)) {
      return { because: this.#concurrency.state === 'unknown'
        ? `${this.running.size} requests to ${this.model} are running; more start once the upstream told its limits.`
        : `${this.running.size} requests to ${this.model} are running, as many as the upstream bears at once.` };
    }
    const starts = measures.map((measure) => ({ measure, atMs: earliestStartMs(this.windows[measure], amountOf(request, measure), nowMs) }));
    const last = starts[0] && starts[1] && starts[1].atMs > starts[0].atMs ? starts[1] : starts[0];
    if (!last || last.atMs <= nowMs) return undefined;
    const window = this.windows[last.measure];
    const because = (window.closedUntilMs ?? nowMs) >= last.atMs
      ? `The upstream asked to wait before the next request to ${this.model}.`
      : `The limit of ${window.limit} ${last.measure} per ${window.lengthMs > 3_600_000 ? 'day' : 'minute'} for ${this.model} is used up.`;
    return { because, ...(last.atMs === Infinity ? {} : { untilMs: last.atMs }) };
  }

  /** One waiting request's place, reason and probable start, found without walking a long line to its end. */
  waitingOne(id: string, nowMs: number): WaitingView | undefined {
    const item = this.queue.get(id);
    if (!item) return undefined;
    const order = this.queue.order(placesLookedMax);
    const index = order.findIndex((each) => each.id === id);
    const ahead = index < 0 ? order : order.slice(0, index);
    const tokens = ahead.reduce((total, each) => total + each.request.estimatedTokens, item.request.estimatedTokens);
    return this.#view(item, index < 0 ? undefined : index, ahead.length, tokens, nowMs);
  }

  /** Everything that waits, in order. Its cost grows with the line; `waitingOne` tells about one. */
  waiting(nowMs: number): WaitingView[] {
    let tokens = 0;
    return this.queue.order().map((item, index) => {
      tokens += item.request.estimatedTokens;
      return this.#view(item, index, index, tokens, nowMs);
    });
  }

  /** @param index its index in the line, if that is known  @param ahead how many are ahead at least */
  #view(item: LaneItem, index: number | undefined, ahead: number, tokens: number, nowMs: number): WaitingView {
    const hold = this.hold(item.request, nowMs);
    const startsAtMs = this.forecast(ahead + 1, tokens, nowMs);
    const count = index === undefined ? `At least ${ahead}` : `${ahead}`;
    const because = index === 0 ? hold?.because ?? 'It starts at once.'
      : `${count} ${ahead === 1 ? 'request to' : 'requests to'} ${this.model} ${ahead === 1 ? 'is' : 'are'} ahead of it.${hold ? ` ${hold.because}` : ''}`;
    return { id: item.id, because, ...(index === undefined ? {} : { place: index + 1 }), ...(startsAtMs === undefined ? {} : { startsAtMs }) };
  }

  /** When so many requests and tokens will probably have been started; absent while it cannot be told. */
  forecast(requests: number, tokens: number, nowMs: number): number | undefined {
    if (!hasRoom(this.#concurrency, this.running.size)) return undefined;
    const times = [forecastStartMs(this.windows.requests, requests, nowMs), forecastStartMs(this.windows.tokens, tokens, nowMs)].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  /** Starts an item that was taken from the line. */
  start(item: LaneItem, nowMs: number): void {
    this.running.set(item.id, { item, sentAtMs: nowMs, sent: false, answered: false });
    this.#each((window, measure) => reserve(window, item.id, amountOf(item.request, measure), nowMs));
  }

  /** The attempt's first byte left. */
  sent(id: string, nowMs: number): void {
    const running = this.running.get(id);
    if (!running) return;
    this.running.set(id, { ...running, sentAtMs: nowMs, sent: true });
    this.#each((window) => markSent(window, id, nowMs));
  }

  /** The headers of an answer that is not a refusal. */
  answered(id: string, seen: RateLimitObservation, nowMs: number): void {
    const running = this.running.get(id);
    if (!running || running.answered) return;
    this.running.set(id, { ...running, answered: true });
    this.#each((window, measure) => observe(window, id, running.sentAtMs, seen[measure], nowMs));
    const certain = certainTokensOf(running.item.request);
    if (certain > (this.windows.tokens.limit ?? Infinity)) this.#passedTokens = Math.max(this.#passedTokens, certain);
    if (running.sentAtMs >= this.#refusedAtMs) this.#refusalsInRow = 0;
    this.#concurrency = afterAnswer(this.#concurrency, this.#announced(), this.running.size);
  }

  /**
   * The attempt was refused and consumed nothing. It goes back to the head of the line.
   * @returns when the line opens again.
   */
  refused(id: string, throttle: Throttle, jitter: number, nowMs: number): number | undefined {
    const running = this.running.get(id);
    if (!running) return undefined;
    const { sentAtMs, item } = running;
    const { observation, measure, limit } = throttle;
    this.#each((window, each) => {
      const told = observe(release(window, id, nowMs), id, sentAtMs, observation?.[each], nowMs);
      // The headers' own figure counts more than the text's, but an old figure counts less.
      return each === measure && limit !== undefined && limit > 0 && observation?.[each]?.limit === undefined ? withLimit(told, limit, nowMs) : told;
    });
    if (measure === 'tokens' && certainTokensOf(item.request) > (this.windows.tokens.limit ?? Infinity)) this.#passedTokens = 0;
    // Attempts that were under way together meet the same refusal: one step of the back-off for all.
    if (sentAtMs > this.#refusedAtMs) {
      this.#refusalsInRow += 1;
      this.#refusedAtMs = nowMs;
    }
    const backOffMs = Math.min(backOffMsMax, backOffMsMin * 2 ** (this.#refusalsInRow - 1)) * (0.5 + jitter / 2);
    const untilMs = nowMs + Math.ceil(throttle.retryAfterMs ?? observation?.retryAfterMs ?? backOffMs);
    this.#each((window, each) => {
      if (measure === undefined) return close(window, untilMs, undefined, nowMs);
      if (each !== measure) return window;
      const remaining = observation?.[each]?.remaining;
      const amount = throttle.requested ?? amountOf(item.request, each);
      return close(window, untilMs, { amount, sentAtMs, ...(remaining === undefined ? {} : { remaining }) }, nowMs);
    });
    if (measure === undefined || this.windows[measure].limit === undefined) {
      this.#concurrency = afterRefusal(this.#concurrency, this.running.size, sentAtMs, nowMs);
    }
    this.running.delete(id);
    const estimatedTokens = measure === 'tokens' ? Math.max(item.request.estimatedTokens, throttle.requested ?? 0) : item.request.estimatedTokens;
    this.queue.putBack({ ...item, starts: item.starts + 1, request: { ...item.request, estimatedTokens } });
    return untilMs;
  }

  /**
   * The attempt ended.
   * @param usedTokens what it used; absent when that is unknown, and then the estimate stands.
   */
  finished(id: string, usedTokens: number | undefined, nowMs: number): void {
    const running = this.running.get(id);
    if (!running) return;
    this.running.delete(id);
    const estimated = running.item.request.estimatedTokens;
    const beyondTokens = running.answered && usedTokens !== undefined ? Math.max(0, usedTokens - estimated) : 0;
    this.#each((window, measure) => {
      if (!running.sent && !running.answered) return release(window, id, nowMs);
      const ended = commit(window, id, measure === 'requests' ? 1 : usedTokens ?? estimated, nowMs);
      return measure === 'tokens' && beyondTokens > 0 ? charge(ended, id, beyondTokens, nowMs) : ended;
    });
  }

  /** Whether nothing runs or waits. */
  get idle(): boolean {
    return this.running.size === 0 && this.queue.size === 0;
  }

  #announced(): boolean {
    return this.windows.requests.limit !== undefined || this.windows.tokens.limit !== undefined;
  }

  #each(change: (window: RateWindow, measure: 'requests' | 'tokens') => RateWindow): void {
    this.windows = { requests: change(this.windows.requests, 'requests'), tokens: change(this.windows.tokens, 'tokens') };
  }
}

/** The tokens that a request takes in any case. */
function certainTokensOf(request: PaceRequest): number {
  return request.certainTokens ?? request.estimatedTokens;
}

function amountOf(request: PaceRequest, measure: 'requests' | 'tokens'): number {
  return measure === 'requests' ? 1 : request.estimatedTokens;
}

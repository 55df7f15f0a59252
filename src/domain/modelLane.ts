// Everything about pacing that belongs to one model: its limits, its line, what runs, and when the
// next one may start. It sets no timer and sends nothing; every moment is passed in.
import { afterAnswer, afterRefusal, hasRoom, unknownConcurrency, type ConcurrencyLimit } from './concurrencyLimit.ts';
import { AnswerGate } from './answerGate.ts';
import { DayLimits } from './dayLimits.ts';
import { canLearn, grown, learnt } from './learntWindow.ts';
import type { Throttle } from './throttle.ts';
import { FairQueue, queueBounds, type Priority, type QueueItem } from './fairQueue.ts';
import { amountOf, certainTokensOf, counting, countedTokensOf, restTokensOf, type PaceRequest } from './paceRequest.ts';
import {
  charge, close, commit, dayMs, earliestStartMs, forecastStartMs, markSent, observe, passed, release, reserve, takenUnseen, unknownWindow, unseenAt, withLimit,
  type RateLimitObservation, type RateWindow,
} from './rateWindow.ts';

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

/** How long a told token limit can make a request too large. After that one such request goes up and finds out. */
export const limitCertainMs = 300_000;

/** A person's requests find room kept free for them so long after the last one. */
export const personAwayMs = 300_000;
/** A person dares more: this share of what others may have taken is kept free. */
const personUnseenShare = 0.5;
/** How much of the usual size the newest request makes out. */
const usualShare = 0.02;
/** Room is kept free for so many requests of people, and at most such a share of a limit. */
const peopleAtOnce = 2;
const personShareMax = 0.125;
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
  readonly days = new DayLimits();
  #concurrency: ConcurrencyLimit = unknownConcurrency;
  /** The size of the largest request that was answered although it exceeds the token limit that is told. */
  #passedTokens = 0;
  #refusalsInRow = 0;
  #refusedAtMs = -Infinity;
  readonly #gate = new AnswerGate();
  /** Expected of what runs beyond what the upstream counts on arrival. */
  #restTokens = 0;
  /** The size of the usual request. */
  #usualTokens = 0;
  /** The newest person's request. */
  #person: { readonly tokens: number; readonly atMs: number } | undefined;

  constructor(model: string) {
    this.model = model;
  }

  /** Puts a request in line. @returns why it was not taken in, or `queued` */
  submit(request: PaceRequest, nowMs: number): ReturnType<FairQueue<LaneItem>['enqueue']> {
    const { id, priority, workspaceId, threadId } = request;
    if (priority === 'interactive') this.#person = { tokens: countedTokensOf(request), atMs: nowMs };
    return this.queue.enqueue({ id, priority, workspaceId, ...(threadId === undefined ? {} : { threadId }), cost: this.#costOf(request), request, starts: 0 });
  }

  /** What a request costs in the line, in tokens, so that workspaces get equal shares of whatever is scarcer. */
  #costOf(request: PaceRequest): number {
    const { requests, tokens } = this.windows;
    const size = Math.max(1, Math.ceil(request.estimatedTokens));
    this.#usualTokens += (size - this.#usualTokens) * (this.#usualTokens === 0 ? 1 : usualShare);
    if (requests.limit === undefined) return size;
    // Where only requests are limited each one takes as much, and counts like the usual one.
    return Math.ceil(tokens.limit === undefined ? this.#usualTokens : Math.max(size, tokens.limit / requests.limit));
  }

  /**
   * Why a request can never start, if the token limit is known and too small for it. A limit that was
   * told longer ago than `limitCertainMs` may have grown, and one that a request of this size has
   * passed does not bind; the request then goes up alone, since it reserves more than the limit has.
   */
  tooLarge(request: PaceRequest, nowMs: number): string | undefined {
    const { limit, observedAtMs } = this.windows.tokens;
    const certain = certainTokensOf(request);
    if (limit === undefined || this.windows.tokens.learnt || certain <= Math.max(limit, this.#passedTokens)) return undefined;
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
    const untilMs = this.#gate.closedUntilMs(nowMs);
    if (untilMs !== undefined) return { because: `Requests to ${this.model} were just sent; more start as soon as the upstream answers them.`, untilMs };
    const day = this.days.heldBy(request, nowMs);
    if (day) return { because: `The limit of ${day.limit} ${day.measure} per day for ${this.model} is used up.`, untilMs: day.untilMs };
    const starts = measures.map((measure) => ({ measure, atMs: earliestStartMs(this.windows[measure], amountOf(request, measure), nowMs, this.#keepFree(request, measure, nowMs), request.priority === 'interactive') }));
    const last = starts[0] && starts[1] && starts[1].atMs > starts[0].atMs ? starts[1] : starts[0];
    if (!last || last.atMs <= nowMs) return undefined;
    const window = this.windows[last.measure];
    const because = (window.closedUntilMs ?? nowMs) >= last.atMs
      ? `The upstream asked to wait before the next request to ${this.model}.`
      : window.learnt ? `The upstream tells no limit for ${this.model}; going by what it refused, about ${Math.round(window.limit ?? 0)} ${last.measure} per minute are used up.`
      : `The limit of ${window.limit} ${last.measure} per ${window.lengthMs > 3_600_000 ? 'day' : 'minute'} for ${this.model} is used up.`;
    return { because, ...(last.atMs === Infinity ? {} : { untilMs: last.atMs }) };
  }

  /** What has to be left beside a request: outputs that are to come, what others may take, and for all but people room for a person. */
  #keepFree(request: PaceRequest, measure: 'requests' | 'tokens', nowMs: number): number {
    if (request.priority === 'interactive') return unseenAt(this.windows[measure], nowMs) * personUnseenShare;
    const rest = measure === 'requests' ? 0 : this.#restTokens + restTokensOf(request);
    return rest + this.#personRoom(measure, nowMs) + unseenAt(this.windows[measure], nowMs);
  }

  /** What is kept free for a person's next requests: nothing once no person has been here for a while. */
  #personRoom(measure: 'requests' | 'tokens', nowMs: number): number {
    if (!this.#person || nowMs - this.#person.atMs > personAwayMs) return 0;
    return Math.min((this.windows[measure].limit ?? 0) * personShareMax, peopleAtOnce * (measure === 'requests' ? 1 : this.#person.tokens));
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
    this.#gate.sent(item.id, nowMs);
    this.#restTokens += restTokensOf(item.request);
    this.days.take(item.request, 1, nowMs);
    this.#each((window, measure) => reserve(window, item.id, amountOf(item.request, measure), nowMs));
  }

  /** Time passed in which nothing could be sent and this clock stood still, such as a sleep. */
  slept(ms: number): void {
    this.days.slept(ms);
    this.#each((window) => passed(window, ms));
  }

  /** The attempt's first byte left. */
  sent(id: string, nowMs: number): void {
    const running = this.running.get(id);
    if (!running) return;
    this.running.set(id, { ...running, sentAtMs: nowMs, sent: true });
    this.#gate.sent(id, nowMs);
    this.#each((window) => markSent(window, id, nowMs));
  }

  /** The headers of an answer that is not a refusal. */
  answered(id: string, seen: RateLimitObservation, nowMs: number): void {
    const running = this.running.get(id);
    if (!running || running.answered) return;
    this.running.set(id, { ...running, answered: true });
    this.#gate.answered(id);
    const isUsedUp = this.queue.size > 0;
    this.#each((window, measure) => {
      const told = observe(window, id, running.sentAtMs, seen[measure], nowMs);
      return isUsedUp ? grown(told) : told;
    });
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
    // A day's limit is kept apart, unless headers tell of that very one.
    const perDay = throttle.perDay && measure !== undefined && limit !== undefined && limit > 0 && this.windows[measure].lengthMs < dayMs ? { measure, limit } : undefined;
    this.#each((window, each) => {
      const told = observe(release(window, id, nowMs), id, sentAtMs, observation?.[each], nowMs);
      // The headers' own figure counts more than the text's, but an old figure counts less.
      return each === measure && !perDay && limit !== undefined && limit > 0 && observation?.[each]?.limit === undefined ? withLimit(told, limit, nowMs) : told;
    });
    if (measure === 'tokens' && certainTokensOf(item.request) > (this.windows.tokens.limit ?? Infinity)) this.#passedTokens = 0;
    // Attempts that were under way together meet the same refusal: one step of the back-off for all.
    if (sentAtMs > this.#refusedAtMs) {
      this.#refusalsInRow += 1;
      this.#refusedAtMs = nowMs;
      this.#gate.narrow();
    }
    const amount = measure === undefined ? 0 : throttle.requested ?? amountOf(item.request, measure);
    const pauseMs = throttle.retryAfterMs ?? observation?.retryAfterMs;
    // A pause that is told says more than a limit that is guessed from few requests.
    const isHidden = measure !== undefined && !perDay && (this.windows[measure].learnt !== undefined || pauseMs === undefined && canLearn(this.windows[measure], amount));
    if (isHidden) this.#each((window, each) => (each === measure ? learnt(window, amount, sentAtMs, nowMs) : window));
    const untilMs = nowMs + Math.ceil(pauseMs ?? (isHidden ? this.#learntPauseMs(this.windows[measure], amount) : this.#backOffMs(jitter)));
    this.days.take(item.request, -1, nowMs);
    if (perDay) this.days.refused(perDay.measure, perDay.limit, amount, untilMs, nowMs);
    else this.#each((window, each) => {
      if (measure === undefined) return close(window, untilMs, undefined, nowMs);
      if (each !== measure) return window;
      // A learnt limit is held by what is thought to be left of it: a smaller request may find room.
      if (isHidden && this.windows[measure].learnt?.refusalsInRow === 1 && pauseMs === undefined) return window;
      const remaining = observation?.[each]?.remaining;
      return close(window, untilMs, { amount, sentAtMs, ...(remaining === undefined ? {} : { remaining }) }, nowMs);
    });
    if (measure === undefined || !isHidden && this.windows[measure].limit === undefined) this.#concurrency = afterRefusal(this.#concurrency, this.running.size, sentAtMs, nowMs);
    this.#gate.left(id);
    this.#restTokens -= restTokensOf(item.request);
    this.running.delete(id);
    this.queue.putBack({ ...item, starts: item.starts + 1, request: measure === 'tokens' && throttle.requested !== undefined ? counting(item.request, throttle.requested) : item.request });
    return untilMs;
  }

  /** The pause after a refusal that named none. @param jitter a number from 0 to 1 */
  #backOffMs(jitter: number): number {
    return Math.min(backOffMsMax, backOffMsMin * 2 ** (this.#refusalsInRow - 1)) * (0.5 + jitter / 2);
  }

  /** The pause after a refusal by a learnt limit: until there is room for the amount, and twice as long with each further refusal. */
  #learntPauseMs({ limit, lengthMs, learnt: how }: RateWindow, amount: number): number {
    return limit === undefined ? backOffMsMin : Math.min(backOffMsMax, amount * lengthMs / limit * 2 ** ((how?.refusalsInRow ?? 1) - 1));
  }

  /**
   * The attempt ended.
   * @param usedTokens what it used; absent when that is unknown, and then the estimate stands.
   */
  finished(id: string, usedTokens: number | undefined, nowMs: number): void {
    const running = this.running.get(id);
    if (!running) return;
    this.running.delete(id);
    this.#gate.left(id);
    this.#restTokens -= restTokensOf(running.item.request);
    const estimated = running.item.request.estimatedTokens;
    if (usedTokens !== undefined) this.days.settle(running.item.request, usedTokens, nowMs);
    const beyondTokens = running.answered ? Math.max(0, (usedTokens ?? estimated) - countedTokensOf(running.item.request)) : 0;
    this.#each((window, measure) => {
      if (!running.sent && !running.answered) return release(window, id, nowMs);
      const ended = commit(window, id, measure === 'requests' ? 1 : usedTokens ?? estimated, nowMs);
      if (measure !== 'tokens' || beyondTokens <= 0) return ended;
      const unforeseen = beyondTokens - restTokensOf(running.item.request);
      return charge(unforeseen > 0 ? takenUnseen(ended, unforeseen, nowMs) : ended, id, beyondTokens, nowMs);
    });
  }

  /** Moves a waiting request to another class. @returns whether it waits */
  setPriority(id: string, priority: Priority): boolean {
    const item = this.queue.get(id);
    return item !== undefined && this.queue.move({ ...item, priority, request: { ...item.request, priority } });
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

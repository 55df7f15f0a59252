// Everything about pacing that belongs to one model: its limits, its line, what runs, and when the
// next one may start. It sets no timer and sends nothing; every moment is passed in.
import { canLearn, grown, learnt } from './learntWindow.ts';
import { StartGate } from './startGate.ts';
import { imageMeasures, isOfImages, measures, type ImageMeasure, type Measure } from './measure.ts';
import type { Throttle } from './throttle.ts';
import { heldBecause, usedUp } from './holdReasons.ts';
import { say, type Because } from './say.ts';
import { queueBounds, type Priority } from './fairQueue.ts';
import { LaneCost } from './laneCost.ts';
import { imageOf, type LaneHold, type LaneItem } from './laneItem.ts';
import { LaneQueue } from './laneQueue.ts';
import { heldByNamed, NamedLimits } from './namedLimits.ts';
import { Overload } from './overload.ts';
import { refusalPauseMs } from './refusalPause.ts';
import { amountOf, certainTokensOf, counting, countedTokensOf, restTokensOf, type PaceRequest } from './paceRequest.ts';
import {
  charge, close, commit, dayMs, earliestStartMs, forecastStartMs, markSent, minuteMs, passed, release, reserve, takenUnseen, unknownWindow, unseenAt, withLimit, type RateLimitObservation, type RateWindow,
} from './rateWindow.ts';
import { observe } from './windowObservation.ts';

/** A request that can never start: it exceeds a whole limit. */
export interface TooLarge extends Because {
  readonly id: string;
}

/** How long a told token limit can make a request too large. After that one such request goes up and finds out. */
export const limitCertainMs = 300_000;

/** A person's requests find room kept free for them so long after the last one. */
export const personAwayMs = 300_000;
/** A person dares more: this share of what others may have taken is kept free. */
const personUnseenShare = 0.75;
/** Room is kept free for so many requests of people, and at most such a share of a limit. */
const peopleAtOnce = 2;
const personShareMax = 0.125;
interface Running {
  readonly item: LaneItem;
  readonly sentAtMs: number;
  readonly sent: boolean;
  readonly answered: boolean;
}

/** The pacing of one model. */
export class ModelLane {
  readonly model: string;
  readonly queue = new LaneQueue<LaneItem>(queueBounds);
  readonly running = new Map<string, Running>();
  windows: Readonly<Record<Measure, RateWindow>> = { requests: unknownWindow, tokens: unknownWindow, images: unknownWindow, madeImages: unknownWindow };
  /** Limits that only a refusal named, by their lengths. */
  readonly named = { day: new NamedLimits(dayMs), minute: new NamedLimits(minuteMs) } as const;
  /** Attempts that were sent before met the limits of another key. */
  limitsSinceMs = -Infinity;
  /** The size of the largest request that was answered although it exceeds the token limit that is told. */
  #passedTokens = 0;
  #refusalsInRow = 0;
  #refusedAtMs = -Infinity;
  /** How many may be under way, whatever is left of limits. */
  readonly gate: StartGate;
  readonly #cost = new LaneCost();
  readonly overload = new Overload();
  /** Expected of what runs beyond what the upstream counts on arrival. */
  #restTokens = 0;
  /** The newest person's request. */
  #person: { readonly tokens: number; readonly atMs: number } | undefined;

  /** @param mindsLatency whether answers that come slowly let fewer run, where no limits are announced */
  constructor(model: string, mindsLatency: boolean) {
    this.model = model;
    this.gate = new StartGate(model, mindsLatency);
  }

  /** Puts a request in line. @returns why it was not taken in, or `queued` */
  submit(request: PaceRequest, nowMs: number): ReturnType<LaneQueue<LaneItem>['enqueue']> {
    const { id, priority, workspaceId, threadId } = request;
    if (priority === 'interactive') this.#person = { tokens: countedTokensOf(request), atMs: nowMs };
    return this.queue.enqueue({ id, priority, workspaceId, ...(threadId === undefined ? {} : { threadId }), ...this.#cost.of(request, this.windows), request, starts: 0 }, this.#cost.missing(this.windows, nowMs));
  }

  /**
   * Why a request can never start, if the token limit is known and too small for it. A limit that was
   * told longer ago than `limitCertainMs` may have grown, and one that a request of this size has
   * passed does not bind; the request then goes up alone, since it reserves more than the limit has.
   */
  tooLarge(request: PaceRequest, nowMs: number): Because | undefined {
    const { limit, observedAtMs } = this.windows.tokens;
    const certain = certainTokensOf(request);
    if (limit === undefined || this.windows.tokens.learnt || certain <= Math.max(limit, this.#passedTokens)) return undefined;
    if (observedAtMs === undefined || nowMs - observedAtMs >= limitCertainMs) return undefined;
    return say('The request needs about {0} tokens, but the whole token limit of {1} is {2}.', certain, this.model, limit);
  }

  /** Why the next request cannot start at this moment; absent when it can. */
  hold(request: PaceRequest, nowMs: number): LaneHold | undefined {
    const tokens = () => [...this.running.values()].reduce((sum, { item, sentAtMs }) => sum + (sentAtMs >= this.limitsSinceMs ? countedTokensOf(item.request) : 0), countedTokensOf(request));
    return this.gate.hold(this.running.size, this.#perMinute(nowMs), tokens, nowMs) ?? this.#limitHold(request, measures, nowMs);
  }

  /** The limit on images that holds a request back, whatever else does. */
  imageHold(request: PaceRequest, nowMs: number): LaneHold | undefined {
    return this.#limitHold(request, imageMeasures, nowMs);
  }

  #limitHold(request: PaceRequest, of: readonly Measure[], nowMs: number): LaneHold | undefined {
    const named = heldByNamed(this.named, request, of, nowMs);
    if (named) return { ...usedUp(named, this.model), ...imageOf(named.measure), untilMs: named.untilMs };
    let last: { readonly measure: Measure; readonly atMs: number } | undefined;
    for (const measure of of) {
      const amount = amountOf(request, measure);
      if (isOfImages(measure) && amount === 0) continue;
      const atMs = earliestStartMs(this.windows[measure], amount, nowMs, this.#keepFree(request, measure, nowMs), request.priority === 'interactive');
      if (!last || atMs > last.atMs) last = { measure, atMs };
    }
    if (!last || last.atMs <= nowMs) return undefined;
    return { ...heldBecause(this.windows[last.measure], last.measure, last.atMs, this.model, nowMs), ...imageOf(last.measure), ...(last.atMs === Infinity ? {} : { untilMs: last.atMs }) };
  }

  /** What has to be left beside a request: outputs that are to come, what others may take, and for all but people room for a person. */
  #keepFree(request: PaceRequest, measure: Measure, nowMs: number): number {
    if (request.priority === 'interactive') return unseenAt(this.windows[measure], nowMs) * personUnseenShare;
    const rest = measure !== 'tokens' ? 0 : this.#restTokens + restTokensOf(request);
    return rest + this.#personRoom(measure, nowMs) + unseenAt(this.windows[measure], nowMs);
  }

  /** What is kept free for a person's next requests: nothing once no person has been here for a while. */
  #personRoom(measure: Measure, nowMs: number): number {
    if (isOfImages(measure) || !this.#person || nowMs - this.#person.atMs > personAwayMs) return 0;
    return Math.min((this.windows[measure].limit ?? 0) * personShareMax, peopleAtOnce * (measure === 'requests' ? 1 : this.#person.tokens));
  }

  /** When so much of everything will probably have been started; absent while it cannot be told. */
  forecast(amounts: Readonly<Record<Measure, number>>, nowMs: number): number | undefined {
    if (!this.gate.hasRoom(this.running.size)) return undefined;
    const times = measures.filter((each) => amounts[each] > 0).map((each) => forecastStartMs(this.windows[each], amounts[each], nowMs)).filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  /** Starts an item that was taken from the line. */
  start(item: LaneItem, nowMs: number): void {
    this.running.set(item.id, { item, sentAtMs: nowMs, sent: false, answered: false });
    this.gate.started(item.id, this.#perMinute(nowMs), nowMs);
    this.#restTokens += restTokensOf(item.request);
    this.queue.began(item);
    this.#eachNamed((limits) => limits.take(item.request, nowMs));
    this.#each((window, measure) => reserve(window, item.id, amountOf(item.request, measure), nowMs), item.request);
  }

  /** Time passed in which nothing could be sent and this clock stood still, such as a sleep. */
  slept(ms: number): void {
    this.#eachNamed((limits) => limits.slept(ms));
    this.#each((window) => passed(window, ms));
  }

  /** The attempt's first byte left. */
  sent(id: string, nowMs: number): void {
    const running = this.running.get(id);
    if (!running) return;
    this.running.set(id, { ...running, sentAtMs: nowMs, sent: true });
    this.gate.sent(id, nowMs);
    this.#each((window) => markSent(window, id, nowMs), running.item.request);
  }

  /** The headers of an answer that is not a refusal. */
  answered(id: string, told: RateLimitObservation, nowMs: number): void {
    const running = this.running.get(id);
    if (!running || running.answered) return;
    const seen = running.sentAtMs < this.limitsSinceMs ? {} : told;
    this.running.set(id, { ...running, answered: true });
    this.#each((window, measure) => {
      const next = observe(window, id, running.sentAtMs, seen[measure], nowMs);
      // A limit was used up if somebody waits whom it may hold back.
      return this.queue.sizeOf(isOfImages(measure) ? measure : undefined) > 0 ? grown(next) : next;
    }, running.item.request, seen);
    this.#eachNamed((limits) => limits.answered(id, (measure) => seen[measure]?.limit !== undefined && this.windows[measure].lengthMs === limits.lengthMs));
    const certain = certainTokensOf(running.item.request);
    if (certain > (this.windows.tokens.limit ?? Infinity)) this.#passedTokens = Math.max(this.#passedTokens, certain);
    if (running.sentAtMs >= this.#refusedAtMs) {
      this.#refusalsInRow = 0;
      this.overload.answered();
    }
    this.gate.answered(id, { sentAtMs: running.sentAtMs, ...(running.sent ? { inputTokens: certain } : {}), running: this.running.size, isAnnounced: this.#announced() }, nowMs);
  }

  /**
   * The attempt was refused and consumed nothing. It goes back to the head of the line.
   * @returns when the line opens again.
   */
  refused(id: string, said: Throttle, jitter: number, nowMs: number): number | undefined {
    const running = this.running.get(id);
    if (!running) return undefined;
    const { sentAtMs, item } = running;
    const throttle: Throttle = sentAtMs >= this.limitsSinceMs || said.isOverload ? said : {};
    const { observation, measure, limit } = throttle;
    // A limit of another length than headers tell of is kept apart.
    const lengthMs = throttle.perDay ? dayMs : minuteMs;
    const apart = measure !== undefined && limit !== undefined && limit > 0 && this.windows[measure].lengthMs !== lengthMs && this.windows[measure].limit !== limit ? { measure, limit } : undefined;
    this.#each((window, each) => {
      const told = observe(release(window, id, nowMs), id, sentAtMs, observation?.[each], nowMs);
      // The headers' own figure counts more than the text's, but an old figure counts less.
      return each === measure && !apart && limit !== undefined && limit > 0 && observation?.[each]?.limit === undefined ? withLimit(told, limit, nowMs) : told;
    });
    if (measure === 'tokens' && certainTokensOf(item.request) > (this.windows.tokens.limit ?? Infinity)) this.#passedTokens = 0;
    // Attempts that were under way together meet the same refusal: one step of the back-off for all.
    if (sentAtMs > this.#refusedAtMs) {
      this.#refusalsInRow += 1;
      this.#refusedAtMs = nowMs;
      this.gate.narrow();
    }
    if (throttle.isOverload) this.overload.refused(nowMs);
    const amount = measure === undefined ? 0 : Math.max(1, throttle.requested ?? amountOf(item.request, measure));
    const pauseMs = throttle.retryAfterMs ?? observation?.retryAfterMs;
    // A pause that is told says more than a limit that is guessed from few requests.
    const isHidden = measure !== undefined && !apart && (this.windows[measure].learnt !== undefined || pauseMs === undefined && canLearn(this.windows[measure], amount));
    if (isHidden) this.#each((window, each) => (each === measure ? learnt(window, amount, sentAtMs, nowMs) : window));
    const facts = { ...(pauseMs === undefined ? {} : { toldMs: pauseMs }), ...(isHidden ? { learnt: { window: this.windows[measure], amount } } : {}), isOverload: throttle.isOverload === true, refusalsInRow: this.#refusalsInRow };
    const untilMs = nowMs + Math.ceil(refusalPauseMs(facts, jitter));
    this.#eachNamed((limits) => limits.refused(item.request, limits.lengthMs === lengthMs && apart ? { ...apart, amount, untilMs } : undefined, nowMs));
    if (!apart) this.#each((window, each) => {
      if (measure === undefined) return close(window, untilMs, undefined, nowMs);
      if (each !== measure) return window;
      // A learnt limit is held by what is thought to be left of it: a smaller request may find room.
      if (isHidden && this.windows[measure].learnt?.refusalsInRow === 1 && pauseMs === undefined) return window;
      const remaining = observation?.[each]?.remaining;
      if (each === 'requests' && remaining !== undefined && remaining >= amount) this.gate.refusedInSpiteOfRoom();
      return close(window, untilMs, { amount, sentAtMs, ...(remaining === undefined ? {} : { remaining }) }, nowMs);
    });
    if (throttle === said && (measure === undefined || !isHidden && this.windows[measure].limit === undefined)) this.gate.overloaded(this.running.size, sentAtMs, nowMs);
    this.gate.left(id);
    this.#restTokens -= restTokensOf(item.request);
    this.running.delete(id);
    this.queue.ended(item, 0);
    this.queue.putBack({ ...item, starts: item.starts + 1, request: counting(item.request, measure, throttle.requested) });
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
    this.gate.left(id);
    this.#restTokens -= restTokensOf(running.item.request);
    const estimated = running.item.request.estimatedTokens;
    this.#eachNamed((limits) => limits.ended(running.item.request, usedTokens, nowMs));
    const isCounted = running.sent || running.answered;
    this.queue.ended(running.item, isCounted ? this.#cost.beyond(running.item.request, usedTokens, this.windows) : -running.item.cost);
    const beyondTokens = running.answered ? Math.max(0, (usedTokens ?? estimated) - countedTokensOf(running.item.request)) : 0;
    this.#each((window, measure) => {
      if (!isCounted) return release(window, id, nowMs);
      const ended = commit(window, id, measure === 'tokens' ? usedTokens ?? estimated : amountOf(running.item.request, measure), nowMs);
      if (measure !== 'tokens' || beyondTokens <= 0) return ended;
      const unforeseen = beyondTokens - restTokensOf(running.item.request);
      return charge(unforeseen > 0 ? takenUnseen(ended, unforeseen, nowMs) : ended, id, beyondTokens, nowMs);
    }, running.item.request);
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

  /** The announced limit on requests per minute, unless starts are spread over the seconds anyway. */
  #perMinute(nowMs: number): number | undefined {
    const { limit, learnt: isLearnt, lengthMs, smoothUntilMs } = this.windows.requests;
    return isLearnt || lengthMs > minuteMs || nowMs < (smoothUntilMs ?? 0) ? undefined : limit;
  }

  #eachNamed(change: (limits: NamedLimits) => void): void {
    for (const limits of Object.values(this.named)) change(limits);
  }

  #announced(): boolean {
    return this.windows.requests.limit !== undefined || this.windows.tokens.limit !== undefined;
  }

  /** @param request most take no images, and change nothing of those limits unless something was seen of them; all are changed without it */
  #each(change: (window: RateWindow, measure: Measure) => RateWindow, request?: PaceRequest, seen?: RateLimitObservation): void {
    const { windows } = this;
    const ofImages = (each: ImageMeasure) => (!request || request[each] !== undefined || seen?.[each] !== undefined ? change(windows[each], each) : windows[each]);
    this.windows = { requests: change(windows.requests, 'requests'), tokens: change(windows.tokens, 'tokens'), images: ofImages('images'), madeImages: ofImages('madeImages') };
  }
}

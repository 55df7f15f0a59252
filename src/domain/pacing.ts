// Decides which waiting requests start now and when to look again, for all models of one upstream
// and one credential. The broker tells it what happened and sets the timer that it asks for; it
// sends nothing, holds no timer and reads no clock.
import { queueBounds } from './fairQueue.ts';
import { ModelLane, type LaneItem, type PaceRequest, type Throttle, type TooLarge, type WaitingView } from './modelLane.ts';
import { availableAt, fullAtMs, type RateLimitObservation, type RateWindow } from './rateWindow.ts';

/** Models whose limits are remembered at once; model names come from clients. */
export const lanesMax = 200;

/** An attempt that may be sent now. `attempt` is 1 for the first. */
export interface PaceTicket {
  readonly id: string;
  readonly model: string;
  readonly attempt: number;
  readonly estimatedTokens: number;
}

/** What to do now. Each ticket ends with `throttled`, `finished` or `cancel`. */
export interface PaceStep {
  readonly start: readonly PaceTicket[];
  /** Requests that left the line because no waiting can help them. */
  readonly tooLarge: readonly TooLarge[];
  /** When to call `next` again if nothing happens before. */
  readonly wakeAtMs?: number;
}

/** The answer to a new request. */
export type Submission =
  | { readonly outcome: 'queued' }
  | { readonly outcome: 'queue-full' | 'too-large'; readonly because: string };

/** An upstream limit for display; the same fields as the snapshot's WindowView. */
export interface PacedWindow {
  readonly id: string;
  readonly model: string;
  readonly measure: 'requests' | 'tokens';
  readonly windowMinutes: number;
  readonly limit?: number;
  readonly remaining?: number;
  readonly resetsAtMs?: number;
  readonly observedAtMs?: number;
}

/** Paces the requests of one upstream and credential. */
export class Pacer {
  readonly #lanes = new Map<string, ModelLane>();
  /** The model of every request that waits or runs. */
  readonly #models = new Map<string, string>();
  readonly #random: () => number;

  /** @param random numbers from 0 to 1, for the jitter of the back-off */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Puts a request in line. Call `next` afterwards. */
  submit(request: PaceRequest, nowMs: number): Submission {
    if (this.#models.has(request.id)) throw new RangeError(`request ${request.id} was submitted twice`);
    if (this.waitingCount >= queueBounds.itemsMax) return { outcome: 'queue-full', because: `${queueBounds.itemsMax} requests are waiting already.` };
    const lane = this.#lane(request.model, nowMs);
    if (!lane) return { outcome: 'queue-full', because: `Requests to ${lanesMax} different models are running or waiting already.` };
    const because = lane.tooLarge(request, nowMs);
    if (because !== undefined) return { outcome: 'too-large', because };
    const { id, priority, workspaceId, threadId } = request;
    const item: LaneItem = { id, priority, workspaceId, ...(threadId === undefined ? {} : { threadId }), cost: lane.costOf(request), request, starts: 0 };
    if (lane.queue.enqueue(item) !== 'queued') {
      return { outcome: 'queue-full', because: `${queueBounds.itemsPerWorkspaceMax} requests of this workspace are waiting already.` };
    }
    this.#models.set(id, request.model);
    return { outcome: 'queued' };
  }

  /** Starts what may start at this moment and tells when to look again. */
  next(nowMs: number): PaceStep {
    const start: PaceTicket[] = [];
    const tooLarge: TooLarge[] = [];
    let wakeAtMs = Infinity;
    for (const lane of this.#lanes.values()) {
      for (let item = lane.queue.peek(); item; item = lane.queue.peek()) {
        const because = lane.tooLarge(item.request, nowMs);
        const hold = because === undefined ? lane.hold(item.request, nowMs) : undefined;
        if (hold) {
          wakeAtMs = Math.min(wakeAtMs, hold.untilMs ?? Infinity);
          break;
        }
        lane.queue.take();
        if (because !== undefined) {
          this.#models.delete(item.id);
          tooLarge.push({ id: item.id, because });
          continue;
        }
        lane.start(item, nowMs);
        lane.lastUsedAtMs = nowMs;
        start.push({ id: item.id, model: lane.model, attempt: item.starts + 1, estimatedTokens: item.request.estimatedTokens });
      }
    }
    return { start, tooLarge, ...(wakeAtMs === Infinity ? {} : { wakeAtMs }) };
  }

  /** The attempt's request leaves for the upstream now (its hold may have taken a while). */
  sent(id: string, nowMs: number): void {
    this.#of(id)?.sent(id, nowMs);
  }

  /** The headers of the attempt's answer, when it is not a throttle. */
  headers(id: string, observation: RateLimitObservation, nowMs: number): void {
    this.#of(id)?.answered(id, observation, nowMs);
  }

  /**
   * The attempt was refused for a limit or for overload. It waits at the head of its line again;
   * who does not want to wait any longer cancels it.
   * @returns when its line opens again; absent when the attempt is not running.
   */
  throttled(id: string, throttle: Throttle, nowMs: number): number | undefined {
    return this.#of(id)?.refused(id, throttle, this.#random(), nowMs);
  }

  /**
   * The attempt ended, well or not.
   * @param usedTokens input and output together; absent when unknown.
   */
  finished(id: string, usedTokens: number | undefined, nowMs: number): void {
    const lane = this.#of(id);
    // A request that waits has no attempt that could end.
    if (!lane?.running.has(id)) return;
    lane.finished(id, usedTokens, nowMs);
    this.#models.delete(id);
  }

  /** The client left or a person stopped it. @returns whether it had been waiting, running or neither. */
  cancel(id: string, nowMs: number): 'waiting' | 'running' | 'unknown' {
    const lane = this.#of(id);
    if (!lane) return 'unknown';
    const state = lane.queue.remove(id) ? 'waiting' : 'running';
    if (state === 'running') lane.finished(id, undefined, nowMs);
    this.#models.delete(id);
    return state;
  }

  /** How many wait, over all models. */
  get waitingCount(): number {
    let count = 0;
    for (const lane of this.#lanes.values()) count += lane.queue.size;
    return count;
  }

  /** How many run, over all models. */
  get runningCount(): number {
    let count = 0;
    for (const lane of this.#lanes.values()) count += lane.running.size;
    return count;
  }

  /** Everything that waits, in the order of each line, with its reason and probable start. For pictures: it walks every line to its end. */
  waiting(nowMs: number): WaitingView[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.waiting(nowMs));
  }

  /** One waiting request's place and reason, cheap however long its line is; absent when it does not wait. */
  waitingOne(id: string, nowMs: number): WaitingView | undefined {
    return this.#of(id)?.waitingOne(id, nowMs);
  }

  /** The limits as known, projected to this moment. A limit that was never announced is left out. */
  windows(nowMs: number): PacedWindow[] {
    return [...this.#lanes.values()].flatMap((lane) => (['requests', 'tokens'] as const)
      .filter((measure) => lane.windows[measure].limit !== undefined)
      .map((measure) => shown(lane.model, measure, lane.windows[measure], nowMs)));
  }

  #of(id: string): ModelLane | undefined {
    const model = this.#models.get(id);
    return model === undefined ? undefined : this.#lanes.get(model);
  }

  #lane(model: string, nowMs: number): ModelLane | undefined {
    const known = this.#lanes.get(model);
    if (known) return known;
    if (this.#lanes.size >= lanesMax) {
      const [oldest] = [...this.#lanes.values()].filter((lane) => lane.idle).sort((a, b) => a.lastUsedAtMs - b.lastUsedAtMs);
      if (!oldest) return undefined;
      this.#lanes.delete(oldest.model);
    }
    const lane = new ModelLane(model, nowMs);
    this.#lanes.set(model, lane);
    return lane;
  }
}

function shown(model: string, measure: 'requests' | 'tokens', window: RateWindow, nowMs: number): PacedWindow {
  const available = availableAt(window, nowMs);
  const resetsAtMs = fullAtMs(window, nowMs);
  return {
    id: `${model}/${measure}`, model, measure, windowMinutes: window.lengthMs / 60_000,
    ...(window.limit === undefined ? {} : { limit: window.limit }),
    ...(available === undefined ? {} : { remaining: Math.max(0, Math.floor(available)) }),
    ...(resetsAtMs === undefined ? {} : { resetsAtMs }),
    ...(window.observedAtMs === undefined ? {} : { observedAtMs: window.observedAtMs }),
  };
}

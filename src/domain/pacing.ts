// Decides which waiting requests start now and when to look again, for all models of one upstream
// and one credential. The broker tells it what happened and sets the timer that it asks for; it
// sends nothing, holds no timer and reads no clock.
import { afterFailure, afterNothing, afterStart, closedCircuit, letsThrough, type Circuit } from './circuitBreaker.ts';
import { boundsFor, type Priority } from './fairQueue.ts';
import { forgetLimits } from './laneClosure.ts';
import { asideUntilMs, earlier, turnOf } from './laneTurn.ts';
import { ModelLane, type TooLarge } from './modelLane.ts';
import { takeEarlierFigures, takeRefusalFigures } from './otherFigures.ts';
import type { PaceRequest } from './paceRequest.ts';
import { windowsOf, type PacedWindow } from './pacedWindow.ts';
import type { RateLimitObservation } from './rateWindow.ts';
import { say, type Because } from './say.ts';
import { nowhere, TagHeap, type Tagged } from './tagHeap.ts';
import type { Throttle } from './throttle.ts';
import { behindCircuit, waitingAll, waitingOne, type WaitingView } from './waitingView.ts';

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
  | Because & { readonly outcome: 'queue-full' | 'too-large' };

/** A lane, and when it has to be looked at again: its tag is that time. */
interface Watched extends Tagged { readonly lane: ModelLane; readonly upstream: string }

/** Paces the requests of one upstream and credential. What it does with one of them costs the same however many models are remembered. */
export class Pacer {
  /** The lanes by their models, the one used longest ago first. */
  readonly #lanes = new Map<string, Watched>();
  readonly #lanesMax: number;
  /** Lanes to which something happened since they were looked at. */
  readonly #changed = new Set<Watched>();
  readonly #wakes = new TagHeap<Watched>();
  /** The lane of every request that waits or runs. */
  readonly #requests = new Map<string, Watched>();
  #running = 0;
  /** Of the upstreams that failed lately. */
  readonly #circuits = new Map<string, Circuit>();
  readonly #random: () => number;
  readonly #mindsLatency: boolean;

  /**
   * @param random       numbers from 0 to 1, for the jitter of the back-off
   * @param mindsLatency whether answers that come slowly let fewer run, where no limits are announced
   */
  constructor(random: () => number, remembered = lanesMax, mindsLatency = true) {
    this.#random = random;
    this.#lanesMax = remembered;
    this.#mindsLatency = mindsLatency;
  }

  /** Puts a request in line. Call `next` afterwards. */
  submit(request: PaceRequest, nowMs: number): Submission {
    if (this.#requests.has(request.id)) throw new RangeError(`request ${request.id} was submitted twice`);
    if (this.waitingCount >= boundsFor(request.priority).itemsMax) return { outcome: 'queue-full', ...say('{0} requests are waiting already.', this.waitingCount) };
    const watched = this.#lane(request);
    if (!watched) return { outcome: 'queue-full', ...say('Requests to {0} different models are running or waiting already.', this.#lanesMax) };
    const because = watched.lane.tooLarge(request, nowMs);
    if (because) return { outcome: 'too-large', ...because };
    if (watched.lane.submit(request, nowMs) !== 'queued') {
      return { outcome: 'queue-full', ...say('{0} requests of this workspace are waiting already.', boundsFor(request.priority).itemsPerWorkspaceMax) };
    }
    this.#requests.set(request.id, watched);
    this.#changed.add(watched);
    return { outcome: 'queued' };
  }

  /** Starts what may start at this moment and tells when to look again. */
  next(nowMs: number): PaceStep {
    const start: PaceTicket[] = [];
    const tooLarge: TooLarge[] = [];
    for (let due = this.#wakes.first; due && due.tag <= nowMs; due = this.#wakes.first) {
      this.#wakes.remove(due);
      this.#changed.add(due);
    }
    for (const watched of this.#changed) {
      const untilMs = earlier(this.#startAll(watched, nowMs, start, tooLarge), asideUntilMs(watched.lane, nowMs));
      this.#wakes.remove(watched);
      if (untilMs === undefined) continue;
      watched.tag = untilMs;
      this.#wakes.put(watched);
    }
    this.#changed.clear();
    const wakeAtMs = this.#wakes.first?.tag;
    return { start, tooLarge, ...(wakeAtMs === undefined ? {} : { wakeAtMs }) };
  }

  /** Starts what may start of one lane. @returns when the next of it may, if that is known */
  #startAll(watched: Watched, nowMs: number, start: PaceTicket[], tooLarge: TooLarge[]): number | undefined {
    const { lane } = watched;
    for (let { item, hold } = turnOf(lane, nowMs); item; { item, hold } = turnOf(lane, nowMs)) {
      const because = lane.tooLarge(item.request, nowMs);
      if (hold) return hold.untilMs;
      // Nothing of it starts before the upstream answers again; a time that has passed would ask for ever.
      const circuit = this.#circuitOf(watched);
      if (!because && !letsThrough(circuit, nowMs)) return circuit.tryingId === undefined ? circuit.untilMs : undefined;
      lane.queue.take();
      if (because) {
        this.#requests.delete(item.id);
        tooLarge.push({ id: item.id, ...because });
        continue;
      }
      lane.start(item, nowMs);
      if (circuit !== closedCircuit) this.#circuits.set(watched.upstream, afterStart(circuit, item.id));
      this.#running += 1;
      start.push({ id: item.id, model: lane.model, attempt: item.starts + 1, estimatedTokens: item.request.estimatedTokens });
    }
    return undefined;
  }

  /** The attempt's request leaves for the upstream now (its hold may have taken a while). */
  sent(id: string, nowMs: number): void {
    this.#touched(id)?.sent(id, nowMs);
  }

  /** The headers of the attempt's answer, when it is not a throttle. @param toldAtMs when figures were told that are older than the attempt */
  headers(id: string, observation: RateLimitObservation, nowMs: number, toldAtMs?: number): void {
    const lane = this.#touched(id);
    if (lane && toldAtMs !== undefined) takeEarlierFigures(lane, observation, toldAtMs, nowMs);
    lane?.answered(id, toldAtMs === undefined ? observation : {}, nowMs);
    this.reached(id);
  }

  /** The attempt was refused for another reason than a limit, and its answer told of limits all the same. Its end is told besides. */
  refusalTold(id: string, observation: RateLimitObservation, nowMs: number): void {
    const lane = this.#touched(id);
    if (lane) takeRefusalFigures(lane, id, observation, nowMs);
  }

  /** The upstream answered the attempt something: it is there. */
  reached(id: string): void {
    this.#turn(id, () => closedCircuit);
  }

  /** The attempt was not answered, or the upstream answered with a failure of its own. Its end is told besides. */
  failed(id: string, nowMs: number): void {
    this.#turn(id, (circuit) => afterFailure(circuit, id, this.#random(), nowMs));
  }

  /**
   * The attempt was refused for a limit or for overload. It waits at the head of its line again;
   * who does not want to wait any longer cancels it.
   * @returns when its line opens again; absent when the attempt is not running.
   */
  throttled(id: string, throttle: Throttle, nowMs: number): number | undefined {
    const opensAtMs = this.#touched(id)?.refused(id, throttle, this.#random(), nowMs);
    if (opensAtMs === undefined) return undefined;
    this.#running -= 1;
    this.reached(id);
    return opensAtMs;
  }

  /** For how long everything of a request's model has been refused as overload; 0 while it is not. */
  overloadedForMs(id: string, nowMs: number): number {
    return this.#requests.get(id)?.lane.overload.forMs(nowMs) ?? 0;
  }

  /**
   * The attempt ended, well or not.
   * @param usedTokens input and output together; absent when unknown.
   */
  finished(id: string, usedTokens: number | undefined, nowMs: number): void {
    const lane = this.#touched(id);
    // A request that waits has no attempt that could end.
    if (!lane?.running.has(id)) return;
    lane.finished(id, usedTokens, nowMs);
    this.#running -= 1;
    this.#turn(id, (circuit) => afterNothing(circuit, id));
    this.#requests.delete(id);
  }

  /** The computer slept so long: this clock stood still, while the upstream's limits refilled. */
  slept(ms: number): void {
    for (const watched of this.#lanes.values()) {
      watched.lane.slept(ms);
      if (watched.lane.queue.size > 0) this.#changed.add(watched);
    }
  }

  /** Another key is used from now on, and has limits of its own; upstreams that have a name do not take it. */
  keyReplaced(nowMs: number): void {
    const ofKey = [...this.#lanes.values()].filter(({ upstream }) => upstream === '');
    for (const { lane } of ofKey) forgetLimits(lane, nowMs);
    for (const watched of ofKey) this.#changed.add(watched);
  }

  /** Moves a waiting request to another class. @returns whether it waits */
  setPriority(id: string, priority: Priority): boolean {
    return this.#touched(id)?.setPriority(id, priority) ?? false;
  }

  /** The client left or a person stopped it. @returns whether it had been waiting, running or neither. */
  cancel(id: string, nowMs: number): 'waiting' | 'running' | 'unknown' {
    const lane = this.#touched(id);
    if (!lane) return 'unknown';
    const state = lane.queue.remove(id) ? 'waiting' : 'running';
    if (state === 'running') {
      lane.finished(id, undefined, nowMs);
      this.#running -= 1;
      this.#turn(id, (circuit) => afterNothing(circuit, id));
    }
    this.#requests.delete(id);
    return state;
  }

  /** How many wait, over all models. */
  get waitingCount(): number {
    return this.#requests.size - this.#running;
  }

  /** How many run, over all models. */
  get runningCount(): number {
    return this.#running;
  }

  /** Everything that waits, in the order of each line, with its reason and probable start. For pictures: it walks every line to its end. */
  waiting(nowMs: number): WaitingView[] {
    return [...this.#lanes.values()].flatMap((watched) => waitingAll(watched.lane, nowMs).map((view) => behindCircuit(view, this.#circuitOf(watched))));
  }

  /** One waiting request's place and reason, cheap however long its line is; absent when it does not wait. */
  waitingOne(id: string, nowMs: number): WaitingView | undefined {
    const watched = this.#requests.get(id);
    const view = watched && waitingOne(watched.lane, id, nowMs);
    return view && behindCircuit(view, this.#circuitOf(watched));
  }

  #circuitOf({ upstream }: Watched): Circuit {
    return this.#circuits.get(upstream) ?? closedCircuit;
  }

  /** The circuit of a request's upstream opens, closes or lets another one try: every line that waits is looked at again. */
  #turn(id: string, change: (circuit: Circuit) => Circuit): void {
    const turned = this.#requests.get(id);
    if (!turned) return;
    const before = this.#circuitOf(turned);
    const circuit = change(before);
    if (circuit === closedCircuit) this.#circuits.delete(turned.upstream);
    else this.#circuits.set(turned.upstream, circuit);
    if (circuit.untilMs === before.untilMs && circuit.tryingId === before.tryingId) return;
    for (const watched of this.#lanes.values()) if (watched.lane.queue.size > 0) this.#changed.add(watched);
  }

  /** The limits as known, projected to this moment. A limit that was never announced is left out. */
  windows(nowMs: number): PacedWindow[] {
    return [...this.#lanes.values()].flatMap(({ lane }) => windowsOf(lane, nowMs));
  }

  /** The limits of a request's own model. */
  windowsFor(id: string, nowMs: number): PacedWindow[] {
    const lane = this.#requests.get(id)?.lane;
    return lane ? windowsOf(lane, nowMs) : [];
  }

  /** A request's lane, which has to be looked at again because something happens to it. */
  #touched(id: string): ModelLane | undefined {
    const watched = this.#requests.get(id);
    if (watched) this.#changed.add(watched);
    return watched?.lane;
  }

  #lane({ model, upstream = '' }: PaceRequest): Watched | undefined {
    const known = this.#lanes.get(model);
    if (!known && this.#lanes.size >= this.#lanesMax && !this.#forgetOne()) return undefined;
    const watched = known ?? { lane: new ModelLane(model, this.#mindsLatency), upstream, tag: 0, order: this.#lanes.size, at: nowhere };
    this.#lanes.delete(model);
    this.#lanes.set(model, watched);
    return watched;
  }

  /** Forgets the model that was used longest ago and has nothing to do. */
  #forgetOne(): boolean {
    for (const [model, watched] of this.#lanes) {
      if (!watched.lane.idle) continue;
      this.#lanes.delete(model);
      return true;
    }
    return false;
  }
}

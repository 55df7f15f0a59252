// What people are told about a request that waits: its place, why it does not start, and when it probably will.
import { closureOf, type Closure } from './laneClosure.ts';
import { say } from './say.ts';
import type { Because } from './say.ts';
import type { Priority } from './fairQueue.ts';
import { imageMeasures, measures, type Measure } from './measure.ts';
import type { LaneItem } from './laneItem.ts';
import type { ModelLane } from './modelLane.ts';
import type { Circuit } from './circuitBreaker.ts';
import { heldByNamed } from './namedLimits.ts';
import { amountOf, type PaceRequest } from './paceRequest.ts';

/** A waiting request's place and reason for display. */
export interface WaitingView extends Because {
  readonly id: string;
  /** 1 for the next in its model's line; absent when more than `placesLookedMax` are ahead and nobody counted them. */
  readonly place?: number;
  /** The class in which it waits now. */
  readonly priority: Priority;
  /** When it will probably start, or for one without a place the earliest; absent when that cannot be told. */
  readonly startsAtMs?: number;
  /** What it waits for whatever happens; absent when something may let it start sooner. */
  readonly closed?: Closure;
}

/** How far along a line one request's own place is looked for; lines of a thousand are walked for pictures only. */
export const placesLookedMax = 50;

/** One waiting request's place, reason and probable start, found without walking a long line to its end. */
export function waitingOne(lane: ModelLane, id: string, nowMs: number): WaitingView | undefined {
  const item = lane.queue.get(id);
  if (!item) return undefined;
  const aside = lane.queue.asideOf(id);
  const order = lane.queue.order(placesLookedMax, aside);
  const index = order.findIndex((each) => each.id === id);
  const ahead = index < 0 ? order : order.slice(0, index);
  const place = index < 0 ? undefined : lane.queue.sizeBefore(aside) + index + 1;
  return viewOf(lane, item, { ...(place === undefined ? {} : { place }), ahead: ahead.length, isExact: index >= 0, amounts: plus(ahead.reduce(plus, nothing), item) }, nowMs);
}

/** Everything that waits: the line in its order, then what waits beside it for images. Its cost grows with the line; `waitingOne` tells about one. */
export function waitingAll(lane: ModelLane, nowMs: number): WaitingView[] {
  let place = 0;
  return [undefined, ...imageMeasures].flatMap((aside) => {
    let amounts = nothing;
    return lane.queue.order(undefined, aside).map((item, ahead) => {
      amounts = plus(amounts, item);
      return viewOf(lane, item, { place: place += 1, ahead, isExact: true, amounts }, nowMs);
    });
  });
}

/** What is told about a request while the upstream does not answer. */
export function behindCircuit(view: WaitingView, { untilMs, failuresInRow }: Circuit): WaitingView {
  if (untilMs === undefined) return view;
  const because = say('The upstream failed {0} times in a row; one request tries whether it is back, and the others wait for that.', failuresInRow);
  return { ...view, ...because, ...(view.startsAtMs === undefined ? {} : { startsAtMs: Math.max(untilMs, view.startsAtMs) }) };
}

type Amounts = Readonly<Record<Measure, number>>;
const nothing: Amounts = { requests: 0, tokens: 0, images: 0, madeImages: 0 };

function plus(sum: Amounts, { request }: LaneItem): Amounts {
  return { requests: sum.requests + 1, tokens: sum.tokens + request.estimatedTokens, images: sum.images + amountOf(request, 'images'), madeImages: sum.madeImages + amountOf(request, 'madeImages') };
}

/** Where an item stands: its place, if that is known, how many are ahead of it in what it waits in, at least or exactly, and what all up to it take. */
interface Standing { readonly place?: number; readonly ahead: number; readonly isExact: boolean; readonly amounts: Amounts }

function viewOf(lane: ModelLane, item: LaneItem, { place, ahead, isExact, amounts }: Standing, nowMs: number): WaitingView {
  const hold = lane.hold(item.request, nowMs);
  // What is ahead of a request without images takes none of what it needs; for one with some, their limit counts too.
  const wanted = { ...amounts, images: item.request.images ? amounts.images : 0, madeImages: item.request.madeImages ? amounts.madeImages : 0 };
  const forecastMs = lane.forecast(wanted, nowMs);
  const freeAtMs = ahead === 0 ? heldByNamed(lane.named, item.request, measures, nowMs)?.untilMs : namedRefillMs(lane, item.request, wanted, nowMs);
  const startsAtMs = forecastMs === undefined ? freeAtMs : Math.max(forecastMs, freeAtMs ?? 0, lane.imageHold(item.request, nowMs)?.untilMs ?? 0);
  const behind = !isExact ? say('At least {0} requests to {1} are ahead of it.', ahead, lane.model)
    : ahead === 1 ? say('{0} request to {1} is ahead of it.', ahead, lane.model) : say('{0} requests to {1} are ahead of it.', ahead, lane.model);
  const closed = closureOf(lane, item.request, nowMs);
  const { because, said } = isExact && ahead === 0 ? hold ?? say('It starts at once.') : hold ? say('{0} {1}', behind, hold) : behind;
  return { id: item.id, because, ...(said ? { said } : {}), priority: item.priority, ...(place === undefined ? {} : { place }), ...(startsAtMs === undefined ? {} : { startsAtMs }), ...(closed ? { closed } : {}) };
}

/** When limits that only refusals named will have refilled so much, a request's own amount and what is ahead of it; absent where they have it now, or are not known. */
function namedRefillMs({ named }: ModelLane, request: PaceRequest, wanted: Amounts, nowMs: number): number | undefined {
  const times = Object.values(named).flatMap((limits) => measures.flatMap((measure) => {
    const known = wanted[measure] > 0 ? limits.limitAt(measure, nowMs) : undefined;
    if (!known) return [];
    const own = amountOf(request, measure);
    // An amount above the whole limit counts as the whole limit.
    const missing = wanted[measure] - own + Math.min(own, known.limit) - known.level;
    return missing > 0 ? [nowMs + Math.ceil(missing * limits.lengthMs / known.limit)] : [];
  }));
  return times.length === 0 ? undefined : Math.max(...times);
}

// What people are told about a request that waits: its place, why it does not start, and when it probably will.
import type { Priority } from './fairQueue.ts';
import type { LaneItem, ModelLane } from './modelLane.ts';

/** A waiting request's place and reason for display. */
export interface WaitingView {
  readonly id: string;
  /** 1 for the next in its model's line; absent when more than `placesLookedMax` are ahead and nobody counted them. */
  readonly place?: number;
  readonly because: string;
  /** The class in which it waits now. */
  readonly priority: Priority;
  /** When it will probably start, or for one without a place the earliest; absent when that cannot be told. */
  readonly startsAtMs?: number;
}

/** How far along a line one request's own place is looked for; lines of a thousand are walked for pictures only. */
export const placesLookedMax = 50;

/** One waiting request's place, reason and probable start, found without walking a long line to its end. */
export function waitingOne(lane: ModelLane, id: string, nowMs: number): WaitingView | undefined {
  const item = lane.queue.get(id);
  if (!item) return undefined;
  const order = lane.queue.order(placesLookedMax);
  const index = order.findIndex((each) => each.id === id);
  const ahead = index < 0 ? order : order.slice(0, index);
  const tokens = ahead.reduce((total, each) => total + each.request.estimatedTokens, item.request.estimatedTokens);
  return viewOf(lane, item, { ...(index < 0 ? {} : { index }), ahead: ahead.length, tokens }, nowMs);
}

/** Everything that waits, in order. Its cost grows with the line; `waitingOne` tells about one. */
export function waitingAll(lane: ModelLane, nowMs: number): WaitingView[] {
  let tokens = 0;
  return lane.queue.order().map((item, index) => {
    tokens += item.request.estimatedTokens;
    return viewOf(lane, item, { index, ahead: index, tokens }, nowMs);
  });
}

/** Where an item stands: its index, if that is known, how many are ahead at least, and the tokens of all up to it. */
interface Standing { readonly index?: number; readonly ahead: number; readonly tokens: number }

function viewOf(lane: ModelLane, item: LaneItem, { index, ahead, tokens }: Standing, nowMs: number): WaitingView {
  const hold = lane.hold(item.request, nowMs);
  const startsAtMs = lane.forecast(ahead + 1, tokens, nowMs);
  const count = index === undefined ? `At least ${ahead}` : `${ahead}`;
  const because = index === 0 ? hold?.because ?? 'It starts at once.'
    : `${count} ${ahead === 1 ? 'request to' : 'requests to'} ${lane.model} ${ahead === 1 ? 'is' : 'are'} ahead of it.${hold ? ` ${hold.because}` : ''}`;
  return { id: item.id, because, priority: item.priority, ...(index === undefined ? {} : { place: index + 1 }), ...(startsAtMs === undefined ? {} : { startsAtMs }) };
}

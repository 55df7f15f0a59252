// Whose turn it is in a model's line, after all who wait only for a limit on images stepped aside or came back.
import { imageMeasures } from './measure.ts';
import type { LaneHold, LaneItem } from './laneItem.ts';
import type { ModelLane } from './modelLane.ts';
import { amountOf } from './paceRequest.ts';

/** The head of a line; absent when nobody stands in it. A hold is absent when it may start. */
export interface LaneTurn { readonly item?: LaneItem; readonly hold?: LaneHold }

/** The head of a line that no limit on images holds back alone. Each step moves one request, and none of them twice. */
export function turnOf(lane: ModelLane, nowMs: number): LaneTurn {
  for (;;) {
    for (const measure of imageMeasures) {
      const head = lane.queue.asideHead(measure);
      if (head && lane.imageHold(head.request, nowMs)?.imageMeasure !== measure) lane.queue.bringBack(measure);
    }
    const item = lane.queue.peek();
    if (!item) return {};
    if (lane.tooLarge(item.request, nowMs)) return { item };
    const hold = lane.hold(item.request, nowMs);
    const waitsFor = hold ? hold.imageMeasure : imageMeasures.find((measure) => amountOf(item.request, measure) > 0 && lane.queue.isBehind(item, measure));
    if (waitsFor === undefined) return { item, ...(hold ? { hold } : {}) };
    lane.queue.setAside(item, waitsFor, item.starts > 0);
  }
}

/** The earlier of two times of which either may be unknown. */
export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? a ?? b : Math.min(a, b);
}

/** When the first of those that stepped aside may come back; absent when none does by itself. */
export function asideUntilMs(lane: ModelLane, nowMs: number): number | undefined {
  const times = imageMeasures.map((measure) => {
    const head = lane.queue.asideHead(measure);
    return head && lane.imageHold(head.request, nowMs)?.untilMs;
  }).filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

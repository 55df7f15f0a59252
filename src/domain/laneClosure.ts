// What keeps a request of a model back until a time, whatever else happens: a pause that the upstream asked for, and a
// limit per day. A limit that refills is none of it, since what others leave of their shares makes room sooner.
import { askedToWait, usedUp } from './holdReasons.ts';
import { isOfImages, measures, type Measure } from './measure.ts';
import type { ModelLane } from './modelLane.ts';
import { amountOf, type PaceRequest } from './paceRequest.ts';
import { dayMs, unknownWindow } from './rateWindow.ts';
import type { Because } from './say.ts';

/** Why nothing that happens lets a request start before a time. */
export interface Closure extends Because { readonly untilMs: number }

/** What a request waits for in any case; absent when something may let it start sooner. */
export function closureOf(lane: ModelLane, request: PaceRequest, nowMs: number): Closure | undefined {
  // What runs may turn out to have used less, or to be refused, and a day's limit gets that back.
  const running = (measure: Measure) => [...lane.running.values()].reduce((sum, { item }) => sum + amountOf(item.request, measure), 0);
  const day = lane.named.day.heldBy(request, measures, nowMs, running);
  const pausedUntilMs = Math.max(nowMs, ...measures.map((each) => (isOfImages(each) && amountOf(request, each) === 0 ? nowMs : lane.windows[each].closedUntilMs ?? nowMs)));
  if (day && day.untilMs >= pausedUntilMs) return { ...usedUp({ ...day, lengthMs: dayMs }, lane.model), untilMs: day.untilMs };
  return pausedUntilMs > nowMs ? { ...askedToWait(lane.model), untilMs: pausedUntilMs } : undefined;
}

/** Another key is used from now on: what was told of limits is true of the last one alone, also where it is told only later. */
export function forgetLimits(lane: ModelLane, nowMs: number): void {
  lane.limitsSinceMs = nowMs;
  lane.gate.keyReplaced(nowMs);
  for (const limits of Object.values(lane.named)) limits.forget();
  const unknown = (measure: Measure) => ({ ...unknownWindow, reservations: lane.windows[measure].reservations });
  lane.windows = { requests: unknown('requests'), tokens: unknown('tokens'), images: unknown('images'), madeImages: unknown('madeImages') };
}

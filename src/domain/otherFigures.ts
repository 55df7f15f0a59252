// Figures of limits that come beside the success of an attempt: with a refusal for another reason, and with the
// answer that opened a connection, before anything was sent on it. They say as much of the limits, but end no attempt.
import { measures, type Measure } from './measure.ts';
import type { ModelLane } from './modelLane.ts';
import { availableAt, levelAt, overtakingMsMax, totalOf, unknownWindow, withLimit, type LimitObservation, type RateLimitObservation, type RateWindow } from './rateWindow.ts';
import { observe } from './windowObservation.ts';

/** An attempt was answered by a refusal that is no throttle. What its figures tell of accounts for it; it is not answered otherwise. */
export function takeRefusalFigures(lane: ModelLane, id: string, told: RateLimitObservation, nowMs: number): void {
  const running = lane.running.get(id);
  if (!running || running.answered || running.sentAtMs < lane.limitsSinceMs) return;
  each(lane, told, (window, seen) => observe(window, id, running.sentAtMs, seen, nowMs));
}

/** Figures that were told at an earlier time to something that took nothing. @param toldAtMs when that was */
export function takeEarlierFigures(lane: ModelLane, told: RateLimitObservation, toldAtMs: number, nowMs: number): void {
  if (toldAtMs < lane.limitsSinceMs) return;
  each(lane, told, (window, seen) => withEarlier(window, seen, toldAtMs, nowMs));
}

function each(lane: ModelLane, told: RateLimitObservation, change: (window: RateWindow, seen: LimitObservation) => RateWindow): void {
  const changed = (measure: Measure) => {
    const seen = told[measure];
    return seen ? change(lane.windows[measure], seen) : lane.windows[measure];
  };
  if (measures.some((measure) => told[measure])) lane.windows = { requests: changed('requests'), tokens: changed('tokens'), images: changed('images'), madeImages: changed('madeImages') };
}

/** What was left then and refilled since is the most that can be left now. What was taken since is counted here, so it raises nothing that is known. */
function withEarlier(window: RateWindow, seen: LimitObservation, toldAtMs: number, nowMs: number): RateWindow {
  const { lengthMs, limit, level } = observe(unknownWindow, '', toldAtMs, seen, toldAtMs);
  if (limit === undefined || window.referenceSentAtMs !== undefined && toldAtMs <= window.referenceSentAtMs - overtakingMsMax) return window;
  if (seen.remaining === undefined || level === undefined) return withLimit(window, limit, nowMs);
  const { learnt: _, reservations, ...announced } = window;
  const later = [...reservations, ...window.answered ?? []].filter((one) => one.sentAtMs >= toldAtMs + overtakingMsMax);
  const most = (levelAt({ ...unknownWindow, lengthMs, limit, level, levelAtMs: toldAtMs }, nowMs) ?? limit) - totalOf(later);
  const known = window.referenceSentAtMs === undefined ? undefined : availableAt(window, nowMs);
  return {
    ...announced, reservations, lengthMs, limit, level: Math.min(known ?? most, most) + totalOf(reservations), levelAtMs: nowMs,
    observedAtMs: Math.max(toldAtMs, window.observedAtMs ?? toldAtMs), referenceSentAtMs: Math.max(toldAtMs, window.referenceSentAtMs ?? toldAtMs),
  };
}

// The limits of a model as people are shown them: only what the upstream told, projected to a moment.
import { measures, type Measure } from './measure.ts';
import type { ModelLane } from './modelLane.ts';
import { amountOf } from './paceRequest.ts';
import { availableAt, dayMs, forecastStartMs, fullAtMs, type RateWindow } from './rateWindow.ts';

/** An upstream limit for display; the same fields as the snapshot's WindowView. */
export interface PacedWindow {
  readonly id: string;
  readonly model: string;
  readonly measure: Measure;
  readonly windowMinutes: number;
  readonly limit?: number;
  readonly remaining?: number;
  readonly resetsAtMs?: number;
  /** When the next request has room, where nothing is left: it refills steadily, so that this is long before it is full. */
  readonly opensAtMs?: number;
  readonly observedAtMs?: number;
}

/** The limits of one model; what was never announced is left out. */
export function windowsOf(lane: ModelLane, nowMs: number): PacedWindow[] {
  const next = lane.queue.peek()?.request;
  return measures.flatMap((measure) => {
    // The smallest thing that can be started, where nothing waits or what waits has none of it.
    const wanted = Math.max(1, next ? amountOf(next, measure) : 0);
    const [window, day] = [lane.windows[measure], lane.named.day.limitAt(measure, nowMs)];
    return [
      ...(window.limit !== undefined && !window.learnt ? [shown(lane.model, measure, window, wanted, nowMs)] : []),
      ...(day ? [{
        id: `${lane.model}/${measure}/day`, model: lane.model, measure, windowMinutes: dayMs / 60_000, limit: day.limit, remaining: Math.max(0, Math.floor(day.level)), observedAtMs: day.toldAtMs,
        ...(day.level < 1 ? { opensAtMs: nowMs + Math.ceil((Math.min(wanted, day.limit) - day.level) * dayMs / day.limit) } : {}),
      }] : []),
    ];
  });
}

function shown(model: string, measure: Measure, window: RateWindow, wanted: number, nowMs: number): PacedWindow {
  const available = availableAt(window, nowMs);
  const resetsAtMs = fullAtMs(window, nowMs);
  const opensAtMs = available === undefined || available >= 1 ? undefined : forecastStartMs(window, Math.min(wanted, window.limit ?? wanted), nowMs);
  return {
    id: `${model}/${measure}`, model, measure, windowMinutes: window.lengthMs / 60_000,
    ...(window.limit === undefined ? {} : { limit: window.limit }),
    ...(available === undefined ? {} : { remaining: Math.max(0, Math.floor(available)) }),
    ...(resetsAtMs === undefined ? {} : { resetsAtMs }), ...(opensAtMs === undefined ? {} : { opensAtMs }),
    ...(window.observedAtMs === undefined ? {} : { observedAtMs: window.observedAtMs }),
  };
}

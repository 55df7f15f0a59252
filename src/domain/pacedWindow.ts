// The limits of a model as people are shown them: only what the upstream told, projected to a moment.
import { measures, type Measure } from './measure.ts';
import type { ModelLane } from './modelLane.ts';
import { availableAt, dayMs, fullAtMs, type RateWindow } from './rateWindow.ts';

/** An upstream limit for display; the same fields as the snapshot's WindowView. */
export interface PacedWindow {
  readonly id: string;
  readonly model: string;
  readonly measure: Measure;
  readonly windowMinutes: number;
  readonly limit?: number;
  readonly remaining?: number;
  readonly resetsAtMs?: number;
  readonly observedAtMs?: number;
}

/** The limits of one model; what was never announced is left out. */
export function windowsOf(lane: ModelLane, nowMs: number): PacedWindow[] {
  return measures.flatMap((measure) => {
    const [window, day] = [lane.windows[measure], lane.days.limitAt(measure, nowMs)];
    return [
      ...(window.limit !== undefined && !window.learnt ? [shown(lane.model, measure, window, nowMs)] : []),
      ...(day ? [{ id: `${lane.model}/${measure}/day`, model: lane.model, measure, windowMinutes: dayMs / 60_000, limit: day.limit, remaining: Math.max(0, Math.floor(day.level)), observedAtMs: day.toldAtMs }] : []),
    ];
  });
}

function shown(model: string, measure: Measure, window: RateWindow, nowMs: number): PacedWindow {
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

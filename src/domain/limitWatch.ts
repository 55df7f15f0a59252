// Notices that upstream limits changed: a model's announced ones, and windows of a plan that began anew. One odd
// answer is no change, and limits that go to and fro are told once an hour: what is noted stays for ever. Nothing
// is decided by it. It knows no clock.
import { measures } from './measure.ts';
import type { Measure } from './measure.ts';
import type { PlanWindow } from './planLimits.ts';

/** A limit of a model as its upstream announced it. */
export interface AnnouncedLimit { readonly measure: Measure; readonly limit: number; readonly windowMinutes: number }

/** A plan's window that began anew. */
export interface BegunWindow { readonly plan: string; readonly windowMinutes: number; readonly resetsAtMs: number }

/** What is noted: the limits of a model, or a window that began anew. The subject is the model's name, or the window's. */
export type LimitNote = { readonly subject: string } & ({ readonly limits: readonly AnnouncedLimit[] } | { readonly began: BegunWindow });

/** Answers in a row that have to say the same before it is believed. */
export const sameAnswersMin = 3;
/** Of one subject nothing more is noted for so long. */
export const noteEveryMs = 3_600_000;
/** Models and windows that are watched at once; the one that was told longest ago makes room. */
export const watchedMax = 64;

const minuteMs = 60_000;

interface Watched {
  /** What was believed last, and what may take its place. */
  readonly limits: Map<Measure, AnnouncedLimit>;
  readonly nextLimits: Map<Measure, { readonly told: AnnouncedLimit; readonly times: number }>;
  window?: SeenWindow;
  nextWindow?: { readonly told: SeenWindow; readonly times: number };
  /** What has not been noted yet, because something else was within the hour. */
  began?: BegunWindow;
  noted?: string;
  notedAtMs: number;
}

type SeenWindow = PlanWindow & { readonly resetsAtMs: number };

/** Watches the limits of all models and plans. Times are in milliseconds of any one clock that never goes back. */
export class LimitWatch {
  readonly #watched = new Map<string, Watched>();

  /** An answer told limits of a model. Those that it does not tell stay as they were. @returns what is to be noted now */
  limitsTold(model: string, told: readonly AnnouncedLimit[], nowMs: number): LimitNote | undefined {
    if (told.length === 0) return undefined;
    const watched = this.#of(`limits ${model}`);
    for (const one of told) {
      const next = watched.nextLimits.get(one.measure);
      const times = sameLimit(watched.limits.get(one.measure), one) ? 0 : sameLimit(next?.told, one) ? (next?.times ?? 0) + 1 : 1;
      watched.nextLimits.set(one.measure, { told: one, times });
      if (times >= sameAnswersMin) watched.limits.set(one.measure, one);
    }
    const limits = measures.flatMap((measure) => watched.limits.get(measure) ?? []);
    const text = JSON.stringify(limits.map(({ measure, limit, windowMinutes }) => [measure, limit, windowMinutes]));
    if (limits.length === 0 || text === watched.noted || nowMs - watched.notedAtMs < noteEveryMs) return undefined;
    watched.noted = text;
    watched.notedAtMs = nowMs;
    return { subject: model, limits };
  }

  /** An answer told a window of a plan. @returns what is to be noted now */
  windowTold(plan: string, { resetsAtMs, ...window }: PlanWindow, nowMs: number): LimitNote | undefined {
    // One whose end nobody knows cannot be seen to begin.
    if (resetsAtMs === undefined) return undefined;
    const subject = `${plan}/${window.windowMinutes}`;
    const watched = this.#of(`window ${subject}`);
    const told = { ...window, resetsAtMs };
    if (watched.window && hasSameEnd(watched.window, told)) {
      watched.window = told;
      delete watched.nextWindow;
    } else {
      const next = watched.nextWindow && hasSameEnd(watched.nextWindow.told, told) ? watched.nextWindow : { told, times: 0 };
      // The first of them tells best how little was used.
      watched.nextWindow = { told: next.told, times: next.times + 1 };
      if (watched.nextWindow.times >= sameAnswersMin) {
        if (watched.window && beganAnew(watched.window, next.told)) watched.began = { plan, windowMinutes: told.windowMinutes, resetsAtMs };
        watched.window = told;
        delete watched.nextWindow;
      }
    }
    const { began } = watched;
    if (!began || nowMs - watched.notedAtMs < noteEveryMs) return undefined;
    delete watched.began;
    watched.notedAtMs = nowMs;
    return { subject, began };
  }

  #of(key: string): Watched {
    const known = this.#watched.get(key) ?? { limits: new Map(), nextLimits: new Map(), notedAtMs: Number.NEGATIVE_INFINITY };
    this.#watched.delete(key);
    const [oldest] = this.#watched.keys();
    if (this.#watched.size >= watchedMax && oldest !== undefined) this.#watched.delete(oldest);
    this.#watched.set(key, known);
    return known;
  }
}

function sameLimit(a: AnnouncedLimit | undefined, b: AnnouncedLimit): boolean {
  return a?.limit === b.limit && a.windowMinutes === b.windowMinutes;
}

/** Ends are told with some play: a hundredth of the length, and not less than a minute. */
export function hasSameEnd(a: Pick<SeenWindow, 'windowMinutes' | 'resetsAtMs'>, b: Pick<SeenWindow, 'resetsAtMs'>): boolean {
  return Math.abs(a.resetsAtMs - b.resetsAtMs) <= Math.max(minuteMs, a.windowMinutes * minuteMs / 100);
}

/** Its end moved on and use fell; or it moved on by a whole length, after which nothing is left of a use before. */
function beganAnew(before: SeenWindow, told: SeenWindow): boolean {
  const movedMs = told.resetsAtMs - before.resetsAtMs;
  return before.usedPercent > 0 && movedMs > 0 && (told.usedPercent < before.usedPercent || movedMs >= before.windowMinutes * minuteMs);
}

/** What is known after a note: limits that it does not tell stay as they were. Undefined where it says nothing new. */
export function noteAfter(before: LimitNote | undefined, note: LimitNote): LimitNote | undefined {
  const { subject } = note;
  if ('began' in note) return before && 'began' in before && hasSameEnd(before.began, note.began) ? undefined : note;
  const known = before && 'limits' in before ? before.limits : [];
  const limits = measures.flatMap((measure) => note.limits.find((one) => one.measure === measure) ?? known.find((one) => one.measure === measure) ?? []);
  const isKnown = limits.length === known.length && limits.every((one) => sameLimit(known.find(({ measure }) => measure === one.measure), one));
  return isKnown ? undefined : { subject, limits: limits.map(({ measure, limit, windowMinutes }) => ({ measure, limit, windowMinutes })) };
}

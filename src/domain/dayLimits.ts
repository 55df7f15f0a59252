// Limits per day of one model, which headers rarely tell: they become known by a refusal that names one. From
// then on what is sent is counted here, and the rest refills evenly, as the pause in the refusal says it does. Such
// a limit may be raised, or lifted, without a word, so now and then one request goes up and finds out.
import { isOfImages, measures, type Measure } from './measure.ts';
import { amountOf, countedTokensOf, type PaceRequest } from './paceRequest.ts';
import { dayMs } from './rateWindow.ts';

/** A day's limit as known: what is left of it at a time. */
export interface DayLimit { readonly limit: number; readonly level: number; readonly atMs: number; readonly toldAtMs: number }

/** A refusal that named a day's limit: what it refused, and when there is room for that. */
export interface DayRefusal { readonly measure: Measure; readonly limit: number; readonly amount: number; readonly untilMs: number }

/** For so long a limit is certain: at first, and at the most; twice as long each time that one who found out met the same again. */
export const certainMsMin = 3_600_000;
const certainMsMax = dayMs;

/** A limit, from when on one request may find out whether it still binds, and which one does. */
interface Known extends DayLimit { readonly findOutAtMs: number; readonly findsOut?: string }
interface Trust { readonly limit: number; readonly certainMs: number }

/** The day's limits of one model. */
export class DayLimits {
  readonly #known = new Map<Measure, Known>();
  /** How far a limit is trusted; it outlasts one that did not bind, since that may have been a wrong count. */
  readonly #trust = new Map<Measure, Trust>();

  /** The limit of a measure, projected to a time; absent until a refusal told it. */
  limitAt(measure: Measure, nowMs: number): DayLimit | undefined {
    return this.#at(measure, nowMs);
  }

  /**
   * Which limit of those named holds a request back, and until when: until there is room for it, or it may find
   * out. Absent when none does.
   * @param spare of each what may come back at the most before that
   */
  heldBy(request: PaceRequest, of: readonly Measure[], nowMs: number, spare: (measure: Measure) => number = () => 0): { readonly measure: Measure; readonly limit: number; readonly untilMs: number } | undefined {
    const held = of.flatMap((measure) => {
      const now = this.#at(measure, nowMs);
      const missing = now ? missingOf(request, measure, now) : 0;
      const certain = missing > 0 ? missing - spare(measure) : 0;
      if (!now || certain <= 0) return [];
      const untilMs = Math.min(nowMs + Math.ceil(certain * dayMs / now.limit), now.findsOut === undefined ? now.findOutAtMs : Infinity);
      return untilMs > nowMs ? [{ measure, limit: now.limit, untilMs }] : [];
    });
    return held.reduce<(typeof held)[number] | undefined>((latest, each) => (latest && latest.untilMs >= each.untilMs ? latest : each), undefined);
  }

  /** A request is sent. One for which nothing is left finds out. */
  take(request: PaceRequest, nowMs: number): void {
    for (const measure of measures) {
      const now = this.#at(measure, nowMs);
      if (now && missingOf(request, measure, now) > 0) this.#known.set(measure, { ...now, findsOut: request.id });
      this.#lower(measure, amountOf(request, measure), nowMs);
    }
  }

  /** It was let in. A limit that it was to find out about does not bind. @param isTold whether headers tell of that very limit, which says more */
  answered(id: string, isTold: (measure: Measure) => boolean): void {
    for (const [measure, { findsOut }] of this.#known) if (findsOut === id || isTold(measure)) this.#known.delete(measure);
  }

  /** It was refused and takes nothing after all. @param by the day's limit that refused it; absent when another did */
  refused(request: PaceRequest, by: DayRefusal | undefined, nowMs: number): void {
    for (const measure of measures) this.#lower(measure, -amountOf(request, measure), nowMs);
    if (by) this.#told(by, this.#known.get(by.measure)?.findsOut === request.id, nowMs);
    this.#stopFindingOut(request.id);
  }

  /** It ended. @param usedTokens what stands for what was counted; absent when that is unknown */
  ended(request: PaceRequest, usedTokens: number | undefined, nowMs: number): void {
    if (usedTokens !== undefined) this.#lower('tokens', usedTokens - countedTokensOf(request), nowMs);
    this.#stopFindingOut(request.id);
  }

  /** Nothing is known any more. */
  forget(): void {
    this.#known.clear();
    this.#trust.clear();
  }

  /** Time passed in which this clock stood still. */
  slept(ms: number): void {
    for (const [measure, known] of this.#known) this.#known.set(measure, { ...known, atMs: known.atMs - ms, findOutAtMs: known.findOutAtMs - ms });
  }

  #at(measure: Measure, nowMs: number): Known | undefined {
    const known = this.#known.get(measure);
    return known && { ...known, level: Math.min(known.limit, known.level + known.limit * Math.max(0, nowMs - known.atMs) / dayMs), atMs: nowMs };
  }

  #told({ measure, limit, amount, untilMs }: DayRefusal, hasFoundOut: boolean, nowMs: number): void {
    const before = this.#trust.get(measure);
    const certainMs = before?.limit !== limit ? certainMsMin : Math.min(certainMsMax, before.certainMs * (hasFoundOut ? 2 : 1));
    this.#trust.set(measure, { limit, certainMs });
    const level = Math.min(amount, limit) - limit * Math.max(0, untilMs - nowMs) / dayMs;
    // What the upstream itself told to wait is waited in any case.
    this.#known.set(measure, { limit, level, atMs: nowMs, toldAtMs: nowMs, findOutAtMs: Math.max(untilMs, nowMs + certainMs) });
  }

  #lower(measure: Measure, amount: number, nowMs: number): void {
    const now = this.#at(measure, nowMs);
    if (now) this.#known.set(measure, { ...now, level: Math.min(now.limit, now.level - amount) });
  }

  #stopFindingOut(id: string): void {
    for (const [measure, { findsOut, ...known }] of this.#known) if (findsOut === id) this.#known.set(measure, known);
  }
}

/** How much of a limit is missing for a request, 0 and less where there is room; an amount above the whole limit counts as the whole. */
function missingOf(request: PaceRequest, measure: Measure, { limit, level }: DayLimit): number {
  const amount = amountOf(request, measure);
  return isOfImages(measure) && amount === 0 ? 0 : Math.min(amount, limit) - level;
}

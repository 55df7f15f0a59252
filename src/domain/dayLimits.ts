// Limits per day of one model, which headers rarely tell: they become known by a refusal that names one. From
// then on what is sent is counted here, and the rest refills evenly, as the pause in the refusal says it does.
import { isOfImages, measures, type Measure } from './measure.ts';
import { amountOf, countedTokensOf, type PaceRequest } from './paceRequest.ts';
import { dayMs } from './rateWindow.ts';

/** A day's limit as known: what is left of it at a time. */
export interface DayLimit { readonly limit: number; readonly level: number; readonly atMs: number; readonly toldAtMs: number }

/** The day's limits of one model. */
export class DayLimits {
  readonly #known = new Map<Measure, DayLimit>();

  /** The limit of a measure, projected to a time; absent until a refusal told it. */
  limitAt(measure: Measure, nowMs: number): DayLimit | undefined {
    const known = this.#known.get(measure);
    return known && { ...known, level: Math.min(known.limit, known.level + known.limit * Math.max(0, nowMs - known.atMs) / dayMs), atMs: nowMs };
  }

  /** A refusal named a day's limit. @param untilMs when there is room for the amount */
  refused(measure: Measure, limit: number, amount: number, untilMs: number, nowMs: number): void {
    const level = Math.min(amount, limit) - limit * Math.max(0, untilMs - nowMs) / dayMs;
    this.#known.set(measure, { limit, level, atMs: nowMs, toldAtMs: nowMs });
  }

  /**
   * Which limit of those named holds a request back, and until when; absent when none does.
   * @param spare of each what may come back at the most before that
   */
  heldBy(request: PaceRequest, of: readonly Measure[], nowMs: number, spare: (measure: Measure) => number = () => 0): { readonly measure: Measure; readonly limit: number; readonly untilMs: number } | undefined {
    const held = of.flatMap((measure) => {
      const now = this.limitAt(measure, nowMs);
      const amount = amountOf(request, measure);
      const missing = now && !(isOfImages(measure) && amount === 0) ? Math.min(amount, now.limit) - now.level : 0;
      const certain = missing > 0 ? missing - spare(measure) : 0;
      return now && certain > 0 ? [{ measure, limit: now.limit, untilMs: nowMs + Math.ceil(certain * dayMs / now.limit) }] : [];
    });
    return held.reduce<(typeof held)[number] | undefined>((latest, each) => (latest && latest.untilMs >= each.untilMs ? latest : each), undefined);
  }

  /** A request is sent (1), or was refused after all (-1). */
  take(request: PaceRequest, times: 1 | -1, nowMs: number): void {
    for (const measure of measures) this.#lower(measure, times * amountOf(request, measure), nowMs);
  }

  /** It ended: what it used stands for what was counted. */
  settle(request: PaceRequest, usedTokens: number, nowMs: number): void {
    this.#lower('tokens', usedTokens - countedTokensOf(request), nowMs);
  }

  /** Nothing is known any more. */
  forget(): void {
    this.#known.clear();
  }

  /** Time passed in which this clock stood still. */
  slept(ms: number): void {
    for (const [measure, known] of this.#known) this.#known.set(measure, { ...known, atMs: known.atMs - ms });
  }

  #lower(measure: Measure, amount: number, nowMs: number): void {
    const now = this.limitAt(measure, nowMs);
    if (now) this.#known.set(measure, { ...now, level: Math.min(now.limit, now.level - amount) });
  }
}

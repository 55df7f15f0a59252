// Limits of one model of which headers do not tell, since they speak of another length: most often those per day, or
// those per minute beside headers of a day. They become known by a refusal that names one. From then on what is sent is
// counted here, and the rest refills evenly, as the pause in the refusal says it does. Such a limit may be raised, or
// lifted, without a word, so now and then a request goes up and finds out.
import { isOfImages, measures, type Measure } from './measure.ts';
import { amountOf, countedTokensOf, type PaceRequest } from './paceRequest.ts';
import { dayMs } from './rateWindow.ts';

/** A limit as known: what is left of it at a time. */
export interface NamedLimit { readonly limit: number; readonly level: number; readonly atMs: number; readonly toldAtMs: number }

/** A refusal that named a limit: what it refused, and when there is room for that. */
export interface NamedRefusal { readonly measure: Measure; readonly limit: number; readonly amount: number; readonly untilMs: number }

/** For so long a limit is certain: at first, and at the most; twice as long each time that requests which found out met the same again. */
export const certainMsMin = 3_600_000;
const certainMsMax = dayMs;

/** So many requests that were let in although nothing was left let one more find out at a time … */
const letInPerFinder = 8;
/** … and that share of the limit, and so many at least, show that it does not bind. */
const letInShareMax = 0.1;
const letInMin = 20;

/** A limit, from when on requests may find out whether it still binds, which ones do, and how many of them were let in. */
interface Known extends NamedLimit { readonly findOutAtMs: number; readonly finders: readonly string[]; readonly letIn: number }
interface Trust { readonly limit: number; readonly certainMs: number }

/** The limits of one model that refill in one length of time. */
export class NamedLimits {
  readonly lengthMs: number;
  readonly #known = new Map<Measure, Known>();
  /** How far a limit is trusted; it outlasts one that did not bind, since others may count differently. */
  readonly #trust = new Map<Measure, Trust>();

  /** @param lengthMs in what time an empty limit refills */
  constructor(lengthMs: number) {
    this.lengthMs = lengthMs;
  }

  /** The limit of a measure, projected to a time; absent until a refusal told it. */
  limitAt(measure: Measure, nowMs: number): NamedLimit | undefined {
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
      const untilMs = Math.min(nowMs + Math.ceil(certain * this.lengthMs / now.limit), now.finders.length <= now.letIn / letInPerFinder ? now.findOutAtMs : Infinity);
      return untilMs > nowMs ? [{ measure, limit: now.limit, untilMs }] : [];
    });
    return held.reduce<(typeof held)[number] | undefined>((latest, each) => (latest && latest.untilMs >= each.untilMs ? latest : each), undefined);
  }

  /** A request is sent. One for which nothing is left finds out. */
  take(request: PaceRequest, nowMs: number): void {
    for (const measure of measures) {
      const now = this.#at(measure, nowMs);
      if (now && missingOf(request, measure, now) > 0) this.#known.set(measure, { ...now, finders: [...now.finders, request.id] });
      this.#lower(measure, amountOf(request, measure), nowMs);
    }
  }

  /** It was let in. @param isTold whether headers tell of that very limit, which says more */
  answered(id: string, isTold: (measure: Measure) => boolean): void {
    for (const [measure, known] of this.#known) {
      const letIn = known.letIn + (known.finders.includes(id) ? 1 : 0);
      if (isTold(measure) || letIn >= Math.max(letInMin, known.limit * letInShareMax)) this.#known.delete(measure);
      else if (letIn > known.letIn) this.#known.set(measure, { ...known, letIn });
    }
    this.#stopFindingOut(id);
  }

  /** It was refused and takes nothing after all. @param by the limit of this length that refused it; absent when another did */
  refused(request: PaceRequest, by: NamedRefusal | undefined, nowMs: number): void {
    for (const measure of measures) this.#lower(measure, -amountOf(request, measure), nowMs);
    if (by) this.#told(by, this.#known.get(by.measure)?.finders.includes(request.id) === true, nowMs);
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
    return known && { ...known, level: Math.min(known.limit, known.level + known.limit * Math.max(0, nowMs - known.atMs) / this.lengthMs), atMs: nowMs };
  }

  #told({ measure, limit, amount, untilMs }: NamedRefusal, hasFoundOut: boolean, nowMs: number): void {
    const before = this.#trust.get(measure);
    const certainMs = before?.limit !== limit ? certainMsMin : Math.min(certainMsMax, before.certainMs * (hasFoundOut ? 2 : 1));
    this.#trust.set(measure, { limit, certainMs });
    const level = Math.min(amount, limit) - limit * Math.max(0, untilMs - nowMs) / this.lengthMs;
    // What the upstream itself told to wait is waited in any case.
    this.#known.set(measure, { limit, level, atMs: nowMs, toldAtMs: nowMs, findOutAtMs: Math.max(untilMs, nowMs + certainMs), finders: [], letIn: 0 });
  }

  #lower(measure: Measure, amount: number, nowMs: number): void {
    const now = this.#at(measure, nowMs);
    if (now) this.#known.set(measure, { ...now, level: Math.min(now.limit, now.level - amount) });
  }

  #stopFindingOut(id: string): void {
    for (const [measure, known] of this.#known) if (known.finders.includes(id)) this.#known.set(measure, { ...known, finders: known.finders.filter((each) => each !== id) });
  }
}

/** Which of these limits holds a request back the longest; absent when none does. */
export function heldByNamed(all: Readonly<Record<string, NamedLimits>>, request: PaceRequest, of: readonly Measure[], nowMs: number): { readonly measure: Measure; readonly limit: number; readonly untilMs: number; readonly lengthMs: number } | undefined {
  const held = Object.values(all).flatMap((limits) => {
    const by = limits.heldBy(request, of, nowMs);
    return by ? [{ ...by, lengthMs: limits.lengthMs }] : [];
  });
  return held.reduce<(typeof held)[number] | undefined>((latest, each) => (latest && latest.untilMs >= each.untilMs ? latest : each), undefined);
}

/** How much of a limit is missing for a request, 0 and less where there is room; an amount above the whole limit counts as the whole. */
function missingOf(request: PaceRequest, measure: Measure, { limit, level }: NamedLimit): number {
  const amount = amountOf(request, measure);
  return isOfImages(measure) && amount === 0 ? 0 : Math.min(amount, limit) - level;
}

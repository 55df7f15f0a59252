// How many attempts of one model may run at once: few until the upstream told its limits, many when
// it announces them, and learnt by additive increase and multiplicative decrease where it announces
// none or is overloaded. It counts nothing itself; the caller says how many run.

/** Attempts at once while nothing is known about a model's limits. */
export const attemptsUnknownMax = 4;
/** Attempts at once in any case: as many as the broker opens connections. */
export const attemptsAnnouncedMax = 512;
/** The largest limit that is learnt by trying. */
export const attemptsLearntMax = 64;
/** What is left of the limit after a refusal, and after answers that came slowly: that is no refusal yet. */
const decreaseRatio = 0.7;
const slowRatio = 0.9;

/** A limit on attempts at once; every operation gives a new value. */
export interface ConcurrencyLimit {
  readonly state: 'unknown' | 'announced' | 'learnt';
  /** Grows by fractions; the whole part counts. */
  readonly attemptsMax: number;
  /** Refusals of attempts sent before this were answered by the decrease then. */
  readonly decreasedAtMs?: number;
}

/** The limit of a model that was never asked. */
export const unknownConcurrency: ConcurrencyLimit = { state: 'unknown', attemptsMax: attemptsUnknownMax };

/** Whether one more attempt may run beside those that do. */
export function hasRoom(limit: ConcurrencyLimit, running: number): boolean {
  return running + 1 <= limit.attemptsMax;
}

/**
 * After an answer that was not a refusal.
 * @param announced whether the upstream told a limit on requests or tokens, now or before
 * @param running   attempts under way, the answered one included
 */
export function afterAnswer(limit: ConcurrencyLimit, announced: boolean, running: number): ConcurrencyLimit {
  if (announced && limit.state !== 'announced' && limit.decreasedAtMs === undefined) return { state: 'announced', attemptsMax: attemptsAnnouncedMax };
  const state = announced ? 'announced' : 'learnt';
  // A limit that is not used to the full says nothing about whether more would be borne.
  if (running + 1 < limit.attemptsMax) return { ...limit, state };
  const ceiling = announced ? attemptsAnnouncedMax : attemptsLearntMax;
  // Until a first refusal each answer lets one more run, so that a wide upstream is found in a few rounds.
  return { ...limit, state, attemptsMax: Math.min(ceiling, limit.attemptsMax + (limit.decreasedAtMs === undefined ? 1 : 1 / limit.attemptsMax)) };
}

/**
 * After a refusal that told no limit. All attempts that were under way together count as one refusal.
 * @param running attempts under way, the refused one included
 */
export function afterRefusal(limit: ConcurrencyLimit, running: number, sentAtMs: number, nowMs: number): ConcurrencyLimit {
  if (limit.decreasedAtMs !== undefined && sentAtMs <= limit.decreasedAtMs) return limit;
  const attemptsMax = Math.max(1, Math.floor(Math.min(limit.attemptsMax, running) * decreaseRatio));
  return { state: limit.state === 'unknown' ? 'learnt' : limit.state, attemptsMax, decreasedAtMs: nowMs };
}

/** After answers that came slowly for the number that runs. It never goes below what is tried while nothing is known. @param running attempts under way, the answered one included */
export function afterSlowness(limit: ConcurrencyLimit, running: number): ConcurrencyLimit {
  return { ...limit, attemptsMax: Math.max(Math.min(attemptsUnknownMax, limit.attemptsMax), Math.min(limit.attemptsMax, running) * slowRatio) };
}

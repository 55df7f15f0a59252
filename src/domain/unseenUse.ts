// What others take of a limit that is shared with them, going by what was missing in answers: how much in a
// millisecond on average, and the largest part at once. It tells how much to keep free before the next answer.

/** What others take. */
export interface Unseen { readonly perMs: number; readonly peak: number; readonly atMs: number; readonly sinceMs: number }

/** Over this time it is averaged how much others take … */
const meanMs = 60_000;
/** … and in this time the memory of the largest part fades to a half. */
const peakHalfLifeMs = 600_000;
/** It is taken for so long that others were there before they were first noticed. */
const firstMs = 10_000;
/** An answer is at least so old when it comes and what it allows arrives. */
const answerAgeMs = 500;
/** Deviations beyond what is expected that are kept free: others come by chance. */
const deviations = 3;

/** After something was missing; nothing, or less, makes the average fall. */
export function afterTaken(unseen: Unseen | undefined, amount: number, nowMs: number): Unseen | undefined {
  const taken = Math.max(0, amount);
  if (!unseen && taken === 0) return undefined;
  const before = unseen ?? { perMs: 0, peak: 0, atMs: nowMs, sinceMs: nowMs - firstMs };
  const perMs = before.perMs * Math.exp(-Math.max(0, nowMs - before.atMs) / meanMs) + taken / meanMs;
  return { perMs, peak: Math.max(taken, fadedPeak(before, nowMs)), atMs: nowMs, sinceMs: before.sinceMs };
}

/** What may have been taken since the newest answer: the largest part at once, and what comes by chance in the meantime. */
export function unseenAmount(unseen: Unseen, sinceAnswerMs: number, nowMs: number): number {
  // An average over less time than it is meant for would be too low.
  const perMs = unseen.perMs / (1 - Math.exp(-Math.max(1, unseen.atMs - unseen.sinceMs) / meanMs));
  const expected = perMs * (sinceAnswerMs + answerAgeMs);
  return fadedPeak(unseen, nowMs) + expected + deviations * Math.sqrt(expected * unseen.peak);
}

function fadedPeak({ peak, atMs }: Unseen, nowMs: number): number {
  return peak * 0.5 ** (Math.max(0, nowMs - atMs) / peakHalfLifeMs);
}

// When something that depends on time alone becomes something else, found by looking ahead: first in doubling steps, then
// between the last two. What says it need not know when it changes, so that the two never disagree. Pure.

/** The first look ahead; nothing that people read changes faster. */
const firstStepMs = 1000;
/** The last; at least once a day it is looked again. */
const stepMsMax = 65_536_000;
/** What was found is late by at most this share of the wait, or this long. */
const latePart = 1 / 100;
const lateMsMin = 50;
/** Shares that differ by less are one to the eye. */
const shareStep = 0.005;

/** How long until `isAlike` no longer holds. @param isAlike whether what is said so long from now is what is said now; true until it changes, then false for most of the time */
export function nextChangeInMs(isAlike: (inMs: number) => boolean): number {
  let [alike, other] = [0, firstStepMs];
  while (isAlike(other)) {
    if (other >= stepMsMax) return other;
    [alike, other] = [other, other * 2];
  }
  while (other - alike > Math.max(lateMsMin, other * latePart)) {
    const middle = Math.round((alike + other) / 2);
    if (isAlike(middle)) alike = middle;
    else other = middle;
  }
  return other;
}

/** Whether two sayings read the same: texts exactly, shares as far as an eye can tell. */
export function isSaidAlike(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a === b || Math.abs(a - b) < shareStep;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [ofA, ofB] = [Object.entries(a), b as Readonly<Record<string, unknown>>];
  return ofA.length === Object.keys(b).length && ofA.every(([key, value]) => isSaidAlike(value, ofB[key]));
}

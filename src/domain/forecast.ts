// When the balance would run out at the pace of the last hours. Plain and honest: a straight line through what was
// really charged, only where there is enough of it, and never further ahead than it looked back times a few. Pure.

/** A finished request: when, and what it drew. */
export interface Burn {
  readonly atMs: number;
  readonly costMicroCredits: number;
}

/** A straight look ahead. */
export interface RunOut {
  readonly runsOutAtMs: number;
  /** The hours that it is drawn from, in milliseconds. */
  readonly spanMs: number;
  readonly perHourMicroCredits: number;
}

const hourMs = 3_600_000;
/** Looks back so far. */
export const lookBackMs = 3 * hourMs;
/** A shorter time, or fewer requests, say nothing about an hour. */
export const spanMsMin = hourMs / 2;
/** See `spanMsMin`. */
export const requestsMin = 5;
/** Looks ahead so many times as far as it looked back. */
export const aheadSpans = 4;

/**
 * The run-out, or undefined: too little data, nothing drawn, nothing left, or further ahead than can be seen.
 * @param burns newest requests, in any order; the list may have been cut off, so the time before its oldest one is left out
 */
export function runOut(balanceMicroCredits: number, burns: readonly Burn[], nowMs: number): RunOut | undefined {
  const counted = burns.filter(({ atMs }) => atMs > nowMs - lookBackMs && atMs <= nowMs);
  if (counted.length < requestsMin || balanceMicroCredits <= 0) return undefined;
  const spanMs = nowMs - Math.min(...counted.map(({ atMs }) => atMs));
  const burnt = counted.reduce((total, { costMicroCredits }) => total + costMicroCredits, 0);
  if (spanMs < spanMsMin || burnt <= 0) return undefined;
  const leftMs = balanceMicroCredits / burnt * spanMs;
  if (leftMs > spanMs * aheadSpans) return undefined;
  return { runsOutAtMs: Math.ceil(nowMs + leftMs), spanMs, perHourMicroCredits: Math.round(burnt / spanMs * hourMs) };
}

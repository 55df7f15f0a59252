// When the balance would run out at the pace of the last hours. Plain and honest: a straight line through
// what was really charged, a band that is wide where the pace was uneven, nothing where there is too little to go by,
// and never further ahead than it looked back times a few. Pure.

/** A finished request: when, and what it drew. */
export interface Burn {
  readonly atMs: number;
  readonly costMicroCredits: number;
}

/** A straight look ahead. */
export interface RunOut {
  readonly runsOutAtMs: number;
  /** Four of five times it runs out between these two. Without `latestAtMs` it may also last longer than can be seen. */
  readonly earliestAtMs: number;
  readonly latestAtMs?: number;
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
/** The span is cut into so many parts, whose differences tell how even the pace is. */
const parts = 6;
/** Student's t for 80 % on both sides together and one degree of freedom less than there are parts (https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm). */
const spread = 1.476;

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
  const aheadMs = spanMs * aheadSpans;
  if (leftMs > aheadMs) return undefined;
  const used = usedWithin(counted, spanMs, nowMs);
  const earliestMs = firstTime((ms) => used(ms, spread) >= balanceMicroCredits, leftMs);
  const isSeen = used(aheadMs, -spread) >= balanceMicroCredits;
  return {
    runsOutAtMs: Math.ceil(nowMs + leftMs), earliestAtMs: Math.ceil(nowMs + earliestMs),
    ...(isSeen ? { latestAtMs: Math.ceil(nowMs + firstTime((ms) => used(ms, -spread) >= balanceMicroCredits, aheadMs)) } : {}),
    spanMs, perHourMicroCredits: Math.round(burnt / spanMs * hourMs),
  };
}

/**
 * What is used within a time ahead, so many standard deviations above or below the straight line. The deviation is that
 * of a sum of parts as uneven as the ones seen, and of a mean that is known from a few of them only.
 */
function usedWithin(burns: readonly Burn[], spanMs: number, nowMs: number): (aheadMs: number, deviations: number) => number {
  const sums = Array.from({ length: parts }, () => 0);
  for (const { atMs, costMicroCredits } of burns) {
    const part = Math.min(parts - 1, Math.floor((atMs - (nowMs - spanMs)) / spanMs * parts));
    sums[part] = (sums[part] ?? 0) + costMicroCredits;
  }
  const mean = sums.reduce((total, one) => total + one, 0) / parts;
  const deviation = Math.sqrt(sums.reduce((total, one) => total + (one - mean) ** 2, 0) / (parts - 1));
  return (aheadMs, deviations) => {
    const ahead = aheadMs / spanMs * parts;
    return mean * ahead + deviations * deviation * Math.sqrt(ahead * (1 + ahead / parts));
  };
}

/** The first time up to `endMs`, to a second, from which on it holds; it holds at `endMs`. */
function firstTime(holds: (ms: number) => boolean, endMs: number): number {
  let fromMs = 0;
  let untilMs = endMs;
  while (untilMs - fromMs > 1000) {
    const middle = (fromMs + untilMs) / 2;
    if (holds(middle)) untilMs = middle; else fromMs = middle;
  }
  return untilMs;
}

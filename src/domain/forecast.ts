// When the balance would run out at the pace of the last hours. Plain and honest: a straight line through
// what was really charged, a band that is wide where the pace was uneven, nothing where there is too little to go by,
// and never further ahead than it looked back times a few. Pure.
import { bandOf, paceOf } from './pace.ts';

/** A finished request, or several of them: when, and what was drawn. */
export interface Burn {
  /** When it was drawn, or the end of the span that a sum is of. */
  readonly atMs: number;
  readonly costMicroCredits: number;
  /** A sum's beginning, and of how many requests it is. */
  readonly sinceMs?: number;
  readonly requests?: number;
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

/** What is known of how long the balance lasts. */
export interface BalanceForecast {
  /** No further than this is looked ahead. */
  readonly seenUntilMs: number;
  /** Absent where it lasts longer than is looked ahead. */
  readonly runOut?: RunOut;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Looks back so far. */
export const lookBackMs = 3 * hourMs;
/** A shorter time says nothing, however many requests there were. */
export const spanMsMin = 2 * minuteMs;
/** Fewer requests say nothing. */
export const requestsMin = 5;
/** In less time than this there have to be more of them. */
export const slowSpanMs = hourMs / 2;
/** See `slowSpanMs`. */
export const fastRequestsMin = 20;
/** Looks ahead so many times as far as it looked back. */
export const aheadSpans = 4;

/** The burns that count, and since when; undefined where they are too few to go by. */
function counted(burns: readonly Burn[], nowMs: number): { readonly uses: readonly Burn[]; readonly fromMs: number } | undefined {
  const uses = burns.filter(({ atMs }) => atMs > nowMs - lookBackMs && atMs <= nowMs);
  const fromMs = Math.max(nowMs - lookBackMs, Math.min(...uses.map(({ sinceMs, atMs }) => sinceMs ?? atMs)));
  const requests = uses.reduce((total, one) => total + (one.requests ?? 1), 0);
  const isEnough = requests >= (nowMs - fromMs < slowSpanMs ? fastRequestsMin : requestsMin);
  return isEnough && nowMs - fromMs >= spanMsMin ? { uses, fromMs } : undefined;
}

/** Until when can be seen; undefined where there is too little data. */
export function seenUntilMs(burns: readonly Burn[], nowMs: number): number | undefined {
  const found = counted(burns, nowMs);
  return found && Math.round(nowMs + (nowMs - found.fromMs) * aheadSpans);
}

/**
 * The run-out, or undefined: too little data, nothing drawn, nothing left, or further ahead than can be seen.
 * @param burns newest requests or sums of them, in any order; the list may have been cut off, so the time before its oldest one is left out
 */
export function runOut(balanceMicroCredits: number, burns: readonly Burn[], nowMs: number): RunOut | undefined {
  const found = counted(burns, nowMs);
  if (!found || balanceMicroCredits <= 0) return undefined;
  const pace = paceOf(found.uses.map(({ costMicroCredits, ...use }) => ({ ...use, amount: costMicroCredits })), found.fromMs, nowMs);
  const leftMs = balanceMicroCredits / pace.perMs;
  const aheadMs = pace.spanMs * aheadSpans;
  const band = bandOf(balanceMicroCredits, pace);
  if (pace.perMs <= 0 || leftMs > aheadMs || !band) return undefined;
  const { earliestMs, latestMs = Infinity } = band;
  return {
    runsOutAtMs: nowMs + Math.max(1, Math.ceil(leftMs)), earliestAtMs: nowMs + Math.max(1, Math.ceil(Math.min(earliestMs, leftMs))),
    ...(latestMs <= aheadMs ? { latestAtMs: nowMs + Math.max(1, Math.ceil(Math.max(latestMs, leftMs))) } : {}),
    spanMs: pace.spanMs, perHourMicroCredits: Math.round(pace.perMs * hourMs),
  };
}

/** Everything that is known of it; undefined where there is nothing left, or too little data. */
export function balanceForecast(balanceMicroCredits: number, burns: readonly Burn[], nowMs: number): BalanceForecast | undefined {
  const untilMs = seenUntilMs(burns, nowMs);
  if (balanceMicroCredits <= 0 || untilMs === undefined) return undefined;
  const found = runOut(balanceMicroCredits, burns, nowMs);
  return { seenUntilMs: untilMs, ...(found ? { runOut: found } : {}) };
}

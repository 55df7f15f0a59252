// Judges what a workspace spends in a quarter hour: against its own past, and while that is short against the person's
// other workspaces, against what is much for anybody, and against the balance. Pure: history, balance and moment are passed in.
import { bucketMs } from './budgets.ts';
import { say } from './say.ts';
import type { Because } from './say.ts';
import type { SpendHistory } from './spendHistory.ts';

/** How many times what is usual in a quarter hour is spent. */
export const spikeFactors = { slow: 8, ask: 20 } as const;
/** A spike below this is none (100 credits are US$4), nor is a balance below it worth a question. */
export const spikeMicroCreditsMin = 100_000_000;
/** The balance would be empty within this time at the pace of this quarter hour, which is this many times the usual one. */
export const burn = { emptyWithinMs: 30 * 60_000, factor: 4 } as const;
/**
 * While a workspace's own past is short, what is usual is presumed: what is known, whichever is more, and not less than `some`; where
 * nothing is known, `nothing`. A guess is trusted half as much as a past.
 */
export const presumed = { someMicroCredits: 50_000_000, nothingMicroCredits: 100_000_000, doubt: 2, ownMin: 3 } as const;
/**
 * A whole balance of at least so much that would not outlast this is gone before anybody looks, unless the workspace spent nearly as
 * much before; fewer answers may only have ended together.
 */
export const goneAtOnce = { withinMs: 10 * 60_000, balanceMicroCreditsMin: 250_000_000, costsMin: 5, factor: 4 } as const;
/** Less time than this says nothing about a pace. */
const paceMsMin = 60_000;

/** What is wrong with a workspace's spending. */
export interface SpendFinding extends Because {
  readonly kind: 'spike' | 'burn';
  /** Being slow is not enough. */
  readonly isGrave: boolean;
}

/** Judges a history at a moment. @param patience how many times as far a person let it go @param freeMicroCredits what is left of the balance; absent when it is not tracked */
export function judgeSpend(history: SpendHistory, patience: number, nowMs: number, freeMicroCredits?: number): SpendFinding | undefined {
  const { spentMicroCredits: spent, usualMicroCredits: own, bucket } = history;
  if (spent < spikeMicroCreditsMin) return undefined;
  const usual = (own ?? presumedUsual(history) * presumed.doubt) * patience;
  const emptyInMs = freeMicroCredits === undefined ? Infinity : freeMicroCredits / spent * Math.max(paceMsMin, nowMs - bucket * bucketMs);
  const isBurn = emptyInMs <= burn.emptyWithinMs && spent >= usual * burn.factor;
  if (isBurn || (own === undefined && isGoneAtOnce(history, patience, nowMs, freeMicroCredits))) {
    const minutes = Math.max(1, Math.round(emptyInMs / 60_000));
    return { kind: 'burn', isGrave: true, ...own === undefined ? say('The balance would be empty in about {0} min. {1}', minutes, newEvidence(history))
      : say('The balance would be empty in about {3} min: this workspace spent {0} credits in this quarter hour; in 95 of 100 of its last {1} with work it spent at most {2}.', ...evidence(history, own), minutes) };
  }
  if (spent < usual * spikeFactors.slow) return undefined;
  return { kind: 'spike', isGrave: spent >= usual * spikeFactors.ask, ...own === undefined ? newEvidence(history)
    : say('This workspace spends far more than usual: {0} credits in this quarter hour; in 95 of 100 of its last {1} with work it spent at most {2}.', ...evidence(history, own)) };
}

/** The second most of few quarter hours: one that got out of hand must not make the next ones usual. */
function usualOfFew(past: readonly number[]): number | undefined {
  return past.toSorted((a, b) => b - a)[1];
}

function presumedUsual({ past, othersMicroCredits }: SpendHistory): number {
  const floor = othersMicroCredits === undefined && past.length < presumed.ownMin ? presumed.nothingMicroCredits : presumed.someMicroCredits;
  return Math.max(floor, othersMicroCredits ?? 0, usualOfFew(past) ?? 0);
}

function isGoneAtOnce({ spentMicroCredits: spent, past, costs, firstCostAtMs }: SpendHistory, patience: number, nowMs: number, freeMicroCredits?: number): boolean {
  if (freeMicroCredits === undefined || firstCostAtMs === undefined || costs < goneAtOnce.costsMin || spent < goneAtOnce.factor * (usualOfFew(past) ?? 0)) return false;
  const whole = freeMicroCredits + spent;
  return whole >= goneAtOnce.balanceMicroCreditsMin && whole / spent * Math.max(paceMsMin, nowMs - firstCostAtMs) <= goneAtOnce.withinMs / patience;
}

function evidence({ spentMicroCredits, past }: SpendHistory, usual: number) {
  return [{ credits: spentMicroCredits, decimals: 2 }, past.length, { credits: usual, decimals: 2 }] as const;
}

function newEvidence({ spentMicroCredits, past, othersMicroCredits }: SpendHistory): Because {
  const spent = { credits: spentMicroCredits, decimals: 2 };
  if (othersMicroCredits !== undefined) return say('This workspace is new and spent {0} credits in this quarter hour; in 95 of 100 with work the other workspaces spent at most {1}.', spent, { credits: othersMicroCredits, decimals: 2 });
  const few = usualOfFew(past);
  if (few !== undefined) return say('This workspace is new and spent {0} credits in this quarter hour; in all but one of its {1} others with work it spent at most {2}.', spent, past.length, { credits: few, decimals: 2 });
  return say('This workspace is new and spent {0} credits in this quarter hour.', spent);
}

// What a workspace usually spends in a quarter hour in which it works at all, and what it spends in this one.
// Pure: costs and moments are passed in.
import { bucketMs } from './budgets.ts';

/** Quarter hours with work that are remembered: some weeks of it. */
export const spendBucketsMax = 400;
/** Fewer than these say nothing about what is usual. */
export const spendBucketsMin = 20;

/** The spending of one workspace. */
export interface SpendHistory {
  /** Costs of past quarter hours in which something was spent, oldest first, in microcredits. */
  readonly past: readonly number[];
  /** The number of the present quarter hour, and what was spent in it so far. */
  readonly bucket: number;
  readonly spentMicroCredits: number;
  /** What 95 of 100 of the past ones stayed below; absent where there are too few. */
  readonly usualMicroCredits?: number;
}

/** A history from the costs of past quarter hours, oldest first. */
export function spendHistory(past: readonly number[], nowMs: number): SpendHistory {
  const kept = past.filter((cost) => cost > 0).slice(-spendBucketsMax);
  return { past: kept, bucket: Math.floor(nowMs / bucketMs), spentMicroCredits: 0, ...usualOf(kept) };
}

/** The history at a moment: a quarter hour that is over becomes part of the past. */
export function spendAt(history: SpendHistory, nowMs: number): SpendHistory {
  const bucket = Math.floor(nowMs / bucketMs);
  // A clock that was set back goes on in the quarter hour that was known.
  if (bucket <= history.bucket) return history;
  const past = history.spentMicroCredits > 0 ? [...history.past, history.spentMicroCredits].slice(-spendBucketsMax) : history.past;
  return { past, bucket, spentMicroCredits: 0, ...usualOf(past) };
}

/** Adds a cost. */
export function addSpend(history: SpendHistory, costMicroCredits: number, nowMs: number): SpendHistory {
  const now = spendAt(history, nowMs);
  return { ...now, spentMicroCredits: now.spentMicroCredits + costMicroCredits };
}

function usualOf(past: readonly number[]): { readonly usualMicroCredits?: number } {
  if (past.length < spendBucketsMin) return {};
  const sorted = past.toSorted((a, b) => a - b);
  return { usualMicroCredits: sorted[Math.floor((sorted.length - 1) * 0.95)] ?? 0 };
}

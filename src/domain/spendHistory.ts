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
  /** When its first cost came, and how many there were. */
  readonly firstCostAtMs?: number;
  readonly costs: number;
  /** What 95 of 100 of the past ones stayed below; absent where there are too few. */
  readonly usualMicroCredits?: number;
  /** The same of the person's other workspaces, which stands in while there are too few; absent where it is not known either. */
  readonly othersMicroCredits?: number;
}

/** A history from the costs of past quarter hours, oldest first. @param others those of the person's other workspaces */
export function spendHistory(past: readonly number[], nowMs: number, others: readonly number[] = []): SpendHistory {
  const kept = past.filter((cost) => cost > 0).slice(-spendBucketsMax);
  const ofOthers = usualOf(others.filter((cost) => cost > 0));
  return { past: kept, bucket: Math.floor(nowMs / bucketMs), spentMicroCredits: 0, costs: 0, ...named('usualMicroCredits', usualOf(kept)), ...named('othersMicroCredits', ofOthers) };
}

/** The history at a moment: a quarter hour that is over becomes part of the past. */
export function spendAt(history: SpendHistory, nowMs: number): SpendHistory {
  const bucket = Math.floor(nowMs / bucketMs);
  // A clock that was set back goes on in the quarter hour that was known.
  if (bucket <= history.bucket) return history;
  const past = history.spentMicroCredits > 0 ? [...history.past, history.spentMicroCredits].slice(-spendBucketsMax) : history.past;
  return { past, bucket, spentMicroCredits: 0, costs: 0, ...named('usualMicroCredits', usualOf(past)), ...named('othersMicroCredits', history.othersMicroCredits) };
}

/** Adds a cost. */
export function addSpend(history: SpendHistory, costMicroCredits: number, nowMs: number): SpendHistory {
  const now = spendAt(history, nowMs);
  if (costMicroCredits <= 0) return now;
  return { ...now, spentMicroCredits: now.spentMicroCredits + costMicroCredits, costs: now.costs + 1, firstCostAtMs: now.firstCostAtMs ?? nowMs };
}

function usualOf(past: readonly number[]): number | undefined {
  return past.length < spendBucketsMin ? undefined : past.toSorted((a, b) => a - b)[Math.floor((past.length - 1) * 0.95)];
}

function named<Name extends string>(name: Name, value: number | undefined): Partial<Record<Name, number>> {
  return value === undefined ? {} : { [name]: value } as Record<Name, number>;
}

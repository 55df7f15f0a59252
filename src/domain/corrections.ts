// How a late correction moves credits: what was drawn goes back to the grants it came from, the last drawn
// first, and what turns out to be due is drawn like an overage. Pure arithmetic.
import type { Slice } from './grants.ts';
import { safeInteger, sum } from './units.ts';

/** An amount of one grant: drawn from it, or moved on it. */
export interface DrawnSlice {
  readonly grantId: string;
  readonly microCredits: number;
}

/** How a correction is drawn. Positive movements give credits back, negative ones take them. */
export interface CorrectionPlan {
  readonly movements: readonly DrawnSlice[];
  /** What the correction adds to what was drawn, and to what no credits covered; either may be negative. */
  readonly drawnMicroCredits: number;
  readonly uncoveredMicroCredits: number;
}

/**
 * Gives an amount back. What no credits had covered is forgiven first: it was never taken.
 * @param drawn what the attempt drew so far, in the order in which it was drawn
 */
export function planRefund(microCredits: number, drawn: readonly DrawnSlice[], uncoveredMicroCredits: number): CorrectionPlan {
  const forgiven = Math.min(microCredits, uncoveredMicroCredits);
  let left = safeInteger(microCredits - forgiven, 'refund');
  const movements: DrawnSlice[] = [];
  for (const slice of [...drawn].reverse()) {
    const back = Math.min(left, slice.microCredits);
    if (back <= 0) continue;
    movements.push({ grantId: slice.grantId, microCredits: back });
    left -= back;
  }
  return { movements, drawnMicroCredits: minus(sum(movements.map((one) => one.microCredits))), uncoveredMicroCredits: minus(forgiven) };
}

/** Draws what turned out to be due from slices that are free; what they do not cover is uncovered. */
export function planReconciliation(microCredits: number, slices: readonly Slice[]): CorrectionPlan {
  const drawn = sum(slices.map((slice) => slice.microCredits));
  return { movements: slices.map(({ grantId, microCredits: taken }) => ({ grantId, microCredits: minus(taken) })), drawnMicroCredits: drawn, uncoveredMicroCredits: safeInteger(microCredits - drawn, 'uncovered credits') };
}

/** The negative, never a negative zero: its text in a hash would be another one than the stored zero's. */
function minus(value: number): number {
  return value === 0 ? 0 : -value;
}

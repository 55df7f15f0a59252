// What a question for insights is answered with. Shapes only.
import type { Insight } from '../domain/insights.ts';

/** Findings, and what they rest on. */
export interface InsightsResult {
  readonly insights: readonly Insight[];
  /** The range in local days up to today, which counts as a whole one. */
  readonly days: number;
  /** Days before it that it was compared with. */
  readonly comparedDays: number;
  /** When the ledger began, where that is within the range. */
  readonly beganAtMs?: number;
  /** Since when each request was looked at by itself, where that is not the whole range. */
  readonly closeSinceMs?: number;
}

// What pacing is told of a refusal that waiting can cure: which limit was met, how long to wait, and what the
// answer said besides.
import type { Measure } from './measure.ts';
import type { RateLimitObservation } from './rateWindow.ts';

/** A refusal by the upstream that waiting can cure. */
export interface Throttle {
  /** Which limit was met; absent when the answer did not say. */
  readonly measure?: Measure;
  /** It is a limit per day. */
  readonly perDay?: true;
  readonly retryAfterMs?: number;
  /** The limit and the request's size in that measure, where the refusal named them. */
  readonly limit?: number;
  readonly requested?: number;
  /** The upstream is overloaded; no limit was met. */
  readonly isOverload?: true;
  /** What the refusal's own headers said. */
  readonly observation?: RateLimitObservation;
}

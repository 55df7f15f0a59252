// What pacing is told of a refusal that waiting can cure: which limit was met, how long to wait, and what the
// answer said besides.
import type { RateLimitObservation } from './rateWindow.ts';

/** A refusal by the upstream that waiting can cure. */
export interface Throttle {
  /** Which limit was met; absent when the answer did not say. */
  readonly measure?: 'requests' | 'tokens';
  /** It is a limit per day. */
  readonly perDay?: true;
  readonly retryAfterMs?: number;
  /** The limit and the request's size in that measure, where the refusal named them. */
  readonly limit?: number;
  readonly requested?: number;
  /** What the refusal's own headers said. */
  readonly observation?: RateLimitObservation;
}

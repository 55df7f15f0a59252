// Requests and tokens per minute, per model, kept in buckets that refill continuously, as OpenAI's
// limits do. Time comes in as an argument and all arithmetic is on integers, so nothing drifts.
// It decides and counts; it never words an answer.

/** A model's limits over one minute. */
export interface MinuteLimits {
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
}

/** What a bucket shows in the headers of an answer. */
export interface BucketReading {
  readonly limit: number;
  /** Whole units left; never below zero, although output may have pushed the bucket into debt. */
  readonly remaining: number;
  /** Time until the bucket is full again. */
  readonly fullInMs: number;
}

/** Both buckets of a model. */
export interface LimitReading {
  readonly requests: BucketReading;
  readonly tokens: BucketReading;
}

/** The outcome of asking for a request of some tokens. A refusal has consumed nothing. */
export type Admission =
  | { readonly outcome: 'admitted'; readonly reading: LimitReading }
  | {
    readonly outcome: 'throttled'; readonly reading: LimitReading;
    readonly measure: 'requests' | 'tokens';
    readonly limit: number; readonly used: number; readonly requested: number; readonly waitMs: number;
  }
  | { readonly outcome: 'too-large'; readonly reading: LimitReading; readonly limit: number; readonly requested: number };

const msPerMinute = 60_000;

interface Bucket {
  readonly limit: number;
  /** What is in it, times `msPerMinute`: refilling adds `limit` per millisecond, an exact integer. */
  levelScaled: number;
  atMs: number;
}

/** Enforces limits for each model apart from the others. */
export class RateLimits {
  readonly #limitsOf: (model: string) => MinuteLimits;
  readonly #buckets = new Map<string, { readonly requests: Bucket; readonly tokens: Bucket }>();

  /** @param limitsOf limits of a model; asked once, when its first request comes */
  constructor(limitsOf: (model: string) => MinuteLimits) {
    this.#limitsOf = limitsOf;
  }

  /** Takes one request and `tokens` tokens, or nothing at all. */
  admit(model: string, tokens: number, nowMs: number): Admission {
    const pair = this.#pair(model, nowMs);
    const reading = () => ({ requests: read(pair.requests), tokens: read(pair.tokens) });
    if (tokens > pair.tokens.limit) return { outcome: 'too-large', reading: reading(), limit: pair.tokens.limit, requested: tokens };
    const waits = [
      { measure: 'requests', bucket: pair.requests, requested: 1 },
      { measure: 'tokens', bucket: pair.tokens, requested: tokens },
    ] as const;
    // The bucket that needs the longest wait is the one worth naming.
    const worst = waits.map((wait) => ({ ...wait, waitMs: waitFor(wait.bucket, wait.requested) })).sort((a, b) => b.waitMs - a.waitMs)[0];
    if (worst && worst.waitMs > 0) {
      return {
        outcome: 'throttled', reading: reading(), measure: worst.measure, limit: worst.bucket.limit,
        used: worst.bucket.limit - Math.floor(worst.bucket.levelScaled / msPerMinute), requested: worst.requested, waitMs: worst.waitMs,
      };
    }
    take(pair.requests, 1);
    take(pair.tokens, tokens);
    return { outcome: 'admitted', reading: reading() };
  }

  /**
   * Corrects a request's tokens once it ended: what was reserved at admission against what it used.
   * Output beyond the reservation may push the bucket into debt, which refilling pays back.
   */
  settle(model: string, reservedTokens: number, usedTokens: number, nowMs: number): void {
    const { tokens } = this.#pair(model, nowMs);
    take(tokens, usedTokens - reservedTokens);
    tokens.levelScaled = Math.min(tokens.levelScaled, tokens.limit * msPerMinute);
  }

  /** What the buckets of a model hold now. */
  read(model: string, nowMs: number): LimitReading {
    const pair = this.#pair(model, nowMs);
    return { requests: read(pair.requests), tokens: read(pair.tokens) };
  }

  /** Fills every bucket. */
  reset(): void {
    this.#buckets.clear();
  }

  #pair(model: string, nowMs: number): { readonly requests: Bucket; readonly tokens: Bucket } {
    let pair = this.#buckets.get(model);
    if (!pair) {
      const limits = this.#limitsOf(model);
      pair = { requests: full(limits.requestsPerMinute, nowMs), tokens: full(limits.tokensPerMinute, nowMs) };
      this.#buckets.set(model, pair);
    }
    refill(pair.requests, nowMs);
    refill(pair.tokens, nowMs);
    return pair;
  }
}

function full(limit: number, atMs: number): Bucket {
  return { limit, levelScaled: limit * msPerMinute, atMs };
}

function refill(bucket: Bucket, nowMs: number): void {
  // A clock that went back refills nothing and starts counting from there.
  const elapsedMs = Math.min(Math.max(0, nowMs - bucket.atMs), 1440 * msPerMinute);
  bucket.levelScaled = Math.min(bucket.limit * msPerMinute, bucket.levelScaled + elapsedMs * bucket.limit);
  bucket.atMs = nowMs;
}

function take(bucket: Bucket, amount: number): void {
  bucket.levelScaled -= amount * msPerMinute;
}

function waitFor(bucket: Bucket, amount: number): number {
  const missing = amount * msPerMinute - bucket.levelScaled;
  return missing <= 0 ? 0 : Math.ceil(missing / bucket.limit);
}

function read(bucket: Bucket): BucketReading {
  return {
    limit: bucket.limit,
    remaining: Math.max(0, Math.floor(bucket.levelScaled / msPerMinute)),
    fullInMs: Math.ceil((bucket.limit * msPerMinute - bucket.levelScaled) / bucket.limit),
  };
}

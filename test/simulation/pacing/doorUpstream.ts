// An upstream that enforces limits at its door as OpenAI does: buckets of requests and tokens for each model
// that refill continuously; a request's tokens are counted when it comes, as the larger of `max_output_tokens`
// and its length divided by four, and corrected once it has ended. Figures in headers are whole numbers.
// It may enforce a minute's limit in shorter spans, hide its limits, change them, and serve a stranger too.

/** The limits of one model at one time. */
export interface DoorLimits { readonly requestsPerMinute: number; readonly tokensPerMinute: number }

/** How an upstream behaves. */
export interface DoorRules {
  readonly limits: Readonly<Record<string, DoorLimits>>;
  /** What limits are multiplied with at a time; 1 without it. */
  readonly factor?: (worldMs: number) => number;
  /** Tells limits in headers; without it not even a refusal says when to come back. */
  readonly announces: boolean;
  /** A bucket holds what comes in so many milliseconds; a minute's without it. Headers speak of the minute all the same. */
  readonly spanMs?: number;
}

/** The answer at the door. */
export type DoorAnswer = { readonly headers: Readonly<Record<string, string>> } & ({ readonly admitted: true } | { readonly admitted: false; readonly body: string });

type Measure = 'requests' | 'tokens';
const minuteMs = 60_000;

/** The state of all limits. Every call passes the world's time. */
export class DoorUpstream {
  readonly #rules: DoorRules;
  readonly #models = new Map<string, { atMs: number; requests: number; tokens: number }>();

  constructor(rules: DoorRules) {
    this.#rules = rules;
  }

  /** A request arrives. */
  admit(model: string, counted: number, nowMs: number): DoorAnswer {
    const short = this.#short(model, counted, nowMs);
    const bucket = this.#at(model, nowMs);
    if (!short) {
      bucket.requests -= 1;
      bucket.tokens -= counted;
      return { admitted: true, headers: this.#headers(model, nowMs) };
    }
    const { announces } = this.#rules;
    const waitMs = Math.max(1, Math.ceil(short.waitMs));
    const limit = this.#limit(model, short.measure, nowMs);
    const numbers = announces ? ` Limit ${limit}, Used ${Math.round(limit - bucket[short.measure])}, Requested ${short.measure === 'tokens' ? counted : 1}. Please try again in ${waitMs}ms.` : '';
    return {
      admitted: false, headers: { ...this.#headers(model, nowMs), ...(announces ? { 'retry-after-ms': `${waitMs}`, 'retry-after': `${Math.ceil(waitMs / 1000)}` } : {}) },
      body: JSON.stringify({ error: { code: 'rate_limit_exceeded', type: short.measure, message: `Rate limit reached for ${model} on ${short.measure} per min.${numbers}` } }),
    };
  }

  /** How long it takes until a request of so many tokens is let in, if nothing else comes. For the oracle alone. */
  waitMs(model: string, counted: number, nowMs: number): number {
    return this.#short(model, counted, nowMs)?.waitMs ?? 0;
  }

  /** What is left of the tokens, below zero after outputs that were longer. For the oracle alone. */
  tokensLeft(model: string, nowMs: number): number {
    return this.#at(model, nowMs).tokens;
  }

  /** Takes tokens whatever is left: a request that used more than was counted, or, negative, less; or a stranger's. */
  take(model: string, tokens: number, requests: number, nowMs: number): void {
    const bucket = this.#at(model, nowMs);
    bucket.tokens = Math.min(this.#size(model, 'tokens', nowMs), bucket.tokens - tokens);
    bucket.requests -= requests;
  }

  #short(model: string, counted: number, nowMs: number): { readonly measure: Measure; readonly waitMs: number } | undefined {
    const bucket = this.#at(model, nowMs);
    const waits = (['requests', 'tokens'] as const).map((measure) => {
      const wanted = measure === 'requests' ? 1 : Math.min(counted, this.#size(model, measure, nowMs));
      return { measure, waitMs: (wanted - bucket[measure]) * minuteMs / this.#limit(model, measure, nowMs) };
    });
    // Below a billionth of a unit is what binary fractions leave.
    return waits.filter(({ waitMs }) => waitMs > 1e-6).sort((a, b) => b.waitMs - a.waitMs)[0];
  }

  #limit(model: string, measure: Measure, nowMs: number): number {
    const limits = this.#rules.limits[model];
    if (!limits) throw new Error(`the upstream has no model ${model}`);
    return Math.round((measure === 'requests' ? limits.requestsPerMinute : limits.tokensPerMinute) * (this.#rules.factor?.(nowMs) ?? 1));
  }

  /** What a bucket holds. */
  #size(model: string, measure: Measure, nowMs: number): number {
    return this.#limit(model, measure, nowMs) * (measure === 'requests' ? this.#rules.spanMs ?? minuteMs : minuteMs) / minuteMs;
  }

  #at(model: string, nowMs: number): { atMs: number; requests: number; tokens: number } {
    let bucket = this.#models.get(model);
    if (!bucket) this.#models.set(model, bucket = { atMs: nowMs, requests: this.#size(model, 'requests', nowMs), tokens: this.#size(model, 'tokens', nowMs) });
    const minutes = (nowMs - bucket.atMs) / minuteMs;
    bucket.atMs = nowMs;
    for (const measure of ['requests', 'tokens'] as const) {
      bucket[measure] = Math.min(this.#size(model, measure, nowMs), bucket[measure] + minutes * this.#limit(model, measure, nowMs));
    }
    return bucket;
  }

  #headers(model: string, nowMs: number): Record<string, string> {
    if (!this.#rules.announces) return {};
    const bucket = this.#at(model, nowMs);
    return Object.fromEntries((['requests', 'tokens'] as const).flatMap((measure) => {
      const limit = this.#limit(model, measure, nowMs);
      const missing = this.#size(model, measure, nowMs) - bucket[measure];
      return [
        [`x-ratelimit-limit-${measure}`, `${limit}`],
        [`x-ratelimit-remaining-${measure}`, `${Math.max(0, Math.floor(limit - missing))}`],
        [`x-ratelimit-reset-${measure}`, durationText(Math.ceil(missing * minuteMs / limit))],
      ];
    }));
  }
}

/** A duration as OpenAI writes it: `120ms`, `1.5s`, `6m0s`. */
function durationText(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  return ms < minuteMs ? `${ms / 1000}s` : `${Math.floor(ms / minuteMs)}m${ms % minuteMs / 1000}s`;
}

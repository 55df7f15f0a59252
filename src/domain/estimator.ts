// Estimates a request's tokens before it is sent, and learns from what was used. State lives in
// memory only: after a restart it begins with cautious defaults and is right again after a few
// requests.

/** What is known of a request before it is sent. */
export interface RequestSize {
  readonly model: string;
  /** Bytes of the decoded request body. */
  readonly bodyBytes: number;
  readonly maxOutputTokens?: number;
}

/** Estimated tokens of one attempt. `inputTokens` is the likely size, `holdInputTokens` a cautious one. */
export interface TokenEstimate {
  readonly inputTokens: number;
  /** Fewer than the input certainly has; only this may call a request too large. */
  readonly certainInputTokens: number;
  readonly holdInputTokens: number;
  readonly outputTokens: number;
}

/** Bytes of JSON that make one input token, before anything was learned; low to be cautious. */
const bytesPerTokenDefault = 3;
/**
 * No text has more tokens than bytes. A smaller ratio comes from input that is not in the body (an
 * earlier response that it continues, a linked image) and says nothing about other requests.
 */
const bytesPerTokenMin = 1;
/** More bytes to a token than any text has. */
const bytesPerTokenMax = 6;
/** Output tokens to reserve before anything was learned. */
const outputTokensDefault = 4096;
/** Least output to reserve, however short the answers were so far. */
const outputTokensMin = 256;
/** Outputs remembered per model. */
const samplesMax = 64;
/** Models remembered; the oldest is forgotten. */
const modelsMax = 100;
/** Share by which a hold exceeds the learned input ratio. */
const inputMargin = 1.15;

interface Learned { bytesPerToken: number; outputs: number[] }

/** Learns per model how many tokens bytes make, and how long answers are. */
export class Estimator {
  #models = new Map<string, Learned>();

  /** Estimates a request. Output is the 95th percentile of what this model answered lately. */
  estimate(size: RequestSize): TokenEstimate {
    const learned = this.#models.get(size.model);
    const inputTokens = Math.ceil(size.bodyBytes / (learned?.bytesPerToken ?? bytesPerTokenDefault));
    const output = learned ? Math.max(outputTokensMin, percentile95(learned.outputs)) : outputTokensDefault;
    return {
      inputTokens,
      certainInputTokens: Math.floor(Math.min(inputTokens / 2, size.bodyBytes / bytesPerTokenMax)),
      holdInputTokens: learned ? Math.ceil(inputTokens * inputMargin) : inputTokens,
      outputTokens: size.maxOutputTokens === undefined ? output : Math.min(output, size.maxOutputTokens),
    };
  }

  /** Learns from an attempt whose usage was measured. */
  learn(model: string, bodyBytes: number, inputTokens: number, outputTokens: number): void {
    if (inputTokens <= 0 || bodyBytes <= 0) return;
    // A short body is mostly frame and a cached prefix may not be in it at all: neither says how much text a token is.
    const ratio = Math.min(bytesPerTokenMax, Math.max(bytesPerTokenMin, bodyBytes / inputTokens));
    const learned = this.#models.get(model);
    if (!learned) {
      if (this.#models.size >= modelsMax) this.#models.delete(this.#models.keys().next().value ?? '');
      this.#models.set(model, { bytesPerToken: ratio, outputs: [outputTokens] });
      return;
    }
    // A smaller ratio (more tokens per byte) is believed at once, a larger one slowly.
    learned.bytesPerToken = ratio < learned.bytesPerToken ? ratio : learned.bytesPerToken * 0.9 + ratio * 0.1;
    learned.outputs.push(outputTokens);
    if (learned.outputs.length > samplesMax) learned.outputs.shift();
  }
}

/** The 95th percentile; few samples count as not enough and give at least half the default. */
function percentile95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.95) - 1)] ?? outputTokensDefault;
  return sorted.length < 8 ? Math.max(value, outputTokensDefault / 2) : value;
}

// The sandbox's rule for counting tokens, and its prompt cache. The rule is simple, documented and
// depends on nothing but the request, so that a test can recompute every figure that is reported:
// a token is four bytes of UTF-8, rounded up. It never looks at time.
import { createHash } from 'node:crypto';
import type { TokenUsage } from '../domain/tokenUsage.ts';

/** Bytes of UTF-8 that count as one token. */
export const bytesPerToken = 4;

/** OpenAI reports cached tokens in steps of 128, from 1,024 on (its guide on prompt caching). */
export const cachedTokensStep = 128;
/** See `cachedTokensStep`. */
export const cachedTokensMin = 1024;

/** Tokens of a text of that many bytes. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / bytesPerToken);
}

/** Tokens of a text. */
export function tokensOfText(text: string): number {
  return tokensOfBytes(Buffer.byteLength(text));
}

/** How much of a prompt was in the cache, and how much was put there now. Both in tokens. */
export interface CacheOutcome {
  readonly cachedTokens: number;
  readonly writtenTokens: number;
}

/**
 * Remembers the prompts of each cache key as chains of hashed blocks of 128 tokens. A later prompt
 * is cached exactly as far as it begins with the same blocks, and never as a whole: the last token
 * is always computed. Bounded: the key that was used longest ago is forgotten first.
 */
export class PromptCache {
  readonly #blocksOfKey = new Map<string, Set<string>>();
  readonly #keysMax: number;
  readonly #blocksPerKeyMax: number;

  /** @param keysMax cache keys remembered @param blocksPerKeyMax blocks remembered per key */
  constructor(keysMax = 1000, blocksPerKeyMax = 20_000) {
    this.#keysMax = keysMax;
    this.#blocksPerKeyMax = blocksPerKeyMax;
  }

  /** Looks a prompt up and remembers it. `key` joins model and cache key. */
  use(key: string, prompt: string): CacheOutcome {
    const bytes = Buffer.from(prompt);
    const blockBytes = cachedTokensStep * bytesPerToken;
    const blockCount = Math.floor((tokensOfBytes(bytes.length) - 1) / cachedTokensStep);
    const known = this.#blocksOfKey.get(key) ?? new Set<string>();
    this.#blocksOfKey.delete(key);
    this.#blocksOfKey.set(key, known);
    if (this.#blocksOfKey.size > this.#keysMax) this.#forgetOldest();

    let matched = 0;
    let chain = '';
    const fresh: string[] = [];
    for (let block = 0; block < blockCount; block++) {
      chain = createHash('sha1').update(chain).update(bytes.subarray(block * blockBytes, (block + 1) * blockBytes)).digest('base64');
      // Each hash covers all blocks before it, so a known one means a known beginning.
      if (known.has(chain)) matched++;
      else fresh.push(chain);
    }
    const cacheable = blockCount * cachedTokensStep >= cachedTokensMin;
    if (!cacheable) return { cachedTokens: 0, writtenTokens: 0 };
    if (known.size + fresh.length > this.#blocksPerKeyMax) known.clear();
    for (const block of fresh.slice(0, this.#blocksPerKeyMax)) known.add(block);
    const cachedTokens = matched * cachedTokensStep >= cachedTokensMin ? matched * cachedTokensStep : 0;
    return { cachedTokens, writtenTokens: blockCount * cachedTokensStep - cachedTokens };
  }

  /** Forgets every prompt. */
  clear(): void {
    this.#blocksOfKey.clear();
  }

  #forgetOldest(): void {
    const oldest = this.#blocksOfKey.keys().next();
    if (!oldest.done) this.#blocksOfKey.delete(oldest.value);
  }
}

/** Reasoning tokens that each effort costs here. An effort that is absent or unknown asks for none. */
const reasoningTokensOfEffort: Readonly<Record<string, number>> = {
  none: 0, minimal: 16, low: 64, medium: 128, high: 256, xhigh: 512, max: 1024,
};

/** Reasoning tokens of a request's effort. */
export function reasoningTokensFor(effort: string | null | undefined): number {
  return effort ? reasoningTokensOfEffort[effort] ?? 0 : 0;
}

/** OpenAI's `usage` object of the Responses API. */
export interface WireUsage {
  readonly input_tokens: number;
  readonly input_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number };
  readonly output_tokens: number;
  readonly output_tokens_details: { readonly reasoning_tokens: number };
  readonly total_tokens: number;
}

/** Usage as it goes on the wire; total is input and output together. */
export function wireUsage(usage: TokenUsage): WireUsage {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedInputTokens, cache_write_tokens: usage.cacheWriteTokens },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}

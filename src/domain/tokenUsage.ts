// What one attempt used, in tokens. Unknown is absent, never zero.

/** Tokens of one attempt. `cachedInputTokens` and `cacheWriteTokens` are parts of input, `reasoningTokens` of output. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** More than any model's context window and output together; a larger count is a lie (fault U3). */
export const tokensPerAttemptMax = 100_000_000;

/** No tokens at all. */
export const noTokens: TokenUsage = {
  inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0,
};

/**
 * Tells whether reported usage can be believed: non-negative integers of a plausible size whose
 * parts do not exceed the whole. Absurd usage is never charged as reported (policy P).
 */
export function isPlausible(usage: TokenUsage): boolean {
  const counts = [usage.inputTokens, usage.cachedInputTokens, usage.cacheWriteTokens, usage.outputTokens, usage.reasoningTokens];
  return counts.every((count) => Number.isSafeInteger(count) && count >= 0 && count <= tokensPerAttemptMax)
    && usage.cachedInputTokens + usage.cacheWriteTokens <= usage.inputTokens
    && usage.reasoningTokens <= usage.outputTokens;
}

/** Adds two usages. */
export function addUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  };
}

/** What one usage is more than another; counts may be negative. */
export function subtractUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  return {
    inputTokens: a.inputTokens - b.inputTokens,
    cachedInputTokens: a.cachedInputTokens - b.cachedInputTokens,
    cacheWriteTokens: a.cacheWriteTokens - b.cacheWriteTokens,
    outputTokens: a.outputTokens - b.outputTokens,
    reasoningTokens: a.reasoningTokens - b.reasoningTokens,
  };
}

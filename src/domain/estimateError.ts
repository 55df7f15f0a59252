// How good estimates were: sums over finished attempts go in, shares come out. It counts only what was measured, and
// says nothing before there is enough of it.
/** Sums over attempts whose usage was measured. All are whole numbers, so that they can be added anywhere. */
export interface EstimateErrorSums {
  readonly requests: number;
  /** Attempts that used no more than was held for them. */
  readonly covered: number;
  readonly estimatedInputTokens: number;
  readonly usedInputTokens: number;
  /** Of each attempt how far the likely size was off, whichever way. */
  readonly inputErrorTokens: number;
  readonly estimatedOutputTokens: number;
  readonly usedOutputTokens: number;
  readonly outputErrorTokens: number;
}

/** How good estimates were. Shares are of 1; one that cannot be told yet is absent. */
export interface EstimateErrorView {
  readonly requests: number;
  readonly coveredShare?: number;
  /** By how much of the tokens that were used the likely input was off. */
  readonly meanInputErrorShare?: number;
  readonly meanOutputErrorShare?: number;
}

/** Fewer attempts say nothing about a share of 95 in 100. */
export const attemptsMin = 20;

/** No attempts yet. */
export const noEstimateErrors: EstimateErrorSums = {
  requests: 0, covered: 0, estimatedInputTokens: 0, usedInputTokens: 0, inputErrorTokens: 0, estimatedOutputTokens: 0, usedOutputTokens: 0, outputErrorTokens: 0,
};

/** Adds up the sums of two sets of attempts. */
export function addEstimateErrors(a: EstimateErrorSums, b: EstimateErrorSums): EstimateErrorSums {
  return {
    requests: a.requests + b.requests, covered: a.covered + b.covered,
    estimatedInputTokens: a.estimatedInputTokens + b.estimatedInputTokens, usedInputTokens: a.usedInputTokens + b.usedInputTokens, inputErrorTokens: a.inputErrorTokens + b.inputErrorTokens,
    estimatedOutputTokens: a.estimatedOutputTokens + b.estimatedOutputTokens, usedOutputTokens: a.usedOutputTokens + b.usedOutputTokens, outputErrorTokens: a.outputErrorTokens + b.outputErrorTokens,
  };
}

/** What the sums say. */
export function estimateErrorView(sums: EstimateErrorSums): EstimateErrorView {
  const { requests } = sums;
  if (!(requests >= attemptsMin)) return { requests };
  const input = share(sums.inputErrorTokens, sums.usedInputTokens);
  const output = share(sums.outputErrorTokens, sums.usedOutputTokens);
  const covered = share(Math.min(sums.covered, requests), requests);
  return {
    requests,
    ...(covered === undefined ? {} : { coveredShare: covered }),
    ...(input === undefined ? {} : { meanInputErrorShare: input }),
    ...(output === undefined ? {} : { meanOutputErrorShare: output }),
  };
}

function share(part: number, whole: number): number | undefined {
  return whole > 0 && part >= 0 && Number.isFinite(part / whole) ? part / whole : undefined;
}

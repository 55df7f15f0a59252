// Sums of how good estimates were, one measured attempt after the other, for tests: the ledger keeps them in
// its rollups. An attempt counts as covered when neither its input nor its output was more than was held for.
import { addEstimateErrors } from '../../src/domain/estimateError.ts';
import type { EstimateErrorSums } from '../../src/domain/estimateError.ts';
import type { TokenEstimate } from '../../src/domain/estimator.ts';

/** Adds one measured attempt. */
export function withAttempt(sums: EstimateErrorSums, estimate: TokenEstimate, used: { readonly inputTokens: number; readonly outputTokens: number }): EstimateErrorSums {
  return addEstimateErrors(sums, {
    requests: 1, covered: used.inputTokens <= estimate.holdInputTokens && used.outputTokens <= estimate.outputTokens ? 1 : 0,
    estimatedInputTokens: estimate.inputTokens, usedInputTokens: used.inputTokens, inputErrorTokens: Math.abs(estimate.inputTokens - used.inputTokens),
    estimatedOutputTokens: estimate.likelyOutputTokens, usedOutputTokens: used.outputTokens, outputErrorTokens: Math.abs(estimate.likelyOutputTokens - used.outputTokens),
  });
}

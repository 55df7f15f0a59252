// The measured error of estimates: sums, and the shares that they come to.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { attemptsMin, estimateErrorView, noEstimateErrors } from '../../src/domain/estimateError.ts';
import type { EstimateErrorSums } from '../../src/domain/estimateError.ts';
import { withAttempt } from '../support/attemptSums.ts';

const estimate = { inputTokens: 1000, certainInputTokens: 300, holdInputTokens: 1200, outputTokens: 800, likelyOutputTokens: 200 };

function sumsOf(used: readonly (readonly [number, number])[]): EstimateErrorSums {
  return used.reduce((sums, [inputTokens, outputTokens]) => withAttempt(sums, estimate, { inputTokens, outputTokens }), noEstimateErrors);
}

describe('the error of estimates', () => {
  it('says by how much likely sizes were off, and how many attempts their holds covered', () => {
    const used = Array.from({ length: 20 }, (_, index): [number, number] => (index === 0 ? [1000, 801] : index === 1 ? [1201, 100] : [900, 250]));
    const sums = sumsOf(used);
    assert.deepEqual(sums, { requests: 20, covered: 18, estimatedInputTokens: 20_000, usedInputTokens: 18_401, inputErrorTokens: 2001, estimatedOutputTokens: 4000, usedOutputTokens: 5401, outputErrorTokens: 1601 });
    const view = estimateErrorView(sums);
    assert.deepEqual(view, { requests: 20, coveredShare: 0.9, meanInputErrorShare: 2001 / 18_401, meanOutputErrorShare: 1601 / 5401 });
  });

  it('says nothing of what it knows too little about', () => {
    assert.deepEqual(estimateErrorView(noEstimateErrors), { requests: 0 });
    assert.deepEqual(estimateErrorView(sumsOf(Array.from({ length: attemptsMin - 1 }, () => [900, 90]))), { requests: attemptsMin - 1 });
    const silent = estimateErrorView(sumsOf(Array.from({ length: 25 }, () => [900, 0])));
    assert.deepEqual(silent, { requests: 25, coveredShare: 1, meanInputErrorShare: 100 / 900 });
  });

  it('never makes a number of nothing, whatever the sums say', () => {
    const any = fc.oneof(fc.nat(), fc.constantFrom(NaN, -5, Infinity, 0));
    fc.assert(fc.property(fc.record({ requests: any, covered: any, estimatedInputTokens: any, usedInputTokens: any, inputErrorTokens: any, estimatedOutputTokens: any, usedOutputTokens: any, outputErrorTokens: any }), (sums) => {
      const { requests: _, ...shares } = estimateErrorView(sums);
      for (const share of Object.values(shares)) assert.ok(Number.isFinite(share) && share >= 0);
    }));
  });
});

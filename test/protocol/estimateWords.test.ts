// How good estimates were, as one sentence that claims nothing that is not known.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { attemptsMin, estimateErrorView } from '../../src/domain/estimateError.ts';
import { estimateErrorText } from '../../src/protocol/estimateWords.ts';

describe('estimates in words', () => {
  it('tell how often holds were enough, and how far off likely sizes were, as far as that is known', () => {
    const known = { requests: 20, coveredShare: 0.9, meanInputErrorShare: 0.109, meanOutputErrorShare: 0.296 };
    assert.equal(estimateErrorText(known, 'en'), 'Holds covered 90 % of 20 measured requests; on average the likely size missed the input by 11 % and the output by 30 %.');
    assert.equal(estimateErrorText({ requests: 25, coveredShare: 1, meanInputErrorShare: 1.109 }, 'en'), 'Holds covered 100 % of 25 measured requests; on average the likely size missed the input by 111 %.');
    assert.equal(estimateErrorText({ requests: 25, coveredShare: 1, meanOutputErrorShare: 0.1 }, 'en'), 'Holds covered 100 % of 25 measured requests; on average the likely size missed the output by 10 %.');
    assert.equal(estimateErrorText({ requests: 0 }, 'en'), 'No request has been measured yet, so it cannot be said how good estimates are.');
    assert.equal(estimateErrorText({ requests: 1 }, 'en'), `Only 1 of the ${attemptsMin} requests that it takes to judge estimates has been measured.`);
    assert.equal(estimateErrorText({ requests: 7 }, 'en'), `Only 7 of the ${attemptsMin} requests that it takes to judge estimates have been measured.`);
  });

  it('do not claim that all were covered when one was not', () => {
    assert.equal(estimateErrorText({ requests: 1000, coveredShare: 0.999 }, 'en'), 'Holds covered 99 % of 1,000 measured requests.');
  });

  it('never make a number of nothing, whatever the sums say', () => {
    const any = fc.oneof(fc.nat(), fc.constantFrom(NaN, -5, Infinity, 0));
    fc.assert(fc.property(fc.record({ requests: any, covered: any, estimatedInputTokens: any, usedInputTokens: any, inputErrorTokens: any, estimatedOutputTokens: any, usedOutputTokens: any, outputErrorTokens: any }), (sums) => {
      assert.doesNotMatch(estimateErrorText(estimateErrorView({ ...sums, requests: 50 }), 'en'), /NaN|Infinity|undefined/);
    }));
  });
});

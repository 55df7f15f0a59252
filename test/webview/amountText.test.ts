// Amounts, shares and tokens as the page words them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { noTokens } from '../../src/domain/tokenUsage.ts';
import { costText, creditsText, isCostKnown, percentText, requestsText, signedCredits, tokensLine } from '../../src/webview/amountText.ts';

describe('amount text', () => {
  it('never shows a small cost as nothing, and marks estimates', () => {
    assert.equal(creditsText(3_372_760, 'en'), '3.37');
    assert.equal(creditsText(1, 'en'), '< 0.01');
    assert.equal(creditsText(0, 'en'), '0.00');
    assert.equal(creditsText(418_800, 'en', true), '≈ 0.42');
    assert.equal(creditsText(0, 'en', true), '0.00');
  });

  it('signs ledger movements with a true minus and a plus', () => {
    assert.equal(signedCredits(-3_372_760, 'en'), '−3.3728');
    assert.equal(signedCredits(250_000_000, 'en'), '+250.0000');
    assert.equal(signedCredits(0, 'en'), '0.0000');
  });

  it('calls a share 0 or 100 % only when it is', () => {
    assert.equal(percentText(0.38), '38 %');
    assert.equal(percentText(0.004), '< 1 %');
    assert.equal(percentText(0.996), '> 99 %');
    fc.assert(fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
      const text = percentText(share);
      return (text !== '0 %' || share === 0) && (text !== '100 %' || share === 1);
    }));
  });

  it('sums up tokens and requests', () => {
    assert.equal(tokensLine({ ...noTokens, inputTokens: 148_212, cachedInputTokens: 121_344, outputTokens: 6_904 }, 'en'), '148.2 k in (82 % cached) · 6,904 out');
    assert.equal(tokensLine(noTokens, 'en'), '0 in · 0 out');
    assert.equal(requestsText(1, 'en'), '1 request');
  });

  it('tells what cost nothing from what has no price', () => {
    assert.equal(costText({ costMicroCredits: 0, unpriced: 0, estimated: 0 }, 'en'), '0.00');
    assert.equal(costText({ costMicroCredits: 0, unpriced: 2, estimated: 0 }, 'en'), '—');
    assert.equal(costText({ costMicroCredits: 5_000_000, unpriced: 2, estimated: 1 }, 'en'), '≈ 5.00');
    assert.equal(isCostKnown({ costMicroCredits: 0, unpriced: 1 }), false);
  });
});

// Charges, computed by hand from OpenAI's price list (25 credits are a dollar), and what must hold
// for any price.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { chargeFor, costOfTerms, formulaText, priceTier } from '../../src/domain/pricing.ts';
import type { ModelPrice, Rates } from '../../src/domain/pricing.ts';
import { noTokens } from '../../src/domain/tokenUsage.ts';
import type { TokenUsage } from '../../src/domain/tokenUsage.ts';

/** US dollars per million tokens in microcredits per million. */
const usd = (input: number, cachedInput: number, cacheWrite: number, output: number): Rates =>
  ({ input: input * 25e6, cachedInput: cachedInput * 25e6, cacheWrite: cacheWrite * 25e6, output: output * 25e6 });
const gpt55: ModelPrice = { model: 'gpt-5.5', version: 't', rates: usd(5, 0.5, 5, 30), long: { aboveInputTokens: 272_000, rates: usd(10, 1, 10, 45) }, fast: { numerator: 5, denominator: 2 } };
const sol: ModelPrice = { model: 'gpt-6-sol', version: 't', rates: usd(2, 0.2, 2.5, 10), long: { aboveInputTokens: 272_000, rates: usd(4, 0.4, 2.5, 15) } };
const nano: ModelPrice = { model: 'gpt-5-nano', version: 't', rates: usd(0.05, 0.005, 0.05, 0.4) };

const cost = (usage: Partial<TokenUsage>, price: ModelPrice, tier: 'standard' | 'fast' | 'flex' = 'standard') => chargeFor({ ...noTokens, ...usage }, price, tier).costMicroCredits;

describe('charges', () => {
  it('charge plain input and output', () => {
    assert.equal(cost({ inputTokens: 100_000 }, gpt55), 12_500_000);
    assert.equal(cost({ inputTokens: 10_000, outputTokens: 1_000 }, gpt55), 1_250_000 + 750_000);
    assert.equal(cost({}, gpt55), 0);
  });

  it('take cached and cache-write tokens out of the input first; reasoning is inside the output', () => {
    // 6,000 fresh at 50, 3,000 cached at 5, 1,000 written at 62.5, 500 out at 250 µcr a token.
    assert.equal(cost({ inputTokens: 10_000, cachedInputTokens: 3_000, cacheWriteTokens: 1_000, outputTokens: 500, reasoningTokens: 400 }, sol), 300_000 + 15_000 + 62_500 + 125_000);
  });

  it('hold exactly 272,000 tokens for short and one more for long, for the whole request', () => {
    assert.equal(cost({ inputTokens: 272_000, outputTokens: 100 }, sol), 272_000 * 50 + 25_000);
    assert.equal(cost({ inputTokens: 272_001, outputTokens: 100 }, sol), 272_001 * 100 + 37_500);
    assert.equal(cost({ inputTokens: 272_001, cachedInputTokens: 272_000 }, sol), 100 + 272_000 * 10);
    assert.equal(cost({ inputTokens: 272_001 }, nano), 340_001);
  });

  it('multiply for fast, by 2 or by what the price says, and halve for flex', () => {
    assert.equal(cost({ inputTokens: 1000, outputTokens: 100 }, sol, 'fast'), 2 * (50_000 + 25_000));
    assert.equal(cost({ inputTokens: 1000, outputTokens: 100 }, gpt55, 'fast'), 2.5 * (125_000 + 75_000));
    assert.equal(cost({ inputTokens: 1000, outputTokens: 100 }, gpt55, 'flex'), (125_000 + 75_000) / 2);
    assert.equal(cost({ inputTokens: 272_001 }, gpt55, 'flex'), 34_000_125);
  });

  it('round once at the end, half up', () => {
    // A nano token costs 1.25 in, 0.125 cached and 10 out.
    assert.deepEqual([1, 2, 3, 4].map((inputTokens) => cost({ inputTokens }, nano)), [1, 3, 4, 5]);
    assert.equal(cost({ inputTokens: 4, cachedInputTokens: 4 }, nano), 1);
    assert.equal(cost({ inputTokens: 3, cachedInputTokens: 3 }, nano), 0);
    // 1.25 + 0.25 is 1.5 and becomes 2; rounded one by one it would be 1.
    assert.equal(cost({ inputTokens: 3, cachedInputTokens: 2 }, nano), 2);
    assert.equal(cost({ inputTokens: 1 }, nano, 'flex'), 1);
  });

  it('never grow smaller with more tokens', () => {
    const tokens = fc.integer({ min: 0, max: 300_000 });
    fc.assert(fc.property(tokens, tokens, fc.integer({ min: 0, max: 1000 }), fc.constantFrom('standard', 'fast', 'flex'), fc.constantFrom(gpt55, sol, nano), (input, output, more, tier, price) => {
      const base = { inputTokens: input, outputTokens: output };
      assert.ok(cost({ ...base, inputTokens: input + more }, price, tier) >= cost(base, price, tier));
      assert.ok(cost({ ...base, outputTokens: output + more }, price, tier) >= cost(base, price, tier));
      // A cached token is at most as dear as a fresh one.
      assert.ok(cost({ ...base, cachedInputTokens: input }, price, tier) <= cost(base, price, tier));
    }));
  });

  it('add up: two parts cost what the whole costs, to one microcredit', () => {
    const tokens = fc.integer({ min: 0, max: 130_000 });
    fc.assert(fc.property(tokens, tokens, tokens, tokens, (a, b, c, d) => {
      const parts = cost({ inputTokens: a, outputTokens: b }, nano) + cost({ inputTokens: c, outputTokens: d }, nano);
      assert.ok(Math.abs(parts - cost({ inputTokens: a + c, outputTokens: b + d }, nano)) <= 1);
    }));
  });

  it('are no exact integers any more beyond what a double holds, and say so', () => {
    assert.throws(() => cost({ inputTokens: Number.MAX_SAFE_INTEGER }, gpt55), /charge/);
  });

  it('read the tier from the API\'s words; unknown ones are standard', () => {
    assert.deepEqual(['priority', 'fast', 'flex', 'batch', 'default', 'auto', 'FLEX', 'scale', undefined].map(priceTier), ['fast', 'fast', 'flex', 'flex', 'standard', 'standard', 'standard', 'standard', 'standard']);
  });
});

describe('the formula of a charge', () => {
  it('names every term with its multiplier, and the sum', () => {
    const { terms, costMicroCredits } = chargeFor({ ...noTokens, inputTokens: 1000, cachedInputTokens: 400, outputTokens: 10 }, gpt55, 'fast');
    assert.equal(formulaText(terms, costMicroCredits), '(600 input × 125 × 5/2 + 400 cached input × 12.5 × 5/2 + 10 output × 750 × 5/2) ÷ 1,000,000 = 0.21875 credits');
    assert.equal(costOfTerms(terms), 218_750);
    assert.equal(formulaText(chargeFor({ ...noTokens, outputTokens: 3 }, sol, 'fast').terms, 1500), '(3 output × 250 × 2) ÷ 1,000,000 = 0.0015 credits');
    assert.equal(formulaText([], 0), 'no tokens = 0 credits');
    assert.equal(costOfTerms([]), 0);
  });
});

// Amounts: exact arithmetic, what people type, and what they read.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { divideHalfUp, formatCredits, formatPercent, formatShare, formatTokens, formatUsd, parseCredits, parseUsd, safeInteger, sum } from '../../src/domain/units.ts';

describe('exact amounts', () => {
  it('refuses what a double cannot hold exactly', () => {
    assert.equal(safeInteger(Number.MAX_SAFE_INTEGER, 'x'), 9007199254740991);
    for (const bad of [0.5, NaN, Infinity, 2 ** 53]) assert.throws(() => safeInteger(bad, 'the price'), /the price is not an exact integer/);
    assert.throws(() => sum([2 ** 53 - 1, 1]), RangeError);
    assert.equal(sum([]), 0);
    assert.equal(sum([1, -3, 5]), 3);
  });

  it('rounds once, half up', () => {
    const rows: [bigint, bigint, number][] = [[0n, 3n, 0], [1n, 3n, 0], [1n, 2n, 1], [2n, 3n, 1], [3n, 2n, 2], [5n, 2n, 3], [999_999n, 2_000_000n, 0], [1_000_000n, 2_000_000n, 1]];
    for (const [top, bottom, expected] of rows) assert.equal(divideHalfUp(top, bottom, 'x'), expected, `${top}/${bottom}`);
    for (const [top, bottom] of [[-1n, 2n], [1n, 0n], [1n, -2n]] as const) assert.throws(() => divideHalfUp(top, bottom, 'x'), RangeError);
    assert.throws(() => divideHalfUp(10n ** 20n, 1n, 'the cost'), /the cost/);
  });

  it('is never further than half a unit from the exact quotient', () => {
    fc.assert(fc.property(fc.bigInt(0n, 10n ** 14n), fc.bigInt(1n, 10n ** 7n), (top, bottom) => {
      const off = BigInt(divideHalfUp(top, bottom, 'x')) * bottom - top;
      assert.ok(2n * off <= bottom && 2n * off > -bottom);
    }));
  });
});

describe('amounts as people type them', () => {
  it('reads credits with at most six decimals', () => {
    const rows: [string, number | undefined][] = [['25', 25_000_000], ['0.5', 500_000], [' 7.25 ', 7_250_000], ['0.000001', 1], ['999999999.999999', 999_999_999_999_999], ['0', 0],
      ['', undefined], ['-1', undefined], ['+1', undefined], ['1e3', undefined], ['0x10', undefined], ['1,000', undefined], ['.5', undefined], ['5.', undefined], ['0.0000001', undefined], ['1234567890', undefined],
      ['١٢', undefined], ['1 000', undefined], ['NaN', undefined], ['Infinity', undefined]];
    for (const [text, expected] of rows) assert.equal(parseCredits(text), expected, JSON.stringify(text));
  });

  it('reads dollars with at most two decimals; one dollar is 25 credits', () => {
    const rows: [string, number | undefined][] = [['40', 1_000_000_000], ['0.01', 250_000], ['19.9', 497_500_000], ['0', 0], ['1.005', undefined], ['$5', undefined], ['-1', undefined], ['12345678', undefined], ['9999999.99', 249_999_999_750_000]];
    for (const [text, expected] of rows) assert.equal(parseUsd(text), expected, text);
  });

  it('reads back what it wrote', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 999_999_999_999_999 }), (micro) => {
      assert.equal(parseCredits(formatCredits(micro, 6).replaceAll(',', '')), micro);
    }));
  });
});

describe('amounts as people read them', () => {
  it('writes credits with the decimals asked for and a true minus sign', () => {
    assert.deepEqual([0, 1_234_567_890, -500_000, 5000, 4999].map((micro) => formatCredits(micro)), ['0.00', '1,234.57', '−0.50', '0.01', '0.00']);
    assert.deepEqual([formatCredits(123_456, 6), formatCredits(123_456, 4), formatCredits(1_234_500_000, 2, 'de')], ['0.123456', '0.1235', '1.234,50']);
    assert.deepEqual([-4999, -5000, -1, 0].map((micro) => formatCredits(micro)), ['0.00', '−0.01', '0.00', '0.00']);
    assert.equal(formatCredits(-1, 6), '−0.000001');
  });

  it('writes dollars, and never a positive amount as nothing', () => {
    assert.deepEqual([0, 25_000_000, 250_000, 249_999, 1, -25_000_000].map((micro) => formatUsd(micro)), ['$0.00', '$1.00', '$0.01', '< $0.01', '< $0.01', '−$1.00']);
    assert.equal(formatUsd(2500, 4), '$0.0001');
    assert.equal(formatUsd(-1), '> −$0.01');
  });

  it('writes shares in whole percent, and calls none empty or full that is not', () => {
    assert.deepEqual([0, 0.004, 0.38, 0.996, 1, 3].map((share) => formatShare(share)), ['0 %', '< 1 %', '38 %', '> 99 %', '100 %', '100 %']);
    assert.deepEqual([formatShare(0.38, 'de'), formatPercent(2.5, 'de')], ['38\u00a0%', '250\u00a0%']);
  });

  it('writes tokens shorter as they grow', () => {
    assert.deepEqual([0, 6904, 9999, 10_000, 33_940, 999_949, 999_950, 1_240_000].map((tokens) => formatTokens(tokens)), ['0', '6,904', '9,999', '10.0 k', '33.9 k', '999.9 k', '1.00 M', '1.24 M']);
    assert.deepEqual([6904, 33_940, 1_240_000].map((tokens) => formatTokens(tokens, 'de')), ['6.904', '33.940', '1,24\u00a0Mio.'], 'as German shortens numbers');
    assert.deepEqual([33_940, 1_240_000].map((tokens) => formatTokens(tokens, 'fr')), ['33,9\u00a0k', '1,24\u00a0M']);
  });
});

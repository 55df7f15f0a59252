// Proves that limit headers are read as OpenAI, proxies and confused servers write them, and that
// nothing in them can make the reader throw or believe an absurd figure.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { amountMax, parseAmount, parseDuration, parseRetryAfter, readRateLimits, resetMsMax, retryAfterMsMax } from '../../src/protocol/rateLimitHeaders.ts';

const nowMs = Date.UTC(2026, 10, 22, 12, 0, 0);
const headers = (all: Record<string, string>) => (name: string) => all[name];

describe('rate limit headers', () => {
  it('reads durations', () => {
    const expected: Record<string, number | undefined> = {
      '120ms': 120, '1s': 1000, '8.64s': 8640, '6m0s': 360_000, '1h2m3.5s': 3_723_500, '1d': 86_400_000, '0s': 0, '0.5ms': 1, ' 2s ': 2000,
      '': undefined, '1e9s': undefined, '-1s': undefined, '5': undefined, '1 s': undefined, 's': undefined, '1x': undefined, 'Infinity': undefined,
    };
    for (const [text, ms] of Object.entries(expected)) assert.equal(parseDuration(text), ms, text);
  });

  it('reads amounts with and without thousands separators', () => {
    const expected: Record<string, number | undefined> = {
      '60': 60, '30,000': 30_000, '1,234,567': 1_234_567, '0': 0,
      '1,2': undefined, '-1': undefined, '1.5': undefined, '1e3': undefined, '': undefined, 'NaN': undefined, '9999999999999999': amountMax,
    };
    for (const [text, amount] of Object.entries(expected)) assert.equal(parseAmount(text), amount, text);
  });

  it('reads every form of retry-after and prefers milliseconds', () => {
    const at = (all: Record<string, string>) => parseRetryAfter(headers(all), nowMs);
    assert.equal(at({ 'retry-after': '2' }), 2000);
    assert.equal(at({ 'retry-after': '1.3' }), 1300);
    assert.equal(at({ 'retry-after': 'Sun, 22 Nov 2026 12:00:30 GMT' }), 30_000);
    assert.equal(at({ 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }), 0, 'a moment that has passed');
    assert.equal(at({ 'retry-after': '2', 'retry-after-ms': '700' }), 700);
    assert.equal(at({ 'retry-after': '99999999' }), retryAfterMsMax);
    assert.equal(at({ 'retry-after': 'Sun, 22 Nov 2099 11:00:00 GMT' }), retryAfterMsMax);
    for (const garbage of ['soon', '-5', '', '1e9', '22 Nov 2026', 'Sun, 99 Xxx']) assert.equal(at({ 'retry-after': garbage }), undefined, garbage);
  });

  it('reads a whole answer and leaves out what it does not understand', () => {
    assert.deepEqual(readRateLimits(headers({
      'x-ratelimit-limit-requests': '500', 'x-ratelimit-remaining-requests': '499', 'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-limit-tokens': '30,000', 'x-ratelimit-remaining-tokens': 'many', 'x-ratelimit-reset-tokens': '9999h',
    }), nowMs), { requests: { limit: 500, remaining: 499, resetMs: 120 }, tokens: { limit: 30_000, resetMs: resetMsMax } });
    assert.deepEqual(readRateLimits(headers({}), nowMs), {});
    assert.deepEqual(readRateLimits(headers({ 'x-ratelimit-limit-requests': '0' }), nowMs).requests?.limit, undefined, 'a limit of 0 is no limit');
  });

  it('keeps limits on images that are made apart from those on images that are brought along', () => {
    // As OpenAI answered a request with one image in July 2025.
    const recorded = { 'x-ratelimit-limit-input-images': '50000', 'x-ratelimit-remaining-input-images': '49999', 'x-ratelimit-reset-input-images': '1ms' };
    assert.deepEqual(readRateLimits(headers(recorded), nowMs), { images: { limit: 50_000, remaining: 49_999, resetMs: 1 } });
    assert.deepEqual(readRateLimits(headers({ 'x-ratelimit-limit-images': '5', 'x-ratelimit-remaining-images': '4' }), nowMs), { madeImages: { limit: 5, remaining: 4 } });
    const both = readRateLimits(headers({ ...recorded, 'x-ratelimit-limit-images': '5' }), nowMs);
    assert.deepEqual([both.images?.limit, both.madeImages?.limit], [50_000, 5]);
  });

  it('gives only believable figures for any header text', () => {
    const value = fc.oneof(fc.string(), fc.stringMatching(/^[\d,.]{0,20}(ms|s|m|h|d)?$/));
    fc.assert(fc.property(value, value, value, value, (limit, remaining, reset, retry) => {
      const seen = readRateLimits(headers({
        'x-ratelimit-limit-tokens': limit, 'x-ratelimit-remaining-tokens': remaining, 'x-ratelimit-reset-tokens': reset, 'retry-after': retry, 'retry-after-ms': reset,
      }), nowMs);
      const within = (figure: number | undefined, max: number) => figure === undefined || (Number.isSafeInteger(figure) && figure >= 0 && figure <= max);
      assert.ok(within(seen.tokens?.limit, amountMax) && within(seen.tokens?.remaining, amountMax));
      assert.ok(within(seen.tokens?.resetMs, resetMsMax) && within(seen.retryAfterMs, retryAfterMsMax));
    }));
  });
});

// Limits per minute as continuous buckets, on a clock in the test's hands.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RateLimits } from '../../src/sandbox/rateLimits.ts';
import { durationText, throttledAnswer, tooLargeAnswer } from '../../src/sandbox/rateLimitAnswer.ts';

const limits = (requestsPerMinute: number, tokensPerMinute: number) => new RateLimits(() => ({ requestsPerMinute, tokensPerMinute }));

describe('rate limits', function () {
  this.timeout(30_000);

  it('admits a minute\'s requests at once, then one whenever a whole one has flowed back', () => {
    const buckets = limits(60, 1_000_000);
    for (let request = 0; request < 60; request++) assert.equal(buckets.admit('m', 1, 0).outcome, 'admitted');
    const refused = buckets.admit('m', 1, 0);
    assert.ok(refused.outcome === 'throttled');
    assert.deepEqual([refused.measure, refused.limit, refused.used, refused.requested, refused.waitMs], ['requests', 60, 60, 1, 1000]);
    assert.equal(buckets.admit('m', 1, 999).outcome, 'throttled');
    assert.equal(buckets.admit('m', 1, 1000).outcome, 'admitted');
  });

  it('takes nothing for a refused request, not even from the other bucket', () => {
    const buckets = limits(10, 100);
    assert.equal(buckets.admit('m', 90, 0).outcome, 'admitted');
    for (let attempt = 0; attempt < 50; attempt++) assert.equal(buckets.admit('m', 20, 0).outcome, 'throttled');
    const reading = buckets.read('m', 0);
    assert.equal(reading.requests.remaining, 9);
    assert.equal(reading.tokens.remaining, 10);
  });

  it('admits exactly at the time that a refusal names and not before', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 900_000 }), fc.array(fc.integer({ min: 1, max: 900_000 }), { maxLength: 20 }), (rpm, tpm, sizes) => {
      const buckets = limits(rpm, tpm);
      let now = 0;
      for (const size of sizes) {
        const tokens = Math.min(size, tpm);
        const first = buckets.admit('m', tokens, now);
        if (first.outcome !== 'throttled') continue;
        assert.equal(buckets.admit('m', tokens, now + first.waitMs - 1).outcome, 'throttled');
        now += first.waitMs;
        assert.equal(buckets.admit('m', tokens, now).outcome, 'admitted');
      }
    }));
  });

  it('never admits more over any stretch of time than the limit and what flowed back', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 600 }), fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 400 })), { maxLength: 200 }), (rpm, steps) => {
      const buckets = limits(rpm, 1000);
      let now = 0;
      let requests = 0;
      let tokens = 0;
      for (const [elapsed, size] of steps) {
        now += elapsed;
        if (buckets.admit('m', size, now).outcome !== 'admitted') continue;
        requests++;
        tokens += size;
        assert.ok(requests <= rpm + (now * rpm) / 60_000);
        assert.ok(tokens <= 1000 + (now * 1000) / 60_000);
      }
    }));
  });

  it('counts output after the end, into debt if need be, and gives back what was reserved in vain', () => {
    const buckets = limits(100, 1000);
    buckets.admit('m', 500, 0);
    buckets.settle('m', 500, 1300, 0);
    assert.equal(buckets.read('m', 0).tokens.remaining, 0);
    const refused = buckets.admit('m', 1, 0);
    assert.ok(refused.outcome === 'throttled');
    assert.equal(refused.used, 1300);
    assert.equal(refused.waitMs, Math.ceil((301 * 60_000) / 1000));
    const other = limits(100, 1000);
    other.admit('m', 900, 0);
    other.settle('m', 900, 100, 0);
    assert.equal(other.read('m', 0).tokens.remaining, 900);
  });

  it('refuses for good what is larger than a whole minute, and keeps models apart', () => {
    const buckets = new RateLimits((model) => ({ requestsPerMinute: model === 'small' ? 1 : 100, tokensPerMinute: 1000 }));
    assert.equal(buckets.admit('m', 1001, 0).outcome, 'too-large');
    assert.equal(buckets.admit('small', 1, 0).outcome, 'admitted');
    assert.equal(buckets.admit('small', 1, 0).outcome, 'throttled');
    assert.equal(buckets.admit('m', 1, 0).outcome, 'admitted');
  });

  it('refills nothing when the clock goes back', () => {
    const buckets = limits(1, 1000);
    buckets.admit('m', 1, 1_000_000);
    assert.equal(buckets.admit('m', 1, 0).outcome, 'throttled');
    assert.equal(buckets.admit('m', 1, 59_999).outcome, 'throttled');
    assert.equal(buckets.admit('m', 1, 60_000).outcome, 'admitted');
  });
});

describe('limits on the wire', () => {
  it('writes durations as OpenAI does', () => {
    const texts: [number, string][] = [[0, '0ms'], [120, '120ms'], [1000, '1s'], [8640, '8.64s'], [14_036, '14.036s'], [360_000, '6m0s'], [61_500, '1m1.5s'], [3_600_000, '1h0m0s']];
    for (const [ms, text] of texts) assert.equal(durationText(ms), text);
  });

  it('words a throttling 429 like OpenAI, with both retry headers', () => {
    const buckets = limits(60, 1000);
    for (let request = 0; request < 60; request++) buckets.admit('gpt-5.5', 1, 0);
    const refused = buckets.admit('gpt-5.5', 1, 300);
    assert.ok(refused.outcome === 'throttled');
    const answer = throttledAnswer('gpt-5.5', refused);
    const { error } = JSON.parse(answer.body) as { error: { message: string; type: string; code: string } };
    assert.equal(answer.status, 429);
    assert.deepEqual([error.type, error.code], ['requests', 'rate_limit_exceeded']);
    assert.match(error.message, /^Rate limit reached for gpt-5\.5 .*: Limit 60, Used 60, Requested 1\. Please try again in 700ms\. /);
    assert.equal(answer.headers['retry-after'], '1');
    assert.equal(answer.headers['retry-after-ms'], '700');
    assert.equal(answer.headers['x-ratelimit-remaining-requests'], '0');
  });

  it('tells a request that never fits to be smaller, without a time to come back', () => {
    const refused = limits(60, 1000).admit('gpt-5.5', 4000, 0);
    assert.ok(refused.outcome === 'too-large');
    const answer = tooLargeAnswer('gpt-5.5', refused);
    assert.match(answer.body, /Request too large for gpt-5\.5 .* Limit 1000, Requested 4000\./);
    assert.equal(answer.headers['retry-after'], undefined);
  });
});

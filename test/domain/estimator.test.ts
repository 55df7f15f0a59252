// Estimates: cautious before anything was learned, close after it, and never led astray for good.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Estimator } from '../../src/domain/estimator.ts';

describe('the estimator', () => {
  it('does not learn from a tiny request that a token has many bytes', () => {
    const estimator = new Estimator();
    estimator.learn('m', 90, 3, 29);
    assert.ok(estimator.estimate({ model: 'm', bodyBytes: 4_000_000 }).holdInputTokens >= 4_000_000 / 6);
  });

  it('is cautious with a model that it does not know', () => {
    const estimator = new Estimator();
    assert.deepEqual(estimator.estimate({ model: 'm', bodyBytes: 3001 }), { inputTokens: 1001, certainInputTokens: 500, holdInputTokens: 1001, outputTokens: 4096 });
    assert.equal(estimator.estimate({ model: 'm', bodyBytes: 3000, maxOutputTokens: 50 }).outputTokens, 50);
    assert.equal(estimator.estimate({ model: 'm', bodyBytes: 3000, maxOutputTokens: 90_000 }).outputTokens, 4096);
  });

  it('learns the size of input at once and holds a margin on it', () => {
    const estimator = new Estimator();
    estimator.learn('m', 4000, 1000, 300);
    const { inputTokens, holdInputTokens, outputTokens } = estimator.estimate({ model: 'm', bodyBytes: 8000 });
    assert.deepEqual([inputTokens, holdInputTokens], [2000, 2300]);
    assert.equal(outputTokens, 2048, 'one answer is not enough to go by');
    assert.equal(estimator.estimate({ model: 'other', bodyBytes: 3000 }).inputTokens, 1000);
  });

  it('believes more tokens per byte at once and fewer slowly', () => {
    const estimator = new Estimator();
    estimator.learn('m', 4000, 1000, 1);
    estimator.learn('m', 2000, 1000, 1);
    assert.equal(estimator.estimate({ model: 'm', bodyBytes: 2000 }).inputTokens, 1000);
    estimator.learn('m', 4000, 1000, 1);
    assert.equal(estimator.estimate({ model: 'm', bodyBytes: 2200 }).inputTokens, 1000);
  });

  it('takes the 95th percentile of the last 64 answers, and never less than a little', () => {
    const estimator = new Estimator();
    for (let answer = 1; answer <= 100; answer += 1) estimator.learn('m', 300, 100, answer * 10);
    // The last 64 are 370 to 1,000; their 61st is 970.
    assert.equal(estimator.estimate({ model: 'm', bodyBytes: 300 }).outputTokens, 970);
    for (let answer = 0; answer < 64; answer += 1) estimator.learn('m', 300, 100, 3);
    assert.equal(estimator.estimate({ model: 'm', bodyBytes: 300 }).outputTokens, 256);
  });

  it('is not led astray by a short request that stands for a long conversation', () => {
    const estimator = new Estimator();
    estimator.learn('m', 200, 150_000, 10);
    const { inputTokens, certainInputTokens } = estimator.estimate({ model: 'm', bodyBytes: 60_000 });
    assert.ok(inputTokens <= 60_000, `${inputTokens}`);
    assert.ok(certainInputTokens <= 10_000, `${certainInputTokens}`);
    estimator.learn('m', 0, 5, 5);
    estimator.learn('m', 5, 0, 5);
    assert.equal(estimator.estimate({ model: 'm', bodyBytes: 60_000 }).inputTokens, inputTokens);
  });

  it('never calls more certain than the likely size, whatever it learned', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 1_000_000 })), { maxLength: 10 }), fc.integer({ min: 1, max: 64_000_000 }), (learned, bodyBytes) => {
      const estimator = new Estimator();
      for (const [bytes, tokens] of learned) estimator.learn('m', bytes, tokens, 5);
      const estimate = estimator.estimate({ model: 'm', bodyBytes });
      assert.ok(estimate.certainInputTokens <= estimate.inputTokens && estimate.inputTokens <= estimate.holdInputTokens);
      assert.ok(estimate.certainInputTokens <= bodyBytes / 6);
      assert.ok(Object.values(estimate).every(Number.isSafeInteger));
    }));
  });

  it('remembers a bounded number of models', () => {
    const estimator = new Estimator();
    for (let index = 0; index <= 100; index += 1) estimator.learn(`m${index}`, 600, 100, 10);
    assert.equal(estimator.estimate({ model: 'm0', bodyBytes: 600 }).inputTokens, 200, 'the oldest is forgotten');
    assert.equal(estimator.estimate({ model: 'm1', bodyBytes: 600 }).inputTokens, 100);
  });
});

// Estimates: cautious before anything was learned, close after it, and never led astray for good.
// How well holds cover is measured in `estimatorCoverage.test.ts`.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readBasis } from '../../src/domain/estimateBasis.ts';
import type { EstimateBasis } from '../../src/domain/estimateBasis.ts';
import { Estimator, groupsMax } from '../../src/domain/estimator.ts';
import type { RequestSize } from '../../src/domain/estimator.ts';

/** A request of so many guessed tokens of plain text. */
const sized = (textTokens: number, rest: Partial<RequestSize> = {}): RequestSize => ({ model: 'm', bodyBytes: textTokens * 5, textBytes: textTokens * 4, textTokens, ...rest });

function learned(size: RequestSize, times: number, inputTokens: number, outputTokens: (index: number) => number): Estimator {
  const estimator = new Estimator();
  for (let index = 0; index < times; index += 1) estimator.learn({ size, inputTokens, outputTokens: outputTokens(index) });
  return estimator;
}

describe('the estimator, of input', () => {
  it('takes the guess for a model that it does not know, with a margin, and bytes where nothing was guessed', () => {
    const estimator = new Estimator();
    assert.deepEqual(estimator.estimate(sized(1000)), { inputTokens: 1000, certainInputTokens: 500, holdInputTokens: 1250, outputTokens: 4096, likelyOutputTokens: 700 });
    const bare = estimator.estimate({ model: 'm', bodyBytes: 3001 });
    assert.deepEqual([bare.inputTokens, bare.certainInputTokens, bare.holdInputTokens], [1001, 375, 1251]);
  });

  it('learns how a model counts, for each kind, and soon', () => {
    const estimator = new Estimator();
    estimator.learn({ size: sized(8000), inputTokens: 10_000, outputTokens: 5 });
    const first = estimator.estimate(sized(8000));
    assert.ok(first.inputTokens > 9200 && first.inputTokens <= 10_000 && first.holdInputTokens >= 10_000, JSON.stringify(first));
    for (let index = 0; index < 60; index += 1) {
      estimator.learn({ size: sized(8000, { kind: 'turn' }), inputTokens: 10_000, outputTokens: 5 });
      estimator.learn({ size: sized(8000, { kind: 'compaction' }), inputTokens: 6000, outputTokens: 5 });
    }
    const [turn, compaction, other] = [{ kind: 'turn' }, { kind: 'compaction' }, { model: 'other' }].map((rest) => estimator.estimate(sized(4000, rest)));
    assert.deepEqual([turn?.inputTokens, turn?.holdInputTokens], [5000, 5250], 'all were alike, so the margin is small');
    assert.deepEqual([compaction?.inputTokens, compaction?.holdInputTokens], [3000, 3150]);
    assert.equal(other?.inputTokens, 4000);
    assert.ok(estimator.estimate(sized(4000, { kind: 'review' })).holdInputTokens >= 5000, 'a new kind begins with what the model is known for');
  });

  it('does not learn from a tiny request that a token has many bytes, or few', () => {
    for (const inputTokens of [3, 60, 3000]) {
      const estimator = learned(sized(20), 200, inputTokens, () => 29);
      const large = estimator.estimate(sized(1_000_000));
      assert.deepEqual([large.inputTokens, large.holdInputTokens], [1_000_000, 1_250_000]);
    }
    const estimator = new Estimator();
    estimator.learn({ size: { model: 'm', bodyBytes: 900 }, inputTokens: 30, outputTokens: 29 });
    assert.ok(estimator.estimate({ model: 'm', bodyBytes: 4_000_000 }).holdInputTokens >= 4_000_000 / 3);
    assert.ok(estimator.estimate({ model: 'm', bodyBytes: 4_000_000 }).inputTokens >= 4_000_000 / 4);
    estimator.learn({ size: sized(50_000), inputTokens: 100, outputTokens: 29 });
    assert.ok(estimator.estimate(sized(50_000)).holdInputTokens >= 50_000, 'nor from one odd large one, for holds');
  });

  it('is not led astray by a short request that stands for a long conversation', () => {
    const estimator = new Estimator();
    for (const continues of [true, false]) {
      estimator.learn({ size: sized(500, continues ? { continues } : {}), inputTokens: 150_000, outputTokens: 10 });
      estimator.learn({ size: sized(0), inputTokens: 5, outputTokens: 5 });
      const { inputTokens, certainInputTokens } = estimator.estimate(sized(20_000));
      assert.deepEqual([inputTokens, certainInputTokens], [20_000, 10_000]);
    }
  });

  it('never holds more tokens than the text has bytes', () => {
    const estimator = learned(sized(2000), 100, 6000, () => 1);
    const { inputTokens, holdInputTokens } = estimator.estimate({ model: 'm', bodyBytes: 9000, textBytes: 1200, textTokens: 1000 });
    assert.deepEqual([inputTokens, holdInputTokens], [1200, 1200]);
  });

  it('counts an image as an image, however many bytes it has', () => {
    const estimator = new Estimator();
    const image = { model: 'm', bodyBytes: 8_000_000, textBytes: 400, textTokens: 100, images: 1 };
    const small = estimator.estimate(image);
    assert.deepEqual([small.inputTokens, small.certainInputTokens, small.holdInputTokens], [1944, 50, 2625]);
    assert.equal(estimator.estimate({ ...image, originalImages: 1 }).holdInputTokens, 10_125);
    const sealed = estimator.estimate({ ...sized(1000), encodedBytes: 16_000 });
    assert.deepEqual([sealed.inputTokens, sealed.holdInputTokens], [4000, 4250]);
    const file = estimator.estimate({ ...sized(1000), files: 1, fileBytes: 400_000 });
    assert.deepEqual([file.inputTokens, file.holdInputTokens, file.certainInputTokens], [13_000, 45_250, 500]);
    // Pictures that cost less than they might do not teach that text is short.
    for (let index = 0; index < 100; index += 1) estimator.learn({ size: { ...sized(1000), images: 3 }, inputTokens: 2500, outputTokens: 1 });
    assert.equal(estimator.estimate(sized(1000)).inputTokens, 1000);
  });

  it('adds what an earlier response carries over: known by its id, else as it was lately', () => {
    const estimator = new Estimator();
    const size = sized(300, { continues: true, continuesId: 'resp_1' });
    const unknown = estimator.estimate(size);
    assert.deepEqual([unknown.inputTokens, unknown.holdInputTokens, unknown.certainInputTokens], [10_300, 30_375, 150]);
    estimator.learn({ size: sized(9000), inputTokens: 9000, outputTokens: 700, responseId: 'resp_1' });
    const known = estimator.estimate(size);
    assert.ok(Math.abs(known.inputTokens - 10_000) <= 1 && known.holdInputTokens <= 10_100, JSON.stringify(known));
    for (let index = 0; index < 80; index += 1) estimator.learn({ size: sized(300, { continues: true, continuesId: `lost_${index}` }), inputTokens: 50_300 + index, outputTokens: 1 });
    const usual = estimator.estimate(sized(300, { continues: true }));
    assert.ok(usual.inputTokens > 50_000 && usual.holdInputTokens < 51_000, JSON.stringify(usual));
  });
});

describe('the estimator, of output', () => {
  it('holds by the newest answers, near the 95th percentile, and never less than a little', () => {
    const estimator = learned(sized(100), 400, 100, (index) => 10 * (index * 37 % 100 + 1));
    const { outputTokens, likelyOutputTokens } = estimator.estimate(sized(100));
    assert.ok(outputTokens >= 940 && outputTokens <= 1000, `${outputTokens}`);
    assert.ok(likelyOutputTokens >= 450 && likelyOutputTokens <= 560, `${likelyOutputTokens}`);
    for (let index = 0; index < 160; index += 1) estimator.learn({ size: sized(100), inputTokens: 100, outputTokens: 3 });
    assert.deepEqual([estimator.estimate(sized(100)).outputTokens, estimator.estimate(sized(100)).likelyOutputTokens], [256, 3]);
  });

  it('goes by effort and kind, then effort, then model, then what is usual', () => {
    const estimator = new Estimator();
    for (let index = 0; index < 60; index += 1) {
      estimator.learn({ size: sized(100, { effort: 'low', kind: 'turn' }), inputTokens: 100, outputTokens: 400 });
      estimator.learn({ size: sized(100, { effort: 'high', kind: 'turn' }), inputTokens: 100, outputTokens: 9000 });
      estimator.learn({ size: sized(100, { effort: 'high', kind: 'compaction' }), inputTokens: 100, outputTokens: 2000 });
    }
    const output = (rest: Partial<RequestSize>) => estimator.estimate(sized(100, rest)).outputTokens;
    assert.deepEqual([output({ effort: 'low', kind: 'turn' }), output({ effort: 'high', kind: 'turn' }), output({ effort: 'high', kind: 'compaction' })], [400, 9000, 2000]);
    assert.equal(output({ effort: 'low', kind: 'review' }), 400, 'the effort is known');
    assert.equal(output({ effort: 'odd' }), 9000, 'the model is known');
    assert.deepEqual([output({ model: 'new' }), output({ model: 'new', effort: 'high' }), output({ model: 'new', effort: 'constructor' })], [4096, 8192, 4096]);
  });

  it('is capped by the request, and does not take a capped answer for a short one', () => {
    const capped = sized(100, { maxOutputTokens: 50 });
    assert.deepEqual(new Estimator().estimate(capped), { ...new Estimator().estimate(sized(100)), outputTokens: 50, likelyOutputTokens: 50 });
    for (const isCut of [true, false]) {
      const estimator = new Estimator();
      for (let index = 0; index < 100; index += 1) estimator.learn({ size: capped, inputTokens: 100, outputTokens: 50, isCut });
      assert.deepEqual([estimator.estimate(sized(100)).outputTokens, estimator.estimate(sized(100)).likelyOutputTokens], [4096, 700], 'nothing ended by itself');
      for (let index = 0; index < 100; index += 1) {
        estimator.learn({ size: capped, inputTokens: 100, outputTokens: 50, isCut });
        estimator.learn({ size: sized(100), inputTokens: 100, outputTokens: 3000 });
      }
      const { outputTokens, likelyOutputTokens } = estimator.estimate(sized(100));
      assert.deepEqual([outputTokens, likelyOutputTokens], [3000, 3000]);
    }
    const failing = new Estimator();
    for (let index = 0; index < 100; index += 1) failing.learn({ size: sized(100), inputTokens: 100, outputTokens: 40, isCut: true });
    assert.equal(failing.estimate(sized(100)).outputTokens, 4096, 'a filter or a failure cuts too');
    // The same answers without a cap are what they are.
    assert.equal(learned(sized(100), 200, 100, () => 300).estimate(sized(100)).outputTokens, 300);
  });
});

describe('the estimator', () => {
  const count = fc.oneof(fc.integer({ min: 0, max: 2_000_000 }), fc.constantFrom(0, -1, NaN, Infinity, 1e300, 0.5));
  const anySize: fc.Arbitrary<RequestSize> = fc.record({
    model: fc.constantFrom('m', 'n', ''), bodyBytes: count, textBytes: count, textTokens: count, kind: fc.constantFrom('turn', 'compaction'), effort: fc.constantFrom('low', 'xhigh', '__proto__'),
    images: count, originalImages: count, files: count, fileBytes: count, encodedBytes: count, continues: fc.boolean(), continuesId: fc.constantFrom('r1', 'r2'), maxOutputTokens: fc.integer({ min: 1, max: 100_000 }),
  }, { requiredKeys: ['model', 'bodyBytes'] });

  it('never throws, gives whole numbers in order, and never calls more certain than there is', () => {
    const use = fc.record({ size: anySize, inputTokens: count, outputTokens: count, isCut: fc.boolean(), responseId: fc.constantFrom('r1', 'r2') });
    fc.assert(fc.property(fc.array(use, { maxLength: 30 }), anySize, (uses, size) => {
      const estimator = new Estimator();
      for (const one of uses) estimator.learn(one);
      const estimate = estimator.estimate(size);
      assert.ok(Object.values(estimate).every((value) => Number.isSafeInteger(value) && value >= 0), JSON.stringify(estimate));
      assert.ok(estimate.certainInputTokens <= estimate.inputTokens && estimate.inputTokens <= estimate.holdInputTokens, JSON.stringify(estimate));
      assert.ok(estimate.likelyOutputTokens <= estimate.outputTokens);
      if (size.bodyBytes >= 0) assert.ok(estimate.certainInputTokens <= size.bodyBytes / 8);
      if (size.maxOutputTokens !== undefined) assert.ok(estimate.outputTokens <= size.maxOutputTokens);
    }), { numRuns: 300 });
  });

  it('remembers a bounded number of groups', () => {
    const estimator = new Estimator();
    const size = (index: number) => sized(4000, { model: `m${index}` });
    for (let index = 0; index <= groupsMax; index += 1) estimator.learn({ size: size(index), inputTokens: 8000, outputTokens: 10 });
    assert.equal(estimator.estimate(size(0)).inputTokens, 4000, 'the oldest is forgotten');
    assert.ok(estimator.estimate(size(groupsMax)).inputTokens > 6000);
  });

  it('learns the same again from the bases that were kept', () => {
    const uses = Array.from({ length: 120 }, (_, index) => ({
      basis: sized(2000 + index * 10, { kind: 'turn', effort: 'medium', images: index % 3, ...(index % 5 ? {} : { maxOutputTokens: 600, continues: true, continuesId: `r${index - 1}` }) }),
      use: { inputTokens: 2500 + index * 11, outputTokens: 100 + index * 17 % 500, isCut: index % 7 === 0, responseId: `r${index}` },
    }));
    const [lived, restarted] = [new Estimator(), new Estimator()];
    for (const { basis, use } of uses) lived.learn({ size: basis, ...use });
    for (const { basis, use } of JSON.parse(JSON.stringify(uses)) as { basis: unknown; use: (typeof uses)[number]['use'] }[]) {
      restarted.learnFrom(readBasis(basis) as EstimateBasis, use);
    }
    for (const rest of [{ kind: 'turn', effort: 'medium' }, { effort: 'medium' }, { continues: true, continuesId: 'r119' }, { continues: true }]) {
      assert.deepEqual(restarted.estimate(sized(3000, rest)), lived.estimate(sized(3000, rest)));
    }
  });
});

describe('an estimate basis', () => {
  const basis: EstimateBasis = { ...sized(100), kind: 'turn', effort: 'low', images: 2, originalImages: 1, files: 1, fileBytes: 5, encodedBytes: 6, continues: true, continuesId: 'r', maxOutputTokens: 9 };

  it('comes back from where it was kept, without what does not belong to it', () => {
    assert.deepEqual(readBasis(JSON.parse(JSON.stringify({ ...basis, prompt: 'secret' }))), basis);
    assert.deepEqual(readBasis({ model: 'm', bodyBytes: 0 }), { model: 'm', bodyBytes: 0 });
  });

  it('is not made of anything else', () => {
    for (const value of [undefined, null, 'basis', 5, [], {}, { model: 'm' }, { bodyBytes: 5 }, { ...basis, model: '' }, { ...basis, model: 'x'.repeat(201) }, { ...basis, bodyBytes: -1 },
      { ...basis, images: 1.5 }, { ...basis, textTokens: '5' }, { ...basis, kind: 7 }, { ...basis, effort: '' }, { ...basis, continues: 'yes' }, { ...basis, fileBytes: Infinity }]) {
      assert.equal(readBasis(value), undefined, JSON.stringify(value));
    }
    fc.assert(fc.property(fc.anything(), (value) => { readBasis(value); }));
  });
});

describe('the estimate of reasoning', () => {
  it('tells what answers of the same kind think, once it was measured', () => {
    const estimator = new Estimator();
    const size = { model: 'm', bodyBytes: 9000, effort: 'high', kind: 'turn' } as const;
    assert.equal(estimator.estimate(size).likelyReasoningTokens, undefined);
    for (const reasoningTokens of [100, 300, 900]) estimator.learn({ size, inputTokens: 3000, outputTokens: 1000, reasoningTokens });
    estimator.learn({ size: { ...size, effort: 'low' }, inputTokens: 3000, outputTokens: 1000, reasoningTokens: 0 });
    assert.deepEqual([estimator.estimate(size).likelyReasoningTokens, estimator.estimate({ ...size, effort: 'low' }).likelyReasoningTokens], [300, 0]);
  });
});

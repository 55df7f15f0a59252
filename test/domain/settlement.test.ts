// Policy P, row by row: who pays when an attempt ends, however it ends.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { settle } from '../../src/domain/settlement.ts';
import type { AttemptFacts } from '../../src/domain/settlement.ts';
import { addUsage, isPlausible, noTokens, tokensPerAttemptMax } from '../../src/domain/tokenUsage.ts';
import type { TokenUsage } from '../../src/domain/tokenUsage.ts';

const usage: TokenUsage = { inputTokens: 900, cachedInputTokens: 400, cacheWriteTokens: 10, outputTokens: 80, reasoningTokens: 30 };
const facts: AttemptFacts = { ending: 'finished', begun: true, estimatedInputTokens: 1000, estimatedOutputTokens: 200, outputChars: 0 };
const reported = { usage, consistent: true };

describe('policy P', () => {
  for (const terminal of ['completed', 'incomplete', 'failed'] as const) {
    it(`charges reported usage of a ${terminal} response as reported, however the stream ended`, () => {
      for (const ending of ['finished', 'client-left', 'upstream-broke'] as const) {
        assert.deepEqual(settle({ ...facts, ending, terminal, reported }), { outcome: terminal, charge: 'reported', usage, measured: true });
      }
    });
  }

  it('charges nothing for what the upstream refused', () => {
    for (const begun of [false, true]) {
      const booked = settle({ ...facts, ending: 'rejected', begun });
      assert.deepEqual([booked.outcome, booked.charge, booked.usage, booked.measured], ['rejected', undefined, noTokens, true]);
      assert.ok(booked.freeReason);
    }
  });

  it('charges nothing for a failed response that reports no usage', () => {
    const booked = settle({ ...facts, terminal: 'failed' });
    assert.deepEqual([booked.outcome, booked.charge, booked.measured], ['failed', undefined, true]);
    assert.ok(booked.freeReason);
  });

  it('estimates what a client that left had got: the input, and the output seen', () => {
    const booked = settle({ ...facts, ending: 'client-left', outputChars: 401 });
    assert.deepEqual([booked.outcome, booked.charge, booked.measured], ['aborted', 'estimated', false]);
    assert.deepEqual(booked.usage, { ...noTokens, inputTokens: 1000, outputTokens: 101 });
    assert.ok(booked.notice);
  });

  it('estimates what an upstream that broke had given, and a stream without a terminal event', () => {
    for (const ending of ['upstream-broke', 'finished'] as const) {
      const booked = settle({ ...facts, ending, outputChars: 40 });
      assert.deepEqual([booked.outcome, booked.charge, booked.usage.outputTokens], ['broken', 'estimated', 10]);
    }
  });

  it('never estimates beyond what was reserved, and never nothing when the upstream had begun', () => {
    assert.equal(settle({ ...facts, ending: 'client-left', outputChars: 1_000_000 }).usage.outputTokens, 200);
    assert.equal(settle({ ...facts, ending: 'broker-crashed' }).usage.inputTokens, 1000);
  });

  it('charges nothing when the upstream had not begun, and says that it cannot know', () => {
    const outcomes = { 'client-left': 'aborted', 'upstream-broke': 'broken', 'broker-crashed': 'crashed' } as const;
    for (const [ending, outcome] of Object.entries(outcomes)) {
      const booked = settle({ ...facts, ending: ending as keyof typeof outcomes, begun: false });
      assert.deepEqual([booked.outcome, booked.charge, booked.usage, booked.measured], [outcome, undefined, noTokens, false]);
      assert.ok(booked.freeReason);
    }
  });

  it('estimates a completed response that reports no usage', () => {
    const booked = settle({ ...facts, terminal: 'completed', outputChars: 8 });
    assert.deepEqual([booked.outcome, booked.charge, booked.usage.outputTokens, booked.measured], ['completed', 'estimated', 2, false]);
  });

  it('charges nothing for a prewarm, and says so, unless the upstream reports tokens for it', () => {
    const prewarm: AttemptFacts = { ...facts, isPrewarm: true, estimatedInputTokens: 0, estimatedOutputTokens: 0 };
    for (const [more, measured] of [[{ terminal: 'completed', reported: { usage: noTokens, consistent: true } }, true], [{ terminal: 'completed' }, true], [{ ending: 'upstream-broke' }, false], [{ ending: 'client-left' }, false]] as const) {
      const booked = settle({ ...prewarm, ...more });
      assert.deepEqual([booked.charge, booked.usage, booked.measured], [undefined, noTokens, measured]);
      assert.match(booked.freeReason ?? '', /prewarm/);
    }
    assert.deepEqual(settle({ ...prewarm, terminal: 'completed', reported }), { outcome: 'completed', charge: 'reported', usage, measured: true });
    assert.match(settle({ ...prewarm, ending: 'rejected' }).freeReason ?? '', /refused/);
    assert.doesNotMatch(settle({ ...prewarm, ending: 'upstream-broke', begun: false }).freeReason ?? '', /prewarm/);
  });

  it('does not believe usage that cannot be true', () => {
    const lies: Partial<TokenUsage>[] = [{ inputTokens: -1 }, { inputTokens: 1.5 }, { inputTokens: NaN }, { outputTokens: 1e308 }, { outputTokens: tokensPerAttemptMax + 1 }, { cachedInputTokens: 901 }, { cacheWriteTokens: 501 }, { reasoningTokens: 81 }];
    for (const lie of lies) {
      const booked = settle({ ...facts, terminal: 'completed', reported: { usage: { ...usage, ...lie }, consistent: true } });
      assert.deepEqual([booked.charge, booked.usage.inputTokens, booked.measured], ['estimated', 1000, false], JSON.stringify(lie));
      assert.ok(booked.notice?.includes('cannot be true'));
    }
    assert.equal(settle({ ...facts, terminal: 'completed', reported: { usage, consistent: false } }).charge, 'estimated');
  });

  it('always charges plausible tokens, or says why it charges none', () => {
    const any = fc.record({
      ending: fc.constantFrom('finished', 'rejected', 'client-left', 'upstream-broke', 'broker-crashed'), begun: fc.boolean(), terminal: fc.constantFrom(undefined, 'completed', 'incomplete', 'failed'),
      consistent: fc.boolean(), input: fc.integer({ min: -5, max: 2000 }), hasUsage: fc.boolean(), outputChars: fc.integer({ min: 0, max: 5000 }),
    });
    fc.assert(fc.property(any, ({ terminal, consistent, input, hasUsage, ...rest }) => {
      const booked = settle({
        ...facts, ...rest, ...(terminal ? { terminal } : {}), ...(hasUsage ? { reported: { usage: { ...noTokens, inputTokens: input }, consistent } } : {}),
      });
      assert.ok(isPlausible(booked.usage));
      assert.equal(booked.charge === undefined, booked.freeReason !== undefined);
      if (booked.charge === undefined) assert.deepEqual(booked.usage, noTokens);
      assert.equal(booked.charge === 'reported', booked.charge !== undefined && booked.measured);
    }));
  });
});

describe('what a plan pays for', () => {
  it('is booked like anything else, but charged for nothing and exposed to nothing', () => {
    const endings = fc.constantFrom<AttemptFacts['ending']>('finished', 'rejected', 'client-left', 'not-sent', 'upstream-broke', 'broker-crashed');
    fc.assert(fc.property(endings, fc.boolean(), fc.option(fc.constantFrom('completed', 'incomplete', 'failed'), { nil: undefined }), fc.boolean(), (ending, begun, terminal, isReported) => {
      const one: AttemptFacts = { ...facts, ending, begun, outputChars: 90, ...(terminal ? { terminal } : {}), ...(isReported ? { reported } : {}) };
      const { charge: _charge, exposed: _exposed, freeReason, ...booked } = settle(one);
      const { freeReason: why, ...onPlan } = settle({ ...one, isCovered: true });
      assert.deepEqual(onPlan, booked);
      assert.ok(why);
      if (freeReason !== undefined) assert.equal(why, freeReason);
    }));
  });
});

describe('token usage', () => {
  it('adds part by part', () => {
    assert.deepEqual(addUsage(usage, { ...noTokens, inputTokens: 1, reasoningTokens: 2 }), { ...usage, inputTokens: 901, reasoningTokens: 32 });
    assert.deepEqual(addUsage(usage, noTokens), usage);
  });

  it('is plausible up to the whole: all input cached or written, all output reasoning', () => {
    assert.ok(isPlausible({ inputTokens: 10, cachedInputTokens: 4, cacheWriteTokens: 6, outputTokens: 3, reasoningTokens: 3 }));
    assert.ok(!isPlausible({ inputTokens: 10, cachedInputTokens: 4, cacheWriteTokens: 7, outputTokens: 3, reasoningTokens: 3 }));
    assert.ok(isPlausible(noTokens));
  });

  it('allows for what the model probably thought, within the hold', () => {
    const cut = { ending: 'client-left', begun: true, estimatedInputTokens: 100, estimatedOutputTokens: 50, outputChars: 40 } as const;
    assert.deepEqual(settle({ ...cut, likelyReasoningTokens: 30 }).usage, { ...noTokens, inputTokens: 100, outputTokens: 40, reasoningTokens: 30 });
    assert.deepEqual(settle({ ...cut, likelyReasoningTokens: 900 }).usage, { ...noTokens, inputTokens: 100, outputTokens: 50, reasoningTokens: 50 });
    assert.deepEqual(settle(cut).usage, { ...noTokens, inputTokens: 100, outputTokens: 10 });
  });

  it('notes as exposed what was sent and lost before an answer, and nothing else', () => {
    const facts = { begun: false, estimatedInputTokens: 100, estimatedOutputTokens: 50, outputChars: 0 } as const;
    for (const ending of ['client-left', 'upstream-broke', 'broker-crashed'] as const) assert.equal(settle({ ...facts, ending }).exposed, true, ending);
    for (const ending of ['not-sent', 'rejected'] as const) assert.equal(settle({ ...facts, ending }).exposed, undefined, ending);
    assert.equal(settle({ ...facts, begun: true, ending: 'broker-crashed' }).exposed, undefined);
  });
});

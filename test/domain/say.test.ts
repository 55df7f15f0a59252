// Sentences in two shapes: finished in English, and in their parts.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { filledIn, say } from '../../src/domain/say.ts';
import { problem, problemThat } from '../../src/domain/problem.ts';

describe('sentences', () => {
  it('are finished in English, with amounts and moments as the broker writes them', () => {
    const all = say('{0} of {1} credits, {2} tokens, {3} s, until {4}.', 'All', { credits: 12_345_678, decimals: 2 }, { tokens: 33_900 }, { number: 1.25, decimals: 1 }, { atMs: Date.UTC(2026, 10, 19, 9, 5, 59) });
    assert.equal(all.because, 'All of 12.35 credits, 33.9 k tokens, 1.3 s, until 2026-11-19 09:05 UTC.');
    assert.deepEqual(all.said?.values?.[1], { credits: 12_345_678, decimals: 2 });
  });

  it('are only themselves where no values stand in them', () => {
    assert.deepEqual(say('It starts at once.'), { because: 'It starts at once.' });
  });

  it('become parts of longer ones, whole', () => {
    const inner = say('The limit of {0} is used up.', 'gpt-5.5');
    assert.deepEqual(say('{0} {1} Nothing was sent.', inner, say('It waits.')), {
      because: 'The limit of gpt-5.5 is used up. It waits. Nothing was sent.',
      said: { sentence: '{0} {1} Nothing was sent.', values: [inner.said, { sentence: 'It waits.' }] },
    });
  });

  it('take every value as it is, whatever braces it has', () => {
    assert.equal(say('The model {0} is no {1}.', '{1}', '{0} $& $1').because, 'The model {1} is no {0} $& $1.');
    fc.assert(fc.property(fc.array(fc.string(), { minLength: 3, maxLength: 3 }), (texts) => {
      assert.equal(filledIn('<{0}|{1}|{2}|{0}>', texts), `<${texts[0]}|${texts[1]}|${texts[2]}|${texts[0]}>`);
    }));
  });

  it('leave a place open for which there is no value', () => {
    assert.equal(filledIn('{0} and {1}', ['one']), 'one and {1}');
  });
});

describe('the parts of a problem', () => {
  it('are those of its sentence and of a remedy of its own', () => {
    const made = problem('key_conflict', 'The key "{0}" was used before.', { values: ['a {0}'], remedy: say('Use another than {0}.', 'a'), retryAtMs: 7 });
    assert.deepEqual(made, {
      code: 'key_conflict', message: 'The key "a {0}" was used before.', remedy: 'Use another than a.', retryAtMs: 7,
      said: { sentence: 'The key "{0}" was used before.', values: ['a {0}'] }, remedySaid: { sentence: 'Use another than {0}.', values: ['a'] },
    });
  });

  it('stay with a problem whose sentence was made elsewhere', () => {
    const limit = say('The limit of {0} is used up.', 5);
    assert.deepEqual(problemThat('queue_full', limit, { remedy: 'Wait.' }), { code: 'queue_full', message: 'The limit of 5 is used up.', remedy: 'Wait.', said: limit.said });
  });
});

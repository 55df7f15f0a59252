// The rule by which the sandbox counts tokens, and its prompt cache.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { promptText } from '../../src/sandbox/conversation.ts';
import { PromptCache, reasoningTokensFor, tokensOfText } from '../../src/sandbox/promptTokens.ts';
import { cutToTokens, smallPieces } from '../../src/sandbox/outputItem.ts';

const alphabet = 'abcdefghijklmnopqrstuvw';
const letters = (count: number, from = 0) => alphabet.repeat(Math.ceil((count + from) / alphabet.length)).slice(from, from + count);

describe('the token rule', () => {
  it('is four bytes of UTF-8 to a token, rounded up', () => {
    assert.deepEqual(['', 'a', 'abcd', 'abcde', 'äöü', '😀😀'].map(tokensOfText), [0, 1, 1, 2, 2, 2]);
  });

  it('counts tools, instructions and the strings of items, but not what only labels them', () => {
    const tools = [{ type: 'function', name: 'f', parameters: { type: 'object' } }];
    const text = promptText({
      model: 'm', instructions: 'Be brief.', tools,
      input: [{ type: 'message', role: 'user', id: 'msg_long_label', content: [{ type: 'input_text', text: 'Hello' }] }, { type: 'function_call_output', call_id: 'call_1', output: 'done' }],
    });
    assert.equal(text, `${JSON.stringify(tools)}\nBe brief.\nHello\ndone`);
  });

  it('asks for reasoning tokens only when the effort does', () => {
    assert.deepEqual([undefined, null, 'none', 'unheard-of'].map(reasoningTokensFor), [0, 0, 0, 0]);
    const efforts = ['minimal', 'low', 'medium', 'high', 'xhigh'].map(reasoningTokensFor);
    assert.ok(efforts.every((tokens, index) => tokens > (efforts[index - 1] ?? 0)));
  });
});

describe('the prompt cache', function () {
  this.timeout(30_000);

  it('is cold at first, then holds the common beginning in steps of 128 tokens', () => {
    const cache = new PromptCache();
    const first = letters(4 * 3000);
    assert.deepEqual(cache.use('k', first), { cachedTokens: 0, writtenTokens: 2944 });
    assert.deepEqual(cache.use('k', first), { cachedTokens: 2944, writtenTokens: 0 });
    assert.deepEqual(cache.use('k', first.slice(0, 4 * 2000) + letters(4 * 1000, 5)), { cachedTokens: 1920, writtenTokens: 1024 });
    assert.deepEqual(cache.use('other', first).cachedTokens, 0);
  });

  it('holds nothing below 1,024 tokens and never the last token', () => {
    const cache = new PromptCache();
    cache.use('k', letters(4 * 1024));
    assert.equal(cache.use('k', letters(4 * 1024)).cachedTokens, 0);
    cache.use('k', letters(4 * 1025));
    assert.equal(cache.use('k', letters(4 * 1025)).cachedTokens, 1024);
  });

  it('never reports more than the input, nor a figure off the steps', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 12 }), (prompts) => {
      const cache = new PromptCache();
      for (const [bytes, variant] of prompts) {
        const { cachedTokens, writtenTokens } = cache.use('k', letters(bytes, variant));
        assert.ok(cachedTokens + writtenTokens <= Math.ceil(bytes / 4));
        assert.ok(cachedTokens % 128 === 0 && (cachedTokens === 0 || cachedTokens >= 1024));
      }
    }), { numRuns: 50 });
  });

  it('forgets the key that was used longest ago', () => {
    const cache = new PromptCache(2);
    const prompt = letters(8000);
    cache.use('a', prompt);
    cache.use('b', prompt);
    cache.use('a', prompt);
    cache.use('c', prompt);
    assert.ok(cache.use('a', prompt).cachedTokens > 0);
    assert.equal(cache.use('b', prompt).cachedTokens, 0);
  });
});

describe('pieces of output', function () {
  this.timeout(30_000);

  it('join to the text and are about a token each', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'word', ' ', '\n', '\t', 'ß', '😀', '\uD800', '.') }), (text) => {
      const pieces = smallPieces(text);
      assert.equal(pieces.join(''), text);
      assert.ok(pieces.every((piece) => Array.from(piece.trim()).length <= 4));
    }));
  });

  it('are cut to a budget without breaking a character', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'word', ' ', '\n', 'ß', '€', '😀') }), fc.integer({ min: 1, max: 20 }), (text, tokens) => {
      const cut = cutToTokens(text, tokens);
      assert.ok(text.startsWith(cut.text));
      assert.ok(tokensOfText(cut.text) <= tokens);
      assert.equal(cut.cutOff, cut.text !== text);
    }));
  });
});

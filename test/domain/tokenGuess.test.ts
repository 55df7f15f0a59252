// The guess of tokens from characters, against counts of a real tokenizer: o200k_base by gpt-tokenizer
// 4.0.0, pinned in the fixture together with the texts, none of which the guess was fitted to.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { countText } from '../../src/domain/tokenGuess.ts';

const samples = JSON.parse(readFileSync(path.join(import.meta.dirname, 'fixtures/o200kCounts.json'), 'utf8')) as readonly { readonly name: string; readonly tokens: number; readonly text: string }[];
const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;

describe('the guess of tokens', () => {
  it('comes close to a real tokenizer on code, prose of nine languages, logs and data', () => {
    assert.ok(samples.length >= 20);
    const errors = samples.map(({ name, tokens, text }) => ({ name, error: countText(text).tokens / tokens - 1 }));
    for (const { name, error } of errors) assert.ok(Math.abs(error) < 0.3, `${name} is off by ${error}`);
    const off = mean(errors.map(({ error }) => Math.abs(error)));
    assert.ok(off < 0.1, `off by ${off} on average`);
    const bytesOff = mean(samples.map(({ tokens, text }) => Math.abs(Buffer.byteLength(text) / 4 / tokens - 1)));
    assert.ok(off < bytesOff / 2, `${off}, and bytes by four ${bytesOff}`);
  });

  it('is no larger and no smaller over all of them', () => {
    const all = samples.map(({ text }) => text).join('\n');
    const ratio = countText(all).tokens / samples.reduce((sum, one) => sum + one.tokens, 0);
    assert.ok(ratio > 0.95 && ratio < 1.05, `${ratio}`);
  });

  it('counts bytes exactly, and a text in parts as the whole', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.nat(200), (text, cut) => {
      const middle = Math.min(cut, text.length);
      const whole = countText(text);
      assert.equal(whole.bytes, Buffer.byteLength(text));
      const parts = [countText(text, 0, middle), countText(text, middle)];
      // A surrogate pair that is cut counts as two halves of two bytes.
      assert.equal((parts[0]?.bytes ?? 0) + (parts[1]?.bytes ?? 0), whole.bytes);
    }));
  });

  it('is a plain number for every text, and nothing for none', () => {
    assert.deepEqual(countText(''), { tokens: 0, bytes: 0 });
    assert.deepEqual(countText('abc', 2, 1), { tokens: 0, bytes: 0 });
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const { tokens } = countText(text);
      assert.ok(Number.isFinite(tokens) && tokens >= 0 && (text === '' || tokens > 0) && tokens <= 3 * text.length, `${tokens}`);
    }));
  });

  it('does not lose count in runs without end', () => {
    // Tokens of 8,000 such characters by the same tokenizer.
    const counted: readonly [string, number][] = [[' ', 63], ['\n', 500], ['a', 1000], ['1', 2667], ['xq', 4001], ['=-', 500], ['=', 125], ['}', 4000], ['中', 8000]];
    for (const [unit, tokens] of counted) {
      const guess = countText(unit.repeat(8000 / unit.length)).tokens;
      assert.ok(guess >= tokens * 0.6 && guess <= tokens * 10, `${JSON.stringify(unit)}: ${guess} for ${tokens}`);
    }
  });
});

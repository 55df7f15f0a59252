// Amounts as people type them: what is shown reads back, and what could be meant otherwise is refused.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { exampleAmount, readAmount, typedAmount } from '../../src/domain/typedAmount.ts';
import { formatCredits, parseCredits } from '../../src/domain/units.ts';

describe('typed amounts', () => {
  it('reads back what is shown, in English, German and French', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 99_999_999_999 }), fc.constantFrom('en', 'de', 'fr', 'de-CH', 'es'), (hundredths, locale) => {
      const microCredits = hundredths * 10_000;
      const shown = formatCredits(microCredits, 2, locale);
      assert.equal(parseCredits(readAmount(shown, locale) ?? ''), microCredits, `${locale}: ${shown}`);
    }));
  });

  it('reads back what a field begins with, to the last decimal', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), fc.constantFrom('en', 'de', 'fr'), (microCredits, locale) => {
      assert.equal(parseCredits(readAmount(typedAmount(microCredits / 1_000_000, locale), locale) ?? ''), microCredits);
    }));
  });

  it('takes the signs of the locale only, and groups only where they belong', () => {
    const rows: readonly (readonly [locale: string, typed: string, read: string | undefined])[] = [
      ['de', '1.000', '1000'], ['de', '1.250,5', '1250.5'], ['de', '12,5', '12.5'], ['de', ' 1250 ', '1250'], ['de', '1.000.000', '1000000'],
      ['de', '12.5', undefined], ['de', '12.50', undefined], ['de', '1.0000', undefined], ['de', '1000.000', undefined], ['de', '1,000.50', undefined], ['de', '1,2,3', undefined], ['de', '0.100', undefined],
      ['en', '1,000', '1000'], ['en', '12.5', '12.5'], ['en', '1,250.50', '1250.50'], ['en', '12,5', undefined], ['en', '1,00', undefined], ['en', ',100', undefined], ['en', '1.000,50', undefined],
      // A point is no sign in French: with three digits behind it, it could be a group.
      ['fr', '1.000', undefined], ['fr', '12.5', '12.5'], ['fr', '1 000', '1000'], ['fr', '1\u00A0000,5', '1000.5'], ['fr', '1 0000', undefined], ['fr', '1.000.000', undefined],
      ['de-CH', '1\'000.5', '1000.5'], ['en', '', undefined], ['en', '-5', undefined], ['en', '5.', undefined], ['en', '.5', undefined], ['en', '1e3', undefined], ['de', '٣', undefined],
    ];
    for (const [locale, typed, read] of rows) assert.equal(readAmount(typed, locale), read, `${locale}: ${typed}`);
  });

  it('writes its examples as the locale does', () => {
    assert.deepEqual([exampleAmount(1000, 'en'), exampleAmount(12.5, 'de'), exampleAmount(12.5, 'de', 2), exampleAmount(1000, 'de'), typedAmount(1250.5, 'de')], ['1,000', '12,5', '12,50', '1.000', '1250,5']);
  });
});

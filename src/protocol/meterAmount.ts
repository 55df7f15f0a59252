// The meter's number, at most nine characters of it in most languages, and the words that tell what it is. Pure.
import { creditsPerUsd, microCreditsPerCredit } from '../domain/units.ts';
import { t } from './language.ts';

/** What an amount is counted in on the meter. */
export type MeterUnit = 'credits' | 'usd';

/** What the number of the meter is of. */
export type AmountKind = 'left' | 'used' | 'today';

/** A number as the meter shows and speaks it. */
export interface Amount {
  readonly number: string;
  readonly text: string;
  readonly spoken: string;
}

/** An amount in words. @param isEstimated some of it is an estimate: then it begins with "≈" */
export function meterAmount(kind: AmountKind, microCredits: number, unit: MeterUnit, locale: string, isEstimated = false): Amount {
  const isAbout = isEstimated && microCredits !== 0;
  const [exact, said] = [fitAmount(microCredits, unit, locale, shortenedMax - (isAbout ? 1 : 0)), spokenNumber(microCredits, unit, locale)];
  // Beside long numbers the space is what can go.
  const number = isAbout ? `≈${exact.length > aboutMax ? '' : ' '}${exact}` : exact;
  return { number, text: withWord(kind, number), spoken: spokenAmount(kind, unit, isAbout ? t('about {0}', said) : said) };
}

/** Most characters of a number that "≈ " fits before, in the item with its word behind. */
const aboutMax = 6;

/** "80.00 left" */
export function withWord(kind: AmountKind, number: string): string {
  switch (kind) {
    case 'left': return t('{0} left', number);
    case 'used': return t('{0} used', number);
    case 'today': return t('{0} today', number);
  }
}

function spokenAmount(kind: AmountKind, unit: MeterUnit, number: string): string {
  const isUsd = unit === 'usd';
  switch (kind) {
    case 'left': return isUsd ? t('{0} US dollars left', number) : t('{0} credits left', number);
    case 'used': return isUsd ? t('{0} US dollars used', number) : t('{0} credits used', number);
    case 'today': return isUsd ? t('{0} US dollars used today', number) : t('{0} credits used today', number);
  }
}

/** The number alone; its unit is said in words. @param ownMax most characters of one that the language shortens by its own words */
export function spokenNumber(microCredits: number, unit: MeterUnit, locale: string, ownMax = shortenedMax): string {
  return fitted(amountIn(unit, microCredits), locale, {}, ownMax, (value, decimals, suffix) => `${plainNumber(value, decimals, suffix === undefined, locale)}${suffix ?? ''}`);
}

/** A number of at most nine characters: two decimals as on every surface, then whole, k and M, cut off, as it grows. */
function fitAmount(microCredits: number, unit: MeterUnit, locale: string, ownMax: number): string {
  if (unit === 'credits') return spokenNumber(microCredits, unit, locale, ownMax);
  return fitted(amountIn(unit, microCredits), locale, dollars, ownMax, (value, decimals, suffix) => {
    const parts = new Intl.NumberFormat(locale, { ...dollars, minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: suffix === undefined }).formatToParts(value);
    const last = parts.findLastIndex(({ type }) => type === 'integer' || type === 'fraction');
    return parts.map((part, index) => (index === last ? `${part.value}${suffix ?? ''}` : part.value)).join('');
  });
}

function amountIn(unit: MeterUnit, microCredits: number): number {
  return microCredits / microCreditsPerCredit / (unit === 'usd' ? creditsPerUsd : 1);
}

function plainNumber(value: number, decimals: number, useGrouping: boolean, locale: string): string {
  return new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping }).format(value);
}

const dollars = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' } as const;

/** @param write writes a number, and a large one with k or M, where the language has no shorter words of its own */
function fitted(exact: number, locale: string, style: Intl.NumberFormatOptions, ownMax: number, write: (value: number, decimals: number, suffix?: 'k' | 'M') => string): string {
  if (exact > 0 && exact < 0.01) return `<${write(0.01, 2)}`;
  const value = Math.round(exact * 100) / 100;
  if (value < 1000) return write(value, 2);
  if (value < 100_000) return write(Math.floor(value), 0);
  const own = /^en\b/.test(locale) ? undefined : shortened(value, locale, style);
  if (own !== undefined && own.length <= ownMax) return own;
  return value < 10_000_000 ? write(Math.floor(value / 1000), 0, 'k') : write(Math.floor(value / 1_000_000), 0, 'M');
}

/** Most characters of a number that a language shortens by its own words, so that it still fits the item with its word behind. */
const shortenedMax = 8;

/** A large number as another language shortens it, cut off, never rounded up; some write all digits up to a million. */
function shortened(value: number, locale: string, style: Intl.NumberFormatOptions): string {
  const step = value < 1_000_000 ? 1000 : value < 10_000_000 ? 100_000 : 1_000_000;
  const format = new Intl.NumberFormat(locale, { ...style, notation: 'compact', maximumFractionDigits: step === 100_000 ? 1 : 0 });
  const cut = Math.floor(value / step) * step;
  return format.format(format.formatToParts(cut).some(({ type }) => type === 'compact') ? cut : Math.floor(value));
}

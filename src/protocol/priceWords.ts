// Prices and their changes in words, in credits per million tokens. Pure; it prices nothing.
import type { Rates } from '../domain/pricing.ts';
import type { PriceChangeView } from './snapshot.ts';

/** Writes a price in microcredits per million tokens as credits per million, without idle zeros. */
export function pricePerMillion(microCredits: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 6 }).format(microCredits / 1_000_000);
}

const rateNames: Readonly<Record<keyof Rates, string>> = { input: 'input', cachedInput: 'cached input', cacheWrite: 'cache write', output: 'output' };

/** What changed of a price: "input 50 → 60, output 250 → 300 credits per million tokens". */
export function priceChangeText({ before, after }: Pick<PriceChangeView, 'before' | 'after'>, locale: string): string {
  const changed = (Object.keys(rateNames) as (keyof Rates)[]).filter((rate) => before.rates[rate] !== after.rates[rate]);
  if (changed.length === 0) return 'the rates of long inputs or of the fast tier';
  return `${changed.map((rate) => `${rateNames[rate]} ${pricePerMillion(before.rates[rate], locale)} → ${pricePerMillion(after.rates[rate], locale)}`).join(', ')} credits per million tokens`;
}

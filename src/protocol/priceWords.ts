// Prices and their changes in words, in credits per million tokens. Pure; it prices nothing.
import type { Rates } from '../domain/pricing.ts';
import { t } from './language.ts';
import type { PriceChangeView } from './snapshot.ts';

/** Writes a price in microcredits per million tokens as credits per million, without idle zeros. */
export function pricePerMillion(microCredits: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 6 }).format(microCredits / 1_000_000);
}

const rates: readonly (keyof Rates)[] = ['input', 'cachedInput', 'cacheWrite', 'output'];

function rateChange(rate: keyof Rates, before: string, after: string): string {
  switch (rate) {
    case 'input': return t('input {0} → {1}', before, after);
    case 'cachedInput': return t('cached input {0} → {1}', before, after);
    case 'cacheWrite': return t('cache write {0} → {1}', before, after);
    case 'output': return t('output {0} → {1}', before, after);
  }
}

/** What changed of a price: "input 50 → 60, output 250 → 300 credits per million tokens". */
export function priceChangeText({ before, after }: Pick<PriceChangeView, 'before' | 'after'>, locale: string): string {
  const changed = rates.filter((rate) => before.rates[rate] !== after.rates[rate]);
  if (changed.length === 0) return t('the rates of long inputs or of the fast tier');
  return t('{0} credits per million tokens', changed.map((rate) => rateChange(rate, pricePerMillion(before.rates[rate], locale), pricePerMillion(after.rates[rate], locale))).join(', '));
}

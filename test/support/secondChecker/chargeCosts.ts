// What tokens cost, computed a second way: as whole numbers of the smallest part that a tier's ratio leaves,
// so that nothing is rounded before the end.
import type { LedgerTables, WrittenCharge, WrittenPrice, WrittenTokens } from './ledgerTables.ts';

/** A cost, and the terms it is made of as they are written with a charge. */
export interface ComputedCost { readonly cost: bigint; readonly terms: string }

/** Computes the cost of tokens at a price in a tier. */
export function costOf(tokens: WrittenTokens, price: WrittenPrice, tier: string): ComputedCost {
  const rates = price.long !== undefined && tokens.input > price.long.aboveInputTokens ? price.long.rates : price.rates;
  const ratio = tier === 'flex' ? { numerator: 1, denominator: 2 } : tier === 'fast' ? price.fast ?? { numerator: 2, denominator: 1 } : undefined;
  const parts = ([
    ['input', tokens.input - tokens.cachedInput - tokens.cacheWrite, rates['input']], ['cached input', tokens.cachedInput, rates['cachedInput']],
    ['cache write', tokens.cacheWrite, rates['cacheWrite']], ['output', tokens.output, rates['output']],
  ] as const).filter(([, count]) => count > 0);
  const plain = parts.reduce((sum, [, count, rate]) => sum + BigInt(count) * BigInt(rate ?? 0), 0n);
  const part = BigInt(ratio?.denominator ?? 1) * 1_000_000n;
  const scaled = plain * BigInt(ratio?.numerator ?? 1);
  const whole = scaled / part;
  const terms = parts.map(([what, count, rate]) => ({ what, tokens: count, microCreditsPerMillion: rate, ...(ratio ? { multiplier: ratio } : {}) }));
  return { cost: scaled % part * 2n >= part ? whole + 1n : whole, terms: JSON.stringify(terms) };
}

/** Charges of finished attempts that are not what their usage cost. Corrections are not looked at here. */
export function wrongCosts({ charges, events }: LedgerTables): string[] {
  const eventOf = new Map(events.map((event) => [event.id, event]));
  return charges.flatMap((charge) => {
    const event = eventOf.get(charge.usageEventId);
    if (charge.corrects !== null || !event) return [];
    const { cost, terms } = costOf(event.tokens, charge.price, charge.tier);
    return [
      ...(cost === BigInt(charge.cost) ? [] : [`the cost of ${charge.id} is ${charge.cost}, computed again it is ${cost}`]),
      ...(sameTerms(charge, terms) ? [] : [`the terms of ${charge.id} are not those of its usage: ${charge.terms}`]),
    ];
  });
}

/** Whether a charge's terms are the computed ones; the order of their names does not matter. */
export function sameTerms(charge: Pick<WrittenCharge, 'terms'>, computed: string): boolean {
  return sorted(JSON.parse(charge.terms)) === sorted(JSON.parse(computed));
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => (one !== null && typeof one === 'object' && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one));
}

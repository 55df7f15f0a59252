// From tokens and a dated price to an exact charge. Prices are data handed in; nothing here knows
// where they come from. A charge is computed exactly and rounded once, half up, at the end.
import { divideHalfUp } from './units.ts';
import { noTokens } from './tokenUsage.ts';
import type { TokenUsage } from './tokenUsage.ts';

/** Microcredits per million tokens, by kind of token. */
export interface Rates {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  readonly output: number;
}

/** The price of one model at one time, kept with the hold so that history is never repriced. */
export interface ModelPrice {
  /** The model that the table names, which may be the family of the one asked for. */
  readonly model: string;
  /** Where the price comes from, and which edition. */
  readonly version: string;
  readonly rates: Rates;
  /** Rates of the whole request once its input exceeds `aboveInputTokens`. */
  readonly long?: { readonly aboveInputTokens: number; readonly rates: Rates };
  /** Multiplier of the fast (priority) tier, where it is offered. */
  readonly fast?: Ratio;
}

/** A multiplier as an exact ratio. */
export interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

/** Price tiers that change a charge. `fast` is what the API calls priority. */
export type PriceTier = 'standard' | 'fast' | 'flex';

/** One term of a charge: tokens × rate × multiplier ÷ 1,000,000. */
export interface ChargeTerm {
  readonly what: 'input' | 'cached input' | 'cache write' | 'output';
  readonly tokens: number;
  readonly microCreditsPerMillion: number;
  readonly multiplier?: Ratio;
}

/** A charge with the terms it was computed from. */
export interface Charge {
  readonly costMicroCredits: number;
  readonly tier: PriceTier;
  readonly terms: readonly ChargeTerm[];
}

/** Batch and flex processing cost half (OpenAI's price list). */
const flexRatio: Ratio = { numerator: 1, denominator: 2 };
/** Fast costs twice the rate unless the price says otherwise. */
const fastRatio: Ratio = { numerator: 2, denominator: 1 };

/** The price tier that a `service_tier` of the API means. Unknown tiers are charged as standard. */
export function priceTier(serviceTier: string | undefined): PriceTier {
  if (serviceTier === 'priority' || serviceTier === 'fast') return 'fast';
  if (serviceTier === 'flex' || serviceTier === 'batch') return 'flex';
  return 'standard';
}

/**
 * Computes what tokens cost. Cached and cache-write tokens are parts of the input and are taken
 * out of it first; reasoning tokens are inside the output.
 */
export function chargeFor(usage: TokenUsage, price: ModelPrice, tier: PriceTier): Charge {
  const rates = ratesOf(price, usage.inputTokens);
  const multiplier = multiplierOf(price, tier);
  const term = (what: ChargeTerm['what'], tokens: number, microCreditsPerMillion: number): ChargeTerm =>
    ({ what, tokens, microCreditsPerMillion, ...(multiplier ? { multiplier } : {}) });
  const terms = [
    term('input', usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens, rates.input),
    term('cached input', usage.cachedInputTokens, rates.cachedInput),
    term('cache write', usage.cacheWriteTokens, rates.cacheWrite),
    term('output', usage.outputTokens, rates.output),
  ].filter((one) => one.tokens > 0);
  return { costMicroCredits: costOfTerms(terms), tier, terms };
}

/**
 * What is held for an attempt: all input at the dearest of its rates, since whether it will be cached is the
 * upstream's to tell, and the output that 95 of 100 answers stay below.
 */
export function holdCost(estimate: { readonly holdInputTokens: number; readonly outputTokens: number }, price: ModelPrice, tier: PriceTier): number {
  const likely = { ...noTokens, inputTokens: estimate.holdInputTokens, outputTokens: estimate.outputTokens };
  return Math.max(chargeFor(likely, price, tier).costMicroCredits, chargeFor({ ...likely, cacheWriteTokens: likely.inputTokens }, price, tier).costMicroCredits);
}

/** Input of charges with one price, tier and size class, as savings look at it. */
export interface CachedInput {
  readonly cachedInputTokens: number;
  /** The whole input of the request, which decides whether its long rates hold. */
  readonly inputTokens: number;
  readonly price: ModelPrice;
  readonly tier: PriceTier;
}

/**
 * How much more cached input would have cost as fresh, at the prices that it was charged with. Computed exactly
 * and rounded once, half up. @returns microcredits
 */
export function cacheSaving(charged: Iterable<CachedInput>): number {
  let [numerator, denominator] = [0n, 1n];
  for (const { cachedInputTokens, inputTokens, price, tier } of charged) {
    const rates = ratesOf(price, inputTokens);
    const { numerator: times, denominator: parts } = multiplierOf(price, tier) ?? { numerator: 1, denominator: 1 };
    if (denominator % BigInt(parts) !== 0n) [numerator, denominator] = [numerator * BigInt(parts), denominator * BigInt(parts)];
    numerator += BigInt(cachedInputTokens) * BigInt(rates.input - rates.cachedInput) * BigInt(times) * (denominator / BigInt(parts));
  }
  const saved = divideHalfUp(numerator < 0n ? -numerator : numerator, denominator * 1_000_000n, 'saving');
  // Corrections of what the cache did can outweigh what it did in the same time.
  return numerator < 0n ? 0 - saved : saved;
}

function ratesOf(price: ModelPrice, inputTokens: number): Rates {
  return price.long && inputTokens > price.long.aboveInputTokens ? price.long.rates : price.rates;
}

function multiplierOf(price: ModelPrice, tier: PriceTier): Ratio | undefined {
  return tier === 'flex' ? flexRatio : tier === 'fast' ? price.fast ?? fastRatio : undefined;
}

/** Adds up the terms of a charge exactly and rounds the sum once, half up. */
export function costOfTerms(terms: readonly ChargeTerm[]): number {
  let numerator = 0n;
  // One common denominator for every multiplier there is keeps the sum exact.
  const common = terms.reduce((product, one) => product * BigInt(one.multiplier?.denominator ?? 1), 1n);
  for (const one of terms) {
    const ratio = one.multiplier ?? { numerator: 1, denominator: 1 };
    numerator += BigInt(one.tokens) * BigInt(one.microCreditsPerMillion) * BigInt(ratio.numerator) * (common / BigInt(ratio.denominator));
  }
  return divideHalfUp(numerator, common * 1_000_000n, 'charge');
}

/** The formula of a charge as one line of text, in credits per million tokens. */
export function formulaText(terms: readonly ChargeTerm[], costMicroCredits: number): string {
  if (terms.length === 0) return 'no tokens = 0 credits';
  const parts = terms.map((one) => {
    const rate = one.microCreditsPerMillion / 1_000_000;
    const times = one.multiplier ? ` × ${one.multiplier.numerator}${one.multiplier.denominator === 1 ? '' : `/${one.multiplier.denominator}`}` : '';
    return `${one.tokens} ${one.what} × ${rate}${times}`;
  });
  return `(${parts.join(' + ')}) ÷ 1,000,000 = ${costMicroCredits / 1_000_000} credits`;
}

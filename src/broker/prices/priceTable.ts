// Which price holds for a model at a moment: the user's own first, then our dated overlay for what
// the library lacks, then the library. Gives integers; no charge is computed here.
import { calcPrice, findProvider } from '@pydantic/genai-prices';
import type { ModelPrice, Rates, Ratio } from '../../domain/pricing.ts';
import { microCreditsPerCredit, creditsPerUsd } from '../../domain/units.ts';
import { overlayPrices } from './overlayPrices.ts';
import type { OverlayPrice } from './overlayPrices.ts';

/** Finds the price of a model at a moment; undefined when there is none: unknown is not zero. */
export type PriceLookup = (model: string, atMs: number) => ModelPrice | undefined;

/** Edition of the library's data, named with every charge. */
const libraryVersion = 'genai-prices 0.1.8';

/** Above this many input tokens the long-context rates hold for the whole request; exactly this many is short (OpenAI's price list). */
const longContextTokens = 272_000;

/**
 * Fast-tier multipliers that are not the usual 2 (OpenAI's price list, read November 2026):
 * GPT-5.5 costs 2.5 times as much.
 */
const fastRatios: readonly { readonly prefix: string; readonly ratio: Ratio }[] = [{ prefix: 'gpt-5.5', ratio: { numerator: 5, denominator: 2 } }];

/** Models that only read: their output has no price because there is none. */
const writesNothing = /^text-embedding-/;

/** Answers remembered, so that a request does not search the tables again. */
const rememberedMax = 500;
/** How long an answer may be remembered, and never into another day: dated prices change at midnight. */
const rememberedMs = 60_000;
const dayMs = 86_400_000;

/** Makes the look-up from the user's own prices. */
export function priceLookup(userPrices: readonly OverlayPrice[]): PriceLookup {
  const remembered = new Map<string, { price: ModelPrice | undefined; atMs: number }>();
  return (model, atMs) => {
    const known = remembered.get(model);
    const isSameDay = known && Math.floor(atMs / dayMs) === Math.floor(known.atMs / dayMs);
    if (isSameDay && atMs >= known.atMs && atMs < known.atMs + rememberedMs) return known.price;
    const price = fromOverlay(userPrices, model, atMs, 'prices.json') ?? fromOverlay(overlayPrices, model, atMs, 'overlay 2026-11-22') ?? fromLibrary(model, atMs);
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(model, { price, atMs });
    return price;
  };
}

/** Makes the look-up from the user's own prices alone, for models that run where no price list reaches. */
export function ownPriceLookup(userPrices: readonly OverlayPrice[]): PriceLookup {
  return (model, atMs) => fromOverlay(userPrices, model, atMs, 'prices.json');
}

/**
 * The ceiling for models without a price: of each rate the dearest that any model of the table has at that moment,
 * with the long-context rates of the dearest one for all input. The user's `prices.json` may name a `ceiling` model.
 */
export function ceilingLookup(userPrices: readonly OverlayPrice[]): (atMs: number) => ModelPrice {
  const remembered = new Map<number, ModelPrice>();
  return (atMs) => {
    const day = Math.floor(atMs / dayMs);
    let price = remembered.get(day);
    if (!price) {
      price = fromOverlay(userPrices, ceilingModel, atMs, 'prices.json') ?? dearest(atMs);
      remembered.clear();
      remembered.set(day, price);
    }
    return price;
  };
}

/** The name under which `prices.json` may set the ceiling price, and that charges at it carry. */
const ceilingModel = 'ceiling';
/** The models that count: those that Codex uses. Older and special ones cost many times as much, and a ceiling of theirs would be of no use. */
const forCeiling = /^gpt-(?:[5-9]|\d{2})(?!.*(?:-pro\b|deep-research|realtime|audio|image|transcribe|tts))/;

function dearest(atMs: number): ModelPrice {
  const names = (findProvider({ providerId: 'openai' })?.models ?? []).map((model) => model.id).filter((id) => forCeiling.test(id));
  const rates = names.flatMap((name) => { const price = fromLibrary(name, atMs); return price ? [price.rates, ...(price.long ? [price.long.rates] : [])] : []; });
  const most = (pick: (rate: Rates) => number) => Math.max(0, ...rates.map(pick));
  return {
    model: ceilingModel, version: `ceiling of ${libraryVersion}, ${new Date(atMs).toISOString().slice(0, 10)}`,
    rates: { input: most((one) => one.input), cachedInput: most((one) => one.cachedInput), cacheWrite: most((one) => one.cacheWrite), output: most((one) => one.output) },
  };
}

function fromOverlay(prices: readonly OverlayPrice[], model: string, atMs: number, source: string): ModelPrice | undefined {
  const valid = prices.filter((one) => one.model === model && Date.parse(one.from) <= atMs);
  const [newest] = valid.sort((a, b) => Date.parse(b.from) - Date.parse(a.from));
  if (!newest) return undefined;
  return {
    model, version: `${source}, from ${newest.from}`, rates: ratesOf(newest.usdPerMillion),
    ...(newest.long ? { long: { aboveInputTokens: newest.long.aboveInputTokens, rates: ratesOf(newest.long.usdPerMillion) } } : {}),
    ...fastOf(model),
  };
}

function ratesOf(usd: OverlayPrice['usdPerMillion']): Rates {
  return {
    input: microCredits(usd.input), cachedInput: microCredits(usd.cachedInput ?? usd.input),
    cacheWrite: microCredits(usd.cacheWrite ?? usd.input), output: microCredits(usd.output),
  };
}

/** US dollars per million tokens as microcredits per million; the library's floats hold at most six decimals. */
function microCredits(usd: number): number {
  return Math.round(usd * creditsPerUsd * microCreditsPerCredit);
}

function fastOf(model: string): { fast?: Ratio } {
  const found = fastRatios.find((one) => model.startsWith(one.prefix));
  return found ? { fast: found.ratio } : {};
}

type LibraryPrice = number | { readonly base: number; readonly tiers: readonly { readonly start: number; readonly price: number }[] } | undefined;

function fromLibrary(model: string, atMs: number): ModelPrice | undefined {
  // The library falls back to a similar model's name in some cases; only a match of the model's own rules counts.
  if (!findProvider({ providerId: 'openai' })) return undefined;
  const found = calcPrice({ input_tokens: 1, output_tokens: 1 }, model, { providerId: 'openai', timestamp: new Date(atMs) });
  if (!found) return undefined;
  const prices = found.model_price as Record<string, LibraryPrice>;
  if (prices['input_mtok'] === undefined || prices['output_mtok'] === undefined && !writesNothing.test(found.model.id)) return undefined;
  const rates = (pick: (price: LibraryPrice) => number | undefined): Rates => {
    const input = pick(prices['input_mtok']) ?? 0;
    return ratesOf({
      input, output: pick(prices['output_mtok']) ?? 0,
      cachedInput: pick(prices['cache_read_mtok']) ?? input, cacheWrite: pick(prices['cache_write_mtok']) ?? input,
    });
  };
  const isTiered = Object.values(prices).some((price) => typeof price === 'object' && price.tiers.length > 0);
  return {
    model: found.model.id, version: `${libraryVersion}, ${new Date(atMs).toISOString().slice(0, 10)}`, rates: rates(basePrice),
    ...(isTiered ? { long: { aboveInputTokens: longContextTokens, rates: rates(longPrice) } } : {}),
    ...fastOf(found.model.id),
  };
}

function basePrice(price: LibraryPrice): number | undefined {
  return typeof price === 'object' ? price.base : price;
}

function longPrice(price: LibraryPrice): number | undefined {
  return typeof price === 'object' ? price.tiers.at(-1)?.price ?? price.base : price;
}

// The second mind's arithmetic: what tokens cost, which grants may be drawn from and in which order.
// It shares nothing with the product but the names of the facts.
import type { ModelPrice, PriceTier } from '../../../../src/domain/pricing.ts';
import type { TokenUsage } from '../../../../src/domain/tokenUsage.ts';
import { freeOf } from './modelState.ts';
import type { ModelGrant, ModelSlice, ModelState } from './modelState.ts';

const drawOrder = ['included', 'promotional', 'purchased'];

/** No tokens. */
export const zeroUsage: TokenUsage = { inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 };

/** Adds one usage to another, or takes it away. */
export function addedUsage(a: TokenUsage, b: TokenUsage, sign: 1 | -1 = 1): TokenUsage {
  return {
    inputTokens: a.inputTokens + sign * b.inputTokens, cachedInputTokens: a.cachedInputTokens + sign * b.cachedInputTokens, cacheWriteTokens: a.cacheWriteTokens + sign * b.cacheWriteTokens,
    outputTokens: a.outputTokens + sign * b.outputTokens, reasoningTokens: a.reasoningTokens + sign * b.reasoningTokens,
  };
}

/** What tokens cost; everything times two, so that half a microcredit is a whole number. Undefined where that is no exact number. */
export function costOf(usage: TokenUsage, price: ModelPrice, tier: PriceTier): number | undefined {
  const rates = price.long !== undefined && usage.inputTokens > price.long.aboveInputTokens ? price.long.rates : price.rates;
  const fresh = usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens;
  const sum = [[fresh, rates.input], [usage.cachedInputTokens, rates.cachedInput], [usage.cacheWriteTokens, rates.cacheWrite], [usage.outputTokens, rates.output]]
    .reduce((total, [tokens = 0, rate = 0]) => total + BigInt(tokens) * BigInt(rate), 0n);
  const fast = price.fast ?? { numerator: 2, denominator: 1 };
  const [times, over] = tier === 'flex' ? [1n, 2n] : tier === 'fast' ? [BigInt(fast.numerator), BigInt(fast.denominator)] : [1n, 1n];
  const cost = Number((2n * sum * times / (1_000_000n * over) + 1n) / 2n);
  return Number.isSafeInteger(cost) ? cost : undefined;
}

/** Whether a name is meant by a pattern: itself, or all that begin alike. */
export function isMeant(pattern: string, name: string): boolean {
  return pattern.at(-1) === '*' ? name.slice(0, pattern.length - 1) === pattern.slice(0, -1) : name === pattern;
}

/** Whose credits are wanted, and when. */
export interface Wanted { readonly atMs: number; readonly model: string; readonly workspaceId: string }

/** Whether a grant has begun, has not ended and was not taken back. */
export function isAlive(grant: ModelGrant, atMs: number): boolean {
  return grant.voided === undefined && atMs >= (grant.startsAtMs ?? -Infinity) && atMs < (grant.expiresAtMs ?? Infinity);
}

/** Whether a grant is for this model and this workspace. */
export function isFor(grant: ModelGrant, wanted: Pick<Wanted, 'model' | 'workspaceId'>): boolean {
  if (grant.workspaces && !grant.workspaces.includes(wanted.workspaceId)) return false;
  return !grant.models || grant.models.some((pattern) => isMeant(pattern, wanted.model));
}

/** The grants that can be drawn from, in the order in which they are. */
export function drawable(state: ModelState, wanted: Wanted): ModelGrant[] {
  const end = (grant: ModelGrant) => grant.expiresAtMs ?? Number.MAX_VALUE;
  return [...state.grants.values()].filter((grant) => isAlive(grant, wanted.atMs) && isFor(grant, wanted) && freeOf(grant) > 0)
    .map((grant, index) => ({ grant, rank: [drawOrder.indexOf(grant.kind), grant.priority, end(grant), grant.createdAtMs, index] }))
    .sort((a, b) => a.rank.map((value, index) => value - (b.rank[index] ?? 0)).find((difference) => difference !== 0) ?? 0)
    .map((one) => one.grant);
}

/** Takes an amount from grants in turn; less where they have less. */
export function take(grants: readonly ModelGrant[], amount: number): ModelSlice[] {
  const slices: ModelSlice[] = [];
  let missing = amount;
  for (const grant of grants) {
    const part = Math.min(missing, freeOf(grant));
    if (part > 0) slices.push({ grantId: grant.id, amount: part });
    missing -= Math.max(0, part);
  }
  return slices;
}

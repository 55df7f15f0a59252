// Planted bugs in how credits burn, how long they live and what tokens cost. Data only.
import { inWorlds } from './plantedBug.ts';
import type { PlantedBug } from './plantedBug.ts';

const grants = 'domain/grants.ts';
const pricing = 'domain/pricing.ts';
const waterfall = 'domain/waterfall.ts';
const settlement = 'domain/settlement.ts';

/** The bugs. */
export const creditBugs: readonly PlantedBug[] = [
  inWorlds(grants, 'the rest of a hold is not given back', 'microCredits: post, releasedHoldMicroCredits: slice.microCredits }', 'microCredits: post, releasedHoldMicroCredits: post }'),
  inWorlds(grants, 'the refund is the whole hold', 'const post = Math.min(left, slice.microCredits);', 'const post = Math.min(left, slice.microCredits) * 0;'),
  inWorlds(grants, 'the refund is as large as the charge', 'microCredits: post, releasedHoldMicroCredits: slice.microCredits }', 'microCredits: slice.microCredits - post, releasedHoldMicroCredits: slice.microCredits }'),
  inWorlds(grants, 'what is reserved counts as free', 'grant.remainingMicroCredits - grant.heldMicroCredits,', 'grant.remainingMicroCredits,'),
  inWorlds(grants, 'a grant lives a moment too long', 'nowMs >= grant.expiresAtMs', 'nowMs > grant.expiresAtMs', 'expiry'),
  inWorlds(grants, 'a grant begins a moment too late', 'nowMs >= grant.startsAtMs)', 'nowMs > grant.startsAtMs)', 'expiry'),
  inWorlds(grants, 'a grant is used before it begins', '(grant.startsAtMs === undefined || nowMs >= grant.startsAtMs)', '(nowMs > 0)', 'expiry'),
  inWorlds(grants, 'a grant that was taken back still pays', 'return grant.voided === undefined && (grant', 'return (grant', 'corrections'),
  inWorlds(grants, 'the later expiry burns first', 'expiry(a) - expiry(b)', 'expiry(b) - expiry(a)', 'expiry'),
  inWorlds(grants, 'priority is ignored', '|| a.priority - b.priority ||', '||'),
  inWorlds(grants, 'purchased credits burn first', 'grantKinds.indexOf(a.kind) - grantKinds.indexOf(b.kind)', 'grantKinds.indexOf(b.kind) - grantKinds.indexOf(a.kind)'),
  inWorlds(grants, 'credits for one workspace pay for all', 'grant.workspaces.includes(use.workspaceId)', 'grant.workspaces.length > 0'),
  inWorlds(grants, 'credits for one family of models pay for all', 'model.startsWith(pattern.slice(0, -1))', 'model.startsWith(pattern.slice(0, 3))'),
  inWorlds(grants, 'a cost above the hold is forgotten', 'const extra = tracked ? takeSlices', 'const extra = slices.length > 99 ? takeSlices'),
  inWorlds(grants, 'credits that came later pay for an untracked attempt', 'const extra = tracked ? takeSlices', 'const extra = slices.length < 99 ? takeSlices', 'untracked'),
  inWorlds(pricing, 'cached tokens are charged twice', 'usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens', 'usage.inputTokens - usage.cacheWriteTokens'),
  inWorlds(pricing, 'cached tokens cost as much as others', 'usage.cachedInputTokens, rates.cachedInput)', 'usage.cachedInputTokens, rates.input)'),
  inWorlds('domain/units.ts', 'charges are rounded down', '(numerator * 2n + denominator) / (denominator * 2n)', 'numerator / denominator'),
  inWorlds(pricing, 'exactly 272,000 tokens count as long', 'inputTokens > price.long.aboveInputTokens', 'inputTokens >= price.long.aboveInputTokens'),
  inWorlds(pricing, 'the fast multiplier of the price is ignored', 'price.fast ?? fastRatio', 'fastRatio'),
  inWorlds(pricing, 'flex costs the full price', 'const flexRatio: Ratio = { numerator: 1, denominator: 2 };', 'const flexRatio: Ratio = { numerator: 2, denominator: 2 };'),
  inWorlds(settlement, 'an attempt that began and was cut off is free', 'inputTokens: facts.estimatedInputTokens,', 'inputTokens: facts.estimatedInputTokens * 0,'),
  inWorlds(settlement, 'an attempt that never began is charged', 'if (!facts.begun) return', 'if (!facts.begun && facts.terminal) return'),
  inWorlds(settlement, 'an attempt that a crash lost leaves no exposure', '{ exposed: true }) };', '{}) };'),
  inWorlds(waterfall, 'permission for purchased credits is ignored', `if (answer === 'allow') {`, `if (answer !== 'deny') {`, 'consents'),
  inWorlds(waterfall, 'a request that was told no is asked about again', `if (input.answered?.kind === 'consent') {`, `if (input.answered?.kind === 'consent' && input.nowMs < 0) {`, 'consents'),
  inWorlds(waterfall, 'more is admitted than is free', 'if (missing > 0) return tooLittle', 'if (missing > 1000) return tooLittle', 'last credit'),
  inWorlds(waterfall, 'it waits for credits that nobody holds', 'if (held >= missing && input.canWait)', 'if (input.canWait)'),
  inWorlds(waterfall, 'a model without a price is let through', `if (input.unpricedRule === 'allow') return undefined;`, `if (input.unpricedRule !== 'ask') return undefined;`, 'unpriced'),
  inWorlds(waterfall, 'new holds are given while credits are owed', 'if (input.owedMicroCredits > 0 && !input.plan) {', 'if (input.owedMicroCredits > 1e15 && !input.plan) {', 'corrections'),
];

// Bugs of the kind that cost people money, each as a small change of the product's own text. The
// simulation must find every one; a bug that it misses is a hole in the simulation. Data only.

/** One planted bug: in `file`, `from` is replaced by `to`. */
export interface PlantedBug {
  readonly name: string;
  /** Path below `src`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const grants = 'domain/grants.ts';
const pricing = 'domain/pricing.ts';
const waterfall = 'domain/waterfall.ts';
const writes = 'broker/store/ledgerWrites.ts';

/** The bugs. */
export const plantedBugs: readonly PlantedBug[] = [
  { name: 'a void is lost', file: writes, from: 'for (const posting of plan.postings) {', to: `for (const posting of plan.postings.filter((one) => one.kind !== 'void')) {` },
  { name: 'an attempt is posted twice', file: writes, from: `if (hold.state !== 'open') {`, to: `if (hold.state === 'never') {` },
  { name: 'the rest of a hold is not given back', file: grants, from: 'microCredits: post, releasedHoldMicroCredits: slice.microCredits }', to: 'microCredits: post, releasedHoldMicroCredits: post }' },
  { name: 'the refund is the whole hold', file: grants, from: 'const post = Math.min(left, slice.microCredits);', to: 'const post = Math.min(left, slice.microCredits) * 0;' },
  { name: 'what is reserved counts as free', file: grants, from: 'grant.remainingMicroCredits - grant.heldMicroCredits,', to: 'grant.remainingMicroCredits,' },
  { name: 'a grant lives a moment too long', file: grants, from: 'nowMs >= grant.expiresAtMs', to: 'nowMs > grant.expiresAtMs' },
  { name: 'the later expiry burns first', file: grants, from: 'expiry(a) - expiry(b)', to: 'expiry(b) - expiry(a)' },
  { name: 'purchased credits burn first', file: grants, from: 'grantKinds.indexOf(a.kind) - grantKinds.indexOf(b.kind)', to: 'grantKinds.indexOf(b.kind) - grantKinds.indexOf(a.kind)' },
  { name: 'a cost above the hold is forgotten', file: grants, from: 'slices.length === 0 ? [] : takeSlices', to: 'slices.length < 99 ? [] : takeSlices' },
  { name: 'credits that came later pay for an untracked attempt', file: grants, from: 'slices.length === 0 ? [] : takeSlices', to: 'slices.length > 99 ? [] : takeSlices' },
  { name: 'the price is another at the end than at the hold', file: writes, from: 'const price = command.servedPrice ?? hold.price;', to: 'const price = command.servedPrice ?? (hold.price && { ...hold.price, rates: { ...hold.price.rates, output: hold.price.rates.output + 7 } });' },
  { name: 'an attempt that began and was cut off is free', file: 'domain/settlement.ts', from: 'inputTokens: facts.estimatedInputTokens,', to: 'inputTokens: facts.estimatedInputTokens * 0,' },
  { name: 'an attempt that never began is charged', file: 'domain/settlement.ts', from: 'if (!facts.begun) return', to: 'if (!facts.begun && facts.terminal) return' },
  { name: 'cached tokens are charged twice', file: pricing, from: 'usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens', to: 'usage.inputTokens - usage.cacheWriteTokens' },
  { name: 'cached tokens cost as much as others', file: pricing, from: `usage.cachedInputTokens, rates.cachedInput)`, to: `usage.cachedInputTokens, rates.input)` },
  { name: 'charges are rounded down', file: 'domain/units.ts', from: '(numerator * 2n + denominator) / (denominator * 2n)', to: 'numerator / denominator' },
  { name: 'exactly 272,000 tokens count as long', file: pricing, from: 'usage.inputTokens > price.long.aboveInputTokens', to: 'usage.inputTokens >= price.long.aboveInputTokens' },
  { name: 'the fast multiplier of the price is ignored', file: pricing, from: 'price.fast ?? fastRatio', to: 'fastRatio' },
  { name: 'flex costs the full price', file: pricing, from: 'const flexRatio: Ratio = { numerator: 1, denominator: 2 };', to: 'const flexRatio: Ratio = { numerator: 2, denominator: 2 };' },
  { name: 'permission for purchased credits is ignored', file: waterfall, from: 'if (!input.consented) {', to: 'if (!input.consented && input.nowMs < 0) {' },
  { name: 'permission of one workspace is permission for all', file: writes, from: 'balance.consentWorkspaces.includes(request.workspaceId)', to: 'balance.consentWorkspaces.length > 0' },
  { name: 'a permission that was given by itself is lost', file: writes, from: 'if (!exists) insertConsent(', to: 'if (!exists && atMs < 0) insertConsent(' },
  { name: 'overage is drawn without permission', file: writes, from: `grants.filter((one) => one.kind !== 'purchased' || permitted)`, to: `grants.filter((one) => one.kind !== 'none' as string || permitted)` },
  { name: 'an estimate draws beyond its hold', file: writes, from: 'command.measured ? permittedGrants(db, hold) : []', to: 'permittedGrants(db, hold)' },
  { name: 'more is admitted than is free', file: waterfall, from: 'if (missing > 0) {', to: 'if (missing > 1000) {' },
  { name: 'a model without a price is let through', file: waterfall, from: `input.unpricedRule === 'refuse'`, to: `input.unpricedRule === 'allow'` },
  { name: 'a key makes a second grant', file: writes, from: 'if (known) {', to: 'if (known && command.atMs < 0) {' },
  { name: 'a key is used for another grant unnoticed', file: writes, from: `known['content'] !== content`, to: `known['content'] === ''` },
  { name: 'what a crash left is charged by the standard tier', file: writes, from: `tier: row['tier'] as PriceTier,`, to: `tier: 'standard',` },
  { name: 'expired credits stay in the balance', file: writes, from: '  expireGrants(db, chains, command.atMs);\n  const balance', to: '  const balance' },
  { name: 'a hold is answered before it is durable', file: 'broker/store/sqliteLedger.ts', from: `this.#db.exec('COMMIT');\n      return outcomes;`, to: `if (commands.some((one) => one.type !== 'reserve')) this.#db.exec('COMMIT');\n      return outcomes;` },
  { name: 'a command that failed leaves its mark in the chain', file: 'broker/store/sqliteLedger.ts', from: 'this.#chains.restore(mark);', to: '' },
  { name: 'a running balance forgets what is reserved', file: 'broker/store/ledgerChains.ts', from: 'this.#heads = { ...this.#heads, entry: hash, balance, held };', to: 'this.#heads = { ...this.#heads, entry: hash, balance };' },
];

// Planted bugs in what stands beside the credits: fallbacks, plans, the runaway guard, imports and notes of limits.
// Data only.
import { inWorlds } from './plantedBug.ts';
import type { PlantedBug } from './plantedBug.ts';

const fallback = 'domain/fallback.ts';
const waterfall = 'domain/waterfall.ts';
const reserve = 'broker/store/reserveWrites.ts';
const writes = 'broker/store/importWrites.ts';
const sums = 'broker/store/importRows.ts';
const notes = 'domain/limitWatch.ts';

/** The bugs. */
export const besideBugs: readonly PlantedBug[] = [
  inWorlds(fallback, 'a fallback answers for what its user did not choose', 'offer.causes.includes(cause) ? cause', 'offer.causes.length >= 0 ? cause'),
  inWorlds(fallback, 'a hard budget does not keep a fallback from answering', 'if (ended || !budgets) return', 'if (!budgets) return', 'budgets'),
  inWorlds(fallback, 'budgets count a fallback by the price of the model that was asked for', 'canWait: false, estimateMicroCredits: offer.estimateMicroCredits }', 'canWait: false }', 'budgets'),
  inWorlds(fallback, 'a fallback answers where its client does not speak to it', 'if (offer.isElsewhere) return', 'if (offer.isElsewhere && input.nowMs < 0) return', 'corrections'),
  inWorlds(fallback, 'a fallback does not answer while credits are owed', `credits_owed: 'balance', `, '', 'corrections'),
  inWorlds(reserve, 'a fallback is held by the price of the model that was asked for', 'price: facts.fallback.price, estimateMicroCredits:', 'price: priced.price ?? facts.fallback.price, estimateMicroCredits:', 'corrections'),
  inWorlds(reserve, 'a fallback is held by the tier that was asked for', `tier: decision.fallback ? 'standard' : command.tier`, 'tier: command.tier', 'corrections'),
  inWorlds(reserve, 'the price of a fallback is noted for the model that was asked for', 'model: decision.fallback?.model ?? request.model', 'model: request.model', 'corrections'),
  inWorlds('domain/toppedUpDecision.ts', 'a fallback answers before credits are added for a request', 'const plain = decide(alone);', 'const plain = decide(input);', 'automatic top-up'),
  {
    ...inWorlds('domain/toppedUpDecision.ts', 'credits are added for what a fallback answers', `if (decision.outcome !== 'admit' || decision.fallback) return`, `if (decision.outcome !== 'admit') return`, 'automatic top-up'),
    also: [{ file: reserve, from: 'estimateMicroCredits: facts.fallback.estimateMicroCredits };', to: 'estimateMicroCredits: facts.fallback.estimateMicroCredits, ...(rule && additions > 0 ? { adds: { rule, count: additions } } : {}) };' }],
  },
  inWorlds(waterfall, 'debts stop what a plan pays for', 'if (input.owedMicroCredits > 0 && !input.plan) {', 'if (input.owedMicroCredits > 0) {', 'corrections'),
  inWorlds(waterfall, 'a plan is stopped by what budgets in credits leave', `.filter((stop) => !input.plan || stop.unit === 'tokens')`, '', 'budgets'),
  inWorlds(waterfall, 'a plan pays only where no credits are counted', 'if (input.plan) return', 'if (input.plan && !input.tracked) return'),
  inWorlds('broker/store/settleWrites.ts', 'what a plan paid is charged after a crash', `...(row['covered_by'] === null ? {} : { isCovered: true }),`, '', 'storm'),
  inWorlds(waterfall, 'what was stopped as a runaway goes on', `if (!runaway || runaway.action === 'slow' || runaway.action === 'let') {`, `if (!runaway || runaway.action !== 'ask') {`),
  inWorlds(writes, 'a response that is told twice is booked twice', 'if (keys.has(use.key) || statement(', 'if (statement(', 'untracked'),
  inWorlds(writes, 'a response that the broker carried is imported', 'else if (wasSeen(db, use)) state.seen', 'else if (use.atMs < 0) state.seen', 'untracked'),
  inWorlds(writes, 'a response that still runs is imported', `WHERE h.state = 'open' AND b.response_id`, `WHERE h.state = 'never' AND b.response_id`, 'untracked'),
  inWorlds(writes, 'a response of another time is taken for one that the broker carried', 'const sameResponseMs = 120_000;', 'const sameResponseMs = 120_001;', 'untracked'),
  inWorlds(writes, 'a correction is taken for a response that the broker carried', ' AND corrects IS NULL LIMIT 1', ' LIMIT 1', 'corrections'),
  inWorlds(writes, 'imported usage that cannot be true is booked', 'if (!isPlausible(use.usage)) throw', 'if (command.atMs < 0) throw', 'untracked'),
  inWorlds(writes, 'an imported response is summed up twice', 'if (fresh.length > 0) addImportSums(db, before);', 'if (fresh.length > 0) addImportSums(db, before - 1);', 'untracked'),
  inWorlds(sums, 'imported responses count when they were imported', `at_ms / \${bucketMs} AS bucket, \${Object`, `imported_at_ms / \${bucketMs} AS bucket, \${Object`, 'untracked'),
  inWorlds(sums, 'all imported input counts as cached', `cached: 'cached_input_tokens'`, `cached: 'input_tokens'`, 'untracked'),
  inWorlds('broker/store/importReads.ts', 'a report counts the first quarter hour of what was imported twice', 'Math.ceil(sinceMs / bucketMs)', 'Math.floor(sinceMs / bucketMs)', 'untracked'),
  inWorlds('domain/importedUse.ts', 'imported responses cost half', `chargeFor(usage, price, 'standard')`, `chargeFor(usage, price, 'flex')`, 'untracked'),
  inWorlds('broker/store/ledgerWrites.ts', 'an import of which a part was there before is told as done after a failed commit', 'command.uses.every((use)', 'command.uses.some((use)', 'storm'),
  inWorlds(notes, 'a limit that is known is noted again', 'return isKnown ? undefined :', 'return limits.length === 0 ? undefined :'),
  inWorlds(notes, 'a note forgets the limits that it does not tell', '?? known.find((one) => one.measure === measure) ?? []', '?? []'),
  inWorlds(notes, 'a window that is told with some play began anew', 'hasSameEnd(before.began, note.began) ? undefined', 'before.began.resetsAtMs === note.began.resetsAtMs ? undefined'),
];

// Planted bugs in what is booked: holds, ends, corrections, grants that are taken back, sums that are kept. Data only.
import { inWorlds } from './plantedBug.ts';
import type { PlantedBug } from './plantedBug.ts';

const reserve = 'broker/store/reserveWrites.ts';
const settle = 'broker/store/settleWrites.ts';
const correction = 'broker/store/correctionWrites.ts';
const plans = 'domain/corrections.ts';
const grantWrites = 'broker/store/grantWrites.ts';
const owedWrites = 'broker/store/owedWrites.ts';
const creditState = 'broker/store/creditState.ts';
const upkeep = 'broker/store/upkeep.ts';
const rollups = 'broker/store/rollupTable.ts';

/** The bugs. */
export const bookingBugs: readonly PlantedBug[] = [
  inWorlds(settle, 'usage that cannot be true is booked', 'if (!isPlausible(command.usage))', 'if (atMs < 0)'),
  inWorlds(settle, 'a void is lost', 'for (const posting of plan.postings) {', `for (const posting of plan.postings.filter((one) => one.kind !== 'void')) {`),
  inWorlds(settle, 'an attempt is posted twice', `if (hold.state !== 'open') {`, `if (hold.state === 'never') {`),
  inWorlds(settle, 'the price is looked up when the attempt ends', 'const price = command.servedPrice ?? hold.price;', 'const price = command.servedPrice ?? readDirectives(db, chains).prices.get(hold.model) ?? hold.price;'),
  inWorlds(settle, 'an attempt that the client left is charged nothing', 'const charge = command.chargeable && price ?', `const charge = command.chargeable && command.outcome !== 'aborted' && price ?`),
  inWorlds(settle, 'overage is drawn without permission', `one.kind !== 'purchased' || permitted)`, `one.kind !== 'none' as string || permitted)`),
  inWorlds(settle, 'an estimate draws beyond its hold', 'const overageFrom = command.measured && charge', 'const overageFrom = charge'),
  inWorlds(settle, 'what may have been lost upstream is charged', 'const charge = command.chargeable && price ? chargeFor(command.usage,', 'const charge = (command.chargeable || command.exposed) && price ? chargeFor(command.exposed ? { ...command.usage, inputTokens: hold.estimatedInputTokens } : command.usage,'),
  inWorlds(settle, 'what may have been lost upstream is not noted', 'const exposed = command.exposed === true ?', 'const exposed = command.atMs < 0 ?'),
  inWorlds(settle, 'what no credits covered is not given back', 'chains.entry({ id: `refund_${attemptId}${mark}_overshoot`', 'if (atMs < 0) chains.entry({ id: `refund_${attemptId}${mark}_overshoot`'),
  inWorlds(owedWrites, 'what a hold drew of disputed credits is not owed', 'if (microCredits > 0) chains.entry(', 'if (microCredits < 0) chains.entry(', 'corrections'),
  inWorlds(settle, 'a hold gives back to a grant that was taken back', 'if (isOver(grant, atMs)) endGrant(db, chains, grant, atMs);\n  }\n}\n\n/**\n * The grants', 'if (atMs < 0) endGrant(db, chains, grant, atMs);\n  }\n}\n\n/**\n * The grants', 'corrections'),
  inWorlds(settle, 'what a crash left is charged by the standard tier', `tier: row['tier'] as PriceTier,`, `tier: 'standard',`),
  inWorlds(reserve, 'expired credits stay, and allowances are not given before a decision', 'const { granted } = doUpkeep(db, chains, command.atMs);', 'const granted = 0;', 'expiry'),
  inWorlds(reserve, 'the ceiling price is not kept with the hold', 'return { decision, ...priced, ...(rule', 'return { decision, ...priced, ...(priced.price === facts.price ? {} : { price: undefined }), ...(rule', 'unpriced'),
  inWorlds(reserve, 'the estimate is not kept with the hold', 'estimateMicroCredits: estimateMicroCredits ?? null,', 'estimateMicroCredits: null,'),
  inWorlds(reserve, 'a request that waits leaves a hold behind', `if (decision.outcome === 'ask' || decision.outcome === 'wait')`, `if (decision.outcome === 'ask')`, 'last credit'),
  inWorlds(plans, 'a refund goes to the wrong grant', '[...drawn].reverse()', '[...drawn]'),
  inWorlds(plans, 'what was never taken is given back', 'Math.min(microCredits, uncoveredMicroCredits)', '0 * uncoveredMicroCredits', 'corrections'),
  inWorlds(plans, 'what turns out to be due is not drawn', 'microCredits: minus(taken)', 'microCredits: taken', 'corrections'),
  {
    ...inWorlds(correction, 'more is refunded than was charged', 'what.microCredits > booked.costMicroCredits)', 'what.microCredits > 1e15)', 'corrections'),
    also: [{ file: correction, from: 'if (booked.costMicroCredits + delta < 0)', to: 'if (command.atMs < 0)' }],
  },
  {
    ...inWorlds(correction, 'the same refund again gives back once more', 'if (known) {', `if (known && command.what.kind !== 'refund') {`, 'corrections'),
    also: [
      { file: correction, from: 'const mark = `~${key}`;', to: 'const mark = `~${key}${booked.refundedMicroCredits}`;' },
      { file: correction, from: `layDown(chains, key, atMs, { kind: 'correction'`, to: `if (booked.refundedMicroCredits === 0) layDown(chains, key, atMs, { kind: 'correction'` },
    ],
  },
  inWorlds(correction, 'a reconciliation ignores an earlier refund', 'charge.costMicroCredits - booked.refundedMicroCredits - booked.costMicroCredits', 'charge.costMicroCredits - booked.costMicroCredits', 'corrections'),
  inWorlds(correction, 'a reconciliation forgets an earlier one', `ORDER BY sequence').all(attemptId).map(tokensOf)`, `ORDER BY sequence LIMIT 1').all(attemptId).map(tokensOf)`, 'corrections'),
  inWorlds(correction, 'a reconciliation draws without permission', 'takeSlices(permittedGrants(db, chains, hold), delta', `takeSlices(statement(db, 'SELECT grant_id FROM grants WHERE remaining > 0').all().flatMap((row) => readGrant(db, String(row['grant_id'])) ?? []), delta`, 'corrections'),
  inWorlds(correction, 'taking a grant back leaves its free credits', 'if (isOver(voided, command.atMs)) endGrant(', 'if (command.atMs < 0) endGrant(', 'corrections'),
  inWorlds(owedWrites, 'what was spent of disputed credits is not owed', 'if (spent > 0) ', 'if (spent > 1e15) ', 'corrections'),
  inWorlds(correction, 'credits that were only taken back are owed too', 'if (what.disputed) oweSpent(', 'if (command.atMs > 0) oweSpent(', 'corrections'),
  inWorlds(correction, 'credits that were taken back and disputed later are not owed', 'if (what.disputed) oweSpent(', 'if (what.disputed && grant.voided === undefined) oweSpent(', 'corrections'),
  inWorlds(correction, 'a refund leaves the debt for disputed credits as it was', `if (grant.voided === 'disputed') lowerOwed(`, `if (grant.voided === 'disputed' && back.atMs < 0) lowerOwed(`, 'corrections'),
  inWorlds(owedWrites, 'a debt that is lowered below what was paid keeps the rest', 'if (overpaid <= 0) return;', 'if (overpaid <= 1e15) return;', 'corrections'),
  inWorlds(owedWrites, 'what expired unused is owed too', `e.kind IN ('expire', 'void', 'refund')`, `e.kind = 'void'`, 'corrections'),
  inWorlds(correction, 'what comes back to a grant that is over stays in the balance', 'if (isOver(grant, back.atMs)) endGrant(', 'if (back.atMs < 0) endGrant(', 'corrections'),
  inWorlds(correction, 'a correction tells more than it moved', 'changedMicroCredits: chains.mark().balance - before };\n}\n\n/** The entry', 'changedMicroCredits: sum(plan.movements.map((one) => one.microCredits)) };\n}\n\n/** The entry', 'corrections'),
  inWorlds(correction, 'reports miss corrections', 'addToRollups(db, chains, event, { origin: hold.origin, costMicroCredits: delta });', '', 'corrections'),
  inWorlds(grantWrites, 'a key makes a second grant', 'if (known) {', 'if (known && command.atMs < 0) {'),
  inWorlds(grantWrites, 'a key is used for another grant unnoticed', `known['content'] !== content`, `known['content'] === ''`),
  inWorlds(owedWrites, 'what is owed is paid twice', 'chains.entry({ id: `${id}_paid`', 'if (amount < 0) chains.entry({ id: `${id}_paid`', 'corrections'),
  inWorlds(grantWrites, 'free credits pay what is owed', `if (command.kind === 'purchased') {`, `if (command.kind !== 'purchased') payOwed(chains, command);\n  else {`, 'corrections'),
  inWorlds(grantWrites, 'the permission that came with credits is lost', `if (consent.scope !== 'ask') layDown(`, `if (command.atMs < 0) layDown(`, 'consents'),
  inWorlds(upkeep, 'what expired by a clock that was ahead is lost', 'if (nowMs + earlyExpiryMsMin >= chains.credits().lastExpiryMs) return [];', 'if (nowMs > 0) return [];', 'expiry'),
  inWorlds(upkeep, 'what expired comes back to a grant that was taken back', 'WHERE g.voided = 0 AND g.created_at_ms <= ?', 'WHERE g.created_at_ms <= ?', 'allowances'),
  inWorlds(upkeep, 'a clock that is behind brings expired credits back', 'AND g.created_at_ms <= ? AND', 'AND g.created_at_ms - 1e15 <= ? AND', 'expiry'),
  inWorlds(upkeep, 'credits come back of grants whose time is over', 'AND g.expires_at_ms > ? AND', 'AND g.expires_at_ms + 1e9 > ? AND', 'expiry'),
  inWorlds(creditState, 'it is forgotten that credits expired too early once the broker restarts', "return typeof last === 'number' ? last : -Infinity;", 'return last === null ? Number(last) : -Infinity;', 'expiry'),
  inWorlds('domain/waterfall.ts', 'what costs something after all is drawn nowhere', '...(hold === 0 ? { tracked: true } : {})', '...(hold < 0 ? { tracked: true } : {})'),
  inWorlds(upkeep, 'upkeep takes what is reserved', '-availableMicroCredits(grant) });', '-grant.remainingMicroCredits });', 'expiry'),
  inWorlds(upkeep, 'upkeep leaves grants that were taken back', '(grant.voided !== undefined || isExpired(grant, nowMs))', 'isExpired(grant, nowMs)', 'corrections'),
  inWorlds(rollups, 'reports count a retry twice', 'if (earlier.length === 0) return undefined;', 'if (earlier.length >= 0) return undefined;'),
  inWorlds('domain/rollups.ts', 'reports take branches of two workspaces for one', "return name === null ? '' : `${workspaceId} ${name}`;", "return name ?? '';"),
  inWorlds(settle, 'the branch of a request is forgotten at its end', 'origin: hold.origin, ...(charge', 'origin: { ...hold.origin, branch: null }, ...(charge'),
  inWorlds('domain/rollups.ts', 'reports take estimates for measured', 'const learnt = estimate !== undefined && event.measured &&', 'const learnt = estimate !== undefined &&'),
];

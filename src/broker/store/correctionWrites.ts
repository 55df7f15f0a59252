// Late corrections on the rows of the ledger: usage that turned out to be another, a charge that is given
// back, a grant that is taken back. Each is new rows that name what they correct; nothing is changed.
import type { DatabaseSync } from 'node:sqlite';
import { planRefund, planReconciliation } from '../../domain/corrections.ts';
import type { DrawnSlice } from '../../domain/corrections.ts';
import { keyFault } from '../../domain/directives.ts';
import { takeSlices } from '../../domain/grants.ts';
import type { Grant } from '../../domain/grants.ts';
import { chargeFor } from '../../domain/pricing.ts';
import type { ModelPrice, PriceTier } from '../../domain/pricing.ts';
import { problem } from '../../domain/problem.ts';
import { isPlausible, noTokens, subtractUsage, addUsage } from '../../domain/tokenUsage.ts';
import type { TokenUsage } from '../../domain/tokenUsage.ts';
import { sum } from '../../domain/units.ts';
import { layDown } from './directiveTable.ts';
import { readGrant } from './grantReads.ts';
import type { LedgerChains } from './ledgerChains.ts';
import type { CorrectCommand, Correction, LedgerCommandResults } from './ledgerCommands.ts';
import { tokensOf } from './ledgerReads.ts';
import { lowerOwed, oweSpent, repayOverpaid } from './owedWrites.ts';
import type { GivenBack } from './owedWrites.ts';
import { addToRollups } from './rollupTable.ts';
import { bookOvershoot, permittedGrants } from './settleWrites.ts';
import { statement } from './statements.ts';
import { endGrant, isOver } from './upkeep.ts';

type Result = LedgerCommandResults['correct'];

/** Books a correction. The same key again changes nothing. */
export function correct(db: DatabaseSync, chains: LedgerChains, command: CorrectCommand): Result {
  const content = JSON.stringify([command.what, command.reason]);
  const known = statement(db, 'SELECT content FROM directives WHERE id = ?').get(command.key);
  if (known) {
    const same = known['content'] === JSON.stringify(directiveOf(command, content));
    return same ? { exists: true, changedMicroCredits: 0 } : { problem: problem('key_conflict', 'The key "{0}" was used before for something else. Nothing was changed.', { values: [command.key] }) };
  }
  const fault = keyFault(command.key);
  if (fault !== undefined) return { problem: problem('argument_invalid', '{0} Nothing was changed.', { values: [fault] }) };
  const { what } = command;
  return what.kind === 'void' ? voidGrant(db, chains, command, what) : correctAttempt(db, chains, command, what, content);
}

function directiveOf({ what, reason }: CorrectCommand, content: string) {
  return what.kind === 'void' ? { kind: 'void', grantId: what.grantId, disputed: what.disputed, reason } as const : { kind: 'correction', attemptId: what.attemptId, content } as const;
}

/** Takes a grant back: what is free goes, what is reserved goes when its holds end; of a disputed one what was spent is owed. */
function voidGrant(db: DatabaseSync, chains: LedgerChains, command: CorrectCommand, what: Extract<Correction, { kind: 'void' }>): Result {
  const grant = readGrant(db, what.grantId);
  if (!grant) return { problem: problem('grant_not_found', 'There is no grant "{0}". Nothing was changed.', { values: [what.grantId] }) };
  // One that was undone may be disputed later; nothing leads back.
  if (grant.voided === 'disputed' || grant.voided !== undefined && !what.disputed) return { exists: true, changedMicroCredits: 0 };
  layDown(chains, command.key, command.atMs, { kind: 'void', grantId: grant.id, disputed: what.disputed, reason: command.reason });
  statement(db, 'UPDATE grants SET voided = ? WHERE grant_id = ?').run(what.disputed ? 2 : 1, grant.id);
  chains.grantChanged(grant.id);
  const voided: Grant = { ...grant, voided: what.disputed ? 'disputed' : 'undone' };
  const before = chains.mark().balance;
  if (isOver(voided, command.atMs)) endGrant(db, chains, voided, command.atMs);
  if (what.disputed) oweSpent(db, chains, { key: command.key, atMs: command.atMs, grantId: grant.id });
  return { exists: false, changedMicroCredits: chains.mark().balance - before };
}

interface Booked { readonly usage: TokenUsage; readonly costMicroCredits: number; readonly refundedMicroCredits: number; readonly drawn: readonly DrawnSlice[]; readonly uncoveredMicroCredits: number }

function correctAttempt(db: DatabaseSync, chains: LedgerChains, command: CorrectCommand, what: Exclude<Correction, { kind: 'void' }>, content: string): Result {
  const { attemptId } = what;
  const { atMs, key } = command;
  const hold = chains.held.find(db, attemptId);
  const first = statement(db, `SELECT u.*, c.id AS charge_id, c.price, c.price_version FROM usage_events u LEFT JOIN charges c ON c.usage_event_id = u.id WHERE u.attempt_id = ? AND u.corrects IS NULL`).get(attemptId);
  if (!hold || !first) return { problem: problem('request_not_found', 'The ledger knows no attempt "{0}" that was sent and has ended. Nothing was changed.', { values: [attemptId] }) };
  if (first['charge_id'] === null) return { problem: problem('argument_invalid', 'The attempt "{0}" was not charged, so there is nothing to correct. Nothing was changed.', { values: [attemptId] }) };
  const booked = readBooked(db, attemptId);
  const price = JSON.parse(String(first['price'])) as ModelPrice;
  const tier = first['tier'] as PriceTier;
  if (what.kind === 'usage' && !isPlausible(what.usage)) return { problem: problem('argument_invalid', 'Such usage cannot be true. Nothing was changed.') };
  if (what.kind === 'refund' && (what.microCredits <= 0 || what.microCredits > booked.costMicroCredits)) {
    return { problem: problem('argument_invalid', 'A refund is above zero and at the most what the attempt cost. Nothing was changed.') };
  }
  const charge = what.kind === 'usage' ? chargeFor(what.usage, price, tier) : undefined;
  const delta = charge ? charge.costMicroCredits - booked.refundedMicroCredits - booked.costMicroCredits : -(what.kind === 'refund' ? what.microCredits : 0);
  // A charge that was refunded in part can not fall below nothing through a later correction.
  if (booked.costMicroCredits + delta < 0) return { problem: problem('argument_invalid', 'More than that was refunded already. Nothing was changed.') };
  const mark = `~${key}`;
  const before = chains.mark().balance;
  layDown(chains, key, atMs, { kind: 'correction', attemptId, content });
  const event = {
    id: `use_${attemptId}${mark}`, attemptId, requestId: hold.requestId, atMs, workspaceId: hold.workspaceId, client: hold.client, threadId: hold.threadId, model: hold.model,
    modelServed: first['model_served'] as string | null, tier, outcome: 'corrected', status: null, measured: true, freeReason: null,
    ...(what.kind === 'usage' ? subtractUsage(what.usage, booked.usage) : noTokens),
    waitedMs: 0, firstByteMs: null, durationMs: 0, upstreamRequestId: null, responseId: null, notice: command.reason, termsHash: hold.termsHash, corrects: `use_${attemptId}`,
  } as const;
  chains.usageEvent(event);
  const plan = !hold.tracked ? { movements: [], drawnMicroCredits: 0, uncoveredMicroCredits: 0 } : delta <= 0 ? planRefund(-delta, booked.drawn, booked.uncoveredMicroCredits)
    : planReconciliation(delta, takeSlices(permittedGrants(db, chains, hold), delta, { nowMs: atMs, model: hold.model, workspaceId: hold.workspaceId }));
  const chargeId = `chg_${attemptId}${mark}`;
  chains.charge({
    id: chargeId, usageEventId: event.id, attemptId, atMs, costMicroCredits: delta, drawnMicroCredits: plan.drawnMicroCredits, uncoveredMicroCredits: plan.uncoveredMicroCredits,
    tier, priceVersion: price.version, price, terms: charge?.terms ?? [], basis: what.kind === 'usage' ? 'usage' : 'refund', corrects: String(first['charge_id']),
  });
  for (const { grantId, microCredits } of plan.movements) {
    const kind = microCredits > 0 ? 'refund' : 'overage';
    chains.entry({ id: `${kind}_${attemptId}${mark}_${grantId}`, atMs, kind, grantId, attemptId, chargeId, amountMicroCredits: microCredits, corrects: microCredits > 0 ? drawnBy(db, attemptId, grantId) : null });
  }
  if (plan.uncoveredMicroCredits > 0) bookOvershoot(chains, { attemptId, chargeId, atMs, microCredits: plan.uncoveredMicroCredits, mark });
  addToRollups(db, chains, event, { origin: hold.origin, costMicroCredits: delta });
  for (const { grantId, microCredits } of plan.movements) if (microCredits > 0) endGivenBack(db, chains, { attemptId, mark, atMs, grantId, microCredits, refundId: `refund_${attemptId}${mark}_${grantId}` });
  repayOverpaid(db, chains, { attemptId, mark, atMs });
  // What came back to a grant that is over has left the balance again.
  return { exists: false, changedMicroCredits: chains.mark().balance - before };
}

/** The entry by which an attempt first drew from a grant. */
function drawnBy(db: DatabaseSync, attemptId: string, grantId: string): string {
  return String(statement(db, `SELECT id FROM entries WHERE attempt_id = ? AND grant_id = ? AND account = 'grant' AND amount < 0 ORDER BY sequence LIMIT 1`).get(attemptId, grantId)?.['id']);
}

/** Credits that come back to a grant whose time is over, or that was taken back, are over too; of a disputed one less is owed then. */
function endGivenBack(db: DatabaseSync, chains: LedgerChains, back: GivenBack): void {
  const grant = readGrant(db, back.grantId);
  if (!grant) return;
  if (isOver(grant, back.atMs)) endGrant(db, chains, grant, back.atMs);
  if (grant.voided === 'disputed') lowerOwed(chains, back);
}

/** What was booked for an attempt so far, earlier corrections included. */
function readBooked(db: DatabaseSync, attemptId: string): Booked {
  const usage = statement(db, 'SELECT * FROM usage_events WHERE attempt_id = ? ORDER BY sequence').all(attemptId).map(tokensOf).reduce(addUsage, noTokens);
  const charges = statement(db, 'SELECT cost, uncovered, basis FROM charges WHERE attempt_id = ?').all(attemptId);
  const drawn = statement(db, `SELECT grant_id, -SUM(amount) AS drawn FROM entries WHERE attempt_id = ? AND account = 'grant' GROUP BY grant_id HAVING drawn <> 0 ORDER BY MIN(CASE WHEN amount < 0 THEN sequence END)`).all(attemptId);
  return {
    usage, costMicroCredits: sum(charges.map((row) => Number(row['cost']))), uncoveredMicroCredits: sum(charges.map((row) => Number(row['uncovered']))),
    refundedMicroCredits: sum(charges.filter((row) => row['basis'] === 'refund').map((row) => -Number(row['cost']))),
    drawn: drawn.map((row) => ({ grantId: String(row['grant_id']), microCredits: Number(row['drawn']) })),
  };
}

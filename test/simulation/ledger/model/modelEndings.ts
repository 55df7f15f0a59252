// The second mind's endings: what an attempt is charged when it ends or is given up after a crash, what is
// taken of its hold, what beyond it, and what nobody covers. An attempt ends once.
import type { ModelPrice, PriceTier } from '../../../../src/domain/pricing.ts';
import type { TokenUsage } from '../../../../src/domain/tokenUsage.ts';
import type { SettleCommand } from '../../../../src/broker/store/ledgerCommands.ts';
import { canBeTrue, costOf, drawable, take, zeroUsage } from './modelCosts.ts';
import { consentOf } from './modelDecision.ts';
import { endIfOver } from './modelGrants.ts';
import { moveGrant } from './modelState.ts';
import type { ModelAttempt, ModelSlice, ModelState } from './modelState.ts';

interface Ending {
  readonly atMs: number;
  readonly usage: TokenUsage;
  readonly cost?: number | undefined;
  readonly price?: ModelPrice | undefined;
  readonly tier: PriceTier;
  readonly measured: boolean;
  readonly exposed: boolean;
  readonly served?: string | undefined;
  readonly responseId?: string | undefined;
}

/** Ends an attempt as it was reported. */
export function settle(state: ModelState, command: SettleCommand) {
  const attempt = state.attempts.get(command.attemptId);
  if (!attempt || attempt.verdict.outcome !== 'admit') return { fails: 'ledger_unavailable' };
  if (attempt.end) return { exists: true, cost: attempt.end.cost, drawn: attempt.end.drawn };
  if (!canBeTrue(command.usage)) return { fails: 'ledger_unavailable' };
  const price = command.servedPrice ?? attempt.price;
  const cost = command.chargeable && price ? costOf(command.usage, price, command.tier) : undefined;
  if (command.chargeable && price && cost === undefined) return { fails: 'ledger_unavailable' };
  const drawn = end(state, command.attemptId, attempt, { ...command, cost, price, exposed: command.exposed === true, served: command.modelServed });
  return { exists: false, cost, drawn };
}

/** Ends everything that is open: what had begun to be answered is charged its input, the rest is free and may have cost something upstream. */
export function recover(state: ModelState, atMs: number): { readonly resolved: number } {
  const open = [...state.attempts].filter(([, attempt]) => attempt.open);
  for (const [id, attempt] of open) {
    const { tier } = attempt;
    const usage = { ...zeroUsage, inputTokens: attempt.begun ? attempt.facts.estimatedInputTokens : 0 };
    const cost = attempt.begun && !attempt.covered && attempt.price ? costOf(usage, attempt.price, tier) : undefined;
    end(state, id, attempt, { atMs, usage, cost, price: attempt.price, tier, measured: false, exposed: !attempt.begun && !attempt.covered, responseId: attempt.begunAs });
    state.notes.push(attempt.begun ? 'recovered begun' : 'recovered unbegun');
  }
  return { resolved: open.length };
}

/** Whether credits that were bought may be drawn beyond a hold: with permission, or where the hold drew on them already. */
export function mayBuyMore(state: ModelState, attempt: ModelAttempt): boolean {
  return consentOf(state, attempt.facts.request) === 'allow' || attempt.slices.some((slice) => state.grants.get(slice.grantId)?.kind === 'purchased');
}

/** Takes an amount beyond a hold, from what may be drawn. */
export function takeBeyond(state: ModelState, attempt: ModelAttempt, amount: number, atMs: number): ModelSlice[] {
  const { model, workspaceId } = attempt.facts.request;
  const mayBuy = mayBuyMore(state, attempt);
  return take(drawable(state, { atMs, model, workspaceId }).filter((grant) => mayBuy || grant.kind !== 'purchased'), amount);
}

function end(state: ModelState, id: string, attempt: ModelAttempt, ending: Ending): number {
  const { request } = attempt.facts;
  const { atMs, cost, usage } = ending;
  const isTracked = attempt.tracked;
  let due = isTracked ? cost ?? 0 : 0;
  const held = attempt.slices.reduce((sum, slice) => sum + slice.amount, 0);
  // What lies beyond the hold is looked for while the hold still stands.
  const beyond = isTracked && ending.measured && due > held ? takeBeyond(state, attempt, due - held, atMs) : [];
  const drawnFrom = new Map<string, number>();
  for (const { grantId, amount } of attempt.slices) {
    const part = Math.min(due, amount);
    moveGrant(state, grantId, { left: -part, held: -amount, spent: part });
    drawnFrom.set(grantId, part);
    due -= part;
  }
  for (const { grantId, amount } of beyond) {
    moveGrant(state, grantId, { left: -amount, spent: amount });
    drawnFrom.set(grantId, (drawnFrom.get(grantId) ?? 0) + amount);
    due -= amount;
  }
  state.rows.usage += 1;
  state.rows.charges += cost === undefined ? 0 : 1;
  state.rows.entries += attempt.slices.length + beyond.length + (due > 0 ? 2 : 0);
  state.overshot += due;
  const exposed = ending.exposed ? attempt.estimate ?? 0 : 0;
  if (exposed > 0) state.rows.entries += 1;
  state.exposure += exposed;
  const notes = [beyond.length > 0 && 'drawn beyond the hold', due > 0 && 'overshoot given back', exposed > 0 && 'exposure booked', cost !== undefined && cost === held && isTracked && 'cost is exactly the hold', !isTracked && 'untracked ended', isTracked && attempt.slices.length === 0 && (cost ?? 0) > 0 && 'cost something although nothing was reserved'];
  state.notes.push(...notes.filter((note) => note !== false));
  const drawn = (isTracked ? cost ?? 0 : 0) - due;
  state.uses.push({
    attemptId: id, requestId: request.requestId, atMs, workspaceId: request.workspaceId, client: request.client, threadId: request.threadId, requestKind: request.requestKind, branch: request.branch, command: request.command, file: request.file,
    asked: request.model, served: ending.served ?? request.model, usage, cost, measured: ending.measured, isCorrection: false, covered: attempt.covered,
    estimate: { input: attempt.facts.estimatedInputTokens, output: attempt.facts.likelyOutputTokens ?? attempt.facts.estimatedOutputTokens, microCredits: attempt.estimate },
  });
  state.attempts.set(id, {
    ...attempt, open: false, ...(ending.responseId === undefined ? {} : { endedAs: ending.responseId }),
    // A grant that was only reserved has paid nothing yet: if it pays later, it comes behind those that paid before.
    end: { drawn, tier: ending.tier, costNow: cost ?? 0, refunded: 0, uncovered: due, usage, drawnFrom: new Map([...drawnFrom].filter(([, amount]) => amount > 0)), ...(cost === undefined ? {} : { cost }), ...(ending.price ? { price: ending.price } : {}) },
  });
  for (const [grantId, amount] of drawnFrom) endTakenBack(state, grantId, amount, atMs);
  return drawn;
}

/** What a hold drew of a grant whose payment was disputed is owed; what it gave back of one that was taken back goes. */
function endTakenBack(state: ModelState, grantId: string, amount: number, atMs: number): void {
  const grant = state.grants.get(grantId);
  if (grant?.voided === undefined) return;
  if (grant.voided === 'disputed' && amount > 0) {
    state.owed += amount;
    state.rows.entries += 1;
    state.notes.push('owed for a hold that drew on disputed credits');
  }
  if (endIfOver(state, grantId, atMs)) state.notes.push('a hold gave back to a voided grant');
}

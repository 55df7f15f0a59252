// The second mind's corrections: usage that was another, charges that are given back, grants that are taken
// back. What comes back goes where it came from, the last drawn first.
import type { CorrectCommand, Correction } from '../../../../src/broker/store/ledgerCommands.ts';
import type { TokenUsage } from '../../../../src/domain/tokenUsage.ts';
import { addedUsage, canBeTrue, costOf, zeroUsage } from './modelCosts.ts';
import { layDown } from './modelDirectives.ts';
import { takeBeyond } from './modelEndings.ts';
import { addGrant, endIfOver, priorityUnsaid } from './modelGrants.ts';
import { moveGrant } from './modelState.ts';
import type { ModelAttempt, ModelEnd, ModelState } from './modelState.ts';

type Answer = { readonly exists: boolean; readonly changed: number } | { readonly code: string };

/** A correction as it is given. */
export function correct(state: ModelState, command: CorrectCommand): Answer {
  const { what, reason } = command;
  const directive = what.kind === 'void' ? { kind: 'void', grantId: what.grantId, disputed: what.disputed, reason } as const
    : { kind: 'correction', attemptId: what.attemptId, content: JSON.stringify([what, reason]) } as const;
  const known = state.keys.get(command.key);
  if (known !== undefined) return known === JSON.stringify(directive) ? { exists: true, changed: 0 } : { code: 'key_conflict' };
  if (what.kind === 'void') return takeBack(state, command, what);
  const attempt = state.attempts.get(what.attemptId);
  if (!attempt?.end) return { code: 'request_not_found' };
  const plan = changeOf(attempt.end, what);
  if (typeof plan !== 'number') return { code: 'argument_invalid' };
  layDown(state, command.key, directive);
  return book(state, attempt, attempt.end, { what, change: plan, atMs: command.atMs, key: command.key });
}

/** By how much a correction changes what an attempt cost; undefined where it cannot be. */
function changeOf(end: ModelEnd, what: Exclude<Correction, { kind: 'void' }>): number | undefined {
  if (end.cost === undefined || !end.price) return undefined;
  if (what.kind === 'refund') return what.microCredits > 0 && what.microCredits <= end.costNow ? -what.microCredits : undefined;
  if (!canBeTrue(what.usage)) return undefined;
  const costNext = costOf(what.usage, end.price, end.tier);
  if (costNext === undefined || costNext < end.refunded) return undefined;
  return costNext - end.refunded - end.costNow;
}

function book(state: ModelState, attempt: ModelAttempt, end: ModelEnd, by: { readonly what: Exclude<Correction, { kind: 'void' }>; readonly change: number; readonly atMs: number; readonly key: string }): Answer {
  const { what, change, atMs } = by;
  const { facts } = attempt;
  const before = balanceOf(state);
  const usageChange: TokenUsage = what.kind === 'usage' ? addedUsage(what.usage, end.usage, -1) : zeroUsage;
  const drawnFrom = new Map(end.drawnFrom);
  let { uncovered } = end;
  const back: [string, number][] = [];
  const move = (grantId: string, amount: number) => {
    moveGrant(state, grantId, { left: -amount, spent: amount });
    drawnFrom.set(grantId, (drawnFrom.get(grantId) ?? 0) + amount);
    if (amount < 0) back.push([grantId, -amount]);
    state.rows.entries += 1;
  };
  if (attempt.tracked && change > 0) {
    let due = change;
    for (const { grantId, amount } of takeBeyond(state, attempt, change, atMs)) { move(grantId, amount); due -= amount; }
    uncovered += due;
    state.overshot += due;
    if (due > 0) state.rows.entries += 2;
    state.notes.push(due > 0 ? 'reconciled up beyond all credits' : 'reconciled up');
  } else if (attempt.tracked) {
    const forgiven = Math.min(-change, uncovered);
    let left = -change - forgiven;
    uncovered -= forgiven;
    for (const [grantId, amount] of [...drawnFrom].reverse()) {
      const part = Math.min(left, amount);
      if (part > 0) move(grantId, -part);
      left -= Math.max(0, part);
    }
    state.notes.push(what.kind === 'refund' ? end.refunded > 0 ? 'refunded again' : 'refunded' : change === 0 ? 'reconciled to the same' : end.refunded > 0 ? 'reconciled down after a refund' : 'reconciled down');
    if (back.length > 1) state.notes.push('given back to several grants');
  } else state.notes.push('untracked corrected');
  state.rows.usage += 1;
  state.rows.charges += 1;
  state.uses.push({
    attemptId: facts.attemptId, requestId: facts.request.requestId, atMs, workspaceId: facts.request.workspaceId, client: facts.request.client, threadId: facts.request.threadId,
    requestKind: facts.request.requestKind, branch: facts.request.branch, command: facts.request.command, file: facts.request.file, asked: facts.request.model, served: servedOf(state, facts.attemptId), usage: usageChange, cost: change, measured: true, isCorrection: true,
  });
  state.attempts.set(facts.attemptId, {
    ...attempt,
    end: { ...end, costNow: end.costNow + change, refunded: end.refunded + (what.kind === 'refund' ? what.microCredits : 0), uncovered, usage: addedUsage(end.usage, usageChange), drawnFrom },
  });
  for (const [grantId, amount] of back) {
    if (endIfOver(state, grantId, atMs)) state.notes.push('given back to a grant that is over');
    if (state.grants.get(grantId)?.voided === 'disputed') lowerDebt(state, amount);
  }
  if (state.owed < 0) repay(state, `refund ${facts.attemptId}~${by.key}`, atMs);
  return { exists: false, changed: balanceOf(state) - before };
}

/** Less is owed. */
function lowerDebt(state: ModelState, amount: number): void {
  state.owed -= amount;
  state.rows.entries += 1;
  state.notes.push('debt lowered by a refund');
}

/** What had been paid of a debt that was lowered comes back as a grant. */
function repay(state: ModelState, key: string, atMs: number): void {
  const paidTooMuch = -state.owed;
  addGrant(state, key, { id: key, kind: 'purchased', chosen: 'a repayment', priority: priorityUnsaid, createdAtMs: atMs, left: paidTooMuch, held: 0, spent: 0, expired: [] });
  state.rows.entries += 1;
  state.owed = 0;
  state.notes.push('repaid what had been paid of a lowered debt');
}

function balanceOf(state: ModelState): number {
  let sum = 0;
  for (const grant of state.grants.values()) sum += grant.left;
  return sum;
}

function servedOf(state: ModelState, attemptId: string): string {
  const use = state.uses.find((one) => one.attemptId === attemptId && !one.isCorrection);
  return use?.served ?? '';
}

/** A grant is taken back: what is free goes now, what is reserved when its holds end; what was spent of a disputed one is owed. */
function takeBack(state: ModelState, command: CorrectCommand, what: Extract<Correction, { kind: 'void' }>): Answer {
  const grant = state.grants.get(what.grantId);
  if (!grant) return { code: 'grant_not_found' };
  if (grant.voided === 'disputed' || grant.voided === 'undone' && !what.disputed) return { exists: true, changed: 0 };
  if (grant.voided === 'undone') state.notes.push('undone and then disputed');
  const before = balanceOf(state);
  layDown(state, command.key, { kind: 'void', grantId: what.grantId, disputed: what.disputed, reason: command.reason });
  state.grants.set(grant.id, { ...grant, voided: what.disputed ? 'disputed' : 'undone' });
  state.notes.push(what.disputed ? 'disputed' : 'undone');
  if (grant.held > 0) state.notes.push('taken back while a part is reserved');
  endIfOver(state, grant.id, command.atMs);
  if (what.disputed && grant.spent > 0) {
    state.owed += grant.spent;
    state.rows.entries += 1;
    state.notes.push('owed for what was spent');
  }
  return { exists: false, changed: balanceOf(state) - before };
}

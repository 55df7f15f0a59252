// The second mind about the ledger: what each command must answer and what the ledger must hold after it,
// written from the rules alone. It shares no code with the product, keeps no file and knows no fault.
import type { BeginCommand, DecideFacts, LedgerCommand, ReserveCommand, WorkspaceCommand } from '../../../../src/broker/store/ledgerCommands.ts';
import { correct } from './modelCorrections.ts';
import { direct, notePrice } from './modelDirectives.ts';
import { recover, settle } from './modelEndings.ts';
import { bookTime, topUp } from './modelGrants.ts';
import { importAll, noteLimit } from './modelImports.ts';
import { copyState, moveGrant } from './modelState.ts';
import type { ModelState, Verdict } from './modelState.ts';
import { addBelowThreshold, decidedWithTopUp, redeem } from './modelTopUps.ts';
import { zeroUsage } from './modelCosts.ts';

/** What a command must answer, in a shape that an actual answer can be brought into. */
export type Answer = Readonly<Record<string, unknown>>;

/** Does a command and tells what it must answer. */
export function applyTo(state: ModelState, command: LedgerCommand): Answer {
  switch (command.type) {
    case 'grant': return topUp(state, command);
    case 'redeem': return redeem(state, command);
    case 'reserve': return reserve(state, command);
    case 'begin': return begin(state, command);
    case 'settle': return settle(state, command);
    case 'direct': return direct(state, command);
    case 'correct': return correct(state, command);
    case 'recover': return recover(state, command.atMs);
    case 'upkeep': return upkeep(state, command.atMs);
    case 'workspace': return workspace(state, command);
    case 'import': return importAll(state, command);
    case 'note-limit': return noteLimit(state, command);
  }
}

/** Whether a command has left something by which it can be found again. */
export function isOnRecord(state: ModelState, command: LedgerCommand): boolean {
  switch (command.type) {
    case 'grant': return state.grantKeys.has(command.key);
    case 'redeem': return state.grantKeys.get(`voucher ${command.keyId} ${command.voucherId}`) === command.grantId;
    case 'reserve': return state.attempts.has(command.attemptId);
    case 'begin': return state.attempts.get(command.attemptId)?.begun === true;
    case 'settle': {
      const attempt = state.attempts.get(command.attemptId);
      return attempt !== undefined && (attempt.end !== undefined || attempt.verdict.outcome === 'refuse');
    }
    case 'direct': case 'correct': return state.keys.has(command.key);
    case 'workspace': return [...state.workspaces.values()].some((one) => one.tokenHash === command.tokenHash);
    case 'import': return command.uses.every((use) => state.imports.has(use.key));
    case 'recover': case 'upkeep': case 'note-limit': return false;
  }
}

/** What would be decided now, without leaving a trace. */
export function wouldDecide(state: ModelState, facts: DecideFacts): Verdict {
  return decidedWithTopUp(copyState(state), facts).verdict;
}

/** What time brings. */
export function upkeep(state: ModelState, atMs: number): { readonly expired: number; readonly returned: number; readonly granted: number } {
  const { expired, returned, granted } = bookTime(state, atMs);
  return { expired, returned, granted: granted + addBelowThreshold(state, atMs) };
}

function reserve(state: ModelState, command: ReserveCommand): Answer {
  const { attemptId, request } = command;
  const known = state.attempts.get(attemptId);
  if (known) return { exists: true, ...known.verdict };
  upkeep(state, command.atMs);
  const { verdict, slices, price, estimate, fallback } = decidedWithTopUp(state, command);
  // An answer for now leaves nothing behind.
  if (verdict.outcome === 'ask' || verdict.outcome === 'wait') return { exists: false, ...verdict };
  const isOpen = verdict.outcome === 'admit';
  state.attempts.set(attemptId, {
    facts: command, verdict, slices, tracked: state.grants.size > 0 && verdict.payer === undefined, covered: verdict.payer === 'plan', tier: fallback === undefined ? command.tier ?? 'standard' : 'standard', ...(fallback === undefined ? {} : { fallback }), open: isOpen, begun: false, ...(price ? { price } : {}), ...(estimate === undefined ? {} : { estimate }),
  });
  if (price && (command.price || fallback !== undefined)) notePrice(state, fallback ?? request.model, price);
  for (const slice of slices) moveGrant(state, slice.grantId, { held: slice.amount });
  state.rows.entries += slices.length;
  if (!isOpen) {
    state.rows.usage += 1;
    state.uses.push({
      attemptId, requestId: request.requestId, atMs: command.atMs, workspaceId: request.workspaceId, client: request.client, threadId: request.threadId, requestKind: request.requestKind, branch: request.branch, command: request.command, file: request.file,
      asked: request.model, served: request.model, usage: zeroUsage, measured: true, isCorrection: false,
    });
  }
  return { exists: false, ...verdict };
}

function begin(state: ModelState, { attemptId, responseId }: BeginCommand): Answer {
  const attempt = state.attempts.get(attemptId);
  if (attempt?.verdict.outcome !== 'admit') return { fails: 'ledger_unavailable' };
  if (!attempt.begun) state.attempts.set(attemptId, { ...attempt, begun: true, ...(responseId === undefined ? {} : { begunAs: responseId }) });
  return { exists: attempt.begun };
}

function workspace(state: ModelState, { workspaceId, label, tokenHash }: WorkspaceCommand): Answer {
  const known = state.workspaces.get(workspaceId);
  if ([...state.workspaces].some(([id, one]) => id !== workspaceId && one.tokenHash === tokenHash)) return { fails: 'ledger_unavailable' };
  state.workspaces.set(workspaceId, { label, tokenHash });
  return { exists: known !== undefined };
}

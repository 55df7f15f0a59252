// What admission tells the ledger, and what it makes of the answer: the command that decides a request, the
// sentence about its wait, and a refusal as clients get it. Pure.
import type { DecisionRecord } from '../domain/decisionRecord.ts';
import { problem, ProblemError } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import type { AdmissionRequest, Ticket } from './admissionTicket.ts';
import type { ReserveCommand } from './store/ledgerCommands.ts';

/** The command that decides an attempt, but for what its wait was like. */
export function reserveCommand(request: AdmissionRequest, number: number, nowMs: number): Omit<ReserveCommand, 'limits'> {
  const { facts, estimate } = request;
  return {
    type: 'reserve', request: facts, attemptId: `${facts.requestId}-${number}`, number, atMs: nowMs,
    tier: request.tier, ...(request.price ? { price: request.price } : {}),
    ...(request.estimateMicroCredits === undefined ? {} : { estimateMicroCredits: request.estimateMicroCredits }),
    ...(request.plan ? { plan: { because: request.plan.because() } } : {}),
    ...(request.ceiling ? { ceiling: request.ceiling } : {}), ...(request.basis ? { basis: JSON.stringify(request.basis) } : {}),
    ...(request.fallback ? { fallback: request.fallback } : {}),
    estimatedInputTokens: estimate.inputTokens, estimatedOutputTokens: estimate.outputTokens, likelyOutputTokens: estimate.likelyOutputTokens,
  };
}

/** How long and why it waited, as a sentence. */
export function waitSentence(ticket: Ticket): string {
  return ticket.waitedMs < 50 ? 'The upstream\'s limits have room.'
    : `It waited ${(ticket.waitedMs / 1000).toFixed(1)} s${ticket.waitReason ? `: ${ticket.waitReason}` : ' for room in the upstream\'s limits.'}`;
}

/** A refusal of the rules as a problem. Its time is told in words only: a client that comes back by itself at a time must not do so for money. */
export function refusalOf(decision: DecisionRecord): Problem {
  const isPlan = decision.code === 'plan_used_up';
  const again = decision.retryAtMs === undefined || decision.code === 'wait_too_long' || isPlan ? '' : ` It changes by itself at ${new Date(decision.retryAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC.`;
  const made = problem((decision.code ?? 'internal') as Problem['code'], `${decision.message ?? 'The request was refused.'}${again}`, isPlan ? decision.retryAtMs : undefined);
  return decision.remedy === undefined ? made : { ...made, remedy: decision.remedy };
}

/** The problem that an error of the store carries. */
export function problemOf(error: unknown): Problem {
  return error instanceof ProblemError ? error.problem : problem('ledger_unavailable', 'The ledger could not be asked, so nothing was sent.');
}

// What admission tells the ledger, and what it makes of the answer: the command that decides a request, the
// sentence about its wait, and a refusal as clients get it. Pure.
import type { DecisionRecord } from '../domain/decisionRecord.ts';
import { problem, ProblemError, problemThat } from '../domain/problem.ts';
import type { Problem, ProblemCode } from '../domain/problem.ts';
import { say, saidOf } from '../domain/say.ts';
import type { Because } from '../domain/say.ts';
import { field } from '../protocol/responseUsage.ts';
import { toldWaitMsMin } from '../protocol/shortWait.ts';
import type { AdmissionRequest, Ticket } from './admissionTicket.ts';
import type { ReserveCommand } from './store/ledgerCommands.ts';

/** The command that decides an attempt, but for what its wait was like. It is decided at `nowMs`, also where the branch is still looked for. */
export async function reserveCommand(request: AdmissionRequest, number: number, nowMs: number): Promise<Omit<ReserveCommand, 'limits'>> {
  const { estimate } = request;
  const facts = { ...request.facts, ...field('branch', await request.branch) };
  return {
    type: 'reserve', request: facts, attemptId: `${facts.requestId}-${number}`, number, atMs: nowMs,
    tier: request.tier, ...(request.price ? { price: request.price } : {}),
    ...(request.estimateMicroCredits === undefined ? {} : { estimateMicroCredits: request.estimateMicroCredits }),
    ...(request.plan ? { plan: request.plan.because() } : {}),
    ...(request.ceiling ? { ceiling: request.ceiling } : {}), ...(request.basis ? { basis: JSON.stringify(request.basis) } : {}),
    ...(request.fallback ? { fallback: request.fallback } : {}),
    estimatedInputTokens: estimate.inputTokens, estimatedOutputTokens: estimate.outputTokens, likelyOutputTokens: estimate.likelyOutputTokens,
  };
}

/** How long and why it waited, as a sentence. */
export function waitSentence({ waitedMs, waitReason }: Ticket): Because {
  if (waitedMs < toldWaitMsMin) return say('The upstream\'s limits have room.');
  const seconds = { number: waitedMs / 1000, decimals: 1 };
  return waitReason ? say('It waited {0} s: {1}', seconds, waitReason) : say('It waited {0} s for room in the upstream\'s limits.', seconds);
}

/** A refusal of the rules as a problem. Its time is told in words only: a client that comes back by itself at a time must not do so for money. */
export function refusalOf(decision: DecisionRecord): Problem {
  const { code = 'internal', retryAtMs, remedy, remedySaid } = decision;
  const what = decision.message === undefined ? say('The request was refused.') : { because: decision.message, ...saidOf(decision) };
  const isPlan = code === 'plan_used_up';
  const parts = { ...(remedy === undefined ? {} : { remedy: { because: remedy, ...(remedySaid ? { said: remedySaid } : {}) } }), retryAtMs: isPlan ? retryAtMs : undefined };
  return retryAtMs === undefined || code === 'wait_too_long' || isPlan ? problemThat(code as ProblemCode, what, parts)
    : problem(code as ProblemCode, '{0} It changes by itself at {1}.', { ...parts, values: [what, { atMs: retryAtMs }] });
}

/** The problem that an error of the store carries. */
export function problemOf(error: unknown): Problem {
  return error instanceof ProblemError ? error.problem : problem('ledger_unavailable', 'The ledger could not be asked, so nothing was sent.');
}

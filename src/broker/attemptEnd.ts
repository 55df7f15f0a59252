// What every attempt's end has in common, however it was carried: it is settled, the estimator learns
// from it, pacing is told, and it is decided whether the request has to come back. It writes no answer.
import { crossedStop, stoppedAt } from '../domain/overrun.ts';
import { overloadWaitMsMax } from '../domain/overload.ts';
import type { Problem } from '../domain/problem.ts';
import type { RateLimitObservation } from '../domain/rateWindow.ts';
import { charsPerToken } from '../domain/settlement.ts';
import { readRateLimits } from '../protocol/rateLimitHeaders.ts';
import { classifyAnswer, classifyFailure } from '../protocol/upstreamError.ts';
import type { UpstreamFault } from '../protocol/upstreamError.ts';
import type { AdmissionRequest, Lease } from './admissionTicket.ts';
import { settlementOf } from './attemptSettlement.ts';
import type { ResponsesParts } from './carriedRequest.ts';
import { single } from './headerValue.ts';
import type { SettleCommand } from './store/ledgerCommands.ts';
import type { AttemptReport, EndedReport } from './upstream/attempt.ts';
import { unreachable, wasNotReached, wasNotTaken } from './upstream/networkFault.ts';

/** Attempts of one request at an overloaded upstream before its answer is given on; the client then decides. */
const overloadAttemptsMax = 4;
/** A request that is over within this time needs no note that it began: its settlement says more. */
const beginDelayMs = 50;
/** A kept connection that the upstream closed fails this soon; what fails later may have been worked on. */
const staleConnectionMsMax = 1000;

/** Why a request comes back: it was turned away and waits, or its kept connection was dead. */
export type ComeBack =
  | (Omit<Extract<UpstreamFault, { kind: 'throttle' }>, 'kind'> & { readonly kind: 'throttle'; readonly isOverload?: true; readonly observation?: RateLimitObservation })
  | { readonly kind: 'stale-connection' }
  /** It could not be reached, and a fallback may answer instead. */
  | { readonly kind: 'unreachable'; readonly why: Problem };

/** How things stand with the client when its attempt has ended. */
export interface ClientAtEnd {
  /** It left, or has seen some of the answer: no other attempt can follow. */
  readonly isGone: boolean;
  /** Another connection may be tried where this one turned out to be dead. */
  readonly canReconnect: boolean;
}

/** Notes that an attempt has begun, unless it is over in a moment. @returns what takes the note back */
export function beginSoon(parts: ResponsesParts, attemptId: string, responseId: () => string | undefined): () => void {
  return parts.clock.after(beginDelayMs, () => {
    const known = responseId();
    parts.ledger.command({ type: 'begin', attemptId, atMs: parts.clock.nowMs(), ...(known === undefined ? {} : { responseId: known }) })
      .catch((error: unknown) => parts.log('begin-not-stored', { attemptId, error: String(error) }));
  });
}

/** Why an answer has to be stopped: it has outgrown a hard budget that its lease names. */
export function outgrown(request: AdmissionRequest, lease: Lease, outputChars: number): Problem | undefined {
  if (lease.stops.length === 0) return undefined;
  const { inputTokens, outputTokens } = request.estimate;
  const crossed = crossedStop(lease.stops, { ...request, inputTokens, outputTokens }, Math.ceil(outputChars / charsPerToken));
  return crossed && stoppedAt(crossed);
}

/** What follows from an attempt's end: why its request has to come back, or what the upstream's refusal means. */
export interface AfterAttempt {
  readonly comeBack?: ComeBack;
  readonly fault?: UpstreamFault;
  /** It is overload that was waited for long enough. */
  readonly isLastingOverload?: boolean;
}

/** Settles what was seen, and decides whether the request is over. */
export function endAttempt(parts: ResponsesParts, request: AdmissionRequest, lease: Lease, report: EndedReport, client: ClientAtEnd): AfterAttempt {
  const { kept } = report;
  const { requestId } = request.facts;
  parts.owners.began(report.responseId, request.facts.workspaceId);
  const command = settlementOf(request, lease, report, parts.prices, parts.clock.nowMs());
  settle(parts, request, lease, command);
  const isUsed = command.usage.inputTokens + command.usage.outputTokens > 0;
  const isMeasured = command.measured && (command.chargeable || request.plan !== undefined && isUsed);
  parts.watch.ended(request, isMeasured ? command.usage.outputTokens - command.usage.reasoningTokens : undefined, !command.chargeable && !isUsed);
  if (isMeasured && request.basis && !lease.fallback) {
    parts.estimator.learnFrom(request.basis, {
      inputTokens: command.usage.inputTokens, outputTokens: command.usage.outputTokens, reasoningTokens: command.usage.reasoningTokens, isCut: command.outcome !== 'completed',
      ...(command.responseId === undefined ? {} : { responseId: command.responseId }),
    });
  }
  if (kept && !lease.fallback) parts.upstreamAnswered(undefined);

  const fault = faultOf(report, parts.clock.nowMs());
  const observation = kept ? readRateLimits((name) => single(kept.headers[name]), parts.clock.nowMs()) : {};
  const isLastingOverload = fault?.kind === 'overloaded' && parts.admission.overloadedForMs(requestId) >= overloadWaitMsMax;
  if (lease.fallback) {
    parts.admission.finished(requestId, undefined);
  } else if (fault && !isLastingOverload && isCuredByWaiting(fault, lease)) {
    const throttle = { ...fault, ...(fault.kind === 'overloaded' ? { isOverload: true as const } : {}), kind: 'throttle' as const, observation };
    if (!client.isGone) return { comeBack: throttle };
    // Too late for this request, but the next one must not walk into the same limit.
    parts.admission.turnedAway(requestId, throttle);
  } else if (!client.isGone && client.canReconnect && isStaleConnection(report, lease)) {
    return { comeBack: { kind: 'stale-connection' } };
  } else if (!client.isGone && client.canReconnect && report.ending === 'upstream-broke' && report.status === undefined && request.fallback?.causes.includes('unreachable')) {
    return { comeBack: { kind: 'unreachable', why: unreachable(parts.target, { message: report.networkError, code: report.networkCode }) } };
  } else {
    // What was stopped, or broke after it had begun, says nothing about whether the upstream is there.
    if (kept || isUnanswered(report)) parts.admission.reached(requestId, kept !== undefined && (kept.status < 500 || fault?.kind === 'overloaded'), observation);
    parts.admission.finished(requestId, command.chargeable || isUsed ? command.usage.inputTokens + command.usage.outputTokens : kept && kept.status < 500 || request.isPrewarm || isUnreached(report) ? 0 : undefined);
  }
  if (report.ending === 'upstream-broke' && report.networkError !== undefined) parts.log('upstream-broke', { requestId, error: report.networkError });
  return fault ? { fault, isLastingOverload } : {};
}

function settle(parts: ResponsesParts, request: AdmissionRequest, lease: Lease, command: SettleCommand): void {
  const { requestId } = request.facts;
  parts.settle(command).then((result) => {
    if (result.costMicroCredits !== undefined && !result.exists) parts.watch.spent(request, result.costMicroCredits);
    parts.log('settled', { requestId, attempt: lease.number, outcome: command.outcome, costMicroCredits: result.costMicroCredits });
  }, (error: unknown) => {
    // Too many wait for the ledger: the hold stays and is resolved at the next start.
    parts.log('settle-given-up', { requestId, error: String(error) });
  }).finally(parts.changed);
}

/** What the upstream's refusal means, or the error with which its stream failed. */
function faultOf(report: AttemptReport, nowMs: number): UpstreamFault | undefined {
  const { kept, response } = report;
  if (kept) return kept.foreign ? undefined : classifyAnswer(kept.status, (name) => single(kept.headers[name]), kept.body.toString('utf8'), nowMs);
  if (report.terminal !== 'failed' || response?.errorCode === undefined) return undefined;
  return classifyFailure({ code: response.errorCode, ...(response.errorMessage === undefined ? {} : { message: response.errorMessage }) }, nowMs);
}

/** Whether waiting cures a refusal: a throttle for as long as the client bears it, overload that is no lasting one for a few attempts. */
function isCuredByWaiting(fault: UpstreamFault, lease: Lease): fault is Extract<UpstreamFault, { kind: 'throttle' | 'overloaded' }> {
  return fault.kind === 'throttle' || fault.kind === 'overloaded' && lease.number < overloadAttemptsMax;
}

/** Whether the connection failed before the upstream said anything. */
function isUnanswered({ ending, status, networkError, begun }: AttemptReport): boolean {
  return ending === 'upstream-broke' && status === undefined && networkError !== undefined && !begun;
}

function isUnreached({ ending, status, networkError, networkCode }: AttemptReport): boolean {
  return ending === 'upstream-broke' && status === undefined && wasNotReached({ message: networkError, code: networkCode });
}

/** Whether a kept connection turned out to be dead, at the first try: nothing came back, at once, or it did not take the request. A fresh one that is closed is an answer of the upstream, and the client's to judge. */
function isStaleConnection(report: AttemptReport, lease: Lease): boolean {
  if (report.ending !== 'upstream-broke' || report.status !== undefined || lease.number !== 1) return false;
  return wasNotTaken({ message: report.networkError })
    || report.durationMs <= staleConnectionMsMax && report.freshConnection !== true && ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(report.networkCode ?? '');
}

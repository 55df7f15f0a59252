// Runs one attempt under its lease: sends it, waits for its report, settles it, teaches pacing what
// the upstream said, and answers the client where the attempt has not. It tells whether the request
// has to come back; it never waits in line itself.
import { budgetAmountText } from '../domain/budgets.ts';
import { crossedStop } from '../domain/overrun.ts';
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import type { RateLimitObservation } from '../domain/rateWindow.ts';
import { charsPerToken } from '../domain/settlement.ts';
import { readRateLimits } from '../protocol/rateLimitHeaders.ts';
import { classifyAnswer, classifyFailure } from '../protocol/upstreamError.ts';
import type { UpstreamFault } from '../protocol/upstreamError.ts';
import type { Lease } from './admissionTicket.ts';
import { settlementOf } from './attemptSettlement.ts';
import type { Carried, ResponsesParts } from './carriedRequest.ts';
import { refuse, stoppedStream } from './refusal.ts';
import type { SettleCommand } from './store/ledgerCommands.ts';
import { Attempt } from './upstream/attempt.ts';
import type { AttemptReport } from './upstream/attempt.ts';
import { clientHeaders, upstreamHeaders } from './upstream/headerLists.ts';

/** Attempts at an overloaded upstream before its answer is given on; the client then decides. */
const overloadAttemptsMax = 4;
/** A request that is over within this time needs no note that it began: its settlement says more. */
const beginDelayMs = 50;
/** A kept connection that the upstream closed fails this soon; what fails later may have been worked on. */
const staleConnectionMsMax = 1000;

/** Why a request comes back: it was turned away and waits, or its kept connection was dead. */
export type ComeBack =
  | (Omit<Extract<UpstreamFault, { kind: 'throttle' }>, 'kind'> & { readonly kind: 'throttle'; readonly observation?: RateLimitObservation })
  | { readonly kind: 'stale-connection' };

/** Sends one attempt. @returns why it has to come back; nothing when it is over and answered. */
export async function runAttempt(parts: ResponsesParts, carried: Carried, lease: Lease): Promise<ComeBack | undefined> {
  const { request, response, listener, message, body } = carried;
  const { requestId } = request.facts;
  const apiKey = parts.apiKey();
  if (response.destroyed || apiKey === undefined) {
    // The client left, or the key went, while the hold was written.
    if (apiKey === undefined) refuse(response, problem('no_api_key', 'The API key was removed, so nothing was sent.'), listener, parts.clock.nowMs());
    return conclude(parts, carried, lease, { ending: 'not-sent', begun: false, outputChars: 0, durationMs: 0 });
  }
  let stopBegin = () => undefined as void;
  let stopped: string | undefined;
  let outputChars = 0;
  let overrun = () => undefined as void;
  const report = new Promise<AttemptReport>((resolve) => {
    const attempt: Attempt = new Attempt(response, requestId, {
      answered: (headers) => {
        parts.keyAnswered(true);
        parts.upstreamAnswered(undefined);
        parts.admission.answered(requestId, readRateLimits((name) => single(headers[name]), parts.clock.nowMs()));
      },
      begun: () => {
        // The answer goes to the client from here on, so no attempt can follow.
        body.letGo();
        stopBegin = parts.clock.after(beginDelayMs, () => noteBegun(parts, lease.attemptId, attempt.responseId));
      },
      ...(lease.stops.length === 0 ? {} : { progress: (chars: number) => {
        outputChars = chars;
        overrun();
      } }),
      settled: (seen) => {
        stopBegin();
        resolve(seen);
      },
    }, parts.clock);
    const stop = (why: Problem) => {
      stopped ??= why.message;
      if (!response.headersSent) refuse(response, why, listener, parts.clock.nowMs());
      else if (listener.codexStream) response.end(stoppedStream(why, listener, parts.clock.nowMs()));
      else response.destroy();
      attempt.stop();
    };
    overrun = () => {
      const crossed = lease.stops.length === 0 ? undefined : crossedStop(lease.stops, { ...request, inputTokens: request.estimate.inputTokens, outputTokens: request.estimate.outputTokens }, Math.ceil(outputChars / charsPerToken));
      if (crossed) stop(problem('budget_exceeded', `The answer grew beyond a hard budget: ${budgetAmountText(crossed.unit, crossed.amount)} were left for it. It was stopped there.`));
    };
    parts.admission.sent(requestId, stop);
    parts.target.pool.dispatch({
      method: 'POST', path: parts.target.paths.responses, body: body.stream(), headers: upstreamHeaders(message.headers, apiKey, body.wireBytes),
    }, attempt);
  });
  const seen = await report;
  return conclude(parts, carried, lease, stopped === undefined ? seen : { ...seen, stopped });
}

function noteBegun(parts: ResponsesParts, attemptId: string, responseId: string | undefined): void {
  parts.ledger.command({ type: 'begin', attemptId, atMs: parts.clock.nowMs(), ...(responseId === undefined ? {} : { responseId }) })
    .catch((error: unknown) => parts.log('begin-not-stored', { attemptId, error: String(error) }));
}

/** Settles what was seen, and decides whether the request is over. */
function conclude(parts: ResponsesParts, carried: Carried, lease: Lease, report: AttemptReport & { readonly stopped?: string }): ComeBack | undefined {
  const { request, response, listener } = carried;
  const { kept } = report;
  const command = settlementOf(request, lease, report, parts.prices, parts.clock.nowMs());
  settle(parts, listener.requestId, lease, command);
  if (command.measured && command.chargeable && request.basis) {
    parts.estimator.learnFrom(request.basis, {
      inputTokens: command.usage.inputTokens, outputTokens: command.usage.outputTokens, reasoningTokens: command.usage.reasoningTokens, isCut: command.outcome !== 'completed',
      ...(command.responseId === undefined ? {} : { responseId: command.responseId }),
    });
  }
  if (kept) parts.upstreamAnswered(undefined);

  const fault = faultOf(report, parts.clock.nowMs());
  const observation = kept ? readRateLimits((name) => single(kept.headers[name]), parts.clock.nowMs()) : {};
  const gone = response.destroyed || response.headersSent;
  if (fault && isCuredByWaiting(fault, lease)) {
    const throttle = { ...fault, kind: 'throttle' as const, observation };
    if (!gone) return throttle;
    // Too late for this request, but the next one must not walk into the same limit.
    parts.admission.turnedAway(listener.requestId, throttle);
  } else if (!gone && isStaleConnection(report, lease)) {
    return { kind: 'stale-connection' };
  } else {
    parts.admission.finished(listener.requestId, command.chargeable ? command.usage.inputTokens + command.usage.outputTokens : kept ? 0 : undefined);
  }
  noteLost(parts, listener.requestId, report);
  answerFailure(parts, carried, report, fault);
  return undefined;
}

function settle(parts: ResponsesParts, requestId: string, lease: Lease, command: SettleCommand): void {
  parts.settle(command).then((result) => {
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

/** Whether waiting cures a refusal: a throttle for as long as the client bears it, overload for a few attempts. */
function isCuredByWaiting(fault: UpstreamFault, lease: Lease): fault is Extract<UpstreamFault, { kind: 'throttle' | 'overloaded' }> {
  return fault.kind === 'throttle' || fault.kind === 'overloaded' && lease.number < overloadAttemptsMax;
}

/** Whether a kept connection turned out to be dead: nothing came back, at once, at the first try. */
function isStaleConnection(report: AttemptReport, lease: Lease): boolean {
  return report.ending === 'upstream-broke' && report.status === undefined && lease.number === 1 && report.durationMs <= staleConnectionMsMax
    && ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(report.networkCode ?? '');
}

function noteLost(parts: ResponsesParts, requestId: string, report: AttemptReport): void {
  if (report.ending !== 'upstream-broke' || report.networkError === undefined) return;
  parts.log('upstream-broke', { requestId, error: report.networkError });
  if (!report.begun) parts.upstreamAnswered(problem('upstream_unreachable', `The upstream ${parts.target.label} could not be reached (${report.networkError}).`));
}

/** Writes the answer of an attempt that has written none itself. */
function answerFailure(parts: ResponsesParts, { response, listener }: Carried, report: AttemptReport, fault: UpstreamFault | undefined): void {
  const { kept } = report;
  const nowMs = parts.clock.nowMs();
  if (response.headersSent || response.destroyed) return;
  if (!kept) {
    // Spoken as a status even to Codex: it comes back by itself after a lost connection.
    refuse(response, problem('upstream_unreachable', `The upstream ${parts.target.label} could not be reached${report.networkError === undefined ? '' : ` (${report.networkError})`}.`), { ...listener, codexStream: false }, nowMs);
    return;
  }
  if (kept.foreign) {
    refuse(response, problem('upstream_invalid', `The upstream ${parts.target.label} answered with status ${kept.status} and something that is no API response. Nothing was charged.`), listener, nowMs);
    return;
  }
  if (fault?.kind === 'unauthorized' && kept.status === 401) {
    parts.keyAnswered(false);
    if (listener.codexStream) { refuse(response, problem('api_key_rejected', 'The upstream refused the stored API key, so nothing was sent.'), listener, nowMs); return; }
  }
  response.writeHead(kept.status, { ...clientHeaders(kept.headers, listener.requestId), 'content-length': String(kept.body.length) });
  response.end(kept.body);
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

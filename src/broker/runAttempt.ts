// Runs one attempt under its lease over HTTP: sends it, waits for its report, has it ended, and answers
// the client where the attempt has not. It tells whether the request has to come back; it never waits
// in line itself.
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import { meterHeaders, tellsCodexLimits } from '../protocol/codexMeter.ts';
import { readRateLimits } from '../protocol/rateLimitHeaders.ts';
import type { Lease } from './admissionTicket.ts';
import { apiPaths } from './apiRoutes.ts';
import { beginSoon, endAttempt, outgrown } from './attemptEnd.ts';
import type { AfterAttempt, ComeBack } from './attemptEnd.ts';
import { noteBegun, takeOver } from './background/takeOver.ts';
import type { Carried, ResponsesParts } from './carriedRequest.ts';
import { single } from './headerValue.ts';
import { refuse, refuseAtCapacity, stopAnswer } from './refusal.ts';
import { runFallbackAttempt } from './runFallbackAttempt.ts';
import { Attempt } from './upstream/attempt.ts';
import type { AttemptReport, EndedReport } from './upstream/attempt.ts';
import { clientHeaders, upstreamHeaders } from './upstream/headerLists.ts';
import { unreachable } from './upstream/networkFault.ts';
import type { Asked } from './upstreamWay.ts';

/** Sends one attempt. @returns why it has to come back; nothing when it is over and answered. */
export async function runAttempt(parts: ResponsesParts, carried: Carried, lease: Lease): Promise<ComeBack | undefined> {
  const { request, dialect, response, listener, message, body, envelope } = carried;
  const { requestId } = request.facts;
  if (lease.fallback) { await runFallbackAttempt(parts, carried, lease, lease.fallback); return undefined; }
  const credential = parts.credential();
  if (response.destroyed || !credential) {
    // The client left, or the key went, while the hold was written.
    if (!credential) refuse(response, problem('no_api_key', 'The API key was removed, so nothing was sent.'), listener, parts.clock.nowMs());
    return conclude(parts, carried, lease, { ending: 'not-sent', begun: false, outputChars: 0, durationMs: 0 });
  }
  const asked: Asked = { sentAtMs: parts.clock.nowMs(), model: request.facts.model };
  let isNoted = false;
  let stopBegin = () => undefined as void;
  let stopped: string | undefined;
  const background = envelope.background === true;
  const report = new Promise<AttemptReport>((resolve) => {
    const attempt: Attempt = new Attempt(response, requestId, {
      answered: (headers) => {
        parts.keyAnswered(true);
        parts.upstreamAnswered(undefined);
        parts.headSeen(headers, asked);
        parts.admission.answered(requestId, readRateLimits((name) => single(headers[name]), parts.clock.nowMs()));
        const meter = listener.codexStream && !tellsCodexLimits(Object.keys(headers)) ? parts.meter?.meterOf(request.facts) : undefined;
        return meter ? meterHeaders(meter) : {};
      },
      begun: () => {
        // The answer goes to the client from here on, so no attempt can follow.
        body.letGo();
        // In the background the note is the way back to the response, so it waits for its id.
        if (!background) stopBegin = beginSoon(parts, lease.attemptId, () => attempt.responseId);
      },
      ...(lease.stops.length === 0 && !background ? {} : { progress: (chars: number) => {
        if (background && attempt.responseId !== undefined && !isNoted) isNoted = noteBegun(parts, request, lease, attempt.responseId);
        const tooLong = outgrown(request, lease, chars);
        if (tooLong) stop(tooLong);
      } }),
      settled: (seen) => {
        stopBegin();
        resolve(seen);
      },
    }, parts.clock, { dialect, background });
    const stop = (why: Problem) => {
      stopped ??= why.message;
      stopAnswer(response, why, listener, parts.clock.nowMs());
      attempt.stop();
    };
    parts.admission.sent(requestId, stop);
    parts.target.pool.dispatch({
      method: 'POST', path: parts.target.pathOf(apiPaths[dialect]), body: body.stream(), headers: upstreamHeaders(message.headers, credential.head(), body.wireBytes),
    }, attempt);
  });
  const seen = await report;
  if (seen.kept) parts.headSeen(seen.kept.headers, asked, seen.kept);
  return conclude(parts, carried, lease, stopped === undefined ? seen : { ...seen, stopped });
}

/** Ends the attempt, and answers the client where nothing else will. */
function conclude(parts: ResponsesParts, carried: Carried, lease: Lease, report: EndedReport): ComeBack | undefined {
  const { request, response } = carried;
  if (takeOver(parts, carried, lease, report)) return undefined;
  const { comeBack, ...ended } = endAttempt(parts, request, lease, report, { isGone: response.destroyed || response.headersSent, canReconnect: true });
  if (comeBack?.kind === 'unreachable') parts.upstreamAnswered(comeBack.why);
  if (comeBack) return comeBack;
  if (report.ending === 'upstream-broke' && report.networkError !== undefined && !report.begun) {
    parts.upstreamAnswered(notReached(parts, report));
  }
  answerFailure(parts, carried, report, ended);
  return undefined;
}

function notReached(parts: ResponsesParts, report: AttemptReport): Problem {
  return unreachable(parts.target, { message: report.networkError, code: report.networkCode });
}

/** Writes the answer of an attempt that has written none itself. */
function answerFailure(parts: ResponsesParts, { response, listener }: Carried, report: AttemptReport, { fault, isLastingOverload }: AfterAttempt): void {
  const { kept } = report;
  const nowMs = parts.clock.nowMs();
  if (response.headersSent || response.destroyed) return;
  if (!kept) {
    refuse(response, notReached(parts, report), listener, nowMs);
    return;
  }
  if (kept.foreign) {
    refuse(response, problem('upstream_invalid', 'The upstream {0} answered with status {1} and something that is no API response. Nothing was charged.', { values: [parts.target.label, kept.status] }), listener, nowMs);
    return;
  }
  // A client's own sign-in is its own affair: it hears the upstream's words, and renews it.
  if (fault?.kind === 'unauthorized' && kept.status === 401 && parts.credential()?.kind !== 'chatgpt') {
    parts.keyAnswered(false);
    if (listener.codexStream) { refuse(response, problem('api_key_rejected', 'The upstream refused the stored API key, so nothing was sent.'), listener, nowMs); return; }
  }
  // Codex would ask thirty times more for what was waited for already, and tells its person of this one at once.
  if (fault?.kind === 'overloaded' && listener.codexStream && kept.headers['retry-after'] === undefined && (isLastingOverload || kept.body.includes('"server_is_overloaded"'))) {
    refuseAtCapacity(response, 'The model is at capacity.', listener, nowMs);
    return;
  }
  response.writeHead(kept.status, { ...clientHeaders(kept.headers, listener.requestId), 'content-length': String(kept.body.length) });
  response.end(kept.body);
}

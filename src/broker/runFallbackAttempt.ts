// Runs one attempt under a lease of the fallback, over HTTP: the request goes to the second upstream with another
// model, the answer comes back as any other and says in its head who gave it. Nothing of it touches the first
// upstream's limits, key or health.
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import type { FallbackTaken } from '../domain/decisionRecord.ts';
import type { Lease } from './admissionTicket.ts';
import { apiPaths } from './apiRoutes.ts';
import { beginSoon, endAttempt, outgrown } from './attemptEnd.ts';
import type { Carried, ResponsesParts } from './carriedRequest.ts';
import { refuse, stopAnswer } from './refusal.ts';
import { Attempt } from './upstream/attempt.ts';
import type { AttemptReport, EndedReport } from './upstream/attempt.ts';
import { fallbackHead, fallbackHeaders } from './upstream/fallbackUpstream.ts';
import type { FallbackUpstream } from './upstream/fallbackUpstream.ts';
import { clientHeaders } from './upstream/headerLists.ts';
import { unreachable } from './upstream/networkFault.ts';

/** Sends the request to the fallback and answers the client. */
export async function runFallbackAttempt(parts: ResponsesParts, carried: Carried, lease: Lease, taken: FallbackTaken): Promise<void> {
  const { fallback } = parts;
  const { response, listener, message, body } = carried;
  const written = response.destroyed || !fallback ? undefined : await fallbackHead(fallback, message.headers, body);
  if (!fallback || !written || 'problem' in written || response.destroyed) {
    if (written && 'problem' in written) refuse(response, written.problem, listener, parts.clock.nowMs());
    end(parts, carried, lease, { ending: 'not-sent', begun: false, outputChars: 0, durationMs: 0 });
    return;
  }
  const report = await send(parts, carried, lease, fallback, written.head);
  end(parts, carried, lease, report);
  answerFailure(parts, carried, fallback, taken, report);
}

async function send(parts: ResponsesParts, { request, dialect, response, listener, body }: Carried, lease: Lease, { target, model }: FallbackUpstream, head: Readonly<Record<string, string>>): Promise<EndedReport> {
  const { requestId } = request.facts;
  let stopBegin = () => undefined as void;
  let stopped: string | undefined;
  const report = new Promise<AttemptReport>((resolve) => {
    const attempt: Attempt = new Attempt(response, requestId, {
      answered: fallbackHeaders(model),
      begun: () => {
        body.letGo();
        stopBegin = beginSoon(parts, lease.attemptId, () => attempt.responseId);
      },
      ...(lease.stops.length === 0 ? {} : { progress: (chars: number) => {
        const tooLong = outgrown(request, lease, chars);
        if (tooLong) stop(tooLong);
      } }),
      settled: (seen) => {
        stopBegin();
        resolve(seen);
      },
    }, parts.clock, { dialect });
    const stop = (why: Problem) => {
      stopped ??= why.message;
      stopAnswer(response, why, listener, parts.clock.nowMs());
      attempt.stop();
    };
    parts.admission.sent(requestId, stop);
    target.pool.dispatch({ method: 'POST', path: target.pathOf(apiPaths[dialect]), body: body.stream(), headers: head }, attempt);
  });
  const seen = await report;
  return stopped === undefined ? seen : { ...seen, stopped };
}

function end(parts: ResponsesParts, { request, response }: Carried, lease: Lease, report: EndedReport): void {
  endAttempt(parts, request, lease, report, { isGone: response.destroyed || response.headersSent, canReconnect: false });
}

/** Writes the answer of an attempt that has written none itself: the fallback's own refusal, or both reasons why there is none. */
function answerFailure(parts: ResponsesParts, { response, listener }: Carried, { target, model }: FallbackUpstream, taken: FallbackTaken, { kept, networkError, networkCode }: AttemptReport): void {
  const nowMs = parts.clock.nowMs();
  if (response.headersSent || response.destroyed) return;
  if (kept && !kept.foreign) {
    response.writeHead(kept.status, { ...clientHeaders(kept.headers, listener.requestId), ...fallbackHeaders(model)(kept.headers), 'content-length': String(kept.body.length) });
    response.end(kept.body);
    return;
  }
  const why = kept ? `It answered with status ${kept.status} and something that is no API response.` : unreachable(target, { message: networkError, code: networkCode }).message.replace(/^The upstream /, 'The fallback ');
  refuse(response, problem('fallback_unreachable', '{0} {1}', { values: [taken.because, why] }), listener, nowMs);
}

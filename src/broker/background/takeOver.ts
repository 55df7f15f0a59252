// Hands a response in the background on from the attempt that created it to those that are watched, and takes
// up those that an earlier life of the broker left open. What such a run tells at last is settled like any
// attempt's end.
import { readBasis } from '../../domain/estimateBasis.ts';
import type { Problem } from '../../domain/problem.ts';
import { isResponseId } from '../apiRoutes.ts';
import { endAttempt } from '../attemptEnd.ts';
import type { AdmissionRequest, Lease } from '../admissionTicket.ts';
import type { Carried, ResponsesParts } from '../carriedRequest.ts';
import type { OpenBackground } from '../store/ledgerPort.ts';
import type { BackgroundRun } from './backgroundRuns.ts';
import type { EndedReport } from '../upstream/attempt.ts';

/** Notes the response that an attempt began, so that the next start finds it if this life ends. @returns true */
export function noteBegun(parts: Pick<ResponsesParts, 'ledger' | 'owners' | 'clock' | 'log'>, { facts }: AdmissionRequest, { attemptId }: Lease, responseId: string): true {
  parts.owners.began(responseId, facts.workspaceId);
  parts.ledger.command({ type: 'begin', attemptId, atMs: parts.clock.nowMs(), responseId })
    .catch((error: unknown) => parts.log('begin-not-stored', { attemptId, error: String(error) }));
  return true;
}

/**
 * Watches the response of an attempt that has ended while the response goes on. A client that left before it
 * could learn the id will never ask for it, so that one is stopped.
 * @returns false where nothing goes on: the attempt is settled as it is
 */
export function takeOver(parts: ResponsesParts, carried: Carried, lease: Lease, report: EndedReport): boolean {
  const { request, envelope } = carried;
  const { responseId } = report;
  if (envelope.background !== true || !report.begun || report.terminal !== undefined || responseId === undefined || !isResponseId(responseId)) return false;
  if (report.response?.status === 'cancelled') return false;
  noteBegun(parts, request, lease, responseId);
  parts.background.add({ request, lease, responseId, startedAtMs: parts.clock.nowMs() - report.durationMs, outputChars: report.outputChars });
  const stop = (why: string) => void parts.background.stop(responseId, why);
  parts.admission.detached(request.facts.requestId, (why: Problem) => stop(why.message));
  if (report.stopped !== undefined) stop(report.stopped);
  else if (report.ending === 'client-left' && !envelope.stream) stop('The client left before it was told which response it had begun.');
  parts.changed();
  return true;
}

/** Settles a run, whoever learned how it ended. */
export function endRun(parts: ResponsesParts, { request, lease }: BackgroundRun, report: EndedReport): void {
  endAttempt(parts, request, lease, report, { isGone: true, canReconnect: false });
}

/** Puts the runs of an earlier life in sight, so that they are shown and can be stopped. Their upstream is asked for from `watch` on. */
export function resume(parts: Pick<ResponsesParts, 'admission' | 'background' | 'owners'>, opened: readonly OpenBackground[]): { watch(): void } {
  const runs = opened.map(resumedRun);
  for (const { request, lease, responseId, startedAtMs } of runs) {
    parts.owners.began(responseId, request.facts.workspaceId);
    parts.admission.resumed(request, lease, startedAtMs, (why) => void parts.background.stop(responseId, why.message));
  }
  return { watch: () => { for (const run of runs) parts.background.add(run); } };
}

/** A run of an earlier life, as far as its rows tell; enough to show and to settle it. */
export function resumedRun(open: OpenBackground): BackgroundRun {
  const { facts, responseId, attemptId, number, waitedMs, openedAtMs, tier, price, workspaceLabel, holdMicroCredits } = open;
  const basis = open.basis === undefined ? undefined : readBasis(JSON.parse(open.basis));
  return {
    responseId, startedAtMs: openedAtMs, outputChars: 0, lease: { attemptId, number, waitedMs, holdMicroCredits, stops: [] },
    request: {
      facts, workspaceLabel, priority: 'interactive', tier, patienceMs: 0,
      estimate: { inputTokens: open.estimatedInputTokens, certainInputTokens: 0, holdInputTokens: open.estimatedInputTokens, outputTokens: open.estimatedOutputTokens, likelyOutputTokens: open.estimatedOutputTokens },
      ...(price ? { price } : {}), ...(basis ? { basis } : {}),
    },
  };
}

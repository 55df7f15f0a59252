// Runs one attempt under its lease over a pair of WebSockets: sends it, waits for its report, has it ended, and
// answers the client where the attempt has not. It tells whether the request has to come back; it never
// waits in line itself.
import { problem } from '../../domain/problem.ts';
import type { Problem } from '../../domain/problem.ts';
import { limitNamedBy, readModelLimitEvent, readPlanEvent } from '../../protocol/codexLimits.ts';
import { meterEvent } from '../../protocol/codexMeter.ts';
import { record } from '../../protocol/responseUsage.ts';
import type { AdmissionRequest, Lease } from '../admissionTicket.ts';
import { beginSoon, endAttempt, outgrown } from '../attemptEnd.ts';
import type { ComeBack } from '../attemptEnd.ts';
import type { HeldBody } from '../heldBodies.ts';
import type { Listener } from '../refusal.ts';
import type { AttemptReport, EndedReport } from '../upstream/attempt.ts';
import { normalClose, restarting, somethingBroke } from './closeCodes.ts';
import { SocketAttempt } from './socketAttempt.ts';
import type { SocketConnection } from './socketConnection.ts';
import { refusalMessages, stopMessage } from './socketRefusal.ts';
import type { Asked } from '../upstreamWay.ts';

/** Settled responses of a connection that are remembered; late events name one of the last. */
const settledIdsMax = 8;

/** A request that has been understood. */
export interface SocketRequest {
  readonly request: AdmissionRequest;
  readonly listener: Listener;
  readonly body: HeldBody;
  /** Of a prewarm: the tokens that it puts before the next request. */
  readonly preparedTokens?: number | undefined;
}

/** Sends one attempt. @returns why it has to come back; nothing when it is over and answered. */
export async function runSocketAttempt(connection: SocketConnection, carried: SocketRequest, lease: Lease): Promise<ComeBack | undefined> {
  const { parts, pair } = connection;
  const { request, listener, body } = carried;
  const { requestId } = request.facts;
  const credential = parts.credential();
  if (pair.isClientGone || pair.isUpstreamGone || credential?.secret !== connection.secret) {
    // One side left, or the key is another, while the hold was written. Without a connection the client sends it again by itself.
    if (!credential) refuseMessage(connection, problem('no_api_key', 'The API key was removed, so nothing was sent.'), listener);
    else pair.endClient(restarting, 'the connection has to be made anew');
    return conclude(connection, carried, lease, { ending: 'not-sent', begun: false, outputChars: 0, durationMs: 0 });
  }
  const asked: Asked = { sentAtMs: parts.clock.nowMs(), model: request.facts.model };
  let stopBegin = () => undefined as void;
  let stopped: string | undefined;
  const limitsNamed = new Set<string | undefined>();
  const report = new Promise<AttemptReport>((resolve) => {
    const attempt: SocketAttempt = new SocketAttempt({ ...connection, isSettled: (id) => connection.settledIds.includes(id) }, {
      begun: () => {
        parts.keyAnswered(true);
        parts.upstreamAnswered(undefined);
        // These figures are as old as the connection, and account for nothing that was sent since.
        parts.admission.answered(requestId, connection.limits?.told ?? {}, connection.limits?.atMs);
        connection.limits = undefined;
        // The answer goes to the client from here on, so no attempt can follow.
        body.letGo();
        stopBegin = beginSoon(parts, lease.attemptId, () => attempt.responseId);
      },
      limits: (message) => {
        const event = parsedEvent(message);
        const told = readPlanEvent(event, parts.clock.nowMs()) ?? readModelLimitEvent(event, parts.clock.nowMs());
        if (told) parts.limitsTold(told, asked);
        // What comes before the answer begins may belong to the one before it; a second name is as many as are worth knowing.
        if (attempt.isBegun && limitsNamed.size < 2) limitsNamed.add(limitNamedBy(event));
      },
      ...(listener.codexStream ? { ending: () => {
        const meter = parts.meter?.meterOf(request.facts);
        return meter && meterEvent(meter);
      } } : {}),
      ...(lease.stops.length === 0 ? {} : { progress: (chars: number) => {
        const tooLong = outgrown(request, lease, chars);
        if (tooLong) stop(tooLong);
      } }),
      settled: (seen) => {
        stopBegin();
        resolve(seen);
      },
    }, parts.clock);
    const stop = (why: Problem) => {
      stopped ??= why.message;
      if (attempt.isBegun) pair.toClient(stopMessage(why, listener, parts.clock.nowMs()));
      else refuseMessage(connection, why, listener);
      attempt.stop();
      pair.endClient(normalClose, 'the request was stopped');
    };
    connection.attempt = attempt;
    parts.admission.sent(requestId, stop);
    if (!attempt.isSettled) attempt.send(body.bytes);
  });
  const seen = await report;
  const { attempt } = connection;
  const [appliedLimitId, ...otherLimits] = limitsNamed;
  if (appliedLimitId !== undefined && otherLimits.length === 0) parts.limitsTold({ windows: [], appliedLimitId }, asked);
  if (seen.kept) parts.headSeen(seen.kept.headers, asked, seen.kept);
  connection.attempt = undefined;
  return conclude(connection, carried, lease, stopped === undefined ? seen : { ...seen, stopped }, attempt);
}

/** Ends the attempt, and answers the client where nothing else will. */
function conclude(connection: SocketConnection, carried: SocketRequest, lease: Lease, report: EndedReport, attempt?: SocketAttempt): ComeBack | undefined {
  const { parts, pair, settledIds, prewarms } = connection;
  const { request, listener, preparedTokens } = carried;
  const { comeBack, fault } = endAttempt(parts, request, lease, report, { isGone: pair.isClientGone || report.begun, canReconnect: false });
  if (comeBack) return comeBack;
  if (report.responseId !== undefined && settledIds.push(report.responseId) > settledIdsMax) settledIds.shift();
  if (preparedTokens !== undefined && report.terminal === 'completed') {
    if (report.responseId !== undefined) parts.estimator.noteCarried(report.responseId, preparedTokens);
    const usage = report.response?.usage;
    if (usage !== undefined && usage.inputTokens + usage.outputTokens > 0) prewarms.isFree = false;
  }
  // The upstream cannot be told to stop but by closing.
  if (report.ending === 'client-left' || report.ending === 'upstream-broke') pair.endUpstream(true);
  if (report.kept) {
    // A client's own sign-in is its own affair: it hears the upstream's words, and renews it.
    const isKeyRefused = fault?.kind === 'unauthorized' && report.kept.status === 401 && parts.credential()?.kind !== 'chatgpt';
    if (isKeyRefused) parts.keyAnswered(false);
    if (isKeyRefused && listener.codexStream) refuseMessage(connection, problem('api_key_rejected', 'The upstream refused the stored API key, so nothing was sent.'), listener);
    else if (attempt?.refusal) pair.toClient(attempt.refusal);
  }
  // Codex sends everything again by itself when its connection ends; for an error without a status it would wait in vain.
  if (report.ending === 'upstream-broke' || attempt?.hasVagueError) pair.endClient(somethingBroke, 'the upstream was lost or refused');
  return undefined;
}

function parsedEvent(message: Buffer): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(message.toString('utf8'))) ?? {};
  } catch {
    // It was told by its beginning; what it says cannot be read, and tells nothing.
    return {};
  }
}

/** Tells the client that a request is refused. */
export function refuseMessage({ parts, pair }: Pick<SocketConnection, 'parts' | 'pair'>, what: Problem, listener: Listener): void {
  for (const refusal of refusalMessages(what, listener, parts.clock.nowMs())) pair.toClient(refusal);
}

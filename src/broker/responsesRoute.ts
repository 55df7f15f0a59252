// One `POST /v1/responses` from its first byte to its last: understand, estimate, admit, send,
// relay, settle. The steps are those of the failure model; each ending settles its lease once.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Estimator } from '../domain/estimator.ts';
import { chargeFor, priceTier } from '../domain/pricing.ts';
import type { ModelPrice } from '../domain/pricing.ts';
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import { settle as applyPolicy } from '../domain/settlement.ts';
import { noTokens } from '../domain/tokenUsage.ts';
import { readRateLimits } from '../protocol/rateLimitHeaders.ts';
import { readClient, readEnvelope } from '../protocol/requestEnvelope.ts';
import type { ClientFacts, RequestEnvelope } from '../protocol/requestEnvelope.ts';
import { classifyAnswer } from '../protocol/upstreamError.ts';
import type { UpstreamFault } from '../protocol/upstreamError.ts';
import type { Admission, AdmissionRequest, Lease } from './admission.ts';
import type { Clock } from './clock.ts';
import type { PriceLookup } from './prices/priceTable.ts';
import { refuse, stoppedStream } from './refusal.ts';
import type { Listener } from './refusal.ts';
import { readBody } from './requestBody.ts';
import type { RequestBody } from './requestBody.ts';
import type { LedgerStore, SettleCommand, SettleResult, Workspace } from './store/ledgerPort.ts';
import { Attempt } from './upstream/attempt.ts';
import type { AttemptReport } from './upstream/attempt.ts';
import { clientHeaders, upstreamHeaders } from './upstream/headerLists.ts';
import type { UpstreamTarget } from './upstream/upstreamTarget.ts';

/** What the route needs. */
export interface ResponsesParts {
  readonly admission: Admission;
  readonly ledger: LedgerStore;
  /** Ends an attempt in the ledger; resolves when that is stored, however long it takes. */
  readonly settle: (command: SettleCommand) => Promise<SettleResult>;
  readonly clock: Clock;
  readonly estimator: Estimator;
  readonly prices: PriceLookup;
  readonly target: UpstreamTarget;
  /** The key for upstream; read for each attempt, so that a new key counts at once. */
  readonly apiKey: () => string | undefined;
  /** The upstream refused the key, or took it. */
  readonly keyAnswered: (accepted: boolean) => void;
  /** The upstream could not be reached, or could again. */
  readonly upstreamAnswered: (problem: Problem | undefined) => void;
  readonly changed: () => void;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Attempts at an overloaded upstream before its answer is given on; the client then decides. */
const overloadAttemptsMax = 4;

/** A request that is over within this time needs no note that it began: its settlement says more. */
const beginDelayMs = 50;

interface Carried {
  readonly request: AdmissionRequest;
  readonly envelope: RequestEnvelope;
  readonly body: RequestBody;
  readonly listener: Listener;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
}

/** Whether this looks like a Codex client that wants a stream, told from the head alone. */
export function listenerOf(message: IncomingMessage, requestId: string, client = clientOf(message)): Listener {
  return { requestId, codexStream: client.isCodex && (message.headers.accept ?? '').includes('text/event-stream') };
}

function clientOf(message: IncomingMessage): ClientFacts {
  return readClient((name) => headerOf(message, name));
}

function headerOf(message: IncomingMessage, name: string): string | undefined {
  const value = message.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Carries one request. Resolves when its answer has ended. */
export async function carryResponses(parts: ResponsesParts, message: IncomingMessage, response: ServerResponse, workspace: Workspace, requestId: string): Promise<void> {
  const { clock } = parts;
  const receivedAtMs = clock.nowMs();
  const client = clientOf(message);
  const early = listenerOf(message, requestId, client);
  const body = await readBody(message);
  if (body === 'client-left') return;
  if ('problem' in body) { refuse(response, body.problem, early, clock.nowMs()); return; }
  const envelope = readEnvelope(body.text);
  if ('broken' in envelope) { refuse(response, problem('body_broken', envelope.broken), early, clock.nowMs()); return; }
  const listener: Listener = { ...early, codexStream: early.codexStream && envelope.stream, model: envelope.model };
  if (envelope.background) {
    refuse(response, problem('argument_invalid', 'Background responses tell their usage after the answer, and the broker does not carry them. Nothing was sent.'), listener, clock.nowMs());
    return;
  }
  const request = admissionRequest(parts, { envelope, client, workspace, requestId, receivedAtMs, bodyBytes: body.decodedBytes });
  const carried: Carried = { request, envelope, body, listener, message, response };
  // A client that left while its body was decoded gets no place in the line: nobody would take it out again.
  if (response.destroyed) return;
  const leave = () => {
    if (!response.writableFinished) parts.admission.left(requestId, problem('cancelled', 'The client left while the request waited in line. Nothing was sent.'));
  };
  response.once('close', leave);
  let admitted = await parts.admission.acquire(request);
  // A throttled attempt waits and comes back with a new lease, until it is through or refused.
  while ('lease' in admitted) {
    const again = await runAttempt(parts, carried, admitted.lease);
    if (!again) return;
    admitted = await parts.admission.throttled(requestId, again);
  }
  response.off('close', leave);
  refuse(response, admitted.refused, listener, clock.nowMs());
}

interface Understood {
  readonly envelope: RequestEnvelope;
  readonly client: ClientFacts;
  readonly workspace: Workspace;
  readonly requestId: string;
  readonly receivedAtMs: number;
  readonly bodyBytes: number;
}

function admissionRequest(parts: ResponsesParts, seen: Understood): AdmissionRequest {
  const { envelope, client, workspace } = seen;
  const { model } = envelope;
  const estimate = parts.estimator.estimate({ model, bodyBytes: seen.bodyBytes, ...(envelope.maxOutputTokens === undefined ? {} : { maxOutputTokens: envelope.maxOutputTokens }) });
  const price = parts.prices(model, seen.receivedAtMs);
  // All input at the dearest of its rates: whether it will be cached is the upstream's to tell.
  const likely = { ...noTokens, inputTokens: estimate.holdInputTokens, outputTokens: estimate.outputTokens };
  const tier = priceTier(envelope.serviceTier);
  return {
    facts: {
      requestId: seen.requestId, receivedAtMs: seen.receivedAtMs, workspaceId: workspace.workspaceId, client: client.name, model, stream: envelope.stream,
      ...(client.version === undefined ? {} : { clientVersion: client.version }),
      ...(client.threadId === undefined ? {} : { threadId: client.threadId }),
      ...(client.turnId === undefined ? {} : { turnId: client.turnId }),
      ...(client.requestKind === undefined ? {} : { requestKind: client.requestKind }),
    },
    workspaceLabel: workspace.label, priority: client.isCodex ? 'agent' : 'interactive', estimate, tier, patienceMs: client.patienceMs,
    ...(price ? { price, estimateMicroCredits: Math.max(
      chargeFor(likely, price, tier).costMicroCredits,
      chargeFor({ ...likely, cacheWriteTokens: likely.inputTokens }, price, tier).costMicroCredits,
    ) } : {}),
  };
}

type Throttled = Extract<UpstreamFault, { kind: 'throttle' }> & { readonly observation?: ReturnType<typeof readRateLimits> };

/** Sends one attempt. @returns the throttle when it has to wait and come back; nothing when it is over. */
async function runAttempt(parts: ResponsesParts, carried: Carried, lease: Lease): Promise<Throttled | undefined> {
  const { request, response, listener, message, body } = carried;
  const { requestId } = request.facts;
  const apiKey = parts.apiKey();
  let stopBegin = () => undefined as void;
  const report = new Promise<AttemptReport>((resolve) => {
    if (response.destroyed || apiKey === undefined) {
      // The client left, or the key went, while the hold was written: nothing is sent.
      resolve({ ending: 'client-left', begun: false, outputChars: 0, durationMs: 0 });
      return;
    }
    const attempt = new Attempt(response, requestId, {
      answered: (headers) => {
        parts.keyAnswered(true);
        parts.upstreamAnswered(undefined);
        parts.admission.answered(requestId, readRateLimits((name) => single(headers[name]), parts.clock.nowMs()));
      },
      begun: (responseId) => {
        stopBegin = parts.clock.after(beginDelayMs, () => {
          parts.ledger.command({ type: 'begin', attemptId: lease.attemptId, atMs: parts.clock.nowMs(), ...(responseId === undefined ? {} : { responseId }) })
            .catch((error: unknown) => parts.log('begin-not-stored', { requestId, error: String(error) }));
        });
      },
      settled: (seen) => {
        stopBegin();
        resolve(seen);
      },
    }, parts.clock);
    parts.admission.sent(requestId, (why) => {
      if (!response.headersSent) refuse(response, why, listener, parts.clock.nowMs());
      else if (listener.codexStream) response.end(stoppedStream(why, listener, parts.clock.nowMs()));
      else response.destroy();
      attempt.stop();
    });
    parts.target.pool.dispatch({
      method: 'POST', path: parts.target.paths.responses, body: body.wire, headers: upstreamHeaders(message.headers, apiKey, body.wire.length),
    }, attempt);
  });
  return concludeAttempt(parts, carried, lease, await report);
}

/** Settles what was seen, and answers the client where the attempt has not. */
function concludeAttempt(parts: ResponsesParts, carried: Carried, lease: Lease, report: AttemptReport): Throttled | undefined {
  const { request, response, listener } = carried;
  const { clock } = parts;
  const { kept } = report;
  const fault = kept && !kept.foreign
    ? classifyAnswer(kept.status, (name) => single(kept.headers[name]), kept.body.toString('utf8'), clock.nowMs()) : undefined;
  const command = settlementOf(parts, carried, lease, report);
  parts.settle(command).then((result) => {
    parts.log('settled', { requestId: listener.requestId, attempt: lease.number, outcome: command.outcome, costMicroCredits: result.costMicroCredits });
  }, (error: unknown) => {
    // Too many wait for the ledger: the hold stays and is resolved at the next start.
    parts.log('settle-given-up', { requestId: listener.requestId, error: String(error) });
  }).finally(parts.changed);
  if (command.measured && command.chargeable) parts.estimator.learn(request.facts.model, carried.body.decodedBytes, command.usage.inputTokens, command.usage.outputTokens);

  if (fault && mayComeBack(fault, lease) && !response.destroyed) {
    return { ...fault, kind: 'throttle', observation: readRateLimits((name) => single(kept?.headers[name]), clock.nowMs()) };
  }
  parts.admission.finished(listener.requestId, command.chargeable ? command.usage.inputTokens + command.usage.outputTokens : report.kept ? 0 : undefined);
  if (report.ending === 'upstream-broke' && report.networkError !== undefined) {
    parts.log('upstream-broke', { requestId: listener.requestId, error: report.networkError });
    if (!report.begun) parts.upstreamAnswered(problem('upstream_unreachable', `The upstream ${parts.target.label} could not be reached (${report.networkError}).`));
  }
  answerFailure(parts, carried, report, fault);
  return undefined;
}

/** Whether waiting cures a refusal: a throttle for as long as the client bears it, overload for a few attempts. */
function mayComeBack(fault: UpstreamFault, lease: Lease): fault is Extract<UpstreamFault, { kind: 'throttle' | 'overloaded' }> {
  return fault.kind === 'throttle' || fault.kind === 'overloaded' && lease.number < overloadAttemptsMax;
}

/** Writes the answer of an attempt that has written none itself. */
function answerFailure(parts: ResponsesParts, { response, listener }: Carried, report: AttemptReport, fault: UpstreamFault | undefined): void {
  const { kept } = report;
  const nowMs = parts.clock.nowMs();
  if (response.headersSent || response.destroyed) return;
  if (!kept) {
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

function settlementOf(parts: ResponsesParts, carried: Carried, lease: Lease, report: AttemptReport): SettleCommand {
  const { request, envelope } = carried;
  const { response } = report;
  const booked = applyPolicy({
    ending: report.ending, begun: report.begun, outputChars: report.outputChars,
    estimatedInputTokens: request.estimate.inputTokens, estimatedOutputTokens: request.estimate.outputTokens,
    ...(report.terminal ? { terminal: report.terminal } : {}),
    ...(response?.usage ? { reported: { usage: response.usage, consistent: response.usagePlausible } } : {}),
  });
  const servedPrice = pricedAs(parts, request, response?.model);
  return {
    type: 'settle', attemptId: lease.attemptId, atMs: parts.clock.nowMs(), outcome: booked.outcome, usage: booked.usage, measured: booked.measured,
    chargeable: booked.charge !== undefined, tier: priceTier(response?.serviceTier ?? envelope.serviceTier), waitedMs: lease.waitedMs, durationMs: report.durationMs,
    ...(booked.freeReason === undefined ? {} : { freeReason: booked.freeReason }),
    ...(booked.notice === undefined ? {} : { notice: booked.notice }),
    ...(response?.model === undefined ? {} : { modelServed: response.model }),
    ...(servedPrice ? { servedPrice } : {}),
    ...(report.status === undefined ? {} : { status: report.status }),
    ...(report.upstreamRequestId === undefined ? {} : { upstreamRequestId: report.upstreamRequestId }),
    ...(report.responseId === undefined ? {} : { responseId: report.responseId }),
    ...(report.firstByteMs === undefined ? {} : { firstByteMs: report.firstByteMs }),
  };
}

/** Another model's price when another model served, as of the moment of the hold; else the hold's own stands. */
function pricedAs(parts: ResponsesParts, request: AdmissionRequest, served: string | undefined): ModelPrice | undefined {
  if (served === undefined || served === request.facts.model || !request.price) return undefined;
  const price = parts.prices(served, request.facts.receivedAtMs);
  return price && price.model !== request.price.model ? price : undefined;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

// One `response.create` from its arrival to its end: estimate, admit, keep the client waiting, send, settle.
// The steps are those of a request over HTTP; each ending settles its lease once.
import { fallbackCause } from '../../domain/fallback.ts';
import { problem } from '../../domain/problem.ts';
import type { ClientMessage } from '../../protocol/clientMessage.ts';
import { claimed } from '../../protocol/clientMessage.ts';
import { patienceCodexMs, readClient } from '../../protocol/requestEnvelope.ts';
import type { ClientFacts } from '../../protocol/requestEnvelope.ts';
import type { AdmissionRequest } from '../admissionTicket.ts';
import type { HeldBody } from '../heldBodies.ts';
import type { Listener } from '../refusal.ts';
import { admissionRequest } from '../requestEstimate.ts';
import { refuseMessage, runSocketAttempt } from './runSocketAttempt.ts';
import type { SocketConnection } from './socketConnection.ts';

/** Codex gives up after 300 seconds without a text message; pings do not count (measured with 0.169). */
export const keepAliveMs = 30_000;
const keepAliveMessage = '{"type":"keepalive"}';

/** A request that came as a message. */
export interface MessageRequest {
  readonly requestId: string;
  readonly receivedAtMs: number;
  readonly message: Extract<ClientMessage, { kind: 'create' }>;
  readonly body: HeldBody;
}

/** Carries one request. Resolves when its answer has ended. */
export async function carryMessage(connection: SocketConnection, one: MessageRequest): Promise<void> {
  const { parts, pair } = connection;
  const { requestId, message } = one;
  const listener: Listener = { ...connection.speaks, requestId, model: message.envelope.model };
  if (message.envelope.background) {
    refuseMessage(connection, problem('argument_invalid', 'Background responses tell their usage after the answer, and the broker does not carry them. Nothing was sent.'), listener);
    return;
  }
  const { continuesId } = message.envelope.size;
  const foreign = continuesId === undefined ? undefined : await parts.owners.refusal(continuesId, { workspaceId: connection.workspace.workspaceId, requestId }, 'continue');
  if (foreign) { refuseMessage(connection, foreign, listener); return; }
  // Nobody would take a client that left meanwhile out of the line again.
  if (pair.isClientGone) return;
  const { request, preparedTokens } = understood(connection, one);
  if (listener.codexStream) void parts.meter?.refresh();
  const stopKeeping = keepWaiting(connection);
  try {
    let admitted = await parts.admission.acquire(request);
    // An attempt that was turned away comes back with a new lease.
    while ('lease' in admitted) {
      const again = await runSocketAttempt(connection, { request, listener, body: one.body, preparedTokens }, admitted.lease);
      if (!again || again.kind !== 'throttle') return;
      admitted = await parts.admission.throttled(requestId, again);
    }
    parts.watch.ended(request, undefined, true);
    if (pair.isClientGone) return;
    // What the fallback needs is the whole conversation, and over a connection only what is new comes: the client sends it all again over HTTP.
    if (request.fallback && fallbackCause(admitted.refused.code, request.fallback)) { connection.useHttp(); return; }
    refuseMessage(connection, admitted.refused, listener);
  } finally {
    stopKeeping();
    void connection.plan?.ended();
  }
}

/** What the request asks admission for; of a prewarm also what it puts before the next request. */
function understood({ parts, plan, workspace, header, prewarms }: SocketConnection, { requestId, receivedAtMs, message, body }: MessageRequest): { readonly request: AdmissionRequest; readonly preparedTokens?: number } {
  const { requestKind, ...client } = readClient(claimed(message.claims, header));
  // The head of the upgrade may belong to a prewarm while the message does not.
  const kind: ClientFacts['requestKind'] = message.isPrewarm ? 'prewarm' : requestKind === 'prewarm' ? undefined : requestKind;
  const seen = {
    envelope: message.envelope, isSocket: true, workspace, branch: parts.branchOf(workspace.path), requestId, receivedAtMs, bodyBytes: body.wireBytes, plan: plan?.cover,
    // A client that is kept waiting with messages does not tire of it.
    client: { ...client, patienceMs: patienceCodexMs, ...(kind === undefined ? {} : { requestKind: kind }) },
  };
  const request = admissionRequest(parts, seen);
  if (!message.isPrewarm) return { request };
  const preparedTokens = request.estimate.inputTokens;
  return { request: prewarms.isFree ? admissionRequest(parts, { ...seen, isPrewarm: true }) : request, preparedTokens };
}

/** Says every now and then that the request still waits, until its answer begins. @returns what ends it */
function keepWaiting(connection: SocketConnection): () => void {
  const { pair, parts: { clock } } = connection;
  let stop = () => undefined as void;
  const beat = () => {
    if (!connection.attempt) pair.toClient(keepAliveMessage);
    stop = clock.after(keepAliveMs, beat);
  };
  stop = clock.after(keepAliveMs, beat);
  return () => stop();
}

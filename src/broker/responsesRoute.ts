// One `POST /v1/responses` from its first byte to its last: understand, estimate, admit, send,
// relay, settle. The steps are those of the failure model; each ending settles its lease once.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import { readClient, readEnvelope } from '../protocol/requestEnvelope.ts';
import type { ClientFacts, RequestEnvelope } from '../protocol/requestEnvelope.ts';
import type { Carried, ResponsesParts } from './carriedRequest.ts';
import { HeldBody } from './heldBodies.ts';
import type { PlanWay } from './planAccounts.ts';
import { refuse } from './refusal.ts';
import type { Listener } from './refusal.ts';
import { readBody } from './requestBody.ts';
import { admissionRequest } from './requestEstimate.ts';
import { runAttempt } from './runAttempt.ts';
import type { Workspace } from './store/ledgerPort.ts';

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

/** Carries one request. Resolves when its answer has ended. @param plan the sign-in that it goes with, where it is not the broker's key */
export async function carryResponses(api: ResponsesParts, message: IncomingMessage, response: ServerResponse, workspace: Workspace, requestId: string, plan?: PlanWay): Promise<void> {
  const parts: ResponsesParts = plan ? { ...api, ...plan.way, meter: undefined } : api;
  const body = new HeldBody(parts.bodies);
  try {
    await carry(parts, message, response, workspace, requestId, { body, plan });
    void plan?.ended();
  } finally {
    body.letGo();
  }
}

async function carry(parts: ResponsesParts, message: IncomingMessage, response: ServerResponse, workspace: Workspace, requestId: string, { body, plan }: { readonly body: HeldBody; readonly plan: PlanWay | undefined }): Promise<void> {
  const { clock } = parts;
  const receivedAtMs = clock.nowMs();
  const client = clientOf(message);
  const early = listenerOf(message, requestId, client);
  const read = await understand(message, body);
  if (read === 'client-left') return;
  if ('problem' in read) { refuse(response, read.problem, early, clock.nowMs()); return; }
  const { envelope, decodedBytes } = read;
  const listener: Listener = { ...early, codexStream: early.codexStream && envelope.stream, model: envelope.model };
  if (envelope.background) {
    refuse(response, problem('argument_invalid', 'Background responses tell their usage after the answer, and the broker does not carry them. Nothing was sent.'), listener, clock.nowMs());
    return;
  }
  const request = admissionRequest(parts, { envelope, client, workspace, requestId, receivedAtMs, bodyBytes: decodedBytes, plan: plan?.cover });
  if (client.isCodex) void parts.meter?.refresh();
  const carried: Carried = { request, envelope, body, listener, message, response };
  // A client that left while its body was decoded gets no place in the line: nobody would take it out again.
  if (response.destroyed) return;
  const leave = () => {
    if (!response.writableFinished) parts.admission.left(requestId, problem('cancelled', 'The client left while the request waited in line. Nothing was sent.'));
  };
  response.once('close', leave);
  let admitted = await parts.admission.acquire(request);
  // An attempt that was turned away or lost before it began comes back with a new lease.
  while ('lease' in admitted) {
    const again = await runAttempt(parts, carried, admitted.lease);
    if (!again) return;
    admitted = again.kind === 'throttle' ? await parts.admission.throttled(requestId, again) : await parts.admission.again(requestId);
  }
  response.off('close', leave);
  refuse(response, admitted.refused, listener, clock.nowMs());
}

/** Reads the body and what it says about itself. Its text ends here: it is the larger part, and nothing else reads it. */
async function understand(message: IncomingMessage, held: HeldBody): Promise<{ envelope: RequestEnvelope; decodedBytes: number } | { problem: Problem } | 'client-left'> {
  const body = await readBody(message, held);
  if (body === 'client-left' || 'problem' in body) return body;
  const envelope = readEnvelope(body.text);
  return 'broken' in envelope ? { problem: problem('body_broken', envelope.broken) } : { envelope, decodedBytes: body.decodedBytes };
}

// One request that costs tokens, of whichever API, from its first byte to its last: understand, estimate, admit, send,
// relay, settle. The steps are those of the failure model; each ending settles its lease once.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { problem, problemThat } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import type { ApiDialect } from '../protocol/apiDialect.ts';
import { readEnvelope } from '../protocol/dialectEnvelope.ts';
import { readClient } from '../protocol/requestEnvelope.ts';
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

/** Requests of other APIs are of a kind of their own, unless Codex says which. */
function clientFor(dialect: ApiDialect, client: ClientFacts): ClientFacts {
  if (dialect === 'responses' || client.requestKind !== undefined) return client;
  return { ...client, requestKind: dialect === 'compact' ? 'compaction' : dialect };
}

function headerOf(message: IncomingMessage, name: string): string | undefined {
  const value = message.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** How a request is asked: in which API, and with which sign-in where it is not the broker's key. */
export interface Asked { readonly dialect?: ApiDialect; readonly plan?: PlanWay | undefined }

/** Carries one request. Resolves when its answer has ended. */
export async function carryResponses(api: ResponsesParts, message: IncomingMessage, response: ServerResponse, workspace: Workspace, requestId: string, { plan, dialect = 'responses' }: Asked = {}): Promise<void> {
  const parts: ResponsesParts = plan ? { ...api, ...plan.way, meter: undefined, fallback: undefined } : api;
  const body = new HeldBody(parts.bodies);
  try {
    await carry(parts, message, response, workspace, requestId, { body, plan, dialect });
    void plan?.ended();
  } finally {
    body.letGo();
  }
}

async function carry(parts: ResponsesParts, message: IncomingMessage, response: ServerResponse, workspace: Workspace, requestId: string, { body, plan, dialect }: { readonly body: HeldBody; readonly plan: PlanWay | undefined; readonly dialect: ApiDialect }): Promise<void> {
  const { clock } = parts;
  const receivedAtMs = clock.nowMs();
  const client = clientFor(dialect, clientOf(message));
  const early = listenerOf(message, requestId, client);
  // Looked up while the body comes and the request waits.
  const branch = parts.branchOf(workspace.path);
  const read = await understand(message, body, dialect);
  if (read === 'client-left') return;
  if ('problem' in read) { refuse(response, read.problem, early, clock.nowMs()); return; }
  const { envelope, decodedBytes } = read;
  const listener: Listener = { ...early, codexStream: early.codexStream && envelope.stream && dialect === 'responses', model: envelope.model };
  if (envelope.background && plan) {
    refuse(response, problem('argument_invalid', 'ChatGPT takes no responses in the background. Nothing was sent.'), listener, clock.nowMs());
    return;
  }
  const { continuesId } = envelope.size;
  const foreign = continuesId === undefined ? undefined : await parts.owners.refusal(continuesId, { workspaceId: workspace.workspaceId, requestId }, 'continue');
  if (foreign) { refuse(response, foreign, listener, clock.nowMs()); return; }
  const request = admissionRequest(parts, { envelope, dialect, client, workspace, branch, requestId, receivedAtMs, bodyBytes: decodedBytes, plan: plan?.cover });
  if (client.isCodex) void parts.meter?.refresh();
  const carried: Carried = { request, dialect, envelope, body, listener, message, response };
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
    admitted = again.kind === 'throttle' ? await parts.admission.throttled(requestId, again)
      : again.kind === 'unreachable' ? await parts.admission.unreachable(requestId, again.why) : await parts.admission.again(requestId);
  }
  response.off('close', leave);
  parts.watch.ended(request, undefined, true);
  refuse(response, admitted.refused, listener, clock.nowMs());
}

/** Reads the body and what it says about itself. Its text ends here: it is the larger part, and nothing else reads it. */
async function understand(message: IncomingMessage, held: HeldBody, dialect: ApiDialect): Promise<{ envelope: RequestEnvelope; decodedBytes: number } | { problem: Problem } | 'client-left'> {
  const body = await readBody(message, held);
  if (body === 'client-left' || 'problem' in body) return body;
  const envelope = readEnvelope(body.text, dialect);
  return 'broken' in envelope ? { problem: problemThat('body_broken', { because: envelope.broken }) } : { envelope, decodedBytes: body.decodedBytes };
}

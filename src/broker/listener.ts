// The broker's door: one loopback port, checked heads, a fixed table of routes. The only place
// that turns problems into HTTP answers; a fault of ours ends here as `internal`, with its stack
// in the log and nowhere else.
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorBody, problem, problemKinds, ProblemError } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import { readClient } from '../protocol/requestEnvelope.ts';
import type { CallOutcome, Health } from '../protocol/control.ts';
import { controlProtocolVersion } from '../protocol/control.ts';
import { commandHeader } from '../protocol/originHeaders.ts';
import { checkAccess, isControlToken, workspaceOfToken } from './accessCheck.ts';
import type { Access, Route } from './accessCheck.ts';
import type { ApiCalls } from './apiRoutes.ts';
import type { Clock } from './clock.ts';
import { proofOf } from './dataFolder.ts';
import { single } from './headerValue.ts';
import type { LiveSockets } from './liveSocket.ts';
import { windowsMax } from './liveSocket.ts';
import type { PlanWay } from './planAccounts.ts';
import { dropBody, readBody } from './requestBody.ts';
import { refuse } from './refusal.ts';
import { listenerOf } from './responsesRoute.ts';
import type { Asked } from './responsesRoute.ts';
import type { ResponsesSockets } from './responsesSocket/responsesSockets.ts';
import { StrangerConnections } from './strangerConnections.ts';
import type { Workspace } from './store/ledgerPort.ts';

/** Open connections at once, those without a token among them (`strangersMax`); more are closed as they come. */
const connectionsMax = 1024;
const headerBytesMax = 32 * 1024;
/** How long a client may take for its head, and for its whole request. */
const headersMsMax = 10_000;
const requestMsMax = 120_000;
/** Kept connections save a handshake; clients reuse them for minutes. */
const keepAliveMs = 120_000;

/** What stands behind the door. */
export interface ListenerParts {
  readonly version: string;
  readonly controlToken: string;
  readonly workspaces: () => Iterable<Workspace>;
  readonly newRequestId: () => string;
  readonly clock: Clock;
  /** The ChatGPT sign-in that a request brings along. */
  readonly planWay: (headers: IncomingHttpHeaders) => PlanWay | Problem;
  readonly responses: (message: IncomingMessage, response: ServerResponse, workspace: Workspace, requestId: string, asked: Asked) => Promise<void>;
  readonly models: (message: IncomingMessage, response: ServerResponse, requestId: string, clientVersion: string | undefined, plan: PlanWay | undefined) => Promise<void>;
  /** Everything else of the upstream's API. */
  readonly api: (call: ApiCalls[number], message: IncomingMessage, response: ServerResponse, workspace: Workspace, requestId: string) => Promise<void>;
  /** Addresses that a setting opens beside the table. */
  readonly passThrough: readonly string[];
  readonly control: (method: string, args: unknown) => Promise<CallOutcome>;
  readonly live: LiveSockets;
  readonly responsesSockets: ResponsesSockets;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** A listening door. */
export interface Door {
  readonly url: string;
  /** Requests that are being answered now. */
  readonly busy: () => number;
  /** Takes no new requests and resolves when the running ones have ended or the time is over. */
  close(graceMs: number): Promise<void>;
}

/**
 * Java's HTTP client and `curl --http2` offer HTTP/2 with each request; a server may go on as if they had not (RFC 9110, 7.8).
 * Node before 24.9 has no such choice, and refuses them.
 */
const serverOptions: ServerOptions & { readonly shouldUpgradeCallback: (message: IncomingMessage) => boolean } = {
  maxHeaderSize: headerBytesMax, headersTimeout: headersMsMax, requestTimeout: requestMsMax, keepAliveTimeout: keepAliveMs, insecureHTTPParser: false,
  shouldUpgradeCallback: (message) => message.headers.upgrade?.toLowerCase() === 'websocket',
};

/** Opens the door on a loopback port; 0 takes a free one. @throws ProblemError `port_in_use` */
export async function listen(port: number, parts: ListenerParts): Promise<Door> {
  let busy = 0;
  const strangers = new StrangerConnections();
  const server = createServer(serverOptions, (message, response) => {
    busy += 1;
    response.once('close', () => { busy -= 1; });
    const requestId = parts.newRequestId();
    answer({ ...parts, strangers }, message, response, requestId, portOf(server)).catch((error: unknown) => {
      parts.log('request-failed', { requestId, error: error instanceof Error ? error.stack : String(error) });
      refuse(response, problem('internal', 'The broker met a fault of its own while it carried this request.'), listenerOf(message, requestId), parts.clock.nowMs());
      if (!response.writableEnded) response.destroy();
    });
  });
  server.maxConnections = connectionsMax;
  server.on('connection', (socket) => strangers.add(socket));
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => upgrade({ ...parts, strangers }, message, socket, head, portOf(server)));
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new ProblemError(
      problem('port_in_use', 'The broker cannot listen on port {0} ({1}).', { values: [port, error.code ?? error.message] }), { cause: error })));
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    busy: () => busy,
    close: (graceMs) => closeServer(server, graceMs, parts),
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}

async function closeServer(server: Server, graceMs: number, parts: ListenerParts): Promise<void> {
  parts.live.close();
  const closed = new Promise<void>((resolve) => { server.close(() => resolve()); });
  server.closeIdleConnections();
  const ended = Promise.all([closed, parts.responsesSockets.close(graceMs)]);
  await Promise.race([ended, new Promise<void>((resolve) => { parts.clock.after(graceMs, resolve); })]);
  server.closeAllConnections();
}

/** What stands behind the door, and who waits before it. */
interface DoorParts extends ListenerParts { readonly strangers: StrangerConnections }

async function answer(parts: DoorParts, message: IncomingMessage, response: ServerResponse, requestId: string, port: number): Promise<void> {
  const access = checkAccess(message, port, parts.passThrough);
  const turnAway = async (what: Problem) => {
    // The connection is closed behind the answer; what is still on its way would break it before the client has read that.
    response.setHeader('connection', 'close');
    await dropBody(message);
    refuse(response, what, listenerOf(message, requestId), parts.clock.nowMs());
  };
  if ('problem' in access) { await turnAway(access.problem); return; }
  noteCommand(message, access);
  const wrongMethod = wrongMethodOf(access, message.method);
  if (wrongMethod) { await turnAway(wrongMethod); return; }
  const { route, token } = access;
  switch (route.kind) {
    case 'health': {
      const health: Health = {
        ok: true, version: parts.version, protocol: controlProtocolVersion,
        ...(route.nonce === undefined ? {} : { proof: proofOf(parts.controlToken, route.nonce) }),
      };
      response.setHeader('connection', 'close');
      sendJson(response, 200, health);
      return;
    }
    case 'responses': case 'models': case 'api': {
      const workspace = workspaceOfToken(token, parts.workspaces());
      if (!workspace) { await turnAway(problem('unknown_token', 'The request carries no token of a workspace that this broker knows.')); return; }
      parts.strangers.recognise(message.socket);
      if (message.method === 'HEAD') { response.writeHead(200, { allow: methodsOf(route).join(', '), 'content-length': '0', 'cache-control': 'no-store', 'x-request-id': requestId }).end(); return; }
      if (route.kind === 'api') {
        const call = route.calls.find((one) => one.method === message.method);
        if (call) await parts.api(call, message, response, workspace, requestId);
        return;
      }
      const plan = route.onPlan ? parts.planWay(message.headers) : undefined;
      if (plan && 'code' in plan) { await turnAway(plan); return; }
      if (route.kind === 'responses') await parts.responses(message, response, workspace, requestId, { plan, ...(route.dialect ? { dialect: route.dialect } : {}) });
      else await parts.models(message, response, requestId, route.clientVersion, plan);
      return;
    }
    case 'control': await control(parts, message, response, route.method, token); return;
    case 'live': await turnAway(problem('method_not_allowed', 'The live connection is a WebSocket.'));
  }
}

/** A command that the address says counts as if the head said it: Codex can be given an address, and no headers. */
function noteCommand({ headers }: IncomingMessage, { command }: Access): void {
  if (command !== undefined) headers[commandHeader] = command;
}

function wrongMethodOf({ route }: Access, method: string | undefined): Problem | undefined {
  const expected = methodsOf(route);
  // Codex's own check of a connection asks with HEAD; any clean answer satisfies it.
  const isApi = route.kind === 'responses' || route.kind === 'models' || route.kind === 'api';
  if (expected.some((one) => one === method) || isApi && method === 'HEAD') return undefined;
  return problem('method_not_allowed', 'This address takes {0}.', { values: [expected.join(' and ')] });
}

function methodsOf(route: Route): readonly string[] {
  if (route.kind === 'api') return route.calls.map((call) => call.method);
  return route.kind === 'responses' || route.kind === 'control' ? ['POST'] : ['GET'];
}

async function control(parts: DoorParts, message: IncomingMessage, response: ServerResponse, method: string, token: string | undefined): Promise<void> {
  if (!isControlToken(token, parts.controlToken)) {
    response.setHeader('connection', 'close');
    await dropBody(message);
    sendProblem(response, problem('control_token_wrong', 'The call does not carry this broker\'s control token.'));
    return;
  }
  parts.strangers.recognise(message.socket);
  const body = await readBody(message);
  if (body === 'client-left') return;
  if ('problem' in body) { sendProblem(response, body.problem); return; }
  let args: unknown;
  try {
    args = body.text === '' ? {} : JSON.parse(body.text);
  } catch {
    sendProblem(response, problem('body_broken', 'The call\'s body is not valid JSON.'));
    return;
  }
  const outcome = await parts.control(method, args);
  if (outcome.ok) sendJson(response, 200, outcome.value);
  else sendProblem(response, outcome.problem);
}

function upgrade(parts: DoorParts, message: IncomingMessage, socket: Duplex, head: Buffer, port: number): void {
  socket.on('error', () => socket.destroy());
  const access = checkAccess(message, port);
  const decline = (status: string, what: Problem) => {
    const body = JSON.stringify(errorBody(what));
    socket.end(`HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
  };
  if ('problem' in access) { decline(`${problemKinds[access.problem.code].status} Refused`, access.problem); return; }
  const { route, token } = access;
  noteCommand(message, access);
  if (route.kind === 'responses' && route.dialect === undefined) {
    const workspace = workspaceOfToken(token, parts.workspaces());
    // Codex tries any other status again and again; sent to HTTP it hears there, at once, what is wrong.
    const isCodex = readClient((name) => single(message.headers[name])).isCodex;
    if (!workspace) { decline(isCodex ? '426 Upgrade Required' : '401 Unauthorized', problem('unknown_token', 'The connection carries no token of a workspace that this broker knows.')); return; }
    parts.strangers.recognise(message.socket);
    const requestId = parts.newRequestId();
    const plan = route.onPlan ? parts.planWay(message.headers) : undefined;
    if (plan && 'code' in plan) { decline(isCodex ? '426 Upgrade Required' : '401 Unauthorized', plan); return; }
    parts.responsesSockets.accept(message, socket, head, workspace, requestId, plan).catch((error: unknown) => {
      parts.log('request-failed', { requestId, error: error instanceof Error ? error.stack : String(error) });
      socket.destroy();
    });
    return;
  }
  if (route.kind !== 'live') { decline('404 Not Found', problem('unknown_route', 'The broker has no such WebSocket.')); return; }
  if (!isControlToken(token, parts.controlToken)) { decline('401 Unauthorized', problem('control_token_wrong', 'The connection does not carry this broker\'s control token.')); return; }
  if (parts.live.size >= windowsMax) { decline('503 Service Unavailable', problem('queue_full', '{0} windows are connected already.', { values: [windowsMax] })); return; }
  parts.strangers.recognise(message.socket);
  parts.live.accept(message, socket, head);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' });
  response.end(body);
}

function sendProblem(response: ServerResponse, what: Problem): void {
  sendJson(response, problemKinds[what.code].status, { error: { ...errorBody(what).error, message: what.message, remedy: what.remedy } });
}

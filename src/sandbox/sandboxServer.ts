// The server of the simulated upstream: listens on loopback, checks keys, routes requests and WebSocket
// upgrades, and hands out the meter. It simulates OpenAI's surface only; whoever starts it passes the
// clock and the ids in.
import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { problem, ProblemError } from '../domain/problem.ts';
import type { SandboxWorld } from './answerPlan.ts';
import type { NewId, SandboxClock } from './clock.ts';
import { errorAnswer, jsonAnswer, keyMissing, keyRefused, methodNotAllowed, routeNotFound, type PlainAnswer } from './errorAnswer.ts';
import type { Exchange } from './exchange.ts';
import { FaultPicker } from './faultPicker.ts';
import { PlanFace } from './planFace.ts';
import { PromptCache } from './promptTokens.ts';
import { RateLimits } from './rateLimits.ts';
import { bodyBytesMax, bodyBytesReadMax } from './requestBody.ts';
import { RequestMeter } from './requestMeter.ts';
import { send } from './responsesEndpoint.ts';
import { methodsAt, routeFor } from './sandboxRoutes.ts';
import { limitsOf, parseScenario, type ScenarioInput } from './scenario.ts';
import { serveSocket } from './socketEndpoint.ts';
import { StoredResponses } from './storedResponses.ts';
import { closeConnection, type CutHow } from './streamSender.ts';

/** How a sandbox is opened. */
export interface SandboxSettings {
  readonly scenario?: ScenarioInput;
  /** 0 or absent for a free port. */
  readonly port?: number;
  /** Keeps each body on the meter, byte for byte. */
  readonly keepBodies?: boolean;
  readonly clock: SandboxClock;
  readonly newId: NewId;
}

/** A running sandbox. */
export interface Sandbox {
  /** `http://127.0.0.1:PORT`; the API is below `/v1`. */
  readonly url: string;
  readonly port: number;
  readonly meter: RequestMeter;
  /** Forgets requests, fills limits, empties the prompt cache and counts faults from the start. */
  reset(): void;
  /** Ends every connection and stops listening. */
  close(): Promise<void>;
}

/** Most connections at a time. */
const connectionsMax = 10_000;
/** Longer than a client keeps an idle connection, so that the client is the one to close it. */
const keepAliveMs = 120_000;

/**
 * Opens a sandbox.
 * @throws ProblemError `argument_invalid` for a scenario that is none, `port_in_use` for a port that is taken
 */
export async function openSandbox(settings: SandboxSettings): Promise<Sandbox> {
  const parsed = parseScenario(settings.scenario ?? {});
  if ('mistake' in parsed) throw new ProblemError(problem('argument_invalid', `The scenario is not valid: ${parsed.mistake}.`));
  const { scenario } = parsed;
  const world: SandboxWorld = {
    scenario, clock: settings.clock, newId: settings.newId, keepBodies: settings.keepBodies ?? false,
    limits: new RateLimits((model) => limitsOf(scenario.limits, model)),
    planFace: new PlanFace(scenario.plan, settings.clock, settings.newId), cache: new PromptCache(), stored: new StoredResponses(), picker: new FaultPicker(scenario.faults), meter: new RequestMeter(),
  };
  const reset = () => {
    world.meter.reset();
    world.limits.reset();
    world.cache.clear();
    world.stored.clear();
    world.planFace.reset();
    world.picker.reset();
  };
  const server = http.createServer({ noDelay: true, keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, (incoming, response) => {
    void answer(incoming, response, world, reset);
  });
  server.maxConnections = connectionsMax;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: bodyBytesMax, perMessageDeflate: scenario.webSocket.deflate });
  sockets.on('headers', (lines, incoming) => lines.push(`x-request-id: ${requestIds.get(incoming)?.requestId}`, ...(requestIds.get(incoming)?.cookies ?? []).map((one) => `set-cookie: ${one}`), 'openai-version: 2020-10-01', 'openai-organization: org-sandbox'));
  server.on('upgrade', (incoming, socket, head) => upgrade(incoming, socket as Socket, head, sockets, world));
  const port = await listen(server, settings.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`, port, meter: world.meter, reset,
    close: () => new Promise((resolve) => {
      world.stored.clear();
      server.close(() => resolve());
      server.closeAllConnections();
      for (const socket of sockets.clients) socket.terminate();
    }),
  };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const what = error.code === 'EADDRINUSE' ? `Port ${port} is in use by another program.` : `Port ${port} cannot be opened (${error.code ?? 'unknown reason'}).`;
      reject(new ProblemError(problem('port_in_use', what), { cause: error }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function answer(incoming: IncomingMessage, response: ServerResponse, world: SandboxWorld, reset: () => void): Promise<void> {
  const asked = pathOf(incoming);
  const planPath = PlanFace.pathOf(asked);
  const path = planPath ?? asked;
  if (incoming.headers.origin !== undefined) return plain(response, errorAnswer(403, { message: 'Requests from web pages are not answered.', type: 'invalid_request_error', code: 'origin_forbidden' }));
  if (path.startsWith('/sandbox/')) return plain(response, inspect(incoming, path, world, reset));

  const record = arrival(incoming, world);
  const gone = new AbortController();
  let wasCut = false;
  const cut = (how: CutHow) => {
    wasCut = true;
    closeConnection(response, how);
  };
  response.once('close', () => {
    record.aborted = !response.writableFinished && !wasCut;
    record.finishedAtMs = world.clock.nowMs();
    gone.abort();
  });
  response.setHeader('x-request-id', record.requestId);
  response.setHeader('openai-version', '2020-10-01');
  response.setHeader('openai-organization', 'org-sandbox');
  const exchange: Exchange = { incoming, response, record, key: keyOf(incoming), onPlan: planPath !== undefined, gone: gone.signal, cut };
  const refused = planPath === undefined ? refuseKey(exchange.key, world) ?? refuseRoute(incoming.method ?? '', path) : world.planFace.accounts(path, incoming.headers) ?? world.planFace.refuse(incoming.headers);
  if (refused) return refuse(exchange, refused);
  if (planPath !== undefined) for (const [name, value] of Object.entries(world.planFace.visit(incoming.headers, path === '/v1/responses'))) response.setHeader(name, value);
  const told = planPath === undefined ? undefined : planAnswer(incoming, path, world);
  if (told) return refuse(exchange, told);
  try {
    await routeFor(incoming.method ?? '', path)?.answer(exchange, world, path);
  } catch (error) {
    // Reading fails when the client leaves while it still sends; anything else is a fault of ours.
    if (!incoming.complete || response.destroyed) record.aborted = true;
    else if (response.headersSent) response.socket?.destroy();
    else send(exchange, errorAnswer(500, { message: `The sandbox failed: ${error instanceof Error ? error.message : 'unknown reason'}`, type: 'server_error', code: 'sandbox_failed' }));
  }
}

/** What only ChatGPT's address answers: usage, a list of models in Codex's own shape, and that a plan is used up. */
function planAnswer({ method = '', headers }: IncomingMessage, path: string, { planFace }: SandboxWorld): PlainAnswer | undefined {
  if (path === '/backend-api/wham/usage') return method === 'GET' ? planFace.usage(headers) : methodNotAllowed(method, 'GET');
  if (path === '/v1/models') return method === 'GET' ? jsonAnswer(200, { models: [] }, { etag: '"sandbox-models"' }) : methodNotAllowed(method, 'GET');
  return refuseRoute(method, path) ?? planFace.usedUp(headers);
}

/** What may be asked about the sandbox itself. Not counted, and only under a loopback name. */
function inspect(incoming: IncomingMessage, path: string, world: SandboxWorld, reset: () => void): PlainAnswer {
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(incoming.headers.host ?? '')) return routeNotFound(incoming.method ?? '', path);
  if (path === '/sandbox/requests') {
    if (incoming.method !== 'GET') return methodNotAllowed(incoming.method ?? '', 'GET');
    return jsonAnswer(200, { totals: world.meter.totals, requests: world.meter.requests.map(({ body: _body, ...listed }) => listed) });
  }
  if (path !== '/sandbox/reset') return routeNotFound(incoming.method ?? '', path);
  if (incoming.method !== 'POST') return methodNotAllowed(incoming.method ?? '', 'POST');
  reset();
  return jsonAnswer(200, { reset: true });
}

function refuseKey(key: string, world: SandboxWorld): PlainAnswer | undefined {
  if (key === '') return keyMissing();
  const accepted = world.scenario.acceptedKeys ? world.scenario.acceptedKeys.includes(key) : key.startsWith('sk-');
  return accepted && !key.includes('revoked') ? undefined : keyRefused(key);
}

function refuseRoute(method: string, path: string): PlainAnswer | undefined {
  if (routeFor(method, path)) return undefined;
  const methods = methodsAt(path);
  return methods.length > 0 ? methodNotAllowed(method, methods.join(', ')) : routeNotFound(method, path);
}

/** Answers without having read the body; the rest of it is read and dropped so that the answer is heard. */
function refuse(exchange: Exchange, answer: PlainAnswer): void {
  exchange.incoming.on('data', (chunk: Buffer) => {
    exchange.record.bodyBytes += chunk.length;
    if (exchange.record.bodyBytes > bodyBytesReadMax) exchange.incoming.destroy();
  });
  exchange.incoming.once('end', () => send(exchange, answer));
  // A client that leaves before its end needs no answer; `close` on the response notes it.
  exchange.incoming.once('error', () => undefined);
}

function plain(response: ServerResponse, answer: PlainAnswer): void {
  response.writeHead(answer.status, { 'content-length': String(Buffer.byteLength(answer.body)), ...answer.headers });
  response.end(answer.body);
}

function arrival(incoming: IncomingMessage, world: SandboxWorld) {
  const headers = Object.fromEntries(Object.entries(incoming.headersDistinct).map(([name, values]) => [name, (values ?? []).join(', ')]));
  return world.meter.arrived({ requestId: world.newId('req_'), receivedAtMs: world.clock.nowMs(), method: incoming.method ?? '', path: incoming.url ?? '', headers });
}

function pathOf(incoming: IncomingMessage): string {
  return (incoming.url ?? '').split('?')[0] ?? '';
}

function keyOf(incoming: IncomingMessage): string {
  return /^Bearer\s+(\S+)\s*$/i.exec(incoming.headers.authorization ?? '')?.[1] ?? '';
}

/** The request id of each upgrade that is under way, and the cookies that it sets. */
const requestIds = new WeakMap<IncomingMessage, { readonly requestId: string; readonly cookies: readonly string[] }>();

/** Takes a WebSocket over, or refuses it on the connection itself. */
function upgrade(incoming: IncomingMessage, socket: Socket, head: Buffer, sockets: WebSocketServer, world: SandboxWorld): void {
  // The client may be gone already; then there is nobody to tell.
  socket.on('error', () => socket.destroy());
  const record = arrival(incoming, world);
  const key = keyOf(incoming);
  const refused = refuseUpgrade(incoming, key, world);
  record.status = refused?.status ?? 101;
  record.finishedAtMs = world.clock.nowMs();
  if (refused) {
    const lines = Object.entries({ 'x-request-id': record.requestId, ...refused.headers, 'content-length': String(Buffer.byteLength(refused.body)), 'connection': 'close' });
    socket.end(`HTTP/1.1 ${refused.status} ${http.STATUS_CODES[refused.status] ?? ''}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${refused.body}`);
    return;
  }
  requestIds.set(incoming, { requestId: record.requestId, cookies: PlanFace.pathOf(pathOf(incoming)) === undefined ? [] : [world.planFace.visit(incoming.headers, false)['set-cookie'] ?? []].flat() });
  sockets.handleUpgrade(incoming, socket, head, (accepted) => {
    const limitsEvent = PlanFace.pathOf(pathOf(incoming)) === undefined ? {} : { limitsEvent: () => world.planFace.limitsEvent(incoming.headers), usedUp: () => world.planFace.usedUp(incoming.headers) };
    const arrived = () => world.meter.arrived({ requestId: world.newId('req_'), receivedAtMs: world.clock.nowMs(), method: 'MESSAGE', path: record.path, headers: record.headers });
    serveSocket({ socket: accepted, raw: socket, key, arrived, ...limitsEvent }, world);
  });
}

function refuseUpgrade(incoming: IncomingMessage, key: string, world: SandboxWorld): PlainAnswer | undefined {
  if (incoming.headers.origin !== undefined) return errorAnswer(403, { message: 'Requests from web pages are not answered.', type: 'invalid_request_error', code: 'origin_forbidden' });
  const planPath = PlanFace.pathOf(pathOf(incoming));
  const path = planPath ?? pathOf(incoming);
  if (path !== '/v1/responses') return routeNotFound('GET', path);
  // 426 makes Codex fall back to HTTP at once (measured with Codex 0.169).
  if (!world.scenario.webSocket.offered) return errorAnswer(426, { message: 'WebSocket is not offered here. Use POST.', type: 'invalid_request_error', code: 'upgrade_required' });
  return planPath === undefined ? refuseKey(key, world) : world.planFace.refuse(incoming.headers);
}

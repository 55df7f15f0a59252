// The door for the Responses API over WebSockets: opens the upstream's side first, so that its answer decides
// about the client's upgrade, then pairs the two. It holds every connection and ends them when the broker
// stops; who may come in was decided before.
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { problem } from '../../domain/problem.ts';
import { readRateLimits } from '../../protocol/rateLimitHeaders.ts';
import { readClient } from '../../protocol/requestEnvelope.ts';
import { single } from '../headerValue.ts';
import type { PlanWay } from '../planAccounts.ts';
import type { Workspace } from '../store/ledgerPort.ts';
import type { Credential } from '../upstream/credential.ts';
import { clientHeaders, upstreamHeaders } from '../upstream/headerLists.ts';
import type { UpstreamTarget } from '../upstream/upstreamTarget.ts';
import type { PrewarmTrust, SocketParts } from './socketConnection.ts';
import { SocketSession } from './socketSession.ts';
import { givenOn, ownRefusal, tellsNoWebSocket, useHttp } from './upgradeRefusal.ts';
import type { UpgradeRefusal, Upgrading } from './upgradeRefusal.ts';
import { messageBytesMax, openUpstreamSocket } from './upstreamSocket.ts';
import type { Opened } from './upstreamSocket.ts';
import { unreachable } from '../upstream/networkFault.ts';
import { WebSocketSupport } from './webSocketSupport.ts';

/** Connections at once, those that are being opened among them; Codex uses HTTP beyond. */
export const connectionsMax = 128;

/** What is known of one upstream: whether it offers WebSockets, and whether it takes nothing for prewarms. */
interface UpstreamTrust { readonly support: WebSocketSupport; readonly prewarms: PrewarmTrust }

/** A client that wants a WebSocket, and the upstream's side that it goes to. */
interface Asking { readonly parts: SocketParts; readonly plan: PlanWay | undefined; readonly trust: UpstreamTrust; readonly message: IncomingMessage; readonly socket: Duplex; readonly head: Buffer; readonly workspace: Workspace; readonly requestId: string }

/** All connections. */
export class ResponsesSockets {
  readonly #parts: SocketParts;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: messageBytesMax, perMessageDeflate: false, clientTracking: false, handleProtocols: () => false });
  readonly #sessions = new Set<SocketSession>();
  readonly #trust = new WeakMap<UpstreamTarget, UpstreamTrust>();
  /** Lines for the head of an upgrade that is about to be accepted. */
  readonly #headLines = new WeakMap<IncomingMessage, readonly string[]>();
  #opening = 0;
  readonly #stopping = new AbortController();
  #emptied: () => void = () => undefined;

  constructor(parts: SocketParts) {
    this.#parts = parts;
    this.#server.on('headers', (lines, message) => lines.push(...this.#headLines.get(message) ?? []));
  }

  /** How many connections there are. */
  get size(): number { return this.#sessions.size + this.#opening; }

  /** Takes an upgrade whose token is right, and answers it. @param plan the sign-in that it goes with, where it is not the broker's key */
  async accept(message: IncomingMessage, socket: Duplex, head: Buffer, workspace: Workspace, requestId: string, plan?: PlanWay): Promise<void> {
    const parts: SocketParts = plan ? { ...this.#parts, ...plan.way, meter: undefined, fallback: undefined } : this.#parts;
    const trust = this.#trustOf(parts.target);
    const asking: Asking = { parts, plan, trust, message, socket, head, workspace, requestId };
    const header = (name: string) => single(message.headers[name]);
    const to: Upgrading = { requestId, isCodex: readClient(header).isCodex, nowMs: parts.clock.nowMs() };
    const credential = parts.credential();
    const refused = this.#refused(asking, to, credential);
    if (refused || !credential) { if (refused) decline(socket, refused); return; }
    this.#opening += 1;
    try {
      const opened = await openUpstreamSocket(parts.target, upstreamHeaders(message.headers, credential.head(), undefined), parts.clock, this.#stopping.signal);
      if (opened.kind === 'open') this.#pair(asking, opened, credential, to);
      else decline(socket, refusalOf(asking, opened, to));
    } finally {
      this.#opening -= 1;
      this.#look();
    }
  }

  /** A workspace has another token now: what came with the old one may end, and asks for nothing more. */
  tokenReplaced(workspaceId: string): void {
    for (const session of this.#sessions) if (session.workspaceId === workspaceId) session.revoke();
  }

  /** Lets running requests end for a while, then ends what is left. Idle connections end at once. */
  async close(graceMs: number): Promise<void> {
    this.#stopping.abort();
    for (const session of this.#sessions) session.stop();
    if (this.size > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
        this.#parts.clock.after(graceMs, resolve);
      });
    }
    for (const session of this.#sessions) session.cut();
  }

  #trustOf(target: UpstreamTarget): UpstreamTrust {
    const known = this.#trust.get(target) ?? { support: new WebSocketSupport(this.#parts.clock), prewarms: { isFree: true } };
    this.#trust.set(target, known);
    return known;
  }

  #refused({ message, parts, plan, trust, workspace }: Asking, to: Upgrading, credential: Credential | undefined): UpgradeRefusal | undefined {
    if (message.method !== 'GET' || (message.headers.upgrade ?? '').toLowerCase() !== 'websocket') return ownRefusal(problem('argument_invalid', 'A connection can only be upgraded to a WebSocket, with GET.'), { ...to, isCodex: false });
    if (this.#stopping.signal.aborted) return ownRefusal(problem('broker_stopping', 'The broker is about to end and takes no more connections.'), to);
    if (!credential) return ownRefusal(problem('no_api_key', 'No OpenAI API key is stored, so nothing can be sent.'), to);
    if (trust.support.isMissing) return useHttp(`The upstream ${parts.target.label} offers no WebSocket; send requests over HTTP.`, to);
    if (!plan && trust.support.isElsewhere(workspace.workspaceId)) return useHttp('A fallback answers now; send requests over HTTP.', to);
    if (this.size >= connectionsMax) return useHttp(`${connectionsMax} WebSockets are open already; send requests over HTTP.`, to);
    return undefined;
  }

  #pair({ parts, plan, trust, message, socket, head, workspace, requestId }: Asking, { socket: upstream, headers }: Extract<Opened, { kind: 'open' }>, { secret }: Credential, { isCodex, nowMs }: Upgrading): void {
    const upstreamRequestId = single(headers['x-request-id'])?.slice(0, 200);
    const limits = { told: readRateLimits((name) => single(headers[name]), parts.clock.nowMs()), atMs: parts.clock.monotonicMs() };
    this.#headLines.set(message, headLines(clientHeaders(headers, requestId)));
    let isPaired = false;
    const useHttpFor = (session: SocketSession) => {
      trust.support.noteElsewhere(workspace.workspaceId);
      session.cut('a fallback answers over HTTP');
    };
    parts.keyAnswered(true);
    parts.upstreamAnswered(undefined);
    parts.headSeen(headers, { sentAtMs: nowMs });
    this.#server.handleUpgrade(message, socket, head, (client: WebSocket) => {
      isPaired = true;
      const session: SocketSession = new SocketSession(client, upstream, {
        parts, plan, workspace, header: (name) => single(message.headers[name]), speaks: { codexStream: isCodex }, secret, limits, prewarms: trust.prewarms, useHttp: () => useHttpFor(session),
        ...(upstreamRequestId === undefined ? {} : { upstreamRequestId }),
      }, () => {
        this.#sessions.delete(session);
        this.#look();
      });
      this.#sessions.add(session);
      if (this.#stopping.signal.aborted) session.stop();
    });
    // The client left meanwhile, or its head was none after all; it has been told.
    if (!isPaired) upstream.terminate();
  }

  #look(): void {
    this.#parts.changed();
    if (this.size === 0) this.#emptied();
  }
}

/** What the client is told whose upstream did not accept. */
function refusalOf({ parts, plan, trust }: Asking, opened: Exclude<Opened, { kind: 'open' }>, to: Upgrading): UpgradeRefusal {
  const { target } = parts;
  if (opened.kind === 'lost') {
    const what = unreachable(target, opened.error);
    parts.upstreamAnswered(what);
    // Over HTTP the fallback answers.
    return !plan && parts.fallback?.causes.includes('unreachable') ? useHttp(what.message, to) : ownRefusal(what, to);
  }
  const { answer } = opened;
  parts.headSeen(answer.headers, { sentAtMs: to.nowMs }, answer);
  parts.upstreamAnswered(undefined);
  if (tellsNoWebSocket(answer)) {
    // Something in this one head may have been wrong; the next is asked for again.
    if (answer.status !== 400) trust.support.noteMissing();
    return useHttp(`The upstream ${target.label} offers no WebSocket (status ${answer.status}); send requests over HTTP.`, to);
  }
  if (answer.status !== 401 || parts.credential()?.kind === 'chatgpt') return givenOn(answer, to);
  parts.keyAnswered(false);
  return to.isCodex ? ownRefusal(problem('api_key_rejected', 'The upstream refused the stored API key, so nothing was sent.'), to) : givenOn(answer, to);
}

/** What of the upstream's answer goes on to the client; lengths and types belong to a body, and there is none. */
function headLines(headers: Record<string, string | string[]>): string[] {
  return Object.entries(headers).filter(([name]) => !name.startsWith('content-')).flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => `${name}: ${one}`));
}

/** Answers an upgrade that is not accepted. */
function decline(socket: Duplex, { status, headers, body }: UpgradeRefusal): void {
  if (!socket.writable) { socket.destroy(); return; }
  const { 'content-length': _length, ...sent } = headers;
  const lines = Object.entries({ ...sent, 'content-length': String(Buffer.byteLength(body)), 'connection': 'close' }).flatMap(([name, value]) => (typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}\r\n`));
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n${lines.join('')}\r\n`);
  socket.end(body);
}

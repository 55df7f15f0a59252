// Decides from a request's head alone whether the broker listens to it: exact host, no web page,
// a plain target of the fixed route table, and who is asking. Reads nothing else and sends nothing.
import type { IncomingMessage } from 'node:http';
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import { apiCallsOf } from './apiRoutes.ts';
import type { ApiCalls } from './apiRoutes.ts';
import { sameSecret, tokenHash } from './dataFolder.ts';
import { passedCallsOf } from './passThrough.ts';

/** Where a request wants to go. */
export type Route =
  | { readonly kind: 'health'; readonly nonce?: string }
  /** `onPlan`: with the ChatGPT sign-in that the client brings along, which its own address says. */
  | { readonly kind: 'responses'; readonly onPlan?: true; readonly dialect?: 'compact' }
  | { readonly kind: 'models'; readonly onPlan?: true; readonly clientVersion?: string }
  | { readonly kind: 'api'; readonly calls: ApiCalls }
  | { readonly kind: 'control'; readonly method: string }
  | { readonly kind: 'live' };

/** A request that may go on, the token it came with, and the command that its address says it comes from. */
export interface Access { readonly route: Route; readonly token?: string; readonly command?: string }

/** Reads the target. The table is fixed but for what `passThrough` opens; of the text only ids and listed parameters of a strict shape reach an upstream address. */
export function routeOf(target: string, passThrough: readonly string[] = []): { route: Route; pathToken?: string; command?: string } | undefined {
  // Absolute forms, double slashes, backslashes, encoded or odd characters are none of ours.
  if (target.length > 2048 || !/^\/[\w./~:-]*(?:\?[\w=&.~%-]*)?$/.test(target) || target.includes('//') || target.includes('..')) return undefined;
  const [path = '', query = ''] = target.split('?');
  const inWorkspace = /^\/w\/([\w-]{20,100})(?:\/from\/([a-z][a-z-]{0,31}))?(\/.*)$/.exec(path);
  const rest = inWorkspace?.[3] ?? path;
  const parameters = new URLSearchParams(query);
  const route = routeOfPath(rest, parameters, inWorkspace !== null) ?? apiRoute(apiCallsOf(rest, parameters) ?? passedCallsOf(rest, query, passThrough));
  return route && { route, ...(inWorkspace?.[1] ? { pathToken: inWorkspace[1] } : {}), ...(inWorkspace?.[2] ? { command: inWorkspace[2] } : {}) };
}

function apiRoute(calls: ApiCalls | undefined): Route | undefined {
  return calls && { kind: 'api', calls };
}

function routeOfPath(path: string, parameters: URLSearchParams, inWorkspace: boolean): Route | undefined {
  const onPlan = path.startsWith('/backend-api/codex/');
  // The bearer is the client's own there, so the workspace has to stand in the path.
  if (onPlan && !inWorkspace) return undefined;
  const plan = onPlan ? { onPlan } as const : {};
  const api = onPlan ? path.slice('/backend-api/codex'.length) : path.startsWith('/v1/') ? path.slice('/v1'.length) : undefined;
  if (api === '/responses') return { kind: 'responses', ...plan };
  // Versions of Codex before 0.169 ask there for a compaction.
  if (onPlan && api === '/responses/compact') return { kind: 'responses', ...plan, dialect: 'compact' };
  if (api === '/models') {
    const version = parameters.get('client_version');
    return { kind: 'models', ...plan, ...(version && /^[\w.-]{1,32}$/.test(version) ? { clientVersion: version } : {}) };
  }
  if (inWorkspace) return undefined;
  if (path === '/healthz') {
    const nonce = parameters.get('nonce');
    return { kind: 'health', ...(nonce && /^[\w-]{16,128}$/.test(nonce) ? { nonce } : {}) };
  }
  if (path === '/broker/v1/live') return { kind: 'live' };
  const control = /^\/broker\/v1\/([A-Za-z]{1,40})$/.exec(path);
  return control?.[1] ? { kind: 'control', method: control[1] } : undefined;
}

/** Checks the head of a request against the port that the broker listens on. */
export function checkAccess(request: IncomingMessage, port: number, passThrough: readonly string[] = []): Access | { readonly problem: Problem } {
  const hosts: string[] = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    if (request.rawHeaders[index]?.toLowerCase() === 'host') hosts.push(request.rawHeaders[index + 1] ?? '');
  }
  const [host] = hosts;
  if (hosts.length !== 1 || host === undefined || ![`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`].includes(host)) {
    return { problem: problem('host_forbidden', 'The request names another host than this broker\'s own address, so it was not read.') };
  }
  const { headers } = request;
  const coding = headers['transfer-encoding'];
  // Node reads codings and versions that others read differently; two readings of one request are a way in.
  if (request.httpVersion !== '1.1' || coding !== undefined && coding.toLowerCase() !== 'chunked') {
    return { problem: problem('framing_forbidden', 'The request is framed in a way that can be read in more than one way, so it was not read.') };
  }
  const site = headers['sec-fetch-site'];
  if (headers.origin !== undefined || site !== undefined && site !== 'none') {
    return { problem: problem('origin_forbidden', 'The request comes from a web page, and web pages may not use the broker.') };
  }
  const found = routeOf(request.url ?? '', passThrough);
  if (!found) return { problem: problem('unknown_route', 'The broker has no such address, so nothing was sent.') };
  const token = found.pathToken ?? bearerOf(headers.authorization);
  return { route: found.route, ...(token === undefined ? {} : { token }), ...(found.command === undefined ? {} : { command: found.command }) };
}

function bearerOf(authorization: string | undefined): string | undefined {
  const match = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '');
  return match?.[1];
}

/** Tells whether a presented control token is the right one; constant time. */
export function isControlToken(presented: string | undefined, controlToken: string): boolean {
  return presented !== undefined && sameSecret(presented, controlToken);
}

/** Finds the workspace of a presented token among the registered hashes; every one is compared. */
export function workspaceOfToken<W extends { readonly tokenHash: string }>(presented: string | undefined, workspaces: Iterable<W>): W | undefined {
  if (presented === undefined) return undefined;
  const hash = tokenHash(presented);
  let found: W | undefined;
  for (const workspace of workspaces) if (sameSecret(hash, workspace.tokenHash)) found = workspace;
  return found;
}

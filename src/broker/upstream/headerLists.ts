// Which headers cross the broker, both ways. Everything that is not on a list stays here: client
// credentials, cookies, proxy and hop-by-hop headers never reach the other side.
import type { IncomingHttpHeaders } from 'node:http';
import { ownHeaderPrefix } from '../../protocol/originHeaders.ts';

/** Headers of a client that go upstream. */
const requestHeaders = new Set([
  'accept', 'content-type', 'content-encoding', 'user-agent', 'originator', 'version', 'session-id', 'thread-id', 'x-client-request-id',
  'openai-beta', 'openai-organization', 'openai-project', 'x-openai-subagent',
]);
const requestPrefixes = ['x-codex-', 'x-openai-internal-', 'x-stainless-'];

/** Headers of the upstream that go to the client. */
const responseHeaders = new Set([
  'content-type', 'content-encoding', 'content-length', 'cache-control', 'retry-after', 'retry-after-ms', 'x-should-retry', 'etag', 'x-models-etag', 'cf-ray',
]);
const responsePrefixes = ['x-ratelimit-', 'x-codex-', 'openai-'];

/** The head of an attempt: what the client may say, and `shown`, the head that shows the credential of its way. */
export function upstreamHeaders(client: IncomingHttpHeaders, shown: Readonly<Record<string, string>>, bodyBytes: number | undefined): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(client)) {
    // What is between a client and the broker stays here, whatever list its name would fit.
    if (typeof value === 'string' && !name.startsWith(ownHeaderPrefix) && (requestHeaders.has(name) || requestPrefixes.some((prefix) => name.startsWith(prefix)))) out[name] = value;
  }
  Object.assign(out, shown);
  // The usage is read from the stream as it passes, so it must not come compressed.
  out['accept-encoding'] = 'identity';
  if (bodyBytes !== undefined) out['content-length'] = String(bodyBytes);
  return out;
}

/** The head of the answer to the client. The upstream's own request id goes on under another name. */
export function clientHeaders(upstream: Record<string, string | string[] | undefined>, requestId: string): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(upstream)) {
    if (value === undefined) continue;
    if (responseHeaders.has(name) || responsePrefixes.some((prefix) => name.startsWith(prefix))) out[name] = value;
    if (name === 'x-request-id') out['x-upstream-request-id'] = value;
  }
  out['x-request-id'] = requestId;
  return out;
}

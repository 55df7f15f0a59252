// One upstream that a broker talks to: its fixed addresses, kept connections for HTTP, and the way for WebSockets,
// both through the same proxy and with the same trust. Redirects are never followed; no text of a request becomes
// an address.
import type { ConnectionOptions } from 'node:tls';
import { HttpsProxyAgent } from 'https-proxy-agent';
import api from 'undici/lib/api/index.js';
import BareDispatcher from 'undici/lib/dispatcher/dispatcher.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';
import type { Dispatcher } from 'undici';
import { nextAddressMs } from './network.ts';
import type { Network } from './network.ts';
import { keyHead, upstreamAddress } from './upstreamAddress.ts';
import type { UpstreamAddress } from './upstreamAddress.ts';

// As undici's entry does it, which is not loaded: see `undiciParts.d.ts`.
Object.assign(BareDispatcher.prototype, api);

/** Longest silence before response headers: a model may think for long, and Codex waits 20 minutes. */
export const headersTimeoutMs = 15 * 60_000;
/** Longest silence inside a response; Codex itself gives up after five minutes. */
export const bodyTimeoutMs = 10 * 60_000;
/** Longest time for a connection to come up. */
const connectMsMax = 10_000;
/** Connections at once: as many as pacing lets go, because what waits for one here has its hold already. */
const pooledMax = 512;
/** How long an idle connection is kept. */
const keepAliveMs = 30_000;
/** HTTP/2 where the upstream speaks it: many streams share a connection, which takes a third of the processor's time and no new handshakes. */
const http2 = { allowH2: true, preferH2: true } as const;

/** The upstream. */
export interface UpstreamTarget extends UpstreamAddress {
  /** Host and port of the proxy on the way to it, for people. */
  readonly via?: string;
  /** Sends requests, each to one of `paths`. Made when the first is sent. */
  readonly pool: Dispatcher;
  /** The head that shows a key. */
  keyHead(apiKey: string): Readonly<Record<string, string>>;
  /** What its WebSockets are opened with: the proxy's agent, and trust. */
  socketOptions(): ConnectionOptions & { readonly agent?: HttpsProxyAgent<string> };
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * Makes the upstream from a base URL (see `upstreamAddress`).
 * @param connectionsMax connections at once; more requests wait for one
 * @throws ProblemError `argument_invalid` when it is no plain http(s) address, or its proxy cannot be used
 */
export function upstreamTarget(baseUrl: string, network: Network, connectionsMax = pooledMax): UpstreamTarget {
  const address = upstreamAddress(baseUrl);
  const proxy = network.proxyFor(new URL(address.origin));
  const reach = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: nextAddressMs, timeout: connectMsMax, ...(network.lookup ? { lookup: network.lookup } : {}) };
  const options = (url: string) => (url.startsWith('https:') ? { ...reach, secureContext: network.trust() } : reach);
  const waits = { connections: connectionsMax, headersTimeout: headersTimeoutMs, bodyTimeout: bodyTimeoutMs, keepAliveTimeout: keepAliveMs, ...http2 };
  let pool: Dispatcher | undefined;
  const open = new Set<Dispatcher>();
  const make = (): Dispatcher => {
    const watched = (one: Pool) => one.on('disconnect', (_origin, _targets, { message }) => { if (isRetired(message) && pool === made) retire(made); });
    const made: Dispatcher = proxy
      ? through(address.origin, new ProxyAgent({
        ...waits, uri: proxy.href, connectTimeout: connectMsMax, requestTls: { ...options(address.origin), ...http2 }, proxyTls: { ...options(proxy.href), allowH2: false },
        clientFactory: (origin, given) => new Pool(origin, { ...given, headersTimeout: connectMsMax, allowH2: false }),
        factory: (origin, given) => watched(new Pool(origin, given)),
      }))
      : watched(new Pool(address.origin, { ...waits, connect: { ...options(address.origin), ...http2 } }));
    open.add(made);
    return made;
  };
  // With undici (8.12) the next request would wait until the last stream of the retired connection has ended, which may take an hour.
  const retire = (old: Dispatcher) => {
    pool = undefined;
    // What still runs on it ends as it would have; it can only be destroyed before, with everything else.
    old.close().catch(() => undefined).finally(() => open.delete(old));
  };
  let agent: HttpsProxyAgent<string> | undefined;
  return {
    ...address, ...(proxy ? { via: proxy.host } : {}),
    keyHead: (apiKey) => keyHead(address, apiKey),
    get pool() { return pool ??= make(); },
    socketOptions: () => ({ ...options(address.origin), ...(proxy ? { agent: agent ??= new HttpsProxyAgent(proxy.href, options(proxy.href)) } : {}) }),
    close: async () => { await Promise.all([...open].map((one) => one.destroy())); },
  };
}

/** Whether the other side retires an HTTP/2 connection: it takes no new streams and lets those end that run. */
function isRetired(message: string): boolean { return message.startsWith('HTTP/2: "GOAWAY" frame received'); }

/** Sends everything to one origin. The waits are told with each request, because a proxy that is asked without a tunnel has its own. */
function through(origin: string, dispatcher: Dispatcher): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => dispatch({ headersTimeout: headersTimeoutMs, bodyTimeout: bodyTimeoutMs, ...options, origin }, handler));
}

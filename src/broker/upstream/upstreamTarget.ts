// The one upstream that a broker talks to: fixed addresses made once from the setting, and a pool
// of kept connections. Redirects are never followed; no text of a request becomes an address.
import { Pool } from 'undici';
import { problem, ProblemError } from '../../domain/problem.ts';

/** Where OpenAI answers. */
export const openAiUpstream = 'https://api.openai.com/v1';

/** Longest silence before response headers: a model may think for long, and Codex waits 20 minutes. */
export const headersTimeoutMs = 15 * 60_000;
/** Longest silence inside a response; Codex itself gives up after five minutes. */
export const bodyTimeoutMs = 10 * 60_000;
/** Longest time for a connection to come up. */
const connectTimeoutMs = 10_000;
/** Connections at once; the queue paces long before. */
const connectionsMax = 256;

/** The upstream. */
export interface UpstreamTarget {
  /** Host and port, for people. */
  readonly label: string;
  readonly pool: Pool;
  /** Fixed path of each route. */
  readonly paths: { readonly responses: string; readonly models: string };
  /** Where a path of the API is, given as it stands below `/v1`, with its query. */
  readonly pathOf: (below: string) => string;
  /** Where responses are to be had over a WebSocket. */
  readonly socketUrl: string;
}

/**
 * Makes the upstream from a base URL, with or without `/v1` at its end.
 * @throws ProblemError `argument_invalid` when it is no plain http(s) address
 */
export function upstreamTarget(baseUrl: string): UpstreamTarget {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch (error) {
    throw new ProblemError(problem('argument_invalid', `The upstream "${baseUrl}" is not an address.`), { cause: error });
  }
  if (!['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ProblemError(problem('argument_invalid', `The upstream "${baseUrl}" must be a plain http or https address.`));
  }
  const prefix = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
  return {
    label: url.host,
    pool: new Pool(url.origin, {
      connections: connectionsMax, headersTimeout: headersTimeoutMs, bodyTimeout: bodyTimeoutMs, connect: { timeout: connectTimeoutMs },
      keepAliveTimeout: 30_000,
    }),
    paths: { responses: `${prefix}/v1/responses`, models: `${prefix}/v1/models` },
    pathOf: (below) => `${prefix}/v1${below}`,
    socketUrl: `${url.origin.replace(/^http/, 'ws')}${prefix}/v1/responses`,
  };
}

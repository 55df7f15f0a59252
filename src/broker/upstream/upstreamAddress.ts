// From the setting that names an upstream to the fixed addresses of its routes. Text in, addresses out: nothing
// is connected, and no text of a request ever comes here. Pure.
import { problem, ProblemError } from '../../domain/problem.ts';

/** Where OpenAI answers. */
export const openAiUpstream = 'https://api.openai.com/v1';

/** The fixed addresses of one upstream. */
export interface UpstreamAddress {
  /** Host and port, for people. */
  readonly label: string;
  /** `https://api.openai.com` */
  readonly origin: string;
  /** The path of what lies below the base, `/chat/completions` for example, with its own query and the one that the address fixes. */
  readonly pathOf: (below: string) => string;
  /** Path and query of each route. */
  readonly paths: { readonly responses: string; readonly models: string };
  /** Where responses are to be had over a WebSocket. */
  readonly socketUrl: string;
  /** How the key is shown: as a bearer, or as Azure wants it. */
  readonly keyHeader: 'authorization' | 'api-key';
}

/** Hosts that take a key as `api-key` (Azure OpenAI and AI Foundry, "v1" API). */
const azureHosts = ['.openai.azure.com', '.services.ai.azure.com', '.cognitiveservices.azure.com', '.openai.azure.us', '.openai.azure.cn'];

/** A path that names a version somewhere (`/openai/v1`, `/v1/ACCOUNT/GATEWAY/openai`, `/v1beta/openai`), or ChatGPT's own, which has none. */
const wholePath = /\/v\d+(?:alpha|beta)?\d*(?=\/|$)|\/backend-api\/codex$/;

/**
 * Reads a base URL. `/v1` is added where the path names no version; otherwise the path, and always a query such as
 * `?api-version=preview`, stay as they are given.
 * @throws ProblemError `argument_invalid` when it is no http(s) address, or carries a name, a password or a fragment
 */
export function upstreamAddress(baseUrl: string): UpstreamAddress {
  if (!URL.canParse(baseUrl)) throw new ProblemError(problem('argument_invalid', 'The upstream "{0}" is not an address.', { values: [withoutSecret(baseUrl)] }));
  const url = new URL(baseUrl);
  if (!['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new ProblemError(problem('argument_invalid', 'The upstream "{0}" must be a plain http or https address. Keys and passwords do not belong into it.', { values: [withoutSecret(baseUrl)] }));
  }
  const given = url.pathname.replace(/\/+$/, '');
  const base = wholePath.test(given) ? given : `${given}/v1`;
  const pathOf = (below: string) => {
    const [route = '', query] = below.split('?');
    return `${base}${route}${url.search}${query === undefined ? '' : `${url.search === '' ? '?' : '&'}${query}`}`;
  };
  return {
    label: url.host, origin: url.origin, pathOf, paths: { responses: pathOf('/responses'), models: pathOf('/models') },
    socketUrl: `${url.origin.replace(/^http/, 'ws')}${pathOf('/responses')}`,
    keyHeader: azureHosts.some((host) => url.hostname.endsWith(host)) ? 'api-key' : 'authorization',
  };
}

/** The head that shows a key to an upstream. */
export function keyHead({ keyHeader }: Pick<UpstreamAddress, 'keyHeader'>, apiKey: string): Readonly<Record<string, string>> {
  return keyHeader === 'api-key' ? { 'api-key': apiKey } : { authorization: `Bearer ${apiKey}` };
}

/** An address as it may be shown: what could be a name, a password or a key is left out. */
export function withoutSecret(address: string): string {
  return address.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/i, '$1…@').replace(/[?#].*$/s, '?…').slice(0, 200);
}

// The second upstream: an OpenAI-compatible server, such as Ollama on this computer, that answers with a model of its
// own where the first one may not or cannot. It gets nothing of the first one's key, and of the client's head only
// what says how the body is written.
import type { IncomingHttpHeaders } from 'node:http';
import type { FallbackCause, FallbackOffer } from '../../domain/fallbackOffer.ts';
import { holdCost } from '../../domain/pricing.ts';
import type { ModelPrice } from '../../domain/pricing.ts';
import type { Problem } from '../../domain/problem.ts';
import { problem } from '../../domain/problem.ts';
import { withModel } from '../../protocol/modelSwap.ts';
import type { HeldBody } from '../heldBodies.ts';
import type { PriceLookup } from '../prices/priceTable.ts';
import { decodeBody } from '../requestBody.ts';
import type { Network } from './network.ts';
import { upstreamTarget } from './upstreamTarget.ts';
import type { UpstreamTarget } from './upstreamTarget.ts';

/** Settings of the fallback. */
export interface FallbackSettings {
  readonly url: string;
  readonly model: string;
  readonly causes: readonly FallbackCause[];
  /** Its own key, if it wants one. */
  readonly apiKey?: string;
}

/** The fallback as requests use it. */
export interface FallbackUpstream {
  readonly target: UpstreamTarget;
  readonly model: string;
  readonly causes: readonly FallbackCause[];
  readonly apiKey?: string;
  /** What a request may be offered, by its estimate. */
  offer(estimate: Parameters<typeof holdCost>[0], atMs: number): FallbackOffer & { readonly price: ModelPrice };
}

/** Connections to it at once. A local model answers few at a time; the others wait for one. */
const connectionsMax = 16;

/**
 * Makes it.
 * @param prices the user's own prices alone: what others ask for a model of that name is not what it costs here
 * @throws ProblemError `argument_invalid` as `upstreamTarget` does
 */
export function fallbackUpstream({ url, model, causes, apiKey }: FallbackSettings, network: Network, prices: PriceLookup): FallbackUpstream {
  const target = upstreamTarget(url, network, connectionsMax);
  const none = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 };
  return {
    target, model, causes, ...(apiKey === undefined ? {} : { apiKey }),
    offer: (estimate, atMs) => {
      const price = prices(model, atMs) ?? { model, version: 'fallback, costs nothing', rates: none };
      return { model, at: target.label, causes, price, estimateMicroCredits: holdCost(estimate, price, 'standard') };
    },
  };
}

/** Writes a request for the fallback: another model in its body, from here on, and a head of its own. @returns that head */
export async function fallbackHead({ target, model, apiKey }: FallbackUpstream, headers: IncomingHttpHeaders, body: HeldBody): Promise<{ readonly head: Readonly<Record<string, string>> } | { readonly problem: Problem }> {
  const decoded = await decodeBody(body.bytes, headers['content-encoding'] ?? 'identity');
  if ('problem' in decoded) return decoded;
  if (!body.replace(Buffer.from(withModel(decoded.text, model)))) return { problem: problem('queue_full', 'Requests that wait or are being sent hold as much as the broker keeps already, so nothing was sent to the fallback.') };
  return {
    head: {
      'content-type': 'application/json', accept: headers.accept ?? '*/*', 'accept-encoding': 'identity', 'user-agent': headers['user-agent'] ?? 'codex-usage-broker',
      'content-length': String(body.wireBytes), ...(apiKey === undefined ? {} : target.keyHead(apiKey)),
    },
  };
}

/** What the head of an answer says of the fallback. Codex tells its user of another `openai-model` than it asked for, and that is what happened. */
export function fallbackHeaders(model: string): (headers: IncomingHttpHeaders) => Readonly<Record<string, string>> {
  const name = model.replace(/[^\x20-\x7e]/g, '?');
  return (headers) => ({ 'x-codex-broker-fallback': name, 'openai-model': String(headers['openai-model'] ?? name) });
}

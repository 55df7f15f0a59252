// The second upstream: the Codex backend of ChatGPT, for clients that bring their own sign-in. Its addresses
// are as fixed as those of the API.
import { problem, ProblemError } from '../../domain/problem.ts';
import type { Network } from './network.ts';
import { withoutSecret } from './upstreamAddress.ts';
import { upstreamTarget } from './upstreamTarget.ts';
import type { UpstreamTarget } from './upstreamTarget.ts';

/** Where ChatGPT answers Codex. */
export const chatGptUpstream = 'https://chatgpt.com/backend-api/codex';
const pathEnd = '/backend-api/codex';

/** The upstream, and where it tells how much of a plan is used. */
export interface ChatGptTarget extends UpstreamTarget {
  readonly usagePath: string;
}

/**
 * Makes it from a base URL that ends in `/backend-api/codex`.
 * @throws ProblemError `argument_invalid` for another address, or when its proxy cannot be used
 */
export function chatGptTarget(baseUrl: string, network: Network): ChatGptTarget {
  const target = upstreamTarget(baseUrl, network);
  const path = new URL(baseUrl).pathname.replace(/\/+$/, '');
  if (!path.endsWith(pathEnd)) throw new ProblemError(problem('argument_invalid', 'The upstream for ChatGPT sign-ins "{0}" does not end in {1}.', { values: [withoutSecret(baseUrl), pathEnd] }));
  return Object.assign(target, { usagePath: `${path.slice(0, -'/codex'.length)}/wham/usage` });
}

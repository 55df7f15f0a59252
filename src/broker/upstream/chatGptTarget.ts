// The second upstream: the Codex backend of ChatGPT, for clients that bring their own sign-in. Its addresses
// are as fixed as those of the API.
import { upstreamTarget } from './upstreamTarget.ts';
import type { UpstreamTarget } from './upstreamTarget.ts';

/** Where ChatGPT answers Codex. */
export const chatGptUpstream = 'https://chatgpt.com/backend-api/codex';

/** The upstream, and where it tells how much of a plan is used. */
export interface ChatGptTarget extends UpstreamTarget {
  readonly usagePath: string;
}

/**
 * Makes it from a base URL that ends in `/codex`.
 * @throws ProblemError `argument_invalid` when it is no plain http(s) address
 */
export function chatGptTarget(baseUrl: string): ChatGptTarget {
  const target = upstreamTarget(baseUrl);
  const { origin, pathname } = new URL(baseUrl);
  const prefix = pathname.replace(/\/+$/, '');
  return {
    ...target, paths: { ...target.paths, responses: `${prefix}/responses`, models: `${prefix}/models` },
    socketUrl: `${origin.replace(/^http/, 'ws')}${prefix}/responses`, usagePath: `${prefix.replace(/\/codex$/, '')}/wham/usage`,
  };
}

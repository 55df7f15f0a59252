// What an attempt is let in with upstream: the broker's own API key, or the ChatGPT sign-in that a client
// brought along. A sign-in lives as long as its request or connection; it is never stored, logged or lent.
import type { UpstreamTarget } from './upstreamTarget.ts';

/** A credential, as an upstream is shown it. */
export interface Credential {
  readonly kind: 'api-key' | 'chatgpt';
  /** Tells whether it is still the one that a connection was opened with. */
  readonly secret: string;
  /** The head that shows it; read for each use. */
  readonly head: () => Readonly<Record<string, string>>;
}

/** The broker's own key, as an upstream takes it; undefined while none is stored. */
export function apiKeyCredential(apiKey: string | undefined, target: Pick<UpstreamTarget, 'keyHead'>): Credential | undefined {
  return apiKey === undefined ? undefined : { kind: 'api-key', secret: apiKey, head: () => target.keyHead(apiKey) };
}

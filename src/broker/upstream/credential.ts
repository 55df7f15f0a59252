// What an attempt is let in with upstream: the broker's own API key, or the ChatGPT sign-in that a client
// brought along. A sign-in lives as long as its request or connection; it is never stored, logged or lent.

/** A credential, as the head of an attempt shows it. */
export interface Credential {
  readonly kind: 'api-key' | 'chatgpt';
  /** Secret. Also tells whether it is still the one that a connection was opened with. */
  readonly bearer: string;
  /** What belongs to the credential beside the bearer; read for each use. */
  readonly headers: () => Readonly<Record<string, string>>;
}

const noHeaders = () => ({});

/** The broker's own key; undefined while none is stored. */
export function apiKeyCredential(apiKey: string | undefined): Credential | undefined {
  return apiKey === undefined ? undefined : { kind: 'api-key', bearer: apiKey, headers: noHeaders };
}

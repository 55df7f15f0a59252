// Reads the messages that a client sends over the WebSocket of the Responses API: a request like that of
// HTTP, with a type and what belongs to a connection. It keeps no prompt and never throws.
import { bodySize } from './bodySize.ts';
import { parseClientJson } from './clientJson.ts';
import type { HeaderGetter } from './rateLimitHeaders.ts';
import { readRequest } from './requestEnvelope.ts';
import type { RequestEnvelope } from './requestEnvelope.ts';
import { field, record, text } from './responseUsage.ts';

/** A message of a client. */
export type ClientMessage =
  | {
    readonly kind: 'create';
    readonly envelope: RequestEnvelope;
    /** Only prepares the conversation: `generate` is false. */
    readonly isPrewarm: boolean;
    /** What the message says about its sender, by the names that headers have over HTTP. */
    readonly claims: Readonly<Record<string, string>>;
  }
  /** One that is known to start nothing and to cost nothing. */
  | { readonly kind: 'note' }
  /** One that nobody knows here; it may start something that costs. */
  | { readonly kind: 'unknown'; readonly type: string }
  | { readonly kind: 'broken'; readonly broken: string };

/** The longest claim that is kept; turn metadata may list remote addresses of several folders. */
const claimCharactersMax = 65_536;

/** Codex puts into `client_metadata` what the headers of a connection cannot say for each message (measured with 0.169). */
const claimKeys: Readonly<Record<string, string>> = {
  'thread-id': 'thread_id', 'session-id': 'session_id', 'x-codex-turn-metadata': 'x-codex-turn-metadata',
  'x-codex-window-id': 'x-codex-window-id', 'x-openai-subagent': 'x-openai-subagent',
};

/** Reads a message. */
export function readClientMessage(message: string): ClientMessage {
  const parsed = parseClientJson(message);
  if ('broken' in parsed) return { kind: 'broken', broken: `The message ${parsed.broken}.` };
  const request = record(parsed.value);
  const type = text(request?.['type']);
  if (!request || type === undefined) return { kind: 'broken', broken: 'The message is not a JSON object with a type.' };
  if (type === 'response.processed') return { kind: 'note' };
  if (type !== 'response.create') return { kind: 'unknown', type };
  const envelope = readRequest(request, message.length);
  if ('broken' in envelope) return { kind: 'broken', broken: envelope.broken.replace(/^The body/, 'The message') };
  return {
    kind: 'create', isPrewarm: request['generate'] === false, claims: claimsOf(record(request['client_metadata'])),
    // Every answer comes as events here, whatever the request says.
    envelope: { ...envelope, stream: true, ...continued(request, message.length) },
  };
}

/** What a message claims, and else what the headers of its connection claim. */
export function claimed(claims: Readonly<Record<string, string>>, header: HeaderGetter): HeaderGetter {
  return (name) => (Object.hasOwn(claims, name) ? claims[name] : header(name));
}

/** Tools and instructions come again with every message, but the model reads them once: they are part of what the earlier response counted. */
function continued(request: Readonly<Record<string, unknown>>, characters: number): Pick<RequestEnvelope, 'size'> | undefined {
  const previous = text(request['previous_response_id']);
  return previous === undefined ? undefined : { size: bodySize({ input: request['input'], previous_response_id: previous }, characters) };
}

function claimsOf(metadata: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, string>> {
  return Object.assign({}, ...Object.entries(claimKeys).map(([name, key]) => field(name, text(metadata?.[key], claimCharactersMax)))) as Record<string, string>;
}

// What an upstream may answer, row by row, and what a client of the broker may notice of it: nothing, or
// something better, which is listed here with its reason. Tests play each row twice, once without the broker.
import type { ScenarioInput } from '../../../src/sandbox/scenario.ts';

type Action = NonNullable<ScenarioInput['faults']>[number]['do'];

/** How a run through the broker may end where it does not end as the direct one does. */
export interface Better {
  readonly why: string;
  /** It succeeds, or it fails with such words. */
  readonly ends: 'well' | RegExp;
}

/** One row. */
export interface AnswerRow {
  readonly name: string;
  readonly action: Action;
  /** How often it happens; absent: always. */
  readonly times?: number;
  /** Only the long run plays it: it takes many seconds, or others are much like it. */
  readonly isLong?: boolean;
  readonly better?: Better;
}

const failed = (code: string, message = 'The simulated model failed.'): Action => ({ kind: 'stream', ending: { kind: 'failed', code, message } });
const refused = (status: number, code: string | null = null, type = 'invalid_request_error'): Action => (
  { kind: 'answer', status, body: { error: { message: `Refused with ${status}.`, type, code, param: null } } });

const waits = (why: string): Better => ({ why, ends: 'well' });
const unreachable: Better = { why: 'says which upstream could not be reached, and nothing was charged', ends: /could not be reached/ };
const waitedForThem: Better = { why: 'waits as long as Codex would ask, asks a third as often, and then says it once', ends: /at capacity/ };
const keyOfTheBroker: Better = { why: 'the key is the broker\'s own, and only its owner can change it: said once, with what to do', ends: /refused the stored API key.*\(api_key_rejected, / };

/** The rows that Codex is asked to notice nothing of. Its own table of reactions names all of them. */
export const codexRows: readonly AnswerRow[] = [
  { name: '429 with a time', action: { kind: 'throttle', retryAfterMs: 1000 }, times: 2 },
  { name: '429 without a time', action: { kind: 'throttle' }, times: 1, better: waits('the broker waits where Codex would end the turn') },
  { name: '429 of a plan that is used up', action: { kind: 'usageLimit' } },
  { name: '429 of a plan without Codex', action: refused(429, null, 'usage_not_included'), isLong: true },
  { name: '429 without credit', action: { kind: 'quota' } },
  ...[402, 403, 404, 408, 409, 413, 422].map((status) => ({ name: `${status}`, action: refused(status), isLong: true })),
  { name: '404 of a model', action: refused(404, 'model_not_found') },
  { name: '400', action: refused(400) },
  { name: '401', action: { kind: 'unauthorized' }, better: keyOfTheBroker },
  { name: '500 twice', action: { kind: 'serverError' }, times: 2 },
  ...[500, 502, 504].map((status) => ({ name: `${status} always`, action: refused(status, 'server_error', 'server_error'), isLong: true })),
  { name: '529 twice', action: refused(529, 'server_error', 'server_error'), times: 2, isLong: true },
  { name: '529 always', action: refused(529, 'server_error', 'server_error'), isLong: true, better: waitedForThem },
  { name: '503 with a time', action: { kind: 'overloaded', retryAfterS: 1 }, times: 2, isLong: true },
  { name: '503 at capacity once', action: { kind: 'overloaded' }, times: 1 },
  { name: '503 at capacity always', action: { kind: 'overloaded' }, isLong: true },
  { name: 'a connection closed before headers, twice', action: { kind: 'closeBeforeHeaders' }, times: 2 },
  { name: 'a connection always closed before headers', action: { kind: 'closeBeforeHeaders' }, isLong: true, better: unreachable },
  { name: 'a stream that is dropped', action: { kind: 'stream', close: { afterEvents: 3 } }, times: 1 },
  { name: 'a stream that is always dropped', action: { kind: 'stream', close: { afterEvents: 3 } }, isLong: true },
  { name: 'a stream that ends without its end', action: { kind: 'stream', close: { afterEvents: 3, how: 'end' } }, times: 1, isLong: true },
  { name: 'failed: rate limit with a time', action: failed('rate_limit_exceeded', 'Rate limit reached. Please try again in 1.3s.'), times: 2 },
  { name: 'failed: slow down with a time', action: failed('slow_down', 'Slow down. Please try again in 500ms.'), times: 1, isLong: true },
  ...['insufficient_quota', 'context_length_exceeded', 'server_is_overloaded', 'usage_not_included'].map((code) => ({ name: `failed: ${code}`, action: failed(code), isLong: code !== 'context_length_exceeded' })),
  { name: 'failed: invalid_prompt', action: failed('invalid_prompt', 'This is shown word for word.') },
  { name: 'failed: something else', action: failed('something_else'), times: 1 },
  { name: 'incomplete: max_output_tokens', action: { kind: 'stream', ending: { kind: 'incomplete' } } },
  { name: 'incomplete: content_filter', action: { kind: 'stream', ending: { kind: 'incomplete', reason: 'content_filter' } }, times: 1 },
  { name: 'an error event', action: { kind: 'stream', ending: { kind: 'error', code: 'server_error' } }, times: 1 },
  { name: 'a silence before headers', action: { kind: 'hang', forMs: 1500 }, times: 1, isLong: true },
  { name: 'bytes in small pieces with other line ends', action: { kind: 'stream', splitBytes: 7, lineEnds: 'crlf', byteOrderMark: true } },
  { name: 'usage that is missing', action: { kind: 'stream', usage: 'missing' }, isLong: true },
];

/** The rows for OpenAI's SDK, which asks up to three times by itself. */
export const sdkRows: readonly AnswerRow[] = [
  { name: '429 with a time', action: { kind: 'throttle', retryAfterMs: 300 }, times: 2 },
  { name: '429 without a time, for long', action: { kind: 'throttle' }, times: 3, better: waits('the broker waits where the SDK would give up') },
  { name: '429 without credit', action: { kind: 'quota' } },
  ...[400, 401, 402, 403, 404, 408, 409, 413, 422].map((status) => ({ name: `${status}`, action: refused(status), isLong: status > 401 })),
  { name: '404 of a model', action: refused(404, 'model_not_found') },
  { name: '500 twice', action: { kind: 'serverError' }, times: 2 },
  { name: '500 always', action: refused(500, 'server_error', 'server_error') },
  { name: '503 with a time', action: { kind: 'overloaded', retryAfterS: 1 }, times: 2 },
  { name: 'a connection closed before headers, twice', action: { kind: 'closeBeforeHeaders' }, times: 2 },
  { name: 'a connection always closed before headers', action: { kind: 'closeBeforeHeaders' }, better: unreachable },
  { name: 'a stream that is dropped', action: { kind: 'stream', close: { afterEvents: 6 } } },
  { name: 'a stream that ends without its end', action: { kind: 'stream', close: { afterEvents: 6, how: 'end' } } },
  ...['rate_limit_exceeded', 'insufficient_quota', 'invalid_prompt', 'something_else'].map((code) => ({ name: `failed: ${code}`, action: failed(code) })),
  { name: 'incomplete: max_output_tokens', action: { kind: 'stream', ending: { kind: 'incomplete' } } },
  { name: 'an error event', action: { kind: 'stream', ending: { kind: 'error', code: 'server_error' } } },
  { name: 'bytes in small pieces with other line ends', action: { kind: 'stream', splitBytes: 7, lineEnds: 'crlf', byteOrderMark: true } },
];

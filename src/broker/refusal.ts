// Speaks a refusal in the dialect that each client understands, measured against the real ones:
// Codex stops at once and shows the sentence when a stream fails with `invalid_prompt`, and comes
// back by itself when it fails with `rate_limit_exceeded`; SDKs read the status and headers.
import type { ServerResponse } from 'node:http';
import { errorBody, problemKinds, problemThat } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';

/** Who is to be told. */
export interface Listener {
  readonly requestId: string;
  /** A Codex client that asked for a stream. */
  readonly codexStream: boolean;
  readonly model?: string;
}

/** SDKs heed a pause up to a minute and ignore a longer one (openai-node, retryRequest). */
const retryAfterSecondsMax = 60;

/** A full line, or room for bodies, empties by itself: so soon it is worth coming again. Not sooner, since whoever comes again may find it full. */
export const fullRetryMs = 5_000;

/** What Codex hears as a status: for a plan that is used up it has words of its own, and from a lost connection it comes back by itself. */
const spokenAsStatus: ReadonlySet<string> = new Set(['plan_used_up', 'upstream_unreachable']);

/** Writes the refusal and ends the answer. Nothing may have been written before. */
export function refuse(response: ServerResponse, what: Problem, to: Listener, nowMs: number): void {
  if (response.headersSent || response.destroyed) return;
  const waitSeconds = waitSecondsOf(what, nowMs);
  if (to.codexStream && !spokenAsStatus.has(what.code)) {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'x-request-id': to.requestId });
    response.end(failedStream(what, to, waitSeconds, nowMs));
    return;
  }
  const { status } = problemKinds[what.code];
  const body = JSON.stringify(refusalBody(what));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'x-request-id': to.requestId, ...retryHeaders(what, nowMs) });
  response.end(body);
}

/** The body of a refusal; Codex reads when a plan resets from `resets_at`, in seconds since the epoch. */
export function refusalBody(what: Problem): object {
  const { error } = errorBody(what);
  return { error: what.code === 'plan_used_up' && what.retryAtMs !== undefined ? { ...error, resets_at: Math.ceil(what.retryAtMs / 1000) } : error };
}

/** When to come back, in whole seconds; undefined where waiting does not help. */
export function waitSecondsOf(what: Problem, nowMs: number): number | undefined {
  const retryAtMs = what.retryAtMs ?? (what.code === 'queue_full' ? nowMs + fullRetryMs : undefined);
  return retryAtMs === undefined ? undefined : Math.max(1, Math.ceil((retryAtMs - nowMs) / 1000));
}

/** What SDKs are told about coming back. */
export function retryHeaders(what: Problem, nowMs: number): Record<string, string> {
  // A connection that was lost upstream is told as that: SDKs ask again, as they would have without the broker.
  if (what.code === 'upstream_unreachable') return {};
  const waitSeconds = waitSecondsOf(what, nowMs);
  const retryable = what.code !== 'plan_used_up' && (waitSeconds !== undefined || problemKinds[what.code].status === 503);
  return { 'x-should-retry': String(retryable), ...(retryable ? { 'retry-after': String(Math.min(retryAfterSecondsMax, waitSeconds ?? 1)) } : {}) };
}

function failedStream(what: Problem, to: Listener, waitSeconds: number | undefined, nowMs: number): string {
  return failedEvents(what, to, waitSeconds, nowMs).map(framed).join('');
}

/** The end of a stream that a person stopped: Codex shows the sentence and does not send it again. */
function stoppedStream(what: Problem, to: Listener, nowMs: number): string {
  return `\n\n${failedEvents(what, to, undefined, nowMs).slice(-1).map(framed).join('')}`;
}

/** Ends an answer that the broker stops, at whatever point it is: a refusal where nothing was said yet, else the way its client takes for an end. */
export function stopAnswer(response: ServerResponse, why: Problem, to: Listener, nowMs: number): void {
  if (!response.headersSent) refuse(response, why, to, nowMs);
  else if (to.codexStream) response.end(stoppedStream(why, to, nowMs));
  else response.destroy();
}

/**
 * The end of waiting for a model at capacity, for Codex: it says so and does not ask again. Given the bare status it would
 * begin another series of requests, each of which the broker would try as often again.
 */
export function refuseAtCapacity(response: ServerResponse, message: string, to: Listener, nowMs: number): void {
  const error = { code: 'server_is_overloaded', message };
  const events = failedEvents(problemThat('upstream_invalid', { because: message }), to, undefined, nowMs).map((event) => (event.type === 'response.failed' ? { ...event, response: { ...event.response, error } } : event));
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'x-request-id': to.requestId });
  response.end(events.map(framed).join(''));
}

/** An event of a refusal, as it is told however it is carried. */
export interface RefusalEvent { readonly type: string; readonly sequence_number: number; readonly response: object }

/** A response that begins and fails, in the words that Codex understands. @param waitSeconds when it is to come back by itself */
export function failedEvents(what: Problem, to: Listener, waitSeconds: number | undefined, nowMs: number): readonly RefusalEvent[] {
  const text = `${what.message} ${what.remedy}`;
  const error = waitSeconds === undefined
    ? { code: 'invalid_prompt', message: `${text} (${what.code}, ${to.requestId})` }
    : { code: 'rate_limit_exceeded', message: `${text} Please try again in ${waitSeconds}s.` };
  const head = {
    id: `resp_${to.requestId}`, object: 'response', created_at: Math.floor(nowMs / 1000), model: to.model ?? 'unknown', output: [], usage: null, incomplete_details: null,
  };
  return [
    { type: 'response.created', sequence_number: 0, response: { ...head, status: 'in_progress', error: null } },
    { type: 'response.failed', sequence_number: 1, response: { ...head, status: 'failed', error } },
  ];
}

function framed(event: RefusalEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

// Speaks a refusal in the dialect that each client understands, measured against the real ones:
// Codex stops at once and shows the sentence when a stream fails with `invalid_prompt`, and comes
// back by itself when it fails with `rate_limit_exceeded`; SDKs read the status and headers.
import type { ServerResponse } from 'node:http';
import { errorBody, problemKinds } from '../domain/problem.ts';
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

/** Writes the refusal and ends the answer. Nothing may have been written before. */
export function refuse(response: ServerResponse, what: Problem, to: Listener, nowMs: number): void {
  if (response.headersSent || response.destroyed) return;
  const waitSeconds = what.retryAtMs === undefined ? undefined : Math.max(1, Math.ceil((what.retryAtMs - nowMs) / 1000));
  if (to.codexStream) {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'x-request-id': to.requestId });
    response.end(failedStream(what, to, waitSeconds, nowMs));
    return;
  }
  const { status } = problemKinds[what.code];
  const retryable = waitSeconds !== undefined || status === 503;
  const body = JSON.stringify(errorBody(what));
  response.writeHead(status, {
    'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'x-request-id': to.requestId, 'x-should-retry': String(retryable),
    ...(retryable ? { 'retry-after': String(Math.min(retryAfterSecondsMax, waitSeconds ?? 1)) } : {}),
  });
  response.end(body);
}

function failedStream(what: Problem, to: Listener, waitSeconds: number | undefined, nowMs: number): string {
  return event('response.created', 0, { ...responseHead(to, nowMs), status: 'in_progress', error: null }) + failedEvent(what, to, waitSeconds, nowMs);
}

/** The end of a stream that a person stopped: Codex shows the sentence and does not send it again. */
export function stoppedStream(what: Problem, to: Listener, nowMs: number): string {
  return `\n\n${failedEvent(what, to, undefined, nowMs)}`;
}

function failedEvent(what: Problem, to: Listener, waitSeconds: number | undefined, nowMs: number): string {
  const text = `${what.message} ${what.remedy}`;
  const error = waitSeconds === undefined
    ? { code: 'invalid_prompt', message: `${text} (${what.code}, ${to.requestId})` }
    : { code: 'rate_limit_exceeded', message: `${text} Please try again in ${waitSeconds}s.` };
  return event('response.failed', 1, { ...responseHead(to, nowMs), status: 'failed', error });
}

function responseHead(to: Listener, nowMs: number) {
  return {
    id: `resp_${to.requestId}`, object: 'response', created_at: Math.floor(nowMs / 1000), model: to.model ?? 'unknown', output: [], usage: null, incomplete_details: null,
  };
}

function event(type: string, sequence: number, response: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, response })}\n\n`;
}

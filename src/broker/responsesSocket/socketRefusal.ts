// Speaks a refusal over a WebSocket in the dialect that each client understands. Codex stops at once and shows
// the sentence when a response fails with `invalid_prompt`; an `error` with status 429 and `retry-after` makes
// it come back by itself. Others read status, error and headers, which are those of HTTP. Pure.
import { problemKinds } from '../../domain/problem.ts';
import type { Problem } from '../../domain/problem.ts';
import { failedEvents, refusalBody, retryHeaders, waitSecondsOf } from '../refusal.ts';
import type { Listener } from '../refusal.ts';

/** The messages of a refusal. Nothing of an answer may have been sent before. */
export function refusalMessages(what: Problem, to: Listener, nowMs: number): readonly string[] {
  if (!to.codexStream) return [errorMessage(problemKinds[what.code].status, what, { 'x-request-id': to.requestId, ...retryHeaders(what, nowMs) })];
  const waitSeconds = waitSecondsOf(what, nowMs);
  if (what.code === 'plan_used_up') return [errorMessage(429, what, { 'x-request-id': to.requestId })];
  if (waitSeconds === undefined) return failedEvents(what, to, undefined, nowMs).map((event) => JSON.stringify(event));
  // A status that is no throttle has not been seen to be waited for.
  return [errorMessage(429, what, { 'x-request-id': to.requestId, 'retry-after': String(waitSeconds) })];
}

/** The message that ends an answer which has begun. */
export function stopMessage(what: Problem, to: Listener, nowMs: number): string {
  if (to.codexStream) return failedEvents(what, to, undefined, nowMs).slice(-1).map((event) => JSON.stringify(event)).join('');
  return errorMessage(problemKinds[what.code].status, what, { 'x-request-id': to.requestId, 'x-should-retry': 'false' });
}

function errorMessage(status: number, what: Problem, headers: Readonly<Record<string, string>>): string {
  return JSON.stringify({ type: 'error', status, ...refusalBody(what), headers });
}

// Requests of the upstream's API that cost nothing (stored responses, input tokens, one model) and those that
// a setting opens unmetered: passed both ways unchanged, bounded in bytes and time, neither paced nor stored.
// What they tell about a response that runs in the background is handed on.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import { problem } from '../domain/problem.ts';
import type { FreeCall } from './apiRoutes.ts';
import type { ResponsesParts } from './carriedRequest.ts';
import { HeldBody } from './heldBodies.ts';
import type { PassedThrough } from './passThrough.ts';
import { refuse } from './refusal.ts';
import type { Listener } from './refusal.ts';
import { dropBody, readWire } from './requestBody.ts';
import { AnswerObserver } from './upstream/answerObserver.ts';
import type { Workspace } from './store/ledgerPort.ts';
import { clientHeaders, upstreamHeaders } from './upstream/headerLists.ts';
import { unreachable } from './upstream/networkFault.ts';

/** The longest that such a request may take; a background response may be streamed for as long as it runs. */
export const freeMsMax = 2 * 60 * 60_000;
/** The most that is given on of one answer. */
export const freeBytesMax = 512 * 1024 * 1024;

/** What passing needs. */
export type FreeParts = Pick<ResponsesParts, 'bodies' | 'clock' | 'target' | 'credential' | 'owners' | 'background' | 'changed' | 'log'> & { readonly passedThrough: PassedThrough };

/** Passes one request. Resolves when its answer has ended. */
export async function passFree(parts: FreeParts, call: FreeCall, message: IncomingMessage, response: ServerResponse, { workspaceId }: Pick<Workspace, 'workspaceId'>, listener: Listener): Promise<void> {
  const body = new HeldBody(parts.bodies);
  const ended = new AbortController();
  const stopTimer = parts.clock.after(freeMsMax, () => ended.abort(new Error(`no end after ${freeMsMax / 60_000} minutes`)));
  response.once('close', () => ended.abort(new Error('the client left')));
  try {
    const refused = call.method === 'POST' ? await readWire(message, body) : await dropBody(message);
    if (refused === 'client-left') return;
    if (refused && 'problem' in refused) { refuse(response, refused.problem, listener, parts.clock.nowMs()); return; }
    const foreign = call.ofResponse === undefined ? undefined : await parts.owners.refusal(call.ofResponse, { workspaceId, requestId: listener.requestId }, 'ask');
    if (foreign) { refuse(response, foreign, listener, parts.clock.nowMs()); return; }
    const credential = parts.credential();
    if (!credential) { refuse(response, problem('no_api_key', 'No API key is stored, so the upstream cannot be asked.'), listener, parts.clock.nowMs()); return; }
    // What is deleted cannot be asked for its usage any more.
    if (call.method === 'DELETE' && call.responseId !== undefined) await parts.background.look(call.responseId);
    if (call.isPassThrough) {
      parts.passedThrough.note(parts.clock.nowMs());
      parts.changed();
    }
    const answer = await parts.target.pool.request({
      method: call.method, path: parts.target.pathOf(call.path), signal: ended.signal,
      headers: upstreamHeaders(message.headers, credential.head(), call.method === 'POST' ? body.wireBytes : undefined), ...(call.method === 'POST' ? { body: body.stream() } : {}),
    });
    body.letGo();
    await give(parts, call, answer, response, listener);
  } catch (error) {
    if (response.headersSent) { response.destroy(); return; }
    refuse(response, unreachable(parts.target, error instanceof Error ? error : { message: String(error) }), listener, parts.clock.nowMs());
  } finally {
    stopTimer();
    body.letGo();
  }
}

/** Gives the answer on with back-pressure, and looks at it as it passes. */
async function give(parts: FreeParts, call: FreeCall, answer: Dispatcher.ResponseData, response: ServerResponse, listener: Listener): Promise<void> {
  const { statusCode: status, headers } = answer;
  const type = String(headers['content-type'] ?? '').toLowerCase();
  const isStream = type.startsWith('text/event-stream');
  const isForeign = status >= 300 && status < 400 || status < 300 && call.isPassThrough !== true && status !== 204 && !isStream && !type.startsWith('application/json');
  if (isForeign) {
    answer.body.destroy();
    refuse(response, problem('upstream_invalid', 'The upstream {0} answered with status {1} and something that is no API response, which is not passed on.', { values: [parts.target.label, status] }), listener, parts.clock.nowMs());
    return;
  }
  const { responseId } = call;
  const observer = responseId !== undefined && status < 300 ? new AnswerObserver(isStream, String(headers['content-encoding'] ?? ''), () => undefined) : undefined;
  let bytes = 0;
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      observer?.push(chunk);
      if (bytes > freeBytesMax) done(new Error('the answer is too large'));
      else done(null, chunk);
    },
  });
  response.writeHead(status, clientHeaders(headers, listener.requestId));
  response.flushHeaders();
  try {
    await pipeline(answer.body, tap, response);
  } finally {
    if (call.isPassThrough) parts.log('passed-unmetered', { requestId: listener.requestId, method: call.method, status, bytes });
    if (observer && responseId !== undefined) {
      await new Promise<void>((resolve) => { observer.end(resolve); });
      parts.background.given(responseId, observer.findings.outputChars);
    }
    if (observer?.findings.facts && responseId !== undefined) parts.background.told(responseId, observer.findings.facts);
    else if (call.method === 'DELETE' && responseId !== undefined && status < 300) parts.background.lost(responseId, 'The response was deleted before it told its usage.');
  }
}

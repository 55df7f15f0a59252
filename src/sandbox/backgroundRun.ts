// Responses in the background: they go on without their client at the pace that the scenario sets, can be
// watched as a stream from any event on, and can be cancelled. Usage is booked once, when they end.
import type { ServerResponse } from 'node:http';
import { answerHeaders } from './answerHeaders.ts';
import type { PlannedAnswer, SandboxWorld } from './answerPlan.ts';
import type { Exchange } from './exchange.ts';
import { limitHeaders } from './rateLimitAnswer.ts';
import { itemsOf } from './conversation.ts';
import type { ResponsesRequest } from './responsesRequest.ts';
import { isOver, wake, type StoredResponse } from './storedResponses.ts';
import { jsonBody, streamFrames } from './streamBytes.ts';

/** Begins a response and answers with it as it stands: queued, or as a stream of what happens. */
export async function answerInBackground(exchange: Exchange, world: SandboxWorld, request: ResponsesRequest, plan: PlannedAnswer): Promise<void> {
  const { record, response } = exchange;
  const ended = new AbortController();
  const stored: StoredResponse = {
    id: String(plan.answer.response['id']), items: itemsOf(request), answer: plan.answer, fault: plan.fault, happened: 0, status: 'queued', outputTokens: 0,
    watchers: new Set(), cancel: () => ended.abort(),
  };
  world.stored.keep(stored);
  // It goes on after this answer; everything that can fail in it is sending, which it does not do.
  void run(stored, world, plan, ended.signal).then(() => { record.reportedUsage = responseNow(stored)['usage']; });
  record.status = 200;
  if (request.stream) {
    response.writeHead(200, { ...answerHeaders(exchange, world, 'text/event-stream; charset=utf-8'), ...limitHeaders(plan.reading) });
    response.flushHeaders();
    await sendFrom(response, stored, -1, exchange.gone);
    return;
  }
  const text = JSON.stringify(responseNow(stored));
  response.writeHead(200, { ...answerHeaders(exchange, world, 'application/json'), ...limitHeaders(plan.reading), 'content-length': String(Buffer.byteLength(text)) });
  response.end(text);
}

async function run(stored: StoredResponse, world: SandboxWorld, plan: PlannedAnswer, ended: AbortSignal): Promise<void> {
  const { clock, scenario: { delays } } = world;
  await clock.sleep(delays.headersMs, ended);
  for (const event of stored.answer.events) {
    if (event.isDelta && delays.deltaMs > 0) await clock.sleep(delays.deltaMs, ended);
    if (ended.aborted) break;
    stored.happened += 1;
    stored.outputTokens = event.outputTokens;
    stored.status = 'in_progress';
    wake(stored);
  }
  stored.status = ended.aborted ? 'cancelled' : String(stored.answer.response['status']);
  plan.sent(stored.outputTokens);
  wake(stored);
}

/** A response as it stands: what it began with until it has ended; a cancelled one tells no usage, as OpenAI's do. */
export function responseNow(stored: StoredResponse): Readonly<Record<string, unknown>> {
  if (isOver(stored) && stored.status !== 'cancelled') return JSON.parse(jsonBody(stored.answer, stored.fault).text) as Record<string, unknown>;
  const begun = stored.answer.events[0]?.data['response'] as Readonly<Record<string, unknown>>;
  return { ...begun, status: stored.status };
}

/** Sends the events behind a cursor as they happen, until the response is over or the client has gone. */
export async function sendFrom(response: ServerResponse, stored: StoredResponse, cursor: number, gone: AbortSignal): Promise<void> {
  const frames = streamFrames(stored.answer, { ...stored.fault, byteOrderMark: false, comments: 0 });
  let next = cursor + 1;
  for (;;) {
    // Where a fault leaves the terminal event out there are fewer frames than events.
    const until = isOver(stored) && stored.status !== 'cancelled' ? frames.length : Math.min(stored.happened, frames.length);
    for (; next < until; next += 1) response.write(frames[next]?.text ?? '');
    if (gone.aborted) return;
    if (isOver(stored)) break;
    await new Promise<void>((resolve) => {
      const done = () => {
        stored.watchers.delete(done);
        gone.removeEventListener('abort', done);
        resolve();
      };
      stored.watchers.add(done);
      gone.addEventListener('abort', done, { once: true });
    });
  }
  response.end();
}

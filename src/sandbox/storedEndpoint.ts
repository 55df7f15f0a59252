// What can be asked about responses that are kept: reading one, also as a stream from an event on, its input,
// cancelling one that runs in the background, and deleting one.
import type { SandboxWorld } from './answerPlan.ts';
import { responseNow, sendFrom } from './backgroundRun.ts';
import { badRequest, errorAnswer, jsonAnswer } from './errorAnswer.ts';
import type { Exchange } from './exchange.ts';
import { send } from './responsesEndpoint.ts';
import { isOver } from './storedResponses.ts';

/** Answers for one response. @param what the part of the path behind its id */
export async function answerStored(exchange: Exchange, world: SandboxWorld, id: string, what: string): Promise<void> {
  const { incoming, response, record, gone } = exchange;
  const stored = world.stored.find(id);
  record.responseId = id;
  if (!stored) return send(exchange, errorAnswer(404, { message: `Response with id '${id}' not found.`, type: 'invalid_request_error', code: null }));
  if (what === '/input_items') {
    const data = stored.items.map((item, index) => ({ id: `msg_${index}_${id}`, type: 'message', ...item }));
    return send(exchange, jsonAnswer(200, { object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: false }));
  }
  if (what === '/cancel') {
    if (!stored.cancel) return send(exchange, badRequest('Cannot cancel a synchronous response.', null));
    stored.cancel();
    // Its run notices before anything else happens.
    while (!isOver(stored)) await new Promise<void>((resolve) => { stored.watchers.add(() => resolve()); });
    return send(exchange, jsonAnswer(200, responseNow(stored)));
  }
  if (incoming.method === 'DELETE') {
    world.stored.remove(id);
    return send(exchange, jsonAnswer(200, { id, object: 'response', deleted: true }));
  }
  const parameters = new URLSearchParams((incoming.url ?? '').split('?')[1] ?? '');
  if (parameters.get('stream') !== 'true') return send(exchange, jsonAnswer(200, responseNow(stored)));
  record.status = 200;
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.flushHeaders();
  await sendFrom(response, stored, Number(parameters.get('starting_after') ?? -1), gone);
}

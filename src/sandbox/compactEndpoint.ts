// `POST /v1/responses/compact`, which makes an item of a long conversation, and `POST
// /v1/responses/input_tokens`, which only counts.
import { planAnswer, type SandboxWorld } from './answerPlan.ts';
import { itemsOf, promptText } from './conversation.ts';
import { jsonAnswer } from './errorAnswer.ts';
import type { Exchange } from './exchange.ts';
import { tokensOfText } from './promptTokens.ts';
import { parseJson, previousNotFound, readResponsesRequest, type ResponsesRequest } from './responsesRequest.ts';
import { continued, give, receiveBody, send } from './responsesEndpoint.ts';
import type { BuiltAnswer } from './responseEvents.ts';
import { jsonBody, streamFrames } from './streamBytes.ts';
import type { StreamFault } from './faultAction.ts';

/** Answers with a compaction, as JSON: there is no stream of it. */
export async function answerCompact(exchange: Exchange, world: SandboxWorld): Promise<void> {
  const asked = await received(exchange, world);
  if (!asked) return;
  const request: ResponsesRequest = { ...asked, stream: false, input: [...itemsOf(asked), { type: 'compaction_trigger' }] };
  const planned = await planAnswer({ ...exchange, request, path: '/v1/responses/compact' }, world);
  if (!planned) return;
  if ('refusal' in planned) return send(exchange, planned.refusal);
  planned.plan.sent(await give(exchange, world, planned.plan, { stream: false, frames: streamFrames, body: compaction }));
}

/** Counts the input and does nothing else. */
export async function answerInputTokens(exchange: Exchange, world: SandboxWorld): Promise<void> {
  const asked = await received(exchange, world);
  if (asked) send(exchange, jsonAnswer(200, { object: 'response.input_tokens', input_tokens: tokensOfText(promptText(asked)) }));
}

/** The request with what it continues; undefined where it was refused. Its input may be left out. */
async function received(exchange: Exchange, world: SandboxWorld): Promise<ResponsesRequest | undefined> {
  const decoded = await receiveBody(exchange, world);
  if (!decoded) return undefined;
  const read = parseJson(decoded);
  const parsed = 'json' in read ? readResponsesRequest({ ...read.json, input: read.json['input'] ?? [] }) : read;
  if ('refusal' in parsed) { send(exchange, parsed.refusal); return undefined; }
  const request = continued(parsed.request, world);
  if (!request) send(exchange, previousNotFound(parsed.request.previous_response_id ?? ''));
  return request;
}

function compaction(answer: BuiltAnswer, fault: StreamFault): { readonly text: string; readonly reported: unknown } {
  const { text, reported } = jsonBody(answer, fault);
  const { id, created_at, output, usage } = JSON.parse(text) as Record<string, unknown>;
  return { text: JSON.stringify({ id, object: 'response.compaction', created_at, output, ...(usage === undefined ? {} : { usage }) }), reported };
}

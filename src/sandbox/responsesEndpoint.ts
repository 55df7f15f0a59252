// `POST /v1/responses`: reads the request, has its answer planned and sends it as a stream or as JSON,
// and notes in the meter what really happened.
import { planAnswer, type PlannedAnswer, type SandboxWorld } from './answerPlan.ts';
import { answerHeaders } from './answerHeaders.ts';
import { answerInBackground } from './backgroundRun.ts';
import { itemsOf } from './conversation.ts';
import { badRequest, type PlainAnswer } from './errorAnswer.ts';
import type { Exchange } from './exchange.ts';
import type { StreamFault } from './faultAction.ts';
import { limitHeaders } from './rateLimitAnswer.ts';
import { decodeBody, readBody } from './requestBody.ts';
import type { BuiltAnswer } from './responseEvents.ts';
import { parseResponsesRequest, previousNotFound, type InputItem, type ResponsesRequest } from './responsesRequest.ts';
import { jsonBody, streamFrames, type Frame } from './streamBytes.ts';
import { sendBody, sendFrames, type SendSettings } from './streamSender.ts';

/** How an answer looks in one API. */
export interface AnswerForm {
  readonly stream: boolean;
  readonly frames: (answer: BuiltAnswer, fault: StreamFault) => readonly Frame[];
  readonly body: (answer: BuiltAnswer, fault: StreamFault) => { readonly text: string; readonly reported: unknown };
}

/** Answers one request. Rejects only if the client goes away while it still sends. */
export async function answerResponses(exchange: Exchange, world: SandboxWorld): Promise<void> {
  const decoded = await receiveBody(exchange, world);
  if (!decoded) return;
  const parsed = parseResponsesRequest(decoded);
  if ('refusal' in parsed) return send(exchange, parsed.refusal);
  const request = continued(parsed.request, world);
  if (!request) return send(exchange, previousNotFound(parsed.request.previous_response_id ?? ''));
  if (request.background && request.store === false) return send(exchange, badRequest('Background mode needs a response that is stored.', 'invalid_value', 'background'));
  const planned = await planAnswer({ ...exchange, request }, world);
  if (!planned) return;
  if ('refusal' in planned) return send(exchange, planned.refusal);
  if (request.background) return answerInBackground(exchange, world, request, planned.plan);
  planned.plan.sent(await give(exchange, world, planned.plan, { stream: request.stream === true, frames: streamFrames, body: jsonBody }));
  const { answer } = planned.plan;
  if (request.store !== false && answer.response['status'] !== 'failed') world.stored.keep({ id: String(answer.response['id']), items: itemsOf(request), answer, fault: planned.plan.fault, happened: answer.events.length, status: String(answer.response['status']), outputTokens: answer.usage.outputTokens, watchers: new Set() });
}

/** Reads and decodes a body. @returns undefined where it was refused */
export async function receiveBody(exchange: Exchange, world: SandboxWorld): Promise<Uint8Array | undefined> {
  const { record } = exchange;
  const body = await readBody(exchange.incoming);
  record.bodyBytes = body.bytes.length;
  record.bodySha256 = body.sha256;
  if (world.keepBodies) record.body = body.bytes;
  const decoded = await decodeBody(body, exchange.incoming.headers['content-encoding']);
  if (decoded instanceof Uint8Array) return decoded;
  send(exchange, decoded);
  return undefined;
}

/** The request with everything that it goes on from; undefined where that is not kept. */
export function continued(request: ResponsesRequest, world: SandboxWorld): ResponsesRequest | undefined {
  const id = request.previous_response_id;
  if (!id) return request;
  const before = world.stored.find(id);
  return before && { ...request, input: [...before.items, ...before.answer.response['output'] as readonly InputItem[], ...itemsOf(request)] };
}

/** Sends the answer as a stream or as JSON. @returns output tokens produced while the client was there */
export async function give(exchange: Exchange, world: SandboxWorld, { answer, fault, reading }: Pick<PlannedAnswer, 'answer' | 'fault' | 'reading'>, form: AnswerForm): Promise<number> {
  const { record, response, gone, cut } = exchange;
  const { clock, scenario: { delays } } = world;
  const settings: SendSettings = { deltaMs: delays.deltaMs, fault, clock, gone, cut };
  if (delays.headersMs > 0) await clock.sleep(delays.headersMs, gone);
  if (gone.aborted) return 0;
  const headers = (contentType: string, bytes: () => number) => ({
    ...answerHeaders(exchange, world, contentType), ...(exchange.onPlan ? {} : limitHeaders(reading)),
    ...(fault.contentLengthOffBy === undefined ? {} : { 'content-length': String(Math.max(0, bytes() + fault.contentLengthOffBy)), 'connection': 'close' }),
  });
  record.status = 200;
  if (form.stream) {
    const frames = form.frames(answer, fault);
    response.writeHead(200, headers('text/event-stream; charset=utf-8', () => frames.reduce((bytes, frame) => bytes + Buffer.byteLength(frame.text), 0)));
    response.flushHeaders();
    const outcome = await sendFrames(response, frames, settings);
    if (outcome.reported) record.reportedUsage = outcome.reported.usage;
    return outcome.outputTokens;
  }
  let outputTokens = 0;
  for (const event of answer.events) {
    if (event.isDelta && delays.deltaMs > 0) await clock.sleep(delays.deltaMs, gone);
    if (gone.aborted) return outputTokens;
    outputTokens = event.outputTokens;
  }
  const { text, reported } = form.body(answer, fault);
  response.writeHead(200, { 'content-length': String(Buffer.byteLength(text)), ...headers('application/json', () => Buffer.byteLength(text)) });
  if (await sendBody(response, text, settings)) record.reportedUsage = reported;
  return outputTokens;
}

/** Sends an answer as it stands. */
export function send(exchange: Exchange, answer: PlainAnswer): void {
  exchange.record.status = answer.status;
  exchange.response.writeHead(answer.status, { 'content-length': String(Buffer.byteLength(answer.body)), ...answer.headers });
  exchange.response.end(answer.body);
}

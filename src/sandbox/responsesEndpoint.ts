// `POST /v1/responses`: reads the request, has its answer planned and sends it as a stream or as JSON,
// and notes in the meter what really happened.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { planAnswer, type PlannedAnswer, type SandboxWorld } from './answerPlan.ts';
import type { PlainAnswer } from './errorAnswer.ts';
import { limitHeaders } from './rateLimitAnswer.ts';
import { decodeBody, readBody } from './requestBody.ts';
import type { ReceivedRequest } from './requestMeter.ts';
import { parseResponsesRequest, type ResponsesRequest } from './responsesRequest.ts';
import { jsonBody, streamFrames } from './streamBytes.ts';
import { sendBody, sendFrames, type CutHow, type SendSettings } from './streamSender.ts';

/** One request on its way. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: ReceivedRequest;
  /** The key that came with it; checked already. */
  readonly key: string;
  /** It came to ChatGPT's address, where a plan's limits are told and no minute's. */
  readonly onPlan: boolean;
  /** Aborts when the client has gone, or the answer is over. */
  readonly gone: AbortSignal;
  /** Ends the connection in the name of a fault, so that it does not look as if the client had left. */
  readonly cut: (how: CutHow) => void;
}

/** Answers one request. Rejects only if the client goes away while it still sends. */
export async function answerResponses(exchange: Exchange, world: SandboxWorld): Promise<void> {
  const { record } = exchange;
  const body = await readBody(exchange.incoming);
  record.bodyBytes = body.bytes.length;
  record.bodySha256 = body.sha256;
  if (world.keepBodies) record.body = body.bytes;
  const decoded = await decodeBody(body, exchange.incoming.headers['content-encoding']);
  if (!(decoded instanceof Uint8Array)) return send(exchange, decoded);
  const parsed = parseResponsesRequest(decoded);
  if ('refusal' in parsed) return send(exchange, parsed.refusal);
  const planned = await planAnswer({ ...exchange, request: parsed.request }, world);
  if (!planned) return;
  if ('refusal' in planned) return send(exchange, planned.refusal);
  planned.plan.sent(await give(exchange, world, parsed.request, planned.plan));
}

/** Sends the answer as a stream or as JSON. @returns output tokens produced while the client was there */
async function give(exchange: Exchange, world: SandboxWorld, request: ResponsesRequest, { answer, fault, reading }: PlannedAnswer): Promise<number> {
  const { record, response, gone, cut } = exchange;
  const { clock, scenario: { delays } } = world;
  const settings: SendSettings = { deltaMs: delays.deltaMs, fault, clock, gone, cut };
  if (delays.headersMs > 0) await clock.sleep(delays.headersMs, gone);
  if (gone.aborted) return 0;
  const headers = (contentType: string, bytes: () => number) => ({
    'content-type': contentType, 'openai-processing-ms': String(Math.max(1, clock.nowMs() - record.receivedAtMs)), ...(exchange.onPlan ? {} : limitHeaders(reading)),
    ...(fault.contentLengthOffBy === undefined ? {} : { 'content-length': String(Math.max(0, bytes() + fault.contentLengthOffBy)), 'connection': 'close' }),
  });
  record.status = 200;
  if (request.stream) {
    const frames = streamFrames(answer, fault);
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
  const { text, reported } = jsonBody(answer, fault);
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

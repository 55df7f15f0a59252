// `POST /v1/responses`: reads the request, meets limits and faults in the order in which a provider
// would, builds the answer and sends it, and notes in the meter what really happened.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TokenUsage } from '../domain/tokenUsage.ts';
import type { NewId, SandboxClock } from './clock.ts';
import { promptText, readConversation } from './conversation.ts';
import { modelNotFound, type PlainAnswer } from './errorAnswer.ts';
import { faultAnswer } from './faultAnswer.ts';
import { soundStream, type StreamFault } from './faultAction.ts';
import type { FaultPicker } from './faultPicker.ts';
import { isServed, reportsCacheWrites } from './models.ts';
import { type PromptCache, reasoningTokensFor, tokensOfText } from './promptTokens.ts';
import { limitHeaders, throttledAnswer, tooLargeAnswer } from './rateLimitAnswer.ts';
import type { LimitReading, RateLimits } from './rateLimits.ts';
import { misleadingReply, replyTo } from './reply.ts';
import { decodeBody, readBody } from './requestBody.ts';
import type { ReceivedRequest, RequestMeter } from './requestMeter.ts';
import { buildAnswer, type BuiltAnswer, type Ending } from './responseEvents.ts';
import { parseResponsesRequest, type ResponsesRequest } from './responsesRequest.ts';
import type { Scenario } from './scenario.ts';
import { jsonBody, streamFrames } from './streamBytes.ts';
import { sendBody, sendFrames, type CutHow, type SendSettings } from './streamSender.ts';

/** What all requests share. */
export interface SandboxWorld {
  readonly scenario: Scenario;
  readonly limits: RateLimits;
  readonly cache: PromptCache;
  readonly picker: FaultPicker;
  readonly meter: RequestMeter;
  readonly clock: SandboxClock;
  readonly newId: NewId;
  readonly keepBodies: boolean;
}

/** One request on its way. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: ReceivedRequest;
  /** The key that came with it; checked already. */
  readonly key: string;
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
  const { request } = parsed;
  record.model = request.model;
  const conversation = readConversation(request);

  const fault = world.picker.pick({ path: '/v1/responses', model: request.model, prompt: conversation.prompt });
  if (fault) record.fault = fault.kind;
  if (fault?.kind === 'closeBeforeHeaders') return exchange.cut(fault.how);
  if (fault?.kind === 'hang') await world.clock.sleep(fault.forMs, exchange.gone);
  const replaced = fault && faultAnswer(fault, { nowMs: world.clock.nowMs(), requestId: record.requestId, model: request.model, key: exchange.key });
  if (replaced) return send(exchange, replaced);
  if (exchange.gone.aborted) return;

  if (!isServed(request.model)) return send(exchange, modelNotFound(request.model));
  const prompt = promptText(request);
  const inputTokens = tokensOfText(prompt);
  const reservedTokens = inputTokens + (request.max_output_tokens ?? 0);
  const admission = world.limits.admit(request.model, reservedTokens, world.clock.nowMs());
  if (admission.outcome === 'throttled') return send(exchange, throttledAnswer(request.model, admission));
  if (admission.outcome === 'too-large') return send(exchange, tooLargeAnswer(request.model, admission));

  const streamFault = fault?.kind === 'stream' ? fault : soundStream;
  const cached = world.cache.use(`${request.model}\n${request.prompt_cache_key ?? ''}`, prompt);
  const answer = buildAnswer({
    request, reply: streamFault.eventNameInDelta ? misleadingReply : replyTo(conversation),
    responseId: world.newId('resp_'), createdAtS: Math.floor(world.clock.nowMs() / 1000), newId: world.newId,
    inputTokens, cachedTokens: cached.cachedTokens, cacheWriteTokens: reportsCacheWrites(request.model) ? cached.writtenTokens : 0,
    reasoningTokens: reasoningTokensFor(request.reasoning?.effort), ending: endingOf(streamFault),
  });
  record.responseId = String(answer.response['id']);
  const outputTokens = await give(exchange, world, request, answer, streamFault, admission.reading);
  const used: TokenUsage = { ...answer.usage, outputTokens, reasoningTokens: Math.min(answer.usage.reasoningTokens, outputTokens) };
  world.limits.settle(request.model, reservedTokens, inputTokens + outputTokens, world.clock.nowMs());
  // A failed answer that reports no usage is one that the provider does not bill.
  if (streamFault.ending?.kind !== 'failed' || streamFault.ending.withUsage) world.meter.billed(record, used);
}

/** Sends the answer as a stream or as JSON. @returns output tokens produced while the client was there */
async function give(exchange: Exchange, world: SandboxWorld, request: ResponsesRequest, answer: BuiltAnswer, fault: StreamFault, reading: LimitReading): Promise<number> {
  const { record, response, gone, cut } = exchange;
  const { clock, scenario: { delays } } = world;
  const settings: SendSettings = { deltaMs: delays.deltaMs, fault, clock, gone, cut };
  if (delays.headersMs > 0) await clock.sleep(delays.headersMs, gone);
  if (gone.aborted) return 0;
  const headers = (contentType: string, bytes: () => number) => ({
    'content-type': contentType, 'openai-processing-ms': String(Math.max(1, clock.nowMs() - record.receivedAtMs)), ...limitHeaders(reading),
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

function endingOf(fault: StreamFault): Ending {
  return fault.ending === undefined || fault.ending.kind === 'error' ? { kind: 'completed' } : fault.ending;
}

// Meets limits and faults in the order in which a provider would, and builds the answer to one request,
// however it came. It notes in the meter what is known by then; sending is the endpoints' part.
import type { TokenUsage } from '../domain/tokenUsage.ts';
import type { NewId, SandboxClock } from './clock.ts';
import { promptText, readConversation } from './conversation.ts';
import { modelNotFound, type PlainAnswer } from './errorAnswer.ts';
import { faultAnswer } from './faultAnswer.ts';
import { soundStream, type StreamFault } from './faultAction.ts';
import type { FaultPicker } from './faultPicker.ts';
import { isServed, reportsCacheWrites, vectorLengthOf } from './models.ts';
import type { PlanFace } from './planFace.ts';
import { type PromptCache, reasoningTokensFor, tokensOfText } from './promptTokens.ts';
import type { StoredResponses } from './storedResponses.ts';
import { throttledAnswer, tooLargeAnswer } from './rateLimitAnswer.ts';
import type { LimitReading, RateLimits } from './rateLimits.ts';
import { misleadingReply, replyTo } from './reply.ts';
import type { ReceivedRequest, RequestMeter } from './requestMeter.ts';
import { buildAnswer, type BuiltAnswer, type Ending } from './responseEvents.ts';
import type { ResponsesRequest } from './responsesRequest.ts';
import type { Scenario } from './scenario.ts';
import type { CutHow } from './streamSender.ts';

/** What all requests share. */
export interface SandboxWorld {
  readonly scenario: Scenario;
  readonly limits: RateLimits;
  readonly cache: PromptCache;
  readonly picker: FaultPicker;
  readonly meter: RequestMeter;
  readonly stored: StoredResponses;
  readonly planFace: PlanFace;
  readonly clock: SandboxClock;
  readonly newId: NewId;
  readonly keepBodies: boolean;
}

/** One request as it is answered, whatever carries it. */
export interface Asking {
  readonly request: ResponsesRequest;
  readonly record: ReceivedRequest;
  /** The key that came with it; checked already. */
  readonly key: string;
  /** Aborts when the client has gone, or the answer is over. */
  readonly gone: AbortSignal;
  /** Ends the connection in the name of a fault, so that it does not look as if the client had left. */
  readonly cut: (how: CutHow) => void;
  /** The route that faults are looked up by; the Responses API's where it is left out. */
  readonly path?: string;
}

/** An answer that is to be sent. */
export interface PlannedAnswer {
  readonly answer: BuiltAnswer;
  readonly fault: StreamFault;
  readonly reading: LimitReading;
  /** Books what the request used, once it is known how much of the output the client was there for. */
  readonly sent: (outputTokens: number) => void;
}

/** Decides how a request is answered. @returns the answer as a stream, a refusal as it stands, or nothing where the connection is over */
export async function planAnswer({ request, record, key, gone, cut, path = '/v1/responses' }: Asking, world: SandboxWorld): Promise<{ readonly plan: PlannedAnswer } | { readonly refusal: PlainAnswer } | undefined> {
  record.model = request.model;
  const conversation = readConversation(request);

  const fault = world.picker.pick({ path, model: request.model, prompt: conversation.prompt });
  if (fault) record.fault = fault.kind;
  if (fault?.kind === 'closeBeforeHeaders') { cut(fault.how); return undefined; }
  if (fault?.kind === 'hang') await world.clock.sleep(fault.forMs, gone);
  const replaced = fault && faultAnswer(fault, { nowMs: world.clock.nowMs(), requestId: record.requestId, model: request.model, key });
  if (replaced) return { refusal: replaced };
  if (gone.aborted) return undefined;

  if (!isServed(request.model) || vectorLengthOf(request.model) !== undefined) return { refusal: modelNotFound(request.model) };
  const prompt = promptText(request);
  const inputTokens = tokensOfText(prompt);
  const reservedTokens = inputTokens + (request.max_output_tokens ?? 0);
  const admission = world.limits.admit(request.model, reservedTokens, world.clock.nowMs());
  if (admission.outcome === 'throttled') return { refusal: throttledAnswer(request.model, admission) };
  if (admission.outcome === 'too-large') return { refusal: tooLargeAnswer(request.model, admission) };

  const streamFault = fault?.kind === 'stream' ? fault : soundStream;
  const cached = world.cache.use(`${request.model}\n${request.prompt_cache_key ?? ''}`, prompt);
  const answer = buildAnswer({
    request, reply: streamFault.eventNameInDelta ? misleadingReply : replyTo(conversation),
    responseId: world.newId('resp_'), createdAtS: Math.floor(world.clock.nowMs() / 1000), newId: world.newId,
    inputTokens, cachedTokens: cached.cachedTokens, cacheWriteTokens: reportsCacheWrites(request.model) ? cached.writtenTokens : 0,
    reasoningTokens: reasoningTokensFor(request.reasoning?.effort), ending: endingOf(streamFault),
  });
  record.responseId = String(answer.response['id']);
  return { plan: { answer, fault: streamFault, reading: admission.reading, sent: (outputTokens) => {
    const used: TokenUsage = { ...answer.usage, outputTokens, reasoningTokens: Math.min(answer.usage.reasoningTokens, outputTokens) };
    world.limits.settle(request.model, reservedTokens, inputTokens + outputTokens, world.clock.nowMs());
    // A failed answer that reports no usage is one that the provider does not bill.
    if (streamFault.ending?.kind !== 'failed' || streamFault.ending.withUsage) world.meter.billed(record, used);
  } } };
}

function endingOf(fault: StreamFault): Ending {
  return fault.ending === undefined || fault.ending.kind === 'error' ? { kind: 'completed' } : fault.ending;
}

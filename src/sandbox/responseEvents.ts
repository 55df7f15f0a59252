// Builds the whole event sequence of one answer of the Responses API, in OpenAI's order and with its
// sequence numbers, and the response object that a client without streaming gets. Every event says
// how much output had been produced when it went out. Nothing here sends or waits.
import type { TokenUsage } from '../domain/tokenUsage.ts';
import { tokensOfBytes, wireUsage } from './promptTokens.ts';
import type { Reply } from './reply.ts';
import { outputItem, reasoningItem, type ProducedItem } from './outputItem.ts';
import { servedTier, type ResponsesRequest } from './responsesRequest.ts';

/** One event before it is put into a frame. */
export interface ResponseEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** A piece of output: pacing waits before each of these. */
  readonly isDelta: boolean;
  /** Output and reasoning tokens produced up to and including this event. */
  readonly outputTokens: number;
}

/** How the answer ends. */
export type Ending =
  | { readonly kind: 'completed' }
  | { readonly kind: 'incomplete'; readonly reason: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly afterOutput: boolean; readonly withUsage: boolean };

/** Everything that an answer is built from. */
export interface AnswerPlan {
  readonly request: ResponsesRequest;
  readonly reply: Reply;
  readonly responseId: string;
  readonly createdAtS: number;
  readonly newId: (prefix: string) => string;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly ending: Ending;
  /** Nothing is generated; the answer only begins and completes. */
  readonly isPrewarm?: boolean;
}

/** A whole answer. */
export interface BuiltAnswer {
  /** All events; the last one is the terminal event. */
  readonly events: readonly ResponseEvent[];
  /** The response object of the terminal event. */
  readonly response: Readonly<Record<string, unknown>>;
  /** What the answer really used, whatever is reported. */
  readonly usage: TokenUsage;
}

/** Builds the answer; output beyond `max_output_tokens` is cut off and the answer ends incomplete. */
export function buildAnswer(plan: AnswerPlan): BuiltAnswer {
  const hasNoOutput = plan.isPrewarm || plan.ending.kind === 'failed' && !plan.ending.afterOutput;
  const { items, reasoningTokens, cutOff } = hasNoOutput ? { items: [], reasoningTokens: 0, cutOff: false } : produce(plan);
  const ending: Ending = plan.ending.kind === 'completed' && cutOff ? { kind: 'incomplete', reason: 'max_output_tokens' } : plan.ending;

  const events: ResponseEvent[] = [];
  let outputTokens = 0;
  const emit = (type: string, data: Record<string, unknown>, isDelta = false) => {
    events.push({ type, data: { type, ...data, sequence_number: events.length }, isDelta, outputTokens });
  };
  const started = responseObject(plan, 'in_progress', [], null);
  emit('response.created', { response: started });
  if (!plan.isPrewarm) emit('response.in_progress', { response: started });
  items.forEach((item, outputIndex) => {
    if (item.isReasoning) outputTokens += reasoningTokens;
    let itemBytes = 0;
    const before = outputTokens;
    for (const part of item.parts) {
      itemBytes += part.bytes;
      outputTokens = before + tokensOfBytes(itemBytes);
      emit(part.type, { ...part.data, ...(part.isItem ? {} : { item_id: item.id }), output_index: outputIndex }, part.bytes > 0);
    }
  });
  const usage: TokenUsage = {
    inputTokens: plan.inputTokens, cachedInputTokens: plan.cachedTokens, cacheWriteTokens: plan.cacheWriteTokens,
    outputTokens, reasoningTokens,
  };
  const output = items.map((item) => item.finished);
  const response = responseObject(plan, ending.kind, output, usage, ending);
  emit(`response.${ending.kind}`, { response });
  return { events, response, usage };
}

/** Reasoning and reply, within the request's `max_output_tokens`. */
function produce(plan: AnswerPlan): { readonly items: readonly ProducedItem[]; readonly reasoningTokens: number; readonly cutOff: boolean } {
  const { request } = plan;
  const outputTokensMax = request.max_output_tokens ?? Number.POSITIVE_INFINITY;
  const reasoningTokens = Math.min(plan.reasoningTokens, outputTokensMax);
  const items: ProducedItem[] = [];
  if (reasoningTokens > 0) items.push(reasoningItem(plan.newId('rs_'), request.include?.includes('reasoning.encrypted_content') ?? false));
  const replied = outputItem(plan.reply, plan.newId, outputTokensMax - reasoningTokens);
  if (replied) items.push(replied);
  return { items, reasoningTokens, cutOff: !replied || replied.cutOff };
}

function responseObject(plan: AnswerPlan, status: string, output: readonly unknown[], usage: TokenUsage | null, ending?: Ending): Record<string, unknown> {
  const { request } = plan;
  const reportsUsage = usage !== null && (ending?.kind !== 'failed' || ending.withUsage);
  return {
    id: plan.responseId,
    object: 'response',
    created_at: plan.createdAtS,
    status,
    background: request.background === true,
    error: ending?.kind === 'failed' ? { code: ending.code, message: ending.message } : null,
    incomplete_details: ending?.kind === 'incomplete' ? { reason: ending.reason } : null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: null,
    metadata: request.metadata ?? {},
    model: request.model,
    output,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: request.reasoning?.summary ?? null },
    // The tier that serves is only known once it has served; until then the wish is echoed.
    service_tier: ending ? servedTier(request.service_tier) : request.service_tier ?? 'auto',
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    text: request['text'] ?? { format: { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    top_p: request.top_p ?? 1,
    truncation: 'disabled',
    usage: reportsUsage ? wireUsage(usage) : null,
    user: null,
  };
}

// The body of `POST /v1/chat/completions` as far as the sandbox understands it, and the same request in the
// words of the Responses API, so that one mind answers both.
import * as z from 'zod';
import { badRequest, type PlainAnswer } from './errorAnswer.ts';
import { parseJson, type InputItem, type OfferedTool, type ResponsesRequest } from './responsesRequest.ts';

const call = z.looseObject({ id: z.string().max(200).optional(), function: z.looseObject({ name: z.string().max(200), arguments: z.string() }).optional() });
const message = z.looseObject({
  role: z.string().max(100), content: z.unknown().optional(), tool_calls: z.array(call).max(1000).nullish(), tool_call_id: z.string().max(200).optional(),
});

const body = z.looseObject({
  model: z.string().min(1).max(200),
  messages: z.array(message).min(1).max(20_000),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_completion_tokens: z.number().int().min(1).nullish(),
  max_tokens: z.number().int().min(1).nullish(),
  reasoning_effort: z.string().max(50).nullish(),
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority', 'fast']).nullish(),
  tools: z.array(z.looseObject({ type: z.string().max(100), function: z.looseObject({ name: z.string().max(200) }).optional() })).max(2000).nullish(),
  prompt_cache_key: z.string().max(1000).nullish(),
  n: z.literal(1).nullish(),
});

/** A chat request that can be answered. */
export type ChatRequest = z.infer<typeof body>;

/** Reads a body. @returns the request, or the 400 that OpenAI would answer */
export function parseChatRequest(bytes: Uint8Array): { readonly request: ChatRequest } | { readonly refusal: PlainAnswer } {
  const read = parseJson(bytes);
  if ('refusal' in read) return read;
  for (const name of ['model', 'messages']) {
    if (read.json[name] === undefined || read.json[name] === null) return { refusal: badRequest(`Missing required parameter: '${name}'.`, 'missing_required_parameter', name) };
  }
  const parsed = body.safeParse(read.json);
  if (parsed.success) return { request: parsed.data };
  const path = (parsed.error.issues[0]?.path ?? []).map(String).join('.');
  return { refusal: badRequest(`Invalid '${path}': ${parsed.error.issues[0]?.message ?? 'not understood'}.`, 'invalid_value', path) };
}

/** The same request for the Responses API. */
export function responsesRequestOf(chat: ChatRequest): ResponsesRequest {
  return {
    model: chat.model, stream: chat.stream ?? false, store: false, input: chat.messages.flatMap(itemsOf),
    max_output_tokens: chat.max_completion_tokens ?? chat.max_tokens ?? null, service_tier: chat.service_tier ?? null, prompt_cache_key: chat.prompt_cache_key ?? null,
    ...(chat.reasoning_effort ? { reasoning: { effort: chat.reasoning_effort } } : {}),
    ...(chat.tools ? { tools: chat.tools.map((tool): OfferedTool => ({ type: tool.type, ...tool.function })) } : {}),
  };
}

function itemsOf({ role, content, tool_calls: calls, tool_call_id: callId }: z.infer<typeof message>): readonly InputItem[] {
  if (role === 'tool') return [{ type: 'function_call_output', call_id: callId ?? '', output: content }];
  const called = (calls ?? []).map((one): InputItem => ({ type: 'function_call', call_id: one.id ?? '', name: one.function?.name ?? '', arguments: one.function?.arguments ?? '' }));
  return [...(content === undefined || content === null ? [] : [{ type: 'message', role, content }]), ...called];
}

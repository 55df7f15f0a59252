// `POST /v1/chat/completions`: the answer that the Responses API would give, told in chunks or as one
// completion. Usage is told in a chunk of its own where the request asks for it, and always in JSON.
import { planAnswer, type SandboxWorld } from './answerPlan.ts';
import { parseChatRequest, responsesRequestOf, type ChatRequest } from './chatRequest.ts';
import type { Exchange } from './exchange.ts';
import type { StreamFault } from './faultAction.ts';
import type { WireUsage } from './promptTokens.ts';
import type { BuiltAnswer, ResponseEvent } from './responseEvents.ts';
import { give, receiveBody, send } from './responsesEndpoint.ts';
import { jsonBody, type Frame } from './streamBytes.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Answers one request. Rejects only if the client goes away while it still sends. */
export async function answerChat(exchange: Exchange, world: SandboxWorld): Promise<void> {
  const decoded = await receiveBody(exchange, world);
  if (!decoded) return;
  const parsed = parseChatRequest(decoded);
  if ('refusal' in parsed) return send(exchange, parsed.refusal);
  const chat = parsed.request;
  const planned = await planAnswer({ ...exchange, request: responsesRequestOf(chat), path: '/v1/chat/completions' }, world);
  if (!planned) return;
  if ('refusal' in planned) return send(exchange, planned.refusal);
  planned.plan.sent(await give(exchange, world, planned.plan, {
    stream: chat.stream === true,
    frames: (answer, fault) => chunkFrames(chat, answer, fault),
    body: (answer, fault) => completion(answer, fault),
  }));
}

/** The chunks of a streamed completion, as the bytes that go out. */
function chunkFrames(chat: ChatRequest, answer: BuiltAnswer, fault: StreamFault): readonly Frame[] {
  const asksForUsage = chat.stream_options?.include_usage === true;
  const head = headOf(answer, 'chat.completion.chunk');
  const frame = (data: string, event: Pick<ResponseEvent, 'isDelta' | 'outputTokens'>, more: Partial<Frame> = {}): Frame => ({ text: `data: ${data}\n\n`, eventType: 'chunk', isDelta: event.isDelta, outputTokens: event.outputTokens, ...more });
  const chunk = (choices: readonly Fields[]) => JSON.stringify({ ...head, choices, ...(asksForUsage ? { usage: null } : {}) });
  const end = { isDelta: false, outputTokens: answer.usage.outputTokens };
  const frames = [frame(chunk([{ index: 0, delta: { role: 'assistant', content: '', refusal: null }, logprobs: null, finish_reason: null }]), { isDelta: false, outputTokens: 0 })];
  for (const event of answer.events) {
    const delta = deltaOf(event);
    if (delta) frames.push(frame(chunk([{ index: 0, delta, logprobs: null, finish_reason: null }]), event));
  }
  if (fault.terminal === 'none') return frames;
  frames.push(frame(chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: reasonOf(answer) }]), end));
  if (asksForUsage) {
    const usage = usageOf(jsonBody(answer, fault).reported);
    frames.push(frame(JSON.stringify({ ...head, choices: [], usage }), end, { reported: usage }));
  }
  return [...frames, frame('[DONE]', end, asksForUsage ? {} : { reported: undefined })];
}

function completion(answer: BuiltAnswer, fault: StreamFault): { readonly text: string; readonly reported: unknown } {
  const output = answer.response['output'] as readonly Fields[];
  const calls = output.filter((item) => item['type'] === 'function_call').map((item) => ({ id: item['call_id'], type: 'function', function: { name: item['name'], arguments: item['arguments'] } }));
  const content = output.filter((item) => item['type'] === 'message').flatMap((item) => item['content'] as readonly Fields[]).map((part) => String(part['text'])).join('');
  const { reported } = jsonBody(answer, fault);
  const usage = reported === undefined ? undefined : usageOf(reported);
  const message = { role: 'assistant', content: calls.length > 0 ? null : content, refusal: null, annotations: [], ...(calls.length > 0 ? { tool_calls: calls } : {}) };
  return {
    text: JSON.stringify({ ...headOf(answer, 'chat.completion'), choices: [{ index: 0, message, logprobs: null, finish_reason: reasonOf(answer) }], ...(usage === undefined ? {} : { usage }) }),
    reported: usage,
  };
}

function headOf({ response }: BuiltAnswer, object: string): Fields {
  return {
    id: String(response['id']).replace(/^resp_/, 'chatcmpl-'), object, created: response['created_at'], model: response['model'],
    service_tier: response['service_tier'], system_fingerprint: null,
  };
}

/** What an event of the Responses API adds to a chat's message. */
function deltaOf({ type, data }: ResponseEvent): Fields | undefined {
  const item = data['item'] as Fields | undefined;
  switch (type) {
    case 'response.output_text.delta': return { content: data['delta'] };
    case 'response.output_item.added': return item?.['type'] === 'function_call' ? { tool_calls: [{ index: 0, id: item['call_id'], type: 'function', function: { name: item['name'], arguments: '' } }] } : undefined;
    case 'response.function_call_arguments.delta': return { tool_calls: [{ index: 0, function: { arguments: data['delta'] } }] };
    default: return undefined;
  }
}

function reasonOf({ response }: BuiltAnswer): string {
  if (response['status'] === 'incomplete') return 'length';
  return (response['output'] as readonly Fields[]).some((item) => item['type'] === 'function_call') ? 'tool_calls' : 'stop';
}

/** Usage in the words of chat completions; a lie that is no usage at all stays as it is. */
function usageOf(reported: unknown): unknown {
  if (typeof reported !== 'object' || reported === null || !('input_tokens' in reported)) return reported ?? null;
  const usage = reported as WireUsage;
  return {
    prompt_tokens: usage.input_tokens, completion_tokens: usage.output_tokens, total_tokens: usage.total_tokens,
    prompt_tokens_details: { cached_tokens: usage.input_tokens_details.cached_tokens, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: usage.output_tokens_details.reasoning_tokens, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  };
}

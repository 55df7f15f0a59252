// The body of `POST /v1/responses` as far as the sandbox understands it, and the refusals for one
// that it does not. Fields that it does not know pass unread; it never guesses a missing one.
import * as z from 'zod';
import { badRequest, type PlainAnswer } from './errorAnswer.ts';

const nestedTool = z.looseObject({ type: z.string().max(100), name: z.string().max(200).optional() });

const inputItem = z.looseObject({ type: z.string().max(100).optional(), role: z.string().max(100).optional() });

const body = z.looseObject({
  model: z.string().min(1).max(200),
  input: z.union([z.string(), z.array(inputItem).max(20_000)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  tools: z.array(nestedTool).max(2000).nullish(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning: z.looseObject({ effort: z.string().max(50).nullish(), summary: z.string().max(50).nullish() }).nullish(),
  include: z.array(z.string().max(200)).max(50).nullish(),
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority', 'fast']).nullish(),
  max_output_tokens: z.number().int().min(16).nullish(),
  prompt_cache_key: z.string().max(1000).nullish(),
  previous_response_id: z.string().max(200).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
});

/** A request that can be answered. */
export type ResponsesRequest = z.infer<typeof body>;
/** One item of `input`. */
export type InputItem = z.infer<typeof inputItem>;
/** One tool as a request offers it. */
export type OfferedTool = z.infer<typeof nestedTool>;

/** Reads a body. @returns the request, or the 400 that OpenAI would answer; an earlier response that it names is looked up by who keeps them */
export function parseResponsesRequest(bytes: Uint8Array): { readonly request: ResponsesRequest } | { readonly refusal: PlainAnswer } {
  const read = parseJson(bytes);
  return 'json' in read ? readResponsesRequest(read.json) : read;
}

/** Reads the text of a body or message as a JSON object. */
export function parseJson(bytes: Uint8Array): { readonly json: Readonly<Record<string, unknown>> } | { readonly refusal: PlainAnswer } {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // What is wrong with the JSON is the sender's business; the refusal says that it is not JSON.
    return { refusal: badRequest('We could not parse the JSON body of your request. (HINT: This likely means you aren\'t using your HTTP library correctly. The OpenAI API expects a JSON payload.)', null) };
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { refusal: badRequest('Invalid body: expected a JSON object.', 'invalid_type') };
  }
  return { json: json as Record<string, unknown> };
}

/** Reads the fields of a request; whether an earlier response that it names is known, is not looked at. */
export function readResponsesRequest(json: Readonly<Record<string, unknown>>): { readonly request: ResponsesRequest } | { readonly refusal: PlainAnswer } {
  for (const name of ['model', 'input']) {
    const value = json[name];
    if (value === undefined || value === null || value === '') {
      return { refusal: badRequest(`Missing required parameter: '${name}'.`, 'missing_required_parameter', name) };
    }
  }
  const parsed = body.safeParse(json);
  if (parsed.success) return { request: parsed.data };
  const issue = parsed.error.issues[0];
  const path = (issue?.path ?? []).map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? String(part) : `.${String(part)}`)).join('');
  const code = issue?.code === 'too_small' && path === 'max_output_tokens' ? 'integer_below_min_value' : 'invalid_value';
  return { refusal: badRequest(`Invalid '${path}': ${issue?.message ?? 'not understood'}.`, code, path) };
}

/** The 400 for an earlier response that is not known, or not any more. */
export function previousNotFound(id: string): PlainAnswer {
  return badRequest(`Previous response with id '${id}' not found.`, 'previous_response_not_found', 'previous_response_id');
}

/** The tier that serves a request: `fast` is OpenAI's newer name for `priority`, absent means `default`. */
export function servedTier(requested: ResponsesRequest['service_tier']): string {
  if (requested === 'fast') return 'priority';
  return !requested || requested === 'auto' ? 'default' : requested;
}

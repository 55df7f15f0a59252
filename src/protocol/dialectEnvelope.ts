// Reads the body of a metered request in whichever API it speaks: the same few facts from each. The
// Responses API's own reader is requestEnvelope.ts; chat completions and embeddings are read here, as
// OpenAI's specification has them. It keeps no prompt and never throws.
import type { BodySize } from '../domain/estimateBasis.ts';
import type { ApiDialect } from './apiDialect.ts';
import { bodySize } from './bodySize.ts';
import { parseClientJson } from './clientJson.ts';
import { clean } from './clientText.ts';
import { isCount, outputTokensMax, readRequest } from './requestEnvelope.ts';
import type { BrokenEnvelope, RequestEnvelope } from './requestEnvelope.ts';
import { field, record } from './responseUsage.ts';
import { stepPrints } from './stepPrint.ts';

/** More answers than any API gives to one request. */
const answersMax = 128;

/** Reads a decoded request body. */
export function readEnvelope(body: string, dialect: ApiDialect = 'responses'): RequestEnvelope | BrokenEnvelope {
  const parsed = parseClientJson(body);
  if ('broken' in parsed) return { broken: `The body ${parsed.broken}.` };
  const request = record(parsed.value);
  if (!request) return { broken: 'The body is not a JSON object.' };
  switch (dialect) {
    case 'responses': case 'compact': return readRequest(request, body.length);
    case 'chat': return readChat(request, body.length);
    case 'embeddings': return readEmbeddings(request, body.length);
  }
}

/** `POST /v1/chat/completions`: `max_completion_tokens` (or the older `max_tokens`) limits each of `n` answers. */
function readChat(request: Readonly<Record<string, unknown>>, bodyCharacters: number): RequestEnvelope | BrokenEnvelope {
  const model = clean(request['model']);
  if (model === undefined) return { broken: 'The body names no model.' };
  const stream = request['stream'] ?? false;
  if (typeof stream !== 'boolean') return { broken: 'The value of "stream" is not true or false.' };
  const maxOutput = request['max_completion_tokens'] ?? request['max_tokens'] ?? undefined;
  if (!isCount(maxOutput)) return { broken: 'The value of "max_completion_tokens" is not a positive whole number.' };
  const answers = request['n'] ?? undefined;
  if (!isCount(answers)) return { broken: 'The value of "n" is not a positive whole number.' };
  return {
    model, stream,
    ...field('maxOutputTokens', maxOutput === undefined ? undefined : Math.min(maxOutput, outputTokensMax)),
    ...field('answers', answers === undefined || answers === 1 ? undefined : Math.min(answers, answersMax)),
    ...field('serviceTier', clean(request['service_tier'])),
    ...field('effort', clean(request['reasoning_effort'])),
    ...field('promptCacheKey', clean(request['prompt_cache_key'])),
    size: bodySize(request, bodyCharacters),
    ...field('prints', stepPrints(request)),
  };
}

/** `POST /v1/embeddings`: text, texts, or tokens that were counted already. Nothing is written in answer. */
function readEmbeddings(request: Readonly<Record<string, unknown>>, bodyCharacters: number): RequestEnvelope | BrokenEnvelope {
  const model = clean(request['model']);
  if (model === undefined) return { broken: 'The body names no model.' };
  return { model, stream: false, maxOutputTokens: 0, ...field('serviceTier', clean(request['service_tier'])), size: tokensGiven(request['input']) ?? bodySize({ input: request['input'] }, bodyCharacters) };
}

/** The size of an input that consists of tokens, as one list or several; undefined where it is text. */
function tokensGiven(input: unknown): BodySize | undefined {
  if (!Array.isArray(input) || input.length === 0) return undefined;
  const lists: readonly unknown[] = Array.isArray(input[0]) ? input : [input];
  let tokens = 0;
  for (const list of lists) {
    if (!Array.isArray(list) || typeof list[0] !== 'number') return undefined;
    tokens += list.length;
  }
  return { textBytes: tokens, textTokens: tokens };
}

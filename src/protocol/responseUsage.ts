// Reads the facts that accounting needs from a Responses API `response` object: what was used, which
// model and tier really served, how it ended. It believes nothing it cannot read, keeps no text of
// the reply, and never throws.
import { isPlausible, type TokenUsage } from '../domain/tokenUsage.ts';

/** What a response says about itself. What it does not say is absent. */
export interface ResponseFacts {
  readonly id?: string;
  readonly status?: string;
  /** The model that served, which may differ from the one asked for. */
  readonly model?: string;
  /** The tier that served; `fast` is echoed as `priority` (openai-openapi, ServiceTier). */
  readonly serviceTier?: string;
  readonly usage?: TokenUsage;
  /** Usage is there, its parts fit each other and its sum fits its total. Only then may it be charged. */
  readonly usagePlausible: boolean;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly incompleteReason?: string;
}

/** The longest name or id that is kept. */
export const nameCharactersMax = 200;
/** The longest error message that is kept. */
export const messageCharactersMax = 1000;

/**
 * Usage as the Responses API reports it: `input_tokens`, `input_tokens_details {cached_tokens,
 * cache_write_tokens}`, `output_tokens`, `output_tokens_details {reasoning_tokens}`. Missing
 * details are zero parts; a missing total of input or output means that usage is unknown.
 * @returns the numbers as reported, however absurd; `isPlausible` judges them.
 */
export function readUsage(value: unknown): TokenUsage | undefined {
  const usage = record(value);
  const inputTokens = usage?.['input_tokens'];
  const outputTokens = usage?.['output_tokens'];
  if (!usage || typeof inputTokens !== 'number' || typeof outputTokens !== 'number') return undefined;
  const input = record(usage['input_tokens_details']);
  const output = record(usage['output_tokens_details']);
  return {
    inputTokens, outputTokens,
    cachedInputTokens: part(input?.['cached_tokens']),
    cacheWriteTokens: part(input?.['cache_write_tokens']),
    reasoningTokens: part(output?.['reasoning_tokens']),
  };
}

/** The facts of a `response` object or of the body of an answer that is not a stream. */
export function readResponse(value: unknown): ResponseFacts {
  const response = record(value) ?? {};
  const error = record(response['error']);
  const usage = readUsage(response['usage']);
  return {
    ...field('id', text(response['id'])),
    ...field('status', text(response['status'])),
    ...field('model', readable(response['model'])),
    ...field('serviceTier', text(response['service_tier'])),
    ...field('usage', usage),
    usagePlausible: usage !== undefined && isPlausible(usage) && detailsReadable(response['usage']) && totalFits(response['usage'], usage),
    ...field('errorCode', text(error?.['code']) ?? text(error?.['type'])),
    ...field('errorMessage', readable(error?.['message'], messageCharactersMax)),
    ...field('incompleteReason', text(record(response['incomplete_details'])?.['reason'])),
  };
}

/** The same from the text of an answer; a text that is no JSON object has no facts. */
export function readResponseText(body: string): ResponseFacts {
  try {
    return readResponse(JSON.parse(body));
  } catch {
    // A body that cannot be parsed says nothing; the caller then counts the request as estimated.
    return { usagePlausible: false };
  }
}

/** A plain object, or undefined. */
export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined;
}

/** A string that is not empty, cut to a maximum, also through a character; undefined for anything else. */
export function text(value: unknown, charactersMax = nameCharactersMax): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, charactersMax).toWellFormed() : undefined;
}

/** Characters that steer a terminal or turn the direction of writing; of others' text people get to see none of them. */
export const steering = /[\p{Cc}\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** The same for what people read: what steers is left out, and a line break becomes a space. */
export function readable(value: unknown, charactersMax = nameCharactersMax): string | undefined {
  return text(text(value, charactersMax)?.replaceAll(/\r?\n|\t/g, ' ').replaceAll(steering, ''), charactersMax);
}

/** An object with one field, or with none when the value is absent. */
export function field<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : { [name]: value } as { readonly [P in K]?: V };
}

function part(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** Details may be missing, but one that is there must be a number. */
function detailsReadable(value: unknown): boolean {
  const usage = record(value);
  const input = record(usage?.['input_tokens_details']);
  const output = record(usage?.['output_tokens_details']);
  return [input?.['cached_tokens'], input?.['cache_write_tokens'], output?.['reasoning_tokens']]
    .every((detail) => detail === undefined || detail === null || typeof detail === 'number');
}

function totalFits(value: unknown, usage: TokenUsage): boolean {
  const total = record(value)?.['total_tokens'];
  return total === undefined || total === null || total === usage.inputTokens + usage.outputTokens;
}

// Reads the facts that accounting needs from chat completions and embeddings, in the words of the
// Responses API, so that everything behind it is the same. It believes nothing it cannot read, keeps no
// text of the reply, and never throws. Shapes as in OpenAI's specification (CompletionUsage).
import { isPlausible, type TokenUsage } from '../domain/tokenUsage.ts';
import { field, messageCharactersMax, readable, record, text, type ResponseFacts } from './responseUsage.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Usage as chat completions report it: `prompt_tokens`, `prompt_tokens_details {cached_tokens,
 * cache_write_tokens}`, `completion_tokens`, `completion_tokens_details {reasoning_tokens}`. Embeddings
 * have no completion; elsewhere a missing count means that usage is unknown.
 * @returns the numbers as reported, however absurd; `plausible` judges them
 */
export function readChatUsage(value: unknown, hasCompletion = true): { readonly usage: TokenUsage; readonly plausible: boolean } | undefined {
  const reported = record(value);
  const inputTokens = reported?.['prompt_tokens'];
  const outputTokens = hasCompletion ? reported?.['completion_tokens'] : reported?.['completion_tokens'] ?? 0;
  if (!reported || typeof inputTokens !== 'number' || typeof outputTokens !== 'number') return undefined;
  const input = record(reported['prompt_tokens_details']);
  const details = [input?.['cached_tokens'], input?.['cache_write_tokens'], record(reported['completion_tokens_details'])?.['reasoning_tokens']];
  const [cached, written, reasoning] = details.map((detail) => (typeof detail === 'number' ? detail : 0));
  const usage = { inputTokens, outputTokens, cachedInputTokens: cached ?? 0, cacheWriteTokens: written ?? 0, reasoningTokens: reasoning ?? 0 };
  const total = reported['total_tokens'] ?? undefined;
  return {
    usage,
    plausible: isPlausible(usage) && details.every((detail) => detail === undefined || detail === null || typeof detail === 'number')
      && (total === undefined || total === inputTokens + outputTokens),
  };
}

/** How a chat completion ended, told by the reasons of its choices: cut off is incomplete. */
export function statusOfReasons(reasons: readonly unknown[]): 'completed' | 'incomplete' | undefined {
  const told = reasons.filter((reason) => typeof reason === 'string');
  if (told.length === 0) return undefined;
  return told.some((reason) => reason === 'length' || reason === 'content_filter') ? 'incomplete' : 'completed';
}

/** The choices of a completion or of a chunk of one. */
export function choicesOf(completion: Fields): readonly Fields[] {
  const choices = completion['choices'];
  if (!Array.isArray(choices)) return [];
  return choices.map((choice: unknown) => record(choice)).filter((choice) => choice !== undefined);
}

/** How much a message, or a piece of one, has written: text, refusal, reasoning that is shown, and arguments. */
export function writtenCharacters(message: unknown): number {
  const said = record(message);
  if (!said) return 0;
  let characters = 0;
  for (const name of ['content', 'refusal', 'reasoning_content', 'reasoning']) characters += lengthOf(said[name]);
  const calls = said['tool_calls'];
  if (Array.isArray(calls)) for (const call of calls) characters += lengthOf(record(record(call)?.['function'])?.['arguments']);
  return characters + lengthOf(record(said['function_call'])?.['arguments']);
}

/** The facts of an error inside of an answer that began as a success. */
export function failedFacts(error: Fields): ResponseFacts {
  return {
    status: 'failed', usagePlausible: false,
    ...field('errorCode', text(error['code']) ?? text(error['type'])), ...field('errorMessage', readable(error['message'], messageCharactersMax)),
  };
}

/** The facts of a `chat.completion`, and how much it wrote. */
export function readCompletion(value: unknown): { readonly facts: ResponseFacts; readonly outputChars: number } {
  const completion = record(value) ?? {};
  const error = record(completion['error']);
  if (error) return { facts: failedFacts(error), outputChars: 0 };
  const choices = choicesOf(completion);
  const read = readChatUsage(completion['usage']);
  return {
    facts: { ...namesOf(completion), ...field('status', statusOfReasons(choices.map((choice) => choice['finish_reason'])) ?? (read ? 'completed' : undefined)), ...field('usage', read?.usage), usagePlausible: read?.plausible ?? false },
    outputChars: choices.reduce((sum, choice) => sum + writtenCharacters(choice['message']), 0),
  };
}

/** What a completion or a chunk says of itself. */
export function namesOf(completion: Fields): Pick<ResponseFacts, 'id' | 'model' | 'serviceTier'> {
  return { ...field('id', text(completion['id'])), ...field('model', readable(completion['model'])), ...field('serviceTier', text(completion['service_tier'])) };
}

/** Characters at the end of an answer in which its usage is looked for. */
const tailCharactersMax = 4096;

/**
 * The facts of a list of embeddings. The vectors may be tens of megabytes and hold nothing but numbers, so usage and
 * model are first looked for behind them, where OpenAI writes them.
 * @param tail the end of the answer @param whole all of it, where it is short enough to be parsed
 */
export function readEmbeddingsAnswer(tail: string, whole: () => string | undefined): ResponseFacts {
  const end = tail.slice(-tailCharactersMax);
  const usage = /"usage"\s*:\s*(\{[^{}]*\})/.exec(end)?.[1];
  const found = usage === undefined ? undefined : parsed(usage);
  if (found) return embeddingsFacts({ usage: found, model: parsed(`{${/"model"\s*:\s*"[^"\\]{1,200}"/.exec(end)?.[0] ?? ''}}`)?.['model'] });
  return embeddingsFacts(parsed(whole() ?? '') ?? {});
}

function embeddingsFacts(answer: Fields): ResponseFacts {
  const read = readChatUsage(answer['usage'], false);
  const isList = read !== undefined || Array.isArray(answer['data']);
  return { ...namesOf(answer), ...field('status', isList ? 'completed' : undefined), ...field('usage', read?.usage), usagePlausible: read?.plausible ?? false };
}

function parsed(json: string): Fields | undefined {
  try {
    return record(JSON.parse(json));
  } catch {
    // What cannot be parsed tells nothing; the caller then counts the request as estimated.
    return undefined;
  }
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}

// The output items of an answer (message, tool call, reasoning, compaction) and the events that
// build each of them up piece by piece. It knows shapes and cutting at a token budget; it knows
// nothing of sequence numbers, usage or sending.
import { bytesPerToken } from './promptTokens.ts';
import type { Reply } from './reply.ts';
import type { ToolCall } from './toolCall.ts';

/** One event of an item's life, without the fields that depend on its place in the answer. */
export interface ItemPart {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Bytes of output that this event carries; they count as output tokens. */
  readonly bytes: number;
  /** The event carries the whole item, so that it needs no item id beside it. */
  readonly isItem: boolean;
}

/** An item with its events. */
export interface ProducedItem {
  readonly id: string;
  readonly isReasoning: boolean;
  /** The item as it stands in the finished response. */
  readonly finished: Readonly<Record<string, unknown>>;
  readonly parts: readonly ItemPart[];
  /** The token budget ended it early. */
  readonly cutOff: boolean;
}

/** Reasoning that nobody may read: no summary, and encrypted content only where it was asked for. */
export function reasoningItem(id: string, withEncryptedContent: boolean): ProducedItem {
  const finished = { id, type: 'reasoning', summary: [], ...(withEncryptedContent ? { encrypted_content: `sandbox-${id}` } : {}) };
  return {
    id, isReasoning: true, finished, cutOff: false,
    parts: [wholeItem('response.output_item.added', { id, type: 'reasoning', summary: [] }), wholeItem('response.output_item.done', finished)],
  };
}

/**
 * The item that a reply becomes, within `tokensMax` tokens; undefined when there is no room at all.
 */
export function outputItem(reply: Reply, newId: (prefix: string) => string, tokensMax: number): ProducedItem | undefined {
  if (tokensMax < 1) return undefined;
  if (reply.kind === 'call') return callItem(reply.call, newId, tokensMax);
  const { text, cutOff } = cutToTokens(reply.text, tokensMax);
  return reply.kind === 'compaction' ? compactionItem(newId('cmp_'), text, cutOff) : messageItem(newId('msg_'), text, cutOff, reply.inOnePiece ? [text] : smallPieces(text));
}

function messageItem(id: string, text: string, cutOff: boolean, deltas: readonly string[]): ProducedItem {
  const status = cutOff ? 'incomplete' : 'completed';
  const part = (content: string) => ({ type: 'output_text', annotations: [], logprobs: [], text: content });
  const finished = { id, type: 'message', status, role: 'assistant', content: [part(text)] };
  return {
    id, isReasoning: false, finished, cutOff,
    parts: [
      wholeItem('response.output_item.added', { id, type: 'message', status: 'in_progress', role: 'assistant', content: [] }),
      piece('response.content_part.added', { content_index: 0, part: part('') }),
      ...deltas.map((delta) => piece('response.output_text.delta', { content_index: 0, delta, logprobs: [] }, delta)),
      piece('response.output_text.done', { content_index: 0, text, logprobs: [] }),
      piece('response.content_part.done', { content_index: 0, part: part(text) }),
      wholeItem('response.output_item.done', finished),
    ],
  };
}

function callItem(call: ToolCall, newId: (prefix: string) => string, tokensMax: number): ProducedItem {
  const isFunction = call.kind === 'function';
  const id = newId(isFunction ? 'fc_' : 'ctc_');
  const { text, cutOff } = cutToTokens(call.input, tokensMax);
  const field = isFunction ? 'arguments' : 'input';
  const item = (status: string, input: string) => ({
    id, type: isFunction ? 'function_call' : 'custom_tool_call', status, call_id: callId, name: call.name,
    ...(call.namespace ? { namespace: call.namespace } : {}), [field]: input,
  });
  const callId = newId('call_');
  const finished = item(cutOff ? 'incomplete' : 'completed', text);
  const event = isFunction ? 'response.function_call_arguments' : 'response.custom_tool_call_input';
  return {
    id, isReasoning: false, finished, cutOff,
    parts: [
      wholeItem('response.output_item.added', item('in_progress', '')),
      ...smallPieces(text).map((delta) => piece(`${event}.delta`, { delta }, delta)),
      piece(`${event}.done`, { [field]: text }),
      wholeItem('response.output_item.done', finished),
    ],
  };
}

function compactionItem(id: string, text: string, cutOff: boolean): ProducedItem {
  const finished = { id, type: 'compaction', encrypted_content: text };
  return {
    id, isReasoning: false, finished, cutOff,
    parts: [
      wholeItem('response.output_item.added', { id, type: 'compaction', encrypted_content: '' }),
      { ...wholeItem('response.output_item.done', finished), bytes: Buffer.byteLength(text) },
    ],
  };
}

function wholeItem(type: string, item: Readonly<Record<string, unknown>>): ItemPart {
  return { type, data: { item }, bytes: 0, isItem: true };
}

function piece(type: string, data: Readonly<Record<string, unknown>>, counted = ''): ItemPart {
  return { type, data, bytes: Buffer.byteLength(counted), isItem: false };
}

/** Splits a text into pieces of about a token, as a model would stream it; joined they are the text. */
export function smallPieces(text: string): readonly string[] {
  return text.match(/\s*\S{1,4}|\s+$/gu) ?? [];
}

/** Cuts a text to that many tokens, never inside a character. */
export function cutToTokens(text: string, tokensMax: number): { readonly text: string; readonly cutOff: boolean } {
  if (Buffer.byteLength(text) <= tokensMax * bytesPerToken) return { text, cutOff: false };
  const bytes = Buffer.from(text);
  let end = tokensMax * bytesPerToken;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return { text: bytes.subarray(0, end).toString(), cutOff: true };
}

// One answer of the Responses API as it goes over the wire, kept as bytes: the stream that tests cut
// and slice at every place, and the same answer as JSON. Its figures are chosen so that each of them
// is different from all others.
import { chunkOf, lastChunk, streamHead, wholeAnswer } from './scriptedUpstream.ts';
import type { Script } from './scriptedUpstream.ts';

/** What the recorded answer reports as used. */
export const recordedUsage = { inputTokens: 1200, cachedInputTokens: 1000, outputTokens: 34, reasoningTokens: 20 } as const;

/** Its model; the price list has it. */
export const recordedModel = 'gpt-5.5';

const responseId = 'resp_93c0b4b94169a7d5';
const itemId = 'msg_9b7ca2cdb749e1f0';
const text = 'Größe: 3 µm — done 😀.';

function responseObject(status: 'in_progress' | 'completed'): Record<string, unknown> {
  const done = status === 'completed';
  return {
    id: responseId, object: 'response', created_at: 1_795_333_889, status, model: recordedModel,
    output: done ? [{ type: 'message', id: itemId, status: 'completed', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] }] : [],
    usage: done ? {
      input_tokens: recordedUsage.inputTokens, input_tokens_details: { cached_tokens: recordedUsage.cachedInputTokens },
      output_tokens: recordedUsage.outputTokens, output_tokens_details: { reasoning_tokens: recordedUsage.reasoningTokens },
      total_tokens: recordedUsage.inputTokens + recordedUsage.outputTokens,
    } : null,
    error: null, incomplete_details: null,
  };
}

function eventText(type: string, fields: Readonly<Record<string, unknown>>, sequence: number): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields, sequence_number: sequence })}\n\n`;
}

const place = { item_id: itemId, output_index: 0, content_index: 0 };

/** The events as texts, in order; the last one is the terminal event. */
export const recordedEvents: readonly string[] = [
  eventText('response.created', { response: responseObject('in_progress') }, 0),
  eventText('response.output_item.added', { output_index: 0, item: { type: 'message', id: itemId, status: 'in_progress', role: 'assistant', content: [] } }, 1),
  eventText('response.output_text.delta', { ...place, delta: 'Größe: 3 µm' }, 2),
  eventText('response.output_text.delta', { ...place, delta: ' — done 😀.' }, 3),
  eventText('response.output_text.done', { ...place, text }, 4),
  eventText('response.completed', { response: responseObject('completed') }, 5),
];

/** The whole stream. */
export const recordedStream: Buffer = Buffer.from(recordedEvents.join(''));

/** The byte behind the last byte of the terminal event's data: from here on the usage is known. */
export const terminalKnownAt = recordedStream.length - 2;

/** The first byte of the terminal event. */
export const terminalStartsAt = Buffer.byteLength(recordedEvents.slice(0, -1).join(''));

/** The same answer without streaming. */
export const recordedJson: Buffer = Buffer.from(JSON.stringify(responseObject('completed')));

/** A client's request for the recorded answer. */
export function recordedRequest(stream = true, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ model: recordedModel, stream, input: 'how large is it?', ...more });
}

/** Answers every request well: the stream or the JSON, as asked. */
export const answerWell: Script = async (request, wire) => {
  if (request.line.startsWith('GET')) { await wire.write(wholeAnswer(200, '{"object":"list","data":[]}')); return; }
  const isStream = request.body.includes('"stream":true');
  await wire.write(isStream ? Buffer.concat([Buffer.from(streamHead()), chunkOf(recordedStream), Buffer.from(lastChunk)]) : wholeAnswer(200, recordedJson));
};

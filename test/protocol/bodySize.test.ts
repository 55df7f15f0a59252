// The size of a request told from its body: what is text and what is not, a sample that stands for a
// large text, and a bound on the work that any body can make.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { readBasis } from '../../src/domain/estimateBasis.ts';
import { Estimator } from '../../src/domain/estimator.ts';
import { countText } from '../../src/domain/tokenGuess.ts';
import { bodySize, sampleCharactersMax, stepsMax } from '../../src/protocol/bodySize.ts';
import { readEnvelope } from '../../src/protocol/dialectEnvelope.ts';

const samples = JSON.parse(readFileSync(path.join(import.meta.dirname, '../domain/fixtures/o200kCounts.json'), 'utf8')) as readonly { readonly tokens: number; readonly text: string }[];
const measure = (request: Record<string, unknown>) => bodySize(request, JSON.stringify(request).length);
const message = (...content: object[]) => ({ type: 'message', role: 'user', content });
const inputText = (text: string) => ({ type: 'input_text', text });
const base64 = (characters: number) => 'iVBORw0KGgoAAAANSUhEUgAA'.repeat(Math.ceil(characters / 24)).slice(0, characters);
const frame = 4;

describe('body size', () => {
  it('counts the text that the model reads, with a frame around each item', () => {
    const prompt = 'Add a line to notes.md, please.';
    const { tokens, bytes } = countText(prompt);
    for (const input of [prompt, [message(inputText(prompt))], [{ role: 'user', content: prompt }]]) {
      assert.deepEqual(measure({ model: 'm', input }), { textBytes: bytes + frame, textTokens: Math.ceil(tokens) + frame });
    }
    assert.equal(measure({ instructions: prompt, input: prompt }).textBytes, 2 * bytes + frame);
    assert.equal(measure({ input: '' }).textTokens, frame);
    assert.equal(measure({ input: 'naïve 你好' }).textBytes, Buffer.byteLength('naïve 你好') + frame);
  });

  it('leaves out what only labels the request, as Codex sends it', () => {
    const bare = { model: 'm', input: [message(inputText('hello there'))] };
    const labelled = {
      model: 'gpt-6.1-sol', stream: true, store: false, include: ['reasoning.encrypted_content'], prompt_cache_key: 'x'.repeat(100), reasoning: { effort: 'low' },
      client_metadata: { 'x-codex-turn-metadata': 'y'.repeat(5000) },
      input: [{ ...message(inputText('hello there')), id: 'msg_'.padEnd(60, '1'), internal_chat_message_metadata_passthrough: { turn_id: 'z'.repeat(200) } }],
    };
    assert.deepEqual(measure(labelled), measure(bare));
  });

  it('reads the names of fields in schemas, and those only', () => {
    const parameters = { type: 'object', properties: { path: { type: 'string' } } };
    const counted = (words: string[]) => words.reduce((sum, word) => sum + word.length, frame);
    assert.equal(measure({ tools: [{ type: 'function', name: 'read', parameters }] }).textBytes,
      counted(['type', 'function', 'name', 'read', 'parameters', 'type', 'object', 'properties', 'path', 'type', 'string']));
    assert.equal(measure({ input: [{ type: 'function_call', call_id: 'c', name: 'read', arguments: '{"path":"a"}' }] }).textBytes, counted(['read', '{"path":"a"}']));
  });

  it('tells images, files and sealed content from text', () => {
    const image = `data:image/png;base64,${base64(400_000)}`;
    assert.deepEqual(measure({ input: [message({ type: 'input_image', image_url: image, detail: 'original' }, { type: 'input_image', file_id: 'file-1' })] }), { textBytes: frame, textTokens: frame, images: 2, originalImages: 1 });
    assert.deepEqual(measure({ input: [{ type: 'function_call_output', output: [{ type: 'input_image', image_url: image }] }] }), { textBytes: frame, textTokens: frame, images: 1 });
    assert.deepEqual(measure({ input: [{ type: 'image_generation_call', result: base64(9000) }] }), { textBytes: frame, textTokens: frame, images: 1 });
    assert.deepEqual(measure({ input: [message({ type: 'image_url', image_url: { url: image } })] }), { textBytes: frame, textTokens: frame, images: 1 });
    const pdf = `data:application/pdf;base64,${base64(5000)}`;
    assert.deepEqual(measure({ input: [message({ type: 'input_file', filename: 'a.pdf', file_data: pdf }, { type: 'input_file', file_id: 'file-2' })] }), { textBytes: frame + 5, textTokens: frame + countTokens('a.pdf'), files: 2, fileBytes: pdf.length });
    const csv = `data:text/csv;base64,${base64(3000)}`;
    assert.deepEqual(measure({ input: [message({ type: 'input_file', file_data: csv })] }), { textBytes: frame, textTokens: frame, encodedBytes: csv.length });
    assert.deepEqual(measure({ input: [message({ type: 'input_audio', input_audio: { data: base64(700), format: 'wav' } })] }), { textBytes: frame, textTokens: frame, files: 1, fileBytes: 700 });
    assert.deepEqual(measure({ input: [{ type: 'input_later', later_url: image }] }), { textBytes: frame, textTokens: frame, files: 1, fileBytes: image.length }, 'a kind of item that is not known yet');
    assert.deepEqual(measure({ input: [{ type: 'reasoning', summary: [], encrypted_content: base64(2000) }] }), { textBytes: frame, textTokens: frame, encodedBytes: 2000 });
  });

  it('takes data in a message for the text that it is', () => {
    const pasted = `data:image/png;base64,${base64(30_000)}`;
    for (const item of [message(inputText(pasted)), { type: 'function_call_output', output: pasted }]) {
      assert.equal(measure({ input: [item] }).textBytes, pasted.length + frame);
    }
  });

  it('knows input that is not in the body', () => {
    assert.deepEqual(measure({ input: 'a', previous_response_id: 'resp_1' }), { textBytes: 5, textTokens: 5, continues: true, continuesId: 'resp_1' });
    for (const more of [{ conversation: 'conv_1' }, { conversation: { id: 'conv_1' } }, { prompt: { id: 'pmpt_1' } }]) {
      assert.deepEqual(measure({ input: 'a', ...more }), { textBytes: 5, textTokens: 5, continues: true });
    }
    assert.equal(measure({ input: 'a', previous_response_id: null, conversation: null, prompt: {} }).continues, undefined);
  });

  it('guesses a large conversation from a sample', () => {
    const input = Array.from({ length: 400 }, (_, index) => ({ type: 'function_call_output', call_id: 'c', output: samples[index % samples.length]?.text ?? '' }));
    const tokens = input.reduce((sum, _, index) => sum + (samples[index % samples.length]?.tokens ?? 0) + frame, 0);
    const bytes = input.reduce((sum, one) => sum + Buffer.byteLength(one.output) + frame, 0);
    assert.ok(bytes > 10 * sampleCharactersMax);
    const { textTokens = 0, textBytes = 0 } = measure({ input });
    assert.ok(Math.abs(textTokens / tokens - 1) < 0.1, `${textTokens} for ${tokens}`);
    assert.ok(Math.abs(textBytes / bytes - 1) < 0.05, `${textBytes} for ${bytes}`);
  });

  it('is never called certainly larger than a real tokenizer counts, and mostly held for what it counts', () => {
    let covered = 0;
    const runs = [['a', 1000], ['=', 125], [' ', 63], ['\n', 500], ['}', 4000]] as const;
    const texts = [...samples, ...runs.map(([unit, tokens]) => ({ text: unit.repeat(8000), tokens }))];
    for (const { text, tokens } of texts) {
      const input = [message(inputText(text))];
      const estimate = new Estimator().estimate({ model: 'm', bodyBytes: JSON.stringify({ input }).length, ...measure({ input }) });
      assert.ok(estimate.certainInputTokens <= tokens, `${text.slice(0, 20)}: ${estimate.certainInputTokens} of ${tokens}`);
      assert.ok(estimate.certainInputTokens > 0);
      if (estimate.holdInputTokens >= tokens) covered += 1;
    }
    assert.ok(covered >= texts.length * 0.9, `${covered} of ${texts.length}`);
  });

  it('looks at no more values than it says, and counts the rest as text', () => {
    let looks = 0;
    const watched = (values: unknown[]) => new Proxy(values, { get: (target, key) => { looks += 1; return target[key as unknown as number]; } });
    const many = Array.from({ length: 4 * stepsMax }, () => 'ab');
    const { textBytes = 0, textTokens = 0 } = bodySize({ input: [{ content: watched(many) }] }, many.length * 5);
    // One look is at the length, each time round.
    assert.ok(looks <= 2 * stepsMax + 10, `${looks} looks`);
    assert.ok(looks > stepsMax / 2, 'the watch works');
    assert.ok(textBytes >= many.length * 4 && textTokens >= many.length, `${textBytes} bytes, ${textTokens} tokens`);
    assert.ok(measure({ input: Array.from({ length: 4 * stepsMax }, () => 0) }).textTokens, 'numbers alone');
  });

  it('takes far less time than parsing took, for the largest body', () => {
    const output = samples.map(({ text }) => text).join('').repeat(30);
    const input = Array.from({ length: Math.floor(60_000_000 / output.length) }, () => ({ type: 'function_call_output', output }));
    const json = JSON.stringify({ input });
    const started = performance.now();
    const parsed = JSON.parse(json) as Record<string, unknown>;
    const parsedAt = performance.now();
    const { textTokens = 0 } = bodySize(parsed, json.length);
    const measured = performance.now() - parsedAt;
    assert.ok(json.length > 55_000_000 && textTokens > 10_000_000);
    assert.ok(measured < (parsedAt - started) / 2, `${measured} ms, parsing ${parsedAt - started} ms`);
  });

  it('never throws, and says only what a basis may hold, of whatever JSON', () => {
    fc.assert(fc.property(fc.dictionary(fc.constantFrom('input', 'tools', 'instructions', 'text', 'prompt', 'conversation', 'previous_response_id'), fc.jsonValue({ maxDepth: 5 })), (request) => {
      const size = measure(request);
      const basis = { model: 'm', bodyBytes: JSON.stringify(request).length, ...size };
      assert.deepEqual(readBasis(structuredClone(basis)), basis);
      assert.ok((size.textTokens ?? 0) <= (size.textBytes ?? 0));
    }));
    let deep: unknown = 'end';
    for (let depth = 0; depth < 5000; depth += 1) deep = depth % 2 ? [deep] : { content: deep };
    assert.ok((bodySize({ input: [deep], instructions: 'after it' }, 35_000).textBytes ?? 0) >= 30_000, 'what lies too deep counts by its length');
  });

  it('comes with the envelope', () => {
    const read = readEnvelope(JSON.stringify({ model: 'm', input: 'hello', previous_response_id: 'resp_9' }));
    assert.deepEqual('size' in read ? read.size : undefined, { textBytes: 9, textTokens: 5, continues: true, continuesId: 'resp_9' });
  });
});

function countTokens(text: string): number {
  return Math.ceil(countText(text).tokens);
}

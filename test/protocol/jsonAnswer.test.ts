// Answers as JSON in each API: usage as reported, what cannot be believed marked, and lists of vectors read
// without parsing them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readChatUsage } from '../../src/protocol/chatUsage.ts';
import { readAnswer } from '../../src/protocol/jsonAnswer.ts';

const whole = (dialect: Parameters<typeof readAnswer>[0], answer: unknown) => { const text = typeof answer === 'string' ? answer : JSON.stringify(answer); return readAnswer(dialect, text.slice(-16_384), () => text); };
const usage = { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29, prompt_tokens_details: { cached_tokens: 4, audio_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 6 } };
const used = { inputTokens: 19, cachedInputTokens: 4, cacheWriteTokens: 0, outputTokens: 10, reasoningTokens: 6 };
const completion = {
  id: 'chatcmpl-1', object: 'chat.completion', created: 1_741_569_952, model: 'gpt-5.5', service_tier: 'default', usage,
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello!', refusal: null, annotations: [], tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }] }, logprobs: null, finish_reason: 'stop' }],
};

describe('answers as JSON', () => {
  it('of a chat', () => {
    assert.deepEqual(whole('chat', completion), { facts: { id: 'chatcmpl-1', model: 'gpt-5.5', serviceTier: 'default', status: 'completed', usage: used, usagePlausible: true }, outputChars: 'Hello!{}'.length });
    assert.equal(whole('chat', { ...completion, choices: [{ finish_reason: 'stop' }, { finish_reason: 'length' }] }).facts.status, 'incomplete');
    const { usage: _usage, ...silent } = completion;
    assert.deepEqual([whole('chat', silent).facts.usage, whole('chat', silent).facts.status, whole('chat', silent).outputChars], [undefined, 'completed', 8]);
    assert.deepEqual(whole('chat', { error: { message: 'No.', type: 'server_error', code: null } }).facts, { status: 'failed', usagePlausible: false, errorCode: 'server_error', errorMessage: 'No.' });
    assert.deepEqual(whole('chat', '<html>').facts, { usagePlausible: false });
  });

  it('of a compaction, which has no status', () => {
    const compaction = { id: 'resp_1', object: 'response.compaction', created_at: 1, output: [], usage: { input_tokens: 139, input_tokens_details: { cached_tokens: 0 }, output_tokens: 438, output_tokens_details: { reasoning_tokens: 64 }, total_tokens: 577 } };
    const { facts } = whole('compact', compaction);
    assert.deepEqual([facts.status, facts.usage?.outputTokens, facts.usagePlausible], ['completed', 438, true]);
    assert.equal(whole('compact', { ...compaction, object: 'other' }).facts.status, undefined);
    assert.equal(whole('responses', compaction).facts.status, undefined);
  });

  it('of embeddings, whatever comes first and however long it is', () => {
    const vectors = { object: 'list', data: [{ object: 'embedding', index: 0, embedding: Array.from({ length: 5000 }, (_, index) => index / 7) }], model: 'text-embedding-3-small' };
    const told = { model: 'text-embedding-3-small', status: 'completed', usage: { ...used, inputTokens: 8, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0 }, usagePlausible: true };
    const reported = { prompt_tokens: 8, total_tokens: 8 };
    assert.deepEqual(whole('embeddings', { ...vectors, usage: reported }).facts, told);
    assert.deepEqual(whole('embeddings', { usage: reported, ...vectors }).facts, told);
    const text = JSON.stringify({ ...vectors, usage: reported });
    assert.deepEqual(readAnswer('embeddings', text.slice(-400), () => undefined).facts, told, 'too long to be parsed');
    assert.deepEqual(whole('embeddings', vectors).facts, { model: 'text-embedding-3-small', status: 'completed', usagePlausible: false });
    assert.deepEqual(whole('embeddings', text.slice(0, -1)).facts.usagePlausible, true, 'the usage itself was whole');
    assert.deepEqual(whole('embeddings', text.slice(0, -12)).facts, { usagePlausible: false });
  });

  it('mark usage that cannot be believed', () => {
    const plausible = (value: unknown) => readChatUsage(value)?.plausible;
    assert.deepEqual([plausible(usage), plausible({ prompt_tokens: 1, completion_tokens: 2 })], [true, true]);
    for (const lie of [{ ...usage, total_tokens: 5 }, { ...usage, prompt_tokens: -1, total_tokens: 9 }, { ...usage, completion_tokens: 0.5, total_tokens: 19.5 }, { ...usage, prompt_tokens_details: { cached_tokens: 20 } }, { ...usage, completion_tokens_details: { reasoning_tokens: 'six' } }, { ...usage, prompt_tokens: 1e308, total_tokens: 1e308 }]) assert.equal(plausible(lie), false, JSON.stringify(lie));
    for (const unknown of [null, undefined, [], 'many', {}, { prompt_tokens: 1 }, { prompt_tokens: '1', completion_tokens: 2 }]) assert.equal(readChatUsage(unknown), undefined);
  });

  it('never throw', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), fc.constantFrom('responses', 'compact', 'chat', 'embeddings'), (one, other, dialect) => {
      assert.equal(typeof whole(dialect, { choices: one, usage: other, error: one, data: other, message: one }).facts.usagePlausible, 'boolean');
    }));
  });
});

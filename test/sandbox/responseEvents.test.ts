// The event sequence of an answer: order, numbering, agreement of pieces and whole, honest usage.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isPlausible } from '../../src/domain/tokenUsage.ts';
import { misleadingReply, type Reply } from '../../src/sandbox/reply.ts';
import { buildAnswer, type AnswerPlan, type BuiltAnswer } from '../../src/sandbox/responseEvents.ts';
import type { ResponsesRequest } from '../../src/sandbox/responsesRequest.ts';
import { soundStream } from '../../src/sandbox/faultAction.ts';
import { streamFrames } from '../../src/sandbox/streamBytes.ts';
import { eventsOf, type Json } from './asking.ts';

const build = (reply: Reply, request: Partial<ResponsesRequest> = {}, plan: Partial<AnswerPlan> = {}): BuiltAnswer => {
  let ids = 0;
  return buildAnswer({
    request: { model: 'gpt-5.5', input: 'hi', ...request }, reply, responseId: 'resp_1', createdAtS: 1, newId: (prefix) => `${prefix}${++ids}`,
    inputTokens: 2000, cachedTokens: 1024, cacheWriteTokens: 128, reasoningTokens: 0, ending: { kind: 'completed' }, ...plan,
  });
};
const types = (answer: BuiltAnswer) => answer.events.map((event) => event.type.replace('response.', ''));
const data = (answer: BuiltAnswer, type: string) => answer.events.filter((event) => event.type === `response.${type}`).map((event) => event.data as Record<string, Json>);

describe('the events of an answer', function () {
  this.timeout(30_000);

  it('come in OpenAI\'s order for a text', () => {
    assert.deepEqual(types(build({ kind: 'text', text: 'hi you' })), [
      'created', 'in_progress', 'output_item.added', 'content_part.added', 'output_text.delta', 'output_text.delta',
      'output_text.done', 'content_part.done', 'output_item.done', 'completed',
    ]);
  });

  it('begin with reasoning where some was asked for, encrypted only on request', () => {
    const answer = build({ kind: 'text', text: 'hi' }, { include: ['reasoning.encrypted_content'] }, { reasoningTokens: 64 });
    assert.deepEqual(types(answer).slice(2, 5), ['output_item.added', 'output_item.done', 'output_item.added']);
    const [reasoning] = data(answer, 'output_item.done');
    assert.equal(reasoning?.['item'].type, 'reasoning');
    assert.ok(reasoning?.['item'].encrypted_content);
    assert.deepEqual([answer.usage.outputTokens, answer.usage.reasoningTokens], [65, 64]);
  });

  it('build up a function call and a custom call piece by piece', () => {
    const called = build({ kind: 'call', call: { kind: 'function', name: 'f', input: '{"cmd":"echo 1"}' } });
    assert.deepEqual(data(called, 'function_call_arguments.delta').map((event) => event['delta']).join(''), '{"cmd":"echo 1"}');
    const { item } = data(called, 'output_item.done')[0] ?? {};
    assert.deepEqual([item.type, item.name, item.arguments, item.status], ['function_call', 'f', '{"cmd":"echo 1"}', 'completed']);
    const custom = build({ kind: 'call', call: { kind: 'custom', name: 'exec', namespace: 'functions', input: 'text(1)' } });
    const done = data(custom, 'output_item.done')[0]?.['item'];
    assert.deepEqual([done.type, done.namespace, done.input], ['custom_tool_call', 'functions', 'text(1)']);
    assert.match(done.call_id, /^call_/);
  });

  it('agree with each other, whatever the text and the budget', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'word', ' ', '\n', 'ß', '€', '😀'), minLength: 1 }), fc.option(fc.integer({ min: 16, max: 60 })), fc.constantFrom(0, 16, 64), (text, budget, reasoningTokens) => {
      const answer = build({ kind: 'text', text }, { max_output_tokens: budget }, { reasoningTokens });
      assert.deepEqual(answer.events.map((event) => event.data['sequence_number']), answer.events.map((_, index) => index));
      assert.ok(answer.events.every((event, index) => event.outputTokens >= (answer.events[index - 1]?.outputTokens ?? 0)));
      const streamed = data(answer, 'output_text.delta').map((event) => event['delta']).join('');
      const whole = data(answer, 'output_text.done')[0]?.['text'] ?? '';
      assert.equal(streamed, whole);
      assert.ok(text.startsWith(whole));
      assert.equal(answer.usage.outputTokens, answer.usage.reasoningTokens + Math.ceil(Buffer.byteLength(whole) / 4));
      assert.ok(answer.usage.outputTokens <= (budget ?? Number.POSITIVE_INFINITY));
      assert.ok(isPlausible(answer.usage));
      assert.equal(answer.response['status'], whole === text ? 'completed' : 'incomplete');
      assert.equal(answer.events.at(-1)?.type, `response.${answer.response['status'] as string}`);
    }));
  });

  it('report usage whose total is input and output together', () => {
    assert.deepEqual(build({ kind: 'text', text: 'hi you' }).response['usage'], {
      input_tokens: 2000, input_tokens_details: { cached_tokens: 1024, cache_write_tokens: 128 },
      output_tokens: 2, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 2002,
    });
  });

  it('end incomplete, with usage, when the budget is used up', () => {
    const answer = build({ kind: 'text', text: 'x'.repeat(400) }, { max_output_tokens: 20 });
    assert.deepEqual(answer.response['incomplete_details'], { reason: 'max_output_tokens' });
    assert.equal((answer.response['usage'] as { output_tokens: number }).output_tokens, 20);
    const starved = build({ kind: 'text', text: 'hello' }, { max_output_tokens: 16 }, { reasoningTokens: 64 });
    assert.equal(starved.response['status'], 'incomplete');
    assert.deepEqual([starved.usage.outputTokens, starved.usage.reasoningTokens], [16, 16]);
  });

  it('fail at once or after the output, without usage unless told to report it', () => {
    const failed = (afterOutput: boolean, withUsage: boolean) => build({ kind: 'text', text: 'hi you' }, {}, { ending: { kind: 'failed', code: 'slow_down', message: 'Later.', afterOutput, withUsage } });
    assert.deepEqual(types(failed(false, false)), ['created', 'in_progress', 'failed']);
    assert.equal(failed(false, false).response['usage'], null);
    assert.deepEqual(failed(false, false).response['error'], { code: 'slow_down', message: 'Later.' });
    assert.equal(types(failed(true, true)).length, 10);
    assert.equal((failed(true, true).response['usage'] as { output_tokens: number }).output_tokens, 2);
  });

  it('tell the tier only at the end: fast is served as priority', () => {
    const answer = build({ kind: 'text', text: 'hi' }, { service_tier: 'fast' });
    assert.equal(data(answer, 'created')[0]?.['response'].service_tier, 'fast');
    assert.equal(answer.response['service_tier'], 'priority');
    assert.equal(build({ kind: 'text', text: 'hi' }).response['service_tier'], 'default');
  });

  it('carry a quoted terminal event inside one piece without ending there', () => {
    const answer = build(misleadingReply);
    const [delta, ...rest] = data(answer, 'output_text.delta');
    assert.equal(rest.length, 0);
    assert.match(delta?.['delta'], /\n\nevent: response\.completed\ndata: /);
    const read = eventsOf(streamFrames(answer, soundStream).map((frame) => frame.text).join(''));
    assert.equal(read.filter((event) => event.event === 'response.completed').length, 1);
    assert.equal(read.length, answer.events.length);
  });
});

// The sandbox's other APIs: chats, embeddings, compaction, stored responses and background ones, with the same
// limits, keys, faults and meter as responses have.
import assert from 'node:assert/strict';
import { startSandbox } from '../../src/sandbox/main.ts';
import type { Sandbox } from '../../src/sandbox/sandboxServer.ts';
import type { ScenarioInput } from '../../src/sandbox/scenario.ts';
import { ask, eventsOf, streaming, type Json } from './asking.ts';

const model = 'gpt-5.5';
const messages = [{ role: 'user', content: 'say hi' }];

describe('the sandbox\'s other APIs', function () {
  this.timeout(30_000);
  let sandbox: Sandbox;
  const start = async (scenario: ScenarioInput = {}) => { sandbox = await startSandbox({ scenario: { delays: { deltaMs: 0 }, ...scenario } }); };
  afterEach(() => sandbox.close());

  /** Sends a request and gives status and JSON; a stream as the data of its events. */
  async function call(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly json: Json; readonly data: readonly Json[]; readonly headers: Headers }> {
    const answer = await fetch(`${sandbox.url}${path}`, { method, headers: { 'authorization': 'Bearer sk-test', 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    const data = text.startsWith('data: ') ? text.trim().split('\n\n').map((line) => (line === 'data: [DONE]' ? 'done' : JSON.parse(line.slice('data: '.length)))) : [];
    return { status: answer.status, json: data.length === 0 && !text.startsWith('event:') ? JSON.parse(text) : undefined, data, headers: answer.headers };
  }

  it('tell a chat as one completion and in chunks, with the same text and usage', async () => {
    await start();
    const whole = await call('POST', '/v1/chat/completions', { model, messages, reasoning_effort: 'low' });
    const stream = await call('POST', '/v1/chat/completions', { model, messages, reasoning_effort: 'low', stream: true, stream_options: { include_usage: true } });
    assert.deepEqual([whole.status, whole.json.object, whole.json.choices[0].finish_reason, whole.json.usage.completion_tokens_details.reasoning_tokens], [200, 'chat.completion', 'stop', 64]);
    assert.equal(stream.data.at(-1), 'done');
    const chunks = stream.data.slice(0, -1);
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), whole.json.choices[0].message.content);
    assert.deepEqual([chunks.at(-1)?.usage, chunks.at(-1)?.choices, chunks.at(-2)?.choices[0].finish_reason, chunks[0]?.usage], [whole.json.usage, [], 'stop', null]);
    const silent = await call('POST', '/v1/chat/completions', { model, messages, stream: true });
    assert.ok(silent.data.every((chunk) => chunk === 'done' || !('usage' in chunk)));
    const [first, second, third] = sandbox.meter.requests;
    assert.deepEqual([second?.billedUsage, third?.billedUsage?.inputTokens], [first?.billedUsage, first?.billedUsage?.inputTokens]);
    assert.deepEqual([first?.reportedUsage, third?.reportedUsage], [whole.json.usage, undefined]);
  });

  it('call a tool in a chat, and report when it has answered', async () => {
    await start();
    const tools = [{ type: 'function', function: { name: 'write_file', parameters: { type: 'object', properties: { path: { type: 'string' }, content: { type: 'string' } } } } }];
    const asked = [{ role: 'user', content: 'Create a file hello.txt with the text "hi".' }];
    const called = await call('POST', '/v1/chat/completions', { model, messages: asked, tools });
    const message = called.json.choices[0].message;
    assert.deepEqual([called.json.choices[0].finish_reason, message.content, message.tool_calls[0].function.name], ['tool_calls', null, 'write_file']);
    const streamed = await call('POST', '/v1/chat/completions', { model, messages: asked, tools, stream: true });
    assert.equal(streamed.data.flatMap((chunk) => chunk.choices?.[0]?.delta.tool_calls ?? []).map((one: Json) => one.function.arguments).join(''), message.tool_calls[0].function.arguments);
    const done = await call('POST', '/v1/chat/completions', { model, tools, messages: [...asked, message, { role: 'tool', tool_call_id: message.tool_calls[0].id, content: 'written' }] });
    assert.match(done.json.choices[0].message.content, /^Done/);
  });

  it('stop a chat at its limit, and refuse what is no chat', async () => {
    await start();
    const short = await call('POST', '/v1/chat/completions', { model, messages: [{ role: 'user', content: 'in 300 words' }], max_completion_tokens: 5 });
    assert.deepEqual([short.json.choices[0].finish_reason, short.json.usage.completion_tokens], ['length', 5]);
    for (const body of [{}, { model }, { model, messages: [] }, { model, messages: 'hi' }, { model, messages, n: 2 }, { model, messages, stream: 'yes' }]) assert.equal((await call('POST', '/v1/chat/completions', body)).status, 400, JSON.stringify(body));
    assert.equal((await call('POST', '/v1/chat/completions', { model: 'none', messages })).status, 404);
  });

  it('make vectors that depend on the text alone, of length one', async () => {
    await start();
    const input = ['one', 'two', 'one'];
    const answer = await call('POST', '/v1/embeddings', { model: 'text-embedding-3-small', input });
    const [one, two, again] = answer.json.data.map((row: Json) => row.embedding as readonly number[]);
    assert.deepEqual([one.length, answer.json.usage, one], [1536, { prompt_tokens: 3, total_tokens: 3 }, again]);
    assert.notDeepEqual(one, two);
    assert.ok(Math.abs(Math.hypot(...one) - 1) < 1e-5);
    const packed = await call('POST', '/v1/embeddings', { model: 'text-embedding-3-large', input: [1, 2], encoding_format: 'base64', dimensions: 4 });
    assert.deepEqual([Buffer.from(packed.json.data[0].embedding, 'base64').length, packed.json.usage.total_tokens, packed.json.data.length], [16, 2, 1]);
    for (const body of [{}, { model: 'text-embedding-3-small', input: '' }, { model: 'text-embedding-3-small', input: [[]] }]) assert.equal((await call('POST', '/v1/embeddings', body)).status, 400);
    assert.deepEqual([(await call('POST', '/v1/embeddings', { model, input: 'x' })).status, (await call('POST', '/v1/responses', { model: 'text-embedding-3-small', input: 'x' })).status], [404, 404]);
  });

  it('share the limits, faults and turn state of responses', async () => {
    await start({
      limits: { models: { [model]: { requestsPerMinute: 2 }, 'text-embedding-3-small': { tokensPerMinute: 10 } } },
      faults: [{ match: { path: '/v1/chat/completions', promptIncludes: 'broken' }, do: { kind: 'serverError' } }, { match: { path: '/v1/embeddings', nth: 2 }, do: { kind: 'overloaded' } }],
    });
    assert.equal((await call('POST', '/v1/chat/completions', { model, messages: [{ role: 'user', content: 'broken' }] })).status, 500);
    const first = await call('POST', '/v1/chat/completions', { model, messages });
    assert.deepEqual([first.headers.get('x-ratelimit-remaining-requests'), first.headers.get('openai-model')], ['1', model]);
    await call('POST', '/v1/responses/compact', { model, input: 'x' });
    assert.deepEqual([(await call('POST', '/v1/chat/completions', { model, messages })).status, (await call('POST', '/v1/responses', { model, input: 'x' })).status], [429, 429]);
    const embed = (input: string) => call('POST', '/v1/embeddings', { model: 'text-embedding-3-small', input });
    assert.deepEqual([(await embed('12345678')).status, (await embed('x')).status, (await embed('x'.repeat(36))).status, (await embed('x'.repeat(60))).status], [200, 503, 429, 429]);
    const codex = await ask(sandbox.url, streaming('hi', { model: 'gpt-5.4' }), { headers: { 'x-codex-window-id': 'w:0' } });
    const state = codex.headers.get('x-codex-turn-state') ?? '';
    assert.match(state, /^turn-state-/);
    assert.equal((await ask(sandbox.url, streaming('hi', { model: 'gpt-5.4' }), { headers: { 'x-codex-turn-state': state } })).headers.get('x-codex-turn-state'), state);
  });

  it('keep a response unless they are told not to, and go on from it', async () => {
    await start();
    const first = (await call('POST', '/v1/responses', { model, input: 'remember the number seven' })).json;
    const second = (await call('POST', '/v1/responses', { model, input: 'and', previous_response_id: first.id })).json;
    assert.ok(second.usage.input_tokens > first.usage.input_tokens + first.usage.output_tokens - 2);
    assert.deepEqual([second.previous_response_id, (await call('GET', `/v1/responses/${first.id}`)).json], [first.id, first]);
    assert.equal((await call('GET', `/v1/responses/${second.id}/input_items`)).json.data.length, 3);
    assert.deepEqual((await call('POST', '/v1/responses/input_tokens', { model, previous_response_id: first.id, input: 'and' })).json, { object: 'response.input_tokens', input_tokens: second.usage.input_tokens });
    const compacted = (await call('POST', '/v1/responses/compact', { model, previous_response_id: second.id })).json;
    assert.deepEqual([compacted.object, compacted.output[0].type, compacted.status], ['response.compaction', 'compaction', undefined]);
    assert.deepEqual((await call('POST', `/v1/responses/${first.id}/cancel`)).status, 400);
    assert.deepEqual((await call('DELETE', `/v1/responses/${first.id}`)).json, { id: first.id, object: 'response', deleted: true });
    assert.deepEqual([(await call('GET', `/v1/responses/${first.id}`)).status, (await call('DELETE', `/v1/responses/${first.id}`)).status], [404, 404]);
    assert.equal((await call('POST', '/v1/responses', { model, input: 'x', previous_response_id: first.id })).json.error.code, 'previous_response_not_found');
    const unkept = (await call('POST', '/v1/responses', { model, input: 'x', store: false })).json;
    assert.equal((await call('GET', `/v1/responses/${unkept.id}`)).status, 404);
    assert.equal((await call('POST', '/v1/responses', { model, input: 'x', store: false, background: true })).status, 400);
  });

  it('run a response in the background, once, however it is watched', async () => {
    await start({ delays: { deltaMs: 2 } });
    const begun = (await call('POST', '/v1/responses', { model, input: 'in 60 words', background: true })).json;
    assert.deepEqual([begun.status, begun.background, begun.usage, begun.output], ['queued', true, null, []]);
    const watch = async (from: string) => eventsOf(await (await fetch(`${sandbox.url}/v1/responses/${begun.id}?stream=true${from}`, { headers: { authorization: 'Bearer sk-test' } })).text());
    const [all, later] = await Promise.all([watch(''), watch('&starting_after=9')]);
    assert.deepEqual(later, all.slice(10));
    const ended = (await call('GET', `/v1/responses/${begun.id}`)).json;
    assert.deepEqual([ended.status, all.at(-1)?.data['response']], ['completed', ended]);
    const [record] = sandbox.meter.attempts;
    assert.deepEqual([record?.reportedUsage, record?.billedUsage?.outputTokens, sandbox.meter.totals.billedRequests], [ended.usage, ended.usage.output_tokens, 1]);
    assert.deepEqual((await call('POST', `/v1/responses/${begun.id}/cancel`)).json, ended, 'one that is over stays as it is');
  });

  it('cancel a response in the background, and bill what was written until then', async () => {
    await start({ delays: { deltaMs: 5 } });
    const begun = (await call('POST', '/v1/responses', { model, input: 'in 5000 words', background: true })).json;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    const cancelled = (await call('POST', `/v1/responses/${begun.id}/cancel`)).json;
    assert.deepEqual([cancelled.status, cancelled.usage], ['cancelled', null]);
    assert.deepEqual((await call('GET', `/v1/responses/${begun.id}`)).json, cancelled);
    const [record] = sandbox.meter.attempts;
    assert.ok((record?.billedUsage?.outputTokens ?? 0) < 2000, JSON.stringify(record?.billedUsage));
    assert.equal(sandbox.meter.totals.billedRequests, 1);
  });
});

// OpenAI's own SDK over the whole breadth of the API: what it gets through the real broker is what it gets
// from the upstream itself, and the ledger has what the upstream billed.
import assert from 'node:assert/strict';
import path from 'node:path';
import OpenAI from 'openai';
import { startSandbox } from '../../src/sandbox/main.ts';
import type { Sandbox } from '../../src/sandbox/sandboxServer.ts';
import { startBroker } from '../support/process/brokerProgram.ts';
import type { BrokerProcess } from '../support/process/brokerProgram.ts';
import { addCredits, callBroker, explained, makeFolder, removeFolder, until } from '../support/process/workbench.ts';

const model = 'gpt-5.5';
const upstreamKey = 'sk-for-the-sdk';

describe('the breadth of the API through the broker, by OpenAI\'s SDK', function () {
  this.timeout(60_000);
  let folder: string;
  let sandbox: Sandbox;
  let broker: BrokerProcess;
  let through: OpenAI;
  let direct: OpenAI;

  before(async () => {
    folder = makeFolder('breadth');
    sandbox = await startSandbox({ scenario: {
      delays: { deltaMs: 1 },
      faults: [{ match: { path: '/v1/chat/completions', promptIncludes: 'once more', times: 1 }, do: { kind: 'throttle', retryAfterMs: 100 } }],
    } });
    broker = await startBroker({ dataDir: path.join(folder, 'data'), upstream: sandbox.url, apiKey: upstreamKey });
    const { token } = await callBroker(broker, 'token', { workspacePath: folder });
    await addCredits(broker, 100, 'the test');
    through = new OpenAI({ apiKey: token, baseURL: `${broker.url}/v1`, maxRetries: 0 });
    direct = new OpenAI({ apiKey: upstreamKey, baseURL: `${sandbox.url}/v1`, maxRetries: 0 });
  });
  after(async () => {
    await broker.kill();
    await sandbox.close();
    removeFolder(folder);
  });

  /** The same without what differs from one answer to the next: ids and times. */
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (key, one: unknown) => (['id', 'created', 'created_at', 'completed_at', 'call_id', 'first_id', 'last_id', '_request_id'].includes(key) ? undefined : one)));
  /** Does something through the broker and at the upstream itself, and compares what comes. */
  async function both<T>(run: (client: OpenAI) => Promise<T>): Promise<T> {
    const got = await run(through);
    assert.deepEqual(plain(got), plain(await run(direct)));
    return got;
  }
  /** What the ledger has of a request, once it has ended. */
  const ledgerHas = async (id: string | null | undefined) => explained(broker, String(id));
  const counted = async (id: string | null | undefined) => {
    const [attempt] = (await ledgerHas(id)).attempts;
    return [attempt?.measured, attempt?.usage?.inputTokens, attempt?.usage?.outputTokens, attempt?.usage?.reasoningTokens];
  };

  it('completes a chat as a whole, and the ledger has its usage', async () => {
    const answer = await both((client) => client.chat.completions.create({ model, messages: [{ role: 'system', content: 'be brief' }, { role: 'user', content: 'say hi' }], reasoning_effort: 'low' }));
    assert.match(answer.choices[0]?.message.content ?? '', /say hi$/);
    assert.deepEqual(await counted(answer._request_id), [true, answer.usage?.prompt_tokens, answer.usage?.completion_tokens, 64]);
    const told = await ledgerHas(answer._request_id);
    assert.deepEqual([told.model, told.charge !== null], [model, true]);
  });

  it('streams a chat with its usage, and one without, which is estimated', async () => {
    const ids: (string | null)[] = [];
    const read = async (client: OpenAI, includeUsage: boolean) => {
      const { data, request_id: id } = await client.chat.completions.create({
        model, messages: [{ role: 'user', content: 'tell me in 100 words' }], stream: true, ...(includeUsage ? { stream_options: { include_usage: true } } : {}),
      }).withResponse();
      if (client === through) ids.push(id);
      const chunks: OpenAI.Chat.ChatCompletionChunk[] = [];
      for await (const chunk of data) chunks.push(chunk);
      return chunks;
    };
    const withUsage = await both((client) => read(client, true));
    const usage = withUsage.at(-1)?.usage;
    assert.deepEqual(await counted(ids[0]), [true, usage?.prompt_tokens, usage?.completion_tokens, 0]);
    const without = await both((client) => read(client, false));
    assert.ok(without.every((chunk) => chunk.usage === undefined), 'nothing is added to what the client asked for');
    const [measured, , outputTokens] = await counted(ids[1]);
    assert.equal(measured, false);
    assert.match((await ledgerHas(ids[1])).story.join(' '), /reported no usage, so it was estimated/);
    const really = usage?.completion_tokens ?? 0;
    assert.ok(typeof outputTokens === 'number' && Math.abs(outputTokens - really) / really < 0.05, `${String(outputTokens)} of ${really}`);
  });

  it('calls a tool of a chat', async () => {
    const tools: OpenAI.Chat.ChatCompletionTool[] = [{ type: 'function', function: { name: 'write_file', parameters: { type: 'object', properties: { path: { type: 'string' }, content: { type: 'string' } }, required: ['path', 'content'] } } }];
    await both((client) => client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Create a file hello.txt with the text "hi".' }], tools }));
  });

  it('waits out a throttle of a chat', async () => {
    const answer = await through.chat.completions.create({ model, messages: [{ role: 'user', content: 'once more' }] });
    assert.deepEqual((await ledgerHas(answer._request_id)).attempts.map((one) => one.outcome), ['rejected', 'completed']);
  });

  it('makes embeddings of texts and of tokens', async () => {
    const answer = await both((client) => client.embeddings.create({ model: 'text-embedding-3-small', input: ['one text', 'another one'] }));
    assert.equal(answer.data[0]?.embedding.length, 1536);
    await both((client) => client.embeddings.create({ model: 'text-embedding-3-small', input: [[1, 2, 3], [4]], encoding_format: 'float', dimensions: 8 }));
    const id = (await through.embeddings.create({ model: 'text-embedding-3-small', input: 'one text' }).withResponse()).request_id;
    assert.deepEqual(await counted(id), [true, 2, 0, 0]);
    const told = await ledgerHas(id);
    assert.equal(told.charge?.costMicroCredits, 1);
  });

  it('counts input, and lists models and one of them', async () => {
    const counted = await both((client) => client.responses.inputTokens.count({ model, input: 'how many' }));
    assert.equal(counted.input_tokens, 2);
    await both(async (client) => (await client.models.list()).data);
    await both((client) => client.models.retrieve(model));
  });

  it('continues, reads and deletes a response that is stored, and compacts', async () => {
    const answers = await both(async (client) => {
      const first = await client.responses.create({ model, input: 'remember this' });
      const second = await client.responses.create({ model, input: 'and this', previous_response_id: first.id });
      const again = await client.responses.retrieve(first.id);
      const items = await client.responses.inputItems.list(second.id);
      const compacted = await client.responses.compact({ model, previous_response_id: second.id });
      await client.responses.delete(first.id);
      const gone = await client.responses.retrieve(first.id).catch((error: unknown) => (error as InstanceType<typeof OpenAI.APIError>).status);
      return { first, usage: second.usage, again, items: items.data, compacted, gone };
    });
    assert.deepEqual([answers.gone, answers.compacted.object], [404, 'response.compaction']);
    assert.deepEqual(answers.again.output, answers.first.output);
    assert.ok((answers.usage?.input_tokens ?? 0) > (answers.first.usage?.input_tokens ?? Infinity));
  });

  it('runs a response in the background, and settles it once when it is known', async () => {
    const requests: (string | null)[] = [];
    const run = async (client: OpenAI) => {
      const begun = await client.responses.create({ model, input: 'tell me in 300 words', background: true }).withResponse();
      if (client === through) requests.push(begun.request_id);
      assert.equal(begun.data.status, 'queued');
      let now: OpenAI.Responses.Response = begun.data;
      await until(async () => { now = await client.responses.retrieve(begun.data.id); return now.status === 'completed'; });
      return now;
    };
    const done = await both(run);
    assert.deepEqual(await counted(requests[0]), [true, done.usage?.input_tokens, done.usage?.output_tokens, 0]);
    await through.responses.retrieve(done.id);
    const told = await ledgerHas(requests[0]);
    assert.deepEqual([told.attempts.length, told.entries.filter((entry) => entry.kind === 'post').length], [1, 1]);
  });

  it('cancels a response in the background', async () => {
    const begun = await through.responses.create({ model, input: 'tell me in 20000 words', background: true }).withResponse();
    const cancelled = await through.responses.cancel(begun.data.id);
    assert.equal(cancelled.status, 'cancelled');
    const [attempt] = (await ledgerHas(begun.request_id)).attempts;
    assert.deepEqual([attempt?.outcome, attempt?.measured], ['aborted', false]);
  });

  it('streams a response in the background, and goes on where it was left', async () => {
    const begun = await through.responses.create({ model, input: 'tell me in 200 words', background: true, stream: true }).withResponse();
    let cursor = -1;
    let id = '';
    let text = '';
    for await (const event of begun.data) {
      cursor = event.sequence_number;
      if (event.type === 'response.created') id = event.response.id;
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (cursor > 20) break;
    }
    let usage: OpenAI.Responses.ResponseUsage | undefined;
    for await (const event of await through.responses.retrieve(id, { stream: true, starting_after: cursor })) {
      assert.equal(event.sequence_number, cursor + 1);
      cursor = event.sequence_number;
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.completed') usage = event.response.usage;
    }
    assert.equal(text.split(' ').length, 200);
    assert.deepEqual(await counted(begun.request_id), [true, usage?.input_tokens, usage?.output_tokens, 0]);
  });

  it('leaves a ledger that adds up, and that has what the upstream billed', async () => {
    await until(async () => (await callBroker(broker, 'audit', { full: true })).openHolds === 0, 'the last settlement');
    const audit = await callBroker(broker, 'audit', { full: true });
    assert.deepEqual([audit.ok, audit.violations], [true, []]);
    const { rows } = await callBroker(broker, 'usage', { by: 'kind' });
    for (const kind of ['chat', 'embeddings', 'background', 'compaction']) assert.ok(rows.some((row) => row.key === kind), kind);
  });
});

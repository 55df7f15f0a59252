// OpenAI's own SDK through the real broker: streams and whole answers, its own helpers, and errors
// that its users can read and act on.
import assert from 'node:assert/strict';
import path from 'node:path';
import OpenAI from 'openai';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { startSandbox } from '../../src/sandbox/main.ts';
import type { Sandbox } from '../../src/sandbox/sandboxServer.ts';
import { startBroker } from '../support/process/brokerProgram.ts';
import type { BrokerProcess } from '../support/process/brokerProgram.ts';
import { addCredits, callBroker, makeFolder, removeFolder, until } from '../support/process/workbench.ts';

const model = 'gpt-5.5';

describe('OpenAI\'s SDK through the broker', function () {
  this.timeout(60_000);
  let folder: string;
  let sandbox: Sandbox;
  let broker: BrokerProcess;
  let token: string;

  before(async () => {
    folder = makeFolder('sdk');
    sandbox = await startSandbox({ scenario: {
      delays: { deltaMs: 0 },
      faults: [
        { match: { promptIncludes: 'once more', times: 2 }, do: { kind: 'throttle', retryAfterMs: 150 } },
        { match: { promptIncludes: 'no money' }, do: { kind: 'quota' } },
        { match: { promptIncludes: 'too long' }, do: { kind: 'throttle', retryAfterMs: 1_800_000 } },
        { match: { promptIncludes: 'cut off' }, do: { kind: 'stream', close: { afterEvents: 6, how: 'drop' } } },
        { match: { promptIncludes: 'gone' }, do: { kind: 'closeBeforeHeaders' } },
      ],
    } });
    broker = await startBroker({ dataDir: path.join(folder, 'data'), upstream: sandbox.url, apiKey: 'sk-for-the-sdk' });
    ({ token } = await callBroker(broker, 'token', { workspacePath: folder }));
    await addCredits(broker, 100, 'the test');
  });
  after(async () => {
    await broker.kill();
    await sandbox.close();
    removeFolder(folder);
  });

  const client = (more: { apiKey?: string; maxRetries?: number } = {}) => new OpenAI({ apiKey: token, baseURL: `${broker.url}/v1`, ...more });
  const requestsSeen = () => sandbox.meter.attempts.length;
  /** The error that a call throws. */
  async function failure(call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
    const error = await call.then(() => undefined, (reason: unknown) => reason);
    assert.ok(error instanceof OpenAI.APIError, String(error));
    return error;
  }

  it('gets a whole answer, and its usage is what the ledger has', async () => {
    const response = await client().responses.create({ model, input: 'say hi', reasoning: { effort: 'low' } });
    assert.match(response.output_text, /say hi$/);
    const id = response._request_id;
    assert.ok(id);
    await until(async () => (await callBroker(broker, 'explain', { id })).attempts[0]?.outcome === 'completed');
    const told = await callBroker(broker, 'explain', { id });
    assert.deepEqual([told.client, told.attempts[0]?.usage?.inputTokens, told.attempts[0]?.usage?.outputTokens, told.attempts[0]?.usage?.reasoningTokens],
      ['openai-node', response.usage?.input_tokens, response.usage?.output_tokens, 64]);
  });

  it('gets a stream and puts the same response together', async () => {
    const stream = client().responses.stream({ model, input: 'tell me in 200 words' });
    let text = '';
    for await (const event of stream) if (event.type === 'response.output_text.delta') text += event.delta;
    const final = await stream.finalResponse();
    assert.equal(final.output_text, text);
    assert.equal(text.split(' ').length, 200);
  });

  it('lists models', async () => {
    const ids: string[] = [];
    for await (const one of client().models.list()) ids.push(one.id);
    assert.ok(ids.includes(model));
  });

  it('never sees a throttle that waiting cures', async () => {
    const before = requestsSeen();
    const response = await client({ maxRetries: 0 }).responses.create({ model, input: 'once more' });
    assert.deepEqual([response.status, requestsSeen() - before], ['completed', 3]);
  });

  it('is told at once, and does not ask again, when the token is wrong', async () => {
    const before = requestsSeen();
    const error = await failure(client({ apiKey: 'sk-of-a-person' }).responses.create({ model, input: 'x' }));
    assert.ok(error instanceof OpenAI.AuthenticationError);
    assert.deepEqual([error.code, requestsSeen()], ['unknown_token', before]);
    assert.match(error.message, /codex-broker token --workspace/);
    assert.match(error.requestID ?? '', /^req_/);
  });

  it('is told once when the money is gone upstream', async () => {
    const error = await failure(client({ maxRetries: 0 }).responses.create({ model, input: 'no money' }));
    assert.deepEqual([error.status, error.code], [429, 'insufficient_quota']);
  });

  it('is told when to come back when the wait is too long', async () => {
    const error = await failure(client({ maxRetries: 0 }).responses.create({ model: 'gpt-5.4', input: 'too long' }));
    assert.ok(error instanceof OpenAI.RateLimitError);
    assert.deepEqual([error.code, error.headers?.get('retry-after')], ['wait_too_long', '60']);
  });

  it('is told what the broker lacks: credits, a price, a sound body', async () => {
    const before = requestsSeen();
    const unpriced = await failure(client().responses.create({ model: 'sandbox-unpriced', input: 'x' }));
    assert.deepEqual([unpriced.status, unpriced.code], [400, 'model_unpriced']);
    const dear = await failure(client().responses.create({ model: 'gpt-5.2-pro', input: 'x'.repeat(4_000_000) }));
    assert.deepEqual([dear.status, dear.code], [402, 'credits_exhausted']);
    assert.match(dear.message, /Nothing was sent and nothing was charged/);
    assert.equal(requestsSeen(), before);
  });

  it('sees a broken connection as what it is', async () => {
    const events: string[] = [];
    const read = async () => {
      for await (const event of await client().responses.create({ model: 'gpt-5-mini', input: 'cut off', stream: true })) events.push(event.type);
    };
    await assert.rejects(read());
    assert.ok(events.includes('response.created') && !events.includes('response.completed'));
    const error = await failure(client({ maxRetries: 0 }).responses.create({ model: 'gpt-5-mini', input: 'gone' }));
    assert.deepEqual([error.status, error.code], [502, 'upstream_unreachable']);
  });

  it('leaves a ledger that adds up', async () => {
    const audit = await callBroker(broker, 'audit', { full: true });
    assert.deepEqual([audit.ok, audit.violations, audit.openHolds], [true, [], 0]);
  });

  it('has responses over a WebSocket, one that continues the other, and errors as events', async () => {
    const before = (await callBroker(broker, 'usage', { by: 'client' })).rows.find((row) => row.key === 'openai-node')?.requests ?? 0;
    const socket = new ResponsesWS(client());
    try {
      /** Sends a request and gives the response that completes, or the error. */
      const turn = (event: Record<string, unknown>) => new Promise<{ readonly id: string; readonly usage?: { readonly input_tokens: number } | null; readonly code?: string }>((resolve) => {
        socket.once('response.completed', ({ response }) => resolve(response as { id: string }));
        socket.once('error', (error) => resolve({ id: '', code: String((error.error as { error?: { code?: unknown } } | undefined)?.error?.code) }));
        socket.send({ type: 'response.create', model, ...event });
      });
      const first = await turn({ input: 'say hi' });
      const second = await turn({ input: 'and again', previous_response_id: first.id });
      assert.ok((second.usage?.input_tokens ?? 0) > (first.usage?.input_tokens ?? Infinity));
      assert.equal((await turn({ input: 'no money' })).code, 'insufficient_quota');
    } finally {
      socket.close();
    }
    await until(async () => ((await callBroker(broker, 'usage', { by: 'client' })).rows.find((row) => row.key === 'openai-node')?.requests ?? 0) === before + 3, 'three requests');
    assert.deepEqual([(await callBroker(broker, 'audit', { full: true })).ok, sandbox.meter.attempts.filter((one) => one.method === 'MESSAGE').length], [true, 3]);
  });
});

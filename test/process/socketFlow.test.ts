// Requests over WebSockets that wait, are refused or stopped: what the client is told, what the upstream sees,
// and what the ledger says afterwards.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { controlTokenOf } from '../support/process/brokerProgram.ts';
import { recordedModel } from '../support/process/recordedStream.ts';
import { answerFrames, recordedFrames } from '../support/process/scriptedSocketUpstream.ts';
import type { SocketScript } from '../support/process/scriptedSocketUpstream.ts';
import { openSocketBench, recordedMessage } from '../support/process/socketBench.ts';
import type { SocketBench } from '../support/process/socketBench.ts';
import { addCredits, callBroker, until } from '../support/process/workbench.ts';
import { endTypes } from '../support/socketClient.ts';

const sdk = { headers: { 'user-agent': 'OpenAI/JS 7.57.0' } };
const throttle = (seconds: number) => JSON.stringify({
  type: 'error', status: 429, error: { type: 'requests', code: 'rate_limit_exceeded', message: 'Rate limit reached.' },
  headers: { 'retry-after': String(seconds), 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '0' },
});

describe('requests over a WebSocket that wait, are refused or stopped', function () {
  this.timeout(60_000);
  let bench: SocketBench;
  let sent: number;
  const open = async (credits: number) => {
    bench = await openSocketBench({ credits });
    sent = 0;
  };
  afterEach(async () => {
    const audit = await bench.audit();
    assert.deepEqual([audit.ok, audit.violations, audit.openHolds], [true, [], 0]);
    await bench.close();
  });
  const messages = () => bench.sockets.messages.length - sent;
  /** Answers the first messages from the list and the later ones well. */
  const answers = (...list: string[]): SocketScript => (message, wire, index) => {
    const chosen = list[index];
    return chosen === undefined ? answerFrames(message, wire, index) : wire.send(chosen);
  };

  it('absorbs a throttle: the client sees nothing but its answer', async () => {
    await open(100);
    bench.sockets.script = answers(throttle(1), throttle(1));
    const client = await bench.connect();
    client.send(recordedMessage());
    await client.until(endTypes);
    assert.deepEqual([client.texts, messages()], [recordedFrames, 3]);
    const told = await bench.newest();
    assert.deepEqual(told.attempts.map((one) => [one.outcome, one.status]), [['rejected', 429], ['rejected', 429], ['completed', undefined]]);
    assert.ok(told.waitedMs >= 1000, `${told.waitedMs}`);
  });

  it('learns the limits that the answer to the upgrade tells', async () => {
    await open(100);
    bench.sockets.upgradeHeaders = { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '41', 'x-ratelimit-reset-requests': '19s' };
    const client = await bench.connect();
    client.send(recordedMessage());
    await client.until(endTypes);
    const { windows } = await callBroker(bench.broker, 'status', {});
    assert.deepEqual(windows.filter((one) => one.measure === 'requests').map((one) => [one.model, one.limit]), [[recordedModel, 60]]);
  });

  it('takes what the answer to an upgrade tells for what was left then, however much later the connection is used', async () => {
    await open(100);
    const upgrade = async (remaining: number) => {
      bench.sockets.upgradeHeaders = { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': String(remaining), 'x-ratelimit-reset-requests': `${60 - remaining}s` };
      return bench.connect();
    };
    const early = await upgrade(59);
    for (const client of [await upgrade(20), early]) {
      client.send(recordedMessage());
      await client.until(endTypes);
    }
    const [{ remaining } = { remaining: NaN }] = (await callBroker(bench.broker, 'status', {})).windows.filter((one) => one.measure === 'requests');
    assert.ok((remaining ?? NaN) < 40, `${remaining} of 60 are thought to be left`);
  });

  it('gives other refusals on as they came, free of charge, and goes on', async () => {
    await open(100);
    const refusals = [
      { type: 'error', status: 400, error: { type: 'invalid_request_error', code: 'previous_response_not_found', message: 'Gone.', param: 'previous_response_id' } },
      { type: 'error', error: { code: 'websocket_connection_limit_reached', message: 'An hour is over.' }, status: 400 },
      { type: 'error', status: 429, error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'No money.' } },
      { type: 'error', status: 429, error: { type: 'usage_limit_reached', message: 'The plan is used up.', resets_at: 1_795_339_406 }, headers: { 'x-codex-primary-used-percent': '100' } },
      { type: 'error', status: 500, error: { type: 'server_error', code: null, message: 'Broken.' } },
    ].map((one) => JSON.stringify(one));
    bench.sockets.script = answers(...refusals);
    const client = await bench.connect();
    for (const refusal of refusals) {
      client.send(recordedMessage());
      await until(() => client.texts.at(-1) === refusal, refusal);
    }
    client.send(recordedMessage());
    assert.equal((await client.until(['response.completed'])).length, refusals.length + recordedFrames.length);
    await until(async () => (await callBroker(bench.broker, 'usage', { by: 'model' })).total.requests === refusals.length + 1);
    assert.equal((await callBroker(bench.broker, 'usage', { by: 'model' })).total.inputTokens, 1200);
  });

  it('says that the key was refused, to Codex in words', async () => {
    await open(100);
    const refused = JSON.stringify({ type: 'error', status: 401, error: { code: 'invalid_api_key', message: 'Wrong key.' } });
    bench.sockets.script = answers(refused, refused);
    const codex = await bench.connect();
    codex.send(recordedMessage());
    const [created, failed] = await codex.until(endTypes);
    assert.deepEqual([created.type, failed.type, failed.response.error.code], ['response.created', 'response.failed', 'invalid_prompt']);
    assert.match(failed.response.error.message, /api_key_rejected/);
    const other = await bench.connect(sdk);
    other.send(recordedMessage());
    await other.until(endTypes);
    assert.deepEqual(other.texts, [refused]);
  });

  it('refuses for lack of credits: a hard stop in words for Codex, a status for others; then carries what was added', async () => {
    await open(0);
    await callBroker(bench.broker, 'creditsAdd', { amountMicroCredits: 1, kind: 'included', key: 'a crumb', consent: { scope: 'ask' } });
    const codex = await bench.connect();
    codex.send(recordedMessage());
    const frames = await codex.until(endTypes);
    assert.deepEqual(frames.map((frame) => [frame.type, frame.sequence_number, frame.response.status, frame.response.model]), [['response.created', 0, 'in_progress', recordedModel], ['response.failed', 1, 'failed', recordedModel]]);
    assert.equal(frames[1].response.error.code, 'invalid_prompt');
    assert.match(frames[1].response.error.message, /^This request may cost up to .+ \(credits_exhausted, req_\w+\)$/);
    const other = await bench.connect(sdk);
    other.send(recordedMessage());
    const [error] = await other.until(endTypes);
    assert.deepEqual([error.type, error.status, error.error.code, error.headers['x-should-retry'], messages()], ['error', 402, 'credits_exhausted', 'false', 0]);
    await addCredits(bench.broker, 10, 'more');
    codex.send(recordedMessage());
    assert.equal((await codex.until(['response.completed'])).at(-1).type, 'response.completed');
  });

  it('waits for a person\'s answer, and goes on with it on the same connection', async () => {
    await open(0);
    await callBroker(bench.broker, 'creditsAdd', { amountMicroCredits: 50_000_000, kind: 'purchased', key: 'first', consent: { scope: 'ask' } });
    const window = new WebSocket(`${bench.broker.url.replace('http', 'ws')}/broker/v1/live`, { headers: { authorization: `Bearer ${controlTokenOf(bench.dataDir)}` } });
    try {
      await once(window, 'open');
      const client = await bench.connect();
      client.send(recordedMessage({ generate: false }));
      await client.until(endTypes);
      assert.equal(messages(), 1, 'nobody is asked about a prewarm');
      for (const [answer, end] of [['never', 'response.failed'], ['workspace', 'response.completed']] as const) {
        const from = client.texts.length;
        client.send(recordedMessage());
        let asked: string | undefined;
        await until(async () => {
          asked = (await callBroker(bench.broker, 'status', {})).questions[0]?.requestId;
          return asked !== undefined;
        }, 'a question');
        assert.deepEqual([messages(), client.texts.length], [1, from]);
        await callBroker(bench.broker, 'answer', { requestId: asked ?? '', answer });
        assert.equal((await client.until(endTypes, from)).at(-1).type, end);
        if (answer === 'never') await callBroker(bench.broker, 'consent', { scope: 'workspace', workspaceId: bench.token.workspaceId, answer: 'ask' });
      }
      assert.equal(bench.sockets.upgrades.length, 1);
    } finally {
      window.terminate();
    }
  });

  it('tells Codex to come back by itself where waiting would take too long', async () => {
    await open(100);
    bench.sockets.script = answers(throttle(3600));
    const client = await bench.connect();
    client.send(recordedMessage());
    const [frame] = await client.until(endTypes);
    assert.deepEqual([frame.type, frame.status, frame.error.code], ['error', 429, 'wait_too_long']);
    assert.ok(Number(frame.headers['retry-after']) > 3500);
    assert.match(frame.headers['retry-after'], /^\d+$/);
  });

  it('takes a client that leaves out of the line; nothing more is sent for it', async () => {
    await open(100);
    bench.sockets.script = answers(throttle(30));
    const client = await bench.connect();
    client.send(recordedMessage());
    await until(async () => (await callBroker(bench.broker, 'status', {})).waiting.length === 1, 'a waiting request');
    client.socket.terminate();
    await until(async () => (await callBroker(bench.broker, 'status', {})).waiting.length === 0, 'an empty line');
    await until(() => bench.sockets.open() === 0, 'the upstream\'s end');
    assert.equal(messages(), 1);
  });

  it('ends the client\'s side when the upstream closes while a request waits, or while none runs', async () => {
    await open(100);
    bench.sockets.script = async (_message, wire) => {
      await wire.send(throttle(30));
      wire.close(1001, 'an hour is over');
    };
    const waiting = await bench.connect();
    waiting.send(recordedMessage());
    assert.deepEqual([await waiting.closed, waiting.texts], [{ code: 1001, reason: 'an hour is over' }, []]);
    await until(async () => (await callBroker(bench.broker, 'status', {})).waiting.length === 0, 'an empty line');
    bench.sockets.script = async (message, wire, index) => {
      await answerFrames(message, wire, index);
      wire.close(4001, 'idle');
    };
    const idle = await bench.connect();
    idle.send({ ...recordedMessage(), model: 'gpt-5-mini' });
    assert.deepEqual([await idle.closed, idle.texts.length], [{ code: 4001, reason: 'idle' }, recordedFrames.length]);
  });

  it('lets a person stop a request that runs: Codex hears it once, and the upstream is stopped', async () => {
    await open(100);
    bench.sockets.script = async (_message, wire) => {
      for (const frame of recordedFrames.slice(0, 3)) await wire.send(frame);
      await wire.gone;
    };
    for (const options of [{}, sdk]) {
      const client = await bench.connect(options);
      client.send(recordedMessage());
      await until(() => client.texts.length === 3);
      const { running } = await callBroker(bench.broker, 'status', {});
      await callBroker(bench.broker, 'cancel', { requestId: running[0]?.requestId ?? '' });
      await client.closed;
      const last = client.frames().at(-1);
      if (options === sdk) assert.deepEqual([last.type, last.status, last.error.code], ['error', 409, 'cancelled']);
      else assert.deepEqual([last.type, last.response.error.code], ['response.failed', 'invalid_prompt']);
      await until(() => bench.sockets.open() === 0, 'the upstream\'s end');
    }
    await until(async () => (await callBroker(bench.broker, 'usage', { by: 'model' })).total.estimated === 2, 'two estimates');
  });

  it('stops an answer that outgrows the hard budget of its request', async () => {
    await open(100);
    await callBroker(bench.broker, 'budgetSet', { budget: { id: 'small', per: 'request', unit: 'tokens', limit: 5000, period: 'life', timeZone: 'UTC', mode: 'hard' } });
    bench.sockets.script = async (_message, wire) => {
      await wire.send(recordedFrames[0] ?? '');
      const delta = JSON.stringify({ type: 'response.output_text.delta', item_id: 'm', output_index: 0, content_index: 0, delta: 'x'.repeat(1000) });
      for (let count = 0; count < 200 && wire.socket.readyState === wire.socket.OPEN; count += 1) await wire.send(delta);
    };
    const client = await bench.connect();
    client.send(recordedMessage());
    await client.closed;
    const last = client.frames().at(-1);
    assert.equal(last.type, 'response.failed');
    assert.match(last.response.error.message, /budget_exceeded/);
    assert.ok(client.texts.length < 150, `${client.texts.length} messages`);
  });
});

// What goes over the wire through the real broker when both sides speak WebSocket: messages unchanged, only
// the headers that are on the lists, one request after the other, and what becomes of those that must not pass.
import assert from 'node:assert/strict';
import { priceLookup } from '../../src/broker/prices/priceTable.ts';
import { testApiKey } from '../support/process/brokerProgram.ts';
import { recordedUsage } from '../support/process/recordedStream.ts';
import { answerFrames, recordedFrames } from '../support/process/scriptedSocketUpstream.ts';
import { openSocketBench, recordedMessage } from '../support/process/socketBench.ts';
import type { SocketBench } from '../support/process/socketBench.ts';
import { callBroker, codexHeaders, sleep, until } from '../support/process/workbench.ts';
import { connectSocket, endTypes, UpgradeRefused } from '../support/socketClient.ts';

/** A model that the other tests of a bench have taught the broker nothing about. */
const freshModel = 'gpt-5-mini';

/** What so many tokens of that cost, in microcredits. */
const creditsOf = (tokens: number, of: 'input' | 'output') => tokens * (priceLookup([])(freshModel, Date.now())?.rates[of] ?? 0) / 1_000_000;

/** The recorded answer in the name of another response. */
const framesWithId = (id: string) => recordedFrames.map((frame) => frame.replaceAll(recordedId, id));
const recordedId = /"id":"(resp_\w+)"/.exec(recordedFrames[0] ?? '')?.[1] ?? '';

describe('messages through the broker', function () {
  this.timeout(30_000);
  let bench: SocketBench;
  before(async () => { bench = await openSocketBench(); });
  after(() => bench.close());
  beforeEach(() => { bench.sockets.script = answerFrames; });

  const ofKind = async (kind: string) => (await callBroker(bench.broker, 'usage', { by: 'kind' })).rows.find((row) => row.key === kind)?.requests ?? 0;
  const output = async () => (await callBroker(bench.broker, 'usage', { by: 'model' })).total.outputTokens;
  const count = async () => (await callBroker(bench.broker, 'usage', { by: 'model' })).total.requests;

  it('gives messages on character by character both ways, and measures them exactly', async () => {
    const client = await bench.connect();
    const sent = JSON.stringify(recordedMessage({ input: 'Größe — 😀' }), null, 1);
    client.send(sent);
    await client.until(endTypes);
    assert.deepEqual(client.texts, recordedFrames);
    assert.equal(bench.sockets.messages.at(-1)?.text, sent);
    const told = await bench.newest();
    assert.deepEqual(told.attempts.map((one) => [one.outcome, one.measured, one.usage]), [['completed', true, { ...recordedUsage, cacheWriteTokens: 0 }]]);
    assert.deepEqual([told.charge?.drawnMicroCredits, told.charge?.uncoveredMicroCredits], [told.charge?.costMicroCredits, 0]);
  });

  it('sends the broker\'s key and only the listed headers upstream, and gives back only listed ones', async () => {
    bench.sockets.upgradeHeaders = { 'x-request-id': 'req_up', 'x-codex-turn-state': 'sticky', 'openai-version': '1', 'set-cookie': 'a=b', 'server': 'cloudflare' };
    const { headers } = await bench.connect({ path: `/w/${bench.token.token}/v1/responses`, headers: {
      ...codexHeaders, 'authorization': 'Bearer sk-of-the-client', 'openai-beta': 'responses_websockets=2026-02-06', 'x-codex-window-id': 't:0', 'cookie': 'session=secret', 'x-api-key': 'secret', 'x-forwarded-for': '10.0.0.1',
    } });
    const upgrade = bench.sockets.upgrades.at(-1);
    assert.equal(upgrade?.url, '/v1/responses');
    assert.equal(upgrade?.headers.authorization, `Bearer ${testApiKey}`);
    assert.deepEqual(Object.keys(upgrade?.headers ?? {}).sort(), [
      'accept', 'accept-encoding', 'authorization', 'connection', 'host', 'openai-beta', 'originator', 'sec-websocket-key', 'sec-websocket-version', 'thread-id', 'upgrade', 'user-agent', 'x-codex-window-id',
    ]);
    assert.match(String(headers['x-request-id']), /^req_[0-9a-z]{20,}$/);
    assert.deepEqual([headers['x-upstream-request-id'], headers['x-codex-turn-state'], headers['openai-version'], headers['set-cookie'], headers['server']], ['req_up', 'sticky', '1', undefined, undefined]);
  });

  it('declines compression and carries all the same', async () => {
    const client = await bench.connect({ perMessageDeflate: true });
    assert.equal(client.socket.extensions, '');
    client.send(recordedMessage({ input: 'x'.repeat(50_000) }));
    await client.until(endTypes);
    assert.deepEqual(client.texts, recordedFrames);
  });

  it('reads who sends from each message, not from the head of its connection', async () => {
    const client = await bench.connect({ headers: { ...codexHeaders, 'x-codex-turn-metadata': JSON.stringify({ request_kind: 'prewarm', turn_id: '' }) } });
    const metadata = (kind: string, turn: string) => ({ 'thread_id': 'thread-7', 'x-codex-turn-metadata': JSON.stringify({ request_kind: kind, turn_id: turn }) });
    client.send(recordedMessage({ client_metadata: metadata('compaction', 'turn-3') }));
    await client.until(endTypes);
    const told = await bench.newest();
    assert.deepEqual([told.threadId, told.client, await ofKind('compaction'), await ofKind('prewarm')], ['thread-7', 'codex_exec', 1, 0]);
    client.send(recordedMessage());
    await client.until(endTypes, recordedFrames.length);
    assert.deepEqual([(await bench.newest(told.id)).threadId, await ofKind('prewarm')], ['thread-of-a-test', 0]);
  });

  it('carries one request after the other, each with a hold of its own', async () => {
    const before = await count();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => { release = resolve; });
    bench.sockets.script = async (_message, wire, index) => {
      const frames = framesWithId(`resp_${index}`);
      await wire.send(frames[0] ?? '');
      await held;
      for (const frame of frames.slice(1)) await wire.send(frame);
    };
    const client = await bench.connect();
    const sent = bench.sockets.messages.length;
    for (const input of ['one', 'two', 'three']) client.send(recordedMessage({ input }));
    await client.until(['response.created']);
    await sleep(50);
    assert.equal(bench.sockets.messages.length, sent + 1, 'the others wait');
    assert.equal((await callBroker(bench.broker, 'status', {})).running.length, 1);
    release();
    await until(() => client.frames().filter((frame) => frame.type === 'response.completed').length === 3, 'three answers');
    assert.deepEqual(bench.sockets.messages.slice(sent).map((one) => [one.json.input, one.connection]), ['one', 'two', 'three'].map((input) => [input, bench.sockets.upgrades.length - 1]));
    await until(async () => await count() === before + 3);
  });

  it('counts a prewarm as free, and knows what the next request continues', async () => {
    bench.sockets.script = async (message, wire) => {
      if (message.json.generate !== false) { await answerFrames(message, wire, 0); return; }
      const response = { id: 'resp_prepared', object: 'response', status: 'completed', model: message.json.model as string, output: [], usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 } };
      await wire.send(JSON.stringify({ type: 'response.created', response: { ...response, status: 'in_progress', usage: null } }));
      await wire.send(JSON.stringify({ type: 'response.completed', response }));
    };
    const client = await bench.connect();
    const prepared = 'word '.repeat(40_000);
    client.send(recordedMessage({ model: freshModel, generate: false, input: prepared, client_metadata: { 'x-codex-turn-metadata': '{"request_kind":"prewarm"}' } }));
    await client.until(endTypes);
    const told = await bench.newest();
    assert.deepEqual([told.charge, await ofKind('prewarm'), told.attempts.map((one) => [one.outcome, one.usage?.inputTokens, one.usage?.outputTokens])], [null, 1, [['completed', 0, 0]]]);
    assert.match(told.attempts[0]?.freeReason ?? '', /prewarm/);
    assert.equal(told.decision.holdMicroCredits, 0);
    client.send(recordedMessage({ model: freshModel, previous_response_id: 'resp_prepared', input: 'go', tools: [{ type: 'function', name: 'x', description: 'y '.repeat(30_000) }] }));
    await client.until(['response.completed'], 2);
    const held = (await bench.newest(told.id)).decision.holdMicroCredits;
    // Before anything was learnt the longest usual answer is held for; what was prepared is 40,000 words, and an unknown beginning would be 30,000 tokens.
    const input = held - creditsOf(4096, 'output');
    assert.ok(input > creditsOf(34_000, 'input') && input < creditsOf(42_000, 'input'), `what was prepared counts, tools that come again do not: ${held}`);
  });

  it('charges a prewarm that the upstream does bill, and holds for the next one', async () => {
    const own = await openSocketBench();
    try {
      const client = await own.connect();
      client.send(recordedMessage({ generate: false }));
      await client.until(endTypes);
      const first = await own.newest();
      assert.deepEqual([first.decision.holdMicroCredits, first.attempts[0]?.usage?.inputTokens], [0, recordedUsage.inputTokens]);
      assert.ok((first.charge?.costMicroCredits ?? 0) > 0);
      client.send(recordedMessage({ generate: false }));
      await client.until(endTypes, recordedFrames.length);
      assert.ok((await own.newest(first.id)).decision.holdMicroCredits > 0);
      assert.equal((await own.audit()).ok, true);
    } finally {
      await own.close();
    }
  });

  it('refuses what it cannot account for, and goes on with the connection', async () => {
    const [before, sent] = [await count(), bench.sockets.messages.length];
    const client = await bench.connect({ headers: { 'user-agent': 'OpenAI/JS 7.57.0' } });
    const tried: [string | object, number, string][] = [
      ['{"type":', 400, 'body_broken'], ['[]', 400, 'body_broken'], ['{}', 400, 'body_broken'], [{ type: 'response.create', input: 'x' }, 400, 'body_broken'],
      [{ type: 'response.steer', input: 'more' }, 400, 'argument_invalid'], [{ type: 'response.append', input: [] }, 400, 'argument_invalid'], [recordedMessage({ background: true }), 400, 'argument_invalid'],
    ];
    for (const [message, status, code] of tried) {
      const from = client.texts.length;
      client.send(message);
      const [frame] = await client.until(endTypes, from);
      assert.deepEqual([frame.type, frame.status, frame.error.code, frame.headers['x-should-retry']], ['error', status, code, 'false'], JSON.stringify(message));
    }
    assert.deepEqual([await count(), bench.sockets.messages.length], [before, sent]);
    client.send({ type: 'response.processed', response_id: 'resp_1' });
    await until(() => bench.sockets.messages.length === sent + 1, 'the note');
    const from = client.texts.length;
    client.send(recordedMessage());
    assert.equal((await client.until(endTypes, from)).at(-1).type, 'response.completed');
  });

  it('takes text alone, no more than a body may have, and no endless queue', async () => {
    const binary = await bench.connect();
    binary.socket.send(Buffer.from(JSON.stringify(recordedMessage())), { binary: true });
    assert.equal((await binary.closed).code, 1003);
    const large = await bench.connect();
    large.send(Buffer.alloc(64 * 1024 * 1024 + 1, 32).toString('latin1'));
    assert.equal((await large.closed).code, 1009);
    const openBefore = bench.sockets.open();
    bench.sockets.script = (_message, wire) => wire.gone;
    const many = await bench.connect();
    for (let index = 0; index < 12; index += 1) many.send(recordedMessage());
    assert.equal((await many.closed).code, 1008);
    await until(() => bench.sockets.open() <= openBefore, 'the upstream\'s end');
    await until(async () => (await callBroker(bench.broker, 'status', {})).running.length === 0);
  });

  it('passes on what comes outside of an answer, and counts nothing twice', async () => {
    let first: number | undefined;
    const limits = JSON.stringify({ type: 'codex.rate_limits', plan_type: 'plus', rate_limits: { primary: { used_percent: 5, window_minutes: 300 } } });
    bench.sockets.script = async (_message, wire, index) => {
      const frames = framesWithId(`resp_${index}`);
      // The end of the answer before comes once more, after the next request was sent.
      const late = first === undefined ? [] : framesWithId(`resp_${first}`).slice(-1);
      first ??= index;
      for (const frame of [limits, ...late, ...frames, ...frames.slice(-1), limits]) await wire.send(late.length === 0 || late.includes(frame) ? frame : frame.replace('"total_tokens":1234', '"total_tokens":1235').replace('"output_tokens":34', '"output_tokens":35'));
    };
    const [before, outputBefore] = [await count(), await output()];
    const client = await bench.connect();
    client.send(recordedMessage());
    client.send(recordedMessage());
    await until(() => client.texts.filter((text) => text === limits).length === 4, 'everything of both answers');
    assert.deepEqual([client.texts[0], client.texts.at(-1)], [limits, limits]);
    await until(async () => await count() === before + 2);
    assert.equal(await output() - outputBefore, 34 + 35, 'each answer counts by its own end');
    const audit = await bench.audit();
    assert.deepEqual([audit.ok, audit.openHolds], [true, 0]);
  });
});

describe('upgrades that the upstream refuses', function () {
  this.timeout(30_000);
  let bench: SocketBench;
  beforeEach(async () => { bench = await openSocketBench(); });
  afterEach(() => bench.close());

  const refusedAs = async (options: Parameters<SocketBench['connect']>[0] = {}): Promise<UpgradeRefused> => {
    const error: unknown = await bench.connect(options).then(() => undefined, (thrown: unknown) => thrown);
    assert.ok(error instanceof UpgradeRefused, String(error));
    return error;
  };

  for (const status of [404, 405, 426, 501, 200, 302]) {
    it(`says 426 for ${status}, and does not ask again for a while`, async () => {
      bench.sockets.refusal = { status, body: 'no', headers: { location: 'http://127.0.0.1:1/' } };
      for (let time = 0; time < 2; time += 1) {
        const error = await refusedAs();
        assert.deepEqual([error.status, (JSON.parse(error.body) as { error: { code: string } }).error.code], [426, 'method_not_allowed']);
      }
      assert.equal(bench.sockets.upgrades.length, 1);
    });
  }

  it('says 426 for 400 too, and asks again', async () => {
    bench.sockets.refusal = { status: 400 };
    for (let time = 1; time <= 2; time += 1) assert.deepEqual([(await refusedAs()).status, bench.sockets.upgrades.length], [426, time]);
  });

  it('gives a limit, a ban and a broken server on as they are', async () => {
    for (const status of [403, 429, 500, 503]) {
      const body = JSON.stringify({ error: { type: 'usage_limit_reached', message: 'No.', plan_type: 'plus', resets_at: 1 } });
      bench.sockets.refusal = { status, body, headers: { 'content-type': 'application/json', 'retry-after': '7', 'x-codex-active-limit': 'codex', 'x-request-id': 'req_up', 'set-cookie': 'a=b' } };
      const error = await refusedAs();
      assert.deepEqual([error.status, error.body, error.headers['retry-after'], error.headers['x-codex-active-limit'], error.headers['x-upstream-request-id'], error.headers['set-cookie']], [status, body, '7', 'codex', 'req_up', undefined]);
    }
    bench.sockets.refusal = undefined;
    await bench.connect();
  });

  it('tells a refused key to others as it is, and sends Codex to HTTP to hear of it in words', async () => {
    bench.sockets.refusal = { status: 401, body: '{"error":{"code":"invalid_api_key"}}' };
    assert.equal((await refusedAs({ headers: { 'user-agent': 'OpenAI/JS 7.57.0' } })).status, 401);
    assert.equal((await refusedAs()).status, 426);
    assert.equal((await callBroker(bench.broker, 'status', {})).key.state, 'rejected');
  });

  it('names an upstream that is not there, and one that speaks nonsense', async () => {
    bench.sockets.refusal = { status: 101, headers: { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-accept': 'wrong' } };
    assert.equal((await refusedAs()).status, 502);
    bench.sockets.refusal = undefined;
    for (const extensions of ['permessage-deflate', 'permessage-deflate; server_max_window_bits=1000', 'x-unknown']) {
      bench.sockets.upgradeHeaders = { 'sec-websocket-extensions': extensions };
      assert.equal((await refusedAs()).status, 502, extensions);
    }
    await bench.sockets.close();
    const error = await refusedAs();
    assert.deepEqual([error.status, (JSON.parse(error.body) as { error: { code: string } }).error.code], [502, 'upstream_unreachable']);
    // The bench closes it again at the end.
    bench.sockets.close = () => Promise.resolve();
  });

  it('lets a client go that leaves before the upstream answers, and says 502 before Codex gives up', async function () {
    this.timeout(30_000);
    bench.sockets.refusal = 'silent';
    const gaveUp = connectSocket(`${bench.broker.url}/v1/responses`, { headers: { authorization: `Bearer ${bench.token.token}` }, handshakeTimeout: 100 }).then(() => 'open', () => 'gone');
    assert.equal(await gaveUp, 'gone');
    const startedMs = performance.now();
    assert.equal((await refusedAs()).status, 502);
    assert.ok(performance.now() - startedMs < 15_000);
  });

  it('without a key sends Codex to HTTP, and tells others', async () => {
    await bench.broker.kill();
    await bench.restart({ apiKey: false });
    assert.equal((await refusedAs()).status, 426);
    const error = await refusedAs({ headers: { 'user-agent': 'OpenAI/JS 7.57.0' } });
    assert.deepEqual([error.status, (JSON.parse(error.body) as { error: { code: string } }).error.code], [400, 'no_api_key']);
    assert.equal(bench.sockets.upgrades.length, 0);
  });
});

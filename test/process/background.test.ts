// Responses in the background through the real broker: the hold stays until the usage is known, also over a kill
// and a stop, and it is settled once, whoever learns of the end first.
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { testApiKey } from '../support/process/brokerProgram.ts';
import { jsonOf } from '../support/process/httpExchange.ts';
import type { Answer } from '../support/process/httpExchange.ts';
import { recordedRequest, recordedStream } from '../support/process/recordedStream.ts';
import { chunkOf, lastChunk, streamHead, wholeAnswer } from '../support/process/scriptedUpstream.ts';
import { callBroker, offlineAudit, openBench, until } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

const id = 'resp_0a1b2c3d';
const usage = { input_tokens: 1200, input_tokens_details: { cached_tokens: 1000 }, output_tokens: 34, output_tokens_details: { reasoning_tokens: 20 }, total_tokens: 1234 };
const responseOf = (status: string, more: object = {}) => JSON.stringify({ id, object: 'response', status, background: true, model: 'gpt-5.5', output: [], usage: null, error: null, ...more });
const completed = responseOf('completed', { usage });

describe('responses in the background through the broker', function () {
  this.timeout(40_000);
  let bench: Workbench;
  /** What the upstream says about the response now. */
  let now = responseOf('in_progress');
  /** What it was asked about it, in order. */
  const asked = (method: string, what = '') => bench.upstream.requests.filter((request) => request.line.startsWith(`${method} /v1/responses/${id}${what} `)).length;

  beforeEach(async () => {
    now = responseOf('in_progress');
    bench = await openBench({ credits: 100 });
    bench.upstream.script = (request, wire) => {
      if (request.line.startsWith('POST /v1/responses ')) return wire.write(wholeAnswer(200, responseOf('queued')));
      if (request.line.includes('/cancel')) now = responseOf('cancelled');
      return wire.write(wholeAnswer(now === '' ? 404 : 200, now === '' ? '{"error":{"message":"gone"}}' : now));
    };
  });
  afterEach(() => bench.close());

  const begin = (more: Parameters<Workbench['ask']>[0] = {}) => bench.ask({ body: recordedRequest(false, { background: true }), ...more });
  const openHolds = async () => (await bench.audit()).openHolds;
  const held = async () => (await callBroker(bench.broker, 'creditsList', {})).heldMicroCredits;
  /** What the ledger has of it in the end: outcome, whether measured, output, and how often it was paid. */
  const booked = async (answer: Answer) => {
    const told = await bench.explain(answer);
    const [attempt] = told.attempts;
    const audit = await bench.audit();
    assert.deepEqual([audit.ok, audit.violations, audit.openHolds, await held()], [true, [], 0, 0]);
    return [told.attempts.length, attempt?.outcome, attempt?.measured, attempt?.usage?.outputTokens, told.entries.filter((entry) => entry.kind === 'post').length];
  };
  const well = [1, 'completed', true, 34, 1];

  it('hold until the broker itself has learned the usage', async () => {
    const answer = await begin();
    assert.deepEqual([answer.status, jsonOf(answer).status], [200, 'queued']);
    await until(() => asked('GET') > 0, 'the first question');
    assert.ok(await held() > 0);
    assert.equal(await openHolds(), 1);
    assert.equal((await callBroker(bench.broker, 'status', {})).running.length, 1, 'it is shown as what it is');
    now = completed;
    assert.deepEqual(await booked(answer), well);
    const question = bench.upstream.requests.find((request) => request.line.startsWith('GET'));
    assert.equal(question?.headers['authorization'], `Bearer ${testApiKey}`);
  });

  it('are settled by what a client asks, once however often it asks', async () => {
    const answer = await begin();
    now = completed;
    const read = () => bench.ask({ method: 'GET', path: `/v1/responses/${id}`, body: '' });
    const answers = await Promise.all([read(), read(), read()]);
    assert.deepEqual(answers.map((one) => one.bytes.toString()), [completed, completed, completed]);
    assert.deepEqual(await booked(answer), well);
    await read();
    assert.deepEqual(await booked(answer), well);
  });

  it('are settled as an estimate when they were cancelled without a word about usage', async () => {
    const answer = await begin();
    const cancelled = await bench.ask({ path: `/v1/responses/${id}/cancel`, body: '' });
    assert.equal(jsonOf(cancelled).status, 'cancelled');
    assert.deepEqual(await booked(answer), [1, 'aborted', false, 0, 1]);
  });

  it('are asked for before they are deleted', async () => {
    const answer = await begin();
    now = completed;
    await bench.ask({ method: 'DELETE', path: `/v1/responses/${id}`, body: '' });
    assert.deepEqual([asked('GET'), asked('DELETE')], [1, 1]);
    assert.deepEqual(await booked(answer), well);
  });

  it('are cancelled for a person, and for a client that left before it knew the id', async () => {
    const first = await begin();
    await callBroker(bench.broker, 'cancel', { requestId: String(first.headers['x-request-id']) });
    assert.deepEqual([(await booked(first))[1], asked('POST', '/cancel')], ['aborted', 1]);
    const gone = new AbortController();
    bench.upstream.script = async (request, wire) => {
      if (request.line.startsWith('POST /v1/responses ')) {
        gone.abort();
        // A question that is asked after the client left is answered after the broker heard of that.
        for (let question = 0; question < 2; question += 1) await callBroker(bench.broker, 'status', {});
        await wire.write(wholeAnswer(200, responseOf('queued')));
      } else await wire.write(wholeAnswer(200, responseOf('cancelled')));
    };
    await assert.rejects(begin({ signal: gone.signal }));
    await until(() => asked('POST', '/cancel') === 2, 'the second cancel');
    await until(async () => await openHolds() === 0, 'its settlement');
    const { total } = await callBroker(bench.broker, 'usage', { by: 'model' });
    assert.deepEqual([total.requests, total.estimated, (await bench.audit()).ok], [2, 2, true]);
  });

  it('go on when the client of their stream leaves, and are not cancelled', async () => {
    const script = bench.upstream.script;
    const head = recordedStream.subarray(0, recordedStream.indexOf('\n\n') + 2).toString().replaceAll(/"resp_[^"]+"/g, `"${id}"`);
    bench.upstream.script = async (request, wire, index) => {
      if (!request.line.startsWith('POST /v1/responses ')) return script(request, wire, index);
      await wire.write(Buffer.concat([Buffer.from(streamHead()), chunkOf(head)]));
      await request.gone;
    };
    const answer = await begin({ body: recordedRequest(true, { background: true }), onResponse: (response) => { response.once('data', () => response.destroy()); } });
    await until(() => asked('GET') > 0, 'the first question');
    assert.equal(asked('POST', '/cancel'), 0);
    now = completed;
    assert.deepEqual(await booked(answer), well);
  });

  it('are not free for who read them and cancels them before their end', async () => {
    const script = bench.upstream.script;
    const end = recordedStream.lastIndexOf('event: response.completed');
    const written = recordedStream.subarray(0, end).toString().replaceAll(/"resp_[^"]+"/g, `"${id}"`);
    bench.upstream.script = async (request, wire, index) => {
      if (request.line.includes('/cancel') || !/^POST \/v1\/responses |\?stream=true /.test(request.line)) return script(request, wire, index);
      await wire.write(Buffer.concat([Buffer.from(streamHead()), chunkOf(written)]));
      await request.gone;
    };
    const leaving = { onResponse: (response: IncomingMessage) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => { if ((bytes += chunk.length) >= Buffer.byteLength(written)) response.destroy(); });
    } };
    const first = await begin({ body: recordedRequest(true, { background: true }), ...leaving });
    await bench.ask({ path: `/v1/responses/${id}/cancel`, body: '' });
    const [, , measured, output] = await booked(first);
    assert.ok(measured === false && Number(output) > 0, `${output} tokens of output for what was read`);
    now = responseOf('in_progress');
    bench.upstream.script = (request, wire, index) => (request.line.includes('?stream=true') ? wire.write(Buffer.concat([Buffer.from(streamHead()), chunkOf(written), Buffer.from(lastChunk)])) : script(request, wire, index));
    const second = await begin();
    await bench.ask({ method: 'GET', path: `/v1/responses/${id}?stream=true`, body: '' });
    await bench.ask({ path: `/v1/responses/${id}/cancel`, body: '' });
    assert.equal((await booked(second))[3], output, 'however it was read');
  });

  for (const how of ['killed', 'stopped'] as const) {
    it(`are asked for again by the next life of a broker that was ${how}`, async () => {
      const answer = await begin();
      await until(() => asked('GET') > 0, 'the first question');
      if (how === 'killed') await bench.broker.kill();
      else assert.equal(await bench.broker.stop(), 0);
      const offline = await offlineAudit(bench.dataDir);
      assert.deepEqual([offline.code, offline.found.openHolds], [0, 1]);
      const before = asked('GET');
      await bench.restart();
      assert.ok(await held() > 0, 'what it may cost is still reserved');
      await until(() => asked('GET') > before, 'the first question of the next life');
      assert.equal(await openHolds(), 1);
      const { running, balance } = await callBroker(bench.broker, 'status', {});
      assert.deepEqual([running.length, running[0]?.requestId, running[0]?.state, running[0]?.heldMicroCredits, running[0]?.workspaceLabel], [1, String(answer.headers['x-request-id']), 'running', balance.heldMicroCredits, 'workspace']);
      // It is killed once more, and what the client asks settles it then.
      await bench.broker.kill();
      now = completed;
      await bench.restart();
      assert.equal(jsonOf(await bench.ask({ method: 'GET', path: `/v1/responses/${id}`, body: '' })).status, 'completed');
      assert.deepEqual(await booked(answer), well);
    });
  }

  it('are cancelled for a person in the next life too', async () => {
    const answer = await begin();
    await until(() => asked('GET') > 0, 'the first question');
    await bench.broker.kill();
    await bench.restart();
    assert.deepEqual(await callBroker(bench.broker, 'cancel', { requestId: String(answer.headers['x-request-id']) }), { cancelled: true });
    assert.deepEqual([(await booked(answer))[1], asked('POST', '/cancel')], ['aborted', 1]);
    assert.deepEqual((await callBroker(bench.broker, 'status', {})).running, []);
  });

  it('are settled by rule at the next start where no id was told before the kill', async () => {
    bench.upstream.script = async (request) => { await request.gone; };
    const answer = begin().catch(() => undefined);
    await until(() => bench.upstream.requests.length === 1, 'the request');
    await bench.broker.kill();
    await answer;
    await bench.restart();
    const audit = await bench.audit();
    assert.deepEqual([audit.ok, audit.openHolds, await held()], [true, 0, 0]);
  });

  it('are settled as an estimate when the upstream does not know them any more', async () => {
    now = '';
    const answer = await begin();
    // It asks three times, later and later.
    for (let question = 1; question <= 3; question += 1) await until(() => asked('GET') >= question, `question ${question}`);
    assert.deepEqual(await booked(answer), [1, 'broken', false, 0, 1]);
    assert.equal(asked('GET'), 3);
    assert.match((await bench.explain(answer)).story.join(' '), /does not know the response any more/);
  });

  it('are answers like any other where the upstream did not take them into the background', async () => {
    bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(200, completed));
    assert.deepEqual(await booked(await begin()), well);
    bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(400, '{"error":{"message":"Background mode is not supported","code":"unsupported"}}'));
    const refused = await begin();
    assert.equal(refused.status, 400);
    assert.equal((await booked(refused))[1], 'rejected');
  });
});

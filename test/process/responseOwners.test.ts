// Responses through the real broker are there for their own workspace only: whoever has another workspace's token and
// the id reads, cancels, deletes and continues nothing, also after a restart, and the upstream hears nothing of it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { jsonOf } from '../support/process/httpExchange.ts';
import type { Answer } from '../support/process/httpExchange.ts';
import { recordedRequest } from '../support/process/recordedStream.ts';
import { wholeAnswer } from '../support/process/scriptedUpstream.ts';
import { openSocketBench, recordedMessage } from '../support/process/socketBench.ts';
import { askBroker, callBroker, openBench, until } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';
import { endTypes } from '../support/socketClient.ts';

const usage = { input_tokens: 1200, input_tokens_details: { cached_tokens: 1000 }, output_tokens: 34, output_tokens_details: { reasoning_tokens: 20 }, total_tokens: 1234 };
const responseOf = (id: string, status: string) => JSON.stringify({ id, object: 'response', status, model: 'gpt-5.5', output: [], usage: status === 'completed' ? usage : null, error: null });
const otherToken = async (bench: Workbench) => (await callBroker(bench.broker, 'token', { workspacePath: path.join(bench.folder, 'another') })).token;

describe('a response of one workspace', function () {
  this.timeout(40_000);
  let bench: Workbench;
  let status = 'completed';
  beforeEach(async () => {
    bench = await openBench({ serve: { args: ['--pass-through', '/v1/responses'] } });
    bench.upstream.script = (request, wire) => wire.write(wholeAnswer(200, responseOf(/\/(resp_\w+)/.exec(request.line)?.[1] ?? 'resp_mine', status)));
  });
  afterEach(() => bench.close());

  /** Everything that may be asked about a response, and to go on from it. */
  const uses = (id: string) => [
    ['GET', `/v1/responses/${id}`], ['GET', `/v1/responses/${id}?stream=true`], ['GET', `/v1/responses/${id}/input_items`], ['POST', `/v1/responses/${id}/cancel`], ['DELETE', `/v1/responses/${id}`], ['GET', `/v1/responses/${id}/anything`],
  ] as const;
  const codeOf = (answer: Answer) => [answer.status, jsonOf(answer).error?.code];

  for (const life of ['the life that began it', 'the next life'] as const) {
    it(`is there for no other one in ${life}`, async () => {
      status = 'in_progress';
      const first = await bench.ask({ body: recordedRequest(false, { background: true, store: true }) });
      assert.equal(first.status, 200);
      if (life === 'the next life') {
        await until(() => bench.upstream.requests.some((one) => one.line.startsWith('GET')), 'the first question');
        await bench.broker.kill();
        await bench.restart();
      }
      const token = await otherToken(bench);
      const heard = () => bench.upstream.requests.filter((one) => !one.line.startsWith('GET /v1/responses/resp_mine HTTP')).length;
      const before = heard();
      for (const [method, place] of uses('resp_mine')) {
        const answer = await askBroker(bench.broker, token, { method, path: place, body: '' });
        assert.deepEqual([answer.status, jsonOf(answer).error.code, jsonOf(answer).error.type], [404, 'response_not_found', 'invalid_request_error'], `${method} ${place}`);
        assert.match(jsonOf(answer).error.message, /^Response with id 'resp_mine' not found\./);
      }
      const continued = await askBroker(bench.broker, token, { body: recordedRequest(false, { previous_response_id: 'resp_mine' }) });
      assert.deepEqual([continued.status, jsonOf(continued).error.code, jsonOf(continued).error.param], [400, 'previous_response_not_found', 'previous_response_id']);
      assert.equal(heard(), before, 'the upstream hears nothing of it');
      assert.equal((await callBroker(bench.broker, 'status', {})).running.length, 1, 'it still runs');
      // Its own workspace does all of that.
      status = 'completed';
      for (const [method, place] of uses('resp_mine')) assert.equal((await bench.ask({ method, path: place, body: '' })).status, 200, `${method} ${place}`);
      assert.equal((await bench.ask({ body: recordedRequest(false, { previous_response_id: 'resp_mine' }) })).status, 200);
    });
  }

  it('that was answered at once is there for no other one either, and what nobody here began goes on', async () => {
    await bench.explain(await bench.ask({ body: recordedRequest(false, { store: true }) }));
    const token = await otherToken(bench);
    assert.deepEqual(codeOf(await askBroker(bench.broker, token, { method: 'GET', path: '/v1/responses/resp_mine', body: '' })), [404, 'response_not_found']);
    for (const [method, place] of uses('resp_of_before')) assert.equal((await askBroker(bench.broker, token, { method, path: place, body: '' })).status, 200, `${method} ${place}`);
    assert.equal((await askBroker(bench.broker, token, { body: recordedRequest(false, { previous_response_id: 'resp_of_before' }) })).status, 200);
  });

  it('is continued over a connection by its own workspace and by no other one', async () => {
    const sockets = await openSocketBench();
    try {
      const own = await sockets.connect();
      own.send(recordedMessage());
      const first = (await own.until(endTypes)).at(-1);
      own.send(recordedMessage({ previous_response_id: first.response.id }));
      await until(() => own.frames().filter((one) => one.type === 'response.completed').length === 2, 'the second answer of the chain');
      const heard = () => sockets.sockets.messages.length;
      const before = heard();
      const other = await sockets.connect({ headers: { authorization: `Bearer ${await otherToken(sockets)}` } });
      other.send(recordedMessage({ previous_response_id: first.response.id }));
      const refused = (await other.until(endTypes)).at(-1);
      assert.deepEqual([refused.type, refused.status, refused.error.code], ['error', 400, 'previous_response_not_found']);
      assert.equal(heard(), before);
      // The connection goes on with what is its own.
      other.send(recordedMessage());
      await until(() => other.frames().some((one) => one.type === 'response.completed'), 'an answer of its own');
    } finally {
      await sockets.close();
    }
  });
});

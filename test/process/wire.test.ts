// What goes over the wire through the real broker: bytes unchanged both ways, only the headers that
// are on the lists, and each kind of upstream refusal spoken as it should be.
import assert from 'node:assert/strict';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { testApiKey } from '../support/process/brokerProgram.ts';
import { exchange, jsonOf, rawExchange, statusesOf } from '../support/process/httpExchange.ts';
import { answerWell, recordedJson, recordedModel, recordedRequest, recordedStream, recordedUsage } from '../support/process/recordedStream.ts';
import { chunkOf, headOf, lastChunk, streamHead, wholeAnswer } from '../support/process/scriptedUpstream.ts';
import type { Script } from '../support/process/scriptedUpstream.ts';
import { callBroker, codexHeaders, openBench } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

describe('bytes and headers through the broker', function () {
  this.timeout(30_000);
  let bench: Workbench;
  before(async () => { bench = await openBench(); });
  after(() => bench.close());
  beforeEach(() => { bench.upstream.script = answerWell; });

  /** What the upstream got last. */
  const seen = () => bench.upstream.requests.at(-1);

  for (const [name, stream, bytes] of [['a stream', true, recordedStream], ['a JSON answer', false, recordedJson]] as const) {
    it(`gives ${name} on byte for byte, as a direct call gets it, and measures it exactly`, async () => {
      const through = await bench.ask({ body: recordedRequest(stream) });
      const direct = await exchange(`${bench.upstream.url}/v1/responses`, { body: recordedRequest(stream) });
      assert.deepEqual(through.bytes, bytes);
      assert.deepEqual(through.bytes, direct.bytes);
      assert.deepEqual([through.status, through.complete, through.headers['content-type']], [200, true, direct.headers['content-type']]);
      const told = await bench.explain(through);
      assert.equal(told.attempts[0]?.measured, true);
      assert.deepEqual(told.attempts[0]?.usage, { ...recordedUsage, cacheWriteTokens: 0 });
      assert.deepEqual([told.charge?.drawnMicroCredits, told.charge?.uncoveredMicroCredits], [told.charge?.costMicroCredits, 0]);
    });
  }

  it('answers a client that offers HTTP/2 with its request as if it had not', async () => {
    const body = recordedRequest();
    const text = await rawExchange(Number(new URL(bench.broker.url).port), `POST /v1/responses HTTP/1.1\r\nhost: ${new URL(bench.broker.url).host}\r\nauthorization: Bearer ${bench.token.token}\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAA\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, /\r\n0\r\n\r\n$/);
    assert.deepEqual(statusesOf(text), [200]);
    assert.match(text, /response\.completed/);
    assert.deepEqual(Object.keys(seen()?.headers ?? {}).filter((name) => /upgrade|http2/.test(name)), []);
  });

  it('sends the broker\'s key and only the listed headers upstream', async () => {
    await bench.ask({ headers: {
      ...codexHeaders, 'x-codex-window-id': 'thread-of-a-test:0', 'x-stainless-lang': 'js', 'openai-beta': 'x=1',
      'cookie': 'session=secret', 'x-api-key': 'secret', 'proxy-authorization': 'Basic c2VjcmV0', 'x-forwarded-for': '10.0.0.1', 'forwarded': 'for=10.0.0.1', 'x-anything': 'secret',
    } });
    const headers: Readonly<Record<string, string>> = seen()?.headers ?? {};
    assert.equal(headers['authorization'], `Bearer ${testApiKey}`);
    assert.equal(headers['host'], `127.0.0.1:${bench.upstream.port}`);
    assert.deepEqual(Object.keys(headers).sort(), [
      'accept', 'accept-encoding', 'authorization', 'connection', 'content-length', 'content-type', 'host', 'openai-beta', 'originator', 'thread-id', 'user-agent', 'x-codex-window-id', 'x-stainless-lang',
    ]);
    assert.ok(!seen()?.head.includes(bench.token.token) && !seen()?.head.includes('secret'));
  });

  it('gives back only the listed headers, and names both request ids', async () => {
    bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(200, recordedJson, {
      'x-request-id': 'req_upstream_1', 'set-cookie': 'a=b', 'openai-processing-ms': '12', 'x-ratelimit-limit-requests': '500', 'x-codex-plan': 'pro',
      'access-control-allow-origin': '*', 'server': 'cloudflare', 'x-other': '1', 'location': 'http://127.0.0.1:1/', 'alt-svc': 'h3=":443"',
    }));
    const { headers } = await bench.ask({ body: recordedRequest(false) });
    assert.match(String(headers['x-request-id']), /^req_[0-9a-z]{20,}$/);
    assert.equal(headers['x-upstream-request-id'], 'req_upstream_1');
    assert.deepEqual(Object.keys(headers).sort(), ['connection', 'content-length', 'content-type', 'date', 'openai-processing-ms', 'x-codex-plan', 'x-ratelimit-limit-requests', 'x-request-id', 'x-upstream-request-id']);
  });

  const encodings: [string, (text: string) => Buffer][] = [['gzip', (text) => gzipSync(text)], ['zstd', (text) => zstdCompressSync(text)]];
  for (const [name, encode] of encodings) {
    it(`sends a ${name} body on untouched and still knows its model`, async () => {
      const body = encode(recordedRequest(true, { input: 'x'.repeat(20_000) }));
      const answer = await bench.ask({ body, headers: { 'content-encoding': name } });
      assert.equal(answer.status, 200, answer.bytes.toString());
      assert.deepEqual(seen()?.body, body);
      assert.equal(seen()?.headers['content-encoding'], name);
      assert.equal((await bench.explain(answer)).model, recordedModel);
    });
  }

  it('refuses a body that is broken, of an unknown coding, a bomb or too large, and sends nothing', async () => {
    const before = bench.upstream.bytesSeen();
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024));
    const tried: [Parameters<Workbench['ask']>[0], number, string][] = [
      [{ body: '{"model":' }, 400, 'body_broken'], [{ body: '[]' }, 400, 'body_broken'], [{ body: '{"input":"x"}' }, 400, 'body_broken'],
      [{ body: Buffer.from('not gzip'), headers: { 'content-encoding': 'gzip' } }, 400, 'body_broken'],
      [{ body: gzipSync(recordedRequest()).subarray(0, 20), headers: { 'content-encoding': 'gzip' } }, 400, 'body_broken'],
      [{ headers: { 'content-encoding': 'compress' } }, 415, 'encoding_unknown'], [{ headers: { 'content-encoding': 'gzip, gzip' } }, 415, 'encoding_unknown'],
      [{ body: bomb, headers: { 'content-encoding': 'gzip' } }, 413, 'body_too_large'],
      [{ body: Buffer.alloc(64 * 1024 * 1024 + 1, 32) }, 413, 'body_too_large'],
      [{ body: Buffer.alloc(80 * 1024 * 1024, 32) }, 413, 'body_too_large'],
      [{ body: Buffer.alloc(80 * 1024 * 1024, 32), headers: { 'transfer-encoding': 'chunked' } }, 413, 'body_too_large'],
    ];
    for (const [asked, status, code] of tried) {
      const answer = await bench.ask(asked);
      assert.deepEqual([answer.status, jsonOf(answer).error.code], [status, code]);
    }
    assert.equal(bench.upstream.bytesSeen(), before);
  });

  it('passes the list of models through, with the client\'s version only', async () => {
    bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(200, '{"models":[]}', { etag: '"m1"', 'set-cookie': 'a=b' }));
    const answer = await bench.ask({ method: 'GET', path: '/v1/models?client_version=0.169.0&api_base=elsewhere', body: '' });
    assert.deepEqual([answer.status, answer.bytes.toString(), answer.headers['etag'], answer.headers['set-cookie']], [200, '{"models":[]}', '"m1"', undefined]);
    assert.equal(seen()?.line, 'GET /v1/models?client_version=0.169.0 HTTP/1.1');
    assert.equal(seen()?.headers['authorization'], `Bearer ${testApiKey}`);
  });
});

describe('refusals of the upstream', function () {
  this.timeout(30_000);
  let bench: Workbench;
  before(async () => { bench = await openBench(); });
  after(() => bench.close());

  const error = (status: number, fields: Record<string, unknown>, headers: Record<string, string> = {}) =>
    wholeAnswer(status, JSON.stringify({ error: { message: 'No.', type: 'invalid_request_error', param: null, code: null, ...fields } }), headers);
  /** Answers the first requests from the list and the later ones well. @returns how often it was asked */
  const answers = (...list: Buffer[]): (() => number) => {
    const from = bench.upstream.requests.length;
    const script: Script = (request, wire, index) => {
      const chosen = list[index - from];
      return chosen ? wire.write(chosen) : answerWell(request, wire, index);
    };
    bench.upstream.script = script;
    return () => bench.upstream.requests.length - from;
  };
  const throttle = (afterMs: number) => error(429, { type: 'requests', code: 'rate_limit_exceeded', message: `Rate limit reached. Please try again in ${afterMs}ms.` }, { 'retry-after-ms': String(afterMs) });

  it('follows no redirect, and shows it to nobody', async () => {
    for (const status of [301, 302, 307, 308]) {
      const asked = answers(Buffer.from(headOf(status, { location: `http://127.0.0.1:${bench.upstream.port}/v1/elsewhere`, 'content-length': '0' })));
      const answer = await bench.ask();
      assert.deepEqual([answer.status, jsonOf(answer).error.code, answer.headers['location'], asked()], [502, 'upstream_invalid', undefined, 1]);
      assert.equal((await bench.explain(answer)).charge, null);
    }
  });

  it('takes a login page for what it is', async () => {
    answers(wholeAnswer(200, '<html>Welcome to the hotel</html>', { 'content-type': 'text/html' }));
    const answer = await bench.ask();
    assert.deepEqual([answer.status, jsonOf(answer).error.code], [502, 'upstream_invalid']);
    assert.match(jsonOf(answer).error.message, /login page/);
    assert.equal((await bench.explain(answer)).charge, null);
  });

  it('says once that the key is rejected, and that it works again', async () => {
    const refused = error(401, { code: 'invalid_api_key', message: 'Incorrect API key provided.' });
    const asked = answers(refused);
    const answer = await bench.ask();
    assert.deepEqual([answer.status, jsonOf(answer).error.code, asked()], [401, 'invalid_api_key', 1]);
    const status = () => callBroker(bench.broker, 'status', {});
    const snapshot = await status();
    assert.deepEqual([snapshot.key.state, snapshot.problems.map((one) => one.code)], ['rejected', ['api_key_rejected']]);
    answers(refused);
    const codex = await bench.ask({ headers: codexHeaders });
    assert.equal(codex.status, 200);
    assert.match(codex.bytes.toString(), /"code":"invalid_prompt".*api_key_rejected/);
    assert.equal((await bench.ask()).status, 200);
    assert.equal((await status()).key.state, 'present');
  });

  it('passes a question of money on as it came and tries nothing again', async () => {
    for (const code of ['insufficient_quota', 'billing_hard_limit_reached']) {
      const sent = error(429, { type: code, code }, { 'retry-after': '1' });
      const asked = answers(sent);
      const answer = await bench.ask();
      assert.deepEqual([answer.status, jsonOf(answer).error.code, asked()], [429, code, 1]);
      assert.ok(sent.toString().endsWith(answer.bytes.toString()));
      const told = await bench.explain(answer);
      assert.deepEqual([told.attempts.length, told.attempts[0]?.outcome, told.charge], [1, 'rejected', null]);
    }
  });

  it('passes faults of the request and of the server on as they came', async () => {
    for (const status of [400, 403, 404, 413, 500, 502]) {
      const asked = answers(error(status, { code: 'some_code', message: 'Because.' }));
      const answer = await bench.ask();
      assert.deepEqual([answer.status, jsonOf(answer).error.message, asked()], [status, 'Because.', 1]);
      assert.equal((await bench.explain(answer)).charge, null);
    }
  });

  it('tries an overloaded upstream again, but not for ever', async () => {
    const overloaded = error(503, { code: 'server_is_overloaded', message: 'Because.' }, { 'retry-after-ms': '20' });
    const once = answers(overloaded);
    assert.deepEqual([(await bench.ask()).bytes.equals(recordedStream), once()], [true, 2]);
    const always = answers(...Array.from({ length: 20 }, () => overloaded));
    const answer = await bench.ask();
    assert.deepEqual([answer.status, jsonOf(answer).error.message, always() < 10], [503, 'Because.', true]);
    assert.equal((await bench.explain(answer)).charge, null);
  });

  for (const times of [1, 3]) {
    it(`absorbs ${times === 1 ? 'a throttle' : `${times} throttles in a row`}: the client sees one answer`, async () => {
      const asked = answers(...Array.from({ length: times }, () => throttle(120)));
      const answer = await bench.ask();
      assert.deepEqual([answer.status, answer.bytes.equals(recordedStream), asked()], [200, true, times + 1]);
      const told = await bench.explain(answer);
      assert.deepEqual(told.attempts.map((one) => one.outcome), [...Array.from({ length: times }, () => 'rejected'), 'completed']);
      assert.ok(told.charge && told.entries.filter((one) => one.kind === 'post').length === 1);
    });
  }

  it('says at once when the pause is longer than the client bears, and who should come back when', async () => {
    const asked = answers(throttle(30 * 60_000));
    const answer = await bench.ask();
    assert.deepEqual([answer.status, jsonOf(answer).error.code, answer.headers['retry-after'], answer.headers['x-should-retry'], asked()], [429, 'wait_too_long', '60', 'true', 1]);
    const codex = await bench.ask({ headers: codexHeaders, body: recordedRequest(true, { model: 'gpt-5.4' }) });
    assert.equal(codex.status, 200, 'another model is not held up');
    assert.equal((await bench.audit()).openHolds, 0);
  });

  it('keeps a stream that fails apart from one that is complete', async () => {
    const failed = 'event: response.failed\ndata: {"type":"response.failed","response":{"id":"resp_1","status":"failed","error":{"code":"server_error","message":"x"},"usage":null}}\n\n';
    bench.upstream.script = (_request, wire) => wire.write(Buffer.concat([Buffer.from(streamHead()), chunkOf(failed), Buffer.from(lastChunk)]));
    const answer = await bench.ask({ body: recordedRequest(true, { model: 'gpt-5.4' }) });
    assert.equal(answer.bytes.toString(), failed);
    const told = await bench.explain(answer);
    assert.deepEqual([told.attempts[0]?.outcome, told.charge], ['failed', null]);
  });

  it('names an upstream that cannot be reached', async () => {
    bench.upstream.script = (_request, wire) => wire.reset();
    const answer = await bench.ask({ body: recordedRequest(true, { model: 'gpt-5.4' }) });
    assert.deepEqual([answer.status, jsonOf(answer).error.code], [502, 'upstream_unreachable']);
    const found = await bench.audit();
    assert.deepEqual([found.ok, found.openHolds], [true, 0]);
  });
});

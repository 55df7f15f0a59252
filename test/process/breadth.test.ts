// The rest of the API over the wire through the real broker: bytes and listed headers unchanged both ways in every
// body coding, usage read or estimated by the same rules, streams that break off, and what a setting opens.
import assert from 'node:assert/strict';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { runBroker, testApiKey } from '../support/process/brokerProgram.ts';
import { exchange, jsonOf } from '../support/process/httpExchange.ts';
import { chunkOf, lastChunk, streamHead, wholeAnswer } from '../support/process/scriptedUpstream.ts';
import { callBroker, codexHeaders, openBench } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

const chunk = (rest: object) => `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-5.5', service_tier: 'default', ...rest })}\n\n`;
const piece = (content: string, reason: string | null = null) => chunk({ choices: [{ index: 0, delta: { content }, finish_reason: reason }] });
const said = piece('Grüße, ') + piece('Welt'.repeat(10)) + piece('', 'stop');
const usage = { prompt_tokens: 1200, completion_tokens: 34, total_tokens: 1234, prompt_tokens_details: { cached_tokens: 1000 }, completion_tokens_details: { reasoning_tokens: 20 } };
const used = { inputTokens: 1200, cachedInputTokens: 1000, cacheWriteTokens: 0, outputTokens: 34, reasoningTokens: 20 };
const withUsage = `${said}${chunk({ choices: [], usage })}data: [DONE]\n\n`;
const withoutUsage = `${said}data: [DONE]\n\n`;
const completion = JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-5.5', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }], usage });
const streamed = (text: string | Buffer) => Buffer.concat([Buffer.from(streamHead()), chunkOf(text), Buffer.from(lastChunk)]);

describe('chats, embeddings and compactions through the broker', function () {
  this.timeout(120_000);
  let bench: Workbench;
  before(async () => { bench = await openBench({ credits: 1000 }); });
  after(() => bench.close());

  const seen = () => bench.upstream.requests.at(-1);
  const chat = (more: object = {}) => JSON.stringify({ model: 'gpt-5.5', messages: [{ role: 'user', content: 'how large is it?' }], ...more });
  const ask = (path: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}) => bench.ask({ path, body, headers });
  const give = (bytes: Buffer) => { bench.upstream.script = (_request, wire) => wire.write(bytes); };

  it('give a chat on byte for byte and measure it exactly', async () => {
    for (const [body, answer, bytes] of [[chat({ stream: true, stream_options: { include_usage: true } }), streamed(withUsage), withUsage], [chat(), wholeAnswer(200, completion), completion]] as const) {
      give(answer);
      const got = await ask('/v1/chat/completions', body);
      assert.deepEqual([got.status, got.bytes.toString()], [200, bytes]);
      assert.deepEqual([seen()?.line, seen()?.body.toString()], ['POST /v1/chat/completions HTTP/1.1', body]);
      const [attempt] = (await bench.explain(got)).attempts;
      assert.deepEqual([attempt?.outcome, attempt?.measured, attempt?.usage], ['completed', true, used]);
    }
  });

  it('estimate a stream without usage, and say so; nothing is added to what is sent', async () => {
    give(streamed(withoutUsage));
    const body = chat({ stream: true });
    const got = await ask('/v1/chat/completions', body);
    assert.deepEqual([got.bytes.toString(), seen()?.body.toString()], [withoutUsage, body]);
    const told = await bench.explain(got);
    const [attempt] = told.attempts;
    assert.deepEqual([attempt?.outcome, attempt?.measured], ['completed', false]);
    // What was written, and what such answers usually think before it.
    assert.ok((attempt?.usage?.outputTokens ?? 0) >= Math.ceil(('Grüße, '.length + 40) / 4), JSON.stringify(attempt?.usage));
    assert.ok((told.charge?.costMicroCredits ?? 0) > 0 && (told.charge?.uncoveredMicroCredits ?? 1) === 0);
  });

  it('book a stream that breaks off anywhere by what was seen of it', async () => {
    const bytes = Buffer.from(withUsage);
    const knownAt = bytes.indexOf('data: [DONE]') + 'data: [DONE]'.length;
    for (let at = 0; at <= bytes.length; at += 31) {
      bench.upstream.script = async (_request, wire) => {
        await wire.write(Buffer.concat([Buffer.from(streamHead()), ...(at === 0 ? [] : [chunkOf(bytes.subarray(0, at))])]));
        wire.end();
      };
      const got = await ask('/v1/chat/completions', chat({ stream: true, stream_options: { include_usage: true } }));
      assert.deepEqual([got.bytes.equals(bytes.subarray(0, at)), got.complete], [true, false], `cut at ${at}`);
      const [attempt] = (await bench.explain(got)).attempts;
      // All of usage and reasons may have come although the last line has not.
      const isKnown = at >= knownAt || attempt?.measured === true && at > bytes.indexOf('"usage"');
      assert.deepEqual([attempt?.measured, attempt?.outcome], isKnown ? [true, 'completed'] : [false, 'broken'], `cut at ${at}`);
      if (isKnown) assert.deepEqual(attempt?.usage, used);
    }
    assert.deepEqual([(await bench.audit()).ok, (await bench.audit()).openHolds], [true, 0]);
  });

  it('take bodies in every coding as they are', async () => {
    give(wholeAnswer(200, completion));
    const plain = chat({ messages: [{ role: 'user', content: 'large '.repeat(100_000) }] });
    for (const [coding, body] of [['gzip', gzipSync(plain)], ['deflate', deflateSync(plain)], ['br', brotliCompressSync(plain)], ['zstd', zstdCompressSync(plain)], ['identity', Buffer.from(plain)]] as const) {
      const got = await ask('/v1/chat/completions', body, { 'content-encoding': coding });
      assert.deepEqual([got.status, seen()?.body.equals(body), seen()?.headers['content-encoding']], [200, true, coding]);
    }
  });

  it('refuse a body that cannot be read in words of its API, and send nothing', async () => {
    const before = bench.upstream.bytesSeen();
    for (const [path, body] of [['/v1/chat/completions', '{}'], ['/v1/chat/completions', '{"model":"m","n":0}'], ['/v1/embeddings', '[]'], ['/v1/responses/compact', '{"model":']] as const) {
      const got = await ask(path, body);
      assert.deepEqual([got.status, jsonOf(got).error.code], [400, 'body_broken'], `${path} ${body}`);
    }
    assert.equal(bench.upstream.bytesSeen(), before);
  });

  it('measure embeddings, also a list of vectors that is too long to be parsed', async () => {
    const vectors = '0.123456789,'.repeat(1_600_000);
    for (const [data, isLong] of [['0.5,', false], [vectors, true]] as const) {
      const body = `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[${data}1]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}`;
      give(wholeAnswer(200, body));
      const got = await ask('/v1/embeddings', JSON.stringify({ model: 'text-embedding-3-small', input: 'some words' }));
      assert.deepEqual([got.status, got.bytes.length], [200, body.length]);
      const [attempt] = (await bench.explain(got)).attempts;
      assert.deepEqual([attempt?.measured, attempt?.usage?.inputTokens, attempt?.usage?.outputTokens], [true, 8, 0], String(isLong));
    }
  });

  it('measure a compaction', async () => {
    give(wholeAnswer(200, JSON.stringify({ id: 'resp_1', object: 'response.compaction', created_at: 1, output: [], usage: { input_tokens: 139, output_tokens: 438, total_tokens: 577 } })));
    const got = await ask('/v1/responses/compact', JSON.stringify({ model: 'gpt-5.5', input: [{ role: 'user', content: 'x' }] }));
    const [attempt] = (await bench.explain(got)).attempts;
    assert.deepEqual([seen()?.line, attempt?.outcome, attempt?.usage?.outputTokens], ['POST /v1/responses/compact HTTP/1.1', 'completed', 438]);
  });

  it('know how large the response was that a request goes on from', async () => {
    give(wholeAnswer(200, JSON.stringify({ id: 'resp_large', object: 'response', status: 'completed', model: 'gpt-5.5', output: [], usage: { input_tokens: 90_000, output_tokens: 10_000, total_tokens: 100_000 } })));
    await bench.explain(await ask('/v1/responses', JSON.stringify({ model: 'gpt-5.5', input: 'x' })));
    const got = await ask('/v1/responses', JSON.stringify({ model: 'gpt-5.5', input: 'and on', previous_response_id: 'resp_large' }));
    const { decision } = await bench.explain(got);
    assert.ok(decision.holdMicroCredits >= 100_000 * 125, `${decision.holdMicroCredits} microcredits are held`);
  });

  it('are counted by what they are for', async () => {
    const keys = (await callBroker(bench.broker, 'usage', { by: 'kind' })).rows.map((row) => row.key);
    for (const kind of ['chat', 'embeddings', 'compaction']) assert.ok(keys.includes(kind), kind);
  });
});

describe('free requests through the broker', function () {
  this.timeout(30_000);
  let bench: Workbench;
  before(async () => { bench = await openBench({ serve: { args: ['--pass-through', '/v1/files', '--pass-through', '/v1/audio/speech'] } }); });
  after(() => bench.close());
  const seen = () => bench.upstream.requests.at(-1);
  const requestsCounted = async () => (await callBroker(bench.broker, 'usage', { by: 'model' })).total.requests;

  it('go through with the broker\'s key and listed headers, and cost nothing', async () => {
    const counted = await requestsCounted();
    for (const [method, path, line] of [
      ['GET', '/v1/responses/resp_1?include[]=reasoning.encrypted_content&x=1', 'GET /v1/responses/resp_1?include%5B%5D=reasoning.encrypted_content HTTP/1.1'],
      ['DELETE', '/v1/responses/resp_1', 'DELETE /v1/responses/resp_1 HTTP/1.1'], ['POST', '/v1/responses/resp_1/cancel', 'POST /v1/responses/resp_1/cancel HTTP/1.1'],
      ['GET', '/v1/responses/resp_1/input_items?limit=2', 'GET /v1/responses/resp_1/input_items?limit=2 HTTP/1.1'], ['POST', '/v1/responses/input_tokens', 'POST /v1/responses/input_tokens HTTP/1.1'], ['GET', '/v1/models/gpt-5.5', 'GET /v1/models/gpt-5.5 HTTP/1.1'],
    ] as const) {
      bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(200, `{"told":"${method}"}`, { 'set-cookie': 'a=b', 'openai-processing-ms': '7', 'x-request-id': 'req_up' }));
      const got = await bench.ask({ method, path: path.replace('[]', '%5B%5D'), body: method === 'POST' ? '{"model":"gpt-5.5","input":"x"}' : '', headers: { cookie: 'secret=1', 'openai-beta': 'x=1' } });
      assert.deepEqual([got.status, got.bytes.toString(), got.headers['set-cookie'], got.headers['openai-processing-ms'], got.headers['x-upstream-request-id']], [200, `{"told":"${method}"}`, undefined, '7', 'req_up']);
      assert.deepEqual([seen()?.line, seen()?.headers['authorization'], seen()?.headers['cookie'], seen()?.headers['openai-beta']], [line, `Bearer ${testApiKey}`, undefined, 'x=1']);
      if (method === 'POST') assert.equal(seen()?.body.toString(), '{"model":"gpt-5.5","input":"x"}');
    }
    assert.equal(await requestsCounted(), counted);
  });

  it('give refusals of the upstream on, follow no redirect, and take no login page for an answer', async () => {
    bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(404, '{"error":{"message":"Response with id \'resp_1\' not found."}}'));
    const missing = await bench.ask({ method: 'GET', path: '/v1/responses/resp_1', body: '' });
    assert.deepEqual([missing.status, jsonOf(missing).error.message], [404, 'Response with id \'resp_1\' not found.']);
    for (const answer of [wholeAnswer(307, '', { location: 'http://127.0.0.1:1/' }), wholeAnswer(200, '<html>', { 'content-type': 'text/html' })]) {
      bench.upstream.script = (_request, wire) => wire.write(answer);
      const got = await bench.ask({ method: 'GET', path: '/v1/responses/resp_1', body: '' });
      assert.deepEqual([got.status, jsonOf(got).error.code, got.headers['location']], [502, 'upstream_invalid', undefined]);
    }
    bench.upstream.script = (_request, wire) => wire.reset();
    assert.equal(jsonOf(await bench.ask({ method: 'GET', path: '/v1/responses/resp_1', body: '' })).error.code, 'upstream_unreachable');
  });

  it('go where a setting opens an address, and nowhere else', async () => {
    const counted = await requestsCounted();
    const { unmetered } = await callBroker(bench.broker, 'status', {});
    assert.equal(unmetered, undefined, 'what is known to be free is none of them');
    bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(200, Buffer.from([1, 2, 255]), { 'content-type': 'audio/mpeg' }));
    const form = Buffer.from('--b\r\ncontent-disposition: form-data; name="file"\r\n\r\n\u00ff\r\n--b--\r\n', 'latin1');
    const got = await bench.ask({ path: '/v1/files', body: form, headers: { 'content-type': 'multipart/form-data; boundary=b' } });
    assert.deepEqual([got.status, got.bytes, got.headers['content-type']], [200, Buffer.from([1, 2, 255]), 'audio/mpeg']);
    assert.deepEqual([seen()?.line, seen()?.body.equals(form), seen()?.headers['content-type'], seen()?.headers['authorization']], ['POST /v1/files HTTP/1.1', true, 'multipart/form-data; boundary=b', `Bearer ${testApiKey}`]);
    await bench.ask({ method: 'GET', path: '/v1/files/file-1/content?after=x', body: '' });
    assert.equal(seen()?.line, 'GET /v1/files/file-1/content?after=x HTTP/1.1');
    const before = bench.upstream.requests.length;
    for (const path of ['/v1/images/generations', '/v1/filesystem', '/v1/audio', '/v1/audio/transcriptions', '/broker/v1/files']) {
      const refused = await bench.ask({ path, body: '{}' });
      assert.deepEqual([refused.status, refused.headers['connection']], [path.startsWith('/broker') ? 401 : 404, 'close'], path);
      if (refused.status === 404) assert.match(jsonOf(refused).error.message, /no such address, so nothing was sent.*--pass-through/);
    }
    const stranger = await exchange(`${bench.broker.url}/v1/files`, { body: '{}', headers: { authorization: 'Bearer sk-x' } });
    assert.deepEqual([stranger.status, bench.upstream.requests.length], [401, before]);
    assert.equal(await requestsCounted(), counted, 'nothing of it is metered');
    const shown = await callBroker(bench.broker, 'status', {});
    assert.deepEqual([shown.unmetered?.requests, shown.today.total.requests], [2, 0], 'it is seen all the same, and in no sum');
    assert.match((await runBroker(['status', '--data', bench.dataDir])).stdout, /^Unmetered {2}2 requests were passed through unmetered since the broker started\. What they cost is not known here and in no sum\.$/m);
  });
});

describe('what a turn of Codex says of itself', function () {
  this.timeout(30_000);
  it('goes up and comes back: the turn\'s state, the model and the ids', async () => {
    const bench = await openBench();
    try {
      const told = { 'x-codex-turn-state': 'sticky/1=', 'openai-model': 'gpt-5.5-2026-04-23', 'openai-processing-ms': '12', 'openai-version': '2020-10-01', 'x-request-id': 'req_up' };
      bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(200, completion, told));
      for (const path of ['/v1/responses', '/v1/responses/compact', '/v1/chat/completions']) {
        const got = await bench.ask({ path, body: JSON.stringify({ model: 'gpt-5.5', input: 'x', messages: [] }), headers: { ...codexHeaders, 'x-codex-turn-state': 'sticky/0=', 'x-client-request-id': 'mine' } });
        const { headers = {} } = bench.upstream.requests.at(-1) ?? {};
        assert.deepEqual([headers['x-codex-turn-state'], headers['x-client-request-id'], headers['thread-id']], ['sticky/0=', 'mine', 'thread-of-a-test'], path);
        const { 'x-request-id': upstreamId, ...same } = told;
        for (const [name, value] of Object.entries(same)) assert.equal(got.headers[name], value, `${path} ${name}`);
        assert.equal(got.headers['x-upstream-request-id'], upstreamId);
        assert.match(String(got.headers['x-request-id']), /^req_[0-9a-z]{20,}$/);
      }
    } finally {
      await bench.close();
    }
  });
});

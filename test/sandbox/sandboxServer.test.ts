// The simulated endpoint over real HTTP: keys, routes, bodies, limits, the meter.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import zlib from 'node:zlib';
import { startSandbox } from '../../src/sandbox/main.ts';
import type { Sandbox, SandboxSettings } from '../../src/sandbox/sandboxServer.ts';
import { ask, eventsOf, streaming, type Json } from './asking.ts';
import { manualClock } from './manualClock.ts';

const quick = { delays: { deltaMs: 0 } };
let sandbox: Sandbox | undefined;
const start = async (options: Partial<SandboxSettings> = {}) => {
  sandbox = await startSandbox({ ...options, scenario: { ...quick, ...options.scenario } });
  return sandbox;
};
const errorOf = (text: string) => (JSON.parse(text) as { error: { code: string | null; type: string; message: string; param: string | null } }).error;

/** Sends raw bytes and gives what came back until the connection ended. */
const raw = (port: number, bytes: string) => new Promise<string>((resolve, reject) => {
  let text = '';
  const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('close', () => resolve(text));
  socket.on('error', reject);
});

describe('the sandbox upstream', function () {
  this.timeout(30_000);

  afterEach(async () => {
    await sandbox?.close();
    sandbox = undefined;
  });

  it('streams an answer whose usage the meter agrees with', async () => {
    const { url, meter } = await start();
    const answer = await ask(url, streaming('say hi', { reasoning: { effort: 'low' } }));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    for (const name of ['x-request-id', 'openai-processing-ms', 'openai-version']) assert.ok(answer.headers.get(name), name);
    assert.equal(answer.headers.get('x-ratelimit-limit-requests'), '500');
    const events = eventsOf(answer.text);
    assert.ok(events.every((event) => event.event === event.data['type']));
    const usage = events.at(-1)?.data['response'].usage;
    const [request] = meter.requests;
    assert.deepEqual(request?.reportedUsage, usage);
    assert.deepEqual(request?.billedUsage, { inputTokens: 2, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: usage.output_tokens, reasoningTokens: 64 });
    assert.deepEqual([request?.status, request?.model, request?.aborted, request?.responseId, request?.requestId],
      [200, 'gpt-5.5', false, events[0]?.data['response'].id, answer.headers.get('x-request-id')]);
    assert.equal(request?.headers['authorization'], 'Bearer sk-test');
  });

  it('answers without streaming as one JSON response', async () => {
    const { url } = await start();
    const answer = await ask(url, { model: 'gpt-5.5', input: 'say hi' });
    const response = JSON.parse(answer.text) as Record<string, Json>;
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.deepEqual([response['object'], response['status'], response['model']], ['response', 'completed', 'gpt-5.5']);
    assert.match(response['output'][0].content[0].text, /say hi$/);
    assert.equal(response['usage'].total_tokens, response['usage'].input_tokens + response['usage'].output_tokens);
  });

  it('finds the beginning of a prompt in the cache of the same key only, and counts writes where they cost', async () => {
    const { url, meter } = await start();
    const input = 'word '.repeat(2000);
    for (const key of ['a', 'a', 'b']) await ask(url, streaming(input, { model: 'gpt-6.1-sol', prompt_cache_key: key }));
    assert.deepEqual(meter.attempts.map((request) => request.billedUsage?.cachedInputTokens), [0, 2432, 0]);
    assert.deepEqual(meter.attempts.map((request) => request.billedUsage?.cacheWriteTokens), [2432, 0, 2432]);
  });

  it('asks for a key, accepts those that begin with sk-, refuses revoked ones', async () => {
    const { url } = await start();
    const statuses = await Promise.all(['', 'Bearer nonsense', 'Bearer sk-revoked-1', 'Basic sk-test', 'Bearer sk-fine'].map(async (authorization) => {
      const answer = await ask(url, streaming(), { headers: { authorization } });
      return answer.status === 200 ? 200 : [answer.status, errorOf(answer.text).code];
    }));
    const refused = [401, 'invalid_api_key'];
    assert.deepEqual(statuses, [refused, refused, refused, refused, 200]);
    const masked = await ask(url, streaming(), { headers: { authorization: 'Bearer sk-revoked-secret-tail' } });
    assert.ok(!masked.text.includes('revoked'));
  });

  it('accepts only the keys of its scenario where it names some', async () => {
    const { url } = await start({ scenario: { acceptedKeys: ['sk-only'] } });
    assert.equal((await ask(url, streaming(), { headers: { authorization: 'Bearer sk-only' } })).status, 200);
    assert.equal((await ask(url, streaming())).status, 401);
  });

  const bad: [string, unknown, number, string | null, string | null][] = [
    ['an unknown model', streaming('hi', { model: 'gpt-99' }), 404, 'model_not_found', null],
    ['no model', { input: 'hi' }, 400, 'missing_required_parameter', 'model'],
    ['no input', { model: 'gpt-5.5' }, 400, 'missing_required_parameter', 'input'],
    ['broken JSON', '{"model":', 400, null, null],
    ['a list', [], 400, 'invalid_type', null],
    ['a tier of its own', streaming('hi', { service_tier: 'gold' }), 400, 'invalid_value', 'service_tier'],
    ['too small a budget', streaming('hi', { max_output_tokens: 3 }), 400, 'integer_below_min_value', 'max_output_tokens'],
    ['a response that it does not have', streaming('hi', { previous_response_id: 'resp_x' }), 400, 'previous_response_not_found', 'previous_response_id'],
  ];
  for (const [what, body, status, code, param] of bad) {
    it(`refuses ${what} in OpenAI's words`, async () => {
      const { url } = await start();
      const answer = await ask(url, body);
      const error = errorOf(answer.text);
      assert.deepEqual([answer.status, error.code, error.param, error.type], [status, code, param, 'invalid_request_error']);
    });
  }

  it('reads zstd, gzip, br and deflate, and says what is wrong with others', async () => {
    const { url, meter } = await start();
    const plain = Buffer.from(JSON.stringify(streaming()));
    const encoded: [string, Buffer][] = [['gzip', zlib.gzipSync(plain)], ['br', zlib.brotliCompressSync(plain)], ['deflate', zlib.deflateSync(plain)], ['zstd', zlib.zstdCompressSync(plain)], ['br, gzip', zlib.gzipSync(zlib.brotliCompressSync(plain))]];
    for (const [encoding, body] of encoded) assert.equal((await ask(url, body, { headers: { 'content-encoding': encoding } })).status, 200, encoding);
    assert.deepEqual(meter.requests.map((request) => request.bodyBytes), encoded.map(([, body]) => body.length));
    assert.equal(meter.requests[0]?.bodySha256, createHash('sha256').update(encoded[0]?.[1] ?? '').digest('hex'));
    assert.equal((await ask(url, plain, { headers: { 'content-encoding': 'gzip' } })).status, 400);
    assert.equal((await ask(url, plain, { headers: { 'content-encoding': 'rot13' } })).status, 415);
    const bomb = zlib.gzipSync(Buffer.alloc(65 * 1024 * 1024));
    assert.equal((await ask(url, bomb, { headers: { 'content-encoding': 'gzip' } })).status, 413);
  });

  it('lists models, with and without a client\'s version, one that no price table knows among them', async () => {
    const { url } = await start();
    for (const query of ['', '?client_version=0.169.0']) {
      const list = await (await fetch(`${url}/v1/models${query}`, { headers: { authorization: 'Bearer sk-test' } })).json() as { object: string; data: { id: string }[] };
      const ids = list.data.map((model) => model.id);
      assert.equal(list.object, 'list');
      for (const id of ['gpt-6-astra', 'gpt-6.1-sol', 'gpt-5.5', 'gpt-5.3-codex', 'gpt-5-nano', 'sandbox-unpriced']) assert.ok(ids.includes(id), id);
    }
    const one = await fetch(`${url}/v1/models/gpt-5.5`, { headers: { authorization: 'Bearer sk-test' } });
    assert.equal((await one.json() as { id: string }).id, 'gpt-5.5');
    assert.equal((await fetch(`${url}/v1/models/none`, { headers: { authorization: 'Bearer sk-test' } })).status, 404);
  });

  it('knows no other routes or methods, and answers no web page', async () => {
    const { url } = await start();
    const authorization = 'Bearer sk-test';
    assert.equal((await fetch(`${url}/v1/audio/speech`, { method: 'POST', headers: { authorization }, body: '{}' })).status, 404);
    assert.equal((await fetch(`${url}/v1/responses`, { headers: { authorization } })).status, 405);
    assert.equal((await fetch(`${url}/sandbox/requests`, { headers: { origin: 'https://example.com' } })).status, 403);
    const spoofed = await raw(Number(new URL(url).port), 'GET /sandbox/requests HTTP/1.1\r\nhost: evil.test\r\nconnection: close\r\n\r\n');
    assert.match(spoofed, /^HTTP\/1\.1 404 /);
  });

  it('refuses a WebSocket with 426 on the socket itself where it is told to offer none', async () => {
    const { port, meter } = await start({ scenario: { webSocket: { offered: false } } });
    const answer = await raw(port, 'GET /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 426 Upgrade Required\r\n/);
    assert.equal(errorOf(answer.slice(answer.indexOf('\r\n\r\n') + 4)).code, 'upgrade_required');
    assert.deepEqual(meter.requests.map((request) => [request.method, request.status]), [['GET', 426]]);
  });

  it('throttles with 429 and lets the next one in when the clock has moved', async () => {
    const clock = manualClock();
    const { url, meter } = await start({ clock, scenario: { limits: { requestsPerMinute: 60, models: { 'gpt-5.5': { requestsPerMinute: 2 } } } } });
    const remaining = [];
    for (let request = 0; request < 2; request++) remaining.push((await ask(url, streaming())).headers.get('x-ratelimit-remaining-requests'));
    assert.deepEqual(remaining, ['1', '0']);
    const refused = await ask(url, streaming());
    assert.deepEqual([refused.status, errorOf(refused.text).code, refused.headers.get('retry-after'), refused.headers.get('retry-after-ms')], [429, 'rate_limit_exceeded', '30', '30000']);
    assert.equal((await ask(url, streaming('hi', { model: 'gpt-5.4' }))).status, 200);
    clock.advance(30_000);
    assert.equal((await ask(url, streaming())).status, 200);
    assert.equal(meter.attempts[2]?.billedUsage, undefined);
  });

  it('counts tokens against the limit, output included, and a refused prompt warms no cache', async () => {
    const clock = manualClock();
    const { url, meter } = await start({ clock, scenario: { limits: { tokensPerMinute: 3000 } } });
    const big = streaming('word '.repeat(1600));
    assert.equal((await ask(url, big)).status, 200);
    const spent = meter.requests[0]?.billedUsage;
    assert.ok(spent);
    const refused = await ask(url, { ...big, prompt_cache_key: 'cold' });
    assert.equal(errorOf(refused.text).type, 'tokens');
    assert.match(errorOf(refused.text).message, new RegExp(`Used ${spent.inputTokens + spent.outputTokens}, Requested 2000`));
    assert.match(errorOf((await ask(url, streaming('word '.repeat(3000)))).text).message, /^Request too large/);
    clock.advance(60_000);
    await ask(url, { ...big, prompt_cache_key: 'cold' });
    assert.equal(meter.attempts.at(-1)?.billedUsage?.cachedInputTokens, 0);
  });

  it('notes a client that leaves, and bills what it got', async () => {
    const clock = manualClock();
    const { url, meter } = await start({ clock, scenario: { delays: { deltaMs: 1000 } } });
    const leaving = new AbortController();
    const answer = ask(url, streaming('tell me in 400 words'), { signal: leaving.signal });
    const until = async (done: () => boolean) => {
      while (!done()) await new Promise((resolve) => setImmediate(resolve));
    };
    for (let delta = 0; delta < 3; delta++) {
      await until(() => clock.sleeping === 1);
      clock.advance(1000);
    }
    await until(() => clock.sleeping === 1);
    leaving.abort();
    await answer.catch(() => undefined);
    await until(() => meter.requests[0]?.billedUsage !== undefined);
    const [request] = meter.requests;
    assert.equal(request?.aborted, true);
    assert.equal(request?.reportedUsage, undefined);
    assert.equal(request?.billedUsage?.inputTokens, 5);
    assert.ok((request?.billedUsage?.outputTokens ?? 0) >= 2 && (request?.billedUsage?.outputTokens ?? 0) < 10);
  });

  it('shows what arrived and forgets it on demand; bodies only where they are kept', async () => {
    const { url, meter } = await start({ keepBodies: true });
    await ask(url, streaming('remember me'));
    assert.match(Buffer.from(meter.requests[0]?.body ?? []).toString(), /remember me/);
    const shown = await (await fetch(`${url}/sandbox/requests`)).json() as { totals: { requests: number; billedRequests: number }; requests: { headers: Record<string, string>; body?: unknown }[] };
    assert.deepEqual([shown.totals.requests, shown.totals.billedRequests, shown.requests.length], [1, 1, 1]);
    assert.equal(shown.requests[0]?.headers['authorization'], 'Bearer sk-test');
    assert.equal(shown.requests[0]?.body, undefined);
    await fetch(`${url}/sandbox/reset`, { method: 'POST' });
    assert.deepEqual([meter.requests.length, meter.totals.inputTokens], [0, 0]);
  });

  it('survives a client that stops in the middle of its body', async () => {
    const { url, port, meter } = await start();
    await new Promise<void>((resolve) => {
      const request = http.request({ port, host: '127.0.0.1', path: '/v1/responses', method: 'POST', headers: { 'authorization': 'Bearer sk-test', 'content-length': '1000' } });
      request.on('error', () => resolve());
      request.write('{"model"');
      // Only once the head has arrived is there something to survive.
      const leave = () => {
        if (meter.attempts.length === 1) request.destroy();
        else setImmediate(leave);
      };
      leave();
    });
    assert.equal((await ask(url, streaming())).status, 200);
    while (meter.attempts.length < 2 || !meter.attempts[0]?.aborted) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(meter.attempts.map((request) => [request.aborted, request.status]), [[true, undefined], [false, 200]]);
  });

  it('says which port is in use and which scenario is none', async () => {
    const { port } = await start();
    await assert.rejects(startSandbox({ port }), new RegExp(`Port ${port} is in use`));
    await assert.rejects(startSandbox({ scenario: { delays: { deltaMs: -1 } } }), /scenario is not valid: "delays\.deltaMs"/);
  });
});

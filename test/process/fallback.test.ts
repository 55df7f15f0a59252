// Another model answers where credits, a limit or the network would end a request: what the fallback is sent, what
// the client is told, and what the ledger says of it; and where it may not answer.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import type { ServeOptions } from '../support/process/brokerProgram.ts';
import { jsonOf } from '../support/process/httpExchange.ts';
import type { Answer } from '../support/process/httpExchange.ts';
import { answerWell, recordedModel, recordedRequest, recordedStream } from '../support/process/recordedStream.ts';
import { chunkOf, openUpstream, streamHead, wholeAnswer } from '../support/process/scriptedUpstream.ts';
import type { ScriptedUpstream } from '../support/process/scriptedUpstream.ts';
import { openSocketBench, recordedMessage } from '../support/process/socketBench.ts';
import type { SocketBench } from '../support/process/socketBench.ts';
import { addCredits, callBroker, codexHeaders, openBench, until } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';
import { checkAgain } from '../support/secondChecker.ts';
import { UpgradeRefused } from '../support/socketClient.ts';

const own = 'llama3:8b';
/** So little that the recorded request is beyond it. */
const tooFew = 0.001;

describe('the fallback', function () {
  this.timeout(60_000);
  let bench: Workbench;
  let local: ScriptedUpstream;
  beforeEach(async () => { local = await openUpstream(answerWell); });
  afterEach(async () => {
    await until(async () => (await bench.audit()).openHolds === 0);
    assert.deepEqual((await bench.audit()).violations, []);
    await bench.broker.stop();
    assert.deepEqual(checkAgain(path.join(bench.dataDir, 'ledger.db')), []);
    await bench.close();
    await local.close();
  });
  const withLocal = (more: Partial<ServeOptions> = {}, ...args: string[]): Partial<ServeOptions> => ({ ...more, args: ['--fallback-url', `${local.url}/v1`, '--fallback-model', own, ...args] });
  const open = async (credits: number, serve = withLocal()) => { bench = await openBench({ credits, serve }); };
  const errorOf = (answer: Answer): { code: string; message: string } => jsonOf(answer).error;
  const modelSent = (index = 0): string => JSON.parse(local.requests[index]?.body.toString('utf8') ?? '').model;

  it('answers where credits are used up, and draws none', async () => {
    await open(tooFew);
    const answer = await bench.ask({ headers: codexHeaders });
    assert.deepEqual([answer.status, answer.bytes, bench.upstream.requests.length], [200, recordedStream, 0]);
    assert.deepEqual([answer.headers['x-codex-broker-fallback'], answer.headers['openai-model']], [own, own], 'the answer says who gave it');
    const [sent] = local.requests;
    assert.equal(sent?.body.toString('utf8'), recordedRequest().replace(recordedModel, own), 'and nothing else of the request changed');
    assert.deepEqual([sent?.line, sent?.headers['authorization'], sent?.headers['thread-id'], sent?.headers['content-type']], ['POST /v1/responses HTTP/1.1', undefined, undefined, 'application/json'], 'the key stays here');
    const told = await bench.explain(answer);
    assert.deepEqual([told.decision.outcome, told.decision.fallback?.model, told.decision.fallback?.cause, told.decision.fallback?.code, told.decision.holdMicroCredits, told.decision.slices], ['admit', own, 'balance', 'credits_exhausted', 0, []]);
    assert.deepEqual(told.decision.layers.slice(-2).map((one) => [one.layer, one.verdict]), [['wait', 'ended'], ['fallback', 'took']]);
    assert.deepEqual([told.charge?.costMicroCredits, told.charge?.drawnMicroCredits, told.entries.length], [0, 0, 0]);
    assert.ok(told.story.some((one) => one.includes(`Answered by the fallback ${own} at 127.0.0.1:${local.port}`)), told.story.join('\n'));
    const { recent, balance, broker } = await callBroker(bench.broker, 'status', {});
    assert.deepEqual([recent[0]?.fallback, balance.balanceMicroCredits, broker.fallback], [own, 1000, { model: own, at: `127.0.0.1:${local.port}` }]);
    const { rows } = await callBroker(bench.broker, 'sent', { fromMs: Date.now() - 3_600_000, untilMs: Date.now() + 3_600_000 });
    assert.deepEqual(rows.map((row) => [row.way, row.at, row.attempts]), [['fallback', `127.0.0.1:${local.port}`, 1]], 'the report of what left names it');
  });

  it('answers a chat in its own words, and stands for no vectors and nothing in the background', async () => {
    await open(tooFew);
    local.script = (_request, wire) => wire.write(wholeAnswer(200, '{"id":"chatcmpl-1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}'));
    const chat = await bench.ask({ path: '/v1/chat/completions', body: JSON.stringify({ model: recordedModel, messages: [{ role: 'user', content: 'how large is it?' }] }) });
    assert.deepEqual([chat.status, chat.headers['x-codex-broker-fallback'], local.requests[0]?.line, modelSent()], [200, own, 'POST /v1/chat/completions HTTP/1.1', own]);
    const [attempt] = (await bench.explain(chat)).attempts;
    assert.deepEqual([attempt?.outcome, attempt?.measured, attempt?.usage?.inputTokens, attempt?.usage?.outputTokens], ['completed', true, 3, 2]);
    for (const [path, body] of [['/v1/responses', recordedRequest(false, { background: true })], ['/v1/responses/compact', recordedRequest(false)], ['/v1/embeddings', JSON.stringify({ model: 'text-embedding-3-large', input: 'x'.repeat(400_000) })]] as const) {
      const refused = await bench.ask({ path, body });
      assert.deepEqual([refused.status, errorOf(refused).code], [402, 'credits_exhausted'], path);
    }
    assert.equal(local.requests.length, 1);
  });

  it('gets a compressed request in plain, and where purchased credits may not be used', async () => {
    await open(0);
    await callBroker(bench.broker, 'creditsAdd', { amountMicroCredits: 9_000_000, kind: 'purchased', key: 'not for all', consent: { scope: 'ask' } });
    const body = zstdCompressSync(recordedRequest());
    const answer = await bench.ask({ body, headers: { ...codexHeaders, 'content-encoding': 'zstd' } });
    assert.deepEqual([answer.status, modelSent(), local.requests[0]?.headers['content-encoding']], [200, own, undefined]);
    assert.equal((await bench.explain(answer)).decision.fallback?.code, 'consent_missing');
  });

  it('answers where the upstream cannot be reached, after it was tried', async () => {
    await open(100);
    await bench.upstream.close();
    const answer = await bench.ask();
    assert.deepEqual([answer.status, answer.bytes], [200, recordedStream]);
    const told = await bench.explain(answer);
    assert.deepEqual(told.attempts.map((one) => one.outcome), ['broken', 'completed']);
    assert.match(told.decision.fallback?.because ?? '', /could not be reached: nothing listens there/);
    const { problems, balance } = await callBroker(bench.broker, 'status', {});
    assert.deepEqual([problems.map((one) => one.code), balance.heldMicroCredits, balance.balanceMicroCredits], [['upstream_unreachable'], 0, 100_000_000], 'its answers say nothing good of the upstream');
    await bench.upstream.close().catch(() => undefined);
  });

  it('answers where a limit has no room in time', async () => {
    await open(100);
    bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(429, '{"error":{"type":"requests","code":"rate_limit_exceeded","message":"Rate limit reached."}}', { 'retry-after': '3600', 'content-type': 'application/json' }));
    const answer = await bench.ask();
    assert.deepEqual([answer.status, answer.headers['x-codex-broker-fallback']], [200, own]);
    const told = await bench.explain(answer);
    assert.deepEqual([told.decision.fallback?.cause, told.decision.fallback?.code, told.attempts.length], ['window', 'wait_too_long', 2]);
  });

  it('does not answer where a budget in tokens is used up, nor for another cause than it is there for', async () => {
    await open(tooFew, withLocal({}, '--fallback-when', 'unreachable,window'));
    assert.deepEqual([errorOf(await bench.ask()).code, local.requests.length], ['credits_exhausted', 0]);
    await bench.broker.stop();
    await bench.restart(withLocal());
    assert.equal((await bench.ask()).status, 200);
    await callBroker(bench.broker, 'budgetSet', { budget: { id: 'few', limit: 1, unit: 'tokens', mode: 'hard', per: 'everything', period: 'life', timeZone: 'UTC' } });
    assert.deepEqual([errorOf(await bench.ask()).code, local.requests.length], ['budget_exceeded', 1]);
    await bench.upstream.close();
    assert.equal(errorOf(await bench.ask()).code, 'budget_exceeded');
    await bench.upstream.close().catch(() => undefined);
  });

  it('costs what the user says that it costs, which is counted and not drawn', async () => {
    await open(tooFew);
    await bench.broker.stop();
    writeFileSync(path.join(bench.dataDir, 'prices.json'), JSON.stringify({ prices: [{ model: own, from: '2026-01-01', usdPerMillion: { input: 1, output: 2 } }] }));
    await bench.restart();
    const told = await bench.explain(await bench.ask());
    assert.deepEqual([told.charge?.model, told.charge?.costMicroCredits, told.charge?.drawnMicroCredits, told.charge?.uncoveredMicroCredits], [own, (1200 + 68) * 25, 0, 0]);
    assert.equal((await callBroker(bench.broker, 'status', {})).balance.balanceMicroCredits, 1000);
  });

  it('shows a key of its own where it has one', async () => {
    await open(tooFew, withLocal({ env: { LOCAL_KEY: 'sk-local' } }, '--fallback-key-env', 'LOCAL_KEY'));
    await bench.ask();
    assert.equal(local.requests[0]?.headers['authorization'], 'Bearer sk-local');
  });

  it('gives its own refusals on, and both reasons where it cannot be reached', async () => {
    await open(tooFew);
    local.script = (_request, wire) => wire.write(wholeAnswer(404, '{"error":{"message":"model not found"}}', { 'content-type': 'application/json' }));
    const missing = await bench.ask();
    assert.deepEqual([missing.status, errorOf(missing).message, missing.headers['x-codex-broker-fallback']], [404, 'model not found', own]);
    assert.equal((await bench.explain(missing)).attempts.at(-1)?.outcome, 'rejected');
    local.script = (_request, wire) => wire.write(wholeAnswer(429, '{"error":{"code":"rate_limit_exceeded","message":"busy"}}', { 'content-type': 'application/json', 'retry-after': '1' }));
    assert.equal((await bench.ask()).status, 429, 'its limits are not those of the upstream');
    await local.close();
    const { code, message } = errorOf(await bench.ask());
    assert.equal(code, 'fallback_unreachable');
    assert.match(message, /This request may cost up to .* credits.*The fallback 127\.0\.0\.1:\d+ could not be reached: nothing listens there/);
    assert.match((await bench.ask({ headers: codexHeaders })).bytes.toString('utf8'), /invalid_prompt/, 'Codex does not try it again and again');
    local = await openUpstream(answerWell);
  });

  it('is seen while it runs, can be stopped, and survives a crash of the broker', async () => {
    await open(tooFew);
    local.script = async (_request, wire) => {
      await wire.write(streamHead());
      await wire.write(chunkOf(recordedStream.subarray(0, 900)));
    };
    // What is stopped before the answer's head has come is refused as a whole; here the answer is under way.
    let hasBegun = false;
    const asked = bench.ask({ onResponse: () => { hasBegun = true; } });
    await until(async () => hasBegun && (await callBroker(bench.broker, 'status', {})).running.some((one) => one.fallback === own));
    const [run] = (await callBroker(bench.broker, 'status', {})).running;
    await callBroker(bench.broker, 'cancel', { requestId: run?.requestId ?? '' });
    assert.equal((await asked).complete, false);
    const lost = bench.ask().catch(() => undefined);
    await until(() => local.requests.length === 2);
    await until(async () => (await callBroker(bench.broker, 'status', {})).running.length === 1);
    await bench.broker.kill();
    await lost;
    await bench.restart();
    const { recent } = await callBroker(bench.broker, 'status', {});
    assert.deepEqual(recent.map((one) => [one.fallback, one.outcome]), [[own, 'crashed'], [own, 'aborted']]);
  });

  it('is named by a dry run', async () => {
    await open(tooFew);
    const { decision, story } = await callBroker(bench.broker, 'dryRun', { model: recordedModel, size: { bodyBytes: 4000 } });
    assert.deepEqual([decision.fallback?.model, story.includes(`It would be answered by the fallback ${own}.`)], [own, true]);
    assert.equal(local.requests.length, 0);
  });
});

describe('the fallback behind a WebSocket', function () {
  this.timeout(60_000);

  it('answers over HTTP: the client is sent there, and back again later', async () => {
    const local = await openUpstream(answerWell);
    const bench: SocketBench = await openSocketBench({ credits: tooFew, serve: { args: ['--fallback-url', local.url, '--fallback-model', own] } });
    try {
      const client = await bench.connect();
      client.send(recordedMessage());
      const { code, reason } = await client.closed;
      assert.deepEqual([code, reason, client.texts, bench.sockets.messages.length], [1012, 'a fallback answers over HTTP', [], 0]);
      await assert.rejects(bench.connect(), (error) => error instanceof UpgradeRefused && error.status === 426);
      assert.equal((await bench.ask({ headers: codexHeaders })).headers['x-codex-broker-fallback'], own);
      await addCredits(bench.broker, 100, 'enough');
      const refused = (await callBroker(bench.broker, 'status', {})).recent.find((one) => one.outcome === 'refused');
      const told = await callBroker(bench.broker, 'explain', { id: refused?.requestId ?? '' });
      assert.deepEqual(told.decision.layers.at(-1)?.verdict, 'skipped');
      assert.match(told.decision.layers.at(-1)?.because ?? '', /answers over HTTP/);
      assert.deepEqual((await bench.audit()).violations, []);
    } finally {
      await bench.close();
      await local.close();
    }
  });
});

// A ChatGPT sign-in through the real broker: it goes to its own upstream with what the client brought along and
// nothing else, the broker keeps Cloudflare's cookies and no others, what a plan pays for costs no credits, and
// what is known of the plan is shown. The sign-in is made up; the upstream is the sandbox's ChatGPT face.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { startBroker, testApiKey } from '../support/process/brokerProgram.ts';
import { filesIn } from '../support/process/filesIn.ts';
import { exchange, jsonOf } from '../support/process/httpExchange.ts';
import type { Answer } from '../support/process/httpExchange.ts';
import { accountId, madeUpBearer, openPlanBench, signedIn } from '../support/process/planBench.ts';
import type { PlanBench } from '../support/process/planBench.ts';
import { recordedModel, recordedRequest, recordedStream } from '../support/process/recordedStream.ts';
import { chunkOf, lastChunk, openUpstream, streamHead } from '../support/process/scriptedUpstream.ts';
import { addCredits, callBroker, codexHeaders, explained, until } from '../support/process/workbench.ts';
import { connectSocket, createMessage, endTypes, UpgradeRefused } from '../support/socketClient.ts';

describe('a ChatGPT sign-in', function () {
  this.timeout(60_000);
  let bench: PlanBench;
  afterEach(() => bench.closeProven());

  const ask = (headers: Readonly<Record<string, string>> = {}, body: Buffer | string = recordedRequest(), route = '/responses'): Promise<Answer> => exchange(`${bench.planUrl}${route}`, {
    headers: { ...codexHeaders, ...signedIn, 'content-type': 'application/json', ...headers }, body,
  });
  const heard = () => bench.sandbox.meter.requests.filter((one) => one.path.startsWith('/backend-api/codex/responses'));

  it('is known from before a restart, without anything of the sign-in', async () => {
    bench = await openPlanBench();
    const serve = { dataDir: path.join(bench.folder, 'restarted'), upstream: bench.sandbox.url, args: ['--chatgpt-upstream', `${bench.sandbox.url}/backend-api/codex`] };
    const known = async (broker: Parameters<typeof callBroker>[0]) => {
      const { windows, plans } = await callBroker(broker, 'status', {});
      return { plans, windows: windows.filter((one) => one.measure === 'percent') };
    };
    const before = await startBroker(serve);
    const { token } = await callBroker(before, 'token', { workspacePath: bench.folder });
    assert.equal((await exchange(`${before.url}/w/${token}/backend-api/codex/responses`, { headers: { ...codexHeaders, ...signedIn, 'content-type': 'application/json' }, body: recordedRequest() })).status, 200);
    await until(async () => (await callBroker(before, 'status', {})).running.length === 0 && ((await known(before)).plans?.length ?? 0) > 0);
    const told = await known(before);
    assert.equal(await before.stop(), 0);
    const kept = readFileSync(path.join(serve.dataDir, 'plans.json'), 'utf8');
    assert.ok(!kept.includes(accountId) && !kept.includes(madeUpBearer));
    const after = await startBroker(serve);
    assert.deepEqual(await known(after), told);
    assert.equal(await after.stop(), 0);
  });

  it('has the limits of some of its models known from before a restart too', async () => {
    bench = await openPlanBench();
    const own = { 'x-codex-active-limit': 'codex_bengalfox', 'x-codex-bengalfox-limit-name': 'Bengal', 'x-codex-bengalfox-primary-used-percent': '42', 'x-codex-bengalfox-primary-window-minutes': '300' };
    const upstream = await openUpstream(async (_request, wire) => {
      await wire.write(Buffer.concat([Buffer.from(streamHead(own)), chunkOf(recordedStream), Buffer.from(lastChunk)]));
    });
    try {
      const serve = { dataDir: path.join(bench.folder, 'restarted'), upstream: bench.sandbox.url, args: ['--chatgpt-upstream', `${upstream.url}/backend-api/codex`] };
      const known = async (broker: Parameters<typeof callBroker>[0]) => (await callBroker(broker, 'status', {})).windows.filter((one) => one.measure === 'percent');
      const before = await startBroker(serve);
      const { token } = await callBroker(before, 'token', { workspacePath: bench.folder });
      assert.equal((await exchange(`${before.url}/w/${token}/backend-api/codex/responses`, { headers: { ...codexHeaders, ...signedIn, 'content-type': 'application/json' }, body: recordedRequest() })).status, 200);
      await until(async () => (await known(before)).length > 0);
      const told = await known(before);
      assert.deepEqual(told.map(({ model, remaining, ofPlan }) => [model, remaining, ofPlan?.models]), [['Bengal', 58, [recordedModel]]]);
      assert.equal(await before.stop(), 0);
      const after = await startBroker(serve);
      assert.deepEqual(await known(after), told);
      assert.equal(await after.stop(), 0);
    } finally {
      await upstream.close();
    }
  });

  it('goes to its own upstream unchanged, without the broker\'s key, and costs no credits', async () => {
    bench = await openPlanBench();
    await addCredits(bench.broker, 100, 'the test');
    const body = Buffer.from(recordedRequest());
    const compressed = zstdCompressSync(body);
    const answer = await ask({ 'content-encoding': 'zstd', 'cookie': 'of=the-client' }, compressed);
    assert.equal(answer.status, 200, answer.bytes.toString('utf8'));
    const [seen] = heard();
    assert.deepEqual([seen?.headers['authorization'], seen?.headers['chatgpt-account-id'], seen?.headers['cookie'], seen?.headers['content-encoding']], [`Bearer ${madeUpBearer}`, accountId, undefined, 'zstd']);
    assert.deepEqual(Buffer.from(seen?.body ?? []), compressed);
    assert.deepEqual([answer.headers['set-cookie'], answer.headers['x-codex-primary-used-percent'], answer.headers['x-codex-plan-type']], [undefined, '21', 'plus']);

    const told = await explained(bench.broker, String(answer.headers['x-request-id']));
    assert.equal(told.charge, null);
    assert.deepEqual(told.entries, []);
    const [attempt] = told.attempts;
    assert.ok(attempt?.usage);
    assert.deepEqual([attempt.outcome, attempt.measured, attempt.usage.inputTokens, attempt.usage.outputTokens], ['completed', true, seen?.billedUsage?.inputTokens, seen?.billedUsage?.outputTokens]);
    assert.match(attempt.freeReason ?? '', /^The ChatGPT plan/);
    assert.match(told.story.join('\n'), /^By the price list it would have cost \d+\.\d{4} credits\.$/m);
    assert.match(told.decision?.layers.find((one) => one.layer === 'included')?.because ?? '', /^The ChatGPT plan that the client is signed in to pays for it/);
    const { balanceMicroCredits } = await callBroker(bench.broker, 'creditsList', {});
    assert.equal(balanceMicroCredits, 100_000_000);
    const { total } = await callBroker(bench.broker, 'usage', { by: 'model' });
    assert.deepEqual([total.requests, total.costMicroCredits, total.unpriced, total.inputTokens], [1, 0, 0, seen?.billedUsage?.inputTokens]);

    const viaApi = await exchange(`${bench.broker.url}/w/${bench.token.token}/v1/responses`, { headers: { ...codexHeaders, ...signedIn, 'content-type': 'application/json' }, body });
    assert.equal(viaApi.status, 200);
    const api = bench.sandbox.meter.requests.find((one) => one.path === '/v1/responses');
    assert.deepEqual([api?.headers['authorization'], api?.headers['chatgpt-account-id'], api?.headers['cookie']], [`Bearer ${testApiKey}`, undefined, undefined]);
    await explained(bench.broker, String(viaApi.headers['x-request-id']));
    const { rows } = await callBroker(bench.broker, 'sent', { fromMs: Date.now() - 3_600_000, untilMs: Date.now() + 3_600_000 });
    const at = new URL(bench.sandbox.url).host;
    assert.deepEqual(rows.map((row) => `${row.way} ${row.at} ${row.attempts}`).toSorted(), [`key ${at} 1`, `login ${at} 1`], 'and the report of what left tells them apart');
  });

  it('needs no key of the broker, and comes back with Cloudflare\'s cookie and no other', async () => {
    bench = await openPlanBench({}, { apiKey: false });
    for (let count = 0; count < 2; count += 1) assert.equal((await ask()).status, 200);
    assert.match(heard()[1]?.headers['cookie'] ?? '', /^__cf_bm=visitor\w+$/);
    const models = await exchange(`${bench.planUrl}/models?client_version=0.169.0`, { method: 'GET', headers: { ...codexHeaders, ...signedIn } });
    assert.deepEqual([models.status, models.bytes.toString('utf8'), models.headers['set-cookie']], [200, '{"models":[]}', undefined]);
    assert.equal((await exchange(`${bench.broker.url}/w/${bench.token.token}/v1/responses`, { headers: { 'content-type': 'application/json' }, body: recordedRequest() })).status, 400);
  });

  it('is neither stored nor logged', async () => {
    bench = await openPlanBench();
    await ask();
    const client = await connectSocket(`${bench.planUrl}/responses`, { headers: { ...codexHeaders, ...signedIn } });
    client.send(createMessage());
    await client.until(endTypes);
    client.socket.terminate();
    await until(async () => (await callBroker(bench.broker, 'status', {})).running.length === 0);
    const { dataDir } = bench.broker;
    for (const [name, bytes] of filesIn(dataDir)) {
      for (const secret of [madeUpBearer, accountId, 'visitor']) assert.ok(!bytes.includes(secret), `${name} holds ${secret.slice(0, 12)}`);
    }
    assert.ok(!JSON.stringify(await callBroker(bench.broker, 'status', {})).includes(accountId));
  });

  it('is missed in words that Codex shows once, and an upstream that refuses it is heard unchanged', async () => {
    bench = await openPlanBench();
    const none = await ask({ authorization: '' });
    assert.equal(none.status, 200);
    assert.match(none.bytes.toString('utf8'), /"code":"invalid_prompt","message":"The request came to the address for ChatGPT sign-ins and brings none\..*chatgpt_login_missing/);
    assert.equal((await ask({ authorization: '', accept: 'application/json' })).status, 401);
    const wrong = await ask({ authorization: 'Bearer sk-not-a-sign-in' });
    assert.equal(wrong.status, 401);
    assert.match(wrong.bytes.toString('utf8'), /token_expired/);
    assert.equal((await callBroker(bench.broker, 'status', {})).key.state, 'present');
    assert.equal((await exchange(`${bench.broker.url}/backend-api/codex/responses`, { headers: { ...signedIn }, body: '{}' })).status, 404);
  });

  it('is carried over a WebSocket, whose events tell the plan\'s windows', async () => {
    bench = await openPlanBench({ plan: { usedPercent: 40, credits: { hasCredits: true, balance: '12.5' } } });
    const client = await connectSocket(`${bench.planUrl}/responses`, { headers: { ...codexHeaders, ...signedIn } });
    client.send(createMessage());
    await client.until(endTypes);
    const types = client.texts.map((one) => (JSON.parse(one) as { type: string }).type);
    assert.deepEqual(types.filter((type) => type === 'codex.rate_limits' || type === 'response.completed'), ['codex.rate_limits', 'response.completed']);
    client.socket.terminate();
    await until(async () => (await callBroker(bench.broker, 'usage', { by: 'client' })).total.outputTokens > 0, 'the settlement');
    const { windows, plans } = await callBroker(bench.broker, 'status', {});
    assert.deepEqual(windows.map((one) => [one.measure, one.windowMinutes, one.limit, one.remaining]), [['percent', 300, 100, 59], ['percent', 10_080, 100, 79.9]]);
    assert.match(windows[0]?.model ?? '', /^ChatGPT [0-9a-f]{4}$/);
    assert.deepEqual(plans?.map((one) => [one.planType, one.credits]), [['plus', { hasCredits: true, isUnlimited: false, balance: '12.5' }]]);
    const upgrade = bench.sandbox.meter.requests.find((one) => one.status === 101);
    assert.deepEqual([upgrade?.headers['authorization'], upgrade?.headers['chatgpt-account-id']], [`Bearer ${madeUpBearer}`, accountId]);
  });

  it('whose plan is used up is told so in Codex\'s own words, by the upstream first and then at once', async () => {
    bench = await openPlanBench({ plan: { usedPercent: 120 } });
    const first = await ask();
    const second = await ask();
    for (const answer of [first, second]) {
      assert.equal(answer.status, 429);
      const { error } = JSON.parse(answer.bytes.toString('utf8')) as { error: { type: string; resets_at: number } };
      assert.equal(error.type, 'usage_limit_reached');
      assert.ok(Math.abs(error.resets_at - Date.now() / 1000 - 5 * 3600) < 30);
    }
    assert.equal(heard().length, 1);
    assert.equal(second.headers['x-should-retry'], 'false');
    const told = await callBroker(bench.broker, 'explain', { id: String(second.headers['x-request-id']) });
    assert.deepEqual(told.decision?.layers.map((one) => [one.layer, one.verdict]), [['limits', 'ended']]);
    assert.match(told.decision?.layers[0]?.because ?? '', /ChatGPT plan.* is used up\. It resets at 20\d\d-/);
    const socket = await connectSocket(`${bench.planUrl}/responses`, { headers: { ...codexHeaders, ...signedIn } });
    socket.send(createMessage());
    await socket.until(endTypes);
    const refused = JSON.parse(socket.texts.at(-1) ?? '') as { type: string; status: number; error: { type: string; resets_at: number } };
    assert.deepEqual([refused.type, refused.status, refused.error.type], ['error', 429, 'usage_limit_reached']);
    socket.socket.terminate();
  });

  it('whose plan is spread over its days is told when the next share comes, and nothing more is sent', async () => {
    bench = await openPlanBench({ plan: { usedPercent: 40 } }, { args: ['--spread-plan'] });
    assert.equal((await ask()).status, 200);
    await until(async () => (await callBroker(bench.broker, 'status', {})).windows.some((one) => one.shareUsedUntilMs !== undefined), 'the share is known to be used');
    const answer = await ask();
    assert.equal(answer.status, 429);
    const { error } = JSON.parse(answer.bytes.toString('utf8')) as { error: { type: string; resets_at: number; message: string } };
    assert.equal(error.type, 'usage_limit_reached');
    assert.match(error.message, /is spread over its days, and the 14 % of it that may be used by now are\./);
    assert.ok(error.resets_at * 1000 > Date.now() && error.resets_at * 1000 <= Date.now() + 86_460_000);
    assert.equal(heard().length, 1);
  });

  it('counts under budgets in tokens, and not under those in credits', async () => {
    bench = await openPlanBench();
    const budget = { per: 'everything', period: 'day', timeZone: 'UTC', mode: 'hard' } as const;
    await callBroker(bench.broker, 'budgetSet', { budget: { ...budget, id: 'money', unit: 'credits', limit: 1 } });
    const answer = await ask();
    assert.equal(answer.status, 200);
    const told = await explained(bench.broker, String(answer.headers['x-request-id']));
    assert.equal(told.decision?.layers.find((one) => one.layer === 'budgets')?.because, 'Budgets in credits do not count what a plan pays for.');
    await callBroker(bench.broker, 'budgetSet', { budget: { ...budget, id: 'words', unit: 'tokens', limit: 100 } });
    assert.match((await ask()).bytes.toString('utf8'), /invalid_prompt.*budget_exceeded/);
  });

  it('has a conversation compacted at the address that versions of Codex before 0.169 ask', async () => {
    bench = await openPlanBench();
    await addCredits(bench.broker, 100, 'the test');
    const answer = await ask({ accept: 'application/json' }, JSON.stringify({ model: recordedModel, input: 'a long conversation', instructions: 'compact it' }), '/responses/compact');
    assert.deepEqual([answer.status, jsonOf(answer).object], [200, 'response.compaction'], answer.bytes.toString('utf8'));
    assert.deepEqual(heard().map((one) => [one.path, one.headers['authorization']]), [['/backend-api/codex/responses/compact', `Bearer ${madeUpBearer}`]]);
    const told = await explained(bench.broker, String(answer.headers['x-request-id']));
    assert.deepEqual([told.attempts[0]?.outcome, told.attempts[0]?.measured, told.charge, told.entries], ['completed', true, null, []]);
    assert.equal((await ask({ accept: 'application/json' }, '{}', '/responses/input_tokens')).status, 404);
    await assert.rejects(connectSocket(`${bench.planUrl}/responses/compact`, { headers: { ...codexHeaders, ...signedIn } }), UpgradeRefused);
  });

  it('whose upstream answers says nothing good of the other one', async () => {
    bench = await openPlanBench({}, { upstream: 'http://127.0.0.1:1' });
    const problems = async () => (await callBroker(bench.broker, 'status', {})).problems.map((one) => one.code);
    assert.equal((await exchange(`${bench.broker.url}/w/${bench.token.token}/v1/responses`, { headers: { 'content-type': 'application/json' }, body: recordedRequest() })).status, 502);
    assert.deepEqual(await problems(), ['upstream_unreachable']);
    assert.equal((await ask()).status, 200);
    assert.deepEqual(await problems(), ['upstream_unreachable']);
  });
});

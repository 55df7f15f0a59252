// The real Codex CLI through the real broker over HTTP, with the practice upstream behind it: files are edited,
// every token and microcredit is compared with the upstream's own record, threads are resumed,
// refusals are one sentence, and twenty runs at once never meet a rate limit.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { overlayPrices } from '../../src/broker/prices/overlayPrices.ts';
import { priceLookup } from '../../src/broker/prices/priceTable.ts';
import { codexStep, failureWords, type CodexStep } from '../../src/extension/codexEvents.ts';
import { findCodex } from '../../src/extension/codexProgram.ts';
import { runCodex as editorRun } from '../../src/extension/codexRun.ts';
import { realSchedule } from '../extension/manualSchedule.ts';
import { plainEnvironment } from '../support/process/brokerProgram.ts';
import { codexModel, deedsOf, runCodex, signalRun, startCodex } from '../support/process/codexBench.ts';
import type { CodexRun } from '../support/process/codexBench.ts';
import { openSandboxBench, sandboxKey } from '../support/process/sandboxBench.ts';
import type { SandboxBench } from '../support/process/sandboxBench.ts';
import { compareWithRecord, total } from '../support/process/upstreamRecord.ts';
import { callBroker, until } from '../support/process/workbench.ts';

const runsAtOnce = 20;

describe('the real Codex CLI over HTTP', function () {
  this.timeout(180_000);
  let bench: SandboxBench;
  const open = async (scenario: Parameters<typeof openSandboxBench>[1], credits: number) => { bench = await openSandboxBench('codex', { ...scenario, webSocket: { offered: false } }, credits); };
  afterEach(() => bench.close());
  const route = () => ({ dataDir: bench.broker.dataDir });
  const workspace = (name: string) => bench.workspace(name);

  const compare = (credits: number) => compareWithRecord(bench.broker, bench.sandbox, credits);

  it('edits files in two workspaces at once, just as without the broker, and costs exactly what the upstream counted', async () => {
    await open({ delays: { deltaMs: 1 } }, 100);
    const [one, two, alone] = ['one', 'two', 'alone'].map(workspace) as [string, string, string];
    for (const each of [one, two, alone]) writeFileSync(path.join(each, 'notes.md'), 'first line\n');
    const prompt = 'add the line second line to notes.md';
    const runs = await Promise.all([one, two].map((each) => runCodex(route(), bench.home, each, [prompt])));
    const usage = await compare(100);
    assert.deepEqual(usage.rows.map((row) => row.label).sort(), ['one', 'two']);
    const counted = (key: string) => total(runs.map((run) => run.events.find((event) => event.type === 'turn.completed')?.usage?.[key] ?? 0));
    assert.deepEqual([counted('input_tokens'), counted('output_tokens')], [usage.total.inputTokens, usage.total.outputTokens]);
    // The same run without a broker, against an upstream that has forgotten everything.
    bench.sandbox.reset();
    const direct = await runCodex({ baseUrl: `${bench.sandbox.url}/v1`, apiKey: sandboxKey }, bench.home, alone, [prompt]);
    for (const run of runs) {
      assert.deepEqual([run.code, run.lastMessage, deedsOf(run)], [direct.code, direct.lastMessage, deedsOf(direct)]);
      assert.deepEqual([run.code, run.complaints], [0, []]);
    }
    for (const each of [one, two, alone]) assert.equal(readFileSync(path.join(each, 'notes.md'), 'utf8'), 'first line\nsecond line\n');
  });

  it('resumes the last thread', async () => {
    await open({ delays: { deltaMs: 0 } }, 100);
    const work = workspace('work');
    const first = await runCodex(route(), bench.home, work, ['say hi']);
    const again = await runCodex(route(), bench.home, work, ['resume', '--last', 'say it again']);
    const threadOf = (run: CodexRun) => run.events.find((event) => event.type === 'thread.started')?.thread_id;
    assert.deepEqual([first.code, again.code, threadOf(again)], [0, 0, threadOf(first)], again.stderr);
    assert.match(again.lastMessage, /say it again/);
    const { rows } = await callBroker(bench.broker, 'usage', { by: 'thread' });
    assert.deepEqual(rows.map((row) => [row.key, row.requests]), [[threadOf(first), 2]]);
    await compare(100);
  });

  it('says in one sentence that the credits are used up, and asks once', async () => {
    await open({ delays: { deltaMs: 0 } }, 0);
    await callBroker(bench.broker, 'creditsAdd', { amountMicroCredits: 1, kind: 'included', key: 'a crumb', consent: { scope: 'ask' } });
    const run = await runCodex(route(), bench.home, workspace('work'), ['say hi']);
    assert.equal(run.code, 1);
    assert.equal(new Set(run.complaints).size, 1, run.complaints.join('\n'));
    assert.match(run.complaints[0] ?? '', /^This request may cost up to [\d.]+ credits and 0\.00 are free\. Nothing was sent and nothing was charged\. Add credits with [^\n]+ \(credits_exhausted, req_\w+\)$/);
    assert.deepEqual([bench.sandbox.meter.attempts.length, (await callBroker(bench.broker, 'usage', { by: 'client' })).total.requests], [0, 1]);
  });

  it('goes on in its thread, as an editor lets it, once the limit that stopped it is gone', async () => {
    await open({ delays: { deltaMs: 0 } }, 100);
    const budget = { id: 'day', per: 'everything', period: 'day', unit: 'tokens', timeZone: 'UTC', mode: 'hard' } as const;
    await callBroker(bench.broker, 'budgetSet', { budget: { ...budget, limit: 1 } });
    const work = workspace('work');
    const token = await callBroker(bench.broker, 'token', { workspacePath: work });
    const codexPath = path.resolve('node_modules/.bin/codex');
    const program = await findCodex({ platform: process.platform, env: {}, codexPath, shimDir: '', execPath: process.execPath });
    const run = async (prompt: string, threadId?: string) => {
      const steps: CodexStep[] = [];
      const end = await editorRun({
        program, folder: work, prompt, token, pay: 'key', model: codexModel, sandbox: 'danger-full-access', platform: process.platform, ...(threadId === undefined ? {} : { threadId }),
        env: plainEnvironment({ CODEX_HOME: bench.home, HOME: bench.folder }),
      }, realSchedule, new AbortController().signal, (line) => steps.push(codexStep(line)));
      return { end, threadId: steps.find((step) => step.threadId !== undefined)?.threadId, failure: steps.find((step) => step.failure !== undefined)?.failure };
    };
    const stopped = await run('create note.txt with the text hello');
    assert.match(stopped.failure ?? '', /\(budget_exceeded, req_\w+\)$/, stopped.end.errorText);
    assert.ok(stopped.threadId);
    const { decision } = await callBroker(bench.broker, 'explain', { id: failureWords(stopped.failure ?? '').requestId ?? '' });
    assert.deepEqual([decision.code, decision.retryAtMs], ['budget_exceeded', undefined], 'it fits no period of this budget, so it would not go on by itself');
    await callBroker(bench.broker, 'budgetSet', { budget: { ...budget, limit: 10_000_000 } });
    const goneOn = await run('Go on with the task.', stopped.threadId);
    assert.deepEqual([goneOn.end.exitCode, goneOn.failure, goneOn.threadId], [0, undefined, stopped.threadId], goneOn.end.errorText);
    assert.deepEqual((await callBroker(bench.broker, 'usage', { by: 'thread' })).rows.map(({ key }) => key), [stopped.threadId], 'one thread for both');
    assert.deepEqual((await callBroker(bench.broker, 'usage', { by: 'command' })).rows.map(({ key }) => key), ['task'], 'Codex keeps the whole address, over HTTP and WebSocket');
    assert.equal(readFileSync(path.join(work, 'note.txt'), 'utf8'), 'hello\n');
  });

  it('stops the upstream when a person stops Codex', async () => {
    await open({ delays: { deltaMs: 40 } }, 100);
    const started = startCodex(route(), bench.home, workspace('work'), ['tell me in 20000 words']);
    await until(() => bench.sandbox.meter.attempts.some((request) => request.responseId !== undefined), 'a request upstream');
    await until(async () => (await callBroker(bench.broker, 'status', {})).running.length === 1);
    signalRun(started, 'SIGINT');
    const run = await started.ended;
    assert.notEqual(run.code, 0);
    await until(() => bench.sandbox.meter.attempts.every((request) => request.aborted), 'the end of the upstream\'s work');
    await until(async () => (await callBroker(bench.broker, 'usage', { by: 'client' })).total.estimated === 1, 'an estimate');
    const audit = await callBroker(bench.broker, 'audit', { full: true });
    assert.deepEqual([audit.ok, audit.openHolds], [true, 0]);
  });

  it(`carries ${runsAtOnce} runs at once over a limit of 60 requests a minute without anybody meeting it`, async () => {
    await open({ limits: { requestsPerMinute: 60 }, delays: { deltaMs: 0 } }, 1_000);
    const runs = await Promise.all(Array.from({ length: runsAtOnce }, async (_, index) => {
      const work = workspace(`run${index}`);
      const run = await runCodex(route(), bench.home, work, [`create note${index}.txt with the text number ${index}`]);
      assert.deepEqual([run.code, run.complaints], [0, []], run.stderr);
      assert.equal(readFileSync(path.join(work, `note${index}.txt`), 'utf8'), `number ${index}\n`);
      return run;
    }));
    for (const run of runs) assert.doesNotMatch(`${run.stderr}${JSON.stringify(run.events)}`, /\b429\b|rate limit|Reconnecting/i);
    const { attempts } = bench.sandbox.meter;
    const throttled = attempts.filter((request) => request.status === 429).length;
    assert.equal(attempts.filter((request) => request.status === 200).length, runsAtOnce * 2);
    assert.ok(throttled <= 3, `${throttled} requests were throttled upstream`);
    const usage = await compare(1_000);
    assert.deepEqual([usage.rows.length, usage.total.requests], [runsAtOnce, runsAtOnce * 2]);
  });
});

describe('the price that the runs are compared with', () => {
  it('is the one of the price list, in credits per million tokens', () => {
    const listed = overlayPrices.find((one) => one.model === codexModel);
    assert.deepEqual(listed?.usdPerMillion, { input: 2, cachedInput: 0.1, cacheWrite: 2.5, output: 10 });
    assert.deepEqual(priceLookup([])(codexModel, Date.parse('2026-11-22'))?.rates, { input: 50_000_000, cachedInput: 2_500_000, cacheWrite: 62_500_000, output: 250_000_000 });
  });
});

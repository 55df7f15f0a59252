// The real Codex CLI with a made-up ChatGPT sign-in through the real broker, and what its `/status` shows: of a
// plan what ChatGPT told, to users of an API key our own budgets and balance.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findCodex } from '../../src/extension/codexProgram.ts';
import { runCodex as editorRun } from '../../src/extension/codexRun.ts';
import { realSchedule } from '../extension/manualSchedule.ts';
import { plainEnvironment } from '../support/process/brokerProgram.ts';
import { codexModel, makeCodexHome, runCodex, shownLimits } from '../support/process/codexBench.ts';
import { openPlanBench, signedIn, signIn } from '../support/process/planBench.ts';
import type { PlanBench } from '../support/process/planBench.ts';
import { addCredits, callBroker, until } from '../support/process/workbench.ts';

describe('the real Codex CLI', function () {
  this.timeout(180_000);
  let bench: PlanBench;
  afterEach(() => bench.closeProven());

  function place(): { readonly home: string; readonly work: string } {
    const work = path.join(bench.folder, 'work');
    mkdirSync(work, { recursive: true });
    return { home: makeCodexHome(bench.folder), work };
  }
  const onPlan = () => ({ baseUrl: bench.planUrl, chatGptUrl: `${bench.sandbox.url}/backend-api/` });
  const asked = () => bench.sandbox.meter.requests.filter((one) => one.path.startsWith('/backend-api/codex/responses'));

  for (const offered of [true, false]) {
    it(`signed in with ChatGPT works over ${offered ? 'WebSockets' : 'HTTP'}, on its plan`, async () => {
      bench = await openPlanBench({ webSocket: { offered } }, { apiKey: false });
      const { home, work } = place();
      signIn(home);
      const run = await runCodex(onPlan(), home, work, ['create note.txt with the text hello']);
      assert.deepEqual([run.code, run.complaints], [0, []], run.stderr);
      const messages = asked().filter((one) => one.status === 200);
      assert.ok(messages.length >= 2);
      for (const one of messages) {
        assert.deepEqual([one.headers['authorization'], one.headers['chatgpt-account-id']], [signedIn.authorization, signedIn['chatgpt-account-id']]);
        if (!offered) assert.deepEqual([one.method, one.headers['content-encoding']], ['POST', 'zstd']);
      }
      const shown = shownLimits(home);
      assert.deepEqual([shown?.primary?.window_minutes, shown?.secondary?.window_minutes], [300, 10_080]);
      assert.ok((shown?.primary?.used_percent ?? 0) > 20);
      await until(async () => (await callBroker(bench.broker, 'status', {})).running.length === 0);
      const { total } = await callBroker(bench.broker, 'usage', { by: 'workspace' });
      const { inputTokens, outputTokens } = bench.sandbox.meter.totals;
      assert.deepEqual([total.inputTokens, total.outputTokens, total.costMicroCredits, total.unpriced], [inputTokens, outputTokens, 0, 0]);
      const { windows } = await callBroker(bench.broker, 'status', {});
      assert.deepEqual(windows.filter((one) => one.measure === 'percent').map((one) => one.windowMinutes), [300, 10_080]);
    });
  }

  it('uses its plan where a command of the broker starts it, and credits where that is said', async () => {
    bench = await openPlanBench();
    await addCredits(bench.broker, 100, 'the test');
    const { home, work } = place();
    signIn(home);
    const config = path.join(home, 'config.toml');
    writeFileSync(config, `chatgpt_base_url = "${bench.sandbox.url}/backend-api/"\n${readFileSync(config, 'utf8')}`);
    const balance = async () => (await callBroker(bench.broker, 'creditsList', {})).balanceMicroCredits;
    const run = await runCodex({ dataDir: bench.broker.dataDir }, home, work, ['say hi']);
    assert.deepEqual([run.code, run.complaints, await balance()], [0, [], 100_000_000], run.stderr);
    assert.ok(asked().some((one) => one.status === 200));
    bench.sandbox.reset();
    const paid = await runCodex({ dataDir: bench.broker.dataDir, pay: 'credits' }, home, work, ['say hi']);
    assert.deepEqual([paid.code, paid.complaints, asked().length], [0, [], 0], paid.stderr);
    await until(async () => await balance() < 100_000_000, 'the charge');
  });

  it('is run on its plan by the editor, too', async () => {
    bench = await openPlanBench({}, { apiKey: false });
    const { home, work } = place();
    signIn(home);
    const config = path.join(home, 'config.toml');
    writeFileSync(config, `chatgpt_base_url = "${bench.sandbox.url}/backend-api/"\n${readFileSync(config, 'utf8')}`);
    const program = await findCodex({ platform: process.platform, env: {}, codexPath: path.resolve('node_modules/.bin/codex'), shimDir: '', execPath: process.execPath });
    const token = await callBroker(bench.broker, 'token', { workspacePath: work });
    const end = await editorRun({
      program, folder: work, prompt: 'create note.txt with the text hello', token, pay: 'plan', model: codexModel, sandbox: 'danger-full-access', platform: process.platform,
      env: plainEnvironment({ CODEX_HOME: home, HOME: bench.folder }),
    }, realSchedule, new AbortController().signal, () => undefined);
    assert.equal(end.exitCode, 0, end.errorText);
    const answered = asked().filter((one) => one.status === 200);
    assert.ok(answered.length > 0 && answered.every((one) => one.headers['authorization'] === signedIn.authorization));
    assert.equal(readFileSync(path.join(work, 'note.txt'), 'utf8').trim(), 'hello');
  });

  it('says when a plan resets, by what the broker knows', async () => {
    bench = await openPlanBench({ plan: { usedPercent: 100 } });
    const { home, work } = place();
    signIn(home);
    for (let count = 0; count < 2; count += 1) {
      const run = await runCodex(onPlan(), home, work, ['say hi']);
      assert.equal(run.code, 1);
      assert.match(run.complaints[0] ?? '', /hit your usage limit.*try again at/i);
    }
    assert.ok(asked().filter((one) => one.method !== 'GET' && !one.isPrewarm).length <= 1);
  });

  for (const offered of [true, false]) {
    it(`shows the balance and the budgets of an API key's user over ${offered ? 'WebSockets' : 'HTTP'}`, async () => {
      bench = await openPlanBench({ webSocket: { offered } });
      await addCredits(bench.broker, 42, 'the test');
      const budget = { per: 'everything', timeZone: 'UTC', mode: 'hard' } as const;
      await callBroker(bench.broker, 'budgetSet', { budget: { ...budget, id: 'day', period: 'day', unit: 'tokens', limit: 10_000_000 } });
      await callBroker(bench.broker, 'budgetSet', { budget: { ...budget, id: 'week', period: 'week', unit: 'credits', limit: 40_000_000 } });
      const { home, work } = place();
      const route = { baseUrl: `${bench.broker.url}/w/${bench.token.token}/v1`, apiKey: 'sk-of-no-matter' };
      assert.equal((await runCodex(route, home, work, ['create note.txt with the text hello'])).code, 0);
      await until(async () => (await callBroker(bench.broker, 'status', {})).running.length === 0);
      const { budgets, balance } = await callBroker(bench.broker, 'status', {});
      const run = await runCodex(route, home, work, ['say hi']);
      assert.deepEqual([run.code, run.complaints], [0, []], run.stderr);
      const shown = shownLimits(home);
      const use = (id: string) => budgets.find((one) => one.id === id)?.uses[0];
      const percent = (id: string, limit: number) => Math.round((use(id)?.used ?? 0) / limit * 10_000) / 100;
      assert.deepEqual([shown?.primary?.used_percent, shown?.primary?.window_minutes, shown?.primary?.resets_at], [percent('day', 10_000_000), 1440, Math.ceil((use('day')?.endsAtMs ?? 0) / 1000)]);
      assert.deepEqual([shown?.secondary?.used_percent, shown?.secondary?.window_minutes], [percent('week', 40_000_000), 10_080]);
      assert.ok((shown?.secondary?.used_percent ?? 0) > 0);
      assert.deepEqual(shown?.credits, { has_credits: true, unlimited: false, balance: (Math.floor(balance.balanceMicroCredits / 10_000) / 100).toFixed(2) });
    });
  }
});

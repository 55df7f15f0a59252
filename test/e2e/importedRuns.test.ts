// Real Codex around the broker and through it: an import of its session files books what went around to the
// token, nothing that the broker saw, nothing twice, for forks of a thread too, and moves no credit.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ImportResult } from '../../src/protocol/importedUsage.ts';
import { runBroker } from '../support/process/brokerProgram.ts';
import { runCodex } from '../support/process/codexBench.ts';
import type { CodexRun } from '../support/process/codexBench.ts';
import { openCodexThreads } from '../support/process/codexThreads.ts';
import { openSandboxBench, sandboxKey } from '../support/process/sandboxBench.ts';
import type { SandboxBench } from '../support/process/sandboxBench.ts';
import { callBroker } from '../support/process/workbench.ts';
import { checkAgain } from '../support/secondChecker.ts';

const sumOf = (runs: readonly CodexRun[], name: string) => runs.flatMap((run) => run.events.filter((event) => event.type === 'turn.completed')).reduce((sum, event) => sum + (event.usage?.[name] ?? 0), 0);

describe('an import of the session files of real Codex', function () {
  this.timeout(180_000);
  let bench: SandboxBench;
  beforeEach(async () => { bench = await openSandboxBench('imported', { delays: { deltaMs: 1 }, webSocket: { offered: false } }, 100); });
  afterEach(() => bench.close());

  const around = (args: readonly string[]) => runCodex({ baseUrl: `${bench.sandbox.url}/v1`, apiKey: sandboxKey }, bench.home, bench.workspace('work'), args);
  const through = (args: readonly string[]) => runCodex({ dataDir: bench.broker.dataDir }, bench.home, bench.workspace('work'), args);
  const imported = async (...more: readonly string[]) => {
    const { code, stdout, stderr } = await runBroker(['import', '--codex-home', bench.home, '--json', '--data', bench.broker.dataDir, ...more]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as ImportResult;
  };
  const usage = (withoutImported = false) => callBroker(bench.broker, 'usage', { by: 'workspace', withoutImported });

  it('books a run around the broker as Codex told it, once, and draws nothing', async () => {
    const first = await around(['say hi']);
    assert.equal(first.code, 0, first.stderr);
    const again = await around(['resume', first.events[0]?.thread_id ?? '', 'and again']);
    assert.equal(again.code, 0, again.stderr);
    const would = await imported('--dry-run');
    const before = await callBroker(bench.broker, 'creditsList', {});
    assert.equal((await usage()).total.requests, 0);
    const done = await imported();
    assert.deepEqual([would.added, would.costMicroCredits], [done.added, done.costMicroCredits]);
    assert.ok(done.added >= 2 && done.costMicroCredits > 0, JSON.stringify(done));
    const { total, rows } = await usage();
    const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = bench.sandbox.meter.totals;
    assert.deepEqual([total.inputTokens, total.cachedInputTokens, total.outputTokens, total.reasoningTokens], [inputTokens, cachedInputTokens, outputTokens, reasoningTokens]);
    // A resumed run tells the sums of its whole thread, so the last one is what both used.
    assert.deepEqual([total.outputTokens, total.inputTokens], [sumOf([again], 'output_tokens'), sumOf([again], 'input_tokens')]);
    assert.deepEqual(rows.map((row) => [row.label, row.imported?.requests, row.imported?.costMicroCredits]), [['work', done.added, done.costMicroCredits]]);
    assert.deepEqual((await usage(true)).rows, []);
    assert.deepEqual((await callBroker(bench.broker, 'creditsList', {})).balanceMicroCredits, before.balanceMicroCredits);
    assert.deepEqual(await imported(), { ...done, added: 0, known: done.added, costMicroCredits: 0 });
    const audit = await callBroker(bench.broker, 'audit', { full: true });
    assert.deepEqual([audit.violations, audit.imports, audit.usageEvents], [[], done.added, 0]);
    const { rows: exported } = await callBroker(bench.broker, 'export', { set: 'imports', after: 0, limit: 10, sinceMs: 0 });
    const story = await runBroker(['explain', String(exported[0]?.['id']), '--data', bench.broker.dataDir]);
    assert.match(story.stdout, /did not go through the broker[\s\S]*rollout-[\s\S]*would have cost/);
    assert.doesNotMatch(`${story.stdout}${JSON.stringify(exported)}`, /say hi/);
    await bench.broker.stop();
    assert.deepEqual(checkAgain(path.join(bench.broker.dataDir, 'ledger.db')), []);
    assert.ok(!readFileSync(path.join(bench.broker.dataDir, 'ledger.db')).includes('say hi'));
  });

  it('counts a forked thread and the one that it was forked from by what each really used', async () => {
    const threads = await openCodexThreads({ home: bench.home, folder: bench.workspace('work'), baseUrl: `${bench.sandbox.url}/v1`, apiKey: sandboxKey });
    try {
      const first = await threads.start();
      await threads.turn(first, 'say hi');
      await threads.turn(first, 'say more');
      const fork = await threads.fork(first);
      await threads.turn(fork, 'say other');
      await threads.turn(first, 'say last');
    } finally {
      await threads.close();
    }
    assert.deepEqual([(await imported()).added, (await imported()).known], [4, 4]);
    const { total } = await usage();
    assert.deepEqual([total.inputTokens, total.cachedInputTokens, total.outputTokens], [bench.sandbox.meter.totals.inputTokens, bench.sandbox.meter.totals.cachedInputTokens, bench.sandbox.meter.totals.outputTokens]);
    const byThread = await callBroker(bench.broker, 'usage', { by: 'thread' });
    assert.deepEqual(byThread.rows.map((row) => row.requests).sort((a, b) => a - b), [1, 3]);
  });

  it('finds nothing new in what went through the broker, also beside what did not', async () => {
    const counted = await through(['say hi']);
    assert.equal(counted.code, 0, counted.stderr);
    const nothing = await imported();
    assert.equal(nothing.added, 0);
    assert.ok(nothing.seen > 0);
    assert.equal((await around(['say hi'])).code, 0);
    const both = await imported();
    assert.deepEqual([both.added > 0, both.seen], [true, nothing.seen]);
    const { total } = await usage();
    assert.deepEqual([total.inputTokens, total.outputTokens], [bench.sandbox.meter.totals.inputTokens, bench.sandbox.meter.totals.outputTokens]);
    assert.equal((await callBroker(bench.broker, 'audit', { full: true })).ok, true);
  });
});

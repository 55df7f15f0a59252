// The real Codex CLI through the real broker over WebSockets, beside the same run without a broker: the same
// exit code, the same deeds and as many requests upstream, also where connections are cut or end; and every
// token in the ledger.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SandboxSettings } from '../../src/sandbox/sandboxServer.ts';
import { deedsOf, runCodex, signalRun, startCodex } from '../support/process/codexBench.ts';
import type { CodexRun } from '../support/process/codexBench.ts';
import { openSandboxBench, sandboxKey } from '../support/process/sandboxBench.ts';
import type { SandboxBench } from '../support/process/sandboxBench.ts';
import { callBroker, until } from '../support/process/workbench.ts';

const prompt = 'add the line second line to notes.md';
type Scenario = NonNullable<SandboxSettings['scenario']>;

describe('the real Codex CLI over WebSockets', function () {
  this.timeout(180_000);
  let bench: SandboxBench;
  const open = async (scenario: Scenario, credits = 100) => { bench = await openSandboxBench('codex-socket', { delays: { deltaMs: 0 }, ...scenario }, credits); };
  afterEach(() => bench.close());
  const route = () => ({ dataDir: bench.broker.dataDir });
  const workspace = (name: string) => {
    const made = bench.workspace(name);
    writeFileSync(path.join(made, 'notes.md'), 'first line\n');
    return made;
  };

  const requests = () => bench.sandbox.meter.requests.map((one) => [one.method, one.status, one.isPrewarm ?? false, one.fault, one.aborted]);
  /** The ledger proves itself and has what the upstream billed, but for what was cut before it was told. */
  async function prove(isExact: boolean): Promise<void> {
    await until(async () => (await callBroker(bench.broker, 'creditsList', {})).heldMicroCredits === 0, 'the last settlement');
    const audit = await callBroker(bench.broker, 'audit', { full: true });
    assert.deepEqual([audit.ok, audit.violations, audit.openHolds], [true, [], 0]);
    if (!isExact) return;
    const { total } = await callBroker(bench.broker, 'usage', { by: 'model' });
    const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = bench.sandbox.meter.totals;
    assert.deepEqual([total.inputTokens, total.cachedInputTokens, total.cacheWriteTokens, total.outputTokens, total.reasoningTokens, total.estimated],
      [inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens, 0]);
    assert.equal(total.requests, bench.sandbox.meter.attempts.length);
  }
  /** Runs Codex without the broker, against an upstream that has forgotten everything. */
  function direct(): Promise<CodexRun> {
    bench.sandbox.reset();
    return runCodex({ baseUrl: `${bench.sandbox.url}/v1`, apiKey: sandboxKey }, bench.home, workspace('alone'), [prompt]);
  }

  const alike: readonly [string, Scenario, boolean][] = [
    ['from a prewarm to the last turn', {}, true],
    ['with an upstream that compresses', { webSocket: { deflate: true } }, true],
    ['over a connection that takes two requests', { webSocket: { requestsPerConnection: 2 } }, false],
    ['with an answer that is torn off', { faults: [{ match: { nth: 1 }, do: { kind: 'stream', close: { afterEvents: 4, how: 'reset' } } }] }, false],
    ['with an answer that is torn off in a frame', { faults: [{ match: { nth: 2 }, do: { kind: 'stream', close: { afterEvents: 6, midEvent: true } } }] }, false],
    ['with an upstream that fails once', { faults: [{ match: { nth: 1 }, do: { kind: 'serverError' } }] }, false],
    ['with money that is used up', { faults: [{ match: { nth: 1 }, do: { kind: 'quota' } }] }, false],
    ['with a plan that is used up', { faults: [{ match: { nth: 1 }, do: { kind: 'usageLimit' } }] }, false],
    ['with an upstream that has no WebSocket', { webSocket: { offered: false } }, false],
  ];
  for (const [name, scenario, isExact] of alike) {
    it(`works just as without the broker ${name}`, async () => {
      await open(scenario);
      const through = await runCodex(route(), bench.home, workspace('through'), [prompt]);
      const seen = requests();
      if (isExact) assert.deepEqual(seen.map(([method, , isPrewarm]) => [method, isPrewarm]), [['GET', false], ['MESSAGE', true], ['MESSAGE', false], ['MESSAGE', false]]);
      await prove(isExact);
      const alone = await direct();
      assert.deepEqual([through.code, through.lastMessage, deedsOf(through), through.complaints], [alone.code, alone.lastMessage, deedsOf(alone), alone.complaints]);
      assert.deepEqual(seen, requests());
      if (through.code === 0) assert.equal(readFileSync(path.join(bench.folder, 'through', 'notes.md'), 'utf8'), 'first line\nsecond line\n');
    });
  }

  it('sees nothing of a throttle that waiting cures', async () => {
    await open({ faults: [{ match: { nth: 2 }, do: { kind: 'throttle', retryAfterMs: 1500 } }] });
    const run = await runCodex(route(), bench.home, workspace('work'), [prompt]);
    assert.deepEqual([run.code, run.complaints], [0, []], run.stderr);
    assert.doesNotMatch(run.stderr, /\b429\b|rate limit|Reconnecting/i);
    assert.equal(readFileSync(path.join(bench.folder, 'work', 'notes.md'), 'utf8'), 'first line\nsecond line\n');
    await prove(false);
  });

  it('is told in one sentence that the credits are used up, and asks once', async () => {
    await open({}, 0);
    await callBroker(bench.broker, 'creditsAdd', { amountMicroCredits: 1, kind: 'included', key: 'a crumb', consent: { scope: 'ask' } });
    const run = await runCodex(route(), bench.home, workspace('work'), ['say hi']);
    assert.deepEqual([run.code, new Set(run.complaints).size], [1, 1], run.complaints.join('\n'));
    assert.match(run.complaints[0] ?? '', /^This request may cost up to [\d.]+ credits and 0\.00 are free\. Nothing was sent and nothing was charged\. Add credits with [^\n]+ \(credits_exhausted, req_\w+\)$/);
    assert.deepEqual(bench.sandbox.meter.attempts.map((one) => one.isPrewarm), [true]);
  });

  it('is told in one sentence that the key was refused', async () => {
    await open({ acceptedKeys: ['sk-another'] });
    const run = await runCodex(route(), bench.home, workspace('work'), ['say hi']);
    assert.deepEqual([run.code, new Set(run.complaints).size], [1, 1], run.complaints.join('\n'));
    assert.match(run.complaints[0] ?? '', /api_key_rejected/);
    assert.equal(bench.sandbox.meter.requests.length, 2, 'the upgrade, and once over HTTP');
  });

  it('goes on by itself when the broker is stopped and started again in the middle of an answer', async () => {
    await open({ delays: { deltaMs: 30 } });
    const started = startCodex(route(), bench.home, workspace('work'), ['tell me in 300 words']);
    await until(() => bench.sandbox.meter.attempts.some((one) => one.isPrewarm !== true && one.responseId !== undefined), 'an answer');
    const port = bench.broker.port;
    await bench.broker.stop();
    await bench.restart({ args: ['--port', String(port)] });
    const run = await started.ended;
    assert.deepEqual([run.code, run.lastMessage.split(' ').length], [0, 300], run.stderr);
    await prove(false);
  });

  it('stops the upstream when a person stops it', async () => {
    await open({ delays: { deltaMs: 40 } });
    const started = startCodex(route(), bench.home, workspace('work'), ['tell me in 20000 words']);
    await until(() => bench.sandbox.meter.attempts.some((one) => one.isPrewarm !== true && one.responseId !== undefined), 'an answer');
    await until(async () => (await callBroker(bench.broker, 'status', {})).running.length === 1);
    signalRun(started, 'SIGINT');
    assert.notEqual((await started.ended).code, 0);
    await until(() => bench.sandbox.meter.attempts.every((one) => one.finishedAtMs !== undefined), 'the end of the upstream\'s work');
    assert.equal(bench.sandbox.meter.attempts.at(-1)?.aborted, true);
    await until(async () => (await callBroker(bench.broker, 'usage', { by: 'client' })).total.estimated === 1, 'an estimate');
    await prove(false);
  });

  it('runs many times at once over a limit of 60 requests a minute', async () => {
    await open({ limits: { requestsPerMinute: 60 } }, 1_000);
    const runs = await Promise.all(Array.from({ length: 6 }, (_, index) => runCodex(route(), bench.home, workspace(`run${index}`), [prompt])));
    for (const run of runs) assert.deepEqual([run.code, run.complaints], [0, []], run.stderr);
    await prove(true);
    assert.equal((await callBroker(bench.broker, 'usage', { by: 'kind' })).rows.find((row) => row.key === 'prewarm')?.requests, 6);
  });
});

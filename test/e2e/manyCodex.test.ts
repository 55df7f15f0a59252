// Many real Codex runs of two workspaces and a person, at a limit that bears a part of them at a time: everybody is
// served, nobody meets the limit, nothing is refused upstream, the limit is used to the full while somebody waits, the
// person never stands behind the runs, and the workspaces get equal shares. The long run has thirty of them, over
// HTTP too, and lets the same thirty meet the same upstream without the broker.
import assert from 'node:assert/strict';
import path from 'node:path';
import { longVariable } from '../../src/setup/stages.mjs';
import { startSandbox } from '../../src/sandbox/main.ts';
import type { Sandbox } from '../../src/sandbox/sandboxServer.ts';
import { jain, quantile } from '../simulation/pacing/comparison.ts';
import { makeCodexHome } from '../support/process/codexBench.ts';
import { playCrowd } from '../support/process/codexCrowd.ts';
import type { Crowd, CrowdOutcome } from '../support/process/codexCrowd.ts';
import { leastMs, overtaking, readStarts, sharesOfTokens, waitingMs } from '../support/process/lineMeasures.ts';
import type { LineStart } from '../support/process/lineMeasures.ts';
import { openSandboxBench, sandboxKey } from '../support/process/sandboxBench.ts';
import type { SandboxBench } from '../support/process/sandboxBench.ts';
import { compareWithRecord } from '../support/process/upstreamRecord.ts';
import { callBroker, until } from '../support/process/workbench.ts';

const isLong = process.env[longVariable] === '1';
/** The one workspace has twice the runs of the other, which only a fair line makes up for. */
const crowd: Crowd = isLong ? { runs: { many: 20, few: 10 }, pauseMs: 4_000 } : { runs: { many: 5, few: 3 }, pauseMs: 2_500 };
/** Less than the runs ask for at once: each asks twice, with 14,000 to 15,000 tokens. */
const tokensPerMinute = isLong ? 300_000 : 190_000;
const workspaces = Object.keys(crowd.runs);
const runCount = Object.values(crowd.runs).reduce((sum, count) => sum + count, 0);
const credits = 1_000;

/** How much longer somebody may have waited than the limit alone explains. */
const waitingRatioMax = 1.25;
const jainMin = 0.95;

const scenario = (offered: boolean) => ({ limits: { tokensPerMinute }, delays: { deltaMs: 1 }, webSocket: { offered } });

/** What happened, as lines of a table. */
function tell(name: string, { runs, questions, refusedQuestions, tookMs }: CrowdOutcome, sandbox: Sandbox): string {
  const refused = sandbox.meter.attempts.filter(({ status }) => status === 429).length;
  const waits = questions.map((one) => one.tookMs);
  return [name, `${runs.filter(({ isDone }) => isDone).length} of ${runs.length}`, refused, `${questions.filter(({ isAnswered }) => isAnswered).length} of ${questions.length}`, refusedQuestions,
    `${Math.round(quantile(waits, 0.99))} ms`, `${Math.round(tookMs / 1000)} s`].join(' | ');
}

for (const offered of isLong ? [true, false] : [true]) {
  describe(`${runCount} real Codex runs at once over ${offered ? 'WebSockets' : 'HTTP'}, and a person`, function () {
    this.timeout(isLong ? 1_200_000 : 300_000);
    let bench: SandboxBench;
    let outcome: CrowdOutcome;
    let starts: readonly LineStart[];
    let isPerson: (one: LineStart) => boolean;

    before(async () => {
      bench = await openSandboxBench('crowd', scenario(offered), credits);
      const { token } = await callBroker(bench.broker, 'token', { workspacePath: path.join(bench.folder, 'desk') });
      outcome = await playCrowd(crowd, { folder: bench.folder, home: bench.home, route: { dataDir: bench.broker.dataDir }, person: { baseURL: `${bench.broker.url}/v1`, apiKey: token } });
      await until(async () => (await callBroker(bench.broker, 'health', {})).openHolds === 0, 'the end of all holds');
      starts = await readStarts(bench.broker, bench.sandbox.meter.attempts);
      isPerson = ({ workspace }) => workspace === 'desk';
    });
    after(() => bench.close());

    it('are all served, and nobody meets the limit', () => {
      assert.ok(outcome.questions.length > 2 && outcome.questions.every(({ isAnswered }) => isAnswered), JSON.stringify(outcome.questions));
      for (const run of outcome.runs) {
        assert.deepEqual([run.code, run.complaints, run.isDone], [0, [], true], `${run.workspace}: ${run.lastMessage}\n${run.stderr}`);
        assert.doesNotMatch(`${run.stderr}${JSON.stringify(run.events)}`, /\b429\b|rate limit|Reconnecting/i);
      }
      assert.equal(outcome.refusedQuestions, 0);
      assert.deepEqual(bench.sandbox.meter.attempts.filter(({ status, reportedUsage }) => status !== 200 || !reportedUsage), []);
    });

    it('wait hardly longer than the limit makes them', () => {
      const [leastWaitMs, waitedMs] = [leastMs(starts, tokensPerMinute), waitingMs(starts)];
      if (isLong) console.log(`      waited for ${Math.round(waitedMs)} ms, where the limit explains ${Math.round(leastWaitMs)} ms`);
      assert.ok(leastWaitMs > 0 && waitedMs <= waitingRatioMax * leastWaitMs, `somebody waited for ${waitedMs} ms, and the limit explains ${leastWaitMs} ms`);
    });

    it('never stand before the person', () => {
      const questions = starts.filter(isPerson);
      const turnMs = Math.min(...starts.filter((one) => !isPerson(one)).map(({ doorTokens }) => doorTokens)) / tokensPerMinute * 60_000;
      for (const question of questions) {
        assert.deepEqual(overtaking(question, starts, tokensPerMinute), []);
        assert.ok(question.startedAtMs - question.receivedAtMs < turnMs, `${JSON.stringify(question)} waited for longer than one request of a run takes`);
      }
      assert.equal(questions.length, outcome.questions.length);
    });

    it('are given equal shares by workspace', () => {
      const { contested, all } = sharesOfTokens(starts, workspaces, tokensPerMinute);
      const told = `tokens started while both workspaces waited: ${JSON.stringify(contested)}, and from the first on: ${JSON.stringify(all)}`;
      if (isLong) console.log(`      ${told}, Jain's index ${jain(all).toFixed(4)}`);
      // Over few turns one more or less is no injustice; and who got more while both waited may only have caught up on what the other took before.
      const allowed = 2 * Math.max(...starts.map(({ doorTokens }) => doorTokens));
      const favoured = contested.indexOf(Math.max(...contested));
      const isCatchingUp = all.every((tokens) => (all[favoured] ?? Infinity) <= tokens + allowed);
      assert.ok(isLong ? jain(all) >= jainMin : Math.max(...contested) - Math.min(...contested) <= allowed || isCatchingUp, told);
    });

    it('leave a ledger that has what the upstream counted', async () => {
      const { rows } = await compareWithRecord(bench.broker, bench.sandbox, credits);
      assert.deepEqual(rows.map(({ label }) => label).sort(), ['desk', 'few', 'many']);
    });

    if (isLong) it('fail without the broker', async () => {
      const alone = await startSandbox({ scenario: scenario(offered) });
      try {
        const baseUrl = `${alone.url}/v1`;
        const direct = await playCrowd(crowd, { folder: path.join(bench.folder, 'direct'), home: makeCodexHome(path.join(bench.folder, 'direct')), route: { baseUrl, apiKey: sandboxKey }, person: { baseURL: baseUrl, apiKey: sandboxKey } });
        console.log(['way | runs that did their work | requests refused upstream | questions answered | refusals the person\'s program met | longest answer | time', tell('broker', outcome, bench.sandbox), tell('direct', direct, alone)].map((line) => `      ${line}`).join('\n'));
        assert.ok(alone.meter.attempts.some(({ status }) => status === 429) && direct.runs.some(({ isDone }) => !isDone), 'a limit that nobody meets shows nothing');
      } finally {
        await alone.close();
      }
    });
  });
}

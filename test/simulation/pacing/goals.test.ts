// Holds the pacing against its goals in every scenario, in virtual time: the upstream's limits used to the full,
// hardly anything refused, nothing failed, equal shares, and people who do not notice the agents.
import assert from 'node:assert/strict';
import { longVariable } from '../../../src/setup/stages.mjs';
import { brokerPolicy } from './brokerPolicy.ts';
import { compare, jain, quantile } from './comparison.ts';
import { bottleneckReservoir, openaiDefault, queueInterval } from './packagePolicies.ts';
import { afterHeader, aimd, codexDefault } from './retryPolicies.ts';
import { scenarios } from './scenarios.ts';
import { simulate } from './world.ts';

const seeds = Array.from({ length: process.env[longVariable] ? 30 : 4 }, (_, index) => index + 1);
/**
 * Refusals per 100 jobs that are borne: none where the limits are announced, but for what no client can foresee: another
 * application's requests, and several answers at once that are longer than what was counted for them.
 */
const refusalsPer100Max: Readonly<Record<string, number>> = { 'hidden-requests': 2, 'hidden-tokens': 2, seconds: 2, stranger: 0.15, caps: 0.1 };

describe('pacing beside an oracle', function () {
  this.timeout(process.env[longVariable] ? 600_000 : 60_000);
  for (const scenario of scenarios) {
    it(`reaches its goals: ${scenario.title}`, async () => {
      const { rows: [row], oracleWaitP99Ms } = await compare(scenario, [brokerPolicy], seeds);
      assert.ok(row);
      const told = JSON.stringify({ ...row, oracleWaitP99Ms });
      assert.equal(row.failedPer100, 0, told);
      assert.ok(row.makespanRatio !== undefined && row.makespanRatio <= 1.01, told);
      assert.ok(row.refusalsPer100 <= (refusalsPer100Max[scenario.name] ?? 0), told);
      assert.ok(row.jain >= 0.99, told);
      assert.ok(row.personWaitP99Ms <= oracleWaitP99Ms, told);
    });
  }

  it('is the same history for the same seed, and another for another', async () => {
    const [scenario] = scenarios;
    assert.ok(scenario);
    const [once, again, other] = [await simulate(brokerPolicy, scenario, 1), await simulate(brokerPolicy, scenario, 1), await simulate(brokerPolicy, scenario, 2)];
    assert.deepEqual(once, again);
    assert.notEqual(once.makespanMs, other.makespanMs);
  });

  it('drives every peer in the same world, where each does what it is known for', async () => {
    const scenario = scenarios.find(({ name }) => name === 'tokens');
    assert.ok(scenario);
    const { rows: [codex, header, openai, reservoir, interval, concurrency] } = await compare({ ...scenario, requestsPerAgent: 6 }, [codexDefault, afterHeader, openaiDefault, bottleneckReservoir, queueInterval, aimd], [1]);
    assert.ok(codex && header && openai && reservoir && interval && concurrency);
    for (const { failedPer100, policy } of [codex, openai]) assert.ok(failedPer100 > 5, `${policy} gives up on jobs: ${failedPer100}`);
    assert.ok(header.failedPer100 === 0 && header.refusalsPer100 > 100, JSON.stringify(header));
    assert.ok(reservoir.failedPer100 === 0 && reservoir.refusalsPer100 < 1, JSON.stringify(reservoir));
    assert.ok((reservoir.makespanRatio ?? 0) > 1.01 && interval.personWaitP99Ms > 1000 && concurrency.refusalsPer100 > 1, JSON.stringify({ reservoir, interval, concurrency }));
    assert.equal(setTimeout.name, 'setTimeout', 'the real clock was given back');
  });

  it('measures as it says', () => {
    assert.equal(jain([5, 5, 5]), 1);
    assert.equal(jain([9, 0, 0]), 1 / 3);
    assert.equal(quantile(Array.from({ length: 100 }, (_, index) => index + 1), 0.99), 99);
    assert.equal(quantile([], 0.99), 0);
  });
});

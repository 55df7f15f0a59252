// Holds the pacing against its goals in every scenario, in virtual time: the upstream's limits used to the full,
// hardly anything refused, nothing failed, equal shares, and people who do not notice the agents.
import assert from 'node:assert/strict';
import { longVariable } from '../../../src/setup/stages.mjs';
import { brokerPolicy, unwatchfulPolicy } from './brokerPolicy.ts';
import { compare, jain, quantile } from './comparison.ts';
import { networkedOracle } from './oraclePolicy.ts';
import { bottleneckReservoir, openaiDefault, queueInterval } from './packagePolicies.ts';
import { afterHeader, aimd, codexDefault } from './retryPolicies.ts';
import { latencies, scenarios, type Scenario } from './scenarios.ts';
import { simulate } from './world.ts';

const seeds = Array.from({ length: process.env[longVariable] ? 30 : 10 }, (_, index) => index + 1);
/**
 * Refusals per 100 jobs that are borne: none where the limits are announced, but for what no client can foresee: another
 * application's requests, and the one request that finds out that a limit is enforced by the second.
 */
const refusalsPer100Max: Readonly<Record<string, number>> = { 'hidden-requests': 2, 'hidden-tokens': 2, seconds: 0.1, stranger: 0.1 };
/** Worlds in which the broker's eye on latency is compared with the broker without it. */
const latencySeeds = seeds.slice(0, 5);

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
      // Also where a full bucket is spent before anybody waits, which leaves the oracle's shares as unequal as the wants: the broker evens that out.
      assert.ok(row.jain >= 0.99, told);
      assert.ok(row.personWaitP99Ms <= oracleWaitP99Ms, told);
    });
  }

  it('is refused less beside another application than an oracle is that only its way through the network keeps from knowing', async () => {
    const refused: Record<string, number> = {};
    for (const scenario of scenarios.filter(({ name }) => name === 'tokens' || name === 'stranger')) {
      const { rows: [oracle, broker] } = await compare(scenario, [networkedOracle, brokerPolicy], seeds.slice(0, 2));
      refused[`oracle, ${scenario.name}`] = oracle?.refusalsPer100 ?? NaN;
      refused[`broker, ${scenario.name}`] = broker?.refusalsPer100 ?? NaN;
    }
    assert.equal(refused['oracle, tokens'], 0, 'alone it knows everything');
    assert.ok((refused['oracle, stranger'] ?? 0) > 5 * (refused['broker, stranger'] ?? NaN), JSON.stringify(refused));
  });

  it('is refused once by a limit that is enforced by the second although it is told by the minute, and not again', async () => {
    const scenario = scenarios.find(({ name }) => name === 'seconds');
    assert.ok(scenario);
    for (const seed of seeds.slice(0, 5)) assert.equal((await simulate(brokerPolicy, scenario, seed)).refusals, 1);
  });

  it('lets fewer run at once where an upstream without limits becomes slow, which it then refuses less, and loses no time by it', async () => {
    const { watched, unwatched } = await bothWays(latencies.overload);
    const told = JSON.stringify({ watched, unwatched });
    assert.ok(watched.makespanMs <= unwatched.makespanMs, told);
    assert.ok(watched.refusals < unwatched.refusals / 2, told);
    assert.ok(unwatched.refusals > 3 * latencySeeds.length, 'there is something to refuse');
  });

  it('changes nothing where first bytes only come as they like, and little where an upstream is slow for others\' sake', async () => {
    const noise = await bothWays(latencies.noise);
    assert.ok(Math.abs(noise.watched.makespanMs / noise.unwatched.makespanMs - 1) < 0.01, JSON.stringify(noise));
    const others = await bothWays(latencies.others);
    assert.ok(others.watched.makespanMs / others.unwatched.makespanMs < 1.03, JSON.stringify(others));
  });

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

/** What the broker does with and without its eye on latency, over all seeds. */
async function bothWays(scenario: Scenario) {
  const sum = async (policy: typeof brokerPolicy) => {
    let [makespanMs, refusals] = [0, 0];
    for (const seed of latencySeeds) {
      const outcome = await simulate(policy, scenario, seed);
      makespanMs += outcome.makespanMs;
      refusals += outcome.refusals;
    }
    return { makespanMs, refusals };
  };
  return { watched: await sum(brokerPolicy), unwatched: await sum(unwatchfulPolicy) };
}

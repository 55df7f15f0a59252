// Proves in virtual time what the pacing promises people: every run succeeds, hardly anything is
// refused upstream, the limit is used to the full, and workspaces get equal shares.
import assert from 'node:assert/strict';
import { jain, simulate, type World } from './pacingWorld.ts';

const workspaces = ['a', 'b', 'c', 'd'];
/** 20 Codex runs of three turns with three requests each, from four workspaces. */
const twentyRuns = Array.from({ length: 20 }, (_, index) => ({ workspaceId: workspaces[index % 4] ?? '', requests: 9 }));
const sixty: Pick<World, 'requestsPerMinute' | 'announces'> = { requestsPerMinute: () => 60, announces: true };
const count = (world: Pick<World, 'runs'>) => world.runs.reduce((sum, run) => sum + run.requests, 0);
/** No schedule is faster: a full bucket at once, then the refill, then the shortest request. */
const lowerBoundMs = (requests: number, perMinute: number) => (requests - perMinute) * 60_000 / perMinute + 3_000;
const seeds = [1, 2, 3];

describe('pacing in simulation', () => {
  it('carries 20 runs of 4 workspaces through 60 requests a minute without a single refusal', () => {
    for (const seed of seeds) {
      const world: World = { seed, runs: twentyRuns, ...sixty };
      const history = simulate(world);
      assert.equal(history.succeeded, count(world));
      assert.equal(history.throttles, 0);
      const ratio = history.finishedAtMs / lowerBoundMs(count(world), 60);
      assert.ok(ratio < 1.25, `makespan ${ratio} of the lower bound`);
      assert.ok(jain(history.servedWhileAllWait.values()) > 0.95);
    }
  });

  it('gives a workspace with eight runs the same share as one with twenty-eight', () => {
    const runs = [...Array.from({ length: 28 }, () => ({ workspaceId: 'many', requests: 10 })), ...Array.from({ length: 8 }, () => ({ workspaceId: 'few', requests: 10, pauseMs: 0 }))];
    for (const seed of seeds) {
      const history = simulate({ seed, runs, requestsPerMinute: () => 40, announces: true });
      assert.equal(history.succeeded, 360);
      assert.ok(jain(history.servedWhileAllWait.values()) > 0.95, JSON.stringify([...history.servedWhileAllWait]));
    }
  });

  it('lets a person type while agents wait', () => {
    const person = { workspaceId: 'person', requests: 12, priority: 'interactive' as const, startsAtMs: 30_000, pauseMs: 4_000 };
    for (const seed of seeds) {
      const history = simulate({ seed, runs: [...twentyRuns, person], ...sixty });
      const longestMs = Math.max(...history.waitsMs.filter((each) => each.priority === 'interactive').map((each) => each.waitMs));
      // At 60 a minute the next start is a second away; answers under way may delay it a little.
      assert.ok(longestMs < 4_000, `${longestMs}`);
    }
  });

  it('follows a limit that halves and returns', () => {
    const perMinute = (nowMs: number) => (nowMs > 60_000 && nowMs < 180_000 ? 30 : 60);
    for (const seed of seeds) {
      const world: World = { seed, runs: twentyRuns, announces: true, requestsPerMinute: perMinute };
      const history = simulate(world);
      assert.equal(history.succeeded, count(world));
      assert.ok(history.throttles <= count(world) * 0.05, `${history.throttles} refusals`);
      // Two minutes at half the limit cost one minute.
      assert.ok(history.finishedAtMs < 1.25 * (lowerBoundMs(count(world), 60) + 60_000), `${history.finishedAtMs}`);
    }
  });

  it('lives beside another application that takes a third, in waves', () => {
    for (const seed of seeds) {
      const world: World = { seed, runs: twentyRuns, ...sixty, othersPerMinute: (nowMs) => (nowMs % 60_000 < 30_000 ? 40 : 0) };
      const history = simulate(world);
      assert.equal(history.succeeded, count(world));
      assert.ok(history.throttles <= count(world) * 0.1, `${history.throttles} refusals`);
      assert.ok(history.finishedAtMs < 1.35 * (count(world) - 60) * 60_000 / 40, `${history.finishedAtMs}`);
    }
  });

  it('learns where nothing is announced and no pause is named', () => {
    for (const seed of seeds) {
      const world: World = { seed, runs: twentyRuns, requestsPerMinute: () => 60, announces: false };
      const history = simulate(world);
      assert.equal(history.succeeded, count(world));
      assert.ok(history.throttles <= count(world) * 0.25, `${history.throttles} refusals`);
      assert.ok(history.finishedAtMs < 2 * lowerBoundMs(count(world), 60), `${history.finishedAtMs}`);
    }
  });

  it('spreads starts where limits are enforced over less than the announced minute', () => {
    for (const seed of seeds) {
      const world: World = { seed, runs: twentyRuns, ...sixty, burstShare: 2 / 60 };
      const history = simulate(world);
      assert.equal(history.succeeded, count(world));
      assert.ok(history.throttles <= count(world) * 0.25, `${history.throttles} refusals`);
      assert.ok(history.finishedAtMs < 1.35 * count(world) * 1_000, `${history.finishedAtMs}`);
    }
  });

  it('reconciles tokens that were estimated too low or too high', () => {
    for (const tokens of [{ estimated: 10_000, usedMin: 9_000, usedMax: 14_000 }, { estimated: 10_000, usedMin: 3_000, usedMax: 8_000 }]) {
      const world: World = { seed: 4, runs: twentyRuns, requestsPerMinute: () => 1_000, announces: true, tokensPerMinute: 400_000, tokens };
      const history = simulate(world);
      assert.equal(history.succeeded, count(world));
      assert.ok(history.throttles <= count(world) * 0.1, `${history.throttles} refusals`);
      const expectedMs = (count(world) * (tokens.usedMin + tokens.usedMax) / 2 - 400_000) * 60_000 / 400_000;
      assert.ok(history.finishedAtMs < 1.35 * expectedMs + 12_000, `${history.finishedAtMs} of ${expectedMs}`);
    }
  });

  it('starts few requests while nothing is known', () => {
    const history = simulate({ seed: 5, runs: twentyRuns.map((run) => ({ ...run, requests: 1 })), requestsPerMinute: () => 3, announces: true });
    assert.equal(history.succeeded, 20);
    assert.ok(history.throttles <= 2, `${history.throttles} refusals`);
  });
});

// How well holds cover, measured: many seeded worlds of answers and inputs, each request estimated
// before it is learned from. A hold must cover about 95 of 100, and must not be so large that it
// keeps other requests from running.
import assert from 'node:assert/strict';
import { Estimator } from '../../src/domain/estimator.ts';
import type { RequestSize } from '../../src/domain/estimator.ts';
import { estimateErrorView, noEstimateErrors } from '../../src/domain/estimateError.ts';
import { withAttempt } from '../support/attemptSums.ts';
import { seededRandom } from '../support/seededRandom.ts';
import type { SeededRandom } from '../support/seededRandom.ts';

/** What the answer with this number has of tokens. */
type World = (random: SeededRandom) => (index: number) => number;

const requests = 500;
const warmUp = 50;
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const normal = (random: SeededRandom) => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
const lognormal = (random: SeededRandom, median: number, spread: number) => median * Math.exp(spread * normal(random));
const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
const percentile95 = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? 0;

const steady: Readonly<Record<string, World>> = {
  'short answers': (random) => () => lognormal(random, 300, 0.5),
  'lognormal answers': (random) => () => lognormal(random, 700, 0.9),
  'widely spread answers': (random) => () => lognormal(random, 400, 1.5),
  'short answers and some long ones': (random) => () => (random.chance(0.85) ? lognormal(random, 150, 0.3) : lognormal(random, 8000, 0.4)),
  'long answers that are rare': (random) => () => (random.chance(0.94) ? lognormal(random, 150, 0.3) : lognormal(random, 8000, 0.4)),
  'a heavy tail': (random) => () => Math.min(2_000_000, 200 * (1 - random.next()) ** (-1 / 1.5)),
};
const moving: Readonly<Record<string, World>> = {
  'answers that grow': (random) => (index) => lognormal(random, 250 * Math.exp(2 * index / requests), 0.8),
  'answers that shrink': (random) => (index) => lognormal(random, 5000 * Math.exp(-2 * index / requests), 0.8),
  'a sudden change': (random) => (index) => lognormal(random, index < requests / 2 ? 250 : 1800, 0.7),
  'answers that come and go': (random) => (index) => lognormal(random, 400 * Math.exp(Math.sin(index / 40)), 0.6),
};

interface Seen { readonly early: readonly boolean[]; readonly covered: readonly boolean[]; readonly holds: readonly number[]; readonly used: readonly number[]; readonly belowMiddle: readonly boolean[] }

const sizeOf = (rest: Partial<RequestSize> = {}): RequestSize => ({ model: 'm', effort: 'medium', kind: 'turn', bodyBytes: 40_000, textBytes: 32_000, textTokens: 8000, ...rest });

function live(world: World, seed: number): Seen {
  const random = seededRandom(seed);
  const answer = world(random);
  const estimator = new Estimator();
  const seen = { early: [] as boolean[], covered: [] as boolean[], holds: [] as number[], used: [] as number[], belowMiddle: [] as boolean[] };
  for (let index = 0; index < requests; index += 1) {
    const outputTokens = Math.round(answer(index));
    const estimate = estimator.estimate(sizeOf());
    const isCovered = outputTokens <= estimate.outputTokens;
    if (index < warmUp) seen.early.push(isCovered);
    else {
      seen.covered.push(isCovered);
      seen.holds.push(estimate.outputTokens);
      seen.used.push(outputTokens);
      seen.belowMiddle.push(outputTokens <= estimate.likelyOutputTokens);
    }
    estimator.learn({ size: sizeOf(), inputTokens: 8800, outputTokens });
  }
  return seen;
}

const shareOf = (facts: readonly boolean[]) => facts.filter(Boolean).length / facts.length;

describe('holds for output', () => {
  for (const [name, world] of Object.entries({ ...steady, ...moving })) {
    it(`cover ${name}`, () => {
      const lives = seeds.map((seed) => live(world, seed));
      const covered = shareOf(lives.flatMap((one) => one.covered));
      assert.ok(covered >= 0.935 && covered <= 0.985, `${covered} on average`);
      for (const one of lives) assert.ok(shareOf(one.covered) >= 0.915 && shareOf(one.covered) <= 0.99, `${shareOf(one.covered)} in one life`);
      assert.ok(shareOf(lives.flatMap((one) => one.early)) >= 0.9, 'from the first request on');
      const ratio = mean(lives.flatMap((one) => one.holds)) / mean(lives.map((one) => percentile95(one.used)));
      assert.ok(ratio < (name in steady ? 1.8 : 1.4), `holds are ${ratio} times the true 95th percentile`);
      const below = shareOf(lives.flatMap((one) => one.belowMiddle));
      assert.ok(below > 0.38 && below < 0.62, `${below} stay below the likely size`);
    });
  }

  it('tell efforts and kinds apart, which pooled answers cannot', () => {
    const kinds = [
      { effort: 'low', kind: 'turn', median: 200 }, { effort: 'medium', kind: 'turn', median: 800 },
      { effort: 'high', kind: 'turn', median: 5000 }, { effort: 'medium', kind: 'compaction', median: 2500 },
    ];
    for (const seed of seeds.slice(0, 3)) {
      const random = seededRandom(seed);
      const [apart, pooled] = [new Estimator(), new Estimator()];
      const seen = kinds.map(() => ({ covered: [] as boolean[], pooledCovered: [] as boolean[], holds: [] as number[], pooledHolds: [] as number[], used: [] as number[] }));
      for (let index = 0; index < 1600; index += 1) {
        const which = random.whole(0, kinds.length - 1);
        const { effort, kind, median } = kinds[which] ?? { effort: '', kind: '', median: 0 };
        const outputTokens = Math.round(lognormal(random, median, 0.6));
        const [size, blind] = [sizeOf({ effort, kind }), sizeOf({ effort: 'any', kind: 'any' })];
        const [hold, pooledHold] = [apart.estimate(size).outputTokens, pooled.estimate(blind).outputTokens];
        const one = seen[which];
        if (one && index >= 200) {
          one.covered.push(outputTokens <= hold);
          one.pooledCovered.push(outputTokens <= pooledHold);
          one.holds.push(hold);
          one.pooledHolds.push(pooledHold);
          one.used.push(outputTokens);
        }
        apart.learn({ size, inputTokens: 8800, outputTokens });
        pooled.learn({ size: blind, inputTokens: 8800, outputTokens });
      }
      for (const { covered } of seen) assert.ok(shareOf(covered) >= 0.915 && shareOf(covered) <= 0.99, `${shareOf(covered)}`);
      const [low, medium, high] = seen;
      assert.ok(low && medium && high);
      assert.ok(shareOf(high.pooledCovered) < 0.9, 'pooled answers leave long ones uncovered');
      for (const one of [low, medium]) {
        assert.ok(mean(one.pooledHolds) > 3 * mean(one.holds), 'and hold far too much for short ones');
        assert.ok(mean(one.holds) < 1.6 * percentile95(one.used));
      }
    }
  });

  it('are not shortened by answers that a cap has cut', () => {
    for (const seed of seeds) {
      const random = seededRandom(seed);
      const estimator = new Estimator();
      const covered: boolean[] = [];
      for (let index = 0; index < 900; index += 1) {
        const wanted = Math.round(lognormal(random, 700, 0.9));
        // Half of the requests are capped at what half of the answers need.
        const size = random.chance(0.5) ? sizeOf({ maxOutputTokens: 700 }) : sizeOf();
        const estimate = estimator.estimate(size);
        const outputTokens = Math.min(wanted, size.maxOutputTokens ?? Infinity);
        if (size.maxOutputTokens === undefined && index >= 100) covered.push(outputTokens <= estimate.outputTokens);
        assert.ok(size.maxOutputTokens === undefined || estimate.outputTokens <= 700);
        estimator.learn({ size, inputTokens: 8800, outputTokens, isCut: outputTokens < wanted });
      }
      assert.ok(shareOf(covered) >= 0.92 && shareOf(covered) <= 0.995, `${shareOf(covered)}`);
    }
  });
});

describe('holds for input', () => {
  it('cover threads that grow, for a model that counts in its own way, with a small margin', () => {
    for (const seed of seeds) {
      const random = seededRandom(seed);
      const estimator = new Estimator();
      let sums = noEstimateErrors;
      let held = 0;
      const perGuess = 0.85 + random.next() * 0.4;
      for (let index = 0; index < 600; index += 1) {
        const isSmall = random.chance(0.1);
        const textTokens = isSmall ? random.whole(5, 60) : 7000 + (index % 40) * random.whole(500, 4000);
        const size = sizeOf({ bodyBytes: textTokens * 6, textBytes: textTokens * 5, textTokens });
        const used = { inputTokens: Math.round(textTokens * perGuess * Math.exp(0.05 * normal(random))), outputTokens: 300 };
        const estimate = estimator.estimate(size);
        if (index >= warmUp) {
          sums = withAttempt(sums, estimate, used);
          held += estimate.holdInputTokens;
        }
        estimator.learn({ size, ...used });
      }
      const { coveredShare = 0, meanInputErrorShare = 1 } = estimateErrorView(sums);
      assert.ok(coveredShare >= 0.94, `${coveredShare} covered`);
      assert.ok(meanInputErrorShare < 0.06, `off by ${meanInputErrorShare}`);
      assert.ok(held < 1.2 * sums.usedInputTokens, `${held / sums.usedInputTokens} times what was used`);
    }
  });
});

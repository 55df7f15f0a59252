// Proves that slow answers are told by blocks beside the best, that noise and size tell nothing, and that slowness
// which fewer requests at once do not cure becomes the new measure.
import assert from 'node:assert/strict';
import { LatencyWatch, type AnswerPace } from '../../src/domain/latencyWatch.ts';
import { seededRandom } from '../support/seededRandom.ts';

/** Answers come one each second. */
class Answers {
  readonly watch = new LatencyWatch();
  nowMs = 0;

  /** So many, all after the same time or as a function says. @returns what was said, without repeats of the usual */
  come(count: number, ms: number | ((index: number) => number), inputTokens = 1_000, running = 16): AnswerPace[] {
    return Array.from({ length: count }, (_, index) => {
      this.nowMs += 1_000;
      return this.watch.answered(inputTokens, running, this.nowMs - (typeof ms === 'number' ? ms : ms(index)), this.nowMs);
    }).filter((pace) => pace !== 'usual');
  }
}

describe('latency watch', () => {
  it('tells slow blocks once each, what lies between as slower, and better times as usual again', () => {
    const answers = new Answers();
    assert.deepEqual(answers.come(32, 400), []);
    assert.deepEqual(answers.come(16, 740), ['slower']);
    assert.deepEqual(answers.come(16, 900).filter((pace) => pace === 'slow'), ['slow']);
    assert.deepEqual(answers.come(16, 450).at(-1), 'slower', 'until a whole block was quick');
    assert.deepEqual(answers.come(16, 450), []);
  });

  it('takes slower answers for a matter of the load only where about as many run as did at the best', () => {
    const answers = new Answers();
    answers.come(16, 400, 1_000, 10);
    answers.come(15, 420, 1_000, 20);
    answers.come(1, 420, 1_000, 1);
    assert.deepEqual(answers.come(16, 740, 1_000, 20), ['slower']);
    assert.deepEqual(answers.come(16, 740, 1_000, 15).length, 15, 'until a whole block told that it was as quick when more ran');
    assert.deepEqual(answers.come(16, 740, 1_000, 16), ['slower']);
    assert.ok(answers.come(160, 900, 1_000, 4).filter((pace) => pace === 'slow').length === 3, 'and slow ones become the measure in the end');
  });

  it('does not count against a lower number what was sent before it was lowered', () => {
    const answers = new Answers();
    answers.come(16, 400);
    answers.come(16, 900);
    const at = answers.nowMs;
    for (let count = 0; count < 64; count += 1) assert.equal(answers.watch.answered(1_000, 16, at - 1, at + 5_000), 'slower');
  });

  it('is not misled by times that vary, by slow models or by larger inputs', () => {
    const varied = new Answers();
    const random = seededRandom(7);
    // Evenly between 0.2 and 0.7 s, as the simulated upstream answers.
    const said = varied.come(4_000, () => 200 + random.next() * 500);
    assert.ok(!said.includes('slow') && said.length < 400, `${said.length}`);
    const wild = new Answers();
    const thinks = (index: number) => (index % 3 === 0 ? 9_000 : 300);
    wild.come(320, thinks);
    assert.deepEqual(wild.come(160, 9_000), [], 'times that vary so much say nothing');
    const slow = new Answers();
    slow.come(160, 20_000);
    assert.deepEqual(slow.come(160, 90_000), [], 'it thinks before it speaks');
    const large = new Answers();
    large.come(160, 400, 3_000);
    assert.deepEqual(large.come(160, 4_000, 200_000), [], 'others of that size were never quicker');
  });

  it('takes slowness for the new measure that fewer at once do not cure', () => {
    const answers = new Answers();
    answers.come(160, 400);
    const said = answers.come(400, 2_000);
    assert.equal(said.filter((pace) => pace === 'slow').length, 3);
    assert.deepEqual(answers.come(160, 2_000), []);
    assert.ok(answers.come(32, 5_000).includes('slow'), 'but it is a measure');
  });
});

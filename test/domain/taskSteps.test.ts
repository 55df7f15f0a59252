// Circles in a row of steps are found whatever their length, and nothing else is taken for one.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addStep, circleOf, circleStepsMax, noSteps, patientGapMsMin, patientRepeats, slowWorkRepeats, timesThrough } from '../../src/domain/taskSteps.ts';

const row = (prints: readonly string[], gapMs?: number) => prints.reduce((task, print) => addStep(task, print, gapMs), noSteps);
const slowWork = (prints: readonly string[]) => prints.reduce((task, print) => addStep(task, print, patientGapMsMin, true), noSteps);
const repeat = (circle: readonly string[], rounds: number) => Array.from({ length: rounds }, () => circle).flat();

describe('circles of a task', () => {
  it('are counted in rounds, for every length up to the longest', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: circleStepsMax }), fc.integer({ min: 2, max: 40 }), (length, rounds) => {
      const circle = Array.from({ length }, (_, index) => `step ${index}`);
      assert.deepEqual(circleOf(row(repeat(circle, rounds))), { length, rounds: rounds - 1 });
    }));
  });

  it('are over with the first new step', () => {
    assert.equal(circleOf(row([...repeat(['a', 'b'], 20), 'c'])), undefined);
    assert.deepEqual(circleOf(row([...repeat(['a'], 20), 'c', 'c'])), { length: 1, rounds: 1 });
  });

  it('are not seen in steps that are all new', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.string(), { maxLength: 60 }), (prints) => { assert.equal(circleOf(row(prints)), undefined); }));
  });

  it('count a tenth where the task waited in between', () => {
    assert.deepEqual(circleOf(row(repeat(['building'], 10 * patientRepeats + 1), patientGapMsMin)), { length: 1, rounds: 10 });
    assert.deepEqual(circleOf(row(repeat(['building'], 41), patientGapMsMin - 1)), { length: 1, rounds: 40 });
  });

  it('count half where the task worked in between, and tell how often they were gone through all the same', () => {
    const task = slowWork(repeat(['the test fails'], 10 * slowWorkRepeats + 1));
    assert.deepEqual(circleOf(task), { length: 1, rounds: 10 });
    assert.equal(timesThrough(task, { length: 1 }), 10 * slowWorkRepeats + 1);
    assert.equal(timesThrough(row(repeat(['a', 'b', 'c'], 7)), { length: 3 }), 7);
  });

  it('are looks where a pause and something quick are all of it, and work where more is done', () => {
    const circle = (rounds: number, others: readonly number[]) => Array.from({ length: rounds }).reduce<typeof noSteps>((task) =>
      others.reduce((inner, gapMs, index) => addStep(inner, `work ${index}`, gapMs, true), addStep(task, 'pause', patientGapMsMin)), noSteps);
    assert.deepEqual(circleOf(circle(51, [10])), { length: 2, rounds: 5 });
    assert.deepEqual(circleOf(circle(11, [10, 10, 10])), { length: 4, rounds: 7 });
    // A command that runs for long, and its end that is waited for: it is the end that repeats.
    assert.deepEqual(circleOf(circle(51, [patientGapMsMin])), { length: 2, rounds: 15 });
  });
});

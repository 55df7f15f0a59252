// Circles in a row of steps are found whatever their length, and nothing else is taken for one.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addStep, circleOf, circleStepsMax, noSteps, patientGapMsMin, patientRepeats } from '../../src/domain/taskSteps.ts';

const row = (prints: readonly string[], gapMs?: number) => prints.reduce((task, print) => addStep(task, print, gapMs), noSteps);
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
});

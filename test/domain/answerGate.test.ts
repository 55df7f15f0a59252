// Proves that few attempts are unanswered at first, more with each answer, and that one that was not
// refused in time does not hold up the others.
import assert from 'node:assert/strict';
import { AnswerGate, refusalMsMax, unansweredMin } from '../../src/domain/answerGate.ts';

describe('answer gate', () => {
  it('opens with answers, and by itself once refusals would have come', () => {
    const gate = new AnswerGate();
    for (let count = 0; count < unansweredMin; count += 1) gate.sent(`${count}`, count);
    assert.equal(gate.closedUntilMs(10), refusalMsMax, 'until the oldest counts as let in');
    assert.equal(gate.closedUntilMs(refusalMsMax), undefined);
    gate.sent('next', 50);
    assert.equal(gate.closedUntilMs(60), 1 + refusalMsMax, 'the oldest was forgotten');
    gate.answered('1');
    gate.answered('next');
    for (let count = 0; count < unansweredMin + 2; count += 1) {
      assert.equal(gate.closedUntilMs(60), undefined, 'two answers made room for themselves and two more');
      gate.sent(`later${count}`, 60);
    }
    assert.equal(gate.closedUntilMs(60), 60 + refusalMsMax);
    gate.narrow();
    gate.left('later0');
    gate.left('later1');
    assert.equal(gate.closedUntilMs(60), 60 + refusalMsMax, 'fewer at once after a refusal');
  });
});

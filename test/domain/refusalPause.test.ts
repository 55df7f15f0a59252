// Proves how long a line stays closed after a refusal, above all that pauses which are too short end.
import assert from 'node:assert/strict';
import { backOffMsMax, backOffMsMin, refusalPauseMs } from '../../src/domain/refusalPause.ts';
import { unknownWindow } from '../../src/domain/rateWindow.ts';

describe('pause after a refusal', () => {
  it('is what was told, unless that was too short twice in a row', () => {
    assert.deepEqual([1, 2].map((refusalsInRow) => refusalPauseMs({ toldMs: 0, refusalsInRow }, 1)), [0, 0]);
    assert.deepEqual([3, 4, 5, 20].map((refusalsInRow) => refusalPauseMs({ toldMs: 0, refusalsInRow }, 1)), [1_000, 2_000, 4_000, backOffMsMax]);
    assert.equal(refusalPauseMs({ toldMs: 90_000, refusalsInRow: 20 }, 1), 90_000, 'a long one is waited in any case');
  });

  it('doubles where none was told, by chance up to a half shorter', () => {
    assert.deepEqual([1, 2, 3].map((refusalsInRow) => refusalPauseMs({ refusalsInRow }, 0)), [0.5, 1, 2].map((times) => times * backOffMsMin));
  });

  it('is what refills a limit that nobody tells', () => {
    const window = { ...unknownWindow, limit: 60, level: 0, levelAtMs: 0 };
    assert.equal(refusalPauseMs({ learnt: { window, amount: 2 }, refusalsInRow: 1 }, 1), 2_000);
    assert.equal(refusalPauseMs({ toldMs: 500, learnt: { window, amount: 2 }, refusalsInRow: 9 }, 1), 500);
  });
});

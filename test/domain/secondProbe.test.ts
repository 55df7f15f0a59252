// Proves that the test of a limit's seconds sends one request beyond what a second bears at a time, and holds back no more.
import assert from 'node:assert/strict';
import { refusalMsMax } from '../../src/domain/answerGate.ts';
import { SecondProbe } from '../../src/domain/secondProbe.ts';

/** What is sent at once until it closes. */
const burst = (probe: SecondProbe, perMinute: number, nowMs: number, name = 'r'): string[] => {
  const ids: string[] = [];
  while (probe.closedUntilMs(perMinute, nowMs) === undefined && ids.length < 1000) {
    ids.push(`${name}${ids.length}`);
    probe.sent(ids.at(-1) ?? '', perMinute, nowMs);
  }
  return ids;
};

describe('second probe', () => {
  it('lets through what a second bears and one more, and everything once that one was answered', () => {
    const probe = new SecondProbe();
    const ids = burst(probe, 480, 0);
    assert.equal(ids.length, 9);
    assert.equal(probe.closedUntilMs(480, 0), 250, 'or until the next second\'s share, here one and the overdraft');
    probe.answered(ids[0] ?? '');
    assert.equal(probe.closedUntilMs(480, 0), 250, 'that was none beyond the share');
    probe.answered(ids[8] ?? '');
    assert.equal(burst(probe, 480, 0).length, 1000);
    probe.failed();
    assert.ok(burst(probe, 480, 0).length < 10, 'it is tested again');
  });

  it('tries again after a refusal or an end, one at a time', () => {
    const probe = new SecondProbe();
    const ids = burst(probe, 60, 0);
    assert.equal(ids.length, 2);
    probe.left(ids[1] ?? '');
    assert.equal(burst(probe, 60, 0, 'again').length, 1);
    assert.equal(probe.closedUntilMs(60, 100), refusalMsMax, 'its answer does not come');
  });

  it('takes one that was not refused in the time of a refusal for let in, from when it really left', () => {
    const probe = new SecondProbe();
    const ids = burst(probe, 60, 0);
    probe.leftLate(ids[1] ?? '', 1_500);
    assert.equal(burst(probe, 60, refusalMsMax, 'share').length, 1, 'it left later than that, so only the next second\'s share');
    assert.equal(burst(probe, 60, 1_500 + refusalMsMax, 'later').length, 1000);
  });

  it('counts what was sent before the limit was known, and takes an answer near the border for no proof', () => {
    const probe = new SecondProbe();
    probe.sent('a', undefined, 0);
    probe.sent('b', undefined, 0);
    assert.equal(probe.closedUntilMs(undefined, 0), undefined);
    assert.equal(probe.closedUntilMs(120, 300), undefined);
    probe.sent('c', 120, 300);
    assert.equal(probe.closedUntilMs(120, 300), 1_000, 'until the share has room for one');
    probe.answered('c');
    assert.equal(burst(probe, 120, 900, 'd').length, 1, 'there may have been room after all');
  });
});

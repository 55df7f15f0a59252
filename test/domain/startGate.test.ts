// Proves that slow answers close the gate for some where no limits are announced, and only there.
import assert from 'node:assert/strict';
import { StartGate } from '../../src/domain/startGate.ts';

/** Sixteen at a time run and are answered, first quickly, then slowly. @returns how many may run at once in the end */
function roomAfterSlowness(isAnnounced: boolean, mindsLatency: boolean): number {
  const gate = new StartGate('m', mindsLatency);
  let nowMs = 0;
  for (let round = 0; round < 6; round += 1) {
    nowMs += 100_000;
    for (let index = 0; index < 16; index += 1) gate.answered(`${round}/${index}`, { sentAtMs: nowMs, inputTokens: 1_000, running: 16, isAnnounced }, nowMs + (round < 3 ? 400 : 2_000));
  }
  let room = 0;
  while (gate.hasRoom(room)) room += 1;
  return room;
}

describe('start gate', () => {
  it('lets fewer run after slow answers where no limits are announced', () => {
    assert.equal(roomAfterSlowness(false, false), 18);
    assert.ok(roomAfterSlowness(false, true) < 16);
    assert.equal(roomAfterSlowness(true, true), roomAfterSlowness(true, false));
  });

  it('grows again from one at a time although answers come slower than the best, but no further than to clearly fewer than ran at the best', () => {
    const gate = new StartGate('m', true);
    let nowMs = 0;
    const answer = (ms: number) => { nowMs += ms; gate.answered('a', { sentAtMs: nowMs - ms, inputTokens: 1_000, running: room(), isAnnounced: false }, nowMs); };
    const room = () => { let count = 0; while (gate.hasRoom(count)) count += 1; return count; };
    for (let count = 0; count < 16; count += 1) answer(1_000);
    for (let count = 0; count < 16; count += 1) answer(1_800);
    const most = room();
    for (let count = 0; count < 48; count += 1) answer(1_800);
    assert.equal(room(), most, 'more ran than did at the best');
    for (let count = 0; count < 12; count += 1) gate.overloaded(room(), nowMs += 1, nowMs += 1);
    assert.equal(room(), 1);
    for (let count = 0; count < 100; count += 1) answer(1_800);
    assert.ok(room() > 10, 'so few are not what makes it slower');
    for (let count = 0; count < 400; count += 1) answer(1_800);
    assert.ok(room() < most * 2 / 3, `${room()} run at once, and ${most} did at the best`);
  });
});

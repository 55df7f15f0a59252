// The tightest limit: levels, pace, and the order in which limits take the headline.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareLevels, levelOf, outageMs, tightest, usedUpAtMs, type LimitStand } from '../../src/domain/tightest.ts';

const hourMs = 3_600_000;
const week = 168 * hourMs;
const stand = (left: number, more: Partial<LimitStand> = {}): LimitStand => ({ id: `${left}`, kind: 'window', name: 'n', left, stops: true, ...more });
const paced = (left: number, timeLeft: number, lengthMs = week): LimitStand => stand(left, { timeLeft, lengthMs, endsAtMs: timeLeft * lengthMs });

describe('the tightest limit', () => {
  it('is low under a quarter or over pace, critical under a tenth, used up at nothing', () => {
    assert.deepEqual([1, 0.25, 0.24, 0.1, 0.09, 0].map((left) => levelOf(stand(left))), ['ok', 'ok', 'low', 'low', 'critical', 'used-up']);
    assert.deepEqual([paced(0.5, 0.5), paced(0.48, 0.5), paced(0.46, 0.5)].map(levelOf), ['ok', 'ok', 'low']);
    assert.equal(levelOf(paced(0.9, 0.95)), 'ok', 'the first tenth of its time says nothing about its pace');
  });

  it('is never worse than low where it only warns', () => {
    for (const left of [0, 0.05, 0.2]) assert.equal(levelOf(stand(left, { stops: false })), 'low');
  });

  it('is the one that ends work for longest: a week that is over pace goes before five hours with less left', () => {
    const weekly = paced(0.3, 0.5);
    const hours = paced(0.2, 0.5, 5 * hourMs);
    assert.equal(tightest([hours, weekly], 0), weekly);
    assert.equal(tightest([stand(0, { endsAtMs: hourMs, id: 'a' }), stand(0, { endsAtMs: week, id: 'b' })], 0)?.id, 'b');
    assert.equal(tightest([stand(0, { endsAtMs: week, id: 'a' }), stand(0, { id: 'b' })], 0)?.id, 'b', 'what nothing renews lasts longest');
    assert.equal(tightest([], 0), undefined);
  });

  it('knows how long it will be used up at the pace so far', () => {
    assert.equal(outageMs(paced(0.5, 0.75), 0), week * 0.5);
    assert.equal(outageMs(paced(0.75, 0.5), 0), 0);
    assert.equal(outageMs(stand(0, { endsAtMs: 500 }), 200), 300);
  });

  it('knows when it is used up at the pace so far, where that is before its reset and not too early to say', () => {
    assert.equal(usedUpAtMs(paced(0.5, 0.75), 0), week * 0.25, 'half in a quarter of the week: the other half in the next quarter');
    assert.equal(usedUpAtMs(paced(0.5, 0.5), 0), undefined);
    assert.equal(usedUpAtMs(paced(0.8, 0.95), 0), undefined, 'the first tenth says nothing');
    assert.equal(usedUpAtMs(paced(0, 0.5), 0), undefined, 'used up already');
    assert.equal(usedUpAtMs(stand(0.1, { endsAtMs: week }), 0), undefined, 'time says nothing');
  });

  it('is as bad as the worst of all, in whatever order they come', () => {
    const any = fc.record({ left: fc.double({ min: 0, max: 1, noNaN: true }), stops: fc.boolean(), endsAtMs: fc.option(fc.integer({ min: 0, max: week }), { nil: undefined }), timeLeft: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }) });
    fc.assert(fc.property(fc.array(any, { minLength: 1, maxLength: 8 }), fc.integer(), (raw, turn) => {
      const stands = raw.map(({ left, stops, endsAtMs, timeLeft }, index): LimitStand => ({ id: `${index}`, kind: 'budget', name: 'n', left, stops, ...(endsAtMs === undefined ? {} : { endsAtMs }), ...(timeLeft === undefined ? {} : { timeLeft, lengthMs: week }) }));
      const found = tightest(stands, 0);
      assert.ok(found && stands.every((one) => compareLevels(levelOf(found), levelOf(one)) >= 0));
      const at = Math.abs(turn) % stands.length;
      const again = tightest([...stands.slice(at), ...stands.slice(0, at)], 0);
      assert.ok(again);
      assert.deepEqual([levelOf(again), outageMs(again, 0), again.left], [levelOf(found), outageMs(found, 0), found.left]);
    }));
  });
});

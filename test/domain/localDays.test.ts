// Proves that local days begin where the calendar says: on days of 23, 24 and 25 hours, where clocks
// are set at midnight, and for any pair of distances to UTC; and that spans tell the same as asking.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dayKeyOf, dayStartMs, localDayOf, offsetSpans, type UtcOffsetAt } from '../../src/domain/localDays.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const at = (text: string) => Date.parse(text);
/** Distances that change at given moments. */
const zone = (first: number, ...changes: readonly (readonly [string | number, number])[]): UtcOffsetAt => (ms) => changes.reduce((offset, [from, next]) => (ms >= (typeof from === 'string' ? at(from) : from) ? next : offset), first * hourMs);
/** Berlin in 2026: https://www.ptb.de/cms/en/ptb/fachabteilungen/abt4/fb-44/ag-441/realisation-of-legal-time-in-germany/dst-and-midsummer.html */
const berlin = zone(1, ['2026-03-29T01:00:00Z', 2 * hourMs], ['2026-10-25T01:00:00Z', hourMs]);
const dayOf = (key: string) => at(`${key}T00:00:00Z`) / dayMs;

describe('local days', () => {
  it('begin at midnight on both sides of a change of clocks, and last 23, 25 or 24 hours', () => {
    for (const [key, start, hours] of [['2026-03-28', '2026-03-27T23:00:00Z', 24], ['2026-03-29', '2026-03-28T23:00:00Z', 23], ['2026-10-20', '2026-10-19T22:00:00Z', 24], ['2026-10-25', '2026-10-24T22:00:00Z', 25], ['2026-10-26', '2026-10-25T23:00:00Z', 24]] as const) {
      assert.equal(dayStartMs(dayOf(key), berlin), at(start), key);
      assert.equal(dayStartMs(dayOf(key) + 1, berlin) - at(start), hours * hourMs, key);
      assert.equal(dayKeyOf(localDayOf(at(start), berlin)), key);
    }
  });

  it('begin at one o\'clock where clocks go forward at midnight, and once where they go back to it', () => {
    const forward = zone(-4, ['2026-09-06T04:00:00Z', -3 * hourMs]);
    assert.equal(dayStartMs(dayOf('2026-09-06'), forward), at('2026-09-06T04:00:00Z'));
    const backTo = zone(-4, ['2026-11-01T05:00:00Z', -5 * hourMs]);
    assert.equal(dayStartMs(dayOf('2026-11-01'), backTo), at('2026-11-01T04:00:00Z'));
    const backFrom = zone(-3, ['2026-04-05T03:00:00Z', -4 * hourMs]);
    assert.equal(dayStartMs(dayOf('2026-04-05'), backFrom), at('2026-04-05T04:00:00Z'), 'the hour before midnight comes twice');
  });

  it('begin at the first moment of their own, whatever the distances are and whenever they change', () => {
    const quarter = fc.integer({ min: -48, max: 56 });
    fc.assert(fc.property(quarter, fc.integer({ min: -8, max: 8 }), fc.nat(6 * 24 * 4), fc.nat(6), (quarters, change, changeAt, day) => {
      const offsetAt: UtcOffsetAt = (ms) => (quarters + (ms >= changeAt * hourMs / 4 ? change : 0)) * hourMs / 4;
      const startMs = dayStartMs(day, offsetAt);
      assert.ok(localDayOf(startMs, offsetAt) >= day);
      // Where clocks go back over midnight the day had begun once before, and began again.
      if (change >= 0) assert.ok(localDayOf(startMs - 1, offsetAt) < day);
      assert.ok(dayStartMs(day + 1, offsetAt) > startMs);
    }), { numRuns: 2000, examples: [[31, 4, 158, 2]] });
  });

  it('are told by spans as by asking for each moment', () => {
    const [from, until] = [at('2025-12-01T00:00:00Z'), at('2026-12-01T00:00:00Z')];
    const spans = offsetSpans(from, until, berlin);
    assert.deepEqual(spans.map((span) => [span.offsetMs / hourMs, span.untilMs]), [[1, at('2026-03-29T01:00:00Z')], [2, at('2026-10-25T01:00:00Z')], [1, 8.64e15]]);
    for (const [index, span] of spans.entries()) if (index > 0) assert.equal(span.fromMs, spans[index - 1]?.untilMs);
    fc.assert(fc.property(fc.integer({ min: from, max: until }), (ms) => {
      assert.equal(spans.find((span) => ms >= span.fromMs && ms < span.untilMs)?.offsetMs, berlin(ms));
    }));
    assert.equal(offsetSpans(until, until, berlin).length, 1, 'nothing to look through');
  });
});

// Calendar periods in named time zones: the days on which clocks change, weeks that begin on another day,
// months of every length. Expected moments are written out, not computed by the code under test.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isTimeZone, offsetIn, periodOf } from '../../src/domain/calendar.ts';
import type { CalendarPeriod } from '../../src/domain/calendar.ts';

const iso = (text: string) => Date.parse(text);
const period = (kind: CalendarPeriod, at: string, zone: string, weekStartsOn?: number) => {
  const { fromMs, untilMs } = periodOf(kind, iso(at), offsetIn(zone), weekStartsOn);
  return [new Date(fromMs).toISOString(), new Date(untilMs).toISOString()];
};

describe('calendar periods', () => {
  it('begin at local midnight, also on the days on which clocks change', () => {
    assert.deepEqual(period('day', '2026-11-25T12:00:00Z', 'UTC'), ['2026-11-25T00:00:00.000Z', '2026-11-26T00:00:00.000Z']);
    // Berlin: 25 hours on 2026-10-25, 23 on 2026-03-29.
    assert.deepEqual(period('day', '2026-10-25T12:00:00Z', 'Europe/Berlin'), ['2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z']);
    assert.deepEqual(period('day', '2026-03-29T12:00:00Z', 'Europe/Berlin'), ['2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z']);
    // Santiago goes forward at midnight: 2026-09-06 begins at 01:00, which is 04:00 UTC.
    assert.deepEqual(period('day', '2026-09-06T12:00:00Z', 'America/Santiago'), ['2026-09-06T04:00:00.000Z', '2026-09-07T03:00:00.000Z']);
    assert.deepEqual(period('day', '2026-11-25T20:00:00Z', 'Asia/Kolkata'), ['2026-11-25T18:30:00.000Z', '2026-11-26T18:30:00.000Z']);
  });

  it('are weeks from Monday, or from the day that is chosen', () => {
    assert.deepEqual(period('week', '2026-11-25T12:00:00Z', 'UTC'), ['2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z']);
    assert.deepEqual(period('week', '2026-11-23T00:00:00Z', 'UTC'), ['2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z']);
    assert.deepEqual(period('week', '2026-11-22T23:59:59Z', 'UTC'), ['2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z']);
    assert.deepEqual(period('week', '2026-11-25T12:00:00Z', 'UTC', 7), ['2026-11-22T00:00:00.000Z', '2026-11-29T00:00:00.000Z']);
    assert.deepEqual(period('week', '2026-11-25T12:00:00Z', 'UTC', 4), ['2026-11-19T00:00:00.000Z', '2026-11-26T00:00:00.000Z']);
  });

  it('are months of their own length', () => {
    assert.deepEqual(period('month', '2028-02-29T23:00:00Z', 'UTC'), ['2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z']);
    assert.deepEqual(period('month', '2026-12-31T23:30:00Z', 'Europe/Berlin'), ['2026-12-31T23:00:00.000Z', '2027-01-31T23:00:00.000Z']);
  });

  it('hold their moment, follow one another, and never overlap, in any zone at any time', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia', 'Africa/Casablanca'];
    fc.assert(fc.property(fc.integer({ min: iso('2015-01-01'), max: iso('2040-01-01') }), fc.constantFrom(...zones), fc.constantFrom<CalendarPeriod>('day', 'week', 'month'), fc.integer({ min: 1, max: 7 }), (atMs, zone, kind, starts) => {
      const offset = offsetIn(zone);
      const { fromMs, untilMs } = periodOf(kind, atMs, offset, starts);
      assert.ok(fromMs <= atMs && atMs < untilMs, `${zone} ${kind}`);
      assert.equal(periodOf(kind, untilMs, offset, starts).fromMs, untilMs);
      assert.deepEqual(periodOf(kind, fromMs, offset, starts), { fromMs, untilMs });
      assert.deepEqual(periodOf(kind, untilMs - 1, offset, starts), { fromMs, untilMs });
      // What the ledger sums up by the quarter hour can be told by these bounds exactly.
      assert.equal(fromMs % 900_000, 0);
    }), { numRuns: 400 });
  });

  it('know which names are time zones', () => {
    assert.deepEqual(['UTC', 'Europe/Berlin', 'Mars/Olympus', ''].map(isTimeZone), [true, true, false, false]);
    assert.throws(() => offsetIn('Mars/Olympus'), RangeError);
  });
});

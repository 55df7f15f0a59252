// Times and durations as the page words them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { age, countdown, dayAndTime, dayTitle, duration, measuredTime, rowTime, stopwatch } from '../../src/webview/timeText.ts';

const place = { locale: 'en', timeZone: 'UTC' };
const nowMs = Date.UTC(2026, 10, 17, 14, 25);

describe('time text', () => {
  it('gives a duration in its two largest units', () => {
    const cases: [number, string][] = [[0, '0 s'], [1, '1 s'], [47_000, '47 s'], [125_000, '2 min 5 s'], [600_000, '10 min'], [8_040_000, '2 h 14 min'], [7_200_000, '2 h'], [151_200_000, '1 d 18 h'], [-5, '0 s']];
    for (const [ms, text] of cases) assert.equal(duration(ms), text);
  });

  it('counts down in whole minutes until the last one', () => {
    const cases: [number, string][] = [[8_099_999, '2 h 14 min'], [125_000, '2 min'], [60_000, '1 min'], [59_001, '1 min'], [59_000, '59 s'], [1, '1 s'], [-5, '0 s']];
    for (const [ms, text] of cases) assert.equal(countdown(ms), text);
  });

  it('never shows a duration that has not passed as none', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 10 ** 10 }), (ms) => duration(ms) !== '0 s'));
  });

  it('names today, and any other day with its weekday', () => {
    assert.equal(dayAndTime(Date.UTC(2026, 10, 17, 16, 40), nowMs, place), 'today 16:40');
    assert.equal(dayAndTime(Date.UTC(2026, 10, 19, 9), nowMs, place), 'Thu 19 Nov 09:00');
    assert.equal(rowTime(Date.UTC(2026, 10, 17, 0, 5), nowMs, place), '00:05');
    assert.equal(rowTime(Date.UTC(2026, 10, 16), nowMs, place), 'Mon 16 Nov 00:00');
  });

  it('keeps the local day of another zone', () => {
    const tokyo = { locale: 'en', timeZone: 'Asia/Tokyo' };
    assert.equal(dayAndTime(Date.UTC(2026, 10, 17, 15, 30), nowMs, tokyo), 'Wed 18 Nov 00:30');
  });

  it('titles a day by its key in every zone, and leaves other keys alone', () => {
    assert.equal(dayTitle('2026-11-12', 'en'), 'Thu 12 Nov');
    assert.equal(dayTitle('2026-11-12', 'de'), 'Do., 12. Nov.');
    assert.equal(dayTitle('<b>', 'en'), '<b>');
  });

  it('tells clocks, measured times and ages', () => {
    assert.equal(stopwatch(21_900), '0:21');
    assert.equal(stopwatch(3_730_000), '1:02:10');
    assert.equal(measuredTime(2_100), '2.1 s');
    assert.equal(age(3_000), 'just now');
    assert.equal(age(30_000), '30 s ago');
    assert.equal(age(190_000), '3 min ago');
  });
});

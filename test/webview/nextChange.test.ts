// When words change next: never after they changed, and not before by more than is allowed.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isSaidAlike, nextChangeInMs } from '../../src/webview/nextChange.ts';
import { age, countdown, dayAndTime, stopwatch } from '../../src/webview/timeText.ts';

const place = { locale: 'en', timeZone: 'UTC' };
const nowMs = Date.UTC(2026, 10, 17, 14, 25, 13, 500);
const says: Readonly<Record<string, (atMs: number) => (nowMs: number) => string>> = {
  countdown: (atMs) => (now) => countdown(atMs - now),
  stopwatch: (atMs) => (now) => stopwatch(now - atMs),
  age: (atMs) => (now) => age(now - atMs),
  'day and time': (atMs) => (now) => dayAndTime(atMs, now, place),
  several: (atMs) => (now) => `${stopwatch(now - nowMs + 7000)} · ${countdown(atMs - now)}`,
};

describe('the next change', () => {
  for (const [name, saysAt] of Object.entries(says)) {
    it(`is found for a ${name}`, () => {
      fc.assert(fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (inMs, part) => {
        const say = saysAt(nowMs + inMs);
        let looks = 0;
        const waitMs = nextChangeInMs((ms) => { looks += 1; return say(nowMs + ms) === say(nowMs); });
        assert.ok(looks <= 40, `${looks} looks`);
        const lateMs = Math.max(50, waitMs / 100);
        assert.equal(say(nowMs + Math.floor(part * Math.max(0, waitMs - lateMs))), say(nowMs), 'nothing changes before');
        assert.ok(waitMs >= 65_536_000 || say(nowMs + waitMs) !== say(nowMs), 'it has changed then');
      }), { numRuns: 300 });
    });
  }

  it('is looked for once a day where there is none', () => {
    assert.equal(nextChangeInMs(() => true), 65_536_000);
  });

  it('is one of texts and levels, and of shares as far as an eye can tell', () => {
    const row = { id: 'a', share: 0.5, level: 'fine', parts: ['x', undefined] };
    assert.ok(isSaidAlike(row, { ...row, share: 0.504, parts: ['x', undefined] }));
    for (const other of [{ ...row, share: 0.51 }, { ...row, level: 'low' }, { ...row, parts: ['y', undefined] }, { ...row, tick: 0.1 }, { id: 'a', share: 0.5, level: 'fine' }, undefined, null, 'row']) assert.ok(!isSaidAlike(row, other));
    assert.ok(isSaidAlike(undefined, undefined) && isSaidAlike('a', 'a') && !isSaidAlike('a', 'b') && !isSaidAlike(0, '0'));
  });
});

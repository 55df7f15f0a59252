// The page's only timer: it paints the part that says something else and nothing besides, rests in between, and does not
// run while nobody looks.
import assert from 'node:assert/strict';
import { PageClock } from '../../src/webview/pageClock.ts';
import { countdown } from '../../src/webview/timeText.ts';
import { manualClock } from '../support/manualClock.ts';

const minuteMs = 60_000;

function scene() {
  const time = manualClock(1_000_000);
  const told = { wakes: 0, pages: 0, look: (_isSeen: boolean): void => undefined, isWatched: true };
  const clock = new PageClock({
    now: time.nowMs,
    after: (delayMs, callback) => time.after(delayMs, () => { told.wakes += 1; callback(); }),
    watchSeen: (callback) => { told.look = callback; return () => { told.isWatched = false; }; },
  }, () => { told.pages += 1; });
  /** A countdown; `painted` has what it said at each paint. */
  const part = (atMs: number) => {
    const say = (nowMs: number) => countdown(atMs - nowMs);
    const painted: string[] = [say(time.nowMs())];
    clock.add({ isSaidAlike: (nowMs) => say(nowMs) === painted.at(-1), move: (nowMs) => { painted.push(say(nowMs)); } });
    return painted;
  };
  return { time, told, clock, part };
}

describe('page clock', () => {
  it('sleeps while nothing says anything else', () => {
    const { time, told, clock, part } = scene();
    clock.begin();
    const painted = part(1_000_000 + 120 * minuteMs + 30_000);
    clock.end(Infinity);
    time.advance(1000);
    const settled = told.wakes;
    time.advance(10_000);
    assert.deepEqual([told.wakes - settled, painted, time.pendingMs.length], [0, ['2 h'], 1]);
    time.advance(60 * minuteMs);
    assert.deepEqual([told.pages, painted.slice(0, 3), painted.at(-1)], [0, ['2 h', '1 h 59 min', '1 h 58 min'], '1 h']);
    assert.ok(told.wakes - settled <= 61, `${told.wakes - settled} wakes in an hour`);
  });

  it('paints only the part that moves, by the second in its last minute, and then rests', () => {
    const { time, told, clock, part } = scene();
    clock.begin();
    const [slow, quick] = [part(1_000_000 + 300 * minuteMs + 59_000), part(1_000_000 + 20_000)];
    clock.end(Infinity);
    time.advance(19_000);
    assert.deepEqual([slow, quick.length], [['5 h'], 20]);
    time.advance(2_000);
    assert.equal(quick.at(-1), '0 s');
    const { wakes } = told;
    time.advance(30_000);
    assert.equal(told.wakes, wakes);
  });

  it('paints the page when more than a part changes, and leaves alone what was not painted with it', () => {
    const { time, told, clock, part } = scene();
    clock.begin();
    const before = part(1_000_000 + 20_000);
    clock.end(1_000_000 + 5_000);
    time.advance(4_999);
    const { length } = before;
    assert.equal(told.pages, 0);
    time.advance(1);
    assert.equal(told.pages, 1);
    clock.begin();
    clock.end(Infinity);
    time.advance(minuteMs);
    assert.deepEqual([before.length, time.pendingMs.length], [length, 0], 'no part, no timer');
  });

  it('does not run while nobody looks, and paints the page when somebody does', () => {
    const { time, told, clock, part } = scene();
    clock.begin();
    part(1_000_000 + 20_000);
    clock.end(1_000_000 + 5_000);
    told.look(false);
    assert.equal(time.pendingMs.length, 0);
    clock.begin();
    part(1_000_000 + 20_000);
    clock.end(Infinity);
    assert.equal(time.pendingMs.length, 0, 'what comes meanwhile starts nothing');
    told.look(true);
    assert.equal(told.pages, 1);
    clock.begin();
    part(1_000_000 + 20_000);
    clock.end(Infinity);
    assert.equal(time.pendingMs.length, 1);
    clock.stop();
    assert.deepEqual([time.pendingMs.length, told.isWatched], [0, false]);
  });
});

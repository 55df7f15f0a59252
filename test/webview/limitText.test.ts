// Limits as rows: levels, flipping between left and used, pace, and what stays unknown.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { levelOf } from '../../src/domain/tightest.ts';
import type { WindowView } from '../../src/protocol/snapshot.ts';
import { oldAfterMs, standOfWindow, timeLeft, windowLength } from '../../src/protocol/limitStands.ts';
import { limitRow } from '../../src/webview/limitText.ts';

const nowMs = Date.UTC(2026, 10, 17, 14, 25);
const place = { locale: 'en', timeZone: 'UTC' };
const perMinute: WindowView = { id: 'm/tokens', model: 'm', measure: 'tokens', windowMinutes: 1, limit: 2_000_000, remaining: 440_000, resetsAtMs: nowMs + 47_000 };
const perDay: WindowView = { id: 'm/requests', model: 'm', measure: 'requests', windowMinutes: 1440, limit: 1000, remaining: 710, resetsAtMs: nowMs + 10 * 3_600_000 };
const { remaining: _unknown, limit: _none, ...silent } = perDay;

describe('limit text', () => {
  it('words a limit that refills within a minute without a tick', () => {
    const row = limitRow(perMinute, nowMs, 'left', place);
    assert.equal(row.name, 'Tokens per minute');
    assert.equal(row.amount, '440.0 k');
    assert.equal(row.level, 'low');
    assert.equal(row.tick, undefined);
    assert.equal(row.sentence, 'Tokens per minute, m: 22 % left, steady refill, full in 47 s');
  });

  it('gives a fixed window its tick and its pace', () => {
    const row = limitRow(perDay, nowMs, 'left', place);
    assert.equal(row.pace, '29 % spare');
    assert.equal(row.resets, 'Wed 18 Nov 00:25');
    assert.equal(row.countdown, 'in 10 h');
    assert.ok(Math.abs(row.tick! - 10 / 24) < 1e-9);
  });

  it('tells of a plan in shares, because nothing else is known of it', () => {
    const plan: WindowView = { id: 'ChatGPT 3fa9/300', model: 'ChatGPT 3fa9', measure: 'percent', windowMinutes: 300, limit: 100, remaining: 42.4, resetsAtMs: nowMs + 3_600_000 };
    const row = limitRow(plan, nowMs, 'left', place);
    assert.deepEqual([row.name, row.model, row.amount, row.level, row.countdown], ['Plan per 5 hours', 'ChatGPT 3fa9', '42 %', 'fine', 'in 1 h']);
    assert.equal(limitRow(plan, nowMs, 'used', place).amount, '58 %');
    assert.equal(limitRow({ ...plan, observedAtMs: nowMs - oldAfterMs + 1 }, nowMs, 'left', place).model, 'ChatGPT 3fa9');
    assert.match(limitRow({ ...plan, observedAtMs: nowMs - oldAfterMs }, nowMs, 'left', place).model, /^ChatGPT 3fa9, as of \d\d:\d\d$/);
    assert.equal(limitRow({ ...plan, measure: 'tokens', observedAtMs: nowMs - 9 * oldAfterMs }, nowMs, 'left', place).model, 'ChatGPT 3fa9', 'what refills steadily is known without being told');
    assert.equal(limitRow({ ...plan, remaining: 0 }, nowMs, 'left', place).level, 'empty');
    assert.equal(standOfWindow(plan, nowMs)?.name, 'limit per 5 hours of the plan ChatGPT 3fa9');
  });

  it('says of a plan that is spread over its days when its next share comes, and still what is left of it', () => {
    const plan: WindowView = { id: 'ChatGPT 3fa9/10080', model: 'ChatGPT 3fa9', measure: 'percent', windowMinutes: 10_080, limit: 100, remaining: 70, resetsAtMs: nowMs + 500_000_000, shareUsedUntilMs: nowMs + 5 * 3_600_000 };
    const row = limitRow(plan, nowMs, 'left', place);
    assert.deepEqual([row.amount, row.share, row.level, row.pace, row.countdown], ['70 %', 0.7, 'low', 'share so far used', 'in 5 h']);
    assert.match(row.renews ?? '', /^goes on /);
    assert.notEqual(limitRow({ ...plan, shareUsedUntilMs: nowMs }, nowMs, 'left', place).pace, 'share so far used');
  });

  it('says what is over pace, and warns no earlier than the status bar does', () => {
    const over = { ...perDay, remaining: 300 };
    assert.equal(limitRow(over, nowMs, 'left', place).pace, '12 % ahead of even use');
    assert.equal(limitRow(over, nowMs, 'left', place).level, 'low');
    const early = { ...perDay, remaining: 880, resetsAtMs: nowMs + 0.95 * 24 * 3_600_000 };
    const stand = standOfWindow(early, nowMs);
    assert.ok(stand);
    assert.deepEqual([limitRow(early, nowMs, 'left', place).level, levelOf(stand)], ['fine', 'ok'], 'its time has hardly begun');
  });

  it('says of each long limit until when it lasts, with a band where it is known how even its pace is, and where too little is known', () => {
    const ahead = (change: Partial<WindowView>) => limitRow({ ...perDay, ...change }, nowMs, 'left', place).ahead;
    const pace = { perMs: 1, spanMs: 1, spread: 1e-10 };
    // Fourteen hours of the day are over.
    const clock = String.raw`(?:\w+ \d+ \w+ )?\d\d:\d\d`;
    assert.match(ahead({ remaining: 200 }) ?? '', new RegExp(`^until about ${clock}$`));
    assert.match(ahead({ remaining: 200, pace }) ?? '', new RegExp(`^until about ${clock} \\(${clock} to ${clock}\\)$`));
    assert.match(ahead({ remaining: 300, pace: { ...pace, spread: 1e-8 } }) ?? '', new RegExp(`^until about ${clock} \\(${clock} at the earliest\\)$`));
    assert.equal(ahead({ remaining: 710 }), undefined, 'its pace says so');
    assert.match(ahead({ remaining: 450, pace: { ...pace, spread: 1e-8 } }) ?? '', new RegExp(`^lasts, or until ${clock} at the earliest$`));
    const early = limitRow({ ...perDay, resetsAtMs: nowMs + 23 * 3_600_000 }, nowMs, 'left', place);
    assert.deepEqual([early.pace, early.ahead, early.hasSpare], ['too early to tell', undefined, false], 'said once');
    assert.equal(ahead({ remaining: 100, resetsAtMs: nowMs + 23 * 3_600_000 }), 'too little is known yet', 'its pace says that it is low');
    const { resetsAtMs: _none, ...steady } = perDay;
    assert.equal(limitRow(steady, nowMs, 'left', place).ahead, 'too little is known yet');
    assert.equal(limitRow({ ...steady, pace: { perMs: 0.1 / 3_600_000, spanMs: 2 * 3_600_000 } }, nowMs, 'left', place).ahead?.startsWith('until about'), true);
    assert.equal(limitRow({ ...steady, pace: { perMs: 0, spanMs: 2 * 3_600_000 } }, nowMs, 'left', place).ahead, 'lasts');
    for (const change of [{ remaining: 0 }, { remaining: 1000 }, { windowMinutes: 1 }]) assert.equal(ahead(change), undefined);
  });

  it('takes no pace from a limit that refills steadily', () => {
    const bucket = { ...perDay, remaining: 900, resetsAtMs: nowMs + 0.1 * 24 * 3_600_000 };
    assert.equal(timeLeft(bucket, nowMs), undefined);
    assert.equal(limitRow(bucket, nowMs, 'left', place).pace, 'refills steadily');
  });

  it('never draws an unknown limit as zero', () => {
    const row = limitRow(silent, nowMs, 'left', place);
    assert.equal(row.level, 'unknown');
    assert.equal(row.share, undefined);
    assert.equal(row.amount, '—');
    assert.match(row.sentence, /not announced yet/);
  });

  it('tells an exhausted limit from an unknown one', () => {
    const row = limitRow({ ...perDay, remaining: 0 }, nowMs, 'left', place);
    assert.equal(row.level, 'empty');
    assert.equal(row.share, 0);
    assert.equal(row.pace, 'used up');
  });

  it('says when the next request has room where a limit refills steadily', () => {
    const opens = { ...perDay, remaining: 0, resetsAtMs: nowMs + 86_400_000, opensAtMs: nowMs + 180_000 };
    const row = limitRow(opens, nowMs, 'left', place);
    assert.deepEqual([row.resets, row.countdown, row.level], ['opens today 14:28', 'in 3 min', 'empty']);
    assert.equal(limitRow({ ...perMinute, remaining: 0, opensAtMs: nowMs + 1_000 }, nowMs, 'left', place).resets, 'steady refill', 'a minute is short enough');
  });

  it('flips number, bar and tick together', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 1440 }), (remaining, minutes) => {
      const window = { ...perDay, remaining, resetsAtMs: nowMs + minutes * 60_000 };
      const [left, used] = [limitRow(window, nowMs, 'left', place), limitRow(window, nowMs, 'used', place)];
      assert.ok(Math.abs(left.share! + used.share! - 1) < 1e-9);
      assert.equal(left.tick === undefined, used.tick === undefined);
      if (left.tick !== undefined) assert.ok(Math.abs(left.tick + used.tick! - 1) < 1e-9);
      assert.equal(Number(left.amount.replace(',', '')) + Number(used.amount.replace(',', '')), 1000);
    }));
  });

  it('names windows by their length', () => {
    assert.deepEqual([1, 5, 60, 300, 1440, 2880, 10_080].map(windowLength), ['minute', '5 minutes', 'hour', '5 hours', 'day', '2 days', 'week']);
  });
});

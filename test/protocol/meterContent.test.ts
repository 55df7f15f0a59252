// What a limit's pace and reset are called in the status bar: short enough for it at every moment, in both languages.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LimitStand } from '../../src/domain/tightest.ts';
import { contentWords, hasContent } from '../../src/protocol/meterContent.ts';
import { meterFace } from '../../src/protocol/meterFace.ts';
import { meterInput, type MeterTaste } from '../../src/protocol/meterInput.ts';
import { paceWords } from '../../src/protocol/limitStands.ts';
import { german, spokenIn } from '../support/language/spokenIn.ts';
import { ruledSnapshot } from '../webview/sampleRules.ts';
import { sampleNowMs, sampleSnapshot } from '../webview/sampleSnapshot.ts';

const nowMs = sampleNowMs;
const minuteMs = 60_000;
const stand = (change: Partial<LimitStand> = {}): LimitStand => ({ id: 'w', kind: 'window', name: 'limit per week of the plan p', left: 0.62, timeLeft: 0.5, lengthMs: 10_080 * minuteMs, endsAtMs: nowMs + 5_040 * minuteMs, stops: true, ...change });

describe('what the status bar is about', () => {
  it('is a pace in the words of the card', () => {
    const short = (left: number, timeLeft: number) => contentWords('pace', stand({ left, timeLeft }), nowMs, 'en').short;
    assert.deepEqual([short(0.62, 0.5), short(0.39, 0.5), short(0.5, 0.51), short(0.2, 0.2)], ['12 % spare', '11 % ahead', 'on pace', 'on pace']);
    assert.deepEqual(contentWords('pace', stand({ left: 0.39 }), nowMs, 'en'), { short: '11 % ahead', written: '11 % ahead of even use', spoken: 'The limit per week of the plan p: 11 percent ahead of even use' });
  });

  it('is a countdown in whole minutes', () => {
    const short = (ms: number) => contentWords('reset', stand({ endsAtMs: nowMs + ms }), nowMs, 'en').short;
    assert.deepEqual([1, minuteMs, minuteMs + 1, 47 * minuteMs, 60 * minuteMs, 134 * minuteMs, 1439 * minuteMs, 1440 * minuteMs, 2520 * minuteMs, 19_260 * minuteMs, 31 * 1440 * minuteMs].map(short),
      ['resets in 1 m', 'resets in 1 m', 'resets in 2 m', 'resets in 47 m', 'resets in 60 m', 'resets in 2 h', 'resets in 23 h', 'resets in 24 h', 'resets in 42 h', 'resets in 13 d', 'resets in 31 d'], 'no word of it reads as past');
    assert.equal(contentWords('reset', stand({ endsAtMs: nowMs + 134 * minuteMs }), nowMs, 'en').written, 'Begins anew in 2 h 14 min', 'all of it stands on the card');
  });

  it('is when a used-up limit that refills steadily has room, and says that so', () => {
    const { timeLeft: _time, lengthMs: _length, ...opening } = stand({ left: 0, endsAtMs: nowMs + 40 * minuteMs });
    assert.deepEqual([hasContent('reset', opening), contentWords('reset', opening, nowMs, 'en').short, contentWords('reset', opening, nowMs, 'en').written], [true, 'opens in 40 m', 'Opens in 40 min']);
    assert.match(contentWords('reset', opening, nowMs, 'en').spoken, /^The limit per week of the plan p opens in 40 minutes, /);
  });

  it('is no pace while a period has only begun', () => {
    assert.deepEqual([0.95, 0.91, 0.89, 0.5].map((timeLeft) => hasContent('pace', stand({ left: 0.88, timeLeft }))), [false, false, true, true]);
    assert.deepEqual([paceWords({ left: 0.88, timeLeft: 0.95 }, ''), paceWords({ left: 0.1, timeLeft: 0.95 }, ''), paceWords({ left: 0.78, timeLeft: 0.85 }, '')], ['too early to tell', 'low', '7 % ahead of even use']);
    const week = { id: 'w', model: 'p', measure: 'percent', windowMinutes: 10_080, limit: 100, remaining: 88, resetsAtMs: nowMs + 0.95 * 10_080 * minuteMs } as const;
    const face = meterFace(meterInput('connected', sampleSnapshot({ windows: [week], waiting: [], budgets: [] }), { show: 'left', unit: 'credits', locale: 'en', content: 'share' }, undefined, nowMs));
    assert.match(face.spoken, /^88 percent left of the limit per week of the plan p, begins anew /);
  });

  it('is nothing of a limit that has neither', () => {
    assert.deepEqual([stand(), stand({ left: 0 })].map((one) => [hasContent('pace', one), hasContent('reset', one)]), [[true, true], [false, true]]);
    const { timeLeft: _time, lengthMs: _length, ...steady } = stand();
    assert.deepEqual([hasContent('pace', steady), hasContent('reset', steady)], [false, false], 'it refills steadily');
    const { endsAtMs: _ends, ...endless } = { ...steady, kind: 'budget' } as const;
    assert.deepEqual([hasContent('pace', endless), hasContent('reset', endless), hasContent('reset', { ...steady, kind: 'budget' })], [false, false, true]);
  });

  it('is of the tightest limit that has it', () => {
    const taste = (content: MeterTaste['content']): MeterTaste => ({ show: 'left', unit: 'credits', locale: 'en', ...(content ? { content } : {}) });
    const face = (content: MeterTaste['content'], snapshot = ruledSnapshot()) => meterFace(meterInput('connected', snapshot, taste(content), 'ws_billing-service', nowMs));
    const plan = { model: 'p', measure: 'percent', limit: 100 } as const;
    const windows = [{ ...plan, id: 'p/300', windowMinutes: 300, remaining: 90, resetsAtMs: nowMs + 60 * minuteMs }, { ...plan, id: 'p/10080', windowMinutes: 10_080, remaining: 60, resetsAtMs: nowMs + 5_544 * minuteMs }];
    const calm = sampleSnapshot({ windows });
    assert.deepEqual((['share', 'pace', 'reset'] as const).map((content) => face(content, { ...calm, waiting: [] }).text), ['60 % left', '5 % spare', 'resets in 3 d']);
    assert.equal(face('pace', { ...calm, windows: [], waiting: [] }).text, face(undefined, { ...calm, windows: [], waiting: [] }).text);
  });

  it('fits the item and has its word, at every moment', () => {
    fc.assert(fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 99 * 86_400_000 }), (left, timeLeft, ms) => {
      const [pace, reset] = (['pace', 'reset'] as const).map((content) => contentWords(content, stand({ left, timeLeft, endsAtMs: nowMs + ms }), nowMs, 'en').short);
      assert.match(pace ?? '', /^(\d+ % (spare|ahead)|> 99 % (spare|ahead)|on pace)$/);
      assert.match(reset ?? '', /^resets in \d+ [mhd]$/);
      for (const text of [pace, reset]) assert.ok((text ?? '').length <= 14, text);
    }));
  });

  it('reads as German does', async () => {
    await spokenIn(german, () => {
      const words = (content: 'pace' | 'reset', change: Partial<LimitStand> = {}) => contentWords(content, stand({ name: 'Limit pro Woche des Plans p', ...change }), nowMs, 'de');
      assert.deepEqual([words('pace', { left: 0.39 }).short, words('pace').short, words('pace', { left: 0.5 }).short].map((text) => text.replaceAll('\u00a0', ' ')), ['11 % voraus', '12 % Reserve', 'im Rahmen']);
      assert.equal(words('reset', { endsAtMs: nowMs + 134 * minuteMs }).short, 'Reset in 2 Std.');
      assert.equal(words('reset', { endsAtMs: nowMs + 19_260 * minuteMs }).short, 'Reset in 13 Tg.');
      assert.match(words('reset', { endsAtMs: nowMs + 1501 * minuteMs }).spoken, /^Das Limit pro Woche des Plans p beginnt neu: .+ \(noch 1 Tag 1 Stunde\)$/);
    });
  });
});

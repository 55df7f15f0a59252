// What a limit's pace and reset are called in the status bar: short enough for it at every moment, in both languages.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LimitStand } from '../../src/domain/tightest.ts';
import { contentWords, hasContent } from '../../src/protocol/meterContent.ts';
import { meterFace } from '../../src/protocol/meterFace.ts';
import { meterInput, type MeterTaste } from '../../src/protocol/meterInput.ts';
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
    assert.deepEqual([1, minuteMs, minuteMs + 1, 47 * minuteMs, 60 * minuteMs, 134 * minuteMs, 1439 * minuteMs, 1440 * minuteMs, 2520 * minuteMs, 31 * 1440 * minuteMs].map(short),
      ['reset < 1 min', 'reset < 1 min', 'reset 2 min', 'reset 47 min', 'reset 1h 0m', 'reset 2h 14m', 'reset 23h 59m', 'reset 1d 0h', 'reset 1d 18h', 'reset 31d 0h']);
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
    assert.deepEqual((['share', 'pace', 'reset'] as const).map((content) => face(content, { ...calm, waiting: [] }).text), ['60 % left', '5 % spare', 'reset 3d 20h']);
    assert.equal(face('pace', { ...calm, windows: [], waiting: [] }).text, face(undefined, { ...calm, windows: [], waiting: [] }).text);
  });

  it('fits the item and has its word, at every moment', () => {
    fc.assert(fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 99 * 86_400_000 }), (left, timeLeft, ms) => {
      const [pace, reset] = (['pace', 'reset'] as const).map((content) => contentWords(content, stand({ left, timeLeft, endsAtMs: nowMs + ms }), nowMs, 'en').short);
      assert.match(pace ?? '', /^(\d+ % (spare|ahead)|> 99 % (spare|ahead)|on pace)$/);
      assert.match(reset ?? '', /^reset /);
      for (const text of [pace, reset]) assert.ok((text ?? '').length <= 14, text);
    }));
  });

  it('reads as German does', async () => {
    await spokenIn(german, () => {
      const words = (content: 'pace' | 'reset', change: Partial<LimitStand> = {}) => contentWords(content, stand({ name: 'Limit pro Woche des Plans p', ...change }), nowMs, 'de');
      assert.deepEqual([words('pace', { left: 0.39 }).short, words('pace').short, words('pace', { left: 0.5 }).short].map((text) => text.replaceAll('\u00a0', ' ')), ['11 % voraus', '12 % Reserve', 'im Rahmen']);
      assert.equal(words('reset', { endsAtMs: nowMs + 134 * minuteMs }).short, 'neu in 2 h 14 min');
      assert.match(words('reset', { endsAtMs: nowMs + 1501 * minuteMs }).spoken, /^Das Limit pro Woche des Plans p beginnt neu: .+ \(noch 1 Tag 1 Stunde\)$/);
    });
  });
});

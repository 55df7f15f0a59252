// Each finding says what was found, its numbers and one thing to do, without a number that is none.
import assert from 'node:assert/strict';
import type { Insight } from '../../src/domain/insights.ts';
import { insightNotes, insightText as textInRange, nothingFound } from '../../src/protocol/insightWords.ts';

const found: readonly Insight[] = [
  { kind: 'cache-fell', subject: 'shop', names: {}, numbers: { share: 0.5, shareBefore: 0.8, inputTokens: 2_000_000 }, worthMicroCredits: 27_000_000 },
  { kind: 'history-resent', subject: '01a2b3c4-dead', names: { workspace: 'shop', model: 'big' }, numbers: { requests: 40, inputTokens: 3_000_000, share: 0.1, costMicroCredits: 150_000_000 } },
  { kind: 'waits', subject: 'shop', names: { task: '99887766-x', workspace: 'docs' }, numbers: { waitedMs: 1_200_000, requests: 40, share: 0.7, tokens: 3_000_000 } },
  { kind: 'waits', subject: 'shop', names: {}, numbers: { waitedMs: 1_200_000, requests: 40 } },
  { kind: 'cheaper-model', subject: 'big', names: { model: 'small' }, numbers: { requests: 9, costMicroCredits: 100_000_000, otherMicroCredits: 10_000_000 }, worthMicroCredits: 90_000_000 },
  { kind: 'unpriced', subject: 'new', names: {}, numbers: { requests: 3, tokens: 12_345 } },
  { kind: 'cut-answers', subject: '', names: {}, numbers: { requests: 9, share: 0.08 }, worthMicroCredits: 6_000_000 },
];

const week = { days: 7, comparedDays: 28 };
const insightText = (one: Insight, locale: string, range = week) => textInRange(one, range, locale);

describe('insights in words', () => {
  it('have their numbers, and say nothing that is not known', () => {
    for (const one of found) {
      const { title, detail, action, worth } = insightText(one, 'en');
      for (const text of [title, detail, action, worth ?? '']) assert.doesNotMatch(text, /undefined|NaN|null|Infinity| {2}/, one.kind);
      assert.ok(title.length > 10 && detail.endsWith('.') && action.endsWith('.'));
    }
    assert.match(insightText(found[0] as Insight, 'en').detail, /50 %.*2\.00 M.*80 %/);
    assert.equal(insightText(found[0] as Insight, 'en').worth, '≈ 27.00 credits in 7 days');
    assert.match(insightText(found[0] as Insight, 'en').detail, /^In the last 7 days .*; in the 28 days before/);
    assert.match(insightText(found[0] as Insight, 'en', { days: 1, comparedDays: 28 }).detail, /^Today 50 % of .*; in the 28 days before it was 80 %\.$/);
    assert.deepEqual([1, 90].map((days) => insightText(found[0] as Insight, 'en', { days, comparedDays: 90 }).worth), ['≈ 27.00 credits today', '≈ 27.00 credits in 90 days']);
    const since = Date.UTC(2026, 10, 13, 12);
    assert.match(insightText({ ...found[6] as Insight, sinceMs: since }, 'en').worth ?? '', /^6\.00 credits since .*13/);
    assert.match(insightText(found[2] as Insight, 'en').detail, /20 min in all\. Task 99887766 in "docs" used 70 %/);
    assert.match(insightText(found[3] as Insight, 'en').detail, /20 min in all\.$/);
  });

  it('say what they rest on where that is less than the range', () => {
    const [began, close] = [Date.UTC(2026, 10, 1, 12), Date.UTC(2026, 10, 13, 12)];
    assert.deepEqual(insightNotes(week, 'en'), []);
    assert.match(insightNotes({ ...week, days: 90, beganAtMs: began }, 'en').join(), /^The ledger begins on .*1.*, so these are fewer than 90 days\.$/);
    assert.match(insightNotes({ ...week, closeSinceMs: close }, 'en').join(), /only the newest were looked at one by one: .* since .*13.*\.$/);
    assert.deepEqual([nothingFound(1), nothingFound(30)], ['Nothing stands out today.', 'Nothing stands out in the last 30 days.']);
  });

  it('write numbers as the language does', () => { assert.match(insightText(found[0] as Insight, 'de').worth ?? '', /27,00/); });
});

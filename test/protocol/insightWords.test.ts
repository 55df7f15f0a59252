// Each finding says what was found, its numbers and one thing to do, without a number that is none.
import assert from 'node:assert/strict';
import type { Insight } from '../../src/domain/insights.ts';
import { insightText } from '../../src/protocol/insightWords.ts';

const found: readonly Insight[] = [
  { kind: 'cache-fell', subject: 'shop', names: {}, numbers: { share: 0.5, shareBefore: 0.8, inputTokens: 2_000_000 }, worthMicroCredits: 27_000_000 },
  { kind: 'history-resent', subject: '01a2b3c4-dead', names: { workspace: 'shop', model: 'big' }, numbers: { requests: 40, inputTokens: 3_000_000, share: 0.1, costMicroCredits: 150_000_000 } },
  { kind: 'waits', subject: 'shop', names: { task: '99887766-x', workspace: 'docs' }, numbers: { waitedMs: 1_200_000, requests: 40, share: 0.7, tokens: 3_000_000 } },
  { kind: 'waits', subject: 'shop', names: {}, numbers: { waitedMs: 1_200_000, requests: 40 } },
  { kind: 'cheaper-model', subject: 'big', names: { model: 'small' }, numbers: { requests: 9, costMicroCredits: 100_000_000, otherMicroCredits: 10_000_000 }, worthMicroCredits: 90_000_000 },
  { kind: 'unpriced', subject: 'new', names: {}, numbers: { requests: 3, tokens: 12_345 } },
  { kind: 'cut-answers', subject: '', names: {}, numbers: { requests: 9, share: 0.08 }, worthMicroCredits: 6_000_000 },
];

describe('insights in words', () => {
  it('have their numbers, and say nothing that is not known', () => {
    for (const one of found) {
      const { title, detail, action, worth } = insightText(one, 'en');
      for (const text of [title, detail, action, worth ?? '']) assert.doesNotMatch(text, /undefined|NaN|null|Infinity| {2}/, one.kind);
      assert.ok(title.length > 10 && detail.endsWith('.') && action.endsWith('.'));
    }
    assert.match(insightText(found[0] as Insight, 'en').detail, /50 %.*2\.00 M.*80 %/);
    assert.equal(insightText(found[0] as Insight, 'en').worth, '≈ 27.00 credits in 7 days');
    assert.match(insightText(found[2] as Insight, 'en').detail, /20 min in all\. Task 99887766 in "docs" used 70 %/);
    assert.match(insightText(found[3] as Insight, 'en').detail, /20 min in all\.$/);
  });

  it('write numbers as the language does', () => { assert.match(insightText(found[0] as Insight, 'de').worth ?? '', /27,00/); });
});

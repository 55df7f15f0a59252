// A plan in words says what was told of it, and nothing that was not.
import assert from 'node:assert/strict';
import { planWords } from '../../src/protocol/planWords.ts';

describe('a plan in words', () => {
  it('names its account, its type and the provider\'s credits as far as they are known', () => {
    const plan = { account: 'ChatGPT 3fa9', observedAtMs: 0 };
    assert.equal(planWords(plan), undefined, 'its account alone says nothing');
    assert.equal(planWords({ ...plan, planType: 'plus' }), 'ChatGPT 3fa9 (plus)');
    const credits = (more: object) => planWords({ ...plan, credits: { hasCredits: true, isUnlimited: false, ...more } });
    assert.deepEqual([credits({ balance: '12.5' }), credits({}), credits({ hasCredits: false, balance: '0' }), credits({ isUnlimited: true })].map((text) => text?.slice('ChatGPT 3fa9: '.length)),
      ['12.5 credits of OpenAI\'s own', 'some credits of OpenAI\'s own', 'no credits of OpenAI\'s own', 'unlimited credits of OpenAI\'s own']);
  });
});

// Proves that usage is read as reported, that unknown stays unknown, and that usage which does not
// fit itself is marked so that it is never charged as reported.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readResponse, readResponseText, readUsage } from '../../src/protocol/responseUsage.ts';

const whole = {
  input_tokens: 5000, input_tokens_details: { cached_tokens: 4000, cache_write_tokens: 500 },
  output_tokens: 100, output_tokens_details: { reasoning_tokens: 60 }, total_tokens: 5100,
};

describe('response usage', () => {
  it('reads all parts', () => {
    assert.deepEqual(readUsage(whole), { inputTokens: 5000, cachedInputTokens: 4000, cacheWriteTokens: 500, outputTokens: 100, reasoningTokens: 60 });
  });

  it('takes missing details for nothing and a missing sum for unknown', () => {
    const bare = { inputTokens: 7, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 3, reasoningTokens: 0 };
    assert.deepEqual(readUsage({ input_tokens: 7, output_tokens: 3 }), bare);
    assert.deepEqual(readUsage({ input_tokens: 7, output_tokens: 3, input_tokens_details: null, output_tokens_details: { reasoning_tokens: null } }), bare);
    for (const unknown of [null, undefined, 'many', [], {}, { input_tokens: 7 }, { input_tokens: '7', output_tokens: 3 }]) assert.equal(readUsage(unknown), undefined);
  });

  it('marks usage that cannot be believed', () => {
    const plausible = (usage: unknown) => readResponse({ usage }).usagePlausible;
    assert.equal(plausible(whole), true);
    assert.equal(plausible({ input_tokens: 7, output_tokens: 3 }), true);
    const lies = [
      { ...whole, total_tokens: 9 }, { ...whole, input_tokens: -1 }, { ...whole, output_tokens: 1.5 }, { ...whole, input_tokens: 1e308, total_tokens: 1e308 },
      { ...whole, input_tokens_details: { cached_tokens: 6000 } }, { ...whole, input_tokens_details: { cached_tokens: 'all' } }, null,
    ];
    for (const lie of lies) assert.equal(plausible(lie), false, JSON.stringify(lie));
  });

  it('reads what really served and how it ended', () => {
    assert.deepEqual(readResponse({ id: 'resp_1', status: 'incomplete', model: 'gpt-5.5-2026-09-01', service_tier: 'priority', usage: null, error: null, incomplete_details: { reason: 'max_output_tokens' } }),
      { id: 'resp_1', status: 'incomplete', model: 'gpt-5.5-2026-09-01', serviceTier: 'priority', usagePlausible: false, incompleteReason: 'max_output_tokens' });
    assert.deepEqual(readResponseText('{"id":"r","status":"failed","error":{"code":"rate_limit_exceeded","message":"Please try again in 20s."}}'),
      { id: 'r', status: 'failed', usagePlausible: false, errorCode: 'rate_limit_exceeded', errorMessage: 'Please try again in 20s.' });
    assert.deepEqual(readResponseText('<html>'), { usagePlausible: false });
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (usage, details) => {
      const facts = readResponse({ usage: { input_tokens: usage, input_tokens_details: details, output_tokens: details }, error: details, id: usage });
      assert.equal(typeof facts.usagePlausible, 'boolean');
    }));
  });
});

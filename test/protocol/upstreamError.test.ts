// Proves that each refusal OpenAI and ChatGPT are known to send is taken for what it means: above all
// that money and plan are never retried as throttles, and throttles never end as failures.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { classifyAnswer, classifyFailure, errorBodyCharactersMax, retryAfterInText } from '../../src/protocol/upstreamError.ts';

const nowMs = Date.UTC(2026, 10, 22, 12, 0, 0);
const answer = (status: number, error: unknown, headers: Record<string, string> = {}) =>
  classifyAnswer(status, (name) => headers[name], JSON.stringify({ error }), nowMs);

const tokensText = 'Rate limit reached for gpt-5.5 in organization org-x on tokens per min (TPM): Limit 250000, Used 250000, Requested 58,487. Please try again in 14.036s. Visit https://platform.openai.com/account/rate-limits to learn more.';

describe('upstream errors', () => {
  it('reads a throttle with its measure, delay, limit and size from the text alone', () => {
    assert.deepEqual(answer(429, { code: 'rate_limit_exceeded', type: 'tokens', message: tokensText }),
      { kind: 'throttle', measure: 'tokens', retryAfterMs: 14_036, limit: 250_000, requested: 58_487 });
    assert.deepEqual(answer(429, { code: 'rate_limit_exceeded', message: 'Rate limit reached on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.' }),
      { kind: 'throttle', measure: 'requests', retryAfterMs: 20_000, limit: 3, requested: 1 });
    assert.deepEqual(answer(429, { code: 'rate_limit_exceeded', message: 'Rate limit reached on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.' }),
      { kind: 'throttle', measure: 'requests', perDay: true, retryAfterMs: 432_000, limit: 200, requested: 1 });
  });

  it('knows a limit on images by its words, whatever type stands beside them', () => {
    const message = 'Rate limit reached for gpt-image-2-codex (for limit gpt-image) in organization org-x on input-images per min: Limit 4000, Used 4000, Requested 2. Please try again in 15ms.';
    assert.deepEqual(answer(429, { code: 'rate_limit_exceeded', type: 'requests', message }), { kind: 'throttle', measure: 'images', retryAfterMs: 15, limit: 4000, requested: 2 });
    assert.deepEqual(answer(429, { code: 'rate_limit_exceeded', type: 'requests', message: 'Rate limit reached for gpt-image-2 on images per min (IPM): Limit 5.' }), { kind: 'throttle', measure: 'madeImages', limit: 5 });
    assert.deepEqual(answer(429, {}, { 'x-ratelimit-remaining-input-images': '0', 'x-ratelimit-remaining-requests': '3' }), { kind: 'throttle', measure: 'images' });
  });

  it('prefers the headers for the delay, and learns the measure from them', () => {
    assert.deepEqual(answer(429, { message: 'Please try again in 20s' }, { 'retry-after-ms': '700', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-remaining-tokens': '10' }),
      { kind: 'throttle', measure: 'requests', retryAfterMs: 700 });
  });

  it('takes a 429 without any code for a throttle', () => {
    assert.deepEqual(classifyAnswer(429, () => undefined, undefined, nowMs), { kind: 'throttle' });
    assert.deepEqual(classifyAnswer(429, () => undefined, '<html>slow down</html>', nowMs), { kind: 'throttle' });
    assert.deepEqual(answer(429, { code: 'slow_down' }), { kind: 'throttle' });
  });

  it('knows every name for money', () => {
    for (const code of ['insufficient_quota', 'credit_balance_exhausted', 'organization_spend_limit_exceeded', 'project_spend_limit_exceeded', 'organization_usage_limit_exceeded']) {
      assert.deepEqual(answer(429, { code, type: 'insufficient_quota', message: 'x' }, { 'retry-after': '2' }), { kind: 'money' });
      assert.deepEqual(answer(429, { code }), { kind: 'money' });
    }
    assert.deepEqual(answer(429, { code: 'something_new', type: 'insufficient_quota' }), { kind: 'money' });
    assert.deepEqual(answer(402, {}), { kind: 'money' });
  });

  it('knows plan limits and when they reset, if they do', () => {
    const resetsAt = nowMs / 1000 + 3600;
    assert.deepEqual(answer(429, { type: 'usage_limit_reached', plan_type: 'pro', resets_at: resetsAt }), { kind: 'plan', resetsAtMs: nowMs + 3_600_000 });
    assert.deepEqual(answer(429, { type: 'usage_not_included' }), { kind: 'plan' });
    assert.deepEqual(answer(429, { type: 'usage_limit_reached', resets_at: resetsAt }, { 'x-codex-rate-limit-reached-type': 'workspace_member_credits_depleted' }), { kind: 'plan' });
    for (const absurd of [resetsAt - 7200, 1e18, 'soon', null]) assert.deepEqual(answer(429, { type: 'usage_limit_reached', resets_at: absurd }), { kind: 'plan' });
  });

  it('knows overload, and what waiting cannot cure', () => {
    assert.deepEqual(answer(503, { code: 'server_is_overloaded' }), { kind: 'overloaded' });
    assert.deepEqual(answer(503, { code: 'slow_down' }, { 'retry-after': '3' }), { kind: 'overloaded', retryAfterMs: 3000 });
    assert.deepEqual(answer(503, undefined), { kind: 'overloaded' });
    assert.deepEqual(answer(429, { code: 'rate_limit_exceeded', type: 'tokens', message: 'Request too large for gpt-5.5 on tokens per min (TPM): Limit 30000, Requested 45000. Please try again in 5s' }), { kind: 'too-large' });
    assert.deepEqual(answer(413, {}), { kind: 'too-large' });
    assert.deepEqual(answer(401, { code: 'invalid_api_key' }), { kind: 'unauthorized' });
    for (const status of [400, 403, 404, 409, 422]) assert.deepEqual(answer(status, { code: 'x' }), { kind: 'client' });
    for (const status of [301, 307, 500, 502, 504]) assert.deepEqual(answer(status, {}), { kind: 'server' });
  });

  it('classifies the error inside a stream', () => {
    assert.deepEqual(classifyFailure({ code: 'rate_limit_exceeded', message: 'Please try again in 1.3s.' }, nowMs), { kind: 'throttle', retryAfterMs: 1300 });
    assert.deepEqual(classifyFailure({ code: 'slow_down', message: '' }, nowMs), { kind: 'throttle' });
    assert.deepEqual(classifyFailure({ code: 'insufficient_quota' }, nowMs), { kind: 'money' });
    assert.deepEqual(classifyFailure({ code: 'usage_not_included' }, nowMs), { kind: 'plan' });
    assert.deepEqual(classifyFailure({ code: 'server_is_overloaded' }, nowMs), { kind: 'overloaded' });
    assert.deepEqual(classifyFailure({ code: 'context_length_exceeded' }, nowMs), { kind: 'client' });
    assert.deepEqual(classifyFailure({ code: 'server_error' }, nowMs), { kind: 'server' });
  });

  it('reads the delay from the text in every unit', () => {
    const expected: Record<string, number | undefined> = {
      'Please try again in 14.036s.': 14_036, 'try again in 500ms': 500, 'Try again in 2 seconds': 2000, 'try again in 6m0s': 360_000,
      'try again in 1 minute': 60_000, 'try again in 1h2m': 3_600_000, 'try again in a while': undefined, 'try again in 5 sheep': undefined, '': undefined,
    };
    for (const [text, ms] of Object.entries(expected)) assert.equal(retryAfterInText(text), ms, text);
  });

  it('never throws, whatever the answer is', () => {
    fc.assert(fc.property(fc.integer({ min: 100, max: 599 }), fc.oneof(fc.string(), fc.json()), fc.dictionary(fc.string(), fc.string()), (status, body, headers) => {
      assert.ok(classifyAnswer(status, (name) => headers[name], body, nowMs).kind.length > 0);
    }));
    assert.equal(classifyAnswer(429, () => undefined, `{"error":{"code":"insufficient_quota"}}${' '.repeat(errorBodyCharactersMax)}`, nowMs).kind, 'throttle', 'a body too long to parse');
  });
});

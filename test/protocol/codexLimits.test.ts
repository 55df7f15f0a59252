// Limits as a Codex backend tells them are read from headers, events and the usage page alike; a field that makes
// no sense is left out and hides no other.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { limitNamedBy, planUsageCharactersMax, readModelLimitEvent, readModelLimits, readPlanEvent, readPlanHeaders, readPlanUsage } from '../../src/protocol/codexLimits.ts';

const nowMs = Date.UTC(2026, 10, 30);
const nowS = nowMs / 1000;
const headersOf = (headers: Readonly<Record<string, string>>) => readPlanHeaders((name) => headers[name], nowMs);
const told = {
  windows: [{ windowMinutes: 300, usedPercent: 12.5, resetsAtMs: nowMs + 60_000 }, { windowMinutes: 10_080, usedPercent: 40, resetsAtMs: nowMs + 90_000 }],
  credits: { hasCredits: true, isUnlimited: false, balance: '150.0' }, planType: 'plus',
};

describe('limits of a Codex backend', () => {
  it('are read from headers', () => {
    assert.deepEqual(headersOf({
      'x-codex-primary-used-percent': '12.5', 'x-codex-primary-window-minutes': '300', 'x-codex-primary-reset-at': String(nowS + 60),
      'x-codex-secondary-used-percent': '40', 'x-codex-secondary-window-minutes': '10080', 'x-codex-secondary-reset-at': String(nowS + 90),
      'x-codex-credits-has-credits': 'True', 'x-codex-credits-unlimited': '0', 'x-codex-credits-balance': '150.0', 'x-codex-plan-type': 'plus',
    }), told);
    assert.deepEqual(headersOf({}), { windows: [] });
  });

  it('are not read from the numbers of a model\'s own limit, which stand under the plan\'s names then', () => {
    const ownLimit = { 'x-codex-active-limit': 'codex_bengalfox', 'x-codex-primary-used-percent': '97', 'x-codex-primary-window-minutes': '300', 'x-codex-bengalfox-primary-used-percent': '97', 'x-codex-bengalfox-primary-window-minutes': '300' };
    assert.deepEqual(headersOf(ownLimit), { windows: [] });
    // A name without numbers of its own is another name of the plan's limit.
    for (const active of ['codex', 'premium']) assert.equal(headersOf({ ...ownLimit, 'x-codex-active-limit': active }).windows[0]?.usedPercent, 97, active);
  });

  it('are read from an event, but not from one of another limit', () => {
    const event = {
      type: 'codex.rate_limits', plan_type: 'plus', credits: { has_credits: true, unlimited: false, balance: '150.0' },
      rate_limits: { primary: { used_percent: 12.5, window_minutes: 300, reset_at: nowS + 60 }, secondary: { used_percent: 40, window_minutes: 10_080, reset_at: nowS + 90 } },
    };
    assert.deepEqual(readPlanEvent(event, nowMs), told);
    assert.deepEqual(readPlanEvent({ ...event, metered_limit_name: 'codex' }, nowMs), told);
    assert.equal(readPlanEvent({ ...event, metered_limit_name: 'codex_other' }, nowMs), undefined);
  });

  it('are read from the usage page', () => {
    const page = {
      plan_type: 'plus', account_id: 'a', credits: { has_credits: true, unlimited: false, balance: '150.0' },
      rate_limit: { primary_window: { used_percent: 12.5, reset_at: nowS + 60, limit_window_seconds: 18_000 }, secondary_window: { used_percent: 40, reset_at: nowS + 90, limit_window_seconds: 604_800 } },
    };
    assert.deepEqual(readPlanUsage(JSON.stringify(page), nowMs), told);
    assert.deepEqual(readPlanUsage(JSON.stringify({ rate_limit: { primary_window: { used_percent: 'x' } }, credits: null }), nowMs), { windows: [] });
    for (const body of ['<html>', 'null', '{}', '[]', `{"rate_limit":{},"x":"${'y'.repeat(planUsageCharactersMax)}"}`]) assert.equal(readPlanUsage(body, nowMs), undefined, body.slice(0, 20));
  });

  it('of some models alone are read beside the plan\'s, with their names and which of them applied', () => {
    const headers: Readonly<Record<string, string>> = {
      'x-codex-primary-used-percent': '12.5', 'x-codex-primary-window-minutes': '300', 'x-codex-active-limit': 'codex_bengalfox',
      'x-codex-bengalfox-primary-used-percent': '97', 'x-codex-bengalfox-primary-window-minutes': '300', 'x-codex-bengalfox-primary-reset-at': String(nowS + 60), 'x-codex-bengalfox-limit-name': 'gpt-5.2-codex-sonic',
      'x-codex-other-primary-used-percent': '3', 'x-codex-other-primary-window-minutes': '10080',
      'x-broken-primary-used-percent': 'many',
    };
    const read = (of: Readonly<Record<string, string>>) => readModelLimits(Object.keys(of), (name) => of[name], nowMs);
    const sonic = { limitId: 'codex_bengalfox', name: 'gpt-5.2-codex-sonic', windows: [{ windowMinutes: 300, usedPercent: 97, resetsAtMs: nowMs + 60_000 }] };
    assert.deepEqual(read(headers), { appliedLimitId: 'codex_bengalfox', modelLimits: [sonic, { limitId: 'codex_other', windows: [{ windowMinutes: 10_080, usedPercent: 3 }] }] });
    assert.deepEqual(read({ 'x-codex-active-limit': 'premium', 'x-codex-primary-used-percent': '1' }), { appliedLimitId: 'premium' });
    assert.deepEqual(read({}), {});
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, count) => [[`x-f${count}-primary-used-percent`, '1'], [`x-f${count}-primary-window-minutes`, '300']] as const).flat());
    assert.equal(read(many).modelLimits?.length, 8);
    const event = { type: 'codex.rate_limits', metered_limit_name: 'codex-bengalfox', limit_name: 'gpt-5.2-codex-sonic', rate_limits: { primary: { used_percent: 97, window_minutes: 300, reset_at: nowS + 60 } } };
    assert.deepEqual(readModelLimitEvent(event, nowMs), { windows: [], modelLimits: [sonic] });
    assert.deepEqual([event, { ...event, metered_limit_name: undefined }, { ...event, metered_limit_name: 'codex' }, { rate_limits: event.rate_limits }].map(limitNamedBy), ['codex_bengalfox', undefined, 'codex', undefined]);
    for (const other of [{ ...event, metered_limit_name: 'codex' }, { rate_limits: event.rate_limits }, { ...event, rate_limits: {} }, { ...event, metered_limit_name: 'a b' }]) assert.equal(readModelLimitEvent(other, nowMs), undefined, JSON.stringify(other));
    const page = { rate_limit: {}, additional_rate_limits: [{ limit_name: 'gpt-5.2-codex-sonic', metered_feature: 'codex_bengalfox', rate_limit: { primary_window: { used_percent: 97, limit_window_seconds: 18_000, reset_at: nowS + 60 } } }, 7, { limit_name: 'none' }] };
    assert.deepEqual(readPlanUsage(JSON.stringify(page), nowMs), { windows: [], modelLimits: [sonic] });
  });

  it('leave out what is switched off, has no length or cannot be', () => {
    const window = (used: string, minutes: string, reset = '') => headersOf({ 'x-codex-primary-used-percent': used, 'x-codex-primary-window-minutes': minutes, 'x-codex-primary-reset-at': reset }).windows;
    for (const [used, minutes] of [['5', '0'], ['5', ''], ['5', '1.5'], ['-1', '300'], ['NaN', '300'], ['1e3', '300'], ['5', '99999999']] as const) assert.deepEqual(window(used, minutes), [], `${used} ${minutes}`);
    for (const reset of [String(nowS - 1), 'soon', '9999999999999']) assert.deepEqual(window('5', '300', reset), [{ windowMinutes: 300, usedPercent: 5 }], reset);
    assert.equal(headersOf({ 'x-codex-credits-has-credits': 'true' }).credits, undefined);
  });

  it('never make the reader throw', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.string(), (value, text) => {
      readPlanEvent({ rate_limits: value, credits: value, plan_type: value, limit_name: value }, nowMs);
      readPlanUsage(JSON.stringify({ rate_limit: value, credits: value }), nowMs);
      readPlanUsage(text, nowMs);
      readPlanHeaders(() => text, nowMs);
      readModelLimits([text, `x-${text}-primary-used-percent`], () => text, nowMs);
      limitNamedBy({ metered_limit_name: value, limit_name: value });
      readModelLimitEvent({ rate_limits: value, metered_limit_name: value, limit_name: value }, nowMs);
      readPlanUsage(JSON.stringify({ rate_limit: {}, additional_rate_limits: value }), nowMs);
    }));
  });
});

// The control calls take exactly what they say, whatever is thrown at them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { brokerAddress } from '../../src/protocol/control.ts';
import { controlArguments, grantMicroCreditsMax } from '../../src/protocol/controlArguments.ts';
import type { ControlMethod } from '../../src/protocol/controlArguments.ts';

const takes = (method: ControlMethod, args: unknown) => controlArguments[method].safeParse(args).success;
const budget = { id: 'b', per: 'workspace', of: 'ws', unit: 'credits', limit: 0, period: { rollingHours: 5 }, timeZone: 'UTC', mode: 'hard' };
const allowance = { id: 'a', kind: 'included', amountMicroCredits: 1, every: 'week', weekStartsOn: 7, timeZone: 'UTC', priority: 50 };
const add = { amountMicroCredits: 1, kind: 'purchased', key: 'k', consent: { scope: 'ask' } };

const autoTopUp = { belowMicroCredits: 1, amountMicroCredits: 2, capMicroCredits: 4, timeZone: 'UTC' };

describe('arguments of control calls', () => {
  it('are taken when they are what the call says', () => {
    for (const method of ['status', 'creditsList', 'forgetApiKey', 'shutdown', 'audit'] as const) assert.ok(takes(method, {}), method);
    assert.ok(takes('token', { workspacePath: '/a', label: 'A' }));
    assert.ok(takes('creditsAdd', { ...add, amountMicroCredits: grantMicroCreditsMax, expiresAtMs: 5, note: '', consent: { scope: 'workspace', workspaceId: 'ws' } }));
    assert.ok(takes('history', { by: 'thread', fromMs: 0, step: 'hour' }) && takes('workspaceUsage', { by: 'kind', workspaceId: 'ws', fromMs: 0, untilMs: 1 }) && takes('cacheSaving', { fromMs: 0, untilMs: 1 }));
    assert.ok(takes('entryPage', { kind: 'all', limit: 100 }) && takes('happenings', { filter: 'all', limit: 1, before: { atMs: 1, from: 'entry', sequence: 1 } }) && takes('course', { fromMs: 0 }));
    assert.ok(takes('insights', {}) && takes('insights', { days: 90, workspaceId: 'ws_1' }) && takes('happenings', { filter: 'all', limit: 1, workspaceId: 'ws_1', fromMs: 5 }));
    assert.ok(!takes('insights', { days: 0 }) && !takes('insights', { days: 91 }) && !takes('insights', { days: 1.5 }));
    assert.ok(takes('consent', { scope: 'everywhere' }) && takes('consent', { scope: 'workspace', workspaceId: 'ws' }));
    for (const answer of ['allow', 'deny', 'ask']) assert.ok(takes('consent', { scope: 'everywhere', answer }) && takes('consent', { scope: 'workspace', workspaceId: 'ws', answer }) && takes('unpricedSet', { model: 'm', answer }));
    for (const answer of ['once', 'task', 'workspace', 'always', 'never']) assert.ok(takes('answer', { requestId: 'r', answer }));
    assert.ok(takes('creditsAdd', { ...add, priority: 0, startsAtMs: 0, models: ['gpt-6*'], workspaces: ['ws'] }));
    assert.ok(takes('budgetSet', { budget }) && takes('budgetSet', { budget: { ...budget, of: undefined, period: 'life' } }) && takes('budgetRemove', { id: 'b' }) && takes('allowanceSet', { allowance }));
    assert.ok(takes('policySet', { name: 'unpriced', value: 'ceiling' }) && takes('policySet', { name: 'unattended', value: 'allow' }));
    assert.ok(takes('autoTopUpSet', { rule: null }) && takes('autoTopUpSet', { rule: autoTopUp }) && takes('voucherTrust', { publicKey: 'k' }) && takes('voucherDistrust', { keyId: 'k' }) && takes('voucherRedeem', { code: 'c' }));
    assert.ok(takes('correct', { key: 'k', reason: 'r', what: { kind: 'void', grantId: 'g', disputed: false } }));
    assert.ok(takes('usage', { by: 'thread', sinceMs: 0 }));
    assert.ok(takes('explain', { id: 'x' }) && takes('cancel', { requestId: 'x' }) && takes('setPriority', { requestId: 'x', priority: 'batch' }) && takes('setApiKey', { apiKey: 'sk-x' }));
  });

  it('are refused when an amount is none', () => {
    for (const amountMicroCredits of [0, -1, 0.5, NaN, Infinity, '5', null, undefined, grantMicroCreditsMax + 1, 1e300]) assert.ok(!takes('creditsAdd', { ...add, amountMicroCredits }), String(amountMicroCredits));
  });

  it('are refused when a value is none of those that are named, too long, missing or one too many', () => {
    const use = { key: 'resp_1', responseId: 'resp_1', atMs: 1, usage: { inputTokens: 1, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 }, source: 's' };
    assert.ok(takes('importUsage', { uses: [use, { ...use, key: 'thread 1', responseId: undefined }] }));
    const bad: [ControlMethod, unknown][] = [
      ['importUsage', { uses: [{ ...use, key: 'mine' }] }], ['budgetSet', { budget: { ...budget, per: 'everything' } }], ['budgetSet', { budget: { ...budget, per: 'request', period: 'life' } }],
      ['creditsAdd', { ...add, kind: 'stolen' }], ['creditsAdd', { ...add, key: '' }], ['creditsAdd', { ...add, key: 'k'.repeat(201) }], ['creditsAdd', { ...add, note: 'n'.repeat(201) }],
      ['creditsAdd', { ...add, consent: undefined }], ['creditsAdd', { ...add, consent: { scope: 'workspace' } }], ['creditsAdd', { ...add, consent: { scope: 'ask', workspaceId: 'x' } }],
      ['consent', {}], ['consent', { scope: 'ask' }], ['consent', { scope: 'workspace' }], ['consent', { scope: 'everywhere', workspaceId: 'ws' }], ['consent', { scope: 'workspace', workspaceId: '' }],
      ['creditsAdd', { ...add, expiresAtMs: 8_640_000_000_000_001 }], ['creditsAdd', { ...add, priority: -1 }], ['creditsAdd', { ...add, priority: 1001 }], ['creditsAdd', { ...add, models: [] }],
      ['consent', { scope: 'everywhere', answer: 'never' }], ['unpricedSet', { model: 'm' }], ['unpricedSet', { model: '', answer: 'ask' }], ['answer', { requestId: 'r', answer: 'yes' }], ['answer', { answer: 'once' }],
      ['budgetSet', { budget: { ...budget, limit: -1 } }], ['budgetSet', { budget: { ...budget, period: { rollingHours: 0 } } }], ['budgetSet', { budget: { ...budget, per: 'team' } }], ['budgetSet', { budget: { ...budget, x: 1 } }],
      ['allowanceSet', { allowance: { ...allowance, kind: 'purchased' } }], ['policySet', { name: 'unattended', value: 'ask' }], ['correct', { key: 'k', reason: '', what: { kind: 'void', grantId: 'g', disputed: false } }], ['usage', { by: 'user' }], ['usage', { by: 'day', sinceMs: -1 }],
      ['autoTopUpSet', {}], ['autoTopUpSet', { rule: { ...autoTopUp, belowMicroCredits: 0 } }], ['autoTopUpSet', { rule: { ...autoTopUp, capMicroCredits: 0.5 } }], ['autoTopUpSet', { rule: { ...autoTopUp, kind: 'included' } }],
      ['voucherTrust', { publicKey: '' }], ['voucherTrust', { publicKey: 'k', name: '' }], ['voucherRedeem', { code: '' }], ['voucherRedeem', { code: 'c'.repeat(1001) }],
      ['history', { by: 'day', fromMs: 0, step: 'day' }], ['history', { by: 'model', fromMs: 0, step: 'week' }], ['entryPage', { kind: 'all', limit: 101 }], ['entryPage', { kind: 'all', limit: 1, before: 0 }], ['entryPage', { kind: 'all', limit: 1, search: 's'.repeat(201) }], ['happenings', { filter: 'x', limit: 1 }],
      ['explain', { id: '' }], ['explain', {}], ['token', { workspacePath: 'p'.repeat(4097) }], ['setApiKey', { apiKey: 's'.repeat(501) }], ['status', { x: 1 }], ['status', null], ['status', []], ['shutdown', 'now'],
    ];
    for (const [method, args] of bad) assert.ok(!takes(method, args), `${method} ${JSON.stringify(args)}`);
  });

  it('never throw', () => {
    fc.assert(fc.property(fc.constantFrom(...(Object.keys(controlArguments) as ControlMethod[])), fc.anything(), (method, args) => { takes(method, args); }));
  });
});

describe('the broker\'s address file', () => {
  it('is read only when it is whole', () => {
    const whole = { url: 'http://127.0.0.1:5000', pid: 1, version: '1', protocol: 1, mode: 'live' };
    assert.ok(brokerAddress.safeParse(whole).success);
    for (const change of [{ url: 'nowhere' }, { pid: 0 }, { pid: -4 }, { pid: 1.5 }, { mode: 'other' }, { protocol: '1' }, { version: undefined }]) assert.ok(!brokerAddress.safeParse({ ...whole, ...change }).success, JSON.stringify(change));
  });
});

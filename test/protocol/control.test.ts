// The control calls take exactly what they say, whatever is thrown at them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { brokerAddress } from '../../src/protocol/control.ts';
import { parseIso } from '../../src/protocol/isoTime.ts';
import { controlArguments, grantMicroCreditsMax } from '../../src/protocol/controlArguments.ts';
import type { ControlMethod } from '../../src/protocol/controlArguments.ts';

const takes = (method: ControlMethod, args: unknown) => controlArguments[method].safeParse(args).success;
const budget = { id: 'b', per: 'workspace', of: 'ws', unit: 'credits', limit: 0, period: { rollingHours: 5 }, timeZone: 'UTC', mode: 'hard' };
const allowance = { id: 'a', kind: 'included', amountMicroCredits: 1, every: 'week', weekStartsOn: 7, timeZone: 'UTC', priority: 50 };
const add = { amountMicroCredits: 1, kind: 'purchased', key: 'k', consent: { scope: 'ask' } };

describe('arguments of control calls', () => {
  it('are taken when they are what the call says', () => {
    for (const method of ['status', 'creditsList', 'forgetApiKey', 'shutdown', 'audit'] as const) assert.ok(takes(method, {}), method);
    assert.ok(takes('token', { workspacePath: '/a', label: 'A' }));
    assert.ok(takes('creditsAdd', { ...add, amountMicroCredits: grantMicroCreditsMax, expiresAtMs: 5, note: '', consent: { scope: 'workspace', workspaceId: 'ws' } }));
    assert.ok(takes('consent', { scope: 'everywhere' }) && takes('consent', { scope: 'workspace', workspaceId: 'ws' }));
    for (const answer of ['allow', 'deny', 'ask']) assert.ok(takes('consent', { scope: 'everywhere', answer }) && takes('consent', { scope: 'workspace', workspaceId: 'ws', answer }) && takes('unpricedSet', { model: 'm', answer }));
    for (const answer of ['once', 'task', 'workspace', 'always', 'never']) assert.ok(takes('answer', { requestId: 'r', answer }));
    assert.ok(takes('creditsAdd', { ...add, priority: 0, startsAtMs: 0, models: ['gpt-6*'], workspaces: ['ws'] }));
    assert.ok(takes('budgetSet', { budget }) && takes('budgetSet', { budget: { ...budget, of: undefined, period: 'life' } }) && takes('budgetRemove', { id: 'b' }) && takes('allowanceSet', { allowance }));
    assert.ok(takes('policySet', { name: 'unpriced', value: 'ceiling' }) && takes('policySet', { name: 'unattended', value: 'allow' }));
    assert.ok(takes('correct', { key: 'k', reason: 'r', what: { kind: 'void', grantId: 'g', disputed: false } }));
    assert.ok(takes('usage', { by: 'thread', sinceMs: 0 }));
    assert.ok(takes('explain', { id: 'x' }) && takes('cancel', { requestId: 'x' }) && takes('setApiKey', { apiKey: 'sk-x' }));
  });

  it('are refused when an amount is none', () => {
    for (const amountMicroCredits of [0, -1, 0.5, NaN, Infinity, '5', null, undefined, grantMicroCreditsMax + 1, 1e300]) assert.ok(!takes('creditsAdd', { ...add, amountMicroCredits }), String(amountMicroCredits));
  });

  it('are refused when a value is none of those that are named, too long, missing or one too many', () => {
    const bad: [ControlMethod, unknown][] = [
      ['creditsAdd', { ...add, kind: 'stolen' }], ['creditsAdd', { ...add, key: '' }], ['creditsAdd', { ...add, key: 'k'.repeat(201) }], ['creditsAdd', { ...add, note: 'n'.repeat(201) }],
      ['creditsAdd', { ...add, consent: undefined }], ['creditsAdd', { ...add, consent: { scope: 'workspace' } }], ['creditsAdd', { ...add, consent: { scope: 'ask', workspaceId: 'x' } }],
      ['consent', {}], ['consent', { scope: 'ask' }], ['consent', { scope: 'workspace' }], ['consent', { scope: 'everywhere', workspaceId: 'ws' }], ['consent', { scope: 'workspace', workspaceId: '' }],
      ['creditsAdd', { ...add, expiresAtMs: 8_640_000_000_000_001 }], ['creditsAdd', { ...add, priority: -1 }], ['creditsAdd', { ...add, priority: 1001 }], ['creditsAdd', { ...add, models: [] }],
      ['consent', { scope: 'everywhere', answer: 'never' }], ['unpricedSet', { model: 'm' }], ['unpricedSet', { model: '', answer: 'ask' }], ['answer', { requestId: 'r', answer: 'yes' }], ['answer', { answer: 'once' }],
      ['budgetSet', { budget: { ...budget, limit: -1 } }], ['budgetSet', { budget: { ...budget, period: { rollingHours: 0 } } }], ['budgetSet', { budget: { ...budget, per: 'team' } }], ['budgetSet', { budget: { ...budget, x: 1 } }],
      ['allowanceSet', { allowance: { ...allowance, kind: 'purchased' } }], ['policySet', { name: 'unattended', value: 'ask' }], ['correct', { key: 'k', reason: '', what: { kind: 'void', grantId: 'g', disputed: false } }], ['usage', { by: 'user' }], ['usage', { by: 'day', sinceMs: -1 }],
      ['explain', { id: '' }], ['explain', {}], ['token', { workspacePath: 'p'.repeat(4097) }], ['setApiKey', { apiKey: 's'.repeat(501) }], ['status', { x: 1 }], ['status', null], ['status', []], ['shutdown', 'now'],
    ];
    for (const [method, args] of bad) assert.ok(!takes(method, args), `${method} ${JSON.stringify(args)}`);
  });

  it('never throw', () => {
    fc.assert(fc.property(fc.constantFrom(...(Object.keys(controlArguments) as ControlMethod[])), fc.anything(), (method, args) => { takes(method, args); }));
  });
});

/** Central Europe in 2026: an hour ahead of UTC in winter, two from 29 March 01:00Z to 25 October 01:00Z. */
const berlin = (atMs: number) => (atMs >= Date.UTC(2026, 2, 29, 1) && atMs < Date.UTC(2026, 9, 25, 1) ? 2 : 1) * 3_600_000;
/** A zone that skips the hour after midnight on 6 September 2026, as Chile does. */
const santiago = (atMs: number) => (atMs >= Date.UTC(2026, 8, 6, 4) ? -3 : -4) * 3_600_000;
const utc = () => 0;

describe('times that people type', () => {
  it('are ISO dates and times', () => {
    assert.equal(parseIso('2026-11-22', utc), Date.UTC(2026, 10, 22));
    assert.equal(parseIso('2024-02-29', utc), Date.UTC(2024, 1, 29));
    assert.equal(parseIso('2026-11-22T10:00Z', utc), Date.UTC(2026, 10, 22, 10));
    assert.equal(parseIso('2026-11-22T10:00:05.25+02:00', utc), Date.UTC(2026, 10, 22, 8, 0, 5, 250));
    assert.equal(parseIso('2026-11-22T10:00:00-03:30', utc), Date.UTC(2026, 10, 22, 13, 30));
  });

  it('are nothing when they do not exist, say more, or lie before 1970', () => {
    for (const bad of ['', 'tomorrow', '22.11.2026', '2026-13-01', '2026', '1e3', '2026-02-30T99:00Z', '2026-02-31', '2025-02-29', '2026-00-10', '2026-11-22 (hello world)', '2026-11-22garbage', '2026-11-22 10:00 PST',
      '2026-11-22T25:00', '2026-11-22T10:60Z', '2026-11-22T10:00+25:00', '2026-11-22T10:00Zulu', ' 2026-11-22', '2026-11-22\n', '1969-01-01', '1969-12-31T23:59:59Z', '0026-01-01', '275760-09-13', '+002026-11-22', '٢٠٢٦-11-22']) assert.equal(parseIso(bad, utc), undefined, bad);
  });

  it('are local where they name no zone, also on days of 23 and 25 hours', () => {
    assert.equal(parseIso('2026-11-22', berlin), Date.UTC(2026, 10, 21, 23));
    assert.equal(parseIso('2026-07-01', berlin), Date.UTC(2026, 5, 30, 22));
    assert.equal(parseIso('2026-10-25', berlin), Date.UTC(2026, 9, 24, 22));
    assert.equal(parseIso('2026-10-26', berlin), Date.UTC(2026, 9, 25, 23));
    assert.equal(parseIso('2026-03-30', berlin), Date.UTC(2026, 2, 29, 22));
    assert.equal(parseIso('2026-11-22T10:00', berlin), Date.UTC(2026, 10, 22, 9));
    assert.equal(parseIso('2026-11-22T10:00Z', berlin), Date.UTC(2026, 10, 22, 10));
    assert.equal(parseIso('2026-10-25T02:30', berlin), Date.UTC(2026, 9, 25, 0, 30), 'the first of two');
    assert.equal(parseIso('2026-09-06', santiago), Date.UTC(2026, 8, 6, 4), 'a midnight that is skipped');
  });

  it('are read back as they were written', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (atMs) => { assert.equal(parseIso(new Date(atMs).toISOString(), berlin), atMs); }));
  });
});

describe('the broker\'s address file', () => {
  it('is read only when it is whole', () => {
    const whole = { url: 'http://127.0.0.1:5000', pid: 1, version: '1', protocol: 1, mode: 'live' };
    assert.ok(brokerAddress.safeParse(whole).success);
    for (const change of [{ url: 'nowhere' }, { pid: 0 }, { pid: -4 }, { pid: 1.5 }, { mode: 'other' }, { protocol: '1' }, { version: undefined }]) assert.ok(!brokerAddress.safeParse({ ...whole, ...change }).success, JSON.stringify(change));
  });
});

// The control calls take exactly what they say, whatever is thrown at them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { brokerAddress, controlArguments, grantMicroCreditsMax, parseIso } from '../../src/protocol/control.ts';
import type { ControlMethod } from '../../src/protocol/control.ts';

const takes = (method: ControlMethod, args: unknown) => controlArguments[method].safeParse(args).success;
const add = { amountMicroCredits: 1, kind: 'purchased', key: 'k', consent: { scope: 'ask' } };

describe('arguments of control calls', () => {
  it('are taken when they are what the call says', () => {
    for (const method of ['status', 'creditsList', 'forgetApiKey', 'shutdown', 'audit'] as const) assert.ok(takes(method, {}), method);
    assert.ok(takes('token', { workspacePath: '/a', label: 'A' }));
    assert.ok(takes('creditsAdd', { ...add, amountMicroCredits: grantMicroCreditsMax, expiresAtMs: 5, note: '', consent: { scope: 'workspace', workspaceId: 'ws' } }));
    assert.ok(takes('consent', { scope: 'everywhere' }) && takes('consent', { scope: 'workspace', workspaceId: 'ws' }));
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
      ['creditsAdd', { ...add, expiresAtMs: 8_640_000_000_000_001 }], ['creditsAdd', { ...add, priority: 1 }], ['usage', { by: 'user' }], ['usage', { by: 'day', sinceMs: -1 }],
      ['explain', { id: '' }], ['explain', {}], ['token', { workspacePath: 'p'.repeat(4097) }], ['setApiKey', { apiKey: 's'.repeat(501) }], ['status', { x: 1 }], ['status', null], ['status', []], ['shutdown', 'now'],
    ];
    for (const [method, args] of bad) assert.ok(!takes(method, args), `${method} ${JSON.stringify(args)}`);
  });

  it('never throw', () => {
    fc.assert(fc.property(fc.constantFrom(...(Object.keys(controlArguments) as ControlMethod[])), fc.anything(), (method, args) => { takes(method, args); }));
  });
});

describe('times that people type', () => {
  it('are ISO dates', () => {
    assert.equal(parseIso('2026-11-22'), Date.UTC(2026, 10, 22));
    assert.equal(parseIso('2026-11-22T10:00:00Z'), Date.UTC(2026, 10, 22, 10));
    assert.equal(parseIso('2026-11-22T10:00:00+02:00'), Date.UTC(2026, 10, 22, 8));
    for (const bad of ['', 'tomorrow', '22.11.2026', '2026-13-01', '2026', '1e3', '2026-02-30T99:00Z']) assert.equal(parseIso(bad), undefined, bad);
  });
});

describe('the broker\'s address file', () => {
  it('is read only when it is whole', () => {
    const whole = { url: 'http://127.0.0.1:5000', pid: 1, version: '1', protocol: 1, mode: 'live' };
    assert.ok(brokerAddress.safeParse(whole).success);
    for (const change of [{ url: 'nowhere' }, { pid: 0 }, { pid: -4 }, { pid: 1.5 }, { mode: 'other' }, { protocol: '1' }, { version: undefined }]) assert.ok(!brokerAddress.safeParse({ ...whole, ...change }).success, JSON.stringify(change));
  });
});

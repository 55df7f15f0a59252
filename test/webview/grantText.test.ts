// Grants in words: their order, their state, from when until when, and whom they are for.
import assert from 'node:assert/strict';
import type { GrantView } from '../../src/protocol/snapshot.ts';
import { allowanceOf, allowanceText, burnOrder, expiryParts, grantState, restrictionText } from '../../src/webview/grantText.ts';
import { ruledSnapshot, sampleGrants } from './sampleRules.ts';
import { sampleNowMs, sampleSnapshot } from './sampleSnapshot.ts';

const grants = sampleSnapshot().balance.grants;
const place = { locale: 'en', timeZone: 'UTC' };
const make = (id: string, change: Partial<GrantView> = {}): GrantView => ({ id, kind: 'purchased', amountMicroCredits: 9, remainingMicroCredits: 9, heldMicroCredits: 0, priority: 50, createdAtMs: 0, ...change });
const order = (...each: readonly GrantView[]) => burnOrder(each, sampleNowMs).map((grant) => grant.id);

describe('grants', () => {
  it('stand as they burn: by kind, priority, earlier expiry, earlier creation', () => {
    assert.deepEqual(burnOrder(grants, sampleNowMs).map((grant) => grant.kind), ['included', 'promotional', 'purchased']);
    const later = sampleNowMs + 1000;
    assert.deepEqual(order(make('never', { createdAtMs: 1 }), make('late', { createdAtMs: 2, expiresAtMs: later + 1 }), make('old', { createdAtMs: 3, expiresAtMs: later }), make('new', { createdAtMs: 4, expiresAtMs: later }), make('first', { createdAtMs: 9, priority: 10 })), ['first', 'old', 'new', 'late', 'never']);
  });

  it('stand behind those that can be used until they have begun, and last once they are over', () => {
    assert.deepEqual(order(make('over', { kind: 'included', remainingMicroCredits: 0 }), make('soon', { kind: 'included', startsAtMs: sampleNowMs + 1 }), make('back', { voided: 'undone' }), make('now')), ['now', 'soon', 'over', 'back']);
  });

  it('say how they stand, what ended them before what is left', () => {
    const ended = { remainingMicroCredits: 0, expiresAtMs: sampleNowMs };
    assert.deepEqual([make('a'), make('b', { startsAtMs: sampleNowMs + 1 }), make('c', { remainingMicroCredits: 0 }), make('d', ended), make('e', { ...ended, voided: 'undone' }), make('f', { voided: 'disputed' })].map((grant) => grantState(grant, sampleNowMs)),
      ['usable', 'not-begun', 'used-up', 'expired', 'undone', 'disputed']);
    assert.equal(grantState(make('g', { startsAtMs: sampleNowMs }), sampleNowMs), 'usable', 'it begins at its start');
  });

  it('say from when until when', () => {
    assert.deepEqual(burnOrder(sampleGrants, sampleNowMs).map((grant) => expiryParts(grant, sampleNowMs, place).join(' · ')), [
      'Mon 23 Nov 00:00 · in 5 d 9 h', 'Mon 30 Nov 23:59 · in 13 d 9 h', 'Does not expire', 'Begins Thu 19 Nov 14:25 · in 2 d, until Thu 17 Dec 14:25', 'Expired', 'Taken back, disputed', 'Taken back',
    ]);
    assert.equal(expiryParts(make('a', { remainingMicroCredits: 0 }), sampleNowMs, place).join(' · '), 'Used up');
    assert.equal(expiryParts(make('a', { startsAtMs: sampleNowMs + 60_000 }), sampleNowMs, place).join(' · '), 'Begins today 14:26 · in 1 min');
  });

  it('say whom they are for, and what brings them back', () => {
    assert.equal(restrictionText({ models: ['gpt-6*', 'gpt-5.5'], workspaces: ['a'] }, (id) => `«${id}»`), 'Only for gpt-6*, gpt-5.5, and only in «a»');
    assert.equal(restrictionText({ workspaces: ['a', 'b'] }, (id) => id), 'Only in a, b');
    assert.equal(restrictionText({}, (id) => id), undefined);
    const ruled = ruledSnapshot();
    const weekly = ruled.balance.grants.find((grant) => grant.allowanceId !== undefined)!;
    assert.equal(allowanceText(allowanceOf(ruled, weekly)!, 'en'), '250.00 included credits each week');
    assert.equal(allowanceOf({ allowances: [] }, weekly), undefined, 'it gives no more');
  });
});

// What the balance means: its level, the order of burning, what the next request draws from.
import assert from 'node:assert/strict';
import { balanceLevel, burnOrder, drawText, expiryText, grantedMicroCredits } from '../../src/webview/balanceText.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { sampleNowMs, sampleSnapshot } from './sampleSnapshot.ts';

const snapshot = sampleSnapshot();
const own = 'ws_billing-service';
const withLeft = (left: number) => sampleSnapshot({ balance: { ...snapshot.balance, balanceMicroCredits: left, heldMicroCredits: 0 } });

describe('balance text', () => {
  it('takes the level from the meter, in practice mode and without a key too', () => {
    assert.equal(balanceLevel(snapshot), 'ok');
    assert.equal(balanceLevel(withLeft(120_000_000)), 'low');
    assert.equal(balanceLevel(withLeft(30_000_000)), 'critical');
    assert.equal(balanceLevel(withLeft(0)), 'blocked');
    assert.equal(balanceLevel({ ...withLeft(0), broker: { ...snapshot.broker, mode: 'practice' }, key: { state: 'missing' } }), 'blocked');
    assert.equal(balanceLevel({ ...snapshot, nextDraw: 'purchased', consent: { everywhere: false, workspaceIds: [] } }), 'ok', 'permission is no amount');
    assert.equal(balanceLevel(sampleSnapshot({ balance: { tracked: false, balanceMicroCredits: 0, heldMicroCredits: 0, grants: [] } })), 'untracked');
  });

  it('orders grants as they burn and leaves used-up ones to the end', () => {
    assert.deepEqual(burnOrder(snapshot.balance.grants).map((grant) => grant.kind), ['included', 'promotional', 'purchased']);
    const usedUp = snapshot.balance.grants.map((grant) => grant.kind === 'included' ? { ...grant, remainingMicroCredits: 0 } : grant);
    assert.deepEqual(burnOrder(usedUp).map((grant) => grant.kind), ['promotional', 'purchased', 'included']);
  });

  it('burns the earlier expiry first, then the earlier creation', () => {
    const [grant] = snapshot.balance.grants;
    const make = (id: string, createdAtMs: number, expiresAtMs?: number) => {
      const { expiresAtMs: _old, ...rest } = grant!;
      return { ...rest, id, createdAtMs, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
    };
    assert.deepEqual(burnOrder([make('never', 1), make('late', 2, 500), make('old', 3, 400), make('new', 4, 400)]).map((each) => each.id), ['old', 'new', 'late', 'never']);
  });

  it('says what the next request draws from and what follows', () => {
    assert.deepEqual(drawText(snapshot, 'en', own), { title: 'Included', amount: '231.61 credits left', then: 'Then promotional credits, then purchased credits, where you allowed them.' });
    assert.equal(drawText({ ...snapshot, nextDraw: 'purchased' }, 'en', own).then, 'Nothing comes after that.');
    assert.equal(drawText({ ...snapshot, nextDraw: 'none' }, 'en', own).title, 'Nothing');
    assert.match(drawText({ ...snapshot, nextDraw: 'untracked' }, 'en', own).then, /counted and priced/);
  });

  it('says of a workspace without permission that it draws from nothing, and of others what they draw from', () => {
    const bought: Snapshot = { ...snapshot, nextDraw: 'purchased' };
    assert.deepEqual(drawText(bought, 'en', 'ws_other'), { title: 'Nothing', amount: 'not allowed', then: 'Only purchased credits are left, and this workspace may not use them.' });
    assert.equal(drawText(bought, 'en', own).title, 'Purchased');
    assert.equal(drawText({ ...bought, consent: { everywhere: true, workspaceIds: [] } }, 'en', 'ws_other').title, 'Purchased');
  });

  it('names the key first where it is what stops requests, in live mode only', () => {
    const broker = { ...snapshot.broker, mode: 'practice' } as const;
    for (const nextDraw of ['untracked', 'included', 'none'] as const) {
      const missing: Snapshot = { ...snapshot, nextDraw, key: { state: 'missing' } };
      assert.deepEqual([drawText(missing, 'en', own).title, drawText(missing, 'en', own).amount], ['Nothing', 'no API key']);
      assert.equal(drawText({ ...missing, key: { state: 'rejected' } }, 'en', own).amount, 'API key refused');
      assert.deepEqual(drawText({ ...missing, broker }, 'en', own), drawText({ ...snapshot, nextDraw, broker }, 'en', own));
    }
  });

  it('sums what was granted and says until when it lasts', () => {
    assert.equal(grantedMicroCredits(snapshot.balance), 600_000_000);
    const place = { locale: 'en', timeZone: 'UTC' };
    assert.deepEqual(burnOrder(snapshot.balance.grants).map((grant) => expiryText(grant, sampleNowMs, place)), ['Mon 23 Nov 00:00 · in 5 d 9 h', 'Mon 30 Nov 23:59 · in 13 d 9 h', 'Does not expire']);
  });
});

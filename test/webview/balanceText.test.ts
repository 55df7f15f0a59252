// What the balance means: its level, and what the next request draws from or why from nothing.
import assert from 'node:assert/strict';
import { balanceLevel, drawText, whyNothing } from '../../src/webview/balanceText.ts';
import type { GrantView, Snapshot } from '../../src/protocol/snapshot.ts';
import { sampleBudget, sampleQuestion } from './sampleRules.ts';
import { sampleNowMs, sampleSnapshot } from './sampleSnapshot.ts';

const snapshot = sampleSnapshot();
const own = 'ws_billing-service';
const withLeft = (left: number) => sampleSnapshot({ balance: { ...snapshot.balance, balanceMicroCredits: left, heldMicroCredits: 0 } });

/** The sample with other grants, and the sums that follow. */
function withGrants(...grants: readonly GrantView[]): Snapshot {
  const total = (of: (grant: GrantView) => number) => grants.reduce((sum, grant) => sum + of(grant), 0);
  return { ...snapshot, balance: { ...snapshot.balance, grants, balanceMicroCredits: total((grant) => grant.remainingMicroCredits), heldMicroCredits: total((grant) => grant.heldMicroCredits) } };
}
const bought = withGrants(...snapshot.balance.grants.filter((grant) => grant.kind === 'purchased'));

describe('balance text', () => {
  it('takes the level from the meter, in practice mode and without a key too', () => {
    assert.equal(balanceLevel(snapshot), 'ok');
    assert.equal(balanceLevel(withLeft(120_000_000)), 'low');
    assert.equal(balanceLevel(withLeft(30_000_000)), 'critical');
    assert.equal(balanceLevel(withLeft(0)), 'blocked');
    assert.equal(balanceLevel({ ...withLeft(0), broker: { ...snapshot.broker, mode: 'practice' }, key: { state: 'missing' } }), 'blocked');
    assert.equal(balanceLevel({ ...bought, balance: { ...snapshot.balance, grants: bought.balance.grants }, consent: { everywhere: false, workspaceIds: [], deniedWorkspaceIds: [own] } }), 'ok', 'permission is no amount');
    assert.equal(balanceLevel(sampleSnapshot({ balance: { tracked: false, balanceMicroCredits: 0, heldMicroCredits: 0, owedMicroCredits: 0, grants: [] } })), 'untracked');
  });

  it('leaves aside what stops requests whatever the balance is', () => {
    const stopped = sampleSnapshot({ balance: { ...snapshot.balance, owedMicroCredits: 5 }, budgets: [sampleBudget({ id: 'b' }, { key: '', used: 100_000_000, reserved: 0 })], questions: [sampleQuestion({ hasWindow: false })] });
    assert.equal(balanceLevel(stopped), 'ok');
  });

  it('says what the next request draws from and what follows', () => {
    assert.deepEqual(drawText(snapshot, 'en', own), { title: 'Included', amount: '231.61 credits left', then: 'Then promotional credits, then purchased credits.' });
    assert.equal(drawText(snapshot, 'en', 'ws_other').then, 'Then promotional credits, then purchased credits, once you allow them.');
    const refused = { ...snapshot, consent: { ...snapshot.consent, deniedWorkspaceIds: ['ws_other'] } };
    assert.equal(drawText(refused, 'en', 'ws_other').then, 'Then promotional credits.');
    assert.equal(drawText(bought, 'en', own).then, 'Nothing comes after that.');
    assert.equal(drawText(withGrants(), 'en', own).title, 'Nothing');
    assert.match(drawText({ ...snapshot, balance: { ...snapshot.balance, tracked: false } }, 'en', own).then, /counted and priced/);
  });

  it('says of a workspace that it asks first, or that it was refused', () => {
    assert.deepEqual(drawText(bought, 'en', 'ws_other'), { title: 'Purchased', amount: '250.00 credits left', then: 'Nothing else is left, so the next request asks first whether it may use them.' });
    const refused = { ...bought, consent: { ...bought.consent, deniedWorkspaceIds: ['ws_other'] } };
    assert.deepEqual(drawText(refused, 'en', 'ws_other'), { title: 'Nothing', amount: 'not allowed', then: 'Only purchased credits are left, and they were refused to this workspace.' });
    assert.deepEqual(drawText({ ...bought, consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: [] } }, 'en', 'ws_other').title, 'Purchased');
  });

  it('names what is owed and a used-up budget before any credits', () => {
    const budgets = [sampleBudget({ id: 'b' }, { key: '', used: 100_000_000, reserved: 0 })];
    assert.deepEqual(drawText({ ...snapshot, budgets }, 'en', own), { title: 'Nothing', amount: 'budget used up', then: 'The budget of 100.00 credits per week refuses requests.' });
    assert.equal(drawText({ ...snapshot, budgets, balance: { ...snapshot.balance, owedMicroCredits: 5 } }, 'en', own).amount, 'credits owed');
  });

  it('draws nothing while a long limit lets no request with the key go on, and says until when', () => {
    const only: Partial<Snapshot> = { running: [], waiting: [], recent: [], today: { ...snapshot.today, byModel: [] } };
    const day = { id: 'd', model: 'gpt-6.1-sol', measure: 'requests', windowMinutes: 1440, limit: 100, remaining: 0, resetsAtMs: sampleNowMs + 86_400_000 } as const;
    const blocked = { ...snapshot, ...only, windows: [day] };
    const { title, amount, then } = drawText(blocked, 'en', own);
    assert.deepEqual([title, amount], ['Nothing', 'limit used up']);
    assert.match(then, /^The limit of requests per day of gpt-6\.1-sol is used up, and nothing is drawn until Wed 18 Nov \d\d:\d\d\.$/);
    const { resetsAtMs: _never, ...endless } = day;
    assert.match(drawText({ ...blocked, windows: [endless] }, 'en', own).then, /nothing is drawn until it begins anew\.$/);
    assert.equal(drawText(blocked, 'en', own, day.resetsAtMs).title, 'Included', 'its time is over');
    assert.equal(drawText({ ...snapshot, windows: [day] }, 'en', own).title, 'Included', 'another model goes on');
    assert.match(drawText({ ...blocked, plans: [{ account: 'ChatGPT 3fa9', observedAtMs: 1 }] }, 'en', own).then, /^Requests with a key draw nothing: limit used up\. The limit of/);
    assert.equal(drawText({ ...blocked, balance: { ...blocked.balance, tracked: false } }, 'en', own).amount, 'limit used up');
    assert.equal(drawText({ ...withGrants(), ...only, windows: [day] }, 'en', own).amount, undefined, 'without credits, that is the reason in the status bar too');
  });

  it('says why nothing can be drawn although credits are left', () => {
    const [grant] = snapshot.balance.grants;
    const base = { ...grant!, heldMicroCredits: 0 };
    assert.match(whyNothing(withGrants({ ...base, startsAtMs: sampleNowMs + 1 })), /have not begun yet/);
    assert.match(whyNothing(withGrants({ ...base, workspaces: ['ws_other'] })), /for other workspaces or models/);
    assert.match(whyNothing(withGrants({ ...base, heldMicroCredits: base.remainingMicroCredits })), /Running requests hold/);
    assert.match(whyNothing(withGrants()), /nothing would be charged/);
  });

  it('does not say that a plan is stopped by a missing key, by debts or by used-up credits', () => {
    const plans = [{ account: 'ChatGPT 3fa9', observedAtMs: 1 }];
    const missing = drawText({ ...snapshot, plans, key: { state: 'missing' } }, 'en', own);
    assert.deepEqual([missing.title, missing.amount], ['The plan', 'no API key']);
    assert.match(missing.then, /signed in with ChatGPT.*Other requests are refused until a key is stored\.$/);
    assert.match(drawText({ ...snapshot, key: { state: 'missing' } }, 'en', own).then, /but those of a ChatGPT sign-in/);
    assert.match(drawText({ ...snapshot, plans, balance: { ...snapshot.balance, owedMicroCredits: 5 } }, 'en', own).then, /^Requests with a key draw nothing: credits owed\. New requests that go on no plan are refused/);
  });

  it('names the plan first where there is a key too, and what stops the plan', () => {
    const plans = [{ account: 'ChatGPT 3fa9', observedAtMs: 1 }];
    const week = { id: 'w', model: 'ChatGPT 3fa9', measure: 'percent', windowMinutes: 10_080, limit: 100, remaining: 0, resetsAtMs: sampleNowMs + 1 } as const;
    const both = { ...snapshot, plans };
    assert.deepEqual(drawText(both, 'en', own), { title: 'The plan', then: 'Requests with a key draw from included credits: 231.61 credits left. Then promotional credits, then purchased credits.' });
    assert.match(drawText({ ...withGrants(), plans }, 'en', own).then, /^A request with a key would be refused/);
    assert.equal(drawText({ ...both, budgets: [sampleBudget({ id: 'b' }, { key: '', used: 100_000_000, reserved: 0 })] }, 'en', own).title, 'The plan');
    assert.equal(drawText({ ...both, windows: [week] }, 'en', own).amount, 'used up');
    const alone = drawText({ ...both, key: { state: 'missing' }, windows: [week] }, 'en', own);
    assert.deepEqual([alone.title, alone.amount], ['The plan', 'used up']);
    assert.match(alone.then, /^Requests go on when its limit begins anew/);
    assert.equal(drawText({ ...both, windows: [{ ...week, resetsAtMs: sampleNowMs }] }, 'en', own).amount, undefined, 'one whose time is over');
  });

  it('names the key first where it is what stops requests, in live mode only', () => {
    const broker = { ...snapshot.broker, mode: 'practice' } as const;
    for (const each of [snapshot, bought, withGrants()]) {
      const missing: Snapshot = { ...each, key: { state: 'missing' } };
      assert.deepEqual([drawText(missing, 'en', own).title, drawText(missing, 'en', own).amount], ['Nothing', 'no API key']);
      assert.equal(drawText({ ...missing, key: { state: 'rejected' } }, 'en', own).amount, 'API key refused');
      assert.deepEqual(drawText({ ...missing, broker }, 'en', own), drawText({ ...each, broker }, 'en', own));
    }
  });
});

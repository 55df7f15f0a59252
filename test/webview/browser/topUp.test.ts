// Adding credits in a real Chromium: one order for a double click, the result said, the key kept for a
// retry, and nothing to send while the broker is down.
import assert from 'node:assert/strict';
import { problem } from '../../../src/domain/problem.ts';
import type { CreditsAddResult } from '../../../src/protocol/control.ts';
import { sampleSnapshot } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { openPage, pageForEach } from './sharedHost.ts';

const { balance } = sampleSnapshot();
const added: CreditsAddResult = {
  grant: { id: 'grant_0043', kind: 'purchased', amountMicroCredits: 250_000_000, remainingMicroCredits: 250_000_000, heldMicroCredits: 0, priority: 50, createdAtMs: 1 },
  created: true, balance: { ...balance, balanceMicroCredits: 592_180_000 },
};

describe('top-up on the page', function topUp() {
  this.timeout(120_000);
  const open = pageForEach((page) => page.send(...sampleStates['normal']!));
  const { hook } = open;
  const orders = () => open.sent('topUp');

  it('opens with the focus in the amount, from the button and from the extension', async () => {
    await hook('add-credits').click();
    const focused = () => open.page.evaluate(() => document.activeElement?.getAttribute('data-test'));
    await open.page.waitForFunction(() => document.activeElement?.getAttribute('data-test') === 'topup-amount');
    await hook('tab-now').click();
    assert.notEqual(await focused(), 'topup-amount');
    await open.send({ type: 'openTopUp' });
    await open.page.waitForFunction(() => document.activeElement?.getAttribute('data-test') === 'topup-amount');
    assert.equal(await hook('tab-credits').getAttribute('aria-selected'), 'true');
  });

  it('waits for the first snapshot when the extension opens it early', async () => {
    const early = await openPage();
    await early.send({ type: 'openTopUp' }, ...sampleStates['normal']!);
    await early.page.waitForFunction(() => document.activeElement?.getAttribute('data-test') === 'topup-amount');
    await early.close();
  });

  it('sends one order for a double click and says the result', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    await hook('topup-preset-10').click();
    await hook('topup-scope-everywhere').check();
    assert.equal(await hook('topup-submit').innerText(), 'Add 250.00 credits ($10.00)');
    assert.match(await open.page.locator('topup-form').innerText(), /Balance after\s+831\.61 credits · \$33\.26/);
    await hook('topup-submit').dblclick();
    const [order, ...more] = await orders();
    assert.deepEqual(more, []);
    assert.deepEqual({ ...order, id: 0, key: '' }, { type: 'topUp', id: 0, key: '', amountMicroCredits: 250_000_000, scope: 'everywhere' });
    assert.match(order!.key, /^[0-9a-f-]{36}$/);
    assert.equal(await hook('topup-submit').getAttribute('aria-disabled'), 'true');
    await open.send({ type: 'topUpResult', id: order!.id, result: added });
    assert.match(await hook('topup-result').innerText(), /250\.00 credits added\. Balance 592\.18\./);
    // The same credits are not counted a second time, and a second click is named as one.
    assert.doesNotMatch(await open.page.locator('topup-form').innerText(), /Balance after|To add/);
    assert.equal(await hook('topup-submit').innerText(), 'Add another 250.00 credits ($10.00)');
    await hook('topup-preset-25').click();
    assert.match(await open.page.locator('topup-form').innerText(), /To add\s+\+625\.00/);
    assert.equal(await hook('topup-result').getAttribute('role'), 'status');
  });

  it('makes a new order with a new key after a result, and keeps the key for a retry', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    await hook('topup-submit').click();
    await open.send({ type: 'topUpResult', id: (await orders())[0]!.id, problem: problem('broker_unreachable', 'The broker did not answer.') });
    assert.match(await hook('topup-result').innerText(), /The broker did not answer\. Start the broker with codex-broker serve or reload the VS Code window\. Trying again with the same amount cannot add it twice\./);
    await hook('topup-submit').click();
    await open.send({ type: 'topUpResult', id: (await orders())[1]!.id, result: { ...added, created: false } });
    assert.match(await hook('topup-result').innerText(), /nothing was added twice/);
    await hook('topup-submit').click();
    const [first, retry, next] = await orders();
    assert.equal(retry!.key, first!.key);
    assert.notEqual(next!.key, first!.key);
    assert.equal(new Set([first!.id, retry!.id, next!.id]).size, 3);
  });

  it('makes a new key for a changed amount after a failure', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    await hook('topup-submit').click();
    await open.send({ type: 'topUpResult', id: (await orders())[0]!.id, problem: problem('ledger_full', 'The disk is full.') });
    await hook('topup-preset-25').click();
    assert.equal(await hook('topup-result').innerText(), '');
    await hook('topup-submit').click();
    const [first, second] = await orders();
    assert.notEqual(second!.key, first!.key);
    assert.equal(second!.amountMicroCredits, 625_000_000);
  });

  it('sends once with Enter in the amount and once with Enter on the button', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    await hook('topup-amount').fill('12.50');
    await hook('topup-amount').press('Enter');
    assert.equal((await orders()).length, 1);
    await open.send({ type: 'topUpResult', id: (await orders())[0]!.id, result: added });
    await hook('topup-submit').focus();
    await open.page.keyboard.press('Enter');
    const [first, second, ...more] = await orders();
    assert.deepEqual([first!.amountMicroCredits, second!.amountMicroCredits, more.length], [312_500_000, 312_500_000, 0]);
  });

  it('asks for the narrower use unless every workspace is chosen', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    await hook('topup-submit').click();
    assert.equal((await orders())[0]!.scope, 'workspace');
  });

  it('offers every workspace only, where no folder is open', async () => {
    await open.send(stateMessage(sampleSnapshot(), { workspace: false }));
    await hook('tab-credits').click();
    await open.arrived();
    assert.ok(await hook('topup-scope-workspace').isDisabled());
    await hook('topup-submit').click();
    assert.equal((await orders())[0]!.scope, 'everywhere');
  });

  it('says who is allowed already, and asks nothing where every workspace is', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    assert.equal(await hook('topup-consent').innerText(), 'Allowed already: this workspace (billing-service) and 2 others. That stays.');
    await open.send(stateMessage(sampleSnapshot({ consent: { everywhere: false, workspaceIds: ['ws_docs-site'], deniedWorkspaceIds: [] } })));
    assert.equal(await hook('topup-consent').innerText(), 'Allowed already: 1 other workspace. That stays.');
    await open.send(stateMessage(sampleSnapshot({ consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: [] } })));
    assert.equal(await hook('topup-consent').innerText(), 'Allowed already: every workspace. That stays.');
    assert.ok(await hook('topup-scope-everywhere').isChecked() && await hook('topup-scope-workspace').isDisabled());
    await hook('topup-submit').click();
    assert.equal((await orders())[0]!.scope, 'everywhere');
  });

  it('says why an amount cannot be added', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    for (const [text, reason] of [['0', /adds \$0\.04 to \$500\.00/], ['1.234', /at most two decimals/], ['', /type an amount/]] as const) {
      await hook('topup-amount').fill(text);
      assert.match(await open.page.locator('#topup-reason').innerText(), reason);
      await hook('topup-amount').press('Enter');
      assert.equal(await hook('topup-submit').getAttribute('aria-disabled'), 'true');
    }
    assert.deepEqual(await orders(), []);
  });

  it('is disabled with the reason while the broker is down', async () => {
    await open.send(...sampleStates['down']!);
    await hook('tab-credits').click();
    await open.arrived();
    assert.equal(await hook('topup-submit').getAttribute('aria-disabled'), 'true');
    assert.match(await open.page.locator('#topup-reason').innerText(), /broker is not reachable/);
    await hook('topup-submit').dispatchEvent('click');
    assert.deepEqual(await orders(), []);
  });
});

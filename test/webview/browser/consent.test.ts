// Permission for purchased credits in a real Chromium: what a window without it says, that one click
// asks once, and where the answer leaves the page.
import assert from 'node:assert/strict';
import { problem } from '../../../src/domain/problem.ts';
import { sampleSnapshot } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { pageForEach } from './sharedHost.ts';

describe('permission on the page', function permission() {
  this.timeout(120_000);
  const open = pageForEach((page) => page.send(...sampleStates['not-allowed']!));
  const { hook } = open;
  const asked = () => open.sent('allow');
  const allowed = () => stateMessage(sampleSnapshot({ sequence: 42, consent: { everywhere: false, workspaceIds: ['ws_docs-site', 'ws_billing-service'], deniedWorkspaceIds: [] } }));

  it('says that this workspace draws from nothing, with the button that changes it', async () => {
    assert.match(await hook('facts').innerText(), /The next request draws from\s+Nothing · not allowed/);
    assert.match(await open.page.locator('.notice').innerText(), /This workspace may not use purchased credits\.[\s\S]*Allow this workspace/);
    await open.page.locator('.notice [data-test=notice-allow-workspace]').click();
    assert.equal((await asked()).length, 1);
  });

  it('asks once for a double click and says whom it allowed', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    const line = open.page.locator('.consent');
    assert.match(await line.innerText(), /Purchased credits may be used by: 1 other workspace, but not by this one/);
    await hook('allow-workspace').dblclick();
    const [question, ...more] = await asked();
    assert.deepEqual(more, []);
    assert.match(await line.innerText(), /Allowing…/);
    await open.send({ type: 'allowResult', id: question!.id }, allowed());
    assert.match(await line.innerText(), /this workspace \(billing-service\) and 1 other$/);
    assert.equal(await hook('allow-workspace').count(), 0, 'there is nothing more to allow');
    assert.equal(await open.page.locator('main > [role=status]').innerText(), 'This workspace may use purchased credits now.');
    assert.equal(await open.page.locator('.notice').count(), 0);
    assert.equal(await open.page.evaluate(() => document.activeElement?.id), 'consent');
  });

  it('can be asked again after it was not given', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    const line = open.page.locator('.consent');
    await hook('allow-workspace').press('Enter');
    await open.send({ type: 'allowResult', id: (await asked())[0]!.id, problem: { ...problem('cancelled', 'Nothing was allowed.'), remedy: 'Confirm the dialog.' } });
    // The notice is there on every page, so it says the problem, once.
    assert.match(await open.page.locator('.notice').innerText(), /Allow this workspace[\s\S]*Nothing was allowed\. Confirm the dialog\./);
    assert.doesNotMatch(await line.innerText(), /Nothing was allowed/);
    await hook('allow-workspace').press('Enter');
    assert.equal((await asked()).length, 2);
    assert.doesNotMatch(await open.page.locator('main').innerText(), /Nothing was allowed/);
    // With other credits left there is no notice, and the line says it.
    await open.send({ type: 'allowResult', id: (await asked())[1]!.id, problem: problem('ledger_full', 'The disk is full.') }, stateMessage(sampleSnapshot({ sequence: 45, consent: { everywhere: false, workspaceIds: [], deniedWorkspaceIds: [] } })));
    assert.match(await line.innerText(), /The disk is full\. Free some space/);
  });

  it('waits for the broker, and offers nothing where there is nothing to allow', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    const snapshot = sampleSnapshot({ sequence: 43, consent: { everywhere: false, workspaceIds: [], deniedWorkspaceIds: [] } });
    await open.send(stateMessage(snapshot, { link: { state: 'connecting' } }));
    assert.match(await open.page.locator('.consent').innerText(), /: nobody yet\s/);
    assert.equal(await hook('allow-workspace').getAttribute('aria-disabled'), 'true');
    await hook('allow-workspace').dispatchEvent('click');
    assert.deepEqual(await asked(), []);
    await open.send(stateMessage(sampleSnapshot({ sequence: 44, consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: [] } })));
    assert.match(await open.page.locator('.consent').innerText(), /every workspace$/);
    assert.equal(await hook('allow-workspace').count(), 0);
    await open.send(...sampleStates['untracked']!);
    assert.equal(await hook('consent').count(), 1, 'what was allowed is told even without a balance');
  });
});

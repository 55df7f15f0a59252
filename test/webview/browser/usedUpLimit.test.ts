// The dashboard while a long limit of OpenAI's is used up: it says what the status bar says, on every page. And what the facts say of the
// tightest limit, and of a broker that is down.
import assert from 'node:assert/strict';
import { sampleBudget } from '../sampleRules.ts';
import { sampleNowMs, sampleSnapshot } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { pageForEach } from './sharedHost.ts';

describe('dashboard page with a used-up limit', function usedUpLimit() {
  this.timeout(120_000);
  const open = pageForEach();
  const { hook } = open;

  it('says on every page until when a used-up limit blocks, and that nothing is drawn until then', async () => {
    const notices = open.page.locator('.notice').filter({ visible: true });
    for (const [name, draws] of [['only-model-used-up', /Nothing · limit used up[\s\S]*nothing is drawn until/], ['window-used-up', /The plan · used up/]] as const) {
      await open.send(...sampleStates[name]!);
      await hook('tab-now').click();
      assert.match(await hook('facts').innerText(), draws, name);
      for (const tab of ['now', 'history', 'ledger', 'credits', 'events', 'insights']) {
        await hook(`tab-${tab}`).click();
        assert.match(await notices.first().innerText(), /^Blocked until [A-Z].* \d\d:\d\d\. The limit (?:of requests per day of gpt-5\.6-terra|per week of the plan ChatGPT 3fa9) is used up\. Credits are not the reason: 581\.61 are left, but they do not lift it\. It goes on in \d d\.$/, `${name} ${tab}`);
      }
    }
    await hook('tab-now').click();
    await open.setNow(sampleNowMs + 2 * 86_400_000);
    await open.page.waitForFunction(() => document.querySelectorAll('.notice').length === 0);
    await open.setNow(sampleNowMs);
    await open.send(...sampleStates['model-used-up']!);
    assert.equal(await open.page.locator('.notice').count(), 0, 'other models go on');
    assert.match(await hook('facts').innerText(), /Tightest limit: Requests per day · gpt-5\.6-terra[\s\S]*used up[\s\S]*Included/);
  });

  it('gives the large number of a budget its unit, and what is used up one mark everywhere', async () => {
    const used = sampleBudget({ id: 'a', limit: 500_000_000, mode: 'hard' }, { key: '', used: 403_200_000, reserved: 0 });
    await open.send(stateMessage(sampleSnapshot({ budgets: [used] })));
    assert.match(await hook('facts').innerText(), /Tightest limit: Budget of [^\n]*\n+96\.80 credits left · 19 %/);
    await open.send(...sampleStates['budget-used-up']!);
    for (const area of ['facts', 'budgets-now']) assert.equal(await hook(area).locator('.codicon-circle-slash').count(), 1, area);
    await open.send(...sampleStates['model-used-up']!);
    for (const area of ['facts', 'limits']) {
      assert.equal(await hook(area).locator('.codicon-circle-slash').count(), 1, area);
      assert.equal(await hook(area).locator('.codicon-error').count(), 0, area);
    }
  });

  it('does not say what the next request draws from while the broker is down, which nobody knows', async () => {
    await open.send(...sampleStates['normal']!);
    assert.match(await hook('facts').innerText(), /The next request draws from\s+Included · 231\.61/);
    await open.send(...sampleStates['down']!);
    assert.match(await hook('facts').innerText(), /581\.61/);
    assert.doesNotMatch(await hook('facts').innerText(), /next request|231\.61/);
  });
});

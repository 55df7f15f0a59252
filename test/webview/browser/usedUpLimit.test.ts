// The dashboard while a long limit of OpenAI's is used up: it says what the status bar says, on every page.
import assert from 'node:assert/strict';
import { sampleNowMs } from '../sampleSnapshot.ts';
import { sampleStates } from '../sampleStates.ts';
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
});

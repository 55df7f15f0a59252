// The side bar's page in a real browser: every state in every theme without a serious violation, nothing that scrolls
// sideways or is blocked by the policy; and that its buttons ask for what they say.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import { sampleSnapshot } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { startPageHost, themes } from './pageHost.ts';
import type { OpenPage, PageHost, Theme } from './pageHost.ts';

const folder = path.resolve(import.meta.dirname, '../../../test-output/webview');
const pictured: readonly string[] = ['normal', 'used', 'down', 'budget-used-up', 'no-request', 'questions', 'practice'];

/** @param coloursOnly the structure is the same in every theme, so that it is looked at in one */
async function violations({ page }: OpenPage, coloursOnly: boolean): Promise<string[]> {
  const results = await page.evaluate((options) => (window as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run(options), coloursOnly ? { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } } : {});
  return results.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`));
}

describe('side bar page', function sidebar() {
  this.timeout(120_000);
  let host: PageHost;
  before(async () => {
    await mkdir(folder, { recursive: true });
    host = await startPageHost();
  });
  after(async () => { await host.close(); });

  for (const theme of Object.keys(themes) as Theme[]) {
    it(`can be read in every state in ${theme}`, async () => {
      const open = await host.open({ theme, isSidebar: true });
      await open.page.evaluate(axe.source);
      for (const [name, messages] of Object.entries(sampleStates)) {
        await open.send(...messages);
        assert.deepEqual(await violations(open, theme !== 'dark-modern'), [], name);
        assert.ok(await open.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${name} scrolls sideways`);
        if (pictured.includes(name)) await open.page.screenshot({ path: path.join(folder, `sidebar-${name}-${theme}.png`), fullPage: true });
      }
      assert.deepEqual(await open.violations(), []);
      await open.page.context().close();
    });
  }

  it('fits a very narrow side bar', async () => {
    const open = await host.open({ isSidebar: true, width: 170 });
    for (const name of ['normal', 'ruled', 'questions', 'down']) {
      await open.send(...sampleStates[name] ?? []);
      assert.ok(await open.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), name);
    }
    await open.page.context().close();
  });

  it('flips its numbers, words and bars with the setting', async () => {
    const open = await host.open({ isSidebar: true });
    const text = async () => [await open.page.locator('.big').innerText(), await open.page.locator('.limit .line').first().innerText(), await open.page.locator('usage-gauge').first().getAttribute('aria-valuenow')];
    await open.send(stateMessage(sampleSnapshot()));
    const left = await text();
    await open.send(stateMessage(sampleSnapshot(), { show: 'used' }));
    const used = await text();
    assert.match(left.slice(0, 2).join(' '), /credits left.* left/s);
    assert.match(used.slice(0, 2).join(' '), /credits used.* used/s);
    assert.ok(Math.abs(Number(left[2]) + Number(used[2]) - 100) <= 1);
    await open.page.context().close();
  });

  it('asks for what its buttons say, once', async () => {
    const open = await host.open({ isSidebar: true });
    await open.send(...sampleStates['normal'] ?? []);
    await open.page.locator('[data-test=side-cancel]').first().click();
    await open.page.locator('[data-test=side-cancel]').first().click({ force: true, timeout: 1000 }).catch(() => undefined);
    await open.page.locator('[data-test=side-more]').click();
    await open.send(...sampleStates['budget-used-up'] ?? []);
    await open.page.locator('[data-test=side-cure]').click();
    await open.send(...sampleStates['questions'] ?? []);
    await open.page.locator('[data-test=side-answer]').click();
    await open.send(...sampleStates['down'] ?? []);
    await open.page.locator('[data-test=side-start]').click();
    assert.match(await open.page.locator('[data-test=side-age]').innerText(), /^as of \d\d:\d\d, /);
    assert.equal(await open.page.locator('[data-test=side-runs]').count(), 0, 'what runs is not known now');
    const posted = await open.posted();
    assert.deepEqual(posted.map((message) => (message.type === 'run' ? message.command : message.type)), ['ready', 'cancel', 'openDashboard', 'showBudgets', 'answerQuestion', 'startBroker']);
    await open.page.context().close();
  });
});

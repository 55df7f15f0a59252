// The pages behind the first one, which come as a script of their own: the first page loads nothing of them, nothing
// flickers and no focus is lost while they come, and where they cannot be had the person is told and has a way out.
import assert from 'node:assert/strict';
import path from 'node:path';
import { bundles, firstPage } from '../../../src/setup/bundles.mjs';
import { sampleStates } from '../sampleStates.ts';
import { openPage, pageForEach } from './sharedHost.ts';

const script = '**/otherPages.js';

describe('pages behind the first one', function behind() {
  this.timeout(120_000);
  const open = pageForEach((page) => page.send(...sampleStates['normal']!));
  const { hook, focused } = open;
  const loaded = () => open.page.evaluate(() => performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname).filter((name) => name.endsWith('.js')));
  const inView = () => open.page.evaluate(() => [...document.querySelectorAll<HTMLElement>('[role=tabpanel]')].filter((panel) => !panel.hidden).map((panel) => panel.id).join());
  const panel = (tab: string) => open.page.locator(`#page-${tab}:not([hidden])`);
  /** Lets the script come when the result is called. */
  const held = async (page = open.page) => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => { release = resolve; });
    await page.route(script, async (route) => { await gate; await route.continue(); });
    return release;
  };

  it('are no part of what the first page loads, which is what its budget counts', async () => {
    await open.page.locator('usage-chart canvas').waitFor();
    const counted = bundles.filter(({ name }) => firstPage.names.includes(name)).map(({ outfile }) => `/${path.basename(outfile)}`);
    assert.deepEqual((await loaded()).sort(), counted.sort());
  });

  it('come when the pointer or the focus comes near them, once', async () => {
    await hook('tab-credits').hover();
    await open.page.waitForFunction(() => performance.getEntriesByType('resource').some((entry) => entry.name.endsWith('/otherPages.js')));
    await hook('tab-now').focus();
    await hook('tab-history').click();
    await panel('history').waitFor();
    assert.equal((await loaded()).filter((name) => name === '/otherPages.js').length, 1);
  });

  it('leave the page that was open in view until they are there', async () => {
    const release = await held();
    await open.page.evaluate(() => {
      const seen: string[] = [];
      const look = () => {
        const shown = [...document.querySelectorAll<HTMLElement>('[role=tabpanel]')].filter((one) => !one.hidden);
        const text = shown.map((one) => `${one.id} ${one.innerText.trim() === '' ? 'empty' : 'full'}`).join();
        if (seen.at(-1) !== text) seen.push(text);
        requestAnimationFrame(look);
      };
      look();
      Object.assign(window, { seen });
    });
    await hook('tab-history').click();
    assert.equal(await hook('tab-history').getAttribute('aria-selected'), 'true');
    await open.page.waitForTimeout(100);
    assert.equal(await inView(), 'page-now');
    release();
    await panel('history').waitFor();
    assert.equal(await focused(), 'tab-history');
    assert.deepEqual(await open.page.evaluate(() => (window as unknown as { seen: string[] }).seen), ['page-now full', 'page-history full']);
  });

  it('follow a person who goes on to another tab, or back, meanwhile', async () => {
    const release = await held();
    await hook('tab-history').focus();
    await open.page.keyboard.press('ArrowRight');
    await open.page.keyboard.press('ArrowRight');
    assert.equal(await inView(), 'page-now');
    await hook('tab-now').click();
    await hook('add-credits').click();
    await hook('tab-events').click();
    release();
    await panel('events').waitFor();
    assert.equal(await focused(), 'tab-events', 'the amount was asked for before, and does not take the focus now');
    await hook('tab-credits').click();
    assert.equal(await focused(), 'tab-credits');
  });

  it('give the amount its focus however late they come', async () => {
    const release = await held();
    await open.send({ type: 'openTopUp' });
    await open.page.waitForTimeout(100);
    assert.equal(await inView(), 'page-now');
    release();
    await panel('credits').waitFor();
    await open.page.waitForFunction(() => document.activeElement?.matches('topup-form input'));
  });

  it('are there again where one of them was open when the page was last shown', async () => {
    const restored = await openPage();
    await restored.page.addInitScript(() => { (window as unknown as { kept: unknown }).kept = { tab: 'ledger' }; });
    const release = await held(restored.page);
    await restored.page.reload({ waitUntil: 'commit' });
    await restored.page.locator('[data-test=link-state]').waitFor();
    await restored.send(...sampleStates['normal']!);
    await restored.page.locator('#page-ledger vscode-progress-ring').waitFor();
    assert.equal(await restored.page.locator('[role=tab][aria-selected=true]').getAttribute('id'), 'tab-ledger');
    release();
    await restored.answer();
    await restored.page.locator('[data-test=ledger] tbody tr').first().waitFor();
    await restored.page.context().close();
  });

  it('say so where they cannot be had, with a way out that keeps the focus', async () => {
    await open.page.route(script, (route) => route.abort());
    await hook('add-credits').click();
    assert.match(await hook('no-page').innerText(), /This page could not be loaded\.[\s\S]*Nothing is lost[\s\S]*Try again/);
    assert.match(await open.page.locator('main > [role=status]').innerText(), /could not be loaded/);
    assert.equal(await inView(), 'page-credits');
    await hook('load-again').focus();
    await open.page.keyboard.press('Enter');
    await open.arrived();
    assert.equal(await focused(), 'load-again');
    await hook('tab-ledger').click();
    assert.match(await panel('ledger').innerText(), /This page could not be loaded\./);
    await hook('tab-now').click();
    assert.equal(await hook('balance').innerText(), '581.61', 'the first page needs none of them');
    await hook('tab-ledger').click();
    await open.page.unroute(script);
    await panel('ledger').locator('[data-test=load-again]').focus();
    await open.page.keyboard.press('Enter');
    await open.answer();
    await panel('ledger').locator('tbody tr').first().waitFor();
    assert.equal(await focused(), 'tab-ledger');
    assert.equal(await open.page.locator('main > [role=status]').textContent(), '');
  });
});

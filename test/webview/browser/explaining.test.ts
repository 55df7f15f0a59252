// The page beside an open explanation: it has a column of its own, and nothing of it may reach over the gutter; and how an
// explanation is opened from outside.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { Language } from '../../../src/protocol/language.ts';
import { german, spokenIn } from '../../support/language/spokenIn.ts';
import { refusedExplanation } from '../sampleExplanations.ts';
import { askingSnapshot, ruledSnapshot } from '../sampleRules.ts';
import { sampleSnapshot } from '../sampleSnapshot.ts';
import { stateMessage } from '../sampleStates.ts';
import { openPage } from './sharedHost.ts';

/** Where the explanation comes beside the page, where it grows, where the tables beside it change, and between. */
const widths = [760, 960, 999, 1000, 1050, 1100, 1198, 1199, 1240, 1287, 1288, 1400];
const tabs = ['now', 'history', 'ledger', 'credits', 'events', 'insights'];
/** All of them have requests that run and wait. */
const snapshots = { normal: sampleSnapshot(), ruled: ruledSnapshot(), questions: askingSnapshot() };

/** What reaches beyond the right edge of the page's column, shadow trees too. */
function beyondColumn(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const column = document.querySelector('.pages');
    if (!column) return ['there is no column'];
    const edge = column.getBoundingClientRect().right + 0.5;
    const found: string[] = [];
    const look = (root: ParentNode) => {
      for (const element of root.querySelectorAll<HTMLElement>('*')) {
        if (element.shadowRoot) look(element.shadowRoot);
        // What is only heard, and what a cell or a chart cuts off, is not seen there.
        if (!element.checkVisibility() || element.closest('.sr, .u-hz, option') || element.parentElement?.closest('.ell, .plot')) continue;
        const { right } = element.getBoundingClientRect();
        if (right > edge && ![...element.children].some((child) => child.getBoundingClientRect().right > edge)) found.push(`${element.localName}.${String(element.getAttribute('class'))} "${(element.textContent ?? '').trim().slice(0, 30)}" by ${Math.round(right - edge)} pixels`);
      }
    };
    look(column);
    return found;
  });
}

/** What an entry of the ledger is about, where its cell cuts that off. */
function cutEntries(page: Page): Promise<string[]> {
  return page.evaluate(() => [...document.querySelectorAll<HTMLElement>('table.ledger td.what')].flatMap((cell) => (cell.checkVisibility() && cell.scrollWidth > cell.clientWidth ? [`"${cell.innerText.trim()}" is cut off`] : [])));
}

describe('the page beside an explanation', function beside() {
  this.timeout(240_000);
  const languages: readonly Language[] = [{ tag: 'en' }, german];

  for (const language of languages) {
    for (const [name, snapshot] of Object.entries(snapshots)) {
      it(`keeps to its column: ${name}, ${language.tag}`, async () => {
        const open = await openPage({ language });
        const { page } = open;
        await open.send(await spokenIn(language, () => stateMessage(snapshot, { locale: language.tag })));
        await page.locator('[data-test=recent] [data-test=explain-link]').first().click();
        const asked = (await open.posted()).find((message) => message.type === 'explain');
        await open.send({ type: 'explainResult', id: asked!.id, result: refusedExplanation() });
        const findings = new Set<string>();
        for (const tab of tabs) {
          await page.locator(`[data-test=tab-${tab}]`).click();
          await open.answer();
          for (const width of widths) {
            await page.setViewportSize({ width, height: 900 });
            // A chart follows the new width one frame later.
            await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
            for (const one of [...await beyondColumn(page), ...await cutEntries(page)]) findings.add(`${tab} at ${width}: ${one}`);
          }
        }
        assert.deepEqual([...findings], []);
        await open.close();
      });
    }
  }
});

describe('an explanation that something outside of the page asks for', () => {
  it('opens beside whichever page is open, with the focus, and Escape gives that back', async () => {
    const open = await openPage();
    const { page } = open;
    const focus = () => page.evaluate(() => document.activeElement?.id);
    await open.send(stateMessage(sampleSnapshot()));
    await page.locator('[data-test=tab-credits]').click();
    await open.send({ type: 'openRequest', requestId: 'req_1' });
    const asked = (await open.posted()).find((message) => message.type === 'explain');
    assert.equal(asked?.requestId, 'req_1');
    await open.send({ type: 'explainResult', id: asked.id, result: refusedExplanation() });
    assert.match(await page.locator('[data-test=explain-panel]').innerText(), /^Why /);
    assert.equal(await focus(), 'head-explain');
    await page.keyboard.press('Escape');
    assert.deepEqual([await page.locator('[data-test=explain-panel]').count(), await focus()], [0, 'tab-credits']);
    await open.close();
  });
});

// Dashboard and side bar while nothing happens: no timer fires, nothing is painted; a countdown in its last minute changes
// its own words and nothing else; and a page that nobody sees does nothing at all.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { WindowView } from '../../../src/protocol/snapshot.ts';
import { sampleNowMs, sampleSnapshot } from '../sampleSnapshot.ts';
import { stateMessage } from '../sampleStates.ts';
import type { OpenPage } from './pageHost.ts';
import { openPage } from './sharedHost.ts';

const hourMs = 3_600_000;
const restMs = 6000;
/** The page looks at its moving parts once, so long after it was painted. */
const settledMs = 1600;

/** What the page did since `watch`. */
interface Done { timers: number; frames: number; paints: number; changes: string[] }

/** Counts timers and frames that ran, paints of whole pages, and changes of the document. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const done: Done = { timers: 0, frames: 0, paints: 0, changes: [] };
    for (const name of ['setTimeout', 'setInterval', 'requestAnimationFrame', 'requestIdleCallback'] as const) {
      const own = window[name] as (callback: (...args: unknown[]) => void, ...rest: unknown[]) => unknown;
      Object.assign(window, { [name]: (callback: (...args: unknown[]) => void, ...rest: unknown[]) => own((...args) => { done[name === 'requestAnimationFrame' ? 'frames' : 'timers'] += 1; callback(...args); }, ...rest) });
    }
    for (const name of ['codex-dashboard', 'codex-sidebar']) {
      const element = document.querySelector(name) as unknown as { performUpdate(): void } | null;
      if (!element) continue;
      const own = element.performUpdate.bind(element);
      element.performUpdate = () => { done.paints += 1; own(); };
    }
    new MutationObserver((changes) => {
      for (const { type, target, attributeName } of changes) done.changes.push(`${type} ${type === 'attributes' ? attributeName : target.parentElement?.className} in ${(target instanceof Element ? target : target.parentElement)?.localName}`);
    }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    Object.assign(window, { done });
  });
}

/** Waits until the page is complete and looked at its moving parts. */
async function settle(page: Page, isDashboard: boolean): Promise<void> {
  if (isDashboard) await page.locator('usage-chart canvas').waitFor();
  await page.waitForTimeout(settledMs);
  await forget(page);
}

const doneOn = (page: Page) => page.evaluate(() => (window as unknown as { done: Done }).done);
const forget = (page: Page) => page.evaluate(() => { Object.assign((window as unknown as { done: Done }).done, { timers: 0, frames: 0, paints: 0, changes: [] }); });

const window5h: WindowView = { id: 'm/tokens', model: 'm', measure: 'tokens', windowMinutes: 300, limit: 1000, remaining: 400, observedAtMs: sampleNowMs, resetsAtMs: sampleNowMs + 2 * hourMs + 30_000 };
const resting = (resetsAtMs: number, windowMinutes = 300) => stateMessage(sampleSnapshot({ running: [], waiting: [], questions: [], windows: [{ ...window5h, windowMinutes, resetsAtMs }] }));

describe('pages between events', function between() {
  this.timeout(120_000);
  let pages: readonly OpenPage[];
  const [dashboard, sidebar] = [0, 1];
  beforeEach(async () => { pages = await Promise.all([openPage(), openPage({ isSidebar: true })]); });
  afterEach(async () => { for (const open of pages) await open.close(); });

  it('do nothing while no words change', async () => {
    const done = await Promise.all(pages.map(async (open, index) => {
      await watch(open.page);
      await open.send(resting(sampleNowMs + 2 * hourMs + 30_000));
      assert.match(await open.page.locator('main').innerText(), /in 2 h/);
      await settle(open.page, index === dashboard);
      await open.page.waitForTimeout(restMs);
      return doneOn(open.page);
    }));
    const nothing: Done = { timers: 0, frames: 0, paints: 0, changes: [] };
    assert.deepEqual(done, [nothing, nothing]);
  });

  it('change the words of a countdown in its last minute, and nothing else', async () => {
    const done = await Promise.all(pages.map(async (open, index) => {
      await watch(open.page);
      await open.send(resting(sampleNowMs + 47_000, 1));
      await settle(open.page, index === dashboard);
      await open.setNow(sampleNowMs + 10_000);
      await open.page.waitForFunction(() => /full in 37 s/.test(document.querySelector('main')?.textContent ?? ''));
      return doneOn(open.page);
    }));
    assert.deepEqual(done.map(({ paints }) => paints), [0, 0]);
    // The gauge beside it says the same words to a screen reader.
    const spoken = ['attributes aria-label in usage-gauge', 'attributes aria-valuetext in usage-gauge'];
    assert.deepEqual(new Set(done[dashboard]!.changes), new Set(['characterData dim in span', ...spoken]));
    assert.deepEqual(new Set(done[sidebar]!.changes), new Set(['characterData grow in span', ...spoken]));
  });

  it('rest while nobody sees them, and show the newest words when somebody does', async () => {
    const see = (page: Page, isSeen: boolean) => page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
      document.dispatchEvent(new Event('visibilitychange'));
    }, !isSeen);
    await Promise.all(pages.map(async (open, index) => {
      await watch(open.page);
      await open.send(resting(sampleNowMs + 47_000, 1));
      await settle(open.page, index === dashboard);
      await see(open.page, false);
      await forget(open.page);
      await open.setNow(sampleNowMs + 20_000);
      await open.page.waitForTimeout(2500);
      assert.deepEqual(await doneOn(open.page), { timers: 0, frames: 0, paints: 0, changes: [] });
      await see(open.page, true);
      await open.page.waitForFunction(() => /full in 27 s/.test(document.querySelector('main')?.textContent ?? ''));
    }));
  });
});

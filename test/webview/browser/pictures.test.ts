// Takes a picture of every state in every theme, wide and narrow, for people to look at, and checks in
// each that nothing scrolls sideways and that the policy blocked nothing.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { problem } from '../../../src/domain/problem.ts';
import { correctedExplanation, refusedExplanation } from '../sampleExplanations.ts';
import { ruledSnapshot } from '../sampleRules.ts';
import { sampleExplanation, sampleSnapshot } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import type { OpenPage, Theme } from './pageHost.ts';
import { openPage } from './sharedHost.ts';

const folder = path.resolve(import.meta.dirname, '../../../test-output/webview');

/** What is done on the page after its messages, by the picture's name. */
const scenes: Readonly<Record<string, { readonly state: string; readonly act: (open: OpenPage) => Promise<void> }>> = {
  ...Object.fromEntries(Object.keys(sampleStates).map((state) => [state, { state, act: async () => {} }])),
  history: { state: 'ruled', act: async (open) => { await open.page.locator('[data-test=tab-history]').click(); await open.answer(); } },
  ledger: { state: 'normal', act: async (open) => { await open.page.locator('[data-test=tab-ledger]').click(); await open.answer(); } },
  events: { state: 'normal', act: async (open) => { await open.page.locator('[data-test=tab-events]').click(); await open.answer(); } },
  insights: { state: 'normal', act: async (open) => { await open.page.locator('[data-test=tab-insights]').click(); await open.answer(); } },
  credits: { state: 'normal', act: async ({ page }) => { await page.locator('[data-test=tab-credits]').click(); } },
  'credits-untracked': { state: 'untracked', act: async ({ page }) => { await page.locator('[data-test=tab-credits]').click(); } },
  'credits-not-allowed': { state: 'not-allowed', act: async ({ page }) => { await page.locator('[data-test=tab-credits]').click(); } },
  'credits-practice': { state: 'practice', act: async ({ page }) => { await page.locator('[data-test=tab-credits]').click(); } },
  'credits-ruled': { state: 'ruled', act: async ({ page }) => { await page.locator('[data-test=tab-credits]').click(); } },
  'credits-undo': {
    state: 'ruled', act: async (open) => {
      await open.send({ ...stateMessage(ruledSnapshot({ sequence: 42 })), undo: { grantId: 'grant_0041', leftMs: 42_000 } });
      await open.page.locator('[data-test=tab-credits]').click();
    },
  },
  'budget-form': {
    state: 'ruled', act: async ({ page }) => {
      await page.locator('[data-test=tab-credits]').click();
      await page.locator('[data-test=budget-change]').nth(2).click();
    },
  },
  'budget-form-wrong': {
    state: 'normal', act: async ({ page }) => {
      await page.locator('[data-test=tab-credits]').click();
      await page.locator('[data-test=budget-add]').click();
      await page.locator('[data-test=budget-per]').selectOption('workspace');
      await page.locator('[data-test=budget-period]').selectOption('rolling');
      await page.locator('[data-test=budget-limit]').fill('12,5');
      await page.locator('[data-test=budget-submit]').click();
    },
  },
  'questions-meaning': {
    state: 'questions', act: async (open) => {
      await open.page.locator('summary').first().click();
      await open.page.locator('[data-test=answer-task]').click();
      const asked = (await open.posted()).find((message) => message.type === 'change');
      await open.send({ type: 'changeResult', id: asked!.id, problem: problem('question_not_found', 'No request waits with that question any more. Nothing was changed.') });
    },
  },
  'explain-refused': {
    state: 'normal', act: async (open) => {
      await open.page.locator('[data-test=recent] [data-test=explain-link]').first().click();
      const asked = (await open.posted()).find((message) => message.type === 'explain');
      await open.send({ type: 'explainResult', id: asked!.id, result: refusedExplanation() });
    },
  },
  'explain-corrected': {
    state: 'normal', act: async (open) => {
      await open.page.locator('[data-test=recent] [data-test=explain-link]').first().click();
      const asked = (await open.posted()).find((message) => message.type === 'explain');
      await open.send({ type: 'explainResult', id: asked!.id, result: correctedExplanation() });
    },
  },
  'credits-added': {
    state: 'normal', act: async (open) => {
      await open.page.locator('[data-test=tab-credits]').click();
      await open.page.locator('[data-test=topup-submit]').click();
      const asked = (await open.posted()).find((message) => message.type === 'topUp');
      const { balance } = sampleSnapshot();
      await open.send({ type: 'topUpResult', id: asked!.id, result: { grant: { ...balance.grants[1]!, amountMicroCredits: 250_000_000 }, created: true, balance } });
    },
  },
  explain: {
    state: 'normal', act: async (open) => {
      await open.page.locator('[data-test=tab-ledger]').click();
      await open.answer();
      await open.page.locator('[data-test=ledger] [data-test=explain-link]').first().click();
      const asked = (await open.posted()).find((message) => message.type === 'explain');
      await open.send({ type: 'explainResult', id: asked!.id, result: sampleExplanation() });
    },
  },
};

/** Gives the page another width. */
async function widen({ page }: OpenPage, width: number): Promise<void> {
  await page.setViewportSize({ width, height: 900 });
  // The chart follows one frame later.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

describe('pictures of the dashboard', function pictures() {
  this.timeout(240_000);
  before(async () => { await mkdir(folder, { recursive: true }); });

  const isLong = process.env['CODEX_BROKER_TEST_LONG'] !== undefined;
  const themes: readonly Theme[] = ['dark-modern', 'light-modern', 'hc-dark', 'hc-light'];
  /** One of each page, and what the themes' colours differ most in; the others differ from them in words. The long run takes every state in every theme and width. */
  const colourful = ['normal', 'explain', 'critical', 'blocked', 'down', 'budget-used-up', 'questions', 'history', 'ledger', 'credits-ruled', 'events', 'insights', 'budget-form-wrong'];
  /** No pictures of these: around them a layout gives way to the next. */
  const betweenWidths = [400, 560, 600, 680, 760, 800, 960, 1240];
  for (const [name, scene] of Object.entries(scenes)) {
    it(`${name}: fits every width`, async () => {
      const open = await openPage();
      await open.send(...sampleStates[scene.state]!);
      await scene.act(open);
      await open.arrived();
      await open.page.evaluate(() => document.fonts.ready);
      // A chart is drawn when it comes near, and stays.
      for (const plot of await open.page.locator('.plot:visible').all()) {
        await plot.scrollIntoViewIfNeeded();
        await plot.locator('canvas').first().waitFor();
      }
      for (const theme of themes) {
        // Other widths are checked on the fullest states only.
        const fullest = ['normal', 'explain'].includes(name);
        if (!isLong && theme !== 'dark-modern' && !colourful.includes(name)) continue;
        await open.setTheme(theme);
        // The layout is the same in every theme: the others are looked at in one width each.
        for (const width of fullest || isLong ? [1400, 1000, 600, 320] : theme === 'dark-modern' ? [1000, 320] : theme === 'hc-dark' ? [320] : [1000]) {
          await widen(open, width);
          // From the top on: a bar that sticks while the page is scrolled would lie across the picture.
          await open.page.evaluate(() => { scrollTo(0, 0); });
          await open.page.screenshot({ path: path.join(folder, `${name}-${theme}-${width}.png`), fullPage: true });
          assert.equal(await open.page.evaluate(() => document.documentElement.scrollWidth), width, `${name} ${theme} ${width} scrolls sideways`);
        }
      }
      for (const width of betweenWidths) {
        await widen(open, width);
        assert.equal(await open.page.evaluate(() => document.documentElement.scrollWidth), width, `${name} at ${width} scrolls sideways`);
      }
      assert.deepEqual(await open.violations(), []);
      await open.close();
    });
  }
});

// axe-core over every state and page in the dark, light and high-contrast themes: no serious violation.
import assert from 'node:assert/strict';
import { correctedExplanation, refusedExplanation } from '../sampleExplanations.ts';
import { ruledSnapshot } from '../sampleRules.ts';
import { sampleExplanation } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { seriousFindings } from './axeFindings.ts';
import { themes } from './pageHost.ts';
import type { OpenPage, Theme } from './pageHost.ts';
import { openPage } from './sharedHost.ts';

describe('accessibility of the page', function accessibility() {
  this.timeout(240_000);
  for (const theme of Object.keys(themes) as Theme[]) {
    it(`has no serious violation in ${theme}`, async () => {
      const open = await openPage({ theme });
      const violations = (page: OpenPage) => seriousFindings(page, theme !== 'dark-modern');
      for (const [name, messages] of Object.entries(sampleStates)) {
        await open.send(...messages);
        assert.deepEqual(await violations(open), [], name);
      }
      await open.send(...sampleStates['normal']!);
      for (const tab of ['history', 'ledger', 'credits', 'events', 'insights']) {
        await open.page.locator(`[data-test=tab-${tab}]`).click();
        await open.answer();
        assert.deepEqual(await violations(open), [], tab);
      }
      await open.page.locator('[data-test=tab-history]').click();
      for (const part of ['usage-chart', '[data-test=burn]']) await open.page.locator(`history-page ${part}`).getByRole('button', { name: 'Show as table' }).click();
      assert.deepEqual(await violations(open), [], 'history as tables');
      await open.page.locator('[data-test=tab-ledger]').click();
      await open.page.locator('[data-test=ledger] [data-test=explain-link]').first().click();
      const asked = (await open.posted()).find((message) => message.type === 'explain');
      for (const [name, result] of Object.entries({ explain: sampleExplanation(), refused: refusedExplanation(), corrected: correctedExplanation() })) {
        await open.send({ type: 'explainResult', id: asked!.id, result });
        assert.deepEqual(await violations(open), [], name);
      }
      await open.send(...sampleStates['questions']!);
      await open.page.locator('[data-test=tab-now]').click();
      await open.page.locator('summary').first().click();
      assert.deepEqual(await violations(open), [], 'what answers mean');
      await open.send({ ...stateMessage(ruledSnapshot({ sequence: 42 })), undo: { grantId: 'grant_0041', leftMs: 42_000 } });
      await open.page.locator('[data-test=tab-credits]').click();
      await open.arrived();
      for (const per of ['everything', 'workspace', 'model', 'request']) {
        await open.page.locator('[data-test=budget-change]').first().click();
        await open.page.locator('[data-test=budget-per]').selectOption(per);
        assert.deepEqual(await violations(open), [], `credits with a form per ${per}`);
      }
      await open.close();
    });
  }

  it('holds its icons still when motion is reduced', async () => {
    const animated = async (reducedMotion: boolean) => {
      const open = await openPage({ reducedMotion });
      await open.send(...sampleStates['normal']!);
      const name = await open.page.locator('[data-test=running] .codicon-modifier-spin').first().evaluate((icon) => getComputedStyle(icon).animationName);
      await open.close();
      return name;
    };
    assert.equal(await animated(true), 'none');
    assert.notEqual(await animated(false), 'none');
  });
});

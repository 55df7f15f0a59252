// Insights of other ranges and of one workspace: what is asked, what they rest on, what goes along, and what is remembered.
import assert from 'node:assert/strict';
import { ruledSnapshot } from '../sampleRules.ts';
import { sampleAnswer } from '../sampleAnswers.ts';
import { sampleNowMs } from '../sampleSnapshot.ts';
import { stateMessage } from '../sampleStates.ts';
import { seriousFindings } from './axeFindings.ts';
import { pageForEach } from './sharedHost.ts';

const dayMs = 86_400_000;

describe('insights of a range', function ranges() {
  this.timeout(60_000);
  const open = pageForEach(async ({ send, hook }) => {
    await send(stateMessage(ruledSnapshot()));
    await hook('tab-insights').click();
  });
  const { hook, sent } = open;
  const last = async () => (await sent('ask')).at(-1)?.question;
  const choose = (days: number) => hook('insights').locator(`[data-choice="${days}"]`).click();

  it('are asked anew with each choice, keep what was known until the answer is there, and say which days they are of', async () => {
    await open.answer();
    assert.deepEqual(await last(), { about: 'insights', days: 7 });
    await choose(30);
    assert.match(await hook('insights').innerText(), /In the last 7 days 41 %[\s\S]*credits in 7 days/, 'these are still of seven days');
    assert.equal(await hook('insights').locator('table').getAttribute('aria-busy'), 'true');
    await open.answer();
    assert.match(await hook('insights').innerText(), /In the last 30 days 41 %[\s\S]*in the 30 days before[\s\S]*≈ 38\.20 credits in 30 days/);
    await choose(1);
    await hook('insights').locator('[data-test=workspace-filter]').selectOption('ws_docs-site');
    await open.answer();
    assert.deepEqual(await last(), { about: 'insights', days: 1, workspaceId: 'ws_docs-site' });
    assert.match(await hook('insights').innerText(), /Today 41 %[\s\S]*≈ 38\.20 credits today/);
    const snapshot = ruledSnapshot();
    await open.send(stateMessage({ ...snapshot, sequence: snapshot.sequence + 1, broker: { ...snapshot.broker, dataDir: '/other' } }));
    assert.deepEqual(await last(), { about: 'insights', days: 1, workspaceId: 'ws_docs-site' }, 'the choice is remembered');
  });

  it('say where they rest on less than the range, in few words at any width', async () => {
    await open.answer();
    assert.equal(await hook('insight-note').count(), 0);
    await choose(90);
    await open.answer((id, question) => {
      const answer = sampleAnswer(id, question);
      if (answer.about !== 'insights' || !answer.result) return answer;
      return { ...answer, result: { ...answer.result, beganAtMs: sampleNowMs - 40 * dayMs, closeSinceMs: sampleNowMs - 3 * dayMs, insights: answer.result.insights.map((one) => (one.kind === 'cut-answers' ? { ...one, sinceMs: sampleNowMs - 3 * dayMs } : one)) } };
    });
    const notes = await hook('insight-note').allInnerTexts();
    assert.equal(notes.length, 2);
    assert.match(notes[0]!, /^The ledger begins on Thu 8 Oct, so these are fewer than 90 days\.$/);
    assert.match(notes[1]!, /only the newest were looked at one by one: .* since Sat 14 Nov \d\d:\d\d\.$/);
    assert.match(await hook('insights').innerText(), /14\.10 credits since Sat 14 Nov/);
    for (const [width, theme] of [[320, 'dark-modern'], [700, 'light-modern'], [1200, 'hc-dark'], [320, 'hc-light'], [320, 'light-modern'], [1200, 'dark-modern']] as const) {
      await open.setTheme(theme);
      await open.page.setViewportSize({ width, height: 900 });
      assert.ok(await open.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${width} px`);
      assert.deepEqual(await seriousFindings(open, true), []);
      await open.page.screenshot({ path: `test-output/webview/insights-range-${theme}-${width}.png`, fullPage: true });
    }
  });

  it('go along with their numbers: for people without columns of data, for programs with each number by itself', async () => {
    await open.answer();
    for (const format of ['md', 'json', 'csv']) await hook('insights').locator(`[data-test=export-${format}]`).click();
    const [md, json, csv] = await sent('save');
    assert.deepEqual([md?.name, json?.name, csv?.name], ['md', 'json', 'csv'].map((ending) => `Codex insights 7 d.${ending}`));
    assert.match(md!.content, /^## Codex insights · Last 7 days\n\n\| Finding \| Detail \| What to do \| Worth \|\n/);
    const rows = JSON.parse(json!.content) as Record<string, unknown>[];
    assert.deepEqual([rows.length, rows[0]?.['kind'], rows[0]?.['share'], rows[0]?.['inputTokens'], rows[0]?.['worthMicroCredits'], rows[3]?.['task'], rows[3]?.['waitedMs'], rows[3]?.['worthMicroCredits']], [4, 'cache-fell', 0.41, 24_000_000, 38_200_000, '0193b2c4-0000-7000-8000-000000000000', 1_260_000, null]);
    assert.match(csv!.content, /^finding,detail,action,worthMicroCredits,kind,subject,model,workspace,task,requests,inputTokens,/);
  });
});

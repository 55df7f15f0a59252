// The lists of events and of the ledger, narrowed by workspace and time: what is asked, what is said, what goes along, and
// what is remembered.
import assert from 'node:assert/strict';
import { ruledSnapshot } from '../sampleRules.ts';
import { stateMessage } from '../sampleStates.ts';
import { seriousFindings } from './axeFindings.ts';
import { pageForEach } from './sharedHost.ts';

describe('lists that are narrowed', function lists() {
  this.timeout(60_000);
  const open = pageForEach();
  const { hook, sent } = open;
  const questions = async () => (await sent('ask')).map((message) => message.question);
  const openTab = async (tab: string) => {
    await open.send(stateMessage(ruledSnapshot()));
    await hook(`tab-${tab}`).click();
  };
  /** The page of another ledger is made from what was stored, as one that was hidden is. */
  const makeAnew = () => {
    const snapshot = ruledSnapshot();
    return open.send(stateMessage({ ...snapshot, sequence: snapshot.sequence + 1, broker: { ...snapshot.broker, dataDir: '/other' } }));
  };

  it('narrows events by workspace and time, says what that leaves out, exports what is left, and remembers the choice', async () => {
    await openTab('events');
    await open.answer();
    assert.equal(await hook('events-of').count(), 0);
    await hook('events').locator('[data-test=workspace-filter]').selectOption('ws_docs-site');
    await hook('events-days').selectOption('7');
    await open.answer();
    assert.deepEqual((await questions()).at(-1), { about: 'happenings', filter: 'all', workspaceId: 'ws_docs-site', days: 7 });
    assert.match(await hook('events-of').innerText(), /this workspace alone.*stand under "All workspaces"/);
    await hook('events').locator('[data-test=export-md]').click();
    assert.match((await sent('save')).at(-1)!.content, /^## Codex events · All events · Last 7 days · docs-site\n/);
    await makeAnew();
    await open.answer((id) => ({ type: 'answer', about: 'happenings', id, result: { rows: [] } }));
    assert.deepEqual((await questions()).at(-1), { about: 'happenings', filter: 'all', workspaceId: 'ws_docs-site', days: 7 });
    assert.match(await hook('events').innerText(), /No event is like that\./);
  });

  it('remembers what of the ledger was listed, but no search', async () => {
    await openTab('ledger');
    await open.answer();
    await hook('ledger-kind').selectOption('grants');
    await hook('ledger-days').selectOption('30');
    await hook('ledger-search').fill('codex');
    await hook('ledger-search').press('Enter');
    await open.answer();
    assert.deepEqual((await questions()).at(-1), { about: 'entries', kind: 'grants', search: 'codex', days: 30 });
    await makeAnew();
    await open.answer();
    assert.deepEqual((await questions()).at(-1), { about: 'entries', kind: 'grants', days: 30 });
  });

  it('goes along from the Credits page too, and the chart of the first page as a picture or a table', async () => {
    await openTab('credits');
    await open.arrived();
    for (const [area, format] of [['grants', 'csv'], ['budgets', 'md']] as const) await hook(area).locator(`[data-test=export-${format}]`).click();
    await hook('tab-now').click();
    await hook('now-png').click();
    await open.page.locator('#page-now usage-chart').getByRole('button', { name: 'Show as table' }).click();
    await open.page.locator('#page-now usage-chart [data-test=export-json]').click();
    const saved = await sent('save');
    assert.deepEqual(saved.map(({ name, encoding }) => [name.replace(/\d{4}-\d\d-\d\d/, 'DAY'), encoding]), [['Codex credits.csv', 'text'], ['Codex budgets.md', 'text'], ['Codex cost per day DAY.png', 'base64'], ['Codex cost per day DAY.json', 'text']]);
    assert.match(saved[0]!.content, /^kind,note,remainingMicroCredits,/);
    assert.equal(Buffer.from(saved[2]!.content, 'base64').subarray(1, 4).toString(), 'PNG');
  });

  for (const [width, theme] of [[320, 'light-modern'], [320, 'dark-modern'], [700, 'dark-modern'], [1200, 'light-modern']] as const) {
    it(`has its controls in sight on ${width} px in ${theme}`, async () => {
      await open.setTheme(theme);
      await open.page.setViewportSize({ width, height: 900 });
      for (const tab of ['now', 'credits', 'events', 'ledger']) {
        await openTab(tab);
        await open.arrived();
        await open.answer();
        if (tab === 'events') await hook('events').locator('[data-test=workspace-filter]').selectOption('ws_docs-site');
        await open.answer();
        assert.ok(await open.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${tab} scrolls sideways`);
        assert.deepEqual(await seriousFindings(open, true), [], tab);
        await open.page.screenshot({ path: `test-output/webview/filters-${tab}-${theme}-${width}.png`, fullPage: true });
      }
    });
  }
});

// The side bar's page in a real browser: every state in every theme without a serious violation, nothing that scrolls
// sideways or is blocked by the policy; and that its buttons ask for what they say.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { problem } from '../../../src/domain/problem.ts';
import { sampleSnapshot } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { seriousFindings } from './axeFindings.ts';
import { themes } from './pageHost.ts';
import type { Theme } from './pageHost.ts';
import { openPage } from './sharedHost.ts';

const folder = path.resolve(import.meta.dirname, '../../../test-output/webview');
const pictured: readonly string[] = ['normal', 'used', 'down', 'budget-used-up', 'ahead', 'only-model-used-up', 'no-request', 'questions', 'practice'];

describe('side bar page', function sidebar() {
  this.timeout(120_000);
  before(async () => { await mkdir(folder, { recursive: true }); });

  for (const theme of Object.keys(themes) as Theme[]) {
    it(`can be read in every state in ${theme}`, async () => {
      const open = await openPage({ theme, isSidebar: true });
      for (const [name, messages] of Object.entries(sampleStates)) {
        await open.send(...messages);
        assert.deepEqual(await seriousFindings(open, theme !== 'dark-modern'), [], name);
        assert.ok(await open.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${name} scrolls sideways`);
        if (pictured.includes(name)) await open.page.screenshot({ path: path.join(folder, `sidebar-${name}-${theme}.png`), fullPage: true });
      }
      assert.deepEqual(await open.violations(), []);
      await open.close();
    });
  }

  it('fits a very narrow side bar', async () => {
    const open = await openPage({ isSidebar: true, width: 170 });
    for (const name of ['normal', 'ruled', 'ahead', 'questions', 'down', 'only-model-used-up', 'window-used-up']) {
      await open.send(...sampleStates[name] ?? []);
      assert.ok(await open.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), name);
    }
    await open.close();
  });

  it('gives the amount its own line where the side bar is very narrow, before a name breaks inside of a word', async () => {
    const open = await openPage({ isSidebar: true, width: 170 });
    for (const name of ['normal', 'ruled', 'ahead']) {
      await open.send(...sampleStates[name] ?? []);
      const broken = await open.page.locator('.limit .line .piece').evaluateAll((pieces) => pieces.flatMap((piece) => {
        const node = piece.firstChild?.nextSibling ?? piece.firstChild;
        const words = [...(node?.textContent ?? '').matchAll(/[^\s\u00a0-]+/g)];
        return words.flatMap((word) => {
          const range = document.createRange();
          range.setStart(node!, word.index);
          range.setEnd(node!, word.index + word[0].length);
          return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1 ? [word[0]] : [];
        });
      }));
      assert.deepEqual(broken, [], name);
      const starts = await open.page.locator('.limit .line:not(.foot) .grow').evaluateAll((cells) => cells.map((cell) => (cell as HTMLElement).innerText.split('\n').filter((line) => line.trim() === '·')));
      assert.deepEqual(starts.flat(), [], `${name}: a dot alone`);
      await open.page.screenshot({ path: path.join(folder, `sidebar-narrow-${name}.png`), fullPage: true });
    }
    await open.close();
  });

  it('says of each shown limit when it is used up at its pace, while that is known', async () => {
    const open = await openPage({ isSidebar: true });
    await open.send(...sampleStates['ahead'] ?? []);
    const told = await open.page.locator('.limit').evaluateAll((limits) => limits.map((limit) => limit.querySelector('[data-test=side-limit-ahead]')?.textContent ?? ''));
    assert.ok(told.some((text) => text.startsWith('at its pace until about ')), JSON.stringify(told));
    const [message] = sampleStates['ahead'] ?? [];
    assert.ok(message?.type === 'state');
    await open.send({ ...message, link: { state: 'down' } });
    assert.equal(await open.page.locator('[data-test=side-limit-ahead]').count(), 0);
    await open.close();
  });

  it('shows long names whole at 300 px, so that no two of them become the same', async () => {
    const open = await openPage({ isSidebar: true, width: 300 });
    const names = ['north', 'south'].map((part) => `acme-customer-platform-checkout-${part}-production-frontend`);
    const models = ['preview', 'canary'].map((part) => `gpt-6.1-sol-long-context-enterprise-${part}-2026-11-17`);
    const full = sampleSnapshot();
    const [run, usage, window] = [full.running[0]!, full.today.byWorkspace[0]!, full.windows.find(({ windowMinutes }) => windowMinutes === 1440)!];
    await open.send(stateMessage({
      ...full, budgets: [], running: names.map((workspaceLabel) => ({ ...run, requestId: workspaceLabel, workspaceLabel })), windows: models.map((model) => ({ ...window, id: model, model })),
      today: { ...full.today, byWorkspace: names.map((label) => ({ ...usage, key: label, label })) },
    }));
    for (const [part, wanted] of [['side-limits', models], ['side-runs', names], ['side-today', names]] as const) {
      const told = await open.page.locator(`[data-test=${part}] .grow`).evaluateAll((cells) => cells.map((cell) => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        const [text, box] = [range.getBoundingClientRect(), cell.getBoundingClientRect()];
        return { text: cell.textContent, isWhole: text.right <= box.right + 1 && text.bottom <= box.bottom + 1 };
      }));
      for (const name of wanted) assert.ok(told.some(({ text, isWhole }) => isWhole && text?.includes(name)), `${part}: ${name} in ${JSON.stringify(told)}`);
    }
    assert.ok(await open.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
    assert.deepEqual(await seriousFindings(open, false), []);
    await open.page.screenshot({ path: path.join(folder, 'sidebar-long-names.png'), fullPage: true });
    await open.close();
  });

  it('flips its numbers, words and bars with the setting', async () => {
    const open = await openPage({ isSidebar: true });
    const text = async () => [await open.page.locator('.big').innerText(), await open.page.locator('.limit .line').first().innerText(), await open.page.locator('usage-gauge').first().getAttribute('aria-valuenow')];
    await open.send(stateMessage(sampleSnapshot()));
    const left = await text();
    await open.send(stateMessage(sampleSnapshot(), { show: 'used' }));
    const used = await text();
    assert.match(left.slice(0, 2).join(' '), /credits left.* left/s);
    assert.match(used.slice(0, 2).join(' '), /credits used.* used/s);
    assert.ok(Math.abs(Number(left[2]) + Number(used[2]) - 100) <= 1);
    await open.close();
  });

  it('agrees with the meter when a limit blocks: why, until when, and that nothing is drawn', async () => {
    const open = await openPage({ isSidebar: true });
    await open.send(...sampleStates['only-model-used-up'] ?? []);
    assert.match(await open.page.locator('[data-test=side-blocked]').innerText(), /Blocked by the limit of requests per day of gpt-5\.6-terra until/);
    assert.equal(await open.page.locator('[data-test=side-next]').innerText(), 'Next: Nothing · limit used up');
    await open.send(...sampleStates['model-used-up'] ?? []);
    assert.equal(await open.page.locator('[data-test=side-blocked]').count(), 0, 'other models go on');
    await open.close();
  });

  it('asks for what its buttons say, once', async () => {
    const open = await openPage({ isSidebar: true });
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
    await open.close();
  });

  it('ends and reorders what waits, each by itself, as the dashboard does, and gives the focus back', async () => {
    const open = await openPage({ isSidebar: true, width: 200 });
    const { page } = open;
    await open.send(...sampleStates['normal'] ?? []);
    const [turns, lines] = [page.locator('[data-test=turn]'), page.locator('[data-test=side-runs] li')];
    // In the order in which they start, each with its own reason.
    assert.deepEqual(await turns.evaluateAll((all) => all.map((one) => [one.getAttribute('aria-label'), (one as HTMLSelectElement).value])), [['Turn of the request of mobile-app', 'agent'], ['Turn of the request of docs-site', 'batch']]);
    const told = (await lines.allInnerTexts()).join('|');
    assert.match(told, /mobile-app · Waiting, 1st\s+Needs about 210 k tokens;.*Starts in about 18 s\.[^]*docs-site · Waiting, 2nd\s+Batch goes after agent work\. Starts in about 25 s\./);
    await turns.first().focus();
    await page.keyboard.press('ArrowUp');
    assert.ok(await turns.first().isDisabled() && await turns.first().inputValue() === 'interactive');
    const asked = async () => (await open.posted()).filter((message) => message.type === 'change' || message.type === 'cancel');
    const [first] = await asked();
    assert.deepEqual(first, { type: 'change', id: first?.id, change: { kind: 'priority', requestId: 'req_7f3b2201', priority: 'interactive' } });
    await open.send({ type: 'changeResult', id: first.id });
    assert.equal(await page.locator('main > [role=status]').innerText(), 'It goes first.');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Turn of the request of mobile-app');
    await turns.nth(1).selectOption('agent');
    await open.send({ type: 'changeResult', id: (await asked())[1]!.id, problem: problem('request_not_found', 'The request does not wait in line any more. Nothing was changed.') });
    assert.match((await lines.allInnerTexts()).join('|'), /docs-site[^|]*does not wait in line any more/);
    assert.equal(await turns.nth(1).inputValue(), 'batch');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
    assert.deepEqual(await seriousFindings(open, false), []);
    await page.screenshot({ path: path.join(folder, 'sidebar-turns-200.png'), fullPage: true });
    const cancel = page.getByRole('button', { name: 'Cancel the request of docs-site' });
    await cancel.focus();
    await page.keyboard.press('Enter');
    assert.ok(await cancel.isDisabled());
    const last = (await asked())[2];
    assert.deepEqual(last, { type: 'cancel', id: last?.id, requestId: 'req_7f3b2207' });
    const full = sampleSnapshot({ sequence: 99 });
    await open.send({ type: 'cancelResult', id: last.id, cancelled: true }, stateMessage({ ...full, waiting: full.waiting.filter(({ requestId }) => requestId !== 'req_7f3b2207') }));
    assert.deepEqual([await turns.count(), await page.evaluate(() => document.activeElement?.id)], [1, 'side-runs'], 'its line is gone');
    const [waits] = full.waiting;
    const { priority: _none, place: _nowhere, ...parked } = { ...waits!, state: 'parked' as const };
    await open.send(stateMessage({ ...full, sequence: 100, waiting: [parked, ...[1, 2, 3, 4].map((place) => ({ ...waits!, requestId: `w${place}`, place }))] }));
    assert.deepEqual([await turns.count(), (await lines.allInnerTexts()).at(-1)?.trim()], [3, '2 more wait']);
    await open.send(stateMessage({ ...full, sequence: 101, waiting: [parked] }));
    assert.equal(await turns.count(), 0, 'what is parked stands in no line');
    assert.deepEqual(await open.violations(), []);
    await open.close();
  });
});

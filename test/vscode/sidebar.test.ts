// The side bar in a real VS Code: its welcome without a key, its numbers in practice mode, one setting that flips the
// status bar, the card, the side bar and the dashboard together, the item's own settings, and the walkthrough.
import assert from 'node:assert/strict';
import path from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { meterItem, picturesFolder, startEditorSession, type EditorSession, type SessionWindow } from '../support/vscode/editorSession.ts';

describe('side bar in a real VS Code', function () {
  this.timeout(120_000);
  this.bail(true);
  let session: EditorSession;
  let window: SessionWindow;
  let side: FrameLocator;
  const set = (name: string, value: unknown) => window.host.run(({ vscode }, [key, to]) => vscode.workspace.getConfiguration('codexBroker').update(key, to, vscode.ConfigurationTarget.Global), [name, value] as [string, unknown]);
  const command = (id: string) => window.host.run(({ vscode }, name) => { void vscode.commands.executeCommand(name); }, id);
  const item = () => window.bench.statusItem(meterItem);
  /** The walkthrough's steps, and those of them that are ticked. */
  const stepsOf = ({ bench }: SessionWindow) => bench.page.locator('.getting-started-step');
  const ticked = (of = window) => stepsOf(of).filter({ has: of.bench.page.locator('[role=checkbox][aria-checked=true]') }).evaluateAll((steps) => steps.map((step) => step.getAttribute('data-step-id')?.split('.').at(-1)));
  /** Of one of them at least so much is over that it has a pace, whatever day and hour it is. */
  const days = [['day', 'Etc/GMT+6'], ['other-day', 'Etc/GMT-6']] as const;
  /** Nothing that was set concerns the broker, so no window asks for its restart. */
  const staysQuiet = async () => assert.equal(await window.bench.notification('from its next start on').isVisible(), false);

  before(async () => { session = await startEditorSession(); });
  after(async () => { await session?.stop(); });

  it('welcomes who has no key, with a way in and a way to look around', async () => {
    window = await session.open('website');
    await window.bench.waitForStatus(meterItem, /^Add key$/);
    await command('workbench.view.extension.codexBroker');
    const welcome = window.bench.page.locator('.welcome-view-content');
    await welcome.waitFor();
    assert.match(await welcome.innerText(), /Store an OpenAI API key[\s\S]*Store an API Key…[\s\S]*Use My ChatGPT Login…[\s\S]*Start Practice Mode/);
    await session.pictures(window, 'sidebar-no-key');
  });

  it('opens the walkthrough with its six steps, none of which is done yet', async () => {
    // In a window of its own: a window hears of steps from its first look at the walkthrough on, and most people do not begin with one.
    const other = await session.open('other');
    await other.bench.waitForStatus(meterItem, /^Add key$/);
    await other.bench.runCommand('Codex Broker: Get Started');
    await stepsOf(other).filter({ hasText: 'Look around without an account' }).first().waitFor();
    assert.deepEqual([await stepsOf(other).count(), await ticked(other)], [6, []]);
    await other.bench.page.close();
    await window.bench.page.bringToFront();
  });

  it('starts practice mode with one click, and shows the numbers in its place', async () => {
    await window.bench.page.locator('.welcome-view-content').getByRole('button', { name: 'Start Practice Mode' }).click();
    await window.bench.waitForLabel(meterItem, /^Practice mode.*1,000(\.00)? credits left/);
    await window.bench.picture(path.join(picturesFolder, 'sidebar-practice-dark.png'));
    side = await window.bench.webview('[data-test="side-balance"]');
    await window.bench.waitFor('the balance in the side bar', () => side.locator('[data-test="side-balance"]').innerText(), (text) => text === '1,000.00');
    assert.equal(await window.bench.page.locator('.welcome-view-content').isVisible(), false);
    assert.match(await side.locator('main').innerText(), /No Codex request has come through yet/);
  });

  it('moves with a request, as every surface does', async () => {
    const { baseUrl, token } = JSON.parse(await session.broker(['token', '--workspace', window.folder, '--json'], path.join(session.dataDir, 'practice'))) as { baseUrl: string; token: string };
    const response = await fetch(`${baseUrl}/responses`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ model: 'gpt-5.5', input: 'hi '.repeat(2000), max_output_tokens: 200 }) });
    assert.equal(response.status, 200);
    await response.text();
    await side.locator('[data-test="side-limits"]').waitFor();
    await window.bench.waitFor('less in the side bar', () => side.locator('[data-test="side-balance"]').innerText(), (text) => text.startsWith('999.'));
    assert.match(await side.locator('[data-test="side-today"]').innerText(), /website/);
  });

  it('flips all surfaces with one setting, without a reload', async () => {
    await window.bench.runCommand('Codex Broker: Open Dashboard');
    const page = await window.bench.webview('[data-test="balance"]');
    await set('meter.show', 'used');
    await window.bench.waitForStatus(meterItem, /used$/);
    await window.bench.waitFor('used in the side bar', () => side.locator('.big').innerText(), (text) => /credits used/.test(text));
    await window.bench.waitFor('used on the dashboard', () => page.locator('[data-test="facts"]').innerText(), (text) => /credits used/i.test(text));
    assert.match(await window.bench.statusCard(meterItem), /credits used[\s\S]*Used/);
    await session.pictures(window, 'sidebar-used');
    await set('meter.show', undefined);
    await window.bench.waitForStatus(meterItem, /left$/);
    assert.match(await window.bench.statusCard(meterItem), /credits left/);
    await window.bench.picture(path.join(picturesFolder, 'card-practice-dark.png'));
    await window.bench.page.mouse.move(640, 300);
    await staysQuiet();
  });

  it('lets the item be drawn, moved, shortened and hidden', async () => {
    await set('statusBar.style', 'bar');
    await window.bench.waitForStatus(meterItem, /▰▰▰▰▱ 999\.\d\d left$/);
    await window.bench.picture(path.join(picturesFolder, 'status-bar-style-dark.png'));
    await set('statusBar.style', undefined);
    await set('statusBar.compact', true);
    await window.bench.waitForStatus(meterItem, /^$/);
    assert.match(await window.bench.statusLabel(meterItem), /credits left$/);
    await set('statusBar.alignment', 'left');
    const moved = window.bench.page.locator(`.statusbar .left-items [id^="${meterItem}"]`);
    await moved.waitFor();
    await set('statusBar.visible', false);
    await moved.waitFor({ state: 'detached' });
    await item().waitFor({ state: 'detached' });
    for (const name of ['visible', 'alignment', 'compact']) await set(`statusBar.${name}`, undefined);
    await window.bench.waitForStatus(meterItem, /left$/);
    await staysQuiet();
  });

  it('tells at once what was chosen, says where it is not there, and lets a low budget go first with its own icon', async () => {
    const broker = (...args: readonly string[]) => session.broker([...args], path.join(session.dataDir, 'practice'));
    await set('meter.content', 'pace');
    await window.bench.waitFor('a card that says what is missing', () => window.bench.statusCard(meterItem), (card) => /is set to the pace, but no limit has one now/.test(card));
    assert.match(await window.bench.statusText(meterItem), /^999\.\d\d left$/);
    for (const [name, zone] of days) await broker('budget', 'set', name, '2000', '--per', 'everything', '--period', 'day', '--time-zone', zone);
    await window.bench.waitForStatus(meterItem, /^((> 99|\d+) % spare|on pace)$/);
    assert.match(await window.bench.statusCard(meterItem), /(spare|on pace) · (> 99|\d+) % left of the budget of 2,000\.00 credits per day\s+999\.\d\d credits left/);
    for (const [content, text] of [['reset', /^resets in \d+ [smhd]$/], ['share', /^(> 99|\d+) % left$/], ['credits', /^999\.\d\d left$/]] as const) {
      await set('meter.content', content);
      await window.bench.waitForStatus(meterItem, text);
      if (content === 'reset') {
        await window.bench.statusCard(meterItem);
        await window.bench.picture(path.join(picturesFolder, 'meter-reset-dark.png'));
      }
    }
    const used = 1000 - Number(await side.locator('[data-test="side-balance"]').innerText());
    await broker('budget', 'set', 'day', (used * 1.2).toFixed(2), '--per', 'everything', '--period', 'day');
    await window.bench.waitForStatus(meterItem, /^\d+ % left$/);
    assert.equal(await item().locator('.codicon-warning').count(), 1, 'low has its icon in practice mode too');
    assert.match(await window.bench.statusLabel(meterItem), /^Practice mode, simulated requests\. Low: /);
    assert.match(await window.bench.statusCard(meterItem), /Practice mode[^\n]*\s+\d+ % left of the budget of [^\n]*\s+999\.\d\d credits left/);
    await session.pictures(window, 'meter-budget-low');
    for (const [name] of days) await broker('budget', 'remove', name);
    await set('meter.content', undefined);
    await window.bench.waitForStatus(meterItem, /^999\.\d\d left$/);
    await window.bench.page.mouse.move(640, 300);
    await staysQuiet();
  });

  it('draws each style of the meter while it is selected, keeps none on Escape and the chosen one on Enter', async () => {
    const stored = () => window.host.run(({ vscode }) => ['statusBar.style', 'statusBar.compact', 'statusBar.visible', 'meter.show'].map((name) => vscode.workspace.getConfiguration('codexBroker').inspect(name)?.globalValue ?? null));
    const list = window.bench.page.locator('.quick-input-widget .quick-input-list .monaco-list-row');
    const press = (key: string) => window.bench.page.keyboard.press(key);
    // A page in an editor takes the focus back after a list has closed, a little later, and with it from the next list.
    await command('workbench.action.closeAllEditors');
    await window.bench.tab('Codex Usage').waitFor({ state: 'detached' });
    await window.bench.runCommand('Codex Broker: Choose Meter Style');
    await list.filter({ hasText: 'as it is now' }).first().waitFor();
    await press('ArrowDown');
    await press('ArrowDown');
    await window.bench.waitForStatus(meterItem, /^▰▰▰▰▱ 999\.\d\d left$/);
    assert.deepEqual(await stored(), [null, null, null, null], 'nothing is stored while it is only shown');
    await window.bench.picture(path.join(picturesFolder, 'meter-styles-dark.png'));
    await staysQuiet();
    await press('Escape');
    await list.first().waitFor({ state: 'hidden' });
    await window.bench.waitForStatus(meterItem, /^999\.\d\d left$/);
    await window.bench.runCommand('Codex Broker: Choose Meter Style');
    await list.filter({ hasText: 'what was used' }).first().waitFor();
    await window.bench.answer('A bar and text: what was used');
    const chosen = await window.bench.waitFor('the stored choice', stored, ([style]) => style !== null);
    assert.deepEqual(chosen.slice(0, 3), ['bar', null, null]);
    await window.bench.waitFor('all of the choice', stored, ([, , , show]) => show === 'used');
    await window.bench.waitForStatus(meterItem, /^▰?▱{4,5} .* used$/);
    for (const name of ['statusBar.style', 'meter.show']) await set(name, undefined);
    await window.bench.waitForStatus(meterItem, /^999\.\d\d left$/);
  });

  it('draws what its text may be about in the same way', async () => {
    const broker = (...args: readonly string[]) => session.broker([...args], path.join(session.dataDir, 'practice'));
    const stored = () => window.host.run(({ vscode }) => vscode.workspace.getConfiguration('codexBroker').inspect('meter.content')?.globalValue ?? null);
    for (const [name, zone] of days) await broker('budget', 'set', name, '2000', '--per', 'everything', '--period', 'day', '--time-zone', zone);
    await window.bench.waitFor('the budget in the side bar', () => side.locator('[data-test="side-limits"]').innerText(), (text) => text.includes('2,000.00'));
    await window.bench.runCommand('Codex Broker: Choose Meter Style');
    await window.bench.page.locator('.quick-input-widget .quick-input-list .monaco-list-row').filter({ hasText: 'as it is now' }).first().waitFor();
    await window.bench.page.keyboard.type('About');
    const focused = window.bench.page.locator('.quick-input-widget .quick-input-list .monaco-list-row.focused');
    for (const [name, text] of [['what is tightest', /^999\.\d\d left$/], ['the balance', /^999\.\d\d left$/], ['the share', /^(> 99|\d+) % left$/], ['the pace', /^((> 99|\d+) % spare|on pace)$/]] as const) {
      // A list that is still being narrowed would take the key for another row.
      await focused.filter({ hasText: `About ${name}` }).waitFor();
      await window.bench.waitForStatus(meterItem, text);
      if (name !== 'the pace') await window.bench.page.keyboard.press('ArrowDown');
    }
    assert.equal(await stored(), null, 'nothing is stored while it is only shown');
    await window.bench.picture(path.join(picturesFolder, 'meter-about-dark.png'));
    await window.bench.page.keyboard.press('Enter');
    await window.bench.waitFor('the stored choice', stored, (content) => content === 'pace');
    await window.bench.waitForStatus(meterItem, /^((> 99|\d+) % spare|on pace)$/);
    await set('meter.content', undefined);
    for (const [name] of days) await broker('budget', 'remove', name);
    await window.bench.waitForStatus(meterItem, /^999\.\d\d left$/);
  });

  it('has ticked what was done before, whoever opens the walkthrough, and nothing else', async () => {
    // As VS Code's own welcome page opens it.
    await window.host.run(({ vscode }) => { void vscode.commands.executeCommand('workbench.action.openWalkthrough', 'codex-usage-broker.codex-usage-broker#codexBroker.start', false); });
    await window.bench.waitFor('what was done', () => ticked(), (steps) => steps.length >= 3);
    assert.deepEqual(await ticked(), ['practice', 'ask', 'meter'], 'practice mode is no key, and its first credits are no top-up');
    await window.bench.picture(path.join(picturesFolder, 'walkthrough-dark.png'));
    await command('workbench.action.closeAllEditors');
    await stepsOf(window).first().waitFor({ state: 'detached' });
    await window.bench.runCommand('Codex Broker: Get Started');
    await window.bench.waitFor('the same', () => ticked(), (steps) => steps.join() === 'practice,ask,meter');
  });

  it('ticks a step while the walkthrough is open, as soon as it is done', async () => {
    await session.broker(['credits', 'add', '10'], path.join(session.dataDir, 'practice'));
    await window.bench.waitFor('the top-up', () => ticked(), (steps) => steps.join() === 'practice,ask,meter,topUp');
    await session.broker(['budget', 'set', 'week', '500', '--per', 'everything', '--period', 'week'], path.join(session.dataDir, 'practice'));
    await window.bench.waitFor('the budget', () => ticked(), (steps) => steps.join() === 'practice,ask,meter,budget,topUp');
  });

  it('asked nothing of the network and threw nothing', () => {
    assert.deepEqual(session.browser.refused, []);
    assert.deepEqual(session.server.hostErrors().filter((line) => /codex-usage-broker/i.test(line)), []);
  });
});

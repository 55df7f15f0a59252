// Every state of the status bar that a person with a key of their own can reach, in a real VS Code with
// the packaged extension: no key, not tracked, ok, low, critical, in line, no credits, asked, refused, over
// budget, broker down and back. The upstream is the sandbox, so the figures are exact and nothing is billed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { meterItem, picturesFolder, startEditorSession, type EditorSession, type SessionWindow } from '../support/vscode/editorSession.ts';
import { startProgram, type ReadyProgram } from '../support/vscode/liveBroker.ts';

/** Small enough to be used up in a moment, large enough that nobody waits for long. */
const requestsPerMinute = 20;

describe('live mode in a real VS Code', function () {
  this.timeout(300_000);
  this.bail(true);
  let session: EditorSession;
  let sandbox: ReadyProgram;
  let broker: ReadyProgram;
  let window: SessionWindow;
  let second: SessionWindow;
  /** What the command line said about a workspace, while one broker runs. */
  const addresses = new Map<string, Promise<string>>();

  const addCredits = (...args: string[]) => session.broker(['credits', 'add', ...args]);
  const balance = async () => (JSON.parse(await session.broker(['credits', 'list', '--json'])) as { balanceMicroCredits: number }).balanceMicroCredits;
  const picture = (name: string) => window.bench.picture(path.join(picturesFolder, `status-${name}-dark.png`));

  /** Sends one request as a window's workspace, the first's unless another is named; the answer's status is given. */
  async function ask(input: string, folder = window.folder): Promise<number> {
    // Starting the command line for each would space the requests out.
    const address = addresses.get(folder) ?? session.broker(['token', '--workspace', folder, '--json']);
    addresses.set(folder, address);
    const { baseUrl, token } = JSON.parse(await address) as { baseUrl: string; token: string };
    const response = await fetch(`${baseUrl}/responses`, {
      method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-5.4-mini', input, max_output_tokens: 200 }),
    });
    await response.text();
    return response.status;
  }

  async function newestRequest(): Promise<string> {
    return (JSON.parse(await session.broker(['status', '--json'])) as { recent: { requestId: string }[] }).recent[0]?.requestId ?? '';
  }

  before(async () => {
    sandbox = await startProgram('sandbox.mjs', ['--rpm', String(requestsPerMinute), '--delay-ms', '0']);
    session = await startEditorSession();
    broker = await startProgram('broker.mjs', ['serve', '--data', session.dataDir, '--upstream', sandbox.url, '--no-keychain']);
  });
  after(async () => {
    await session?.stop();
    await broker?.stop();
    await sandbox?.stop();
  });

  it('uses the broker that a person started, and asks for the key', async () => {
    window = await session.open('website');
    await window.bench.waitForStatus(meterItem, /^Add key$/);
    assert.match(await session.broker(['status']), new RegExp(broker.url));
    await picture('no-key');
  });

  it('takes the key, and shows what was used today while no balance is tracked', async () => {
    await window.bench.runCommand('Codex Broker: Set API Key');
    await window.bench.answer('sk-sandbox-key-of-this-test-0001');
    await window.bench.waitForStatus(meterItem, /today$/);
    assert.match(await window.bench.statusLabel(meterItem), /balance not tracked/);
    await picture('untracked');
  });

  it('asks before a command spends what nothing caps, and spends nothing when told no', async () => {
    fs.writeFileSync(path.join(window.folder, 'a.txt'), 'some text\n');
    await window.host.run(async ({ vscode }, name) => {
      const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(name));
      editor.selection = new vscode.Selection(0, 0, 0, 9);
    }, path.join(window.folder, 'a.txt'));
    await window.bench.runCommand('Codex Broker: Ask Codex About Selection');
    await window.bench.dialog().waitFor();
    assert.match(await window.bench.dialog().innerText(), /nothing caps it/);
    await picture('uncapped-question');
    await window.bench.pressInDialog(/Cancel/);
    assert.equal((JSON.parse(await session.broker(['usage', '--json'])) as { total: { requests: number } }).total.requests, 0);
  });

  it('says that no credits are left once the only grant has expired', async () => {
    // It must be seen before it expires, so that a slow machine gets more time for that.
    let isSeen = false;
    for (let leadMs = 4_000; !isSeen && leadMs < 60_000; leadMs *= 2) {
      const expiresAtMs = Date.now() + leadMs;
      const isAdded = await addCredits('1', '--kind', 'promotional', '--expires', new Date(expiresAtMs).toISOString()).then(() => true, () => false);
      while (isAdded && !isSeen && Date.now() < expiresAtMs) {
        isSeen = /^1\.00 left$/.test(await window.bench.statusText(meterItem));
        await window.bench.page.waitForTimeout(50);
      }
    }
    assert.equal(isSeen, true, 'the grant was never shown');
    await window.bench.waitForStatus(meterItem, /^No credits$/);
    await picture('blocked');
  });

  it('tops up with a confirmation, and every window shows it at once', async () => {
    second = await session.open('firmware');
    await second.bench.waitForStatus(meterItem, /^No credits$/);
    await window.bench.page.bringToFront();
    await window.bench.runCommand('Codex Broker: Top Up Credits');
    const page = await window.bench.webview('[data-test="topup-amount"]');
    await page.locator('[data-test="topup-amount"]').fill('0.04');
    await page.locator('[data-test="topup-submit"]').click();
    await window.bench.dialog().waitFor();
    assert.match(await window.bench.dialog().innerText(), /Add 1\.00 credits \(\$0\.04\)\?/);
    assert.equal(await balance(), 0, 'nothing is added before the answer');
    await window.bench.pressInDialog('Add Credits');
    await window.bench.waitForStatus(meterItem, /^1\.00 left$/);
    assert.equal(await balance(), 1_000_000);
    await picture('ok');
  });

  it('asks in the window whose request needs purchased credits, and lets it through with the answer', async () => {
    await second.bench.waitForStatus(meterItem, /^1\.00 left$/);
    await second.bench.page.bringToFront();
    const answer = ask('hi', second.folder);
    await second.bench.waitForStatus(meterItem, /^Asks you$/);
    assert.match(await window.bench.statusText(meterItem), /left$/, 'the other window is not asked');
    const message = second.bench.notification(/only purchased ones are left\. May it use them\?/);
    // It slides in; a trial waits until it stands still.
    await message.getByRole('button', { name: 'More…' }).click({ trial: true });
    await second.bench.picture(path.join(picturesFolder, 'status-asks-dark.png'));
    assert.match(await second.bench.statusCard(meterItem), /A request waits for your answer · Answer/);
    await second.bench.picture(path.join(picturesFolder, 'card-asks-dark.png'));
    // The card lies over the message as long as the mouse is on the meter.
    await second.bench.page.mouse.move(640, 300);
    // After some ten seconds VS Code puts a message away, into the list of all messages.
    await second.bench.waitFor('the message', async () => {
      if (!await message.isVisible()) await second.host.run(async ({ vscode }) => { await vscode.commands.executeCommand('notifications.showList'); });
      return message.isVisible();
    }, (isVisible) => isVisible);
    await message.getByRole('button', { name: 'More…' }).click();
    const choices = second.bench.page.locator('.quick-input-widget .monaco-list-row');
    await choices.first().waitFor();
    await second.bench.picture(path.join(picturesFolder, 'answers-dark.png'));
    assert.match((await choices.allInnerTexts()).join(' '), /Once[\s\S]*This Workspace[\s\S]*until you take it back[\s\S]*Always[\s\S]*Never/);
    await choices.filter({ hasText: 'This Workspace' }).first().click();
    assert.equal(await answer, 200);
    await second.bench.waitForStatus(meterItem, /left$/);
    assert.match(await session.broker(['explain', await newestRequest()]), /A person was asked whether it may use purchased credits, and answered "workspace"/);
  });

  it('says in a window that its workspace was refused, and allows it there on a yes', async () => {
    await session.broker(['credits', 'deny', '--for', second.folder]);
    await second.bench.waitForStatus(meterItem, /^Not allowed$/);
    await second.bench.picture(path.join(picturesFolder, 'status-not-allowed-dark.png'));
    assert.equal(await ask('hi', second.folder), 402, 'it is refused without a question');
    await second.bench.page.bringToFront();
    assert.match(await second.bench.statusCard(meterItem), /Allow purchased credits…\s+Dashboard\s+Add credits/, 'the card begins its links with the cure');
    await second.bench.picture(path.join(picturesFolder, 'card-not-allowed-dark.png'));
    await second.bench.clickInCard(meterItem, 'Allow purchased credits…');
    await second.bench.dialog().waitFor();
    assert.match(await second.bench.dialog().innerText(), /May this workspace use purchased credits\?/);
    await second.bench.picture(path.join(picturesFolder, 'allow-purchased-dark.png'));
    await second.bench.pressInDialog(/Cancel/);
    assert.equal(await ask('hi', second.folder), 402, 'nothing is allowed without a yes');
    await second.bench.runCommand('Codex Broker: Run Codex Task');
    await second.bench.dialog().waitFor();
    assert.match(await second.bench.dialog().innerText(), /may not use purchased credits/);
    await second.bench.pressInDialog('Allow This Workspace');
    await second.bench.waitForStatus(meterItem, /left$/);
    await second.bench.page.keyboard.press('Escape');
  });

  it('says that a budget is used up, and leads to where it is raised', async () => {
    await session.broker(['budget', 'set', 'tiny', '0.000001', '--per', 'workspace', '--of', second.folder, '--period', 'week']);
    await second.bench.waitForStatus(meterItem, /^til /);
    assert.match(await second.bench.statusLabel(meterItem), /^Blocked: the budget of .* is used up until /);
    await second.bench.picture(path.join(picturesFolder, 'status-budget-dark.png'));
    await second.bench.statusItem(meterItem).locator('a').first().click();
    let page = await second.bench.webview('[data-test="budgets"]');
    assert.equal(await page.locator('[data-test="budget-limit"]').count(), 0, 'the item shows all budgets');
    assert.match(await second.bench.statusCard(meterItem), /Raise the budget…\s+Dashboard/);
    await second.bench.picture(path.join(picturesFolder, 'card-budget-dark.png'));
    await second.bench.clickInCard(meterItem, 'Raise the budget…');
    page = await second.bench.webview('[data-test="budget-limit"]');
    assert.match(await page.locator('[data-test="budget-limit"]').inputValue(), /0[.]000001/, 'the card opens the form of the one that is used up');
    await second.bench.picture(path.join(picturesFolder, 'card-budget-form-dark.png'));
    await page.locator('[data-test="budget-change"]').first().click();
    await page.locator('[data-test="budget-limit"]').fill('50');
    await page.locator('[data-test="budget-submit"]').click();
    await second.bench.waitForStatus(meterItem, /left$/);
    assert.match(await session.broker(['budget', 'list']), /50\.00 credits/);
    await second.bench.picture(path.join(picturesFolder, 'budget-raised-dark.png'));
    await session.broker(['budget', 'remove', 'tiny']);
    await window.bench.page.bringToFront();
  });

  it('shows low and then critical as credits are used, with the exact balance', async () => {
    // Each request uses a third of what is too much, so that its reservation, which is made for more tokens, still fits.
    const microCreditsPerToken = 0.75 * 25; // gpt-5.4-mini: US$0.75 a million input tokens
    const spendTo = async (wanted: number) => {
      for (let left = await balance(); left > wanted; left = await balance()) {
        const tokens = Math.ceil((left - wanted * 0.6) * 0.35 / microCreditsPerToken);
        // Each begins differently, or the upstream would charge most of it as cached.
        assert.equal(await ask(`${left} `.repeat(Math.ceil(tokens * 4 / (String(left).length + 1)))), 200);
      }
      return balance();
    };
    const low = await spendTo(249_999);
    assert.ok(low > 100_000, `${low} microcredits are left`);
    await window.bench.waitForLabel(meterItem, /^Low:/);
    await picture('low');
    assert.ok(await spendTo(99_999) > 0);
    await window.bench.waitForLabel(meterItem, /^Critical:/);
    await second.bench.waitForLabel(meterItem, /^Critical:/);
    await picture('critical');
  });

  it('shows the place in line while the upstream allows no more', async () => {
    await addCredits('100', '--kind', 'promotional');
    await window.bench.waitForStatus(meterItem, /^100\.\d\d left$/);
    const answers = Promise.all(Array.from({ length: requestsPerMinute + 3 }, () => ask('hi')));
    await window.bench.waitForStatus(meterItem, /in line$|^1st · \d+ s$/);
    await picture('waiting');
    // Waiting in line is what keeps every one of them from being refused.
    assert.deepEqual(new Set(await answers), new Set([200]));
    await window.bench.waitForStatus(meterItem, /left$/);
  });

  it('lets a waiting request go last and ends one from the side bar', async () => {
    await window.host.run(({ vscode }) => { void vscode.commands.executeCommand('workbench.view.extension.codexBroker'); });
    const side = await window.bench.webview('[data-test="side-balance"]');
    // What the minute allowed is used up by those before.
    const answers = Promise.all(Array.from({ length: requestsPerMinute / 2 }, () => ask('hi')));
    const [turn, said] = [side.locator('[data-test="turn"]').last(), side.locator('main > [role=status]')];
    await side.locator('[data-test="turn"]').nth(1).waitFor();
    await turn.selectOption('batch');
    await window.bench.waitFor('another turn', () => said.innerText(), (text) => text === 'It goes last.');
    await picture('waiting-sidebar');
    await side.getByRole('button', { name: /^Cancel the request of / }).last().click();
    await window.bench.waitFor('its end', () => said.innerText(), (text) => text === 'Cancelled.');
    const statuses = await answers;
    assert.equal(statuses.filter((status) => status !== 200).length, 1, statuses.join(' '));
  });

  it('says that the broker is down when it cannot be started again, and recovers when it can', async () => {
    const copies = await window.host.run(({ vscode }) => vscode.extensions.getExtension('codex-usage-broker.codex-usage-broker')?.extensionUri.fsPath);
    assert.ok(copies);
    const program = path.join(copies, 'dist/broker.mjs');
    const whole = fs.readFileSync(program);
    fs.writeFileSync(program, 'process.exit(1);\n');
    process.kill(broker.pid, 'SIGKILL');
    await window.bench.waitForStatus(meterItem, /^Broker down$/);
    await second.bench.waitForStatus(meterItem, /^Broker down$/);
    await picture('broker-down');
    fs.writeFileSync(program, whole);
    broker = await startProgram('broker.mjs', ['serve', '--data', session.dataDir, '--upstream', sandbox.url, '--no-keychain']);
    await window.bench.statusItem(meterItem).locator('a').first().click();
    // The window hands its key over again by itself, because the keychain was told to stay out of it.
    await window.bench.waitForStatus(meterItem, /left$/);
    const audit = JSON.parse(await session.broker(['audit', '--full', '--json'])) as { ok: boolean };
    assert.equal(audit.ok, true);
  });

  it('asked nothing of the network and threw nothing', () => {
    assert.deepEqual(session.browser.refused, []);
    assert.deepEqual(session.server.hostErrors().filter((line) => /codex-usage-broker/i.test(line)), []);
  });
});

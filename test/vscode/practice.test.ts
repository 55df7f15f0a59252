// A newcomer's first minutes in a real VS Code, with the packaged extension: practice mode, the
// dashboard clicked in a real browser, two windows, a question, a task by the real Codex CLI, a metered
// terminal, and a broker that is killed. The tests build on one another, as the minutes do.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { film, filmPng } from '../support/vscode/filmStrip.ts';
import { brokerPid, isAlive, meterItem, picturesFolder, startEditorSession, type EditorSession, type SessionWindow } from '../support/vscode/editorSession.ts';

interface Usage { readonly rows: readonly { readonly key: string; readonly label: string; readonly requests: number; readonly costMicroCredits: number }[]; readonly total: { readonly requests: number; readonly costMicroCredits: number } }
interface Credits { readonly balanceMicroCredits: number; readonly heldMicroCredits: number }

describe('practice mode in a real VS Code', function () {
  this.timeout(300_000);
  this.bail(true);
  let session: EditorSession;
  let first: SessionWindow;
  let second: SessionWindow;
  let page: FrameLocator;
  const practiceData = () => path.join(session.dataDir, 'practice');
  const credits = async () => JSON.parse(await session.broker(['credits', 'list', '--json'], practiceData())) as Credits;
  const usage = async (by: string) => JSON.parse(await session.broker(['usage', '--by', by, '--json'], practiceData())) as Usage;
  const show = (to: 'used' | undefined) => first.host.run(({ vscode }, value) => vscode.workspace.getConfiguration('codexBroker').update('meter.show', value ?? undefined, vscode.ConfigurationTarget.Global), to ?? null);
  const test = (name: string) => page.locator(`[data-test="${name}"]`);

  before(async () => { session = await startEditorSession(); });
  after(async () => { await session?.stop(); });

  it('begins without a key and says so in the status bar', async () => {
    first = await session.open('website');
    await first.bench.statusItem(meterItem).waitFor({ timeout: 60_000 });
    await first.bench.waitForStatus(meterItem, /^Add key$/);
    assert.match(await first.bench.statusLabel(meterItem), /no API key/i);
  });

  it('starts practice mode with credits to spend', async () => {
    await first.bench.runCommand('Codex Broker: Start Practice Mode');
    await first.bench.waitForLabel(meterItem, /^Practice mode/);
    await first.bench.waitForLabel(meterItem, /1,000(\.00)? credits left/);
    assert.match(await first.bench.statusCard(meterItem), /1,000\.00 credits left/);
  });

  it('opens the dashboard, which shows the same balance', async () => {
    await first.bench.runCommand('Codex Broker: Open Dashboard');
    page = await first.bench.webview('[data-test="balance"]');
    await first.bench.waitFor('the balance on the page', () => test('balance').first().innerText(), (text) => /1,000\.00/.test(text));
    assert.match(await test('mode').first().innerText(), /practice/i);
  });

  it('tops up in the dashboard, and every window shows it at once', async () => {
    second = await session.open('firmware');
    await second.bench.runCommand('Codex Broker: Start Practice Mode');
    await second.bench.waitForLabel(meterItem, /1,000(\.00)? credits left/);
    await first.bench.page.bringToFront();
    await test('add-credits').first().click();
    await test('topup-preset-10').click();
    await test('topup-submit').click();
    await first.bench.waitFor('the result on the page', () => test('topup-result').innerText(), (text) => /250\.00/.test(text));
    await first.bench.waitForLabel(meterItem, /1,250(\.00)? credits left/);
    await second.bench.waitForLabel(meterItem, /1,250(\.00)? credits left/);
    assert.equal((await credits()).balanceMicroCredits, 1_250_000_000);
    await session.pictures(first, 'topped-up');
  });

  it('asks about a selection, and the answer streams into an editor with its cost', async () => {
    const before = await credits();
    const file = path.join(first.folder, 'greeting.ts');
    fs.writeFileSync(file, 'export const greeting = "hello";\n');
    await first.host.run(async ({ vscode }, name) => {
      const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(name));
      editor.selection = new vscode.Selection(0, 0, 0, 31);
    }, file);
    await first.bench.runCommand('Codex Broker: Ask Codex About Selection');
    await first.bench.answer('What does this do?');
    const text = await first.bench.waitFor('the answer and its cost', () => first.host.run(({ vscode }) => vscode.workspace.textDocuments.find((document) => document.uri.scheme === 'codex-answer' && /What does this do/.test(document.getText()))?.getText() ?? ''), (answer) => /credits/.test(answer.split('---').at(-1) ?? ''));
    assert.match(text, /practice mode/i);
    assert.match(text, /practice credits · request req/);
    assert.equal(await first.bench.notification(/^Answered/).isVisible(), false, 'the answer is in view');
    const lens = first.bench.page.locator('.codelens-decoration a').filter({ hasText: 'Explain' }).first();
    await lens.waitFor();
    assert.equal(await first.host.run(({ vscode }) => vscode.workspace.textDocuments.some((document) => document.isDirty)), false, 'nothing is left to save');
    const spent = before.balanceMicroCredits - (await credits()).balanceMicroCredits;
    assert.ok(spent > 0, 'the question cost something');
    assert.equal((await usage('workspace')).total.costMicroCredits, spent);
    await session.pictures(first, 'answer');
    await lens.click();
    page = await first.bench.webview('[data-test="explain-panel"]');
    const explained = await first.bench.waitFor('the explanation', () => test('explain-panel').innerText(), (told) => /^Why .*credits/m.test(told));
    assert.match(explained, /It came from the command "Ask About the Selection"\.\s+It was about the file greeting\.ts\./);
    await first.bench.picture(path.join(picturesFolder, 'answer-explained-dark.png'));
  });

  it('runs a task with the real Codex CLI, which writes a file and shows its cost', async () => {
    const before = await credits();
    // What is used is small enough for two decimals, so that each request moves a digit that shows.
    await show('used');
    await first.bench.waitForStatus(meterItem, / used$/);
    await first.bench.runCommand('Codex Broker: Run Codex Task');
    await first.bench.answer('Create hello.txt with the text hello from a task');
    const done = first.bench.notification(/Codex task (finished|failed)/);
    const ended = done.waitFor({ timeout: 60_000 });
    const moving = await film(first.bench.page, first.bench.statusItem(meterItem), 420, ended);
    await ended;
    await show(undefined);
    assert.ok(moving.frames.length > 1, 'the meter moves while a task runs');
    fs.writeFileSync(path.join(picturesFolder, 'meter-moving.png'), filmPng(moving));
    const said = await done.innerText();
    assert.match(said, /finished · .*tokens in [23] requests, [\d.,]+ practice credits/);
    assert.equal(fs.readFileSync(path.join(first.folder, 'hello.txt'), 'utf8'), 'hello from a task\n');
    const after = await credits();
    assert.ok(after.balanceMicroCredits < before.balanceMicroCredits);
    assert.equal(after.heldMicroCredits, 0);
    assert.deepEqual((await usage('command')).rows.map((row) => row.key).sort(), ['ask-selection', 'task']);
    await first.bench.picture(path.join(picturesFolder, 'task-dark.png'));
    await done.getByRole('button', { name: 'Open Dashboard' }).click();
  });

  it('lists the requests on the dashboard and explains one', async () => {
    page = await first.bench.webview('[data-test="tab-now"]');
    await test('tab-now').click();
    await test('recent-row').first().waitFor();
    assert.ok(await test('recent-row').count() >= 3);
    // The pictures show the page by itself, as wide as a person would have it.
    await first.host.run(async ({ vscode }) => {
      await vscode.commands.executeCommand('workbench.action.closePanel');
      await vscode.commands.executeCommand('workbench.action.closeSidebar');
      await vscode.commands.executeCommand('workbench.action.joinAllGroups');
    });
    page = await first.bench.webview('[data-test="tab-now"]');
    await session.pictures(first, 'dashboard');
    await test('explain-link').first().click();
    await first.bench.waitFor('the explanation', () => test('explain-panel').first().innerText(), (text) => /^Why .*credits/m.test(text));
    await session.pictures(first, 'explain');
    await first.bench.page.keyboard.press('Escape');
    await test('tab-ledger').click();
    await test('ledger').locator('[data-test=explain-link]').first().waitFor();
    await session.pictures(first, 'ledger');
    await test('tab-history').click();
    await test('groups').first().waitFor();
    await session.pictures(first, 'history');
    await test('tab-credits').click();
    await session.pictures(first, 'credits');
    await test('tab-now').click();
  });

  it('follows links from outside to a page and to a request, and no others', async () => {
    const follow = async (link: string) => {
      // An editor in a browser is reached by a page of its own, which a desktop's link would be without.
      const address = await first.host.run(async ({ vscode }, to) => (await vscode.env.asExternalUri(vscode.Uri.parse(`${vscode.env.uriScheme}://codex-usage-broker.codex-usage-broker${to}`))).toString(true), link);
      const outside = await first.bench.page.context().newPage();
      await outside.goto(address);
      await first.bench.page.bringToFront();
      await outside.close();
    };
    await follow('/budgets');
    page = await first.bench.webview('[data-test="tab-credits"][aria-selected="true"]');
    const requests = JSON.parse(await session.broker(['export', '--set', 'requests', '--format', 'json'], practiceData())) as readonly { readonly request_id: string }[];
    await follow(`/request/${requests[0]?.request_id}`);
    const shown = await first.bench.waitFor('the explanation', () => test('explain-panel').innerText(), (text) => /^Why .*credits/m.test(text));
    assert.ok(shown.includes(String(requests[0]?.request_id)), shown);
    await session.pictures(first, 'request-by-link');
    await follow('/elsewhere');
    await first.bench.notification('does not know where this link leads').waitFor();
  });

  it('looks at everything that the broker depends on, and shows a report without a secret', async () => {
    await first.bench.runCommand('Codex Broker: Diagnose');
    const report = await first.bench.waitFor('the report', () => first.host.run(({ vscode }) => vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'output' && uri.path.includes('Diagnosis'))?.getText() ?? ''), (text) => /failures?, /.test(text));
    // There is no backup yet, and the Codex of the setting is the one that is looked at.
    assert.match(report, /^ok +broker .*\(practice mode\) and has proven itself\.$[\s\S]*^ok +audit [\s\S]*^ok +codex +Codex [\d.]+ at .*node_modules\/\.bin\/codex\.$[\s\S]*^0 failures, 1 warning\.$/m);
    const { token } = JSON.parse(await session.broker(['token', '--workspace', first.folder, '--json'], practiceData())) as { token: string };
    assert.equal(report.includes(token), false);
    await session.pictures(first, 'diagnosis');
    await first.host.run(({ vscode }) => vscode.commands.executeCommand('workbench.action.closePanel'));
  });

  it('meters Codex in a terminal of its own', async () => {
    const before = await usage('workspace');
    await second.bench.page.bringToFront();
    await second.bench.runCommand('Codex Broker: Open Metered Terminal');
    await second.bench.waitFor('the terminal', () => second.host.run(({ vscode }) => vscode.window.activeTerminal?.name ?? ''), (name) => /Codex/.test(name));
    await second.host.run(({ vscode }) => { vscode.window.activeTerminal?.sendText('codex exec --skip-git-repo-check "Say hello" > answer.log 2>&1; echo ended with $? > ended.txt'); });
    const ended = path.join(second.folder, 'ended.txt');
    await second.bench.waitFor('codex in the terminal', async () => fs.readFileSync(ended, 'utf8'), (text) => text.endsWith('\n'));
    assert.equal(fs.readFileSync(ended, 'utf8'), 'ended with 0\n', fs.readFileSync(path.join(second.folder, 'answer.log'), 'utf8'));
    const after = await usage('workspace');
    // One for the answer, and one before it in which Codex only prepares the conversation.
    assert.ok([1, 2].includes(after.total.requests - before.total.requests));
    assert.deepEqual(after.rows.map((row) => row.label).sort(), ['firmware', 'website']);
  });

  it('comes back by itself when the broker is killed, with the same balance', async () => {
    const balance = (await credits()).balanceMicroCredits;
    const pid = brokerPid(practiceData());
    assert.ok(pid !== undefined && isAlive(pid));
    const label = await first.bench.statusLabel(meterItem);
    process.kill(pid, 'SIGKILL');
    await first.bench.waitFor('a new broker', async () => brokerPid(practiceData()), (next) => next !== undefined && next !== pid && isAlive(next));
    await first.bench.waitForLabel(meterItem, new RegExp(label.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
    await second.bench.waitForLabel(meterItem, /credits left/);
    assert.equal((await credits()).balanceMicroCredits, balance);
    const audit = JSON.parse(await session.broker(['audit', '--full', '--json'], practiceData())) as { ok: boolean; openHolds: number };
    assert.equal(audit.ok, true);
    assert.equal(audit.openHolds, 0);
  });

  it('restarts the broker by a command, tells first what runs, and is back in every window with the same books', async () => {
    const pid = brokerPid(practiceData());
    const { baseUrl, token } = JSON.parse(await session.broker(['token', '--workspace', first.folder, '--json'], practiceData())) as { baseUrl: string; token: string };
    let isOver = false;
    const working = Promise.all(Array.from({ length: 4 }, async () => {
      while (!isOver) {
        await fetch(`${baseUrl}/responses`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ model: 'gpt-5.4-mini', input: 'tell me in 300 words', stream: true }) })
          .then((response) => response.text()).catch(() => { isOver = true; });
      }
    }));
    await first.bench.page.bringToFront();
    await first.bench.waitForStatus(meterItem, /./);
    await first.bench.runCommand('Codex Broker: Restart Broker');
    await first.bench.dialog().waitFor();
    assert.match(await first.bench.dialog().innerText(), /(One request is|\d requests are) running\. Restart the broker\?[\s\S]*cut off, and counted as far as it came/);
    await first.bench.picture(path.join(picturesFolder, 'restart-dark.png'));
    await first.bench.pressInDialog('Restart Broker');
    isOver = true;
    await working;
    await first.bench.waitFor('another broker', async () => brokerPid(practiceData()), (next) => next !== undefined && next !== pid && isAlive(next));
    await first.bench.notification('Restarting the broker').waitFor({ state: 'detached' });
    for (const window of [first, second]) await window.bench.waitForLabel(meterItem, /credits left/);
    assert.ok(pid !== undefined && !isAlive(pid));
    const audit = JSON.parse(await session.broker(['audit', '--full', '--json'], practiceData())) as { ok: boolean; openHolds: number };
    assert.deepEqual([audit.ok, audit.openHolds], [true, 0]);
  });

  it('asked nothing of the network and threw nothing', () => {
    assert.deepEqual(session.browser.refused, []);
    assert.deepEqual(session.server.hostErrors().filter((line) => /codex-usage-broker/i.test(line)), []);
  });
});

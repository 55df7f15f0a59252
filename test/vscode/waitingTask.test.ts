// A Codex task that a budget stops, in a real VS Code with the real Codex: the question before it that it may not fit,
// the offer to go on by itself, the task that waits over a reload of the window, and that goes on once there is room.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { codexHeaders } from '../support/process/workbench.ts';
import { meterItem, picturesFolder, startEditorSession, type EditorSession, type SessionWindow } from '../support/vscode/editorSession.ts';

/** More than Codex's first request takes, so that a new day would bear it; and what of it former tasks used. */
const budgetTokens = 45_000;
const formerTokens = 10_500;
const title = 'Create hello.txt with the text hello after all';

describe('a task that a limit stops, in a real VS Code', function () {
  this.timeout(180_000);
  this.bail(true);
  let session: EditorSession;
  let window: SessionWindow;
  const broker = (...args: string[]) => session.broker(args, path.join(session.dataDir, 'practice'));
  const setBudget = (tokens: number) => broker('budget', 'set', 'tokens-a-day', String(tokens), '--per', 'workspace', '--of', window.folder, '--unit', 'tokens', '--period', 'day');
  const picture = (name: string) => window.bench.picture(path.join(picturesFolder, `${name}-dark.png`));
  const choices = () => window.bench.page.locator('.quick-input-widget .monaco-list-row');

  before(async () => { session = await startEditorSession(); });
  after(async () => { await session?.stop(); });

  it('is asked about before it starts, where former tasks took more than is left', async () => {
    window = await session.open('website');
    await window.bench.runCommand('Codex Broker: Start Practice Mode');
    await window.bench.waitForLabel(meterItem, /1,000(\.00)? credits left/);
    const { baseUrl, token } = JSON.parse(await broker('token', '--workspace', window.folder, '--json')) as { baseUrl: string; token: string };
    await Promise.all(['first', 'second', 'third', 'fourth'].map(async (thread) => {
      const answer = await fetch(`${baseUrl}/responses`, { method: 'POST', headers: { ...codexHeaders, 'thread-id': thread, 'authorization': `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ model: 'gpt-5.5', input: `${thread} `.repeat(Math.ceil(formerTokens * 4 / (thread.length + 1))), stream: true }) });
      assert.match(await answer.text(), /response\.completed/);
    }));
    await setBudget(budgetTokens);
    await window.bench.waitForStatus(meterItem, /left$/);
    await window.bench.runCommand('Codex Broker: Run Codex Task');
    await window.bench.dialog().waitFor();
    assert.match(await window.bench.dialog().innerText(), /may not fit into what is left[\s\S]*Three of four tasks in this workspace cost up to 10\.\d k tokens, and the budget of .*\(website\) and day has 2,\d+ tokens left/);
    await picture('task-may-not-fit');
    await window.bench.pressInDialog('Run Anyway');
  });

  it('says which budget stopped it, and offers to go on by itself when that begins anew', async () => {
    await window.bench.answer(title);
    const message = window.bench.notification(/Codex task failed/);
    await message.waitFor({ timeout: 60_000 });
    assert.match(await message.innerText(), /The budget of 45\.0 k tokens per workspace \(website\) and day has 2,\d+ tokens left/);
    const offer = message.getByRole('button', { name: /^Go On at / });
    await offer.click({ trial: true });
    await picture('task-stopped');
    await offer.click();
    assert.equal(fs.existsSync(path.join(window.folder, 'hello.txt')), false);
  });

  it('waits over a reload of the window, listed and on the card', async () => {
    await window.bench.reload();
    await window.bench.statusItem(meterItem).waitFor({ timeout: 60_000 });
    await window.bench.waitForStatus(meterItem, /left$|^til /);
    assert.match(await window.bench.statusCard(meterItem), new RegExp(title.slice(0, 12)));
    await picture('card-waiting-task');
    await window.bench.page.mouse.move(640, 300);
    await window.bench.runCommand('Codex Broker: Show Waiting Codex Tasks');
    await choices().filter({ hasText: title }).first().waitFor();
    assert.match(await choices().first().innerText(), /goes on at/);
    await picture('waiting-tasks');
    await window.bench.page.keyboard.press('Escape');
  });

  it('goes on in its thread as soon as the budget is raised, and does its work', async () => {
    const threads = async () => (JSON.parse(await broker('usage', '--by', 'thread', '--json')) as { rows: { key: string; outputTokens: number }[] }).rows;
    const before = (await threads()).map(({ key }) => key).sort();
    await setBudget(1_000_000);
    const done = window.bench.notification(/Codex task (finished|failed)/);
    await done.waitFor({ timeout: 60_000 });
    assert.match(await done.innerText(), /Codex task finished · .*tokens in \d requests/);
    assert.equal(fs.readFileSync(path.join(window.folder, 'hello.txt'), 'utf8'), 'hello after all\n');
    const after = await threads();
    assert.deepEqual(after.map(({ key }) => key).sort(), before, 'no thread is new');
    await picture('task-went-on');
  });

  it('asked nothing of the network and threw nothing', () => {
    assert.deepEqual(session.browser.refused, []);
    assert.deepEqual(session.server.hostErrors().filter((line) => /codex-usage-broker/i.test(line)), []);
  });
});

// Asking Codex about what is no selection, in a real VS Code: a file from its menus, changes from Git's, and a command that
// failed in a real terminal; and the metered terminal among the kinds of terminals. Practice mode answers.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { meterItem, picturesFolder, startEditorSession, type EditorSession, type SessionWindow } from '../support/vscode/editorSession.ts';

describe('asking about files, changes and commands in a real VS Code', function () {
  this.timeout(120_000);
  this.bail(true);
  let session: EditorSession;
  let window: SessionWindow;
  const page = () => window.bench.page;
  const picture = async (name: string) => {
    await page().waitForTimeout(400); // boxes fade in
    await window.bench.picture(path.join(picturesFolder, `${name}-dark.png`));
  };
  const hasShell = () => window.bench.waitFor('shell integration', () => window.host.run(({ vscode }) => vscode.window.activeTerminal?.shellIntegration !== undefined), (isThere) => isThere);
  const file = (name: string) => path.join(window.folder, name);
  const box = () => page().locator('.quick-input-widget');
  const menuItem = (text: string) => page().locator('.monaco-menu .action-item').filter({ hasText: text }).first();
  /** Types a question into the open box, and gives the answer's document once its cost stands there. */
  async function answerTo(question: string): Promise<string> {
    await window.bench.answer(question);
    return window.bench.waitFor('the answer and its cost', () => window.host.run(({ vscode }, asked) => vscode.workspace.textDocuments.find((document) => document.uri.scheme === 'codex-answer' && document.getText().startsWith(`# ${asked}`))?.getText() ?? '', question), (text) => /practice credits · request req/.test(text));
  }
  const waitForBox = (text: string | RegExp) => box().filter({ hasText: text }).waitFor({ timeout: 30_000 });
  /** A box that is still going would take what is typed next. */
  async function leave(): Promise<void> {
    await page().keyboard.press('Escape');
    await box().waitFor({ state: 'hidden' });
  }
  async function pick(menu: () => Promise<void>, text: string, shot: string): Promise<void> {
    let isPictured = false;
    // A menu closes when something else takes the focus, such as a terminal that has just come, until the very click.
    await window.bench.waitFor(`the menu with ${text}`, async () => {
      if (!await menuItem(text).isVisible()) await menu();
      await menuItem(text).waitFor({ timeout: 2_000 });
      if (!isPictured) await picture(shot);
      isPictured = true;
      await menuItem(text).click({ timeout: 2_000 });
      return true;
    }, (isChosen) => isChosen);
  }

  before(async () => {
    session = await startEditorSession();
    const folder = path.join(session.folder, 'website');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'greeting.ts'), 'export const greeting = "hello";\n');
    fs.writeFileSync(path.join(folder, 'farewell.ts'), 'export const farewell = "bye";\n');
    const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.example', ...args], { cwd: folder, stdio: 'ignore' });
    git('init');
    git('add', '.');
    git('commit', '-m', 'first');
    window = await session.open('website');
    await window.bench.runCommand('Codex Broker: Start Practice Mode');
    await window.bench.waitForLabel(meterItem, /1,000(\.00)? credits left/);
  });
  after(async () => { await session?.stop(); });

  it('asks about a file from the menus of its tab and of the Explorer', async () => {
    await window.host.run(async ({ vscode }, name) => { await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(name), { preview: false }); }, file('greeting.ts'));
    await pick(() => window.bench.tab('greeting.ts').click({ button: 'right' }), 'Ask Codex About File', 'ask-file-tab');
    await waitForBox('Ask Codex About greeting.ts');
    await picture('ask-file-question');
    assert.match(await answerTo('What is greeted?'), /You asked: The file greeting\.ts: ```typescript export const greeting = "hello";/);
    await page().locator('.explorer-folders-view .monaco-list-row').filter({ hasText: 'farewell.ts' }).waitFor();
    await pick(() => page().locator('.explorer-folders-view .monaco-list-row').filter({ hasText: 'farewell.ts' }).click({ button: 'right' }), 'Ask Codex About File', 'ask-file-explorer');
    await waitForBox('Ask Codex About farewell.ts');
    await leave();
  });

  it('says that nothing differs, then asks about the changes of all files or of one', async () => {
    await window.bench.runCommand('Codex Broker: Ask Codex About Changes');
    await window.bench.notification('Nothing differs from the last commit').waitFor();
    await window.host.run(({ vscode }) => vscode.commands.executeCommand('notifications.clearAll'));
    fs.writeFileSync(file('greeting.ts'), 'export const greeting = "good morning";\n');
    fs.writeFileSync(file('farewell.ts'), 'export const farewell = "good night";\n');
    fs.writeFileSync(file('staged.ts'), 'export const staged = true;\n');
    execFileSync('git', ['add', 'greeting.ts', 'staged.ts'], { cwd: window.folder, stdio: 'ignore' });
    fs.writeFileSync(file('new.ts'), 'export {};\n');
    await window.host.run(async ({ vscode }, name) => {
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(name), { preview: false });
      await vscode.commands.executeCommand('git.refresh');
    }, file('greeting.ts'));
    await window.bench.runCommand('Codex Broker: Ask Codex About Changes');
    await waitForBox('The changes of greeting.ts alone');
    await picture('ask-changes-choice');
    await window.bench.answer('The changes of all 3 files');
    await waitForBox('1 new file is left out; staged, it counts.');
    await picture('ask-changes-question');
    assert.match(await answerTo('What changed?'), /You asked: The changes since the last commit, staged or not: ```diff diff --git a\/farewell\.ts .*\+export const farewell = "good/);
    // The answer of practice mode repeats no more than the beginning, so what is staged is asked about by itself.
    for (const [name, change] of [['greeting.ts', /\+export const greeting = "good/], ['staged.ts', /diff --git a\/staged\.ts b\/staged\.ts new file mode/]] as const) {
      await window.host.run(async ({ vscode }, shown) => { await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(shown), { preview: false }); }, file(name));
      await window.bench.runCommand('Codex Broker: Ask Codex About Changes');
      await waitForBox(`The changes of ${name} alone`);
      await window.bench.answer(`The changes of ${name} alone`);
      await waitForBox(`Ask Codex About the Changes of ${name}`);
      assert.match(await answerTo(`What changed in ${name}?`), change);
    }
  });

  it('asks about the changes of a file from the list of Source Control', async () => {
    await window.host.run(({ vscode }) => vscode.commands.executeCommand('workbench.view.scm'));
    const row = page().locator('.scm-view .monaco-list-row').filter({ hasText: 'farewell.ts' });
    await row.waitFor();
    await pick(() => row.click({ button: 'right' }), 'Ask Codex About Changes', 'ask-changes-menu');
    await waitForBox('Ask Codex About the Changes of farewell.ts');
    await leave();
  });

  it('says where a file was that was renamed', async () => {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: window.folder, stdio: 'ignore' });
    git('checkout', 'HEAD', '--', 'farewell.ts');
    git('mv', 'farewell.ts', 'parting.ts');
    await window.host.run(async ({ vscode }, name) => {
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(name), { preview: false });
      await vscode.commands.executeCommand('git.refresh');
    }, file('parting.ts'));
    await window.bench.runCommand('Codex Broker: Ask Codex About Changes');
    await waitForBox('The changes of parting.ts alone');
    await window.bench.answer('The changes of parting.ts alone');
    await waitForBox('Ask Codex About the Changes of parting.ts');
    assert.match(await answerTo('What became of it?'), /Renamed, and written as new files: farewell\.ts to parting\.ts/);
  });

  it('opens a metered terminal from the list of kinds', async () => {
    await window.host.run(({ vscode }) => vscode.commands.executeCommand('workbench.action.terminal.focus'));
    await page().locator('.terminal-wrapper.active .xterm').first().waitFor();
    await hasShell();
    await pick(() => page().locator('.panel .action-item .codicon-terminal-new-dropdown, .panel .dropdown-action-container .codicon-chevron-down').first().click(), 'Codex (metered)', 'terminal-kinds');
    await window.bench.waitFor('the terminal', () => window.host.run(({ vscode }) => {
      const terminal = vscode.window.terminals.find(({ name }) => name === 'Codex (practice)');
      terminal?.show();
      return vscode.window.activeTerminal?.name ?? '';
    }), (name) => name === 'Codex (practice)');
    await picture('terminal-metered');
    await window.host.run(({ vscode }) => { vscode.window.activeTerminal?.sendText('command -v codex > where.txt; echo "$OPENAI_BASE_URL" >> where.txt; mv where.txt found.txt'); });
    const found = await window.bench.waitFor('the shim', async () => fs.readFileSync(file('found.txt'), 'utf8'), (text) => text !== '');
    assert.match(found, /globalStorage\/codex-usage-broker\.codex-usage-broker\/bin\/codex\nhttp:\/\/127\.0\.0\.1:\d+\/v1\n/);
  });

  it('asks about the last command that failed in a terminal, which is offered once there is one', async () => {
    await window.bench.runCommand('Codex Broker: Ask Codex About Last Failed Command');
    await window.bench.notification('No command has failed in a terminal').waitFor();
    await window.host.run(({ vscode }) => vscode.commands.executeCommand('notifications.clearAll'));
    await hasShell();
    const fails = (line: string) => window.host.run(({ vscode }, command) => new Promise<number | undefined>((resolve) => {
      const listening = vscode.window.onDidEndTerminalShellExecution((event) => { listening.dispose(); resolve(event.exitCode); });
      vscode.window.activeTerminal?.shellIntegration?.executeCommand(command);
    }), line);
    // VS Code loses the output of so quick a command now and then, and the box says whether it did.
    for (const name of ['one', 'two']) {
      assert.equal(await fails(`cat ${name}`), 1);
      await window.bench.runCommand('Codex Broker: Ask Codex About Last Failed Command');
      await waitForBox(new RegExp(`"cat ${name}" ended with code 1(; what it wrote is sent\\.|\\. VS Code did not tell what it wrote)`));
      await leave();
    }
    assert.equal(await fails('printf "\\033[31mred\\033[0m and more\\n"; cat nowhere.txt; sleep 0.5; false'), 1);
    await pick(async () => {
      await page().locator('.terminal-wrapper.active .xterm-screen').first().click({ button: 'right' });
    }, 'Ask Codex About Last Failed Command', 'ask-command-menu');
    await waitForBox('ended with code 1; what it wrote is sent.');
    await picture('ask-command-question');
    assert.match(await answerTo('Why?'), /You asked: This command, run in .*website, ended with exit code 1: ```sh printf .* What it wrote: ``` red and more/);
  });

  it('asked nothing of the network and threw nothing', () => {
    assert.deepEqual(session.browser.refused, []);
    assert.deepEqual(session.server.hostErrors().filter((line) => /codex-usage-broker/i.test(line)), []);
  });
});

// Routing Codex from the editor, with the real program behind it: nothing is written before the difference
// was shown and agreed to, what is written is what was shown, and undo is where the writing was told.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type * as vscode from 'vscode';
import { routeCodex, routeScheme, RouteTexts, undoRoute } from '../../src/extension/routeCodex.ts';
import { routeProgram } from '../../src/extension/routeProgram.ts';
import type { ProblemError } from '../../src/domain/problem.ts';
import { fakeEditor, type FakeEditor } from '../support/fakeEditor.ts';

const before = '# mine\nmodel = "m"\n\n[tui]\nnotifications = false\n';

describe('routing Codex from the editor', function slowMachine() {
  this.timeout(60_000);
  let root = '';
  let config = '';
  let fake: FakeEditor;
  let script = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'route-'));
    mkdirSync(join(root, '.codex'));
    config = join(root, '.codex', 'config.toml');
    writeFileSync(config, before);
    fake = fakeEditor({ extensionDir: join(root, 'ext'), storageDir: join(root, 'storage'), folder: root });
    script = resolve(import.meta.dirname, '../../src/broker/main.ts');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const parts = (practice = false) => ({
    editor: fake.editor, texts: new RouteTexts(),
    program: routeProgram({
      execPath: process.execPath, env: { PATH: process.env['PATH'], HOME: root, CODEX_HOME: join(root, '.codex') }, brokerScript: async () => script,
      seat: () => ({ dataDir: join(root, 'data'), practice }), workspacePath: () => root,
    }),
  });
  const read = () => readFileSync(config, 'utf8');

  it('shows the difference, writes it after a yes, and undoes it from the notification', async () => {
    const routing = parts();
    fake.answers.push('Route Codex', undefined);
    let atAsking = '';
    const { showWarningMessage } = fake.editor.window;
    Object.assign(fake.editor.window, { showWarningMessage: (...args: Parameters<typeof showWarningMessage>) => { atAsking = read(); return showWarningMessage(...args); } });
    await routeCodex(routing);
    assert.equal(atAsking, before, 'nothing was written before the answer');
    const [shown] = fake.executed;
    assert.ok(shown);
    const [left, right, title] = shown.values as [vscode.Uri, vscode.Uri, string];
    assert.deepEqual([shown.command, left.scheme, title], ['vscode.diff', routeScheme, 'config.toml: as it is ↔ through the broker']);
    assert.equal(routing.texts.provideTextDocumentContent(left), before);
    assert.equal(read(), routing.texts.provideTextDocumentContent(right));
    assert.match(read(), /\nopenai_base_url = "http:\/\/127\.0\.0\.1:\d+\/w\/[\w-]{43}\/v1" # set by /);
    const [asked, told] = fake.shown;
    assert.deepEqual([asked?.kind, asked?.buttons], ['warning', ['Route Codex', 'Cancel']]);
    assert.match(asked?.message ?? '', /paid with the broker's API key/);
    assert.match(told?.message ?? '', /^Codex is routed through the broker\. What the file was is kept in config\.toml\.backup-\S+, beside it\./);
    assert.deepEqual(told?.buttons, ['Undo']);
    assert.ok(!/\/w\//.test(JSON.stringify(fake.shown)) && !/\/w\//.test(fake.logLines.join('')), 'no notification holds the token');
    // Once more: it says so, and its action takes the route back.
    fake.answers.push('Undo');
    await routeCodex(routing);
    assert.match(fake.shown.at(-2)?.message ?? '', /routed through the broker already/);
    assert.match(fake.shown.at(-1)?.message ?? '', /again what it was before, to the letter/);
    assert.equal(read(), before);
  });

  it('writes nothing when the question is dismissed or declined', async () => {
    for (const answer of [undefined, 'Cancel']) {
      fake.answers.push(answer);
      await routeCodex(parts());
    }
    assert.deepEqual([read(), readdirSync(join(root, '.codex')), fake.shown.length], [before, ['config.toml'], 2]);
  });

  it('writes nothing when the file was changed behind the difference', async () => {
    const routing = parts();
    fake.answers.push('Route Codex');
    const { showWarningMessage } = fake.editor.window;
    Object.assign(fake.editor.window, { showWarningMessage: (...args: Parameters<typeof showWarningMessage>) => { writeFileSync(config, `${before}# later\n`); return showWarningMessage(...args); } });
    await assert.rejects(routeCodex(routing), (error: ProblemError) => error.problem.code === 'codex_config_unusable' && /changed since its difference was shown/.test(error.problem.message));
    assert.equal(read(), `${before}# later\n`);
  });

  it('says that practice mode answers, and that there is nothing to undo', async () => {
    await routeCodex(parts(true));
    assert.match(fake.shown[0]?.message ?? '', /This is practice mode: Codex is answered by the simulated upstream/);
    await undoRoute(parts(true));
    assert.match(fake.shown[1]?.message ?? '', /there is nothing to undo\.$/);
  });

  it('passes the program\'s own problem on, and names an answer that makes no sense', async () => {
    writeFileSync(config, 'a = \n');
    await assert.rejects(routeCodex(parts()), (error: ProblemError) => error.problem.code === 'codex_config_unusable' && /line 1/.test(error.problem.message) && error.problem.remedy.startsWith('Correct that line'));
    script = join(root, 'odd.mjs');
    for (const text of ['', 'console.log("x")', 'console.log("{}")', 'console.log(JSON.stringify({ error: { code: "nothing" } }))', 'process.exit(3)']) {
      writeFileSync(script, text);
      await assert.rejects(routeCodex(parts()), (error: ProblemError) => error.problem.code === 'command_failed' && error.problem.remedy.includes('codex-broker route'), text);
    }
    assert.deepEqual([fake.shown.length, fake.executed.length], [0, 0]);
  });
});

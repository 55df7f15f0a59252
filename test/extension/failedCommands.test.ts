// The last command that failed in a terminal, with the end of what it wrote: as text, bounded, and forgotten with its terminal.
import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { failedCommandSubject } from '../../src/extension/failedCommandSubject.ts';
import { FailedCommands, outputCharactersMax, type FailedCommand } from '../../src/extension/failedCommands.ts';
import { plainOutput } from '../../src/extension/plainOutput.ts';
import { fakeEditor, type FakeEditor } from '../support/fakeEditor.ts';
import { pseudo, spokenIn, untranslated } from '../support/language/spokenIn.ts';
import { eventually } from './manualSchedule.ts';

describe('failed commands', () => {
  let fake: FakeEditor;
  let failed: FailedCommands;
  let changes = 0;
  beforeEach(() => {
    changes = 0;
    fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: '/w' });
    failed = new FailedCommands({ window: fake.editor.window, isTrusted: () => fake.trusted, changed: () => { changes += 1; } });
  });
  const terminal = (name: string) => ({ name }) as vscode.Terminal;
  let read = 0;
  const runs = (in_: vscode.Terminal, value: string, exitCode: number | undefined, pieces: readonly string[]) => {
    const execution = { commandLine: { value }, cwd: fake.uri('/w'), read: async function* written() { read += 1; yield* pieces; } };
    fake.terminalTells('starts', { terminal: in_, execution });
    fake.terminalTells('ends', { terminal: in_, execution, exitCode });
  };
  const settled = async () => { for (let turn = 0; turn < 400; turn += 1) await Promise.resolve(); };

  it('are kept one for each terminal, the active one\'s first', async () => {
    const [one, two] = [terminal('one'), terminal('two')];
    runs(one, ' npm test ', 1, ['\u001b[31mFAIL\u001b[0m a\r\n', 'b\r\n']);
    await eventually('it is kept', () => changes === 1);
    runs(two, 'make', 2, []);
    await eventually('both are kept', () => changes === 2);
    assert.deepEqual(failed.last(one), { commandLine: 'npm test', exitCode: 1, folder: '/w', output: 'FAIL a\nb', isCut: false });
    assert.equal(failed.last(two)?.commandLine, 'make');
    assert.equal(failed.last(terminal('three'))?.commandLine, 'make', 'the newest of all where the active one has none');
    runs(one, 'npm run lint', 1, []);
    await eventually('the newer one is kept', () => changes === 3);
    assert.deepEqual([failed.last(one)?.commandLine, failed.last(undefined)?.commandLine], ['npm run lint', 'npm run lint']);
    fake.terminalTells('closes', one);
    assert.deepEqual([failed.last(undefined)?.commandLine, changes], ['make', 4]);
    failed.dispose();
    assert.equal(failed.last(two), undefined);
  });

  it('are those with another code than 0: no other command is kept, and none of an untrusted workspace is read', async () => {
    const one = terminal('one');
    runs(one, 'ls', 0, ['a']);
    runs(one, 'exit-code-unknown', undefined, ['a']);
    runs(one, '  ', 130, ['a']);
    fake.trusted = false;
    read = 0;
    runs(one, 'make', 2, ['secret']);
    await settled();
    assert.deepEqual([failed.last(one), changes, read], [undefined, 0, 0]);
  });

  it('are forgotten with a terminal that closes while a command runs', async () => {
    const one = terminal('one');
    const execution = { commandLine: { value: 'make' }, read: async function* written() { yield 'a'; } };
    fake.terminalTells('starts', { terminal: one, execution });
    fake.terminalTells('closes', one);
    fake.terminalTells('ends', { terminal: one, execution, exitCode: 2 });
    await settled();
    assert.deepEqual([failed.last(undefined), changes], [undefined, 0]);
  });

  it('are forgotten with a terminal that closes while what they wrote is still read', async () => {
    const one = terminal('one');
    let go = () => undefined as void;
    const slow = new Promise<void>((resolve) => { go = resolve; });
    const execution = { commandLine: { value: 'make' }, read: async function* written() { await slow; yield 'a'; } };
    fake.terminalTells('starts', { terminal: one, execution });
    fake.terminalTells('ends', { terminal: one, execution, exitCode: 2 });
    fake.terminalTells('closes', one);
    go();
    await settled();
    assert.deepEqual([failed.last(undefined), changes], [undefined, 0]);
  });

  it('keep the end of a long output, and say so', async () => {
    const one = terminal('one');
    runs(one, 'make', 2, [...Array.from({ length: 60 }, (_, index) => `line ${index} ${'x'.repeat(9_990)}\r\n`), 'the error\r\n']);
    await eventually('it is kept', () => changes === 1);
    const last = failed.last(one);
    assert.ok(last && last.isCut && last.output.length <= outputCharactersMax && last.output.endsWith('the error'));
    assert.match(last.output, /^line 5\d x/, 'no half line stands first');
  });

  const kept = (change: Partial<FailedCommand>): FailedCommand => ({ commandLine: 'make', exitCode: 2, output: '', isCut: false, ...change });

  it('are asked about with code, folder and output', () => {
    assert.deepEqual(failedCommandSubject(kept({ commandLine: 'npm\ntest', exitCode: 1, folder: '/w', output: 'FAIL ``` a' })), {
      command: 'ask-failed-command', title: 'Ask Codex About the Failed Command', example: 'Why did it fail?', note: '"npm test" ended with code 1; what it wrote is sent.',
      text: 'This command, run in /w, ended with exit code 1:\n\n```sh\nnpm\ntest\n```\n\nWhat it wrote:\n\n````\nFAIL ``` a\n````',
    });
    const long = failedCommandSubject(kept({ commandLine: 'x'.repeat(200) }));
    assert.ok('text' in long && long.note?.startsWith(`"${'x'.repeat(59)}…" ended with code 2. VS Code did not tell what it wrote`) && long.text.includes('x'.repeat(200)) && long.text.endsWith('What it wrote is not known.'), JSON.stringify(long));
    const none = failedCommandSubject(undefined);
    assert.match('sorry' in none ? none.sorry : '', /^No command has failed in a terminal of this window/);
  });

  it('are asked about without what looks like a secret, and say so', () => {
    const told = failedCommandSubject(kept({ commandLine: 'curl --token=hunter2 https://me:hunter2@x.example', output: 'sent Bearer hunter2hunter2, got 401' }));
    assert.ok('text' in told);
    assert.equal(told.note, '"curl --token=… https://me:…@x.example" ended with code 2; what it wrote is sent. What looks like a password or a key in it is replaced by "…".');
    assert.match(told.text, /sent Bearer …, got 401/);
    assert.doesNotMatch(JSON.stringify(told), /hunter2/);
  });

  it('are spoken of in the language of the editor', async () => {
    const said = await spokenIn(pseudo, () => [undefined, kept({ output: 'a', isCut: true }), kept({ output: 'a' }), kept({}), kept({ commandLine: 'make --token=x' })].map((one) => failedCommandSubject(one)).flatMap((one) => ('sorry' in one ? [one.sorry] : [one.title, one.note, one.example])).join('\n'));
    assert.equal(untranslated(said, ['make', 'make --token=']), '');
  });

  it('have their output as it stands on the screen in the end', () => {
    const cases: readonly (readonly [raw: string, text: string])[] = [
      ['\u001b]633;C\u0007one\r\ntwo\r\n\u001b]633;D;1\u0007', 'one\ntwo'],
      ['\u001b]8;;https://x.example\u001b\\link\u001b]8;;\u001b\\', 'link'],
      ['  10 %\r  50 %\r 100 %\r\ndone', '100 %\ndone'],
      ['\u001b[1;31mred\u001b[0m \u001b(Bplain\u001b[K\u0007', 'red plain'],
      ['\u001b]0;a title that never ends', ''],
      ['tab\tstays\r\r\n', 'tab\tstays'],
    ];
    for (const [raw, text] of cases) assert.equal(plainOutput(raw), text, JSON.stringify(raw));
  });
});

// Which prompts ask for a file, which tool then writes it, and what is said afterwards.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConversation } from '../../src/sandbox/conversation.ts';
import { findFileTask } from '../../src/sandbox/fileTask.ts';
import { replyTo } from '../../src/sandbox/reply.ts';
import { callFor, patchText, shellText } from '../../src/sandbox/toolCall.ts';

const shellTool = { type: 'function', name: 'exec_command', parameters: { type: 'object', properties: { cmd: { type: 'string' } } } };
const patchTool = { type: 'custom', name: 'apply_patch' };
const codeTool = { type: 'custom', name: 'exec', namespace: 'functions', description: 'declare const tools: { apply_patch(input: string): …; exec_command(args: {…}): …; }' };

describe('a prompt that asks for a file', () => {
  const asked: [string, string, string, 'create' | 'append'][] = [
    ['create hello.txt with the text hi', 'hello.txt', 'hi\n', 'create'],
    ['Create a file called docs/hello.md containing "Hello, world."', 'docs/hello.md', 'Hello, world.\n', 'create'],
    ['Please write a new file `a-b.json` with the content {"a":1}', 'a-b.json', '{"a":1}\n', 'create'],
    ['write x.txt:\n```\none\ntwo\n```', 'x.txt', 'one\ntwo\n', 'create'],
    ['edit notes.md with the line bye now', 'notes.md', 'bye now\n', 'append'],
    ['add the line "bye now" to hello.txt', 'hello.txt', 'bye now\n', 'append'],
    ['Add a new file called x.py with the text pass', 'x.py', 'pass\n', 'create'],
  ];
  for (const [prompt, file, content, mode] of asked) {
    it(`is understood: ${JSON.stringify(prompt)}`, () => assert.deepEqual(findFileTask(prompt), { path: file, content, mode }));
  }

  it('gets some content even when none is named', () => {
    assert.match(findFileTask('write notes.md')?.content ?? '', /practice mode[^]*write notes\.md\n$/);
  });

  it('leaves code valid when no content is named', () => {
    assert.equal(findFileTask('update src/main.ts')?.content, '// Written in practice mode, because it was asked: update src/main.ts\n');
    assert.match(findFileTask('update tool.py')?.content ?? '', /^# [^\n]*\n$/);
    assert.equal(findFileTask('update package.json'), undefined);
    assert.deepEqual(JSON.parse(findFileTask('create data.json')?.content ?? ''), { practiceMode: 'create data.json' });
  });

  const refused = [
    'say hi', 'What does main.ts do?', 'create something nice', 'write to /etc/passwd.txt', 'create ../up.txt', 'write ~/x.txt',
    'create a.git/../../x.txt', 'write C:\\Users\\x.txt', 'create a list, e.g. of fruit', 'write .git/config.txt', `create ${'x '.repeat(3000)}a.txt`,
    'Write a poem.\nThen look at main.ts',
  ];
  for (const prompt of refused) {
    it(`is not seen in ${JSON.stringify(prompt.slice(0, 40))}`, () => assert.equal(findFileTask(prompt), undefined));
  }
});

describe('the call that writes a file', function () {
  this.timeout(30_000);

  const task = { path: 'docs/a.txt', content: 'it\'s "here"\n$HOME `x`\n', mode: 'create' } as const;

  it('is a command that refuses to overwrite, if a shell is on offer', () => {
    const call = callFor(task, [patchTool, shellTool]);
    assert.equal(call?.name, 'exec_command');
    assert.match((JSON.parse(call?.input ?? '{}') as { cmd: string }).cmd, /set -C/);
  });

  it('is a patch if there is nothing else, and for adding to a file', () => {
    assert.deepEqual(callFor(task, [patchTool]), { kind: 'custom', name: 'apply_patch', input: '*** Begin Patch\n*** Add File: docs/a.txt\n+it\'s "here"\n+$HOME `x`\n*** End Patch' });
    assert.equal(callFor({ ...task, mode: 'append' }, [shellTool, patchTool])?.input, '*** Begin Patch\n*** Update File: docs/a.txt\n@@\n+it\'s "here"\n+$HOME `x`\n*** End Patch');
  });

  it('is a script where the tools live inside another one, in its namespace', () => {
    const call = callFor(task, [codeTool]);
    assert.equal(call?.namespace, 'functions');
    assert.ok(call?.input.includes(JSON.stringify(patchText(task))));
    assert.match(call?.input ?? '', /look\.output\.includes\("present"\)/);
  });

  it('speaks the other shapes of shell and file tools', () => {
    const list = { type: 'function', name: 'shell', parameters: { properties: { command: { type: 'array' } } } };
    assert.deepEqual(JSON.parse(callFor(task, [list])?.input ?? ''), { command: ['sh', '-c', shellText(task)] });
    const writer = { type: 'function', name: 'write_file', parameters: { properties: { path: {}, content: {} } } };
    assert.deepEqual(JSON.parse(callFor(task, [writer])?.input ?? ''), { path: task.path, content: task.content });
    assert.match(shellText(task, 'powershell'), /^New-Item -ItemType Directory .*'it''s "here"\n/s);
    assert.equal(callFor(task, [{ type: 'web_search' }]), undefined);
  });

  // Windows has no sh of its own; there the PowerShell form above is what gets sent.
  if (process.platform !== 'win32') it('does in a real shell exactly what it says, and leaves an existing file alone', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sandbox-shell-'));
    try {
      const run = (mode: 'create' | 'append') => execFileSync('sh', ['-c', shellText({ ...task, mode })], { cwd: folder, stdio: 'pipe' });
      run('create');
      assert.equal(readFileSync(path.join(folder, task.path), 'utf8'), task.content);
      run('append');
      assert.equal(readFileSync(path.join(folder, task.path), 'utf8'), task.content + task.content);
      writeFileSync(path.join(folder, task.path), 'mine');
      assert.throws(() => run('create'));
      assert.equal(readFileSync(path.join(folder, task.path), 'utf8'), 'mine');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a reply', () => {
  const user = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });
  const environment = user('<environment_context>\n  <shell>bash</shell>\n</environment_context>');
  const reply = (items: Record<string, unknown>[], more: Record<string, unknown> = {}) =>
    replyTo(readConversation({ model: 'm', input: items, tools: [shellTool], ...more }));

  it('calls the tool first and reports once its output is there', () => {
    const first = reply([environment, user('create hello.txt with the text hi')]);
    assert.equal(first.kind, 'call');
    const second = reply([environment, user('create hello.txt with the text hi'), { type: 'function_call', name: 'exec_command' }, { type: 'function_call_output', call_id: 'c', output: 'Process exited with code 0' }]);
    assert.ok(second.kind === 'text');
    assert.match(second.text, /^Done: .*write hello\.txt/);
  });

  it('says so when the tool failed', () => {
    const failed = reply([user('create a.txt'), { type: 'custom_tool_call_output', output: [{ type: 'input_text', text: 'Process exited with code 1' }] }]);
    assert.ok(failed.kind === 'text');
    assert.match(failed.text, /reported a problem: Process exited with code 1/);
  });

  it('begins anew with the next prompt, and calls nothing that is not allowed', () => {
    const done = [user('create a.txt'), { type: 'function_call_output', output: 'Process exited with code 0' }];
    assert.equal(reply([...done, user('create b.txt')]).kind, 'call');
    assert.equal(reply([user('create b.txt')], { tool_choice: 'none' }).kind, 'text');
    assert.equal(reply([user('create b.txt')], { tools: [] }).kind, 'text');
  });

  it('goes on with what was asked before when nothing else is asked', () => {
    assert.equal(reply([user('create hello.txt with the text hi'), user('Go on with the task. A usage limit had stopped you.')]).kind, 'call');
    const alone = reply([user('Continue')]);
    assert.ok(alone.kind === 'text');
    assert.match(alone.text, /You asked: Continue$/);
  });

  it('finds tools in the item that newer models get them in', () => {
    const additional = { type: 'additional_tools', role: 'developer', tools: [{ type: 'namespace', name: 'functions', tools: [{ type: 'custom', name: 'exec', description: codeTool.description }] }] };
    const found = reply([additional, environment, user('create a.txt')], { tools: undefined });
    assert.ok(found.kind === 'call');
    assert.deepEqual([found.call.name, found.call.namespace], ['exec', 'functions']);
  });

  it('echoes what was asked, writes as many words as asked for, and answers a wish for compaction', () => {
    const echoed = reply([environment, user('What is a monad?')]);
    assert.ok(echoed.kind === 'text' && echoed.text.endsWith('You asked: What is a monad?'));
    const long = reply([user('Tell me in 500 words')]);
    assert.ok(long.kind === 'text');
    assert.equal(long.text.split(' ').length, 500);
    assert.equal(reply([user('hi'), { type: 'compaction_trigger' }]).kind, 'compaction');
  });
});

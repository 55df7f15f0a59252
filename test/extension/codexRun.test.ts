// Running Codex: its arguments and environment, the events it prints, and a cancel that takes the
// whole process group. A small script stands in for Codex; nothing runs through a shell.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import fc from 'fast-check';
import { codexStep } from '../../src/extension/codexEvents.ts';
import { findCodex } from '../../src/extension/codexProgram.ts';
import { codexArguments, codexEnvironment, eventLineCharactersMax, lineReader, loopbackUnproxied, runCodex, type CodexRun } from '../../src/extension/codexRun.ts';
import { hideSecrets } from '../../src/extension/secretText.ts';
import { eventually, realSchedule } from './manualSchedule.ts';

const token = { token: 'tok', workspaceId: 'ws', baseUrl: 'http://127.0.0.1:9/v1', codexBaseUrl: 'http://127.0.0.1:9/w/tok/v1' };

describe('running Codex', function slowMachine() {
  this.timeout(30_000);
  let root = '';
  beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'codex-run-')); });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const script = (name: string, text: string) => {
    const path = join(root, name);
    writeFileSync(path, `#!${process.execPath}\n${text}`);
    chmodSync(path, 0o755);
    return path;
  };
  const run = (command: string, change: Partial<CodexRun> = {}): CodexRun => ({
    program: { command, first: [], asNode: false }, folder: root, prompt: 'a "prompt" with $(touch x) `y`\nand lines', token, pay: 'key', model: '', sandbox: 'workspace-write', env: { PATH: process.env['PATH'] }, platform: process.platform, ...change,
  });

  it('gives the address as an option, the token in the environment and the prompt on standard input', async () => {
    const path = script('codex', `
      let text = ''; process.stdin.on('data', (part) => { text += part; }).on('end', () => {
        console.log(JSON.stringify({ args: process.argv.slice(2), key: process.env.CODEX_API_KEY, text, cwd: process.cwd() }));
      });`);
    const lines: string[] = [];
    const end = await runCodex(run(path, { model: 'gpt-5.5' }), realSchedule, new AbortController().signal, (line) => lines.push(line));
    assert.equal(end.exitCode, 0);
    const told = JSON.parse(lines[0] ?? '') as { args: string[]; key: string; text: string; cwd: string };
    assert.deepEqual(told.args, ['exec', '--json', '--skip-git-repo-check', '-c', 'openai_base_url="http://127.0.0.1:9/w/tok/v1"', '--sandbox', 'workspace-write', '--cd', root, '--model', 'gpt-5.5', '-']);
    assert.equal(told.key, 'tok');
    assert.equal(told.text, 'a "prompt" with $(touch x) `y`\nand lines');
    assert.ok(!codexArguments(run(path)).includes('--model'));
    assert.deepEqual(codexArguments(run(path, { threadId: 'thread-1' })).slice(-3), ['resume', 'thread-1', '-'], 'a thread that goes on');
  });

  it('keeps the person\'s own key and Node\'s options away from Codex, and loopback out of the proxy', () => {
    const env = codexEnvironment({ token, pay: 'key', program: { command: 'x', first: [], asNode: true }, env: { PATH: '/bin', OPENAI_API_KEY: 'sk-own', CODEX_API_KEY: 'sk-own', VSCODE_PID: '1', ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '-r x', NO_PROXY: 'corp.example, 127.0.0.1', HOME: '/h' } });
    assert.deepEqual(env, { PATH: '/bin', HOME: '/h', CODEX_API_KEY: 'tok', NO_PROXY: 'corp.example,127.0.0.1,localhost', no_proxy: 'corp.example,127.0.0.1,localhost', ELECTRON_RUN_AS_NODE: '1' });
    assert.equal(loopbackUnproxied({}), '127.0.0.1,localhost');
  });

  it('leaves Codex its own sign-in where the plan of that pays', () => {
    const planned = run('codex', { pay: 'plan', token: { ...token, chatgptBaseUrl: 'http://127.0.0.1:9/w/tok/backend-api/codex' }, env: { PATH: '/bin', OPENAI_API_KEY: 'sk-own' } });
    assert.ok(codexArguments(planned).includes('openai_base_url="http://127.0.0.1:9/w/tok/backend-api/codex"'));
    assert.ok(!('CODEX_API_KEY' in codexEnvironment(planned)) && !('OPENAI_API_KEY' in codexEnvironment(planned)));
  });

  it('lets the address say what it runs for, where the broker keeps that to itself', () => {
    const told = (change: Partial<CodexRun>) => codexArguments(run('codex', change)).find((one) => one.startsWith('openai_base_url'));
    assert.equal(told({ token: { ...token, takesOrigin: true } }), 'openai_base_url="http://127.0.0.1:9/w/tok/from/task/v1"');
    assert.equal(told({ pay: 'plan', token: { ...token, takesOrigin: true, chatgptBaseUrl: 'http://127.0.0.1:9/w/tok/backend-api/codex' } }), 'openai_base_url="http://127.0.0.1:9/w/tok/from/task/backend-api/codex"');
  });

  it('ends the whole group when cancelled, children that ignore a request to end included', async () => {
    const path = script('codex', `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); console.log("child " + process.pid); setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      process.on('SIGTERM', () => {});`);
    const abort = new AbortController();
    const lines: string[] = [];
    const ended = runCodex(run(path), realSchedule, abort.signal, (line) => lines.push(line));
    await eventually('the child runs', () => lines.length === 1);
    const childPid = Number(lines[0]?.split(' ')[1]);
    abort.abort();
    assert.equal((await ended).exitCode, null);
    await eventually('the child has ended', () => {
      try {
        process.kill(childPid, 0);
        return /State:\s+[ZX]/.test(readFileSync(`/proc/${childPid}/status`, 'utf8'));
      } catch {
        return true;
      }
    });
  });

  it('reports the exit code and the last words of a run that failed', async () => {
    const end = await runCodex(run(script('codex', 'console.error("first"); console.error("the reason"); process.exit(5);')), realSchedule, new AbortController().signal, () => undefined);
    assert.deepEqual(end, { exitCode: 5, errorText: 'first\nthe reason\n' });
    await assert.rejects(runCodex(run(join(root, 'missing')), realSchedule, new AbortController().signal, () => undefined), /ENOENT/);
  });

  it('finds Codex by the setting or on the path, and never its own shim', async () => {
    const shimDir = join(root, 'shim');
    const realDir = join(root, 'real');
    for (const dir of [shimDir, realDir]) {
      mkdirSync(dir);
      writeFileSync(join(dir, 'codex'), '');
      chmodSync(join(dir, 'codex'), 0o755);
    }
    const search = { platform: 'linux', env: { PATH: ['relative', shimDir, realDir].join(delimiter) }, codexPath: '', shimDir, execPath: '/node' };
    assert.equal((await findCodex(search)).command, join(realDir, 'codex'));
    assert.deepEqual(await findCodex({ ...search, codexPath: script('codex.js', '') }), { command: '/node', first: [join(root, 'codex.js')], asNode: true });
    await assert.rejects(findCodex({ ...search, codexPath: 'codex' }), /not an absolute path/);
    await assert.rejects(findCodex({ ...search, codexPath: join(root, 'none') }), /names no program/);
    chmodSync(join(realDir, 'codex'), 0o644);
    await assert.rejects(findCodex(search), /not found/);
  });

  it('finds the script behind npm\'s batch file on Windows', async () => {
    const scriptDir = join(root, 'node_modules', '@openai', 'codex', 'bin');
    mkdirSync(scriptDir, { recursive: true });
    writeFileSync(join(root, 'codex.cmd'), '');
    writeFileSync(join(scriptDir, 'codex.js'), '');
    const found = await findCodex({ platform: 'win32', env: { Path: root }, codexPath: '', shimDir: '/x', execPath: 'C:\\Code.exe' });
    assert.deepEqual(found, { command: 'C:\\Code.exe', first: [join(scriptDir, 'codex.js')], asNode: true });
  });

  it('reads lines however they are cut, and skips one that is too long', () => {
    fc.assert(fc.property(fc.array(fc.string({ minLength: 1 }).filter((line) => line.trim() !== '' && !/[\r\n]/.test(line))), fc.integer({ min: 1, max: 7 }), (lines, size) => {
      const seen: string[] = [];
      const read = lineReader((line) => seen.push(line));
      const whole = lines.map((line) => `${line}\n`).join('');
      for (let at = 0; at < whole.length; at += size) read(whole.slice(at, at + size));
      assert.deepEqual(seen, lines);
    }));
    const seen: string[] = [];
    const read = lineReader((line) => seen.push(line));
    read('x'.repeat(eventLineCharactersMax + 1));
    read('rest of it\nnext\n');
    assert.deepEqual(seen, ['next']);
  });

  it('turns events into steps, transcript and failures', () => {
    const step = (event: unknown) => codexStep(JSON.stringify(event));
    assert.deepEqual(step({ type: 'thread.started', thread_id: 't1' }), { threadId: 't1' });
    assert.deepEqual(step({ type: 'turn.completed', usage: { input_tokens: 10, cached_input_tokens: 2, output_tokens: 5 } }), { step: 'finishing', tokens: { input: 10, output: 5 } });
    assert.deepEqual(step({ type: 'item.started', item: { type: 'command_execution', command: 'npm test' } }), { step: 'runs npm test' });
    assert.equal(step({ type: 'item.completed', item: { type: 'command_execution', command: 'ls', aggregated_output: 'a\n', exit_code: 0 } }).transcript, '$ ls (exit code 0)\na');
    assert.equal(step({ type: 'item.completed', item: { type: 'file_change', changes: [{ path: 'a.ts', kind: 'update' }] } }).transcript, '± update a.ts');
    assert.equal(step({ type: 'error', message: 'Reconnecting... 1/5 (x)' }).failure, undefined);
    assert.equal(step({ type: 'turn.failed', error: { message: '{"error":{"message":"No credits are left."}}' } }).failure, 'No credits are left.');
    fc.assert(fc.property(fc.anything(), (value) => { codexStep(JSON.stringify(value) ?? ''); codexStep(JSON.stringify({ type: 'item.completed', item: value }) ?? ''); codexStep(JSON.stringify({ type: 'turn.failed', error: value }) ?? ''); }));
    assert.equal(hideSecrets('url: http://127.0.0.1:1/w/tok/v1 sk-abcdefghijk', ['tok']), 'url: http://127.0.0.1:1/w/…/v1 …');
  });
});

// Each client that the README names, by the way that it names: the real Codex CLI by its own configuration
// file, by a profile, by a shim in a terminal and as its SDK calls it; curl; and a program with OpenAI's SDK.
// What they cost is counted for their workspace.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeShims } from '../../src/extension/codexShim.ts';
import { brokerProgram, plainEnvironment, runBroker } from '../support/process/brokerProgram.ts';
import type { CommandResult } from '../support/process/brokerProgram.ts';
import { codexModel } from '../support/process/codexBench.ts';
import { openSandboxBench } from '../support/process/sandboxBench.ts';
import type { SandboxBench } from '../support/process/sandboxBench.ts';
import { callBroker } from '../support/process/workbench.ts';

const codexBin = path.resolve(import.meta.dirname, '../../node_modules/.bin');
/** The Node that runs the tests, for Codex's launcher. */
const nodeBin = path.dirname(process.execPath);
const exec = ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', '-m', codexModel, 'say hi'];

/** Settings of a person, with everything in them that could lead an edit astray. */
const nasty = [
  '# Everything that could be mistaken for something else.',
  'developer_instructions = """', '[not.a.table]', 'openai_base_url = "http://127.0.0.1:9/in/a/text"', '"""', '',
  '"model_reasoning_effort" = \'low\' # quoted, with a remark',
  'notify = [', '  # openai_base_url = "http://127.0.0.1:9/in/a/comment"', ']',
  '', '# -- below: tables --', '[tui]', 'notifications = false', '', '[mcp_servers]', '',
].join('\n');

describe('a client of the README', function () {
  this.timeout(180_000);
  let bench: SandboxBench;
  beforeEach(async () => { bench = await openSandboxBench('clients', { delays: { deltaMs: 0 } }, 0, { apiKey: 'sk-of-the-broker', runawayGuard: false }); });
  afterEach(() => bench.close());
  const place = (name: string) => bench.workspace(name);
  const program = (command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = bench.folder): Promise<CommandResult> => new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: plainEnvironment({ CODEX_HOME: bench.home, HOME: bench.folder, ...env }), stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => { stdout += chunk; });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => { stderr += chunk; });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
  /** Codex as a person has it: on the path, signed in with a key of their own, and told nothing of a broker. */
  const codex = (args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = bench.folder) =>
    program(path.join(codexBin, 'codex'), args, { PATH: `${nodeBin}${path.delimiter}${process.env['PATH'] ?? ''}`, CODEX_API_KEY: 'sk-of-the-person', ...env }, cwd);
  const route = (...args: string[]) => runBroker(['route', '--data', bench.broker.dataDir, '--codex-home', bench.home, ...args], { cwd: bench.folder, env: { HOME: bench.folder } });
  /** Requests by workspace. Codex warms each connection up, which is one more. */
  const counted = async () => (await callBroker(bench.broker, 'usage', { by: 'workspace' })).rows.map((row) => [row.label, row.requests]);

  it('Codex reads a routed configuration, whatever else stands in it, and the person\'s own key stays here', async () => {
    const config = path.join(bench.home, 'config.toml');
    const before = `${nasty}${readFileSync(config, 'utf8')}`;
    writeFileSync(config, before);
    const routed = await route('--yes', '--workspace', place('shop'));
    assert.equal(routed.code, 0, routed.stderr);
    // A proxy that is not there would be asked for loopback too.
    const run = await codex(exec, { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1,localhost' });
    assert.deepEqual([run.code, /say hi/.test(run.stdout)], [0, true], run.stderr);
    assert.deepEqual(await counted(), [['shop', 2]]);
    assert.equal((await callBroker(bench.broker, 'usage', { by: 'client' })).rows[0]?.key, 'codex_exec');
    await bench.broker.kill();
    await bench.restart();
    const again = await codex(['exec', 'resume', '--last', ...exec.slice(1, -1), 'say it again']);
    assert.deepEqual([again.code, /say it again/.test(again.stdout)], [0, true], again.stderr);
    assert.deepEqual(await counted(), [['shop', 4]]);
    assert.equal((await route('--undo')).code, 0);
    assert.equal(readFileSync(config, 'utf8'), before);
  });

  it('Codex goes through the broker when it is called with the profile', async () => {
    assert.equal((await route('--profile', 'metered', '--yes', '--workspace', place('work'))).code, 0);
    const run = await codex(['-p', 'metered', ...exec]);
    assert.deepEqual([run.code, await counted()], [0, [['work', 2]]], run.stderr);
  });

  it('Codex goes through the broker by the shim of a terminal, under the folder that it stands in', async () => {
    const binDir = place('shims');
    await writeShims({ binDir, execPath: process.execPath, brokerScript: brokerProgram, dataDir: bench.broker.dataDir, codexPath: '' }, process.platform, () => 'new');
    const terminal = { PATH: [binDir, codexBin, nodeBin, process.env['PATH'] ?? ''].join(path.delimiter), HTTP_PROXY: 'http://127.0.0.1:9' };
    const run = await program('sh', ['-c', 'codex "$@"', 'sh', ...exec], terminal, place('shop'));
    assert.deepEqual([run.code, await counted()], [0, [['shop', 2]]], run.stderr);
    const missing = await program('sh', ['-c', 'codex exec hi'], { PATH: [binDir, '/usr/bin', '/bin'].join(path.delimiter) });
    assert.equal(missing.code, 127);
    assert.match(missing.stderr, /^[^\n]+ \(codex_not_found\)\n$/);
    // A script of the person's own that calls the shim, as an old alias may, ends too.
    const own = place('own');
    writeFileSync(path.join(own, 'codex'), `#!/bin/sh\nexec '${path.join(binDir, 'codex')}' "$@"\n`, { mode: 0o700 });
    const circle = await program('sh', ['-c', 'codex exec hi'], { PATH: [binDir, own, '/usr/bin', '/bin'].join(path.delimiter) });
    assert.equal(circle.code, 127);
    assert.match(circle.stderr, /^[^\n]+leads back to the shim that called it[^\n]+ \(codex_not_found\)\n$/);
  });

  it('Codex as its SDK calls it gets address and token as options of the client', async () => {
    const { token, codexBaseUrl } = await callBroker(bench.broker, 'token', { workspacePath: place('sdk') });
    // What `new Codex({ baseUrl, apiKey })` of @openai/codex-sdk starts for each turn.
    const run = await codex(['exec', '--experimental-json', '--config', `openai_base_url=${JSON.stringify(codexBaseUrl)}`, ...exec.slice(1)], { CODEX_API_KEY: token, CODEX_INTERNAL_ORIGINATOR_OVERRIDE: 'codex_sdk_ts' });
    assert.deepEqual([run.code, await counted()], [0, [['sdk', 2]]], run.stderr);
    assert.match(run.stdout, /"type":"turn\.completed"/);
  });

  it('curl takes the address and the token', async () => {
    const { token } = await callBroker(bench.broker, 'token', { workspacePath: place('script') });
    const run = await program('curl', ['-sSN', `${bench.broker.url}/v1/responses`, '-H', `Authorization: Bearer ${token}`, '-H', 'Content-Type: application/json', '-d', '{"model":"gpt-5.5","input":"say hi","stream":true}']);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /^event: response\.completed$/m);
    const whole = await program('curl', ['-sS', '--fail', `${bench.broker.url}/v1/responses`, '-H', `Authorization: Bearer ${token}`, '-H', 'Content-Type: application/json', '-d', '{"model":"gpt-5.5","input":"say hi"}']);
    assert.equal((JSON.parse(whole.stdout) as { status: string }).status, 'completed');
    assert.deepEqual(await counted(), [['script', 2]]);
  });

  it('an SDK program takes them from its environment', async () => {
    const { token, baseUrl } = await callBroker(bench.broker, 'token', { workspacePath: place('script') });
    const script = 'import OpenAI from "openai"; const answer = await new OpenAI().responses.create({ model: "gpt-5.5", input: "say hi" }); console.log(answer.output_text);';
    const run = await program(process.execPath, ['--input-type=module', '-e', script], { OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: token }, path.resolve(import.meta.dirname, '../..'));
    assert.deepEqual([run.code, /say hi/.test(run.stdout), await counted()], [0, true, [['script', 1]]], run.stderr);
  });
});

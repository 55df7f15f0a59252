// The care that the real command line takes of its caller: paths are seen from the caller's folder,
// dates are those of the caller's calendar, and `run` is as transparent as a program can be.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brokerProgram, plainEnvironment, runBroker } from '../support/process/brokerProgram.ts';
import { jsonOf } from '../support/process/httpExchange.ts';
import { recordedRequest } from '../support/process/recordedStream.ts';
import { wholeAnswer } from '../support/process/scriptedUpstream.ts';
import { askBroker, makeFolder, openBench, removeFolder } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

interface Token { readonly token: string; readonly workspaceId: string }

describe('the command line and its caller', function () {
  this.timeout(60_000);
  let bench: Workbench;
  const project = (name: string) => path.join(bench.folder, name);
  before(async () => {
    bench = await openBench({ credits: 0 });
    for (const name of ['a', 'b']) mkdirSync(project(name));
  });
  after(() => bench.close());
  const tokenOf = async (workspace: string, cwd: string) => JSON.parse((await runBroker(['token', '--workspace', workspace, '--json', '--data', bench.dataDir], { cwd })).stdout) as Token;

  it('sees paths from the caller\'s folder, not from the broker\'s', async () => {
    const [a, b] = [await tokenOf(project('a'), '/'), await tokenOf(project('b'), '/')];
    assert.notEqual(a.token, b.token);
    assert.deepEqual([await tokenOf('.', project('a')), await tokenOf('.', project('b')), await tokenOf('../a', project('b'))], [a, b, a]);
    const ran = await runBroker(['run', '--workspace', '.', '--data', path.relative(project('b'), bench.dataDir), '--', 'sh', '-c', 'printf %s "$OPENAI_API_KEY"'], { cwd: project('b') });
    assert.deepEqual([ran.stdout, ran.stderr], [b.token, '']);
    for (const args of [['token', '--workspace', ''], ['credits', 'add', '5', '--for', ''], ['status', '--data', '']]) assert.equal((await runBroker([...args, ...(args.includes('--data') ? [] : ['--data', bench.dataDir])])).code, 2, args.join(' '));
  });

  it('obeys nothing that stands in the names and words of others', async () => {
    // Its title is set anew, the line above it is overwritten, and the direction of writing is turned round.
    const evil = '\u001b]0;owned\u0007\u001b[1A\u009b2K\u202egpt\r';
    const folder = project(`shop${evil}`);
    const kind = bench.upstream.script;
    mkdirSync(folder);
    const { token } = await tokenOf(folder, '/');
    bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(200, JSON.stringify({ id: 'resp_evil', object: 'response', status: 'completed', model: evil, output: [], usage: { input_tokens: 5, output_tokens: 7, total_tokens: 12 } })));
    const answer = await askBroker(bench.broker, token, { body: recordedRequest(false) });
    assert.equal(answer.status, 200);
    await bench.explain(answer);
    bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(400, JSON.stringify({ error: { message: `no ${evil}`, code: 'invalid_prompt' } })));
    const refused = await askBroker(bench.broker, token, { body: recordedRequest(false) });
    await bench.explain(refused);
    bench.upstream.script = kind;
    let shown = '';
    for (const args of [['usage', '--by', 'workspace'], ['usage', '--by', 'model'], ['usage', '--by', 'workspace', '--json'], ['usage', '--by', 'workspace', '--csv'], ['status'], ['status', '--json'], ['explain', String(answer.headers['x-request-id'])], ['explain', String(refused.headers['x-request-id'])], ['token', '--workspace', folder], ['explain', evil]]) {
      const { stdout, stderr } = await runBroker([...args, '--data', bench.dataDir]);
      assert.doesNotMatch(stdout + stderr, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/, args.join(' '));
      if (args.includes('--json')) assert.ok(JSON.parse(stdout));
      shown += stdout;
    }
    assert.ok(shown.includes('shop\\u001b]0;owned'), 'what is there is shown for what it is');
  });

  it('names the workspace that may use credits', async () => {
    assert.equal((await runBroker(['credits', 'add', '50', '--for', '.', '--data', bench.dataDir], { cwd: project('a') })).code, 0);
    assert.equal((await askBroker(bench.broker, (await tokenOf('.', project('a'))).token)).status, 200);
    const refused = await askBroker(bench.broker, (await tokenOf('.', project('b'))).token);
    assert.deepEqual([refused.status, jsonOf(refused).error.code], [402, 'consent_missing']);
  });

  it('needs no working folder for whole paths', () => {
    const gone = project('gone');
    const inGone = (command: string) => {
      mkdirSync(gone);
      return spawnSync('sh', ['-c', `cd "$1" && rmdir "$1" && exec "$2" "$3" ${command} --data "$4" --json`, 'sh', gone, process.execPath, brokerProgram, bench.dataDir], { env: plainEnvironment(), encoding: 'utf8' });
    };
    const listed = inGone('credits list');
    assert.deepEqual([listed.status, listed.stderr], [0, '']);
    const none = inGone('token');
    assert.deepEqual([none.status, (JSON.parse(none.stdout) as { error: { code: string } }).error.code], [2, 'argument_invalid']);
    assert.match(none.stderr, /^The working folder does not exist any more\. [^\n]+\n$/);
  });

  it('leaves what stands behind `--` to the command that is run', async () => {
    const run = (...command: string[]) => runBroker(['run', '--data', bench.dataDir, '--', ...command]);
    const plain = path.join(bench.folder, 'plain');
    writeFileSync(plain, 'no program');
    chmodSync(plain, 0o644);
    for (const [command, code] of [['no-such-program-anywhere', 127], [plain, 126]] as const) {
      const failed = await run(command, '--json');
      assert.deepEqual([failed.code, failed.stdout], [code, ''], failed.stderr);
      assert.match(failed.stderr, /^The command [^\n]+ \(command_failed\)\n$/);
    }
    const told = await runBroker(['run', '--json', '--data', bench.dataDir, '--', 'no-such-program-anywhere']);
    assert.deepEqual([told.code, (JSON.parse(told.stdout) as { error: { code: string } }).error.code], [127, 'command_failed']);
  });

  for (const [signal, name] of [['SIGQUIT', 'QUIT'], ['SIGTERM', 'TERM'], ['SIGHUP', 'HUP']] as const) {
    it(`passes ${signal} on to the command and waits for it`, async () => {
      const child = spawn(process.execPath, [brokerProgram, 'run', '--data', bench.dataDir, '--', 'sh', '-c', `trap 'exit 33' ${name}; echo ready; while :; do sleep 0.05; done`], { env: plainEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise<(number | string | null)[]>((resolve) => { child.once('exit', (code, by) => resolve([code, by])); });
      await new Promise<void>((resolve) => { child.stdout.once('data', () => resolve()); });
      child.kill(signal);
      assert.deepEqual(await ended, [33, null]);
      // Its pipe closes only when the command that shares it is gone too.
      await new Promise<void>((resolve) => { if (child.stdout.closed) resolve(); else child.stdout.once('close', () => resolve()).resume(); });
    });
  }
});

describe('values on the command line', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => { folder = makeFolder('values'); });
  after(() => removeFolder(folder));
  const run = (args: readonly string[], env: Record<string, string> = {}) => runBroker([...args, '--data', path.join(folder, 'data')], { env });

  it('are days of the caller\'s calendar', async () => {
    const expires = async (text: string, zone: string) => {
      const added = await run(['credits', 'add', '1', '--expires', text, '--json'], { TZ: zone });
      return (JSON.parse(added.stdout) as { grant: { expiresAtMs: number } }).grant.expiresAtMs;
    };
    assert.equal(await expires('2090-07-01', 'Europe/Berlin'), Date.UTC(2090, 5, 30, 22));
    assert.equal(await expires('2090-12-31', 'America/New_York'), Date.UTC(2090, 11, 31, 5));
    assert.equal(await expires('2090-12-31T10:00Z', 'America/New_York'), Date.UTC(2090, 11, 31, 10));
  });

  it('are refused when they are not quite what they seem', async () => {
    const wrong = [...['2026-02-31', '2026-11-22 (hello world)', '2026-11-22 10:00 PST', '1969-01-01'].map((date) => ['usage', '--since', date]), ['credits', 'add', '1', '--expires', '2090-02-30'],
      ...['0x10', '1e3', '', ' 0 '].map((port) => ['serve', '--port', port]), ['serve', '--idle-exit-ms', '1e4']];
    for (const args of wrong) {
      const { code, stderr } = await run(args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, /^[A-Z"][^\n]+ \(argument_invalid\)\n$/, args.join(' '));
    }
  });

  it('are told as JSON too when the folder\'s lock is noise', async () => {
    mkdirSync(path.join(folder, 'noise'));
    writeFileSync(path.join(folder, 'noise/lease.db'), Buffer.alloc(4096, 0xa5));
    const failed = await runBroker(['credits', 'add', '5', '--json', '--data', path.join(folder, 'noise')]);
    assert.deepEqual([failed.code, (JSON.parse(failed.stdout) as { error: { code: string } }).error.code], [1, 'data_folder_unusable']);
    assert.doesNotMatch(failed.stderr, /\n\s+at /);
  });
});

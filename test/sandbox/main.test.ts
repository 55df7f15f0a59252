// The sandbox as a program: its first line, its ends, and its one sentence for each mistake.
import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readArguments, withArguments } from '../../src/sandbox/commandLine.ts';
import { ask, streaming } from './asking.ts';

const program = fileURLToPath(new URL('../../src/sandbox/main.ts', import.meta.url));

describe('the sandbox program', function () {
  this.timeout(20_000);
  let child: ChildProcessWithoutNullStreams | undefined;
  const run = (...args: string[]) => (child = spawn(process.execPath, [program, ...args]));
  const ready = async (started: ChildProcessWithoutNullStreams) => {
    const lines = createInterface(started.stdout);
    const [line] = await once(lines, 'line') as [string];
    return JSON.parse(line) as { event: string; url: string; pid: number };
  };
  const ended = async (started: ChildProcessWithoutNullStreams) => {
    let errors = '';
    started.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const [code] = await once(started, 'close') as [number | null];
    return { code, errors };
  };

  afterEach(() => {
    if (child?.exitCode === null) child.kill('SIGKILL');
  });

  it('says where it is, takes its flags, and ends cleanly on a signal', async () => {
    const started = run('--rpm', '1', '--delay-ms', '0');
    const { event, url, pid } = await ready(started);
    assert.deepEqual([event, pid], ['ready', started.pid]);
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.deepEqual([(await ask(url, streaming())).status, (await ask(url, streaming())).status], [200, 429]);
    const end = ended(started);
    started.kill('SIGTERM');
    // Windows has no signals to catch; there the process is simply ended.
    assert.deepEqual(await end, process.platform === 'win32' ? { code: null, errors: '' } : { code: 0, errors: '' });
  });

  it('exits with its parent only when told to', async () => {
    const stays = run();
    const { url } = await ready(stays);
    stays.stdin.end();
    assert.equal((await ask(url, streaming())).status, 200);
    assert.equal(stays.exitCode, null);
    stays.kill('SIGKILL');
    const leaves = run('--exit-with-parent');
    await ready(leaves);
    const end = ended(leaves);
    leaves.stdin.end();
    assert.equal((await end).code, 0);
    const signalled = run('--exit-with-parent');
    await ready(signalled);
    const signalledEnd = ended(signalled);
    signalled.kill('SIGINT');
    assert.equal((await signalledEnd).code, process.platform === 'win32' ? null : 0);
  });

  it('refuses mistakes with one sentence and exit code 2', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sandbox-scenario-'));
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const file = (name: string, text: string) => {
      writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    try {
      const { port } = taken.address() as AddressInfo;
      const mistakes: [string[], RegExp][] = [
        [['--port', 'x'], /^--port must be a whole number from 0 to 65535, not "x"\.\n$/],
        [['--nonsense'], /^Unknown option '--nonsense'.*\n$/],
        [['--scenario', path.join(folder, 'missing.json')], /missing\.json cannot be read \(ENOENT\)\. [^\n]*\n$/],
        [['--scenario', file('text.json', 'not json')], /text\.json is not JSON: [^\n]*\n$/],
        [['--scenario', file('wrong.json', '{"delays":{"deltaMs":"slow"}}')], /wrong\.json is not valid: "delays\.deltaMs": [^\n]*\n$/],
        [['--port', String(port)], new RegExp(`^Port ${port} is in use by another program\\. [^\\n]*\\n$`)],
      ];
      for (const [args, sentence] of mistakes) {
        const { code, errors } = await ended(run(...args));
        assert.equal(code, 2, args.join(' '));
        assert.match(errors, sentence);
      }
    } finally {
      taken.close();
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the sandbox\'s arguments', () => {
  it('are read, and win over the scenario', () => {
    const read = readArguments(['--port', '8080', '--rpm', '60', '--tpm=40000', '--delay-ms', '0', '--exit-with-parent', '--no-websocket', '--scenario', 's.json']);
    assert.ok('arguments' in read);
    assert.deepEqual(read.arguments, { help: false, port: 8080, exitWithParent: true, noWebSocket: true, scenarioFile: 's.json', requestsPerMinute: 60, tokensPerMinute: 40_000, deltaMs: 0 });
    assert.deepEqual(withArguments({ limits: { requestsPerMinute: 5, models: { m: {} } }, delays: { deltaMs: 9, headersMs: 1 } }, read.arguments), {
      limits: { requestsPerMinute: 60, tokensPerMinute: 40_000, models: { m: {} } }, webSocket: { offered: false }, delays: { deltaMs: 0, headersMs: 1 },
    });
  });

  for (const args of [['--rpm', '0'], ['--tpm', '1e3'], ['--delay-ms', '-1'], ['stray'], ['--port', '65536'], ['--port']]) {
    it(`are refused: ${args.join(' ')}`, () => assert.ok('mistake' in readArguments(args)));
  }
});

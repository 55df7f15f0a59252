// The command line of the real program: what each command prints for programs, how it exits, and
// that a mistake is one sentence with a code, never a stack trace.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { NotStarted, runBroker, startBroker, testApiKey } from '../support/process/brokerProgram.ts';
import type { BrokerProcess, CommandOptions, CommandResult, ServeOptions } from '../support/process/brokerProgram.ts';
import { recordedModel, recordedUsage } from '../support/process/recordedStream.ts';
import { makeFolder, openBench, removeFolder } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

/** One sentence or two for people, ending in the code; nothing of the program's insides. */
function assertPlain(result: CommandResult, code: number, problem: string, about = ''): void {
  assert.equal(result.code, code, `${about} ${result.stderr}`);
  assert.match(result.stderr, new RegExp(`^[A-Z"\`][^\\n]+\\. [^\\n]+ \\(${problem}\\)\\n$`), about);
  assert.doesNotMatch(result.stderr, /\n\s+at |Error:|node:/);
}

describe('the command line with a running broker', function () {
  this.timeout(60_000);
  let bench: Workbench;
  before(async () => {
    bench = await openBench({ credits: 0 });
    mkdirSync(path.join(bench.folder, 'workspace'));
  });
  after(() => bench.close());

  const run = (...args: string[]) => runBroker([...args, '--data', bench.dataDir]);
  const json = async (...args: string[]) => {
    const result = await run(...args, '--json');
    assert.deepEqual([result.code, result.stderr], [0, ''], args.join(' '));
    return JSON.parse(result.stdout);
  };

  it('says where it is in one line', async () => {
    assert.match(bench.broker.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    const other = makeFolder('ready');
    try {
      const result = await startBroker({ dataDir: other, apiKey: false });
      assert.deepEqual([result.pid > 0, result.dataDir], [true, other]);
      assert.equal(await result.stop(), 0);
    } finally {
      removeFolder(other);
    }
  });

  it('shows a workspace\'s token, the same each time, by any name of the folder', async () => {
    const workspace = path.join(bench.folder, 'workspace');
    const made = await json('token', '--workspace', workspace);
    assert.deepEqual(Object.keys(made).sort(), ['baseUrl', 'chatgptBaseUrl', 'codexBaseUrl', 'takesOrigin', 'token', 'workspaceId']);
    assert.match(made.token, /^[\w-]{43}$/);
    assert.deepEqual([made.baseUrl, made.codexBaseUrl, made.chatgptBaseUrl], [`${bench.broker.url}/v1`, `${bench.broker.url}/w/${made.token}/v1`, `${bench.broker.url}/w/${made.token}/backend-api/codex`]);
    symlinkSync(workspace, path.join(bench.folder, 'link'));
    assert.deepEqual(await json('token', '--workspace', path.join(bench.folder, 'link')), made);
    assert.notEqual((await json('token', '--workspace', bench.folder)).token, made.token);
    const { stdout } = await runBroker(['token', '--json', '--data', bench.dataDir], { cwd: workspace });
    assert.equal(JSON.parse(stdout).token, made.token);
  });

  it('adds credits once per key and lists them', async () => {
    assert.deepEqual(await json('credits', 'list'), { tracked: false, grants: [], balanceMicroCredits: 0, heldMicroCredits: 0, owedMicroCredits: 0, allowances: [] });
    const added = await json('credits', 'add', '25.5', '--kind', 'promotional', '--expires', '2099-12-31', '--key', 'one', '--note', 'a present');
    assert.deepEqual([added.created, added.grant.amountMicroCredits, added.grant.kind, added.grant.expiresAtMs], [true, 25_500_000, 'promotional', Date.parse('2099-12-31')]);
    const again = await json('credits', 'add', '25.5', '--kind', 'promotional', '--expires', '2099-12-31', '--key', 'one', '--note', 'a present');
    assert.deepEqual([again.created, again.grant.id, again.balance.balanceMicroCredits], [false, added.grant.id, 25_500_000]);
    assertPlain(await run('credits', 'add', '26', '--kind', 'promotional', '--key', 'one'), 1, 'key_conflict');
    await json('credits', 'add', '0.000001', '--kind', 'included', '--key', 'two');
    const listed = await json('credits', 'list');
    assert.deepEqual([listed.tracked, listed.balanceMicroCredits, listed.heldMicroCredits], [true, 25_500_001, 0]);
    for (const grant of listed.grants) for (const name of ['id', 'kind', 'amountMicroCredits', 'remainingMicroCredits']) assert.ok(name in grant, name);
  });

  it('refuses amounts that are none', async () => {
    for (const amount of ['0', '-5', '1e3', '1,5', '0.0000001', '1000001', 'NaN', '', ' ', '٣', '0x10', '5 credits']) {
      assertPlain(await run('credits', 'add', amount), 2, 'argument_invalid', amount);
    }
    for (const more of [['--kind', 'free'], ['--expires', 'soon'], ['--expires', '2001-01-01'], ['--key', ''], ['--for']]) {
      const result = await run('credits', 'add', '5', ...more);
      assert.ok([1, 2].includes(result.code) && result.stderr.endsWith('(argument_invalid)\n'), `${more.join(' ')}: ${result.stderr}`);
    }
    assert.equal((await json('credits', 'list')).grants.length, 2);
  });

  it('reports usage by each grouping, and explains a request', async () => {
    const answer = await bench.ask();
    const id = String(answer.headers['x-request-id']);
    await bench.explain(answer);
    for (const by of ['day', 'model', 'workspace', 'client', 'thread']) {
      const { rows, total } = await json('usage', '--by', by);
      assert.equal(rows.length, 1, by);
      for (const row of [rows[0], total]) {
        assert.deepEqual([row.requests, row.inputTokens, row.cachedInputTokens, row.outputTokens, row.reasoningTokens, row.estimated],
          [1, recordedUsage.inputTokens, recordedUsage.cachedInputTokens, recordedUsage.outputTokens, recordedUsage.reasoningTokens, 0]);
        assert.ok(typeof row.key === 'string' && row.costMicroCredits > 0);
      }
    }
    assert.equal((await json('usage', '--by', 'model')).rows[0].key, recordedModel);
    assert.deepEqual((await json('usage', '--since', '2099-01-01')).rows, []);
    const csv = (await run('usage', '--by', 'model', '--csv')).stdout.trimEnd().split('\n');
    assert.deepEqual([csv.length, csv[0]?.split(',')[0], csv[1]?.split(',')[0]], [2, 'key', recordedModel]);
    const told = await json('explain', id);
    assert.deepEqual([told.id, Array.isArray(told.decision.layers), told.decision.slices.length], [id, true, 2]);
    assert.ok(told.charge.costMicroCredits > 0 && told.entries.length >= 4);
    assert.equal((await json('explain', `${id}-1`)).id, id);
    assertPlain(await run('explain', 'req_nothing'), 1, 'request_not_found');
    const failed = await run('explain', 'req_nothing', '--json');
    assert.equal((JSON.parse(failed.stdout) as { error: { code: string } }).error.code, 'request_not_found');
  });

  it('proves its ledger, and tells its state', async () => {
    const found = await json('audit', '--full');
    assert.deepEqual([found.ok, found.violations, found.openHolds, found.entries > 0], [true, [], 0, true]);
    const status = await json('status');
    assert.deepEqual([status.key.state, status.running, status.waiting, status.broker.dataDir], ['present', [], [], bench.dataDir]);
    for (const text of [await run('status'), await run('credits', 'list'), await run('usage'), await run('audit')]) {
      assert.equal(text.code, 0);
      assert.ok(text.stdout.length > 20 && !text.stdout.includes(testApiKey));
    }
  });

  it('runs a command with the workspace\'s address and token, and gives on its exit code', async () => {
    const workspace = path.join(bench.folder, 'workspace');
    const { token } = await json('token', '--workspace', workspace);
    const inside = (command: string[], options: CommandOptions = {}) => runBroker(['run', '--data', bench.dataDir, '--workspace', workspace, '--', ...command], options);
    const { code, stdout } = await inside(['sh', '-c', 'env; exit 7'], { env: { NO_PROXY: 'example.test', HTTP_PROXY: 'http://proxy.test:1', OPENAI_API_KEY: 'sk-of-the-person' } });
    assert.equal(code, 7);
    const env = new Map(stdout.trimEnd().split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
    assert.deepEqual([env.get('OPENAI_BASE_URL'), env.get('OPENAI_API_KEY'), env.get('CODEX_API_KEY')], [`${bench.broker.url}/v1`, token, token]);
    for (const name of ['NO_PROXY', 'no_proxy']) assert.equal(env.get(name), 'example.test,127.0.0.1,localhost');
    assert.ok(!stdout.includes(testApiKey));
    assert.equal((await inside(['sh', '-c', 'kill -TERM $$'])).code, 128 + 15);
    assertPlain(await inside(['no-such-program-anywhere']), 127, 'command_failed');
    assertPlain(await inside(['no-such-folder/codex']), 127, 'codex_not_found');
    assertPlain(await runBroker(['run', '--data', bench.dataDir]), 2, 'argument_invalid');
  });

  it('lets no second broker into its data folder, and says which port is taken', async () => {
    assertPlain(await runBroker(['serve', '--no-keychain', '--data', bench.dataDir]), 1, 'broker_running');
    const other = makeFolder('port');
    try {
      assertPlain(await runBroker(['serve', '--no-keychain', '--data', other, '--port', String(bench.broker.port)]), 1, 'port_in_use');
      const started = await startBroker({ dataDir: other, apiKey: false });
      assert.equal(await started.stop(), 0, 'the folder is free again');
    } finally {
      removeFolder(other);
    }
  });
});

describe('the command line without a running broker', function () {
  this.timeout(60_000);
  let folder: string;
  let dataDir: string;
  beforeEach(() => {
    folder = makeFolder('offline');
    dataDir = path.join(folder, 'data');
  });
  afterEach(() => removeFolder(folder));
  const serve = async (options: Omit<ServeOptions, 'dataDir'>) => {
    try {
      const broker = await startBroker({ dataDir, ...options });
      await broker.stop();
      return { code: 0, stdout: '', stderr: '' };
    } catch (error) {
      if (error instanceof NotStarted) return { code: error.code, stdout: '', stderr: error.stderr };
      throw error;
    }
  };

  it('says that there is no ledger yet, and makes none by looking', async () => {
    for (const args of [['status'], ['usage'], ['credits', 'list'], ['explain', 'x']]) assertPlain(await runBroker([...args, '--data', dataDir]), 1, 'ledger_missing', args.join(' '));
    assertPlain(await runBroker(['audit', '--data', dataDir]), 3, 'ledger_missing');
    assertPlain(await runBroker(['run', '--data', dataDir, '--', 'true']), 1, 'broker_unreachable');
    const audit = await runBroker(['audit', '--json', '--data', dataDir]);
    assert.deepEqual([audit.code, (JSON.parse(audit.stdout) as { ok: boolean }).ok], [3, false]);
  });

  it('adds credits and reads them in the folder that the environment names, and a broker goes on from there', async () => {
    const env = { CODEX_BROKER_DATA: dataDir };
    const made = await runBroker(['token', '--workspace', folder, '--json'], { env });
    assert.equal((await runBroker(['credits', 'add', '3', '--key', 'k'], { env })).code, 0);
    const read = async (...args: string[]) => JSON.parse((await runBroker([...args, '--json'], { env })).stdout);
    assert.equal((await read('credits', 'list')).balanceMicroCredits, 3_000_000);
    assert.equal((await read('audit', '--full')).ok, true);
    assert.deepEqual((await read('status')).running, []);
    const broker = await startBroker({ dataDir });
    try {
      const again = JSON.parse((await runBroker(['token', '--workspace', folder, '--json'], { env })).stdout) as { token: string };
      assert.equal(again.token, (JSON.parse(made.stdout) as typeof again).token);
      // An option wins over the environment.
      assertPlain(await runBroker(['credits', 'list', '--data', path.join(folder, 'other')], { env }), 1, 'ledger_missing');
    } finally {
      await broker.kill();
    }
  });

  it('takes the key from the environment or standard input, and says when there is none', async () => {
    assert.equal((await serve({ apiKey: false, args: ['--api-key-env', 'MY_KEY'], env: { MY_KEY: testApiKey } })).code, 0);
    assertPlain(await serve({ apiKey: false, args: ['--api-key-env', 'MY_KEY'] }), 2, 'argument_invalid');
    assertPlain(await serve({ apiKey: '' }), 2, 'argument_invalid');
    assertPlain(await serve({ apiKey: 'a key with spaces' }), 1, 'api_key_invalid');
    assert.ok(!(await serve({ apiKey: 'secret key' })).stderr.includes('secret'));
  });

  it('answers wrong use with one sentence and code 2', async () => {
    const wrong = [
      ['serve', '--nonsense'], ['serve', '--port', 'x'], ['serve', '--port', '65536'], ['serve', '--port', '-1'], ['serve', '--port'], ['serve', 'extra'], ['serve', '--upstream', 'not an address'],
      ['serve', '--upstream', 'file:///etc/passwd'], ['serve', '--upstream', 'http://user:pw@127.0.0.1/'], ['serve', '--idle-exit-ms', '5'], ['serve', '--config', path.join(folder, 'missing.json')],
      ['usage', '--by', 'moon'], ['explain', 'x', '--workspace', '.'], ['budget', 'set', 'b', '5', '--per', 'everything', '--of', 'x'], ['budget', 'set', 'b', '5', '--per', 'everything', '--period', 'year'], ['restore', 'x', '--list'], ['restore', 'no-such-file', '--no-keychain'], ['usage', '--since', 'yesterday'], ['credits'], ['credits', 'steal'], ['credits', 'add'], ['explain'], ['explain', 'a', 'b'], ['audit', '--deep'], ['token', 'x'],
    ];
    for (const args of wrong) assertPlain(await runBroker([...args, '--data', dataDir]), 2, 'argument_invalid', args.join(' '));
    assert.match((await runBroker(['fly'])).stderr, /^There is no command "fly"\. [^\n]+\n$/);
    for (const [args, code] of [[[], 2], [['--help'], 0], [['help'], 0], [['serve', '--help'], 0]] as const) {
      const help = await runBroker(args);
      assert.deepEqual([help.code, help.stderr], [code, '']);
      assert.ok(help.stdout.split('\n').every((line) => line.length <= 100));
      assert.match(help.stdout, /serve[\s\S]+token[\s\S]+run[\s\S]+sandbox[\s\S]+credits add[\s\S]+budget set[\s\S]+policy[\s\S]+usage[\s\S]+explain[\s\S]+guard[\s\S]+export[\s\S]+audit[\s\S]+backup[\s\S]+restore[\s\S]+doctor/);
    }
    assert.match((await runBroker(['--version'])).stdout, /^\d+\.\d+\.\d+\S*\n$/);
  });

  it('reads settings from a file, options first', async () => {
    const file = path.join(folder, 'settings.json');
    const atFreePort = async (tries: number): Promise<[number, BrokerProcess]> => {
      const free = await new Promise<number>((resolve) => {
        const server = net.createServer().listen(0, '127.0.0.1', () => { const { port } = server.address() as AddressInfo; server.close(() => resolve(port)); });
      });
      writeFileSync(file, JSON.stringify({ port: free, upstream: 'http://127.0.0.1:9' }));
      try {
        return [free, await startBroker({ dataDir, args: ['--config', file] })];
      } catch (error) {
        // Another program got the port in between.
        if (tries > 1 && error instanceof NotStarted && error.stderr.includes('(port_in_use)')) return atFreePort(tries - 1);
        throw error;
      }
    };
    const [free, broker] = await atFreePort(5);
    assert.equal(broker.port, free);
    await broker.stop();
    for (const text of ['{', '[]', '{"prot":1}', '{"port":"80"}', '{"apiKey":"sk-x"}']) {
      writeFileSync(file, text);
      assertPlain(await serve({ args: ['--config', file] }), 2, 'argument_invalid', text);
    }
  });

  it('ends by itself when nobody uses it, and leaves no address behind', async () => {
    const broker = await startBroker({ dataDir, args: ['--idle-exit-ms', '1000'] });
    assert.equal(await broker.ended, 0);
    assertPlain(await runBroker(['run', '--data', dataDir, '--', 'true']), 1, 'broker_unreachable');
  });
});

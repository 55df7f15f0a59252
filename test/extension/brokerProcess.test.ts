// Starting the broker for real: from a copy, detached, with a clean environment; several windows
// at once end with one broker; a start that fails says why in bounded time.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problemKinds, ProblemError } from '../../src/domain/problem.ts';
import { brokerCopiesMax, ensureBrokerCopy } from '../../src/extension/brokerCopy.ts';
import { reachBroker } from '../../src/extension/brokerProcess.ts';
import { brokerEnvironment, runtimeFlags, serveArguments, startBroker, startLogFile } from '../../src/extension/brokerStart.ts';
import { wipeMarkFile } from '../../src/protocol/dataFiles.ts';
import { loopbackRequest } from '../../src/extension/loopbackHttp.ts';
import { manualSchedule, realSchedule } from './manualSchedule.ts';

/** A program with the broker's outer behaviour: one winner by a lock, a proof, an address file. */
const program = `
import { createHmac } from 'node:crypto';
import { appendFileSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
const dir = process.argv[process.argv.indexOf('--data') + 1];
appendFileSync(dir + '/starts', JSON.stringify({ pid: process.pid, args: process.argv.slice(2), cwd: process.cwd(), env: Object.keys(process.env) }) + '\\n');
try { openSync(dir + '/lock', 'wx'); } catch { console.error('broker_running'); process.exit(3); }
const token = 't'.repeat(43);
const server = createServer((request, response) => {
  const nonce = new URL(request.url, 'http://x').searchParams.get('nonce');
  response.end(JSON.stringify({ ok: true, version: '1', protocol: 3, proof: createHmac('sha256', token).update(nonce).digest('hex') }));
});
server.listen(0, '127.0.0.1', () => setTimeout(() => {
  writeFileSync(dir + '/control.token', token);
  writeFileSync(dir + '/new', JSON.stringify({ url: 'http://127.0.0.1:' + server.address().port, pid: process.pid, version: '1', protocol: 3, mode: process.argv.includes('--practice') ? 'practice' : 'live' }));
  renameSync(dir + '/new', dir + '/broker.json');
}, 100));
setTimeout(() => process.exit(0), 20000);
`;

describe('starting the broker', function slowMachine() {
  this.timeout(30_000);
  let root = '';
  let names = 0;
  const newName = () => `n${(names += 1)}`;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'broker-start-'));
    mkdirSync(join(root, 'dist', 'node_modules', 'keytar'), { recursive: true });
    writeFileSync(join(root, 'dist', 'broker.mjs'), program);
    for (const name of ['ledger.mjs', 'sandbox.mjs']) writeFileSync(join(root, 'dist', name), 'export {};');
    writeFileSync(join(root, 'dist', 'node_modules', 'keytar', 'package.json'), '{}');
  });
  afterEach(() => {
    for (const started of starts()) {
      try {
        process.kill(started.pid);
      } catch {
        // It has ended by itself.
      }
    }
    rmSync(root, { recursive: true, force: true });
  });
  const dataDir = () => join(root, 'data');
  const starts = () => {
    try {
      return readFileSync(join(dataDir(), 'starts'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { pid: number; args: string[]; cwd: string; env: string[] });
    } catch {
      return [];
    }
  };
  const copyPlaces = (version = '1.0.0') => ({ distDir: join(root, 'dist'), storageDir: join(root, 'storage'), version, newName });
  const parts = (execPath = process.execPath) => ({
    request: loopbackRequest, schedule: realSchedule, newNonce: newName,
    start: (seat: { dataDir: string; practice: boolean }) => startBroker({ brokerFolder: () => ensureBrokerCopy(copyPlaces()), execPath, surroundings: () => ({ args: ['--upstream', 'https://up.test'], env: { ...process.env, OPENAI_API_KEY: 'sk-secret', NODE_OPTIONS: '--no-warnings' } }) }, seat),
  });

  it('tells in the broker\'s own words why it left', async () => {
    writeFileSync(join(root, 'dist', 'broker.mjs'), `console.error('starting'); console.error('The ledger x is damaged. ${problemKinds.ledger_corrupt.remedy} (ledger_corrupt)'); process.exit(1);`);
    await assert.rejects(reachBroker(parts(), { dataDir: dataDir(), practice: false }, () => undefined), (error: unknown) => {
      assert.ok(error instanceof ProblemError);
      assert.deepEqual(error.problem, { code: 'ledger_corrupt', message: 'The ledger x is damaged.', remedy: problemKinds.ledger_corrupt.remedy });
      return true;
    });
  });

  it('starts nothing in a folder that is being wiped, and gives up at once where a wipe begins meanwhile', async () => {
    const mark = join(dataDir(), wipeMarkFile);
    const isWipe = (error: unknown) => error instanceof ProblemError && error.problem.code === 'wipe_unfinished';
    mkdirSync(dataDir());
    writeFileSync(mark, 'live');
    let begun = 0;
    await assert.rejects(reachBroker(parts(), { dataDir: dataDir(), practice: false }, () => { begun += 1; }), isWipe);
    assert.deepEqual([begun, readdirSync(dataDir())], [0, [wipeMarkFile]]);
    rmSync(mark);
    // It writes itself down, so that it is ended behind the test, and leaves no address.
    writeFileSync(join(root, 'dist', 'broker.mjs'), program.replace('renameSync(', 'void ('));
    const slow = { ...parts(), start: async (seat: { dataDir: string; practice: boolean }) => {
      const started = await parts().start(seat);
      writeFileSync(mark, 'live');
      return started;
    } };
    await assert.rejects(reachBroker(slow, { dataDir: dataDir(), practice: false }, () => { begun += 1; }), isWipe);
    assert.equal(begun, 1);
  });

  it('brings four windows that start at once to one broker', async () => {
    const reached = await Promise.all(Array.from({ length: 4 }, () => reachBroker(parts(), { dataDir: dataDir(), practice: false }, () => undefined)));
    assert.equal(new Set(reached.map((broker) => broker.address.pid)).size, 1);
    const [first] = starts();
    assert.ok(first && first.cwd.startsWith(join(root, 'storage', 'broker-1.0.0-')));
    assert.ok(!first.env.includes('OPENAI_API_KEY') && !first.env.includes('NODE_OPTIONS') && first.env.includes('ELECTRON_RUN_AS_NODE'));
    assert.deepEqual(first.args, ['serve', '--data', dataDir(), '--idle-exit-ms', '120000', '--upstream', 'https://up.test']);
    // The three that came too late say so in their own time.
    const late = () => readFileSync(join(dataDir(), startLogFile), 'utf8').match(/broker_running/g)?.length ?? 0;
    while (starts().length < 4 || late() < 3) await new Promise((resolve) => { setTimeout(resolve, 10); });
    const before = starts().length;
    await reachBroker({ ...parts(), schedule: manualSchedule() }, { dataDir: dataDir(), practice: false }, () => assert.fail('a running broker is not started again'));
    assert.equal(starts().length, before);
  });

  it('starts nothing when it may only look', async () => {
    await assert.rejects(reachBroker(parts(), { dataDir: dataDir(), practice: false }, undefined), ProblemError);
    assert.deepEqual(starts(), []);
  });

  it('says in bounded time that the process left, and where its words are', async () => {
    writeFileSync(join(root, 'dist', 'broker.mjs'), 'console.error("cannot"); process.exit(7);');
    await assert.rejects(reachBroker(parts(), { dataDir: dataDir(), practice: true }, () => undefined), (error) => {
      assert.ok(error instanceof ProblemError);
      assert.match(error.problem.message, /exit code 7/);
      assert.ok(error.problem.remedy.includes(join(dataDir(), startLogFile)));
      return true;
    });
  });

  it('names what the system or the bundle lacks', async () => {
    await assert.rejects(reachBroker(parts(join(root, 'no-such-program')), { dataDir: dataDir(), practice: false }, () => undefined), /ENOENT/);
    rmSync(join(root, 'dist', 'broker.mjs'));
    await assert.rejects(reachBroker(parts(), { dataDir: dataDir(), practice: false }, () => undefined), /could not be copied \(ENOENT\)/);
    writeFileSync(join(root, 'dist', 'broker.mjs'), program);
    writeFileSync(join(root, 'data-file'), '');
    await assert.rejects(reachBroker(parts(), { dataDir: join(root, 'data-file', 'inside'), practice: false }, () => undefined), (error) => error instanceof ProblemError && error.problem.code === 'data_folder_unusable');
  });

  it('makes one whole copy per bundle, even when several windows copy at once', async () => {
    const folders = await Promise.all(Array.from({ length: 5 }, () => ensureBrokerCopy(copyPlaces())));
    assert.equal(new Set(folders).size, 1);
    const [folder = ''] = folders;
    assert.deepEqual(readdirSync(folder).sort(), ['broker.mjs', 'ledger.mjs', 'node_modules', 'sandbox.mjs']);
    assert.deepEqual(readdirSync(join(root, 'storage')).filter((name) => name.startsWith('.unfinished')), []);
    const { mtimeMs } = statSync(join(folder, 'broker.mjs'));
    assert.equal(await ensureBrokerCopy(copyPlaces()), folder);
    assert.equal(statSync(join(folder, 'broker.mjs')).mtimeMs, mtimeMs);
    writeFileSync(join(root, 'dist', 'broker.mjs'), `${program}//`);
    const rebuilt = await ensureBrokerCopy(copyPlaces());
    writeFileSync(join(root, 'dist', 'ledger.mjs'), 'export const changed = true;');
    assert.equal(new Set([folder, rebuilt, await ensureBrokerCopy(copyPlaces())]).size, 3, 'with any rebuilt program it is another copy');
    for (const version of ['2', '3', '4', '5']) await ensureBrokerCopy(copyPlaces(version));
    assert.equal(readdirSync(join(root, 'storage')).length, brokerCopiesMax);
  });

  it('passes on only what a broker needs', () => {
    const kept = brokerEnvironment({ PATH: '/bin', Path: 'C:\\', HOME: '/h', LC_ALL: 'C', XDG_RUNTIME_DIR: '/run', HTTPS_PROXY: 'http://p', OPENAI_API_KEY: 'sk', NODE_OPTIONS: '-r x', LD_PRELOAD: 'x', GITHUB_TOKEN: 'g', EMPTY: undefined });
    assert.deepEqual(Object.keys(kept).sort(), ['ELECTRON_RUN_AS_NODE', 'HOME', 'HTTPS_PROXY', 'LC_ALL', 'PATH', 'Path', 'XDG_RUNTIME_DIR']);
    assert.deepEqual(serveArguments('/b.mjs', { dataDir: '/d', practice: true }).slice(-1), ['--practice']);
    assert.deepEqual(serveArguments('/b.mjs', { dataDir: '/d', practice: false }).slice(0, runtimeFlags.length + 2), [...runtimeFlags, '/b.mjs', 'serve']);
  });
});

// The real broker when its disk or its files fail: full, read-only, damaged, missing, foreign. It
// refuses with one clear sentence and a code, sends nothing upstream, and goes on by itself when the
// disk does.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { NotStarted, runBroker, startBroker } from '../support/process/brokerProgram.ts';
import { jsonOf } from '../support/process/httpExchange.ts';
import { answerWell, recordedEvents, recordedRequest } from '../support/process/recordedStream.ts';
import { chunkOf, lastChunk, openUpstream, streamHead } from '../support/process/scriptedUpstream.ts';
import type { ScriptedUpstream } from '../support/process/scriptedUpstream.ts';
import { addCredits, askBroker, callBroker, makeFolder, openBench, removeFolder, until } from '../support/process/workbench.ts';

/** Whether small file systems can be mounted, for which one must be root. */
const canMount = process.platform === 'linux' && process.getuid?.() === 0 && probeMount();

function probeMount(): boolean {
  const folder = makeFolder('mount');
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' }).status === 0;
  if (mounted) spawnSync('umount', [folder]);
  removeFolder(folder);
  return mounted;
}

/** How `serve` fails in a folder: its exit code and sentence. */
async function refusal(dataDir: string): Promise<{ code: number; stderr: string }> {
  try {
    const broker = await startBroker({ dataDir });
    await broker.kill();
  } catch (error) {
    if (error instanceof NotStarted) return { code: error.code, stderr: error.stderr };
    throw error;
  }
  throw new Error('The broker started.');
}

/** One line for people that ends in the code, and nothing of the program's insides. */
function assertSentence({ stderr }: { stderr: string }, problem: string): void {
  assert.match(stderr, new RegExp(`^[A-Z][^\\n]+ \\(${problem}\\)\\n$`));
  assert.doesNotMatch(stderr, /\n\s+at /);
}

describe('the broker on a disk that is full or cannot be written', function () {
  this.timeout(60_000);
  let folder: string;
  let disk: string;
  let upstream: ScriptedUpstream;
  before(async () => {
    folder = makeFolder('disk');
    disk = path.join(folder, 'disk');
    mkdirSync(disk);
    upstream = await openUpstream(answerWell);
  });
  after(async () => {
    await upstream.close();
    removeFolder(folder);
  });

  it('says that a folder cannot be used when it is none', async () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    for (const dataDir of [file, path.join(file, 'below')]) {
      const failed = await refusal(dataDir);
      assert.equal(failed.code, 1);
      assertSentence(failed, 'data_folder_unusable');
    }
  });

  if (!canMount) {
    console.log('    Small file systems cannot be mounted here (that needs root on Linux): the full and the read-only disk are not tried.');
    return;
  }

  const mount = (...options: string[]) => { assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', disk]).status, 0); };
  const ballast = () => path.join(disk, 'ballast');
  /** Fills the disk to the last byte. */
  const fill = () => {
    try {
      for (const piece of [65_536, 4_096, 512, 1]) for (;;) { try { appendFileSync(ballast(), Buffer.alloc(piece)); } catch { break; } }
    } catch {
      // The last piece that did not fit ends it.
    }
  };
  afterEach(() => { spawnSync('umount', ['-l', disk]); });

  it('can be freed by a wipe, and a folder that cannot be changed is told as one of which nothing was removed', async () => {
    mount('size=2m');
    const dataDir = path.join(disk, 'data');
    const run = (...args: string[]) => runBroker([...args, '--data', dataDir], { env: { HOME: folder, TMPDIR: folder } });
    assert.equal((await run('credits', 'add', '5')).code, 0);
    assert.equal(spawnSync('mount', ['-o', 'remount,ro', disk]).status, 0);
    const refused = await run('wipe', '--yes', '--no-keychain');
    assert.deepEqual([refused.code, existsSync(path.join(dataDir, 'wiping'))], [1, false]);
    assert.doesNotMatch(refused.stderr, /cannot be used as a ledger/);
    assert.equal(spawnSync('mount', ['-o', 'remount,rw', disk]).status, 0);
    fill();
    const wiped = await run('wipe', '--yes', '--no-keychain');
    assert.deepEqual([wiped.code, existsSync(dataDir)], [0, false], wiped.stderr);
  });

  it('refuses with ledger_full and sends nothing, and works again once there is room', async () => {
    mount('size=2m');
    const broker = await startBroker({ dataDir: path.join(disk, 'data'), upstream: upstream.url });
    try {
      const { token } = await callBroker(broker, 'token', { workspacePath: folder });
      await addCredits(broker, 1_000, 'the test');
      assert.equal((await askBroker(broker, token)).status, 200);
      let refusals = 0;
      // SQLite reuses the room that its log has already, so a few more requests may be carried in between.
      for (let count = 0; count < 300 && refusals < 5; count += 1) {
        fill();
        const before = upstream.requests.length;
        const answer = await askBroker(broker, token);
        if (answer.status === 200) continue;
        refusals += 1;
        assert.deepEqual([answer.status, jsonOf(answer).error.code, upstream.requests.length], [507, 'ledger_full', before]);
        assert.match(jsonOf(answer).error.message, /disk[^.]* is full.*Free some space/);
      }
      assert.equal(refusals, 5);
      const topUp = () => addCredits(broker, 1, 'no room').then(() => 'added', (error: Error) => { assert.match(error.message, /ledger_full/); return 'refused'; });
      const wasAdded = await topUp() === 'added';
      rmSync(ballast());
      await until(async () => (await askBroker(broker, token)).status === 200, 'a request that is carried again');
      assert.equal((await addCredits(broker, 1, 'no room')).created, !wasAdded);
      await until(async () => (await callBroker(broker, 'audit', { full: true })).openHolds === 0, 'the end of every hold');
      const audit = await callBroker(broker, 'audit', { full: true });
      assert.deepEqual([audit.ok, audit.violations], [true, []]);
      assert.equal(await broker.stop(), 0);
    } finally {
      await broker.kill();
    }
  });

  it('does not disturb a stream that runs while the disk fills up, and settles it once there is room', async () => {
    mount('size=2m');
    const broker = await startBroker({ dataDir: path.join(disk, 'data'), upstream: upstream.url });
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => { release = resolve; });
    try {
      const { token } = await callBroker(broker, 'token', { workspacePath: folder });
      await addCredits(broker, 1_000, 'the test');
      upstream.script = async (_request, wire) => {
        await wire.write(Buffer.concat([Buffer.from(streamHead()), chunkOf(recordedEvents.slice(0, 2).join(''))]));
        await released;
        await wire.write(Buffer.concat([chunkOf(recordedEvents.slice(2).join('')), Buffer.from(lastChunk)]));
      };
      const before = upstream.requests.length;
      const running = askBroker(broker, token);
      await until(() => upstream.requests.length > before);
      upstream.script = answerWell;
      fill();
      let other = await askBroker(broker, token, { body: recordedRequest(true, { model: 'gpt-5.4' }) });
      for (let count = 0; count < 200 && other.status === 200; count += 1) other = await askBroker(broker, token, { body: recordedRequest(true, { model: 'gpt-5.4' }) });
      assert.equal(other.status, 507);
      release();
      const answer = await running;
      assert.deepEqual([answer.status, answer.complete, answer.bytes.toString()], [200, true, recordedEvents.join('')]);
      rmSync(ballast());
      await until(async () => (await callBroker(broker, 'audit', { full: true })).openHolds === 0, 'the settlement of what ran');
      const told = await callBroker(broker, 'explain', { id: String(answer.headers['x-request-id']) });
      assert.deepEqual([told.attempts[0]?.outcome, told.attempts[0]?.measured], ['completed', true]);
    } finally {
      release();
      upstream.script = answerWell;
      await broker.kill();
    }
  });

  it('says at the start that the disk is full or read-only', async () => {
    mount('size=64k');
    fill();
    const full = await refusal(path.join(disk, 'data'));
    assert.equal(full.code, 1);
    assert.match(full.stderr, /^[A-Z][^\n]+ \((data_folder_unusable|ledger_full)\)\n$/);
    spawnSync('umount', ['-l', disk]);
    mount('size=2m');
    const dataDir = path.join(disk, 'data');
    assert.equal((await runBroker(['credits', 'add', '5', '--data', dataDir])).code, 0);
    assert.equal(spawnSync('mount', ['-o', 'remount,ro', disk]).status, 0);
    const readOnly = await refusal(dataDir);
    assert.equal(readOnly.code, 1);
    assert.match(readOnly.stderr, /^[A-Z][^\n]+ \((data_folder_unusable|ledger_unavailable)\)\n$/);
    const audit = await runBroker(['audit', '--data', dataDir]);
    assert.deepEqual([audit.code, audit.stderr], [0, ''], 'what can be read is read');
  });
});

describe('the broker with damaged files', function () {
  this.timeout(60_000);
  let folder: string;
  let dataDir: string;
  const ledger = () => path.join(dataDir, 'ledger.db');
  before(async () => {
    const bench = await openBench();
    await bench.ask();
    await bench.broker.stop();
    folder = makeFolder('damage');
    dataDir = path.join(folder, 'data');
    mkdirSync(dataDir);
    for (const name of ['ledger.db', 'control.token', 'workspace.key']) copyFileSync(path.join(bench.dataDir, name), path.join(dataDir, name));
    copyFileSync(ledger(), path.join(folder, 'sound.db'));
    await bench.close();
  });
  after(() => removeFolder(folder));
  beforeEach(() => { copyFileSync(path.join(folder, 'sound.db'), ledger()); });

  const damages: readonly [string, () => void][] = [
    ['is empty', () => truncateSync(ledger(), 0)],
    ['is cut in half', () => truncateSync(ledger(), Math.floor(statSync(ledger()).size / 2))],
    ['begins with other bytes', () => { const bytes = readFileSync(ledger()); bytes.fill(0x20, 0, 64); writeFileSync(ledger(), bytes); }],
    ['has a page of noise', () => { const bytes = readFileSync(ledger()); bytes.fill(0xa5, 4096, 8192); writeFileSync(ledger(), bytes); }],
    ['is something else', () => writeFileSync(ledger(), 'This is a letter.\n'.repeat(500))],
    ['is gone while its log is left', () => { rmSync(ledger()); writeFileSync(`${ledger()}-wal`, 'x'); }],
  ];
  for (const [name, damage] of damages) {
    it(`refuses a ledger that ${name}, and leaves it as it is`, async () => {
      try {
        damage();
        const bytes = existsSync(ledger()) ? readFileSync(ledger()) : undefined;
        const failed = await refusal(dataDir);
        assert.equal(failed.code, 1);
        assertSentence(failed, 'ledger_corrupt');
        const audit = await runBroker(['audit', '--full', '--data', dataDir]);
        assert.equal(audit.code, 3);
        assertSentence(audit, 'ledger_corrupt');
        assert.deepEqual(existsSync(ledger()) ? readFileSync(ledger()) : undefined, bytes);
      } finally {
        rmSync(`${ledger()}-wal`, { force: true });
      }
    });
  }

  it('refuses price files that cannot be used, rather than pricing wrongly', async () => {
    const file = path.join(dataDir, 'prices.json');
    try {
      for (const text of ['', '{', '[]', '{"prices":[{"model":"x"}]}', '{"prices":[{"model":"x","from":"2026-01-01","usdPerMillion":{"input":-1,"output":1}}]}', '{"prices":[],"more":1}']) {
        writeFileSync(file, text);
        const failed = await refusal(dataDir);
        assert.equal(failed.code, 2, text);
        assert.match(failed.stderr, /^The price file [^\n]+prices\.json cannot be used: [^\n]+ \(argument_invalid\)\n$/);
        assert.doesNotMatch(failed.stderr, /\n\s+at /);
      }
      rmSync(file);
      mkdirSync(file);
      const failed = await refusal(dataDir);
      assertSentence(failed, 'argument_invalid');
    } finally {
      rmSync(file, { recursive: true, force: true });
    }
  });

  it('says when its lock or its address cannot be written', async () => {
    const lock = path.join(dataDir, 'lease.db');
    const address = path.join(dataDir, 'broker.json.new');
    try {
      writeFileSync(lock, 'This is no lock.\n'.repeat(500));
      for (const failed of [await refusal(dataDir), await runBroker(['credits', 'list', '--data', dataDir])]) assertSentence(failed, 'data_folder_unusable');
      rmSync(lock);
      mkdirSync(address);
      assertSentence(await refusal(dataDir), 'data_folder_unusable');
    } finally {
      for (const file of [lock, address]) rmSync(file, { recursive: true, force: true });
    }
  });

  it('refuses secrets that are none', async () => {
    const file = path.join(dataDir, 'control.token');
    const secret = readFileSync(file);
    try {
      for (const text of ['', 'short', `${'x'.repeat(43)}\nmore`]) {
        writeFileSync(file, text);
        assertSentence(await refusal(dataDir), 'data_folder_unusable');
      }
    } finally {
      writeFileSync(file, secret);
    }
    const broker = await startBroker({ dataDir });
    assert.equal(await broker.stop(), 0);
  });
});

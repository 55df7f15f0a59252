// The wipe of all data by the real program: beside a broker that carries requests, beside others that would begin anew, with
// routes of Codex, with files of somebody else; and what is told before it, of it and after it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { holdWaitMsMax } from '../../src/broker/runningBroker.ts';
import { acquireLease } from '../../src/broker/store/lease.ts';
import { ProblemError } from '../../src/domain/problem.ts';
import { systemClock } from '../../src/broker/systemClock.ts';
import { wipeFolders } from '../../src/broker/wipeFolders.ts';
import { markWipe } from '../../src/broker/wipeMark.ts';
import { brokerProgram, NotStarted, plainEnvironment, runBroker, startBroker } from '../support/process/brokerProgram.ts';
import type { CommandResult } from '../support/process/brokerProgram.ts';
import { recordedStream } from '../support/process/recordedStream.ts';
import { chunkOf, lastChunk, streamHead } from '../support/process/scriptedUpstream.ts';
import { callBroker, makeFolder, openBench, removeFolder, sleep, until } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

interface Plan { readonly folders: readonly { readonly path: string; readonly others: readonly string[]; readonly ledger?: { readonly attempts: number; readonly balanceMicroCredits: number } }[]; readonly brokers: number; readonly requests: number; readonly routes: readonly string[] }
interface Wiped { readonly wiped: boolean; readonly folders: readonly { readonly path: string; readonly isGone: boolean; readonly others: readonly string[] }[] }
interface Told { readonly days: readonly { readonly day: string; readonly rows: readonly { readonly way: string; readonly at?: string; readonly requests: number; readonly attempts: number; readonly inputTokens: number; readonly outputTokens: number }[] }[]; readonly stored: { readonly folders: readonly { readonly path: string }[] } }

const jsonOf = <T>(result: CommandResult) => { assert.equal(result.code, 0, result.stderr); return JSON.parse(result.stdout) as T; };
const refusedWith = (result: CommandResult, code: string) => { assert.notEqual(result.code, 0); assert.match(result.stderr, new RegExp(`\\(${code}\\)`)); };

/** How much later than the first two a third wipe begins: it then looks while they wait, remove, or have ended. */
const wipesApartMs = [120, 320, 640];

describe('a wipe of all data', function () {
  this.timeout(60_000);
  let bench: Workbench;
  const home = () => path.join(bench.folder, 'home');
  const wipe = (...args: string[]) => runBroker(['wipe', '--no-keychain', '--data', bench.dataDir, ...args], { env: { HOME: home(), TMPDIR: path.join(bench.folder, 'temp') } });
  const command = (...args: string[]) => runBroker([...args, '--data', bench.dataDir], { env: { HOME: home() } });

  beforeEach(async () => {
    bench = await openBench();
    mkdirSync(path.join(home(), '.codex'), { recursive: true });
    mkdirSync(path.join(bench.folder, 'temp'));
  });
  afterEach(() => bench.close());

  it('tells what left before, to the very host, and nothing after', async () => {
    const answer = await bench.ask();
    await bench.explain(answer);
    const told = jsonOf<Told>(await command('privacy', '--json'));
    const at = new URL(bench.upstream.url).host;
    assert.deepEqual(told.days.map(({ rows }) => rows.map((row) => [row.way, row.at, row.requests, row.attempts, row.inputTokens, row.outputTokens])), [[['key', at, 1, 1, 1200, 34]]]);
    assert.match((await command('privacy')).stdout, new RegExp(`${at.replaceAll('.', '\\.')} \\(this computer\\) +your API key`));
    await bench.broker.stop();
    assert.deepEqual(jsonOf<Told>(await command('privacy', '--json')).days, told.days, 'also without a broker');
    jsonOf(await wipe('--yes', '--json'));
    refusedWith(await command('privacy'), 'ledger_missing');
    await bench.restart();
    assert.deepEqual(jsonOf<Told>(await command('privacy', '--json')).days, []);
  });

  it('tells first, changes nothing without a yes, and leaves what is not its own', async () => {
    await bench.explain(await bench.ask());
    writeFileSync(path.join(bench.dataDir, 'notes.txt'), 'mine');
    jsonOf(await command('backup', '--json'));
    const plan = jsonOf<Plan>(await wipe('--json'));
    assert.deepEqual([plan.brokers, plan.requests, plan.folders[0]?.others, plan.folders[0]?.ledger?.attempts], [1, 0, ['notes.txt'], 1]);
    assert.match((await wipe('--dry-run')).stdout, /removed for good[\s\S]*Backups of the ledger \(1 file[\s\S]*1 attempt, 9\d\.\d+ credits left[\s\S]*1 broker running there is ended\.[\s\S]*Left alone in .*: notes\.txt/);
    refusedWith(await wipe(), 'argument_invalid');
    assert.equal((await callBroker(bench.broker, 'status', {})).broker.dataDir, bench.dataDir, 'the broker runs on');
    const wiped = jsonOf<Wiped>(await wipe('--yes', '--json'));
    assert.deepEqual([wiped.wiped, wiped.folders.map((one) => [one.isGone, one.others])], [true, [[false, ['notes.txt']]]]);
    assert.deepEqual(readdirSync(bench.dataDir), ['notes.txt']);
    assert.equal(await bench.broker.ended, 0, 'it ended in an orderly way');
    assert.match((await command('restore', '--list')).stdout, /There is no backup/);
    await bench.restart();
    const { balance } = await callBroker(bench.broker, 'status', {});
    assert.deepEqual([balance.tracked, balance.balanceMicroCredits, balance.grants], [false, 0, []]);
    assert.equal((await bench.ask()).status, 401, 'and older tokens let nobody in');
  });

  it('does not end running requests without a word for that', async () => {
    let finish: () => void = () => undefined;
    bench.upstream.script = async (_request, wire) => {
      await wire.write(streamHead());
      await wire.write(chunkOf(recordedStream.subarray(0, 300)));
      await new Promise<void>((resolve) => { finish = resolve; });
      await wire.write(Buffer.concat([chunkOf(recordedStream.subarray(300)), Buffer.from(lastChunk)]));
    };
    const asked = bench.ask();
    await until(async () => (await callBroker(bench.broker, 'status', {})).running.length === 1, 'the request runs');
    refusedWith(await wipe('--yes'), 'requests_running');
    // Also where it began after the plan was agreed to.
    await assert.rejects(wipeFolders([bench.dataDir], { clock: systemClock, stopsRequests: false, more: () => Promise.resolve() }), (error) => error instanceof ProblemError && error.problem.code === 'requests_running');
    assert.ok(!existsSync(path.join(bench.dataDir, 'wiping')), 'nothing was begun');
    assert.equal((await callBroker(bench.broker, 'status', {})).running.length, 1);
    const [wiped] = await Promise.all([wipe('--yes', '--stop-requests', '--json'), asked.catch(() => undefined)]);
    finish();
    assert.equal(jsonOf<Wiped>(wiped).folders[0]?.isGone, true);
    assert.equal(await bench.broker.ended, 0);
    assert.ok(!existsSync(bench.dataDir));
  });

  it('keeps others from beginning anew while it is under way, and lets them once it is done', async () => {
    const isOver = { yes: false };
    const starts: string[] = [];
    // As windows do that have lost their broker.
    const eager = (async () => {
      while (!isOver.yes) {
        try {
          const broker = await startBroker({ dataDir: bench.dataDir, upstream: bench.upstream.url });
          starts.push('started');
          await broker.stop();
        } catch (error) {
          starts.push(error instanceof NotStarted ? /\((\w+)\)\s*$/.exec(error.stderr)?.[1] ?? error.stderr : String(error));
        }
      }
    })();
    await sleep(300);
    jsonOf(await wipe('--yes', '--stop-requests', '--json'));
    isOver.yes = true;
    await eager;
    await bench.restart();
    const { balance } = await callBroker(bench.broker, 'status', {});
    assert.deepEqual([balance.tracked, balance.grants], [false, []]);
    assert.ok((await bench.audit()).ok);
    assert.ok(starts.every((one) => ['started', 'broker_running', 'wipe_unfinished', 'data_folder_unusable'].includes(one)), starts.join(', '));
  });

  it('that is ended while it waits for the folder leaves everything as it was', async () => {
    await bench.broker.stop();
    const config = path.join(home(), '.codex/config.toml');
    const port = readFileSync(path.join(bench.dataDir, 'port'), 'utf8').trim();
    const routed = `openai_base_url = "http://127.0.0.1:${port}/w/TOKENTOKENTOKENTOKENTOKENTOKENTOKENTOKENTOK/v1"\n`;
    writeFileSync(config, routed);
    const lease = acquireLease(bench.dataDir);
    const child = spawn(process.execPath, [brokerProgram, 'wipe', '--yes', '--no-keychain', '--data', bench.dataDir], { env: plainEnvironment({ HOME: home() }), stdio: 'ignore' });
    const ended = new Promise((resolve) => { child.once('close', (_code, signal) => resolve(signal)); });
    // Looking for what the ledger holds waits for the folder too; what follows is the wipe.
    await sleep(holdWaitMsMax + 2000);
    child.kill('SIGINT');
    assert.equal(await ended, 'SIGINT', 'it waited');
    lease?.release();
    assert.deepEqual([existsSync(path.join(bench.dataDir, 'wiping')), readFileSync(config, 'utf8')], [false, routed]);
    await bench.restart();
    assert.equal((await callBroker(bench.broker, 'creditsList', {})).balanceMicroCredits, 100_000_000);
  });

  it('that is killed in the middle keeps the folder closed to every command, and goes through when it is repeated', async () => {
    await bench.explain(await bench.ask());
    await bench.broker.stop();
    // What is there at each moment of it is looked at by wipeKill.test.ts; this is the first of them.
    markWipe(bench.dataDir, 'live');
    await assert.rejects(bench.restart(), (error) => error instanceof NotStarted && /\(wipe_unfinished\)/.test(error.stderr) && error.stderr.includes('codex-broker wipe'));
    for (const args of [['status'], ['credits', 'add', '5'], ['usage'], ['restore', 'newest'], ['token'], ['export']]) refusedWith(await command(...args), 'wipe_unfinished');
    jsonOf(await wipe('--yes', '--json'));
    assert.ok(!existsSync(bench.dataDir));
    await bench.restart();
    assert.equal((await callBroker(bench.broker, 'status', {})).balance.tracked, false);
  });

  it('takes routes of Codex back first, and removes nothing where one cannot be', async () => {
    const config = path.join(home(), '.codex/config.toml');
    writeFileSync(config, 'model = "gpt-5.5" # mine\n');
    const route = await command('route', '--workspace', bench.folder, '--pay', 'credits', '--yes');
    assert.equal(route.code, 0, route.stderr);
    assert.deepEqual(jsonOf<Plan>(await wipe('--json')).routes, [config]);
    const routed = readFileSync(config, 'utf8');
    writeFileSync(config, `${routed}\nthis is no TOML`);
    refusedWith(await wipe('--yes'), 'codex_config_unusable');
    assert.ok(existsSync(path.join(bench.dataDir, 'routes.json')) && !existsSync(path.join(bench.dataDir, 'wiping')));
    writeFileSync(config, routed);
    jsonOf(await wipe('--yes', '--json'));
    assert.equal(readFileSync(config, 'utf8'), 'model = "gpt-5.5" # mine\n');
  });

  it('leaves another broker\'s line in Codex\'s configuration alone', async () => {
    const config = path.join(home(), '.codex/config.toml');
    writeFileSync(config, 'openai_base_url = "http://127.0.0.1:1/w/TOKENTOKENTOKENTOKENTOKENTOKENTOKENTOKENTOK/v1"\n');
    const before = readFileSync(config, 'utf8');
    jsonOf(await wipe('--yes', '--json'));
    assert.equal(readFileSync(config, 'utf8'), before);
  });

  it('goes through where three are begun at about the same time, and none leaves anything', async () => {
    for (const [round, laterMs] of wipesApartMs.entries()) {
      if (round > 0) await bench.restart();
      writeFileSync(path.join(bench.dataDir, 'notes.txt'), 'mine');
      const all = await Promise.all([0, 0, laterMs].map(async (afterMs) => { await sleep(afterMs); return wipe('--yes', '--json'); }));
      for (const one of all) jsonOf(one);
      assert.deepEqual(readdirSync(bench.dataDir), ['notes.txt'], `the third after ${laterMs} ms`);
    }
  });

  it('removes copies of the ledger that an interrupted command left in the temporary folder', async () => {
    const [left, used, others] = ['codex-broker-reading-Ab12cd', `codex-broker-proving-${process.pid}-Ab12cd`, 'codex-broker-keychain-Ab12cd'].map((name) => path.join(bench.folder, 'temp', name));
    for (const folder of [left, used, others]) {
      mkdirSync(folder ?? '');
      writeFileSync(path.join(folder ?? '', 'ledger.db'), 'a copy');
    }
    assert.deepEqual(jsonOf<Plan>(await wipe('--json')).folders.map((one) => one.path), [bench.dataDir, left]);
    assert.deepEqual(jsonOf<Wiped>(await wipe('--yes', '--json')).folders.map((one) => [one.path, one.isGone]), [[bench.dataDir, true], [left, true]]);
    assert.deepEqual(readdirSync(path.join(bench.folder, 'temp')).toSorted(), [others, used].map((folder) => path.basename(folder ?? '')).toSorted(), 'one that is used, and folders of others, stay');
  });

  it('is refused while a program that does not prove to be a broker holds the folder', async () => {
    await bench.broker.stop();
    const config = path.join(home(), '.codex/config.toml');
    const routed = `openai_base_url = "http://127.0.0.1:${readFileSync(path.join(bench.dataDir, 'port'), 'utf8').trim()}/w/TOKENTOKENTOKENTOKENTOKENTOKENTOKENTOKENTOK/v1"\n`;
    writeFileSync(config, routed);
    const lease = acquireLease(bench.dataDir);
    try {
      refusedWith(await wipe('--yes'), 'broker_running');
    } finally {
      lease?.release();
    }
    assert.equal(readFileSync(config, 'utf8'), routed, 'routes of Codex stay too');
    assert.ok(existsSync(path.join(bench.dataDir, 'ledger.db')) && !existsSync(path.join(bench.dataDir, 'wiping')));
    await bench.restart();
    assert.equal((await callBroker(bench.broker, 'creditsList', {})).balanceMicroCredits, 100_000_000);
  });

  it('removes nothing of a folder that never was one of its own', async () => {
    const folder = makeFolder('wipe-foreign');
    try {
      for (const name of ['port', 'mode', 'broker.log']) writeFileSync(path.join(folder, name), 'mine');
      const { stdout, code } = await runBroker(['wipe', '--yes', '--no-keychain', '--data', folder], { env: { HOME: home() } });
      assert.deepEqual([code, /There was no data of the broker/.test(stdout)], [0, true]);
      assert.deepEqual(readdirSync(folder).toSorted(), ['broker.log', 'mode', 'port']);
    } finally {
      removeFolder(folder);
    }
  });
});

// What the commands print for people and programs, on a ledger that no broker holds: exit codes, the
// documented JSON shapes, tables, and sentences instead of stack traces.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCodex } from '../../../src/broker/commands/commandNotStarted.ts';
import { codexArguments, meteredEnvironment } from '../../../src/broker/commands/run.ts';
import { readServeConfig } from '../../../src/broker/commands/serveConfig.ts';
import { practiceEnvironment } from '../../../src/broker/practiceUpstream.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import type { ProblemError } from '../../../src/domain/problem.ts';
import { reserveCommand, settleCommand } from '../../support/ledger/ledgerCommands.ts';
import { runOne, tamper, withFolder } from '../../support/ledger/tempLedger.ts';
import { ran, ranIn } from './ranCommand.ts';

/** A ledger with two workspaces' worth of use, one of them named like a formula. */
function useLedger(folder: string): void {
  const ledger = SqliteLedger.open(join(folder, 'ledger.db'), sha256);
  for (const [id, client] of [['r1', 'codex_exec'], ['r2', '=HYPERLINK("x")'], ['r3', 'a,b']] as const) {
    const reserve = reserveCommand(`${id}-1`, 400_000);
    runOne(ledger, { ...reserve, request: { ...reserve.request, client } });
    runOne(ledger, settleCommand(`${id}-1`, { inputTokens: 12_000, outputTokens: 100 }));
  }
  ledger.close();
}

describe('commands on a ledger that no broker holds', function () {
  this.timeout(30_000);

  it('add, list and tell credits', () => withFolder(async (folder) => {
    const added = await ran(folder, 'credits', 'add', '25.5', '--key', 'k1', '--for', 'none');
    assert.deepEqual([added.code, added.out.split('\n')], [0, ['Added 25.50 purchased credits ($1.02).', 'Balance 25.50 credits.', 'No further workspace was allowed purchased credits; whoever was allowed them before still is.']]);
    assert.match((await ran(folder, 'credits', 'add', '25.5', '--key', 'k1', '--for', 'none')).out, /nothing was added again/);
    assert.deepEqual([(await ran(folder, 'credits', 'add', '9', '--key', 'k1')).code], [1]);
    const list = JSON.parse((await ran(folder, 'credits', 'list', '--json')).out) as { tracked: boolean; balanceMicroCredits: number; heldMicroCredits: number; grants: Record<string, unknown>[] };
    assert.deepEqual([list.tracked, list.balanceMicroCredits, list.heldMicroCredits, list.grants[0]?.['remainingMicroCredits'], list.grants[0]?.['kind']], [true, 25_500_000, 0, 25_500_000, 'purchased']);
    assert.match((await ran(folder, 'credits', 'list')).out, /purchased\s+in force\s+\d{4}-\d\d-\d\d \d\d:\d\d\s+never\s+50\s+25\.50\s+25\.50\s+0\.00/);
  }));

  it('report usage as text, JSON and CSV that no spreadsheet runs', () => withFolder(async (folder) => {
    useLedger(folder);
    const report = JSON.parse((await ran(folder, 'usage', '--by', 'client', '--json')).out) as { rows: Record<string, unknown>[]; total: Record<string, unknown> };
    assert.deepEqual(['key', 'requests', 'inputTokens', 'cachedInputTokens', 'outputTokens', 'reasoningTokens', 'costMicroCredits', 'estimated'].filter((name) => !(name in (report.rows[0] ?? {}))), []);
    assert.deepEqual([report.rows.length, report.total['requests'], report.total['costMicroCredits']], [3, 3, 3 * 1_575_000]);
    const csv = (await ran(folder, 'usage', '--by', 'client', '--csv')).out.split('\n');
    assert.equal(csv[0], 'key,label,requests,inputTokens,cachedInputTokens,cacheWriteTokens,outputTokens,reasoningTokens,costMicroCredits,estimated,unpriced,importedRequests,importedCostMicroCredits');
    assert.ok(csv.some((line) => line.startsWith(`"'=HYPERLINK(""x"")"`)), csv.join('\n'));
    assert.ok(csv.some((line) => line.startsWith('"a,b","a,b",1')));
    const text = (await ran(folder, 'usage', '--by', 'model')).out;
    assert.match(text, /gpt-test\s+3\s+36\.0 k\s+0\s+300\s+0\s+4\.7250\s+\$0\.19/);
    assert.match(text.split('\n').at(-1) ?? '', /^total/);
  }));

  it('explain a request with its entries', () => withFolder(async (folder) => {
    useLedger(folder);
    const told = await ran(folder, 'explain', 'r1');
    assert.equal(told.code, 0);
    assert.match(told.out, /^Request r1\n {2}Codex CLI in workspace ws_a asked for gpt-test\./);
    const missing = await ran(folder, 'explain', 'nothing', '--json');
    assert.deepEqual([missing.code, (JSON.parse(missing.out) as { error: { code: string } }).error.code], [1, 'request_not_found']);
  }));

  it('audit with 0 when it is clean, 2 when it is not, 3 when it cannot be read', () => withFolder(async (folder) => {
    const path = join(folder, 'ledger.db');
    useLedger(folder);
    const clean = await ran(folder, 'audit', '--full', '--json', '--no-keychain');
    assert.deepEqual([clean.code, JSON.parse(clean.out)], [0, { ok: true, violations: [], usageEvents: 3, charges: 3, entries: 0, directives: 1, imports: 0, openHolds: 0, balanceMicroCredits: 0, exposureMicroCredits: 0, overshootMicroCredits: 0, owedMicroCredits: 0, full: true, requests: 3, anchors: { file: 'nothing', keychain: 'not-asked' } }]);
    tamper(path, (db) => db.exec('UPDATE charges SET cost = cost + 1 WHERE sequence = 2'));
    const wrong = await ran(folder, 'audit');
    assert.equal(wrong.code, 2);
    assert.match(wrong.out, /does not add up: \d+ violations?\.\n {2}I\d+: /);
    writeFileSync(path, 'no ledger any more');
    const unreadable = await ran(folder, 'audit', '--json');
    assert.deepEqual([unreadable.code, (JSON.parse(unreadable.out) as { ok: boolean }).ok], [3, false]);
  }));

  it('show the state without a broker', () => withFolder(async (folder) => {
    useLedger(folder);
    const { out } = await ran(folder, 'status');
    assert.match(out, /^Broker {5}not running; read from the ledger, compared with the note beside it alone$/m);
    assert.match(out, /^Balance {4}not tracked; add credits to begin$/m);
  }));

  it('tell a fault that nobody expected in a sentence and as JSON', () => withFolder(async (folder) => {
    const failed = await ranIn(folder, { env: { get CODEX_BROKER_DATA(): string { throw new Error('odd\n    at file.ts:1'); } } }, ['credits', 'list', '--json']);
    assert.deepEqual([failed.code, (JSON.parse(failed.out) as { error: { code: string } }).error.code], [1, 'internal']);
    assert.match(failed.err, /^The command failed for a reason that the program did not expect \(odd\)\. [^\n]+ \(internal\)$/);
  }));

  it('answer wrong use with a sentence and 2, and make no ledger by looking', () => withFolder(async (folder) => {
    const wrong: string[][] = [
      [], ['fly'], ['constructor'], ['credits'], ['credits', 'constructor'], ['credits', 'add', '-5'], ['credits', 'add', '5', '--kind', 'stolen'], ['credits', 'add', '5', '--expires', 'soon'], ['credits', 'add', '5', '6'],
      ['credits', 'add', '5', '--starts', 'never'], ['credits', 'add', '5', '--priority', '-1'], ['credits', 'add', '5', '--priority', '1001'], ['credits', 'add', '5', '--models', 'a,,b'], ['credits', 'add', '5', '--models', 'g*t'], ['credits', 'add', '5', '--workspaces', 'no-such-folder'],
      ['credits', 'void'], ['credits', 'refund', 'r1'], ['credits', 'refund', 'r1', '0'], ['credits', 'reconcile', 'r1', '--input', '5'], ['credits', 'reconcile', 'r1', '--input', '5', '--output', '1e3'],
      ['credits', 'allowance'], ['credits', 'allowance', 'set', 'a', '5'], ['credits', 'allowance', 'set', 'a', '5', '--every', 'year'], ['credits', 'allowance', 'set', 'a', '5', '--every', 'day', '--week-starts', 'monday'], ['credits', 'allowance', 'set', 'a', '5', '--every', 'week', '--kind', 'purchased'],
      ['budget'], ['budget', 'set', 'b'], ['budget', 'set', 'b', '5'], ['budget', 'set', 'b', '5', '--per', 'moon'], ['budget', 'set', 'b', 'x', '--per', 'everything'], ['budget', 'set', 'b', '1.5', '--per', 'everything', '--unit', 'tokens'], ['budget', 'set', 'b', '5', '--per', 'request', '--period', 'day'],
      ['budget', 'set', 'b', '5', '--per', 'everything', '--even'], ['budget', 'set', 'b', '5', '--per', 'everything', '--period', '24h', '--even'], ['budget', 'set', 'b', '5', '--per', 'everything', '--period', '0h'], ['budget', 'set', 'b', '5', '--per', 'everything', '--period', '9000h'], ['budget', 'set', 'b', '5', '--per', 'everything', '--of', 'x'], ['budget', 'set', 'b', '5', '--per', 'workspace', '--of', 'no-such-folder'], ['budget', 'set', 'b', '5', '--per', 'everything', '--time-zone', 'Mars/Base'],
      ['policy', '--unpriced', 'maybe'], ['policy', '--unattended', 'ask'], ['usage', '--by', 'user'], ['usage', '--since', 'x'], ['explain'], ['explain', 'r1', '--dry-run', 'f'], ['explain', 'r1', '--workspace', '.'], ['explain', '--dry-run', 'no-such-file'],
      ['guard', '--min-credits', 'x'], ['guard', '--max-used', '101'], ['export', '--set', 'secrets'], ['export', '--format', 'xml'], ['restore', 'newest', '--accept'], ['restore', '--list', '--accept'], ['restore', 'no-such-file'], ['doctor', 'now'], ['audit', '--fast'], ['run'],
    ];
    for (const args of wrong) {
      const { code, err, out } = await ran(folder, ...args);
      assert.equal(code, 2, args.join(' '));
      assert.ok(!/\bat .*\.ts:\d+/.test(err + out), err);
    }
    assert.deepEqual([(await ran(folder, 'status')).code, (await ran(folder, 'run', '--', 'codex')).code], [1, 1]);
    assert.deepEqual([(await ran(folder, '--help')).code, (await ran(folder, 'usage', '--help')).code, (await ran(folder, '--version')).out], [0, 0, '9.9.9']);
    assert.equal((await ran(folder, 'audit')).code, 3);
  }));
});

describe('a metered command', () => {
  const made = { token: 'T', workspaceId: 'ws', baseUrl: 'http://127.0.0.1:1/v1', codexBaseUrl: 'http://127.0.0.1:1/w/T/v1' };

  it('gets the address as an option when it is Codex, and only then', () => {
    assert.deepEqual(['codex', '/usr/bin/codex', 'codex.cmd', 'CODEX.EXE', 'codex.js'].map(isCodex), [true, true, true, true, true]);
    assert.deepEqual(['codexx', 'my-codex', 'node', 'codex.txt'].map(isCodex), [false, false, false, false]);
    assert.deepEqual(codexArguments('codex', ['exec', 'hi'], made), ['-c', 'openai_base_url="http://127.0.0.1:1/w/T/v1"', 'exec', 'hi']);
    assert.deepEqual(codexArguments('node', ['x.js'], made), ['x.js']);
  });

  it('gets an environment that leads to the broker, and no way to the person\'s own key', () => {
    const env = meteredEnvironment({ OPENAI_API_KEY: 'sk-own', HOME: '/h', PATH: ['/shim', '/bin'].join(process.platform === 'win32' ? ';' : ':'), no_proxy: 'intern', ELECTRON_RUN_AS_NODE: '1' }, made, '/shim');
    assert.deepEqual([env['OPENAI_API_KEY'], env['CODEX_API_KEY'], env['OPENAI_BASE_URL'], env['NO_PROXY'], env['no_proxy'], env['PATH'], env['HOME'], env['ELECTRON_RUN_AS_NODE']],
      ['T', 'T', 'http://127.0.0.1:1/v1', 'intern,127.0.0.1,localhost', 'intern,127.0.0.1,localhost', '/bin', '/h', undefined]);
    assert.ok(!JSON.stringify(env).includes('sk-own'));
  });
});

describe('the simulated upstream', () => {
  it('gets of the environment only what a program needs to run', () => {
    const kept = practiceEnvironment({ PATH: '/bin', Path: 'C:', SystemRoot: 'C:', HOME: '/h', ELECTRON_RUN_AS_NODE: '1', TZ: 'UTC', OPENAI_API_KEY: 'sk', NODE_OPTIONS: '-r x', HTTPS_PROXY: 'http://u:p@x', GITHUB_TOKEN: 'g' });
    assert.deepEqual(Object.keys(kept), ['PATH', 'Path', 'SystemRoot', 'HOME', 'ELECTRON_RUN_AS_NODE', 'TZ']);
  });
});

describe('settings of serve', () => {
  it('come from options first, then from the file, and are checked', () => withFolder((folder) => {
    const path = join(folder, 'serve.json');
    writeFileSync(path, JSON.stringify({ port: 5000, upstream: 'http://a' }));
    assert.deepEqual(readServeConfig(path, { port: '6000' }), { port: 6000, upstream: 'http://a', passThrough: [], runawayGuard: true, spreadPlan: false });
    assert.deepEqual(readServeConfig(undefined, {}), { port: 0, passThrough: [], runawayGuard: true, spreadPlan: false });
    assert.deepEqual(readServeConfig(path, { 'pass-through': ['/v1/files', '/v1/audio/speech'] }).passThrough, ['/v1/files', '/v1/audio/speech']);
    assert.equal(readServeConfig(undefined, { 'no-runaway-guard': true }).runawayGuard, false);
    assert.equal(readServeConfig(undefined, { 'spread-plan': true }).spreadPlan, true);
    const refused = (run: () => unknown) => assert.throws(run, (error: ProblemError) => error.problem.code === 'argument_invalid');
    for (const options of [{ port: 'x' }, { port: '-1' }, { port: '65536' }, { port: '1.5' }, { port: '0x10' }, { port: '1e3' }, { port: '' }, { port: ' 0 ' }, { 'idle-exit-ms': '1e5' }, { 'idle-exit-ms': '5' },
      ...['/files', '/v1', '/v1/', '/v1/..', '/v1/../broker', '/v1/files/', '/v1//files', '/broker/v1/status', 'http://evil/v1/files', '/v1/%66iles', ''].map((prefix) => ({ 'pass-through': [prefix] }))]) refused(() => readServeConfig(undefined, options));
    for (const text of ['', '[]', '5', '{"apiKey":"sk-x"}', '{"port":"5"}']) { writeFileSync(path, text); refused(() => readServeConfig(path, {})); }
    refused(() => readServeConfig(join(folder, 'missing.json'), {}));
  }));
});

// An import that is killed, interrupted, or loses its broker in the middle leaves whole batches and nothing else:
// run again it comes to the same sums, and the ledger adds up.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { UsageResult } from '../../src/protocol/control.ts';
import type { ImportResult } from '../../src/protocol/importedUsage.ts';
import { brokerProgram, plainEnvironment, runBroker, startBroker } from '../support/process/brokerProgram.ts';
import { callBroker, makeFolder, offlineAudit, removeFolder, sleep } from '../support/process/workbench.ts';
import { checkAgain } from '../support/secondChecker.ts';

const files = 40;
const thirdFileHolder = pathToFileURL(path.resolve(import.meta.dirname, '../support/process/holdThirdFile.mjs')).href;
const responses = 150;
const model = 'gpt-5.5';

/** Session files of many responses; the sums that they come to. */
function writeSessions(home: string): { inputTokens: number; outputTokens: number } {
  let [inputTokens, outputTokens] = [0, 0];
  for (let file = 0; file < files; file += 1) {
    const day = path.join(home, file % 4 === 0 ? 'archived_sessions' : `sessions/2026/11/${String(1 + file % 28).padStart(2, '0')}`);
    mkdirSync(day, { recursive: true });
    const line = (type: string, payload: unknown) => `${JSON.stringify({ timestamp: new Date(Date.UTC(2026, 10, 1 + file % 28, 10)).toISOString(), type, payload })}\n`;
    const records = Array.from({ length: responses }, (_, index) => {
      const usage = { input_tokens: 1000 + file, cached_input_tokens: 10, output_tokens: 1 + index, reasoning_output_tokens: 1 };
      inputTokens += usage.input_tokens;
      outputTokens += usage.output_tokens;
      return line('token_usage_record', { thread_id: `thread-${file}`, response_id: `resp_${file}_${index}`, usage });
    });
    writeFileSync(path.join(day, `rollout-2026-11-${file}-thread-${file}.jsonl`), [
      line('session_meta', { id: `thread-${file}`, cwd: path.join(home, `project${file % 3}`), originator: 'codex_exec', cli_version: '0.163.0' }),
      line('turn_context', { model }), ...records, line('response_item', { type: 'message', content: 'secret words of a prompt' }), '{"timestamp":"2026-11-',
    ].join(''));
  }
  return { inputTokens, outputTokens };
}

describe('an import of many session files', function () {
  this.timeout(120_000);
  let folder: string;
  let home: string;
  let dataDir: string;
  let truth: ReturnType<typeof writeSessions>;

  beforeEach(() => {
    folder = makeFolder('import');
    home = path.join(folder, 'codexHome');
    dataDir = path.join(folder, 'data');
    truth = writeSessions(home);
  });
  afterEach(() => removeFolder(folder));

  const args = () => ['import', '--codex-home', home, '--data', dataDir, '--json'];
  const startImport = (...nodeArgs: readonly string[]): { child: ChildProcess; told: () => string; ended: Promise<number> } => {
    const child = spawn(process.execPath, [...nodeArgs, brokerProgram, ...args()], { env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let told = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { told += text; });
    return { child, told: () => told, ended: new Promise((resolve) => { child.once('close', (code) => resolve(code ?? -1)); }) };
  };
  const usage = async () => JSON.parse((await runBroker(['usage', '--by', 'workspace', '--json', '--data', dataDir])).stdout) as UsageResult;
  const importWhole = async () => {
    const { code, stdout, stderr } = await runBroker(args());
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as ImportResult;
  };

  async function comesToTheTruth(): Promise<void> {
    const { total, rows } = await usage();
    assert.deepEqual([total.requests, total.inputTokens, total.outputTokens, total.imported?.requests], [files * responses, truth.inputTokens, truth.outputTokens, files * responses]);
    assert.deepEqual(rows.map((row) => row.label).sort(), ['project0', 'project1', 'project2']);
    const { code, found } = await offlineAudit(dataDir);
    assert.deepEqual([code, found.violations, found.imports], [0, [], files * responses]);
    assert.deepEqual(checkAgain(path.join(dataDir, 'ledger.db')), []);
  }

  it('comes to the same sums after it was killed at any moment', async () => {
    let killedInTheMiddle = 0;
    for (let round = 0; round < 6; round += 1) {
      // The first is in its middle for certain, the others are wherever they happen to be.
      const run = startImport(...round === 0 ? ['--import', thirdFileHolder] : []);
      while (!run.told().includes('progress')) await sleep(10);
      await sleep(round * 12);
      if (run.child.kill('SIGKILL') && await run.ended !== 0) killedInTheMiddle += 1;
      const { code, found } = await offlineAudit(dataDir);
      assert.deepEqual([code, found.violations], [0, []]);
    }
    assert.ok(killedInTheMiddle > 0);
    await importWhole();
    await comesToTheTruth();
    assert.deepEqual([(await importWhole()).added], [0]);
  });

  it('ends at Ctrl-C with what it has, and goes on when it is run again', async () => {
    const run = startImport('--import', thirdFileHolder);
    while (!run.told().includes('progress')) await sleep(5);
    run.child.kill('SIGINT');
    const code = await run.ended;
    const report = JSON.parse(run.told().trim().split('\n').at(-1) ?? '') as ImportResult & { readonly interrupted: boolean; readonly filesRead: number };
    assert.deepEqual([code, report.interrupted, report.filesRead, report.added], [130, true, 3, 3 * responses]);
    const rest = await importWhole();
    assert.deepEqual([rest.added, rest.known], [files * responses - report.added, report.added]);
    await comesToTheTruth();
  });

  it('says that its broker ended, and comes to the same sums with the next one', async () => {
    const broker = await startBroker({ dataDir });
    const run = startImport('--import', thirdFileHolder);
    while (!run.told().includes('progress')) await sleep(5);
    await broker.kill();
    run.child.kill('SIGUSR2');
    assert.equal(await run.ended, 1);
    assert.match(run.told(), /broker_unreachable/);
    const next = await startBroker({ dataDir });
    try {
      await importWhole();
      const { byWorkspace, imported } = (await callBroker(next, 'status', {})).today;
      assert.deepEqual([byWorkspace, imported], [[], undefined], 'nothing of it is of today, and nothing went through the broker');
    } finally {
      await next.stop();
    }
    await comesToTheTruth();
  });

  it('tells of a file that it may not read, of a home without sessions, and that practice is not for real usage', async function () {
    const empty = await runBroker(['import', '--codex-home', path.join(folder, 'nothing'), '--data', dataDir]);
    assert.deepEqual([empty.code, empty.stdout], [0, `0 responses were imported from 0 session files in ${path.join(folder, 'nothing')}.\n`]);
    const since = await runBroker([...args(), '--dry-run', '--since', '2026-11-20']);
    assert.ok(JSON.parse(since.stdout).added < files * responses && JSON.parse(since.stdout).added > 0);
    assert.equal((await usage()).total.requests, 0);
    const practice = await runBroker(['import', '--codex-home', home, '--data', path.join(folder, 'practising'), '--practice']);
    assert.equal(practice.code, 2, practice.stderr);
    assert.match(practice.stderr, /practice mode/);
    // Nothing is closed to root, so that it is a file that is not what its name says which nobody can read.
    writeFileSync(path.join(home, 'archived_sessions', 'rollout-2026-11-9-thread-9.jsonl.zst'), 'no compressed session');
    const isRoot = process.getuid?.() === 0;
    if (!isRoot) chmodSync(path.join(home, 'archived_sessions', 'rollout-2026-11-0-thread-0.jsonl'), 0);
    assert.equal(JSON.parse((await runBroker(args())).stdout).unreadableFiles, isRoot ? 1 : 2);
  });
});

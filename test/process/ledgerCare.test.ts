// Care for the ledger through the real program: damaged ledgers are refused and restored, an older copy is told
// and accepted only by word, backups prove themselves, exports sum up to the usage, and the doctor tells good
// from bad.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { reserveCommand, settleCommand } from '../support/ledger/ledgerCommands.ts';
import { brokerProgram, NotStarted, plainEnvironment, runBroker, startBroker, testApiKey } from '../support/process/brokerProgram.ts';
import type { CommandOptions } from '../support/process/brokerProgram.ts';
import { recordedRequest } from '../support/process/recordedStream.ts';
import { makeFolder, offlineAudit, openBench, removeFolder } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';
import { seededRandom } from '../support/seededRandom.ts';

/** Damages a file in its middle, where neither its head nor its size tell. */
function scramble(file: string): void {
  const bytes = readFileSync(file);
  const random = seededRandom(7);
  for (let at = Math.floor(bytes.length / 4); at < bytes.length * 3 / 4; at += 1) bytes[at] = random.whole(0, 255);
  writeFileSync(file, bytes);
}

/** Why a broker does not start; fails when it does. */
async function refusalOf(dataDir: string): Promise<string> {
  try {
    const broker = await startBroker({ dataDir });
    await broker.kill();
  } catch (error) {
    if (error instanceof NotStarted) return `${error.code} ${error.stderr}`;
    throw error;
  }
  throw new assert.AssertionError({ message: 'the broker started' });
}

describe('care for the ledger', function () {
  this.timeout(120_000);
  let bench: Workbench;
  const ledger = () => path.join(bench.dataDir, 'ledger.db');
  const run = (args: readonly string[], options?: CommandOptions) => runBroker([...args, '--data', bench.dataDir], options);
  const restore = (...args: string[]) => run(['restore', ...args, '--no-keychain']);
  const done = async (...args: string[]) => {
    const result = await run(args);
    assert.equal(result.code, 0, `${args.join(' ')}: ${result.stderr}`);
    return result.stdout;
  };
  const json = async (...args: string[]) => JSON.parse(await done(...args, '--json'));
  /** One request that is answered and booked. */
  const asked = async () => {
    const answer = await bench.ask();
    assert.equal(answer.status, 200, answer.bytes.toString());
    await bench.explain(answer);
  };

  describe('that is damaged', () => {
    const damages: Readonly<Record<string, (file: string) => void>> = {
      'scrambled in the middle': scramble,
      'cut off': (file) => { writeFileSync(file, readFileSync(file).subarray(0, Math.floor(statSync(file).size / 2))); },
      'of no length': (file) => { writeFileSync(file, ''); },
    };
    beforeEach(async () => { bench = await openBench({ credits: 100 }); });
    afterEach(() => bench.close());

    for (const [name, damage] of Object.entries(damages)) {
      it(`is refused, kept, and restored when it is ${name}`, async () => {
        await asked();
        const { path: backup, ok, requests } = await json('backup');
        assert.deepEqual([ok, requests, statSync(backup).mode & 0o077], [true, 1, 0]);
        await asked();
        assert.equal(await bench.broker.stop(), 0);
        damage(ledger());
        const damaged = readFileSync(ledger());
        assert.match(await refusalOf(bench.dataDir), new RegExp(`^1 [^\\n]+ The newest backup is ${path.basename(backup)}, of [^\\n]+\`codex-broker restore newest\`[^\\n]+ \\(ledger_corrupt\\)\\n$`));
        assert.ok(readFileSync(ledger()).equals(damaged), 'it was not changed');
        const doctor = await run(['doctor', '--no-keychain', '--upstream', bench.upstream.url, '--json']);
        assert.deepEqual([doctor.code, (JSON.parse(doctor.stdout) as { checks: { check: string; state: string }[] }).checks.find((one) => one.check === 'ledger')?.state], [1, 'failed']);

        const restored = await restore('newest');
        assert.deepEqual([restored.code, restored.stderr], [0, '']);
        // The anchor knows that the second request is missing.
        assert.match(restored.stdout, /Its newest row is of \d{4}-\d\d-\d\d \d\d:\d\d; what was booked after that is lost: at least 1 usage event, 2 balance entries\.\n/);
        const [kept] = readdirSync(path.join(bench.dataDir, 'quarantine')).filter((one) => one.endsWith('.db'));
        assert.ok(readFileSync(path.join(bench.dataDir, 'quarantine', kept ?? '')).equals(damaged));
        const audit = await offlineAudit(bench.dataDir);
        assert.deepEqual([audit.code, audit.found.requests], [0, 1]);
        await bench.restart();
        await asked();
        assert.deepEqual((await bench.audit()).violations, []);
        const restoredRows = (await done('export', '--set', 'directives', '--format', 'jsonl')).trimEnd().split('\n').filter((line) => line.includes('"kind":"restored"'));
        assert.equal(restoredRows.length, 1);
      });
    }
  });

  describe('that is an older copy', () => {
    beforeEach(async () => { bench = await openBench({ credits: 100 }); });
    afterEach(() => bench.close());

    it('sends nothing until a person accepts it', async () => {
      await asked();
      assert.equal(await bench.broker.stop(), 0);
      copyFileSync(ledger(), path.join(bench.folder, 'older.db'));
      await bench.restart();
      await asked();
      assert.equal(await bench.broker.stop(), 0);
      rmSync(`${ledger()}-wal`, { force: true });
      copyFileSync(path.join(bench.folder, 'older.db'), ledger());

      const offline = await run(['doctor', '--no-keychain', '--upstream', bench.upstream.url]);
      assert.deepEqual([offline.code, /^failed +anchor +The ledger does not hold what it held before/m.test(offline.stdout)], [1, true]);
      await bench.restart();
      const seen = bench.upstream.requests.length;
      const refused = await bench.ask();
      assert.deepEqual([refused.status, (JSON.parse(refused.bytes.toString()) as { error: { code: string } }).error.code, bench.upstream.requests.length], [503, 'ledger_rewound', seen]);
      assert.equal((await run(['guard'])).code, 1);
      const running = await run(['doctor', '--no-keychain', '--upstream', bench.upstream.url]);
      assert.deepEqual([running.code, /^failed +broker +The ledger does not hold what it held before/m.test(running.stdout)], [1, true]);
      const early = await restore('--accept');
      assert.deepEqual([early.code, early.stderr.endsWith(' (broker_running)\n')], [1, true]);
      assert.equal(await bench.broker.stop(), 0);

      const accepted = await restore('--accept');
      assert.equal(accepted.code, 0, accepted.stderr);
      assert.match(accepted.stdout, /^The ledger is accepted as it is\.\n[^\n]+\n[^\n]+ lost: at least [^\n]*2 balance entries\.\n$/);
      assert.match((await restore('--accept')).stdout, /there is nothing to accept/);
      await bench.restart();
      await asked();
      assert.deepEqual((await bench.audit()).violations, []);
    });
  });

  describe('that is sound', () => {
    before(async () => {
      bench = await openBench({ credits: 100 });
      mkdirSync(path.join(bench.folder, 'workspace'));
    });
    after(() => bench.close());

    it('is found so by the doctor, whose report holds no secret', async () => {
      const { code, stdout } = await run(['doctor', '--no-keychain', '--upstream', bench.upstream.url, '--json'], { env: { HOME: bench.folder } });
      const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { check: string; state: string }[] };
      const of = (check: string) => checks.filter((one) => one.check === check).map((one) => one.state);
      assert.deepEqual([code, ok, of('broker'), of('ledger'), of('audit'), of('clock'), of('data folder')], [0, true, ['ok'], ['ok'], ['ok'], ['ok'], ['ok']]);
      for (const secret of [testApiKey, readFileSync(path.join(bench.dataDir, 'control.token'), 'utf8'), bench.token.token, bench.folder]) assert.ok(!stdout.includes(secret));
    });

    it('writes backups beside its work, whole paths and its own, and lists them proven', async () => {
      await asked();
      const file = path.join(bench.folder, 'by-hand.db');
      assert.match(await done('backup', file), new RegExp(`^Backup ${file}, \\d[^\\n]+\\nIt adds up: 1 request, `));
      const again = await run(['backup', file]);
      assert.deepEqual([again.code, again.stderr.endsWith(' (argument_invalid)\n'), existsSync(file)], [2, true, true]);
      const { path: own } = await json('backup');
      writeFileSync(path.join(path.dirname(own), 'ledger-20200101-000000000.db'), 'no ledger at all');
      const { backups } = await json('restore', '--list');
      assert.deepEqual(backups.map((one: { path: string; ok: boolean; isKept: boolean }) => [path.basename(one.path), one.ok, one.isKept]), [[path.basename(own), true, true], ['ledger-20200101-000000000.db', false, false]]);
      assert.match(await done('restore'), /\s+clean\n[\s\S]+ledger_corrupt\n/);
      const refused = await restore('newest');
      assert.deepEqual([refused.code, refused.stderr.endsWith(' (broker_running)\n')], [1, true]);
    });

    it('exports every set so that programs read it, with the sums of the usage', async () => {
      for (const set of ['requests', 'charges', 'entries', 'directives', 'grants']) {
        const rows = JSON.parse(await done('export', '--set', set, '--format', 'json')) as Record<string, unknown>[];
        assert.ok(rows.length > 0, set);
        const csv = (await done('export', '--set', set)).trimEnd().split('\n');
        assert.deepEqual([csv.length - 1, csv[0]], [rows.length, Object.keys(rows[0] ?? {}).join(',')], set);
      }
      const { total } = await json('usage');
      const requests = (await done('export', '--format', 'jsonl')).trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, number>);
      const sum = (name: string) => requests.reduce((left, row) => left + (row[name] ?? 0), 0);
      assert.deepEqual([sum('cost_microcredits'), sum('input_tokens'), sum('cached_input_tokens'), sum('output_tokens'), sum('reasoning_tokens')],
        [total.costMicroCredits, total.inputTokens, total.cachedInputTokens, total.outputTokens, total.reasoningTokens]);
      const entries = JSON.parse(await done('export', '--set', 'entries', '--format', 'json')) as { account: string; amount_microcredits: number }[];
      const { balanceMicroCredits } = await json('credits', 'list');
      assert.equal(entries.filter((row) => row.account === 'grant').reduce((left, row) => left + row.amount_microcredits, 0), balanceMicroCredits);
    });

    it('tells what would become of a request without sending it', async () => {
      const seen = bench.upstream.requests.length;
      const { code, stdout } = await run(['explain', '--dry-run', '-', '--workspace', path.join(bench.folder, 'workspace'), '--json'], { input: recordedRequest() });
      const told = JSON.parse(stdout) as { decision: { outcome: string; slices: { kind: string }[] }; holdMicroCredits: number };
      assert.deepEqual([code, told.decision.outcome, told.decision.slices.map((one) => one.kind), bench.upstream.requests.length], [0, 'admit', ['purchased'], seen]);
      // The same request is decided in the same way when it is sent.
      const { decision } = await bench.explain(await bench.ask());
      assert.deepEqual([decision.outcome, decision.slices.map((one) => one.kind)], ['admit', ['purchased']]);
    });

    it('gives an allowance at once, and the next request draws from it', async () => {
      await done('credits', 'allowance', 'set', 'daily', '50', '--every', 'day');
      assert.equal((await json('credits', 'list')).grants.filter((one: { allowanceId?: string; remainingMicroCredits: number }) => one.allowanceId === 'daily' && one.remainingMicroCredits === 50_000_000).length, 1);
      const { decision } = await bench.explain(await bench.ask());
      assert.deepEqual(decision.slices.map((one) => one.kind), ['included']);
    });

    it('lets a budget that was set here refuse the next request, and its removal let it through', async () => {
      await done('budget', 'set', 'tight', '0.000001', '--per', 'workspace', '--of', path.join(bench.folder, 'workspace'), '--period', 'day');
      const refused = await bench.ask();
      assert.deepEqual([refused.status, (JSON.parse(refused.bytes.toString()) as { error: { code: string } }).error.code], [402, 'budget_exceeded']);
      const id = String(refused.headers['x-request-id']);
      assert.match(await done('explain', id), /It was refused \(budget_exceeded\); nothing was sent and nothing was charged\.\n {2}Raise the budget to /);
      assert.match(await done('budget', 'list'), /^tight: 0\.00 credits per workspace /m);
      assert.equal((await run(['guard', '--workspace', path.join(bench.folder, 'workspace')])).code, 1);
      await done('budget', 'remove', 'tight');
      await asked();
    });

    it('corrects what was booked, and the story and the sums follow', async () => {
      const answer = await bench.ask();
      const { id, charge } = await bench.explain(answer);
      await done('credits', 'refund', id, '0.000001', '--reason', 'by a test');
      const { corrections } = await bench.explain(answer);
      assert.deepEqual([corrections.map((one) => [one.basis, one.costMicroCredits, one.reason]), (charge?.costMicroCredits ?? 0) > 0], [[['refund', -1, 'by a test']], true]);
      assert.deepEqual((await bench.audit()).violations, []);
    });
  });
});

describe('an export that nobody reads to its end', function () {
  this.timeout(60_000);

  it('ends quietly with 0', async () => {
    const dataDir = makeFolder('head');
    try {
      const ledger = SqliteLedger.open(path.join(dataDir, 'ledger.db'), sha256);
      const ids = Array.from({ length: 1500 }, (_, index) => `r${index}-1`);
      assert.ok(ledger.runGroup(ids.flatMap((id) => [reserveCommand(id, 1_000_000), settleCommand(id, { inputTokens: 1000 })])).every((one) => one.ok));
      ledger.close();
      const child = spawn(process.execPath, [brokerProgram, 'export', '--format', 'jsonl', '--data', dataDir], { env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
      let complaint = '';
      child.stderr.on('data', (chunk: Buffer) => { complaint += chunk.toString('utf8'); });
      child.stdout.once('data', () => child.stdout.destroy());
      const code = await new Promise((resolve) => { child.once('close', resolve); });
      assert.deepEqual([code, complaint], [0, '']);
    } finally {
      removeFolder(dataDir);
    }
  });
});

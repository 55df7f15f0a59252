// A ledger that the first version wrote comes to the newest one whole or not at all: nothing of it changes
// its meaning, a copy of it as it was is kept, and a step that fails leaves it as it was. A ledger of a
// later version can be read where it says so, and is never written.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ProblemError } from '../../../src/domain/problem.ts';
import { copyBeforeMigration, fileVersion, openLedgerFile } from '../../../src/broker/store/ledgerFile.ts';
import type { OpenedAs } from '../../../src/broker/store/ledgerFile.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { openDatabase } from '../../../src/broker/store/openDatabase.ts';
import { schemaVersion } from '../../../src/broker/store/schema/migrations.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { grantCommand, reserveCommand, settleCommand, startMs } from '../../support/ledger/ledgerCommands.ts';
import { runOne, withFolder } from '../../support/ledger/tempLedger.ts';
import { checkAgain } from '../../support/secondChecker.ts';

/** Written by the first version: three grants, permissions both ways, 14 attempts of every kind, two of them open. */
const fixture = join(import.meta.dirname, 'fixtures/ledgerVersion1.db');

/** Written by the second version: 90 groups of commands of a random ledger, with corrections, allowances, debts and budgets; one attempt is open. */
const secondFixture = join(import.meta.dirname, 'fixtures/ledgerVersion2.db');

/**
 * Written by the second version, with what it booked otherwise: credits that expired by a clock that was ahead and stayed away, a refund
 * to a grant that was reserved of first and drawn from last, a debt that stayed as it was when its request was refunded, and a key
 * of a person's that begins as the ledger's own do now.
 */
const oldRules = join(import.meta.dirname, 'fixtures/ledgerVersion2Rules.db');

/** Written by the fourth version: 70 groups of commands of a random ledger, with imports, corrections and a checkpoint; five attempts are open. */
const fourthFixture = join(import.meta.dirname, 'fixtures/ledgerVersion4.db');

const withOld = (run: (path: string, folder: string) => void | Promise<void>) => withFolder((folder) => {
  const path = join(folder, 'ledger.db');
  copyFileSync(fixture, path);
  return run(path, folder);
});

/** What usage was summed by before the fifth version. */
const isOlder = `dimension NOT IN ('branch', 'command', 'file')`;

function rowsOf(path: string, sql: string): unknown[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db.prepare(sql).all().map((row) => ({ ...row }));
  } finally {
    db.close();
  }
}

describe('a ledger of the first version', () => {
  it('keeps every row, hash and balance, and adds up as the newest', () => withOld((path) => {
    const columns = 'sequence, id, at_ms, prev_hash, hash';
    const chains = (file: string) => ['usage_events', 'charges', 'entries'].map((table) => rowsOf(file, `SELECT ${columns} FROM ${table} ORDER BY sequence`));
    const before = chains(path);
    assert.equal(fileVersion(path), 1);
    const ledger = SqliteLedger.open(path, sha256);
    const findings = ledger.query('audit', { full: true });
    assert.deepEqual([findings.violations, findings.openHolds, findings.entries], [[], 2, 31]);
    const { grants, directives } = ledger.query('balance', { nowMs: startMs });
    assert.deepEqual(grants.map((one) => [one.id, one.remainingMicroCredits, one.heldMicroCredits, one.priority]), [['g1', 1_367_594, 1_221_000, 50], ['g2', 2_000_000, 0, 50], ['g3', 40_000_000, 0, 50]]);
    assert.deepEqual(directives.consents.map((one) => [one.scope, one.of, one.answer]), [['workspace', 'ws_a', 'allow'], ['workspace', 'ws_b', 'allow']]);
    // Reports come from the rollups that were made of the old events.
    assert.deepEqual(ledger.query('usage', { by: 'model' }).map((row) => [row.key, row.requests, row.inputTokens, row.outputTokens, row.costMicroCredits]), [['gpt-test', 10, 9033, 7200, 3_174_531], ['gpt-served', 1, 1007, 1450, 1_202_125]]);
    // And it goes on: what was open is resolved, new requests are held.
    assert.deepEqual(runOne(ledger, { type: 'recover', atMs: startMs + 3_600_000 }), { resolved: 2 });
    assert.equal(runOne(ledger, reserveCommand('new-1', 10_000, { atMs: startMs + 3_600_000 })).decision.outcome, 'admit');
    runOne(ledger, settleCommand('new-1', { inputTokens: 50 }, { atMs: startMs + 3_600_900 }));
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
    ledger.close();
    assert.deepEqual(chains(path).map((rows, index) => rows.slice(0, before[index]?.length)), before);
    assert.deepEqual(checkAgain(path), []);
  }));

  it('is kept as it was, beside the new one', () => withOld((path) => {
    SqliteLedger.open(path, sha256).close();
    const copy = copyBeforeMigration(path, 1);
    assert.equal(fileVersion(copy), 1);
    for (const table of ['usage_events', 'charges', 'entries', 'grants', 'consents', 'holds']) assert.deepEqual(rowsOf(copy, `SELECT * FROM ${table}`), rowsOf(fixture, `SELECT * FROM ${table}`), table);
  }));

  it('stays as it was when any statement on the way fails', () => withOld((path) => {
    const before = readFileSync(path);
    let failed = 0;
    for (let nth = 1; nth < 400; nth += 1) {
      let count = 0;
      /** Fails at the nth statement that is prepared or run; the migration prepares and runs many. */
      const failing: typeof openDatabase = (file, options) => {
        const db = openDatabase(file, options);
        const refuseAt = () => { count += 1; if (count === nth) throw Object.assign(new Error('disk I/O error'), { errcode: 10 }); };
        return new Proxy(db, {
          get: (target, name) => {
            const value = Reflect.get(target, name) as unknown;
            if (typeof value !== 'function') return value;
            return (...args: unknown[]) => {
              if ((name === 'exec' || name === 'prepare') && !/^(?:ROLLBACK|PRAGMA (?!.*user_version))/.test(String(args[0]))) refuseAt();
              return Reflect.apply(value, target, args) as unknown;
            };
          },
        });
      };
      try {
        openLedgerFile(path, { hash: sha256, as: 'owner', open: failing }).close();
        break;
      } catch (error) {
        failed += 1;
        assert.ok(!(error instanceof ProblemError) || error.problem.code !== 'ledger_newer', String(error));
      }
      assert.equal(fileVersion(path), 1, `after a failure at statement ${nth}`);
      assert.deepEqual(rowsOf(path, 'SELECT * FROM entries'), rowsOf(fixture, 'SELECT * FROM entries'));
    }
    assert.ok(failed > 10, `${failed} statements failed`);
    assert.notDeepEqual(readFileSync(path), before);
    const ledger = SqliteLedger.open(path, sha256);
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
    ledger.close();
  })).timeout(60_000);

  it('is not brought anywhere by a reader, but a copy of it is', () => withOld((path) => {
    assert.throws(() => openLedgerFile(path, { hash: sha256, as: 'reader', open: openDatabase }), (error: ProblemError) => error.problem.code === 'ledger_unavailable');
    assert.deepEqual([fileVersion(path), existsSync(copyBeforeMigration(path, 1))], [1, false]);
    SqliteLedger.open(path, sha256, 'copy').close();
    assert.deepEqual([fileVersion(path), existsSync(copyBeforeMigration(path, 1))], [schemaVersion, false]);
  }));
});

describe('a ledger of the second version', () => {
  it('keeps every row and hash, adds up as the newest, and is kept as it was beside it', () => withFolder((folder) => {
    const path = join(folder, 'ledger.db');
    copyFileSync(secondFixture, path);
    const ledger = SqliteLedger.open(path, sha256);
    const findings = ledger.query('audit', { full: true });
    assert.deepEqual([findings.violations, findings.openHolds, findings.entries], [[], 1, Number(rowsOf(secondFixture, 'SELECT COUNT(*) AS n FROM entries').map((row) => (row as { n: number }).n)[0])]);
    ledger.close();
    for (const table of ['usage_events', 'charges', 'entries', 'directives', 'grants', 'holds', 'decisions']) assert.deepEqual(rowsOf(path, `SELECT * FROM ${table}`), rowsOf(secondFixture, `SELECT * FROM ${table}`), table);
    // The same sums, in another order and by the day too.
    const sums = 'SELECT dimension, key, SUM(requests) AS requests, SUM(input) AS input, SUM(cost) AS cost, SUM(output_error) AS error FROM';
    for (const table of ['rollups', 'rollup_days']) assert.deepEqual(rowsOf(path, `${sums} ${table} WHERE ${isOlder} GROUP BY 1, 2`), rowsOf(secondFixture, `${sums} rollups GROUP BY 1, 2`), table);
    assert.deepEqual([fileVersion(path), fileVersion(copyBeforeMigration(path, 2))], [schemaVersion, 2]);
    assert.deepEqual(checkAgain(path), []);
  }));

  it('counts as sound where it booked by rules that have changed since, and goes on by the new ones', () => withFolder((folder) => {
    const path = join(folder, 'ledger.db');
    copyFileSync(oldRules, path);
    const ledger = SqliteLedger.open(path, sha256);
    const sound = () => { for (const full of [true, false]) assert.deepEqual(ledger.query('audit', { full, keepAtMs: startMs }).violations, []); };
    sound();
    // What expired by a clock that was ahead comes back now; what is refunded of the disputed grant lowers the debt now.
    const { owedMicroCredits } = ledger.query('balance', { nowMs: startMs });
    assert.deepEqual(runOne(ledger, { type: 'upkeep', atMs: startMs + 5000 }), { expired: 0, returned: 1, granted: 0 });
    runOne(ledger, { type: 'correct', key: 'k5', atMs: startMs + 5000, reason: 'A gift.', what: { kind: 'refund', attemptId: 't-1', microCredits: 50_000 } });
    assert.deepEqual([owedMicroCredits, ledger.query('balance', { nowMs: startMs }).owedMicroCredits], [150_000, 100_000]);
    sound();
    ledger.close();
    assert.deepEqual(checkAgain(path), []);
  }));
});

describe('a ledger of the fourth version', () => {
  it('keeps every row, hash and sum, says that nothing is known of branches, and is kept as it was beside it', () => withFolder((folder) => {
    const path = join(folder, 'ledger.db');
    copyFileSync(fourthFixture, path);
    const ledger = SqliteLedger.open(path, sha256);
    // The next proof begins where the last one ended.
    assert.equal(ledger.query('audit', { full: false }).full, false);
    for (const full of [false, true]) assert.deepEqual(ledger.query('audit', { full }).violations, []);
    for (const table of ['usage_events', 'charges', 'entries', 'directives', 'grants', 'holds', 'decisions', 'imports', 'import_sums', 'checkpoints']) assert.deepEqual(rowsOf(path, `SELECT * FROM ${table}`), rowsOf(fourthFixture, `SELECT * FROM ${table}`), table);
    for (const table of ['rollups', 'rollup_days']) assert.deepEqual(rowsOf(path, `SELECT * FROM ${table} WHERE ${isOlder}`), rowsOf(fourthFixture, `SELECT * FROM ${table}`), table);
    const [all] = ledger.query('usage', { by: 'model' }).map((row) => row.costMicroCredits).reduce((sums, one) => [(sums[0] ?? 0) + one], [0]);
    for (const by of ['branch', 'command', 'file'] as const) assert.deepEqual(ledger.query('usage', { by }).map((row) => [row.key, row.label, row.costMicroCredits]), [['', `no ${by} known`, all]], by);
    // What comes now is under its branch, beside that.
    runOne(ledger, reserveCommand('new-1', undefined, { plan: { because: 'A plan pays.' }, request: { requestId: 'new', receivedAtMs: startMs, workspaceId: 'ws_a', client: 'codex', model: 'gpt-test', stream: true, branch: 'main' } }));
    runOne(ledger, settleCommand('new-1', { inputTokens: 8 }, { chargeable: false, freeReason: 'A plan pays.' }));
    assert.deepEqual(ledger.query('usage', { by: 'branch' }).map((row) => row.key).sort(), ['', 'ws_a main']);
    for (const full of [false, true]) assert.deepEqual(ledger.query('audit', { full, keepAtMs: startMs }).violations, []);
    ledger.close();
    assert.deepEqual([fileVersion(path), fileVersion(copyBeforeMigration(path, 4))], [schemaVersion, 4]);
    assert.deepEqual(checkAgain(path), []);
  }));
});

describe('a ledger of a later version', () => {
  const withNewer = (readableFrom: number | undefined, run: (path: string, codeOf: (as: OpenedAs) => string) => void) => withFolder((folder) => {
    const path = join(folder, 'ledger.db');
    const ledger = SqliteLedger.open(path, sha256);
    runOne(ledger, grantCommand('g1', 5_000_000));
    ledger.close();
    const db = new DatabaseSync(path);
    db.exec(`PRAGMA user_version = ${schemaVersion + 1}`);
    if (readableFrom === undefined) db.exec('DROP TABLE meta');
    else db.prepare(`UPDATE meta SET value = ? WHERE name = 'readable_from'`).run(String(readableFrom));
    db.close();
    const before = readFileSync(path);
    run(path, (as) => {
      try {
        openLedgerFile(path, { hash: sha256, as, open: openDatabase }).close();
        return 'opened';
      } catch (error) {
        return error instanceof ProblemError ? error.problem.code : String(error);
      }
    });
    assert.deepEqual(readFileSync(path), before, 'the file was changed');
  });

  it('is never opened for writing, and read only where it says that older programs can', async () => {
    await withNewer(schemaVersion, (path, codeOf) => {
      assert.deepEqual([codeOf('owner'), codeOf('again'), codeOf('reader')], ['ledger_newer', 'ledger_newer', 'opened']);
      const reader = SqliteLedger.open(path, sha256, 'reader');
      assert.equal(reader.query('balance', { nowMs: startMs }).grants[0]?.remainingMicroCredits, 5_000_000);
      reader.close();
    });
    await withNewer(schemaVersion + 1, (_path, codeOf) => assert.deepEqual([codeOf('owner'), codeOf('reader')], ['ledger_newer', 'ledger_newer']));
    await withNewer(undefined, (_path, codeOf) => assert.equal(codeOf('reader'), 'ledger_newer'));
  });
});

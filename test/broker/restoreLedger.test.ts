// Putting a backup in the ledger's place, and accepting a ledger that stood further: what is lost is said,
// what was there is kept, a backup that is none changes nothing, and no half-done restore makes an empty ledger.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listBackups, newBackupPath, pruneBackups, withNewestBackup } from '../../src/broker/backups.ts';
import type { Keychain } from '../../src/broker/keyStore.ts';
import { LedgerAnchor } from '../../src/broker/ledgerAnchor.ts';
import { faultOf, proveBackup } from '../../src/broker/ledgerProof.ts';
import { acceptLedger, restoreBackup } from '../../src/broker/restoreLedger.ts';
import type { RestoreParts } from '../../src/broker/restoreLedger.ts';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { problem } from '../../src/domain/problem.ts';
import type { ProblemError } from '../../src/domain/problem.ts';
import { grantCommand, reserveCommand, settleCommand, startMs } from '../support/ledger/ledgerCommands.ts';
import { runOne, tamper, withFolder } from '../support/ledger/tempLedger.ts';
import { manualClock } from '../support/manualClock.ts';

const hasCode = (code: string) => (error: ProblemError) => error.problem?.code === code;

interface World { readonly folder: string; readonly path: string; readonly backup: string; readonly parts: RestoreParts; readonly anchor: LedgerAnchor }

/** A folder whose ledger went on by one request after its backup, with an anchor that knows it. */
function withWorld(run: (world: World) => Promise<void> | void, keychain?: Keychain) {
  return withFolder(async (folder) => {
    const path = join(folder, 'ledger.db');
    const backup = newBackupPath(folder, startMs);
    const clock = manualClock();
    let directives = 0;
    const ledger = SqliteLedger.open(path, sha256);
    runOne(ledger, grantCommand('g1', 5_000_000));
    request(ledger, 'r1');
    ledger.query('backup', { path: backup });
    request(ledger, 'r2');
    const anchor = new LedgerAnchor(folder, keychain, clock);
    await anchor.write(ledger.query('head', {}), true);
    ledger.close();
    await run({ folder, path, backup, anchor, parts: { dataDir: folder, keychain, clock, ids: { directiveId: () => `dir_${directives += 1}` } } });
  });
}

function request(ledger: SqliteLedger, id: string): void {
  runOne(ledger, reserveCommand(`${id}-1`, 1_000_000));
  runOne(ledger, settleCommand(`${id}-1`, { inputTokens: 1000 }));
}

/** What a ledger holds, by its own word. */
function holds(path: string): { requests: number; violations: number; directives: string[] } {
  const ledger = SqliteLedger.open(path, sha256, 'reader');
  try {
    const { requests, violations } = ledger.query('audit', { full: true });
    return { requests, violations: violations.length, directives: ledger.query('export', { set: 'directives', after: 0, limit: 100, sinceMs: 0 }).rows.map((row) => String(row['kind'])) };
  } finally {
    ledger.close();
  }
}

/** Every file of a folder with its bytes. */
function contents(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => [join(one.parentPath, one.name), readFileSync(join(one.parentPath, one.name), 'base64')]));
}

describe('restoring a ledger', () => {
  it('puts the proven backup in its place, keeps what was there, and says what is lost', () => withWorld(async ({ folder, path, backup, parts, anchor }) => {
    const before = readFileSync(path);
    const backupBefore = readFileSync(backup);
    const restored = await restoreBackup(parts, backup);
    assert.deepEqual([restored.proof.requests, restored.proof.newestAtMs, restored.lost, restored.isAnchored], [1, startMs + 1000, { usageEvents: 1, entries: 2, directives: 0 }, true]);
    assert.deepEqual(restored.kept, [join(folder, 'quarantine', 'ledger-20261122-120000000.db')]);
    assert.ok(readFileSync(restored.kept[0] ?? '').equals(before) && readFileSync(backup).equals(backupBefore));
    assert.deepEqual(holds(path), { requests: 1, violations: 0, directives: ['price', 'restored'] });
    const ledger = SqliteLedger.open(path, sha256);
    assert.deepEqual([(await anchor.read()).heads.every((head) => ledger.query('stoodAt', { head })), ledger.query('head', {})], [true, (await anchor.read()).heads[0]]);
    ledger.close();
    // What was put aside can be restored in its turn, and has a name of its own even in the same millisecond.
    const back = await restoreBackup(parts, restored.kept[0] ?? '');
    assert.deepEqual([back.proof.requests, back.kept.length, holds(path).requests, readdirSync(join(folder, 'quarantine')).length], [2, 1, 2, 2]);
    assert.deepEqual(readdirSync(folder).filter((name) => name.includes('restoring')), []);
  }));

  it('changes nothing for a backup that does not add up, is damaged, newer, or no ledger', () => withWorld(async ({ folder, backup, parts }) => {
    const bad = { ledger_discrepancy: join(folder, 'wrong.db'), ledger_corrupt: join(folder, 'damaged.db'), ledger_newer: join(folder, 'newer.db') };
    for (const path of Object.values(bad)) copyFileSync(backup, path);
    tamper(bad.ledger_discrepancy, (db) => db.exec('UPDATE grants SET remaining = remaining + 1'));
    tamper(bad.ledger_newer, (db) => db.exec(`PRAGMA user_version = 99; DELETE FROM meta WHERE name = 'readable_from'`));
    const bytes = readFileSync(bad.ledger_corrupt);
    bytes.fill(0xa5, 8192, bytes.length - 4096);
    writeFileSync(bad.ledger_corrupt, bytes);
    const before = contents(folder);
    for (const [code, path] of Object.entries(bad)) {
      await assert.rejects(restoreBackup(parts, path), hasCode(code), code);
      assert.equal(faultOf(path)?.code, code);
      assert.deepEqual(contents(folder), before, code);
    }
    await assert.rejects(restoreBackup(parts, join(folder, 'none.db')), hasCode('data_folder_unusable'));
    assert.deepEqual(contents(folder), before);
  }));

  it('does not let the log of the old ledger flow into the new one', () => withWorld(async ({ folder, path, backup, parts }) => {
    // The log of a ledger that is in use, as a crash leaves it.
    const crashed = join(folder, 'crashed');
    mkdirSync(crashed);
    const ledger = SqliteLedger.open(path, sha256);
    request(ledger, 'r3');
    for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, join(crashed, `ledger.db${end}`));
    ledger.close();
    const restored = await restoreBackup({ ...parts, dataDir: crashed }, backup);
    assert.deepEqual(restored.kept.map((one) => one.slice(-3)), ['.db', 'wal']);
    assert.deepEqual(holds(join(crashed, 'ledger.db')), { requests: 1, violations: 0, directives: ['price', 'restored'] });
    // Together the two that were put aside are the whole old ledger.
    assert.equal((await restoreBackup({ ...parts, dataDir: crashed }, restored.kept[0] ?? '')).proof.requests, 3);
  }));

  it('goes on from where it was ended, and nobody makes an empty ledger in between', () => withWorld(async ({ folder, path, backup, parts }) => {
    renameSync(path, join(folder, 'aside.db'));
    writeFileSync(`${path}-wal`, '');
    copyFileSync(backup, join(folder, 'ledger.db.restoring'));
    assert.throws(() => SqliteLedger.open(path, sha256), hasCode('ledger_corrupt'));
    assert.deepEqual([(await restoreBackup(parts, backup)).proof.requests, holds(path).requests], [1, 1]);
  }));

  it('makes a ledger where there was none, only from a backup', () => withWorld(async ({ path, backup, parts }) => {
    rmSync(path);
    await assert.rejects(acceptLedger(parts), hasCode('ledger_missing'));
    assert.equal(existsSync(path), false);
    assert.deepEqual([(await restoreBackup(parts, backup)).kept, holds(path).requests], [[], 1]);
  }));

  it('accepts an older copy, once, when it adds up', () => withWorld(async ({ path, backup, parts }) => {
    assert.equal(await acceptLedger(parts), undefined);
    assert.deepEqual(holds(path).directives, ['price'], 'nothing was noted where there was nothing to accept');
    copyFileSync(backup, path);
    const taken = await acceptLedger(parts);
    assert.deepEqual([taken?.lost, taken?.isAnchored, taken?.proof.requests, holds(path).directives], [{ usageEvents: 1, entries: 2, directives: 0 }, true, 1, ['price', 'restored']]);
    assert.equal(await acceptLedger(parts), undefined);
    copyFileSync(backup, path);
    tamper(path, (db) => db.exec('UPDATE grants SET remaining = remaining + 1'));
    await assert.rejects(acceptLedger(parts), hasCode('ledger_discrepancy'));
  }));

  it('says when the keychain keeps the old mark, by which the ledger is doubted again', async () => {
    const kept = new Map<string, string>();
    let isLocked = false;
    const keychain: Keychain = {
      getPassword: (_service, account) => Promise.resolve(kept.get(account) ?? null), deletePassword: () => Promise.resolve(false),
      setPassword: (_service, account, text) => (isLocked ? Promise.reject(new Error('locked')) : Promise.resolve(void kept.set(account, text))),
    };
    await withWorld(async ({ path, backup, parts }) => {
      isLocked = true;
      assert.equal((await restoreBackup(parts, backup)).isAnchored, false);
      isLocked = false;
      assert.equal((await acceptLedger(parts))?.isAnchored, true);
      assert.deepEqual(holds(path).directives, ['price', 'restored', 'restored']);
    }, keychain);
  });
});

describe('the backups of a folder', () => {
  it('are listed newest first, and only those that nobody asked for become too many', () => withFolder((folder) => {
    assert.deepEqual(listBackups(folder), []);
    for (let day = 0; day < 9; day += 1) writeFileSync(newBackupPath(folder, startMs + day * 86_400_000), 'x');
    writeFileSync(newBackupPath(folder, startMs - 86_400_000, true), 'xy');
    writeFileSync(join(folder, 'backups', 'notes.txt'), '');
    pruneBackups(folder);
    const found = listBackups(folder);
    assert.deepEqual([found.length, found[0]?.atMs, found.at(-1)], [8, startMs + 8 * 86_400_000, { path: newBackupPath(folder, startMs - 86_400_000, true), atMs: startMs - 86_400_000, bytes: 2, isKept: true }]);
    assert.ok(existsSync(join(folder, 'backups', 'notes.txt')));
  }));

  it('are proven without being changed, whatever folder they lie in', () => withWorld(({ backup }) => {
    const before = readFileSync(backup);
    const { requests, entries, head } = proveBackup(backup);
    assert.deepEqual([requests, entries, head.usage_events.rows], [1, 3, 1]);
    assert.ok(readFileSync(backup).equals(before));
    assert.deepEqual(readdirSync(join(backup, '..')).length, 1, 'nothing is left beside it');
  }));

  it('are named where a ledger is damaged, and nowhere else', () => withFolder((folder) => {
    const damaged = problem('ledger_corrupt', 'The ledger is damaged.');
    assert.match(withNewestBackup(damaged, folder).remedy, /^There is no backup in the data folder;/);
    writeFileSync(newBackupPath(folder, startMs), 'x');
    assert.match(withNewestBackup(damaged, folder).remedy, /^The newest backup is ledger-20261122-120000000\.db, of 2026-11-22 12:00 UTC: `codex-broker restore newest`/);
    const other = problem('ledger_full', 'The disk is full.');
    assert.equal(withNewestBackup(other, folder), other);
  }));
});

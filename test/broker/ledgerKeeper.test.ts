// The care for a ledger while a broker runs: proven at the start, an older copy told by its anchors, backed
// up once a day, checkpoints and anchors kept. What is wrong stops sending, never reading.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backupsKept, listBackups, newBackupPath, ownBackupAgeMs, pruneBackups } from '../../src/broker/backups.ts';
import type { Keychain } from '../../src/broker/keyStore.ts';
import { LedgerAnchor } from '../../src/broker/ledgerAnchor.ts';
import { LedgerKeeper } from '../../src/broker/ledgerKeeper.ts';
import type { LedgerStore } from '../../src/broker/store/ledgerPort.ts';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { grantCommand, reserveCommand, settleCommand } from '../support/ledger/ledgerCommands.ts';
import { runOne, tamper, withFolder } from '../support/ledger/tempLedger.ts';
import { manualClock, noonMs } from '../support/manualClock.ts';

function storeOf(ledger: SqliteLedger): LedgerStore {
  return {
    command: (command) => Promise.resolve(runOne(ledger, command)), query: async (type, args) => Promise.resolve(ledger.query(type, args)), close: () => Promise.resolve(ledger.close()),
  };
}

/** A keychain in memory; `stuck` never answers. */
function memoryKeychain(): Keychain & { readonly kept: Map<string, string>; stuck: boolean } {
  const kept = new Map<string, string>();
  const keychain = {
    kept, stuck: false,
    getPassword: (_service: string, account: string) => (keychain.stuck ? new Promise<never>(() => undefined) : Promise.resolve(kept.get(account) ?? null)),
    setPassword: (_service: string, account: string, value: string) => { if (!keychain.stuck) kept.set(account, value); return keychain.stuck ? new Promise<never>(() => undefined) : Promise.resolve(); },
    deletePassword: (_service: string, account: string) => Promise.resolve(kept.delete(account)),
  };
  return keychain;
}

const turn = async () => { for (let index = 0; index < 10; index += 1) await new Promise<void>((resolve) => { setImmediate(resolve); }); };

/** One life of a broker with the ledger of a folder. */
function life(folder: string, options: { readonly keychain?: Keychain; readonly nowMs?: number } = {}) {
  const clock = manualClock(options.nowMs ?? noonMs);
  const ledger = SqliteLedger.open(join(folder, 'ledger.db'), sha256);
  const events: string[] = [];
  const idle = { is: true };
  const keeper = new LedgerKeeper({
    ledger: storeOf(ledger), anchor: new LedgerAnchor(folder, options.keychain, clock), dataDir: folder, clock, isIdle: () => idle.is, log: (event) => events.push(event),
  });
  return { clock, ledger, keeper, events, idle };
}

const work = (ledger: SqliteLedger, name: string) => {
  runOne(ledger, reserveCommand(`${name}-1`, 1000));
  runOne(ledger, settleCommand(`${name}-1`, { inputTokens: 5 }));
};
const checkpoints = (folder: string) => {
  const ledger = SqliteLedger.open(join(folder, 'ledger.db'), sha256, 'reader');
  const { checkpointAtMs } = ledger.query('health', {});
  ledger.close();
  return checkpointAtMs;
};

describe('the keeper of a ledger', () => {
  it('proves a sound ledger, and leaves a checkpoint and an anchor', () => withFolder(async (folder) => {
    const one = life(folder);
    runOne(one.ledger, grantCommand('g1', 5_000_000));
    await one.keeper.prove();
    assert.equal(one.keeper.doubt, undefined);
    await one.keeper.start();
    work(one.ledger, 'r1');
    await one.keeper.close();
    one.ledger.close();
    const head = JSON.parse(readFileSync(join(folder, 'ledger.anchor'), 'utf8')) as { entries: { rows: number } };
    assert.deepEqual([head.entries.rows, checkpoints(folder)], [3, noonMs]);
    assert.deepEqual(one.events, ['audited']);
  }));

  it('tells a ledger that was put back to an older state, by the file and by the keychain', () => withFolder(async (folder) => {
    for (const lost of ['nothing', 'ledger.anchor'] as const) {
      const home = join(folder, lost);
      mkdirSync(home);
      const keychain = memoryKeychain();
      const path = join(home, 'ledger.db');
      const one = life(home, { keychain });
      runOne(one.ledger, grantCommand('g1', 5_000_000));
      one.ledger.query('backup', { path: join(home, 'old.db') });
      work(one.ledger, 'r1');
      await one.keeper.close();
      one.ledger.close();
      writeFileSync(path, readFileSync(join(home, 'old.db')));
      // Whoever puts the old ledger back may put the anchor beside it back too; the keychain knows better.
      if (lost !== 'nothing') writeFileSync(join(home, lost), '');
      const two = life(home, { keychain });
      await two.keeper.prove();
      assert.equal(two.keeper.doubt?.code, 'ledger_rewound', lost);
      await two.keeper.close();
      two.ledger.close();
      assert.equal(keychain.kept.size, 1);
      const three = life(home, { keychain });
      await three.keeper.prove();
      assert.equal(three.keeper.doubt?.code, 'ledger_rewound', 'looking at it does not make it right');
      three.ledger.close();
    }
  }));

  it('doubts a ledger that was changed from outside, names the promise, and keeps no checkpoint of it', () => withFolder(async (folder) => {
    const one = life(folder);
    runOne(one.ledger, grantCommand('g1', 5_000_000));
    await one.keeper.close();
    work(one.ledger, 'r1');
    one.ledger.close();
    tamper(join(folder, 'ledger.db'), (db) => { db.exec('UPDATE grants SET remaining = remaining + 1'); });
    const two = life(folder, { nowMs: noonMs + 5000 });
    await two.keeper.prove();
    assert.equal(two.keeper.doubt?.code, 'ledger_discrepancy');
    assert.match(two.keeper.doubt?.message ?? '', /I6: grant g1 stores/);
    await two.keeper.start();
    await two.keeper.close();
    two.ledger.close();
    assert.deepEqual([checkpoints(folder), listBackups(folder)], [noonMs, []]);
  }));

  it('goes on without a keychain that hangs', () => withFolder(async (folder) => {
    const keychain = memoryKeychain();
    keychain.stuck = true;
    const one = life(folder, { keychain });
    const proven = one.keeper.prove();
    one.clock.advance(5000);
    await proven;
    assert.equal(one.keeper.doubt, undefined);
    const started = one.keeper.start();
    await turn();
    one.clock.advance(5000);
    await started;
    const closed = one.keeper.close();
    await turn();
    one.clock.advance(5000);
    await closed;
    one.ledger.close();
    assert.ok(existsSync(join(folder, 'ledger.anchor')));
  }));

  it('backs up once a day, keeps the newest, and not an empty ledger', () => withFolder(async (folder) => {
    const empty = life(folder);
    await empty.keeper.start();
    await empty.keeper.close();
    empty.ledger.close();
    assert.deepEqual(listBackups(folder), []);
    const first = life(folder);
    runOne(first.ledger, grantCommand('g1', 5_000_000));
    first.ledger.close();
    for (let day = 0; day < backupsKept + 3; day += 1) {
      for (const laterMs of [0, 3_600_000]) {
        const one = life(folder, { nowMs: noonMs + day * ownBackupAgeMs + laterMs });
        await one.keeper.start();
        await one.keeper.close();
        one.ledger.close();
      }
    }
    const backups = listBackups(folder);
    assert.deepEqual([backups.length, backups[0]?.atMs], [backupsKept, noonMs + (backupsKept + 2) * ownBackupAgeMs]);
    const copy = SqliteLedger.open(backups[0]?.path ?? '', sha256, 'reader');
    assert.deepEqual([copy.query('audit', { full: true }).violations, copy.query('balance', { nowMs: noonMs }).grants[0]?.remainingMicroCredits], [[], 5_000_000]);
    copy.close();
  }));

  it('writes the anchor each minute, and proves the ledger again now and then, when nobody waits for it', () => withFolder(async (folder) => {
    const one = life(folder);
    runOne(one.ledger, grantCommand('g1', 5_000_000));
    await one.keeper.prove();
    await one.keeper.start();
    work(one.ledger, 'r1');
    const rows = () => (JSON.parse(readFileSync(join(folder, 'ledger.anchor'), 'utf8')) as { entries: { rows: number } }).entries.rows;
    assert.equal(rows(), 1);
    one.clock.advance(60_000);
    await turn();
    assert.equal(rows(), 3);
    one.idle.is = false;
    for (let minute = 1; minute < 10; minute += 1) { one.clock.advance(60_000); await turn(); }
    assert.deepEqual(one.events, ['audited']);
    one.idle.is = true;
    for (let minute = 0; minute < 10; minute += 1) { one.clock.advance(60_000); await turn(); }
    assert.deepEqual(one.events, ['audited', 'audited']);
    // Where something always runs, it is put off for an hour and no longer.
    one.idle.is = false;
    for (let minute = 0; minute < 50; minute += 1) { one.clock.advance(60_000); await turn(); }
    assert.equal(one.events.length, 2);
    for (let minute = 0; minute < 10; minute += 1) { one.clock.advance(60_000); await turn(); }
    assert.equal(one.events.length, 3);
    await one.keeper.close();
    one.ledger.close();
  }));
});

describe('the backups of a data folder', () => {
  it('are told by their names alone; whatever else lies there is left alone', () => withFolder((folder) => {
    assert.deepEqual(listBackups(folder), []);
    for (let count = 0; count < backupsKept + 1; count += 1) writeFileSync(newBackupPath(folder, noonMs + count), 'x');
    for (const name of ['mine.db', 'ledger-2026.db', 'ledger-20261125-120000000.db.txt']) writeFileSync(join(folder, 'backups', name), 'x');
    pruneBackups(folder);
    const kept = listBackups(folder);
    assert.deepEqual([kept.length, kept[0]?.atMs, kept.at(-1)?.atMs], [backupsKept, noonMs + backupsKept, noonMs + 1]);
    assert.ok(existsSync(join(folder, 'backups', 'mine.db')));
  }));
});

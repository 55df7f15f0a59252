// A ledger with a long history, built once through the real commands and kept in the cache folder, so that the
// next run begins at once. Another schema or another history makes another file.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { DatabaseSync } from 'node:sqlite';
import type { LedgerCommand } from '../../src/broker/store/ledgerCommands.ts';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import { openDatabase } from '../../src/broker/store/openDatabase.ts';
import { schemaVersion } from '../../src/broker/store/schema/migrations.ts';
import { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { historyEndMs, historyVersion, ledgerHistory } from './ledgerHistory.ts';

/** Commands in one transaction while the history is written. */
const groupSize = 2000;
/** Checkpoints are left where so many requests are still to come, for audits that begin there; and at every so many. */
const checkpointsBefore: readonly number[] = [100_000, 1000];
const checkpointEvery = 100_000;
/** How often progress is told. */
const progressShare = 0.05;

/** What to build, where, and how to tell of it. Aborting leaves nothing that counts as built. */
export interface BuildOptions { readonly requests: number; readonly folder: string; readonly log: (line: string) => void; readonly signal: AbortSignal }

/** Opens a ledger and gives its connection too, for settings that the product has no use for. */
export function openWithConnection(path: string, prepare: (db: DatabaseSync) => void = () => undefined): { readonly ledger: SqliteLedger; readonly db: DatabaseSync } {
  let last: DatabaseSync | undefined;
  const ledger = SqliteLedger.open(path, sha256, 'owner', (file, options) => {
    last = openDatabase(file, options);
    return last;
  });
  if (!last) throw new Error('the ledger opened no connection');
  prepare(last);
  return { ledger, db: last };
}

/** What a kept file is told apart by: the tables as they are made now, and the version of the history. */
function keyOfNow(): string {
  const { ledger, db } = openWithConnection(':memory:');
  const schema = db.prepare('SELECT sql FROM sqlite_schema ORDER BY name').all().map((row) => String(row['sql']));
  ledger.close();
  return sha256(JSON.stringify([historyVersion, schemaVersion, schema])).slice(0, 12);
}

/** Gives the path of a ledger with so many requests; builds it where there is none. */
export async function builtLedger(options: BuildOptions): Promise<string> {
  const { requests, folder, log } = options;
  mkdirSync(folder, { recursive: true });
  const name = `ledger-${requests}-${keyOfNow()}.db`;
  const path = join(folder, name);
  if (existsSync(path)) return path;
  // Older files of the same size are of no use any more, and large.
  for (const other of readdirSync(folder)) if (other.startsWith(`ledger-${requests}-`)) rmSync(join(folder, other), { force: true });
  log(`building a ledger of ${requests} requests; it is kept as ${name}`);
  const part = `${path}.part`;
  try {
    await build(part, options);
    renameSync(part, path);
    return path;
  } finally {
    for (const end of ['', '-wal', '-shm']) rmSync(`${part}${end}`, { force: true });
  }
}

async function build(path: string, { requests, log, signal }: BuildOptions): Promise<void> {
  // Nothing of this has to outlive a power cut, so the disk is not waited for.
  const { ledger, db } = openWithConnection(path, (one) => { one.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; PRAGMA wal_autocheckpoint = 20000'); });
  try {
    let [count, told] = [0, 0];
    let group: LedgerCommand[] = [];
    const run = () => {
      for (const [index, outcome] of ledger.runGroup(group).entries()) {
        if (!outcome.ok || 'problem' in outcome.value) throw new Error(`${JSON.stringify(group[index])} gave ${JSON.stringify(outcome)}`);
      }
      group = [];
    };
    const checkpoint = () => {
      run();
      const [first] = ledger.query('audit', { full: false, keepAtMs: historyEndMs }).violations;
      if (first) throw new Error(`the history does not add up: ${first.what}`);
    };
    for (const command of ledgerHistory(requests)) {
      if (command.type === 'reserve' && command.number === 1) {
        if (count > 0 && (checkpointsBefore.includes(requests - count) || count % checkpointEvery === 0)) checkpoint();
        count += 1;
      }
      group.push(command);
      if (group.length < groupSize) continue;
      run();
      await setImmediate();
      signal.throwIfAborted();
      if (count - told < requests * progressShare) continue;
      told = count;
      log(`  ${Math.round(count * 100 / requests)} %`);
    }
    checkpoint();
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    ledger.close();
  }
}

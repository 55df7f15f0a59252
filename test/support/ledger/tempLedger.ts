// A ledger in a folder of its own that is gone after the test, and a sight of its file that does not
// go through the code under test.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import type { LedgerCommand, LedgerCommandResults } from '../../../src/broker/store/ledgerCommands.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';

/** Runs something with a folder that is removed afterwards, whatever happens. */
export async function withFolder<T>(run: (folder: string) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'codex-broker-ledger-'));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same in memory where the system has such a place, for tests that write much and whose faults are not those of a disk. */
export async function withFastFolder<T>(run: (folder: string) => Promise<T> | T): Promise<T> {
  const folder = fastFolder();
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Such a folder for several tests, which whoever asks for it removes. */
export function fastFolder(): string {
  const shared = '/dev/shm';
  return mkdtempSync(join(existsSync(shared) ? shared : tmpdir(), 'codex-broker-ledger-'));
}

/** Runs something with a new ledger. */
export async function withLedger<T>(run: (ledger: SqliteLedger, path: string) => Promise<T> | T): Promise<T> {
  return withFolder(async (folder) => {
    const path = join(folder, 'ledger.db');
    const ledger = SqliteLedger.open(path, sha256);
    try {
      return await run(ledger, path);
    } finally {
      ledger.close();
    }
  });
}

/** Runs one command and gives its result. @throws Error with the problem's code when it was refused by the store */
export function runOne<C extends LedgerCommand>(ledger: SqliteLedger, command: C): LedgerCommandResults[C['type']] {
  const [outcome] = ledger.runGroup([command]);
  if (!outcome?.ok) throw new Error(`${command.type}: ${outcome?.problem.code ?? 'no outcome'}: ${outcome?.problem.message ?? ''}`);
  return outcome.value as LedgerCommandResults[C['type']];
}

/** Changes a ledger's file behind its back, without the triggers and checks that guard it. */
export function tamper(path: string, change: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  try {
    for (const row of db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).all()) db.exec(`DROP TRIGGER ${String(row['name'])}`);
    db.exec('PRAGMA ignore_check_constraints = ON');
    change(db);
  } finally {
    db.close();
  }
}

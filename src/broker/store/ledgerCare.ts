// Care for the ledger's file: a copy for keeping, its vital facts, and where its chains stand. The copy is
// made by SQLite itself; the file is never opened a second time.
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { chainStart } from '../../domain/rowTexts.ts';
import { problem, ProblemError } from '../../domain/problem.ts';
import { chainNames } from './ledgerPort.ts';
import type { LedgerHead, LedgerHealth, LedgerQueries } from './ledgerPort.ts';

/** Writes a whole copy to a path that does not exist yet, durable when it returns. @throws ProblemError when something is there already */
export function backupTo(db: DatabaseSync, path: string): LedgerQueries['backup']['result'] {
  if (existsSync(path)) throw new ProblemError(problem('argument_invalid', 'There is something at {0} already, so no backup was written there.', { values: [path] }));
  const file = makeOwn(path);
  try {
    db.prepare('VACUUM INTO ?').run(path);
    // VACUUM INTO does not synchronise what it wrote; a backup that a power loss takes away is none.
    fsyncSync(file);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  return { bytes: statSync(path).size };
}

/** An empty file, which a copy may be written into: made by us it is the user's alone, whatever the folder's rights are. */
function makeOwn(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    throw new ProblemError(problem('argument_invalid', 'No backup can be written to {0} ({1}).', { values: [path, error instanceof Error ? error.message : String(error)] }), { cause: error });
  }
}

/** Where each chain stands. */
export function readHead(db: DatabaseSync): LedgerHead {
  const of = (chain: string) => {
    const row = db.prepare(`SELECT sequence, hash FROM ${chain} ORDER BY sequence DESC LIMIT 1`).get();
    return { rows: Number(row?.['sequence'] ?? 0), hash: String(row?.['hash'] ?? chainStart) };
  };
  return Object.fromEntries(chainNames.map((chain) => [chain, of(chain)])) as LedgerHead;
}

/** Whether each chain still holds the hash that it stood at. */
export function stoodAt(db: DatabaseSync, head: LedgerHead): boolean {
  return chainNames.every((chain) => head[chain].rows === 0 || db.prepare(`SELECT hash FROM ${chain} WHERE sequence = ?`).get(head[chain].rows)?.['hash'] === head[chain].hash);
}

/** The ledger's vital facts. */
export function readHealth(db: DatabaseSync): LedgerHealth {
  const number = (sql: string) => {
    const value = Object.values(db.prepare(sql).get() ?? {})[0];
    return value === null || value === undefined ? undefined : Number(value);
  };
  const checkpointAtMs = number('SELECT at_ms FROM checkpoints ORDER BY sequence DESC LIMIT 1');
  const newestAtMs = number('SELECT MAX(at_ms) FROM (SELECT MAX(at_ms) AS at_ms FROM usage_events UNION ALL SELECT at_ms FROM (SELECT at_ms FROM entries ORDER BY sequence DESC LIMIT 1))');
  return {
    schemaVersion: number('PRAGMA user_version') ?? 0, sqliteVersion: String(db.prepare('SELECT sqlite_version() AS v').get()?.['v']),
    bytes: (number('PRAGMA page_count') ?? 0) * (number('PRAGMA page_size') ?? 0),
    usageEvents: number('SELECT COALESCE(MAX(sequence), 0) FROM usage_events') ?? 0, entries: number('SELECT COALESCE(MAX(sequence), 0) FROM entries') ?? 0,
    openHolds: number(`SELECT COUNT(*) FROM holds WHERE state = 'open'`) ?? 0,
    ...(checkpointAtMs === undefined ? {} : { checkpointAtMs }), ...(newestAtMs === undefined ? {} : { newestAtMs }),
  };
}

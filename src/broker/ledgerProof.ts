// Proves a ledger's file by itself, such as a backup: opened by its own connection, audited from its first
// row, and left as it was. One of an older version is brought to this version's tables in a copy.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problem, ProblemError } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import { copyPrefix } from './leftCopies.ts';
import { fileVersion } from './store/ledgerFile.ts';
import type { LedgerHead } from './store/ledgerPort.ts';
import { sha256 } from './store/ledgerThread.ts';
import { schemaVersion } from './store/schema/migrations.ts';
import { SqliteLedger } from './store/sqliteLedger.ts';

/** What a ledger that adds up holds. */
export interface LedgerProof {
  readonly schemaVersion: number;
  readonly requests: number;
  readonly entries: number;
  readonly balanceMicroCredits: number;
  /** Time of its newest row; absent for an empty one. */
  readonly newestAtMs?: number;
  readonly head: LedgerHead;
}

/** Proves a ledger that is open. @throws ProblemError `ledger_discrepancy` naming the first promise that is broken */
export function proveLedger(ledger: SqliteLedger, name: string): LedgerProof {
  const { violations: [first], requests, entries, balanceMicroCredits } = ledger.query('audit', { full: true });
  if (first) throw new ProblemError(problem('ledger_discrepancy', '{0} does not add up ({1}: {2}).', { values: [name, first.invariant, first.what] }));
  const health = ledger.query('health', {});
  return {
    schemaVersion: health.schemaVersion, requests, entries, balanceMicroCredits, head: ledger.query('head', {}),
    ...(health.newestAtMs === undefined ? {} : { newestAtMs: health.newestAtMs }),
  };
}

/** Proves a backup and leaves it as it is. @throws ProblemError `ledger_corrupt`, `ledger_newer` or `ledger_discrepancy` */
export function proveBackup(path: string): LedgerProof {
  const version = fileVersion(path);
  if (version === undefined || version >= schemaVersion) return proveFile(path, 'reader');
  const folder = mkdtempSync(join(tmpdir(), copyPrefix('proving')));
  try {
    return proveFile(copyWithLog(path, join(folder, 'ledger.db')), 'copy');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is wrong with a backup; undefined when it adds up. */
export function faultOf(path: string): Problem | undefined {
  try {
    proveBackup(path);
    return undefined;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
}

function proveFile(path: string, as: 'reader' | 'copy'): LedgerProof {
  const ledger = SqliteLedger.open(path, sha256, as);
  try {
    return proveLedger(ledger, `The backup ${path}`);
  } finally {
    ledger.close();
  }
}

/** Copies a ledger together with what its write-ahead log holds, if it has one. @returns where the copy is */
export function copyWithLog(from: string, to: string): string {
  copyFileSync(from, to);
  if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${to}-wal`);
  return to;
}

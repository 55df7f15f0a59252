// Which function does which command of the SQLite ledger. Each runs inside a transaction that the caller
// opened: it reads the rows, asks the pure rules and writes what they returned.
import type { DatabaseSync } from 'node:sqlite';
import { importId } from '../../domain/importedUse.ts';
import { correct } from './correctionWrites.ts';
import { direct, noteLimit } from './directiveTable.ts';
import { voucherKey } from '../../domain/grantSource.ts';
import { grant, redeem } from './grantWrites.ts';
import { importUses } from './importWrites.ts';
import type { LedgerChains } from './ledgerChains.ts';
import type { LedgerCommand, LedgerCommandResults, WorkspaceCommand } from './ledgerCommands.ts';
import { reserve } from './reserveWrites.ts';
import { begin, recover, settle } from './settleWrites.ts';
import { statement } from './statements.ts';
import { doUpkeep } from './upkeep.ts';

/** Runs one command on an open transaction. */
export function runCommand(db: DatabaseSync, chains: LedgerChains, command: LedgerCommand): LedgerCommandResults[LedgerCommand['type']] {
  switch (command.type) {
    case 'reserve': return reserve(db, chains, command);
    case 'begin': return begin(db, command);
    case 'settle': return settle(db, chains, command);
    case 'grant': return grant(db, chains, command);
    case 'redeem': return redeem(db, chains, command);
    case 'direct': return direct(db, chains, command);
    case 'note-limit': return noteLimit(db, chains, command);
    case 'correct': return correct(db, chains, command);
    case 'workspace': return workspace(db, command);
    case 'recover': return recover(db, chains, command);
    case 'import': return importUses(db, chains, command);
    case 'upkeep': return doUpkeep(db, chains, command.atMs);
  }
}

/** Whether a command is on disk, after a commit whose outcome is not known. Running such a command again is safe. */
export function isThere(db: DatabaseSync, command: LedgerCommand): boolean {
  const exists = (sql: string, ...keys: readonly string[]) => statement(db, sql).get(...keys) !== undefined;
  switch (command.type) {
    case 'reserve': return exists('SELECT 1 FROM decisions WHERE attempt_id = ?', command.attemptId);
    case 'begin': return exists('SELECT 1 FROM begun WHERE attempt_id = ?', command.attemptId);
    case 'settle': return exists('SELECT 1 FROM usage_events WHERE attempt_id = ? AND corrects IS NULL', command.attemptId);
    case 'grant': return exists('SELECT 1 FROM grants WHERE key = ?', command.key);
    case 'redeem': return exists('SELECT 1 FROM grants WHERE key = ? AND grant_id = ?', voucherKey(command.keyId, command.voucherId), command.grantId);
    case 'direct': case 'correct': return exists('SELECT 1 FROM directives WHERE id = ?', command.key);
    case 'workspace': return exists('SELECT 1 FROM workspaces WHERE token_hash = ?', command.tokenHash);
    case 'import': return command.uses.every((use) => exists('SELECT 1 FROM imports WHERE id = ?', importId(use.key)));
    // The ledger passes over a note that it has, so that a later answer may bring it again.
    case 'recover': case 'upkeep': case 'note-limit': return false;
  }
}

function workspace(db: DatabaseSync, command: WorkspaceCommand): LedgerCommandResults['workspace'] {
  const known = statement(db, 'SELECT token_hash, label FROM workspaces WHERE workspace_id = ?').get(command.workspaceId);
  if (known && known['token_hash'] === command.tokenHash && known['label'] === command.label) return { exists: true };
  statement(db, `INSERT INTO workspaces (workspace_id, path, label, token_hash, created_at_ms) VALUES (?,?,?,?,?)
    ON CONFLICT (workspace_id) DO UPDATE SET token_hash = excluded.token_hash, label = excluded.label`)
    .run(command.workspaceId, command.path, command.label, command.tokenHash, command.atMs);
  return { exists: known !== undefined };
}

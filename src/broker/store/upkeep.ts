// What time brings to the ledger: grants whose time is over expire, grants that were taken back lose what
// their holds gave back, and allowances give the grant of their next period. Done before each decision.
import type { DatabaseSync } from 'node:sqlite';
import { allowanceGrant } from '../../domain/allowances.ts';
import { availableMicroCredits, isExpired } from '../../domain/grants.ts';
import type { Grant } from '../../domain/grants.ts';
import { readDirectives } from './directiveTable.ts';
import { insertGrant } from './grantWrites.ts';
import type { LedgerChains } from './ledgerChains.ts';
import type { LedgerCommandResults } from './ledgerCommands.ts';
import { statement } from './statements.ts';

/** Books everything that is due at a moment. */
export function doUpkeep(db: DatabaseSync, chains: LedgerChains, nowMs: number): LedgerCommandResults['upkeep'] {
  let expired = 0;
  for (const grant of chains.credits().grants) {
    if (!isOver(grant, nowMs)) continue;
    endGrant(db, chains, grant, nowMs);
    expired += 1;
  }
  return { expired, granted: giveAllowances(db, chains, nowMs) };
}

/** Whether a grant has something left that nobody may use any more. What is reserved stays until its hold ends. */
export function isOver(grant: Grant, nowMs: number): boolean {
  return (grant.voided !== undefined || isExpired(grant, nowMs)) && availableMicroCredits(grant) > 0;
}

/** Takes what is free of a grant out of the balance, as `void` where it was taken back and as `expire` where its time is over. */
export function endGrant(db: DatabaseSync, chains: LedgerChains, grant: Grant, atMs: number): void {
  const kind = grant.voided === undefined ? 'expire' : 'void';
  const times = Number(statement(db, `SELECT COUNT(*) AS n FROM entries WHERE grant_id = ? AND kind IN ('expire', 'void') AND attempt_id IS NULL`).get(grant.id)?.['n']);
  chains.entry({ id: `${kind}_${grant.id}_${times + 1}`, atMs, kind, grantId: grant.id, amountMicroCredits: -availableMicroCredits(grant) });
}

function giveAllowances(db: DatabaseSync, chains: LedgerChains, nowMs: number): number {
  let granted = 0;
  for (const allowance of readDirectives(db, chains).allowances) {
    const { key, startsAtMs, expiresAtMs } = allowanceGrant(allowance, nowMs);
    if (statement(db, 'SELECT 1 FROM grants WHERE key = ?').get(key)) continue;
    insertGrant(db, chains, {
      // A hash of the key, since names of allowances may differ in nothing that an id could keep.
      grantId: `grant_${chains.termsHash(key).slice(0, 24)}`, key, content: JSON.stringify([allowance.kind, allowance.amountMicroCredits, expiresAtMs, startsAtMs, allowance.id]),
      kind: allowance.kind, amountMicroCredits: allowance.amountMicroCredits, priority: allowance.priority, atMs: nowMs, startsAtMs, expiresAtMs, allowanceId: allowance.id,
      ...(allowance.models ? { models: allowance.models } : {}), ...(allowance.workspaces ? { workspaces: allowance.workspaces } : {}),
      ...(allowance.note === undefined ? {} : { note: allowance.note }),
    });
    granted += 1;
  }
  return granted;
}

// What time brings to the ledger: grants whose time is over expire, grants that were taken back lose what their holds
// gave back, allowances give the grant of their next period, and the automatic top-up adds where too little is left by
// then. What expired by a clock that was ahead comes back once the clock is right. Done before each decision.
import type { DatabaseSync } from 'node:sqlite';
import { allowanceGrant } from '../../domain/allowances.ts';
import { availableMicroCredits, earlyExpiryMsMin, isExpired } from '../../domain/grants.ts';
import type { Grant } from '../../domain/grants.ts';
import { addWhereCalledFor } from './autoTopUps.ts';
import { isExpiry } from './creditState.ts';
import { readDirectives } from './directiveTable.ts';
import type { LedgerChains } from './ledgerChains.ts';
import type { LedgerCommandResults } from './ledgerCommands.ts';
import { grantIdOf, insertGrant } from './newGrant.ts';
import { statement } from './statements.ts';

/** Books everything that is due at a moment. */
export function doUpkeep(db: DatabaseSync, chains: LedgerChains, nowMs: number): LedgerCommandResults['upkeep'] {
  const returned = returnExpired(db, chains, nowMs);
  let expired = 0;
  for (const grant of chains.credits().grants) {
    if (!isOver(grant, nowMs)) continue;
    endGrant(db, chains, grant, nowMs);
    expired += 1;
  }
  const given = giveAllowances(db, chains, nowMs);
  return { expired, returned, granted: given + addWhereCalledFor(db, chains, nowMs) };
}

/** Entries by which credits expired too early, by the clock as it is now. A clock that is before the making of a grant says nothing about it. */
export function earlyExpiries(db: DatabaseSync, chains: LedgerChains, nowMs: number): Record<string, unknown>[] {
  if (nowMs + earlyExpiryMsMin >= chains.credits().lastExpiryMs) return [];
  // A cross join is never turned round: the few entries are found by their grants, and all entries are not gone through.
  return statement(db, `SELECT e.id, e.grant_id, e.amount FROM grants g CROSS JOIN entries e USING (grant_id) WHERE g.voided = 0 AND g.created_at_ms <= ? AND g.expires_at_ms > ? AND ${isExpiry} ORDER BY e.sequence`).all(nowMs, nowMs + earlyExpiryMsMin);
}

/** Gives back what expired of grants whose time is not over after all: the clock was ahead when it did. Each expiry is given back once. */
function returnExpired(db: DatabaseSync, chains: LedgerChains, nowMs: number): number {
  const early = earlyExpiries(db, chains, nowMs);
  for (const row of early) {
    chains.entry({ id: `refund_${String(row['id'])}`, atMs: nowMs, kind: 'refund', grantId: String(row['grant_id']), amountMicroCredits: -Number(row['amount']), corrects: String(row['id']) });
  }
  return early.length;
}

/** Whether a grant has something left that nobody may use any more. What is reserved stays until its hold ends. */
export function isOver(grant: Grant, nowMs: number): boolean {
  return (grant.voided !== undefined || isExpired(grant, nowMs)) && availableMicroCredits(grant) > 0;
}

/** Takes what is free of a grant out of the balance, as `void` where it was taken back and as `expire` where its time is over. */
export function endGrant(db: DatabaseSync, chains: LedgerChains, grant: Grant, atMs: number): void {
  const kind = grant.voided === undefined ? 'expire' : 'void';
  const times = Number(statement(db, `SELECT COUNT(*) AS n FROM entries WHERE grant_id = ? AND kind IN ('expire', 'void') AND attempt_id IS NULL AND account = 'grant'`).get(grant.id)?.['n']);
  chains.entry({ id: `${kind}_${grant.id}_${times + 1}`, atMs, kind, grantId: grant.id, amountMicroCredits: -availableMicroCredits(grant) });
}

function giveAllowances(db: DatabaseSync, chains: LedgerChains, nowMs: number): number {
  let granted = 0;
  for (const allowance of readDirectives(db, chains).allowances) {
    const { key, startsAtMs, expiresAtMs } = allowanceGrant(allowance, nowMs);
    if (statement(db, 'SELECT 1 FROM grants WHERE key = ?').get(key)) continue;
    insertGrant(db, chains, {
      grantId: grantIdOf(chains, key), key, content: JSON.stringify([allowance.kind, allowance.amountMicroCredits, expiresAtMs, startsAtMs, allowance.id]),
      kind: allowance.kind, amountMicroCredits: allowance.amountMicroCredits, priority: allowance.priority, atMs: nowMs, startsAtMs, expiresAtMs, allowanceId: allowance.id,
      ...(allowance.models ? { models: allowance.models } : {}), ...(allowance.workspaces ? { workspaces: allowance.workspaces } : {}),
      ...(allowance.note === undefined ? {} : { note: allowance.note }),
    });
    granted += 1;
  }
  return granted;
}

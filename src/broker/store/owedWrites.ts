// What is owed for disputed credits: they are gone, and what was spent of them has to be paid with new ones. How
// a debt arises, how new credits pay it, and how a refund lowers it. At any time the debts of a disputed grant
// are what is spent of it. Each function runs inside a transaction that the caller opened.
import type { DatabaseSync } from 'node:sqlite';
import { priorityDefault } from '../../domain/grants.ts';
import type { LedgerChains } from './ledgerChains.ts';
import { grantIdOf, insertGrant } from './newGrant.ts';
import { statement } from './statements.ts';

/** What was spent of a grant at the moment that it is disputed is owed. */
export function oweSpent(db: DatabaseSync, chains: LedgerChains, dispute: { readonly key: string; readonly atMs: number; readonly grantId: string }): void {
  const { key, atMs, grantId } = dispute;
  const spent = spentOf(db, grantId);
  if (spent > 0) chains.entry({ id: `post_${key}_owed`, atMs, account: 'owed', kind: 'post', grantId, amountMicroCredits: -spent, corrects: `grant_${grantId}` });
}

/** What was drawn of a grant and did not come back: what it was of, less what it has left and what ended of it. */
function spentOf(db: DatabaseSync, grantId: string): number {
  return Number(statement(db, `SELECT amount - remaining + COALESCE((SELECT SUM(e.amount) FROM entries e WHERE e.grant_id = g.grant_id AND e.attempt_id IS NULL AND e.account = 'grant' AND e.kind IN ('expire', 'void', 'refund')), 0) AS spent
    FROM grants g WHERE grant_id = ?`).get(grantId)?.['spent']);
}

/** What a hold drew of a grant that was disputed meanwhile is owed too. */
export function oweDrawn(chains: LedgerChains, drawn: { readonly attemptId: string; readonly atMs: number; readonly grantId: string; readonly microCredits: number }): void {
  const { attemptId, atMs, grantId, microCredits } = drawn;
  if (microCredits > 0) chains.entry({ id: `post_${attemptId}_${grantId}_owed`, atMs, account: 'owed', kind: 'post', grantId, attemptId, amountMicroCredits: -microCredits });
}

/** New purchased credits pay what is owed before anything else: two entries that name each other. */
export function payOwed(chains: LedgerChains, made: { readonly grantId: string; readonly amountMicroCredits: number; readonly atMs: number }): void {
  const { grantId, atMs } = made;
  const amount = Math.min(chains.credits().owedMicroCredits, made.amountMicroCredits);
  if (amount <= 0) return;
  const id = `post_owed_${grantId}`;
  chains.entry({ id, atMs, kind: 'post', grantId, amountMicroCredits: -amount, corrects: `grant_${grantId}` });
  chains.entry({ id: `${id}_paid`, atMs, account: 'owed', kind: 'post', grantId, amountMicroCredits: amount, corrects: id });
}

/** What came back to a grant by a correction. `mark` is the correction's, `refundId` the entry that gave it back. */
export interface GivenBack { readonly attemptId: string; readonly mark: string; readonly atMs: number; readonly grantId: string; readonly microCredits: number; readonly refundId: string }

/** What came back to a disputed grant is gone with it, so the debt is lowered by as much. */
export function lowerOwed(chains: LedgerChains, { attemptId, atMs, grantId, microCredits, refundId }: GivenBack): void {
  chains.entry({ id: `${refundId}_owed`, atMs, account: 'owed', kind: 'refund', grantId, attemptId, amountMicroCredits: microCredits, corrects: refundId });
}

/** Where a lowered debt had been paid already, that was paid for nothing: it comes back as a grant of its own, since the one that paid may be over. */
export function repayOverpaid(db: DatabaseSync, chains: LedgerChains, correction: { readonly attemptId: string; readonly mark: string; readonly atMs: number }): void {
  const { attemptId, mark, atMs } = correction;
  const overpaid = -chains.credits().owedMicroCredits;
  if (overpaid <= 0) return;
  const key = `refund ${attemptId}${mark}`;
  const made = grantIdOf(chains, key);
  insertGrant(db, chains, {
    grantId: made, key, content: JSON.stringify(['purchased', overpaid]), kind: 'purchased', amountMicroCredits: overpaid, priority: priorityDefault, atMs,
    note: 'Refund of what had been paid for disputed credits',
  });
  // As much of the payments is void.
  chains.entry({ id: `void_owed_${made}`, atMs, account: 'owed', kind: 'void', grantId: made, amountMicroCredits: -overpaid, corrects: `grant_${made}` });
}

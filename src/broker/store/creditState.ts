// What decisions need to know of the grants, kept in memory as the ledger stands, so that a decision reads no
// row. Every movement of credits goes through the chain of entries, which keeps this in step; each change
// gives a new state, so that one that is rolled back is forgotten with it.
import type { DatabaseSync } from 'node:sqlite';
import type { Grant } from '../../domain/grants.ts';
import type { EntryRow } from '../../domain/ledgerRows.ts';
import { hasGrants, readGrant, readOwed, readSpendableGrants } from './grantReads.ts';
import { statement } from './statements.ts';

/** The grants as decisions see them. */
export interface CreditState {
  /** Whether any grant was ever made; with none the balance is not tracked. */
  readonly tracked: boolean;
  /** Every grant that has something left, in the order of creation. */
  readonly grants: readonly Grant[];
  /** Owed for credits that were taken back after they had been spent. */
  readonly owedMicroCredits: number;
  /** The latest end of any grant that has expired: before that time, a clock was ahead when it did. */
  readonly lastExpiryMs: number;
}

/** Condition on an entry `e`: credits expired by it, and it was not given back. */
export const isExpiry = `e.kind = 'expire' AND e.attempt_id IS NULL AND NOT EXISTS (SELECT 1 FROM entries r WHERE r.id = 'refund_' || e.id)`;

/** Reads the state from the rows. */
export function readCredits(db: DatabaseSync): CreditState {
  return { tracked: hasGrants(db), grants: readSpendableGrants(db), owedMicroCredits: readOwed(db), lastExpiryMs: readLastExpiry(db) };
}

function readLastExpiry(db: DatabaseSync): number {
  const last = statement(db, `SELECT MAX(g.expires_at_ms) AS last FROM grants g WHERE g.voided = 0 AND EXISTS (SELECT 1 FROM entries e WHERE e.grant_id = g.grant_id AND ${isExpiry})`).get()?.['last'];
  return typeof last === 'number' ? last : -Infinity;
}

/** The state after an entry was written and its grant's row was moved. */
export function afterEntry(db: DatabaseSync, state: CreditState, entry: Pick<EntryRow, 'account' | 'kind' | 'grantId' | 'attemptId' | 'amountMicroCredits' | 'heldDeltaMicroCredits'>): CreditState {
  const { account, kind, attemptId, grantId, amountMicroCredits, heldDeltaMicroCredits } = entry;
  if (account === 'owed') return { ...state, owedMicroCredits: state.owedMicroCredits - amountMicroCredits };
  if (account !== 'grant' || grantId === null) return state;
  const place = state.grants.findIndex((one) => one.id === grantId);
  const grant = state.grants[place];
  // One that had nothing left is not in memory: it was just made, or got something back.
  if (!grant) return afterChange(db, state, grantId);
  const moved = { ...grant, remainingMicroCredits: grant.remainingMicroCredits + amountMicroCredits, heldMicroCredits: grant.heldMicroCredits + heldDeltaMicroCredits };
  const lastExpiryMs = attemptId === null && kind === 'refund' ? readLastExpiry(db) : kind === 'expire' ? Math.max(state.lastExpiryMs, grant.expiresAtMs ?? -Infinity) : state.lastExpiryMs;
  return { ...state, lastExpiryMs, grants: moved.remainingMicroCredits === 0 ? state.grants.toSpliced(place, 1) : state.grants.with(place, moved) };
}

/** The state after a grant's row was changed otherwise. */
export function afterChange(db: DatabaseSync, state: CreditState, grantId: string): CreditState {
  const others = state.grants.filter((one) => one.id !== grantId);
  const grant = readGrant(db, grantId);
  return { ...state, tracked: true, lastExpiryMs: readLastExpiry(db), grants: grant && grant.remainingMicroCredits > 0 ? [...others, grant].sort((a, b) => a.order - b.order) : others };
}

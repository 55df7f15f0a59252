// What decisions need to know of the grants, kept in memory as the ledger stands, so that a decision reads no
// row. Every movement of credits goes through the chain of entries, which keeps this in step; each change
// gives a new state, so that one that is rolled back is forgotten with it.
import type { DatabaseSync } from 'node:sqlite';
import type { Grant } from '../../domain/grants.ts';
import type { EntryRow } from '../../domain/ledgerRows.ts';
import { hasGrants, readGrant, readOwed, readSpendableGrants } from './grantReads.ts';

/** The grants as decisions see them. */
export interface CreditState {
  /** Whether any grant was ever made; with none the balance is not tracked. */
  readonly tracked: boolean;
  /** Every grant that has something left, in the order of creation. */
  readonly grants: readonly Grant[];
  /** Owed for credits that were taken back after they had been spent. */
  readonly owedMicroCredits: number;
}

/** Reads the state from the rows. */
export function readCredits(db: DatabaseSync): CreditState {
  return { tracked: hasGrants(db), grants: readSpendableGrants(db), owedMicroCredits: readOwed(db) };
}

/** The state after an entry was written and its grant's row was moved. */
export function afterEntry(db: DatabaseSync, state: CreditState, entry: Pick<EntryRow, 'account' | 'grantId' | 'amountMicroCredits' | 'heldDeltaMicroCredits'>): CreditState {
  const { account, grantId, amountMicroCredits, heldDeltaMicroCredits } = entry;
  if (account === 'owed') return { ...state, owedMicroCredits: state.owedMicroCredits - amountMicroCredits };
  if (account !== 'grant' || grantId === null) return state;
  const place = state.grants.findIndex((one) => one.id === grantId);
  const grant = state.grants[place];
  // One that had nothing left is not in memory: it was just made, or got something back.
  if (!grant) return afterChange(db, state, grantId);
  const moved = { ...grant, remainingMicroCredits: grant.remainingMicroCredits + amountMicroCredits, heldMicroCredits: grant.heldMicroCredits + heldDeltaMicroCredits };
  return { ...state, grants: moved.remainingMicroCredits === 0 ? state.grants.toSpliced(place, 1) : state.grants.with(place, moved) };
}

/** The state after a grant's row was changed otherwise. */
export function afterChange(db: DatabaseSync, state: CreditState, grantId: string): CreditState {
  const others = state.grants.filter((one) => one.id !== grantId);
  const grant = readGrant(db, grantId);
  return { ...state, tracked: true, grants: grant && grant.remainingMicroCredits > 0 ? [...others, grant].sort((a, b) => a.order - b.order) : others };
}

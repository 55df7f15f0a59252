// Grants as the SQLite ledger stores them, for decisions and for people, and what is owed. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import type { Grant, GrantKind } from '../../domain/grants.ts';
import { sourceOf } from '../../domain/grantSource.ts';
import { statement } from './statements.ts';

type Row = Record<string, unknown>;

/** Whether any grant was ever made; with none the balance is not tracked. */
export function hasGrants(db: DatabaseSync): boolean {
  return statement(db, 'SELECT 1 FROM grants LIMIT 1').get() !== undefined;
}

/** Every grant that has something left, in the order of creation. */
export function readSpendableGrants(db: DatabaseSync): Grant[] {
  return statement(db, 'SELECT * FROM grants WHERE remaining > 0 ORDER BY ordinal').all().map(grantOf);
}

/** Grants that have something left, and the newest of the others up to a number, in the order of creation. */
export function readShownGrants(db: DatabaseSync, endedMax: number): Grant[] {
  return statement(db, 'SELECT * FROM (SELECT * FROM grants WHERE remaining > 0 UNION ALL SELECT * FROM (SELECT * FROM grants WHERE remaining = 0 ORDER BY ordinal DESC LIMIT ?)) ORDER BY ordinal').all(endedMax).map(grantOf);
}

/** One grant. */
export function readGrant(db: DatabaseSync, grantId: string): Grant | undefined {
  const row = statement(db, 'SELECT * FROM grants WHERE grant_id = ?').get(grantId);
  return row && grantOf(row);
}

/** What is owed for credits that were taken back after they had been spent. */
export function readOwed(db: DatabaseSync): number {
  // The second condition says nothing new, but lets SQLite use the index of what lies beside the grants.
  return Number(statement(db, `SELECT COALESCE(-SUM(amount), 0) AS owed FROM entries WHERE account = 'owed' AND account <> 'grant'`).get()?.['owed']);
}

/** A grant from its row. */
export function grantOf(row: Row): Grant {
  const list = (value: unknown) => JSON.parse(String(value)) as readonly string[];
  const source = sourceOf(String(row['content']));
  return {
    id: String(row['grant_id']), kind: row['kind'] as GrantKind, amountMicroCredits: Number(row['amount']),
    remainingMicroCredits: Number(row['remaining']), heldMicroCredits: Number(row['held']), priority: Number(row['priority']),
    createdAtMs: Number(row['created_at_ms']), order: Number(row['ordinal']),
    ...(row['starts_at_ms'] === null ? {} : { startsAtMs: Number(row['starts_at_ms']) }),
    ...(row['expires_at_ms'] === null ? {} : { expiresAtMs: Number(row['expires_at_ms']) }),
    ...(row['models'] === null ? {} : { models: list(row['models']) }),
    ...(row['workspaces'] === null ? {} : { workspaces: list(row['workspaces']) }),
    ...(row['allowance_id'] === null ? {} : { allowanceId: String(row['allowance_id']) }),
    ...(source ? { source } : {}),
    ...(row['voided'] === 0 ? {} : { voided: row['voided'] === 2 ? 'disputed' : 'undone' }),
    ...(row['note'] === null ? {} : { note: String(row['note']) }),
  };
}

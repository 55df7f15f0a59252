// Reads the rows of the SQLite ledger for the audit, one set after the other, and asks SQLite
// whether the file itself is sound. The proof is the domain's.
import type { DatabaseSync } from 'node:sqlite';
import { auditLedger } from '../../domain/audit.ts';
import type { AuditFindings, Violation } from '../../domain/audit.ts';
import type { GrantKind } from '../../domain/grants.ts';
import type { ChargeRow, EntryKind, EntryRow, GrantRow, Hash, HoldRow, UsageEventRow } from '../../domain/ledgerRows.ts';
import type { PriceTier } from '../../domain/pricing.ts';
import type { AttemptOutcome } from '../../domain/settlement.ts';
import { tokensOf } from './ledgerReads.ts';

type Row = Record<string, unknown>;

/** Proves the ledger; `full` also checks the file's pages and references. */
export function auditFile(db: DatabaseSync, hash: Hash, full: boolean): AuditFindings & { readonly requests: number } {
  const violations: Violation[] = [];
  if (full) {
    for (const row of db.prepare('PRAGMA integrity_check(10)').all()) {
      if (row['integrity_check'] !== 'ok') violations.push({ invariant: 'integrity', what: String(row['integrity_check']) });
    }
    for (const row of db.prepare('PRAGMA foreign_key_check').all()) violations.push({ invariant: 'integrity', what: `a row of ${String(row['table'])} refers to a missing ${String(row['parent'])}` });
  }
  // One read transaction, so that all sets are of the same moment.
  db.exec('BEGIN');
  try {
    const findings = auditLedger({
      usageEvents: map(db, 'usage_events ORDER BY sequence', usageEventRow), charges: map(db, 'charges ORDER BY sequence', chargeRow),
      entries: map(db, 'entries ORDER BY sequence', entryRow), holds: map(db, 'holds ORDER BY rowid', holdRow), grants: map(db, 'grants ORDER BY ordinal', grantRow),
    }, hash);
    const requests = Number(db.prepare('SELECT COUNT(*) AS n FROM requests').get()?.['n']);
    return { ...findings, violations: [...violations, ...findings.violations], requests };
  } finally {
    db.exec('COMMIT');
  }
}

function* map<T>(db: DatabaseSync, from: string, to: (row: Row) => T): Generator<T> {
  for (const row of db.prepare(`SELECT * FROM ${from}`).iterate()) yield to(row);
}

function usageEventRow(row: Row): UsageEventRow {
  return {
    sequence: Number(row['sequence']), id: String(row['id']), attemptId: String(row['attempt_id']), requestId: String(row['request_id']), atMs: Number(row['at_ms']),
    workspaceId: String(row['workspace_id']), client: String(row['client']), threadId: row['thread_id'] as string | null, model: String(row['model']),
    modelServed: row['model_served'] as string | null, tier: row['tier'] as PriceTier, outcome: row['outcome'] as AttemptOutcome,
    status: row['status'] === null ? null : Number(row['status']), measured: row['measured'] === 1, freeReason: row['free_reason'] as string | null,
    ...tokensOf(row), prevHash: String(row['prev_hash']), hash: String(row['hash']),
  };
}

function chargeRow(row: Row): ChargeRow {
  return {
    sequence: Number(row['sequence']), id: String(row['id']), usageEventId: String(row['usage_event_id']), attemptId: String(row['attempt_id']), atMs: Number(row['at_ms']),
    costMicroCredits: Number(row['cost']), drawnMicroCredits: Number(row['drawn']), uncoveredMicroCredits: Number(row['uncovered']), tier: row['tier'] as PriceTier,
    priceVersion: String(row['price_version']), price: JSON.parse(String(row['price'])) as ChargeRow['price'], terms: JSON.parse(String(row['terms'])) as ChargeRow['terms'],
    prevHash: String(row['prev_hash']), hash: String(row['hash']),
  };
}

function entryRow(row: Row): EntryRow {
  return {
    sequence: Number(row['sequence']), id: String(row['id']), atMs: Number(row['at_ms']), kind: row['kind'] as EntryKind, grantId: String(row['grant_id']),
    attemptId: row['attempt_id'] as string | null, chargeId: row['charge_id'] as string | null, amountMicroCredits: Number(row['amount']),
    heldDeltaMicroCredits: Number(row['held_delta']), balanceAfterMicroCredits: Number(row['balance_after']), heldAfterMicroCredits: Number(row['held_after']),
    prevHash: String(row['prev_hash']), hash: String(row['hash']),
  };
}

function holdRow(row: Row): HoldRow {
  return {
    attemptId: String(row['attempt_id']), requestId: String(row['request_id']), number: Number(row['number']), workspaceId: String(row['workspace_id']),
    openedAtMs: Number(row['opened_at_ms']), amountMicroCredits: Number(row['amount']),
    price: row['price'] === null ? null : JSON.parse(String(row['price'])) as HoldRow['price'],
    estimatedInputTokens: Number(row['estimated_input']), estimatedOutputTokens: Number(row['estimated_output']), state: row['state'] as HoldRow['state'],
  };
}

function grantRow(row: Row): GrantRow {
  return {
    id: String(row['grant_id']), kind: row['kind'] as GrantKind, amountMicroCredits: Number(row['amount']),
    remainingMicroCredits: Number(row['remaining']), heldMicroCredits: Number(row['held']),
  };
}

// Reads the rows of the SQLite ledger for the audit, one set after the other, and asks SQLite
// whether the file itself is sound. The proof is the domain's.
import type { DatabaseSync } from 'node:sqlite';
import { auditLedger } from '../../domain/audit.ts';
import type { AuditFindings, Violation } from '../../domain/audit.ts';
import type { GrantKind } from '../../domain/grants.ts';
import type { ChargeRow, DecisionRow, EntryKind, EntryRow, GrantRow, Hash, HoldRow, UsageEventRow } from '../../domain/ledgerRows.ts';
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
      entries: map(db, 'entries ORDER BY sequence', entryRow),
      decisions: map(db, 'decisions d JOIN requests r USING (request_id) ORDER BY d.rowid', decisionRow), holds: map(db, 'holds ORDER BY rowid', holdRow), grants: map(db, 'grants ORDER BY ordinal', grantRow),
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
    ...tokensOf(row), waitedMs: Number(row['waited_ms']), firstByteMs: row['first_byte_ms'] === null ? null : Number(row['first_byte_ms']),
    durationMs: Number(row['duration_ms']), upstreamRequestId: row['upstream_request_id'] as string | null, responseId: row['response_id'] as string | null,
    notice: row['notice'] as string | null, termsHash: String(row['terms_hash']), prevHash: String(row['prev_hash']), hash: String(row['hash']),
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
    termsHash: row['terms_hash'] as string | null, prevHash: String(row['prev_hash']), hash: String(row['hash']),
  };
}

function decisionRow(row: Row): DecisionRow {
  return {
    attemptId: String(row['attempt_id']), number: Number(row['number']), atMs: Number(row['at_ms']), waitedMs: Number(row['waited_ms']), record: String(row['record']),
    requestId: String(row['request_id']), receivedAtMs: Number(row['received_at_ms']), workspaceId: String(row['workspace_id']), client: String(row['client']),
    clientVersion: row['client_version'] as string | null, threadId: row['thread_id'] as string | null, turnId: row['turn_id'] as string | null,
    requestKind: row['request_kind'] as string | null, model: String(row['model']), stream: row['stream'] === 1, termsHash: String(row['terms_hash']),
  };
}

function holdRow(row: Row): HoldRow {
  return {
    attemptId: String(row['attempt_id']), requestId: String(row['request_id']), number: Number(row['number']), workspaceId: String(row['workspace_id']),
    openedAtMs: Number(row['opened_at_ms']), amountMicroCredits: Number(row['amount']),
    price: row['price'] === null ? null : JSON.parse(String(row['price'])) as HoldRow['price'], tier: row['tier'] as PriceTier,
    estimatedInputTokens: Number(row['estimated_input']), estimatedOutputTokens: Number(row['estimated_output']), state: row['state'] as HoldRow['state'],
  };
}

function grantRow(row: Row): GrantRow {
  return {
    id: String(row['grant_id']), key: String(row['key']), content: String(row['content']), kind: row['kind'] as GrantKind, priority: Number(row['priority']),
    createdAtMs: Number(row['created_at_ms']), order: Number(row['ordinal']), expiresAtMs: row['expires_at_ms'] === null ? null : Number(row['expires_at_ms']),
    note: row['note'] as string | null, amountMicroCredits: Number(row['amount']),
    remainingMicroCredits: Number(row['remaining']), heldMicroCredits: Number(row['held']),
  };
}

// Reads the rows of the SQLite ledger for the audit, all of them or those behind the last checkpoint, and
// asks SQLite whether the file itself is sound. The proof is the domain's.
import type { DatabaseSync } from 'node:sqlite';
import { auditLedger } from '../../domain/audit/auditLedger.ts';
import type { AuditFindings, Violation } from '../../domain/audit/auditLedger.ts';
import type { Checkpoint } from '../../domain/audit/chainAudit.ts';
import type { UseOf } from '../../domain/audit/creditTrail.ts';
import type { OlderRows } from '../../domain/audit/directiveAudit.ts';
import { chainStart } from '../../domain/rowTexts.ts';
import type { Hash } from '../../domain/rowTexts.ts';
import { arrays, changedAttempts, everyAttempt } from './auditAttempts.ts';
import { wrongOrder } from './auditOrder.ts';
import { chargeColumns, chargeRow, directiveColumns, directiveRow, entryColumns, entryRow, grantColumns, grantRow, usageEventColumns, usageEventRow } from './auditRows.ts';
import { importColumns, importRow, strayImportSums, wrongImportSums } from './importRows.ts';
import type { Row } from './keyedStream.ts';
import { chainNames } from './ledgerPort.ts';
import { rollupDrift, wrongRollups } from './rollupAudit.ts';

/** Proves the ledger. `full` looks at every row, at the rollups and at the file's pages; else only at what came after the last checkpoint. */
export function auditFile(db: DatabaseSync, hash: Hash, args: { readonly full: boolean; readonly keepAtMs?: number }): AuditFindings & { readonly requests: number } {
  const violations: Violation[] = args.full ? pageFaults(db) : [];
  const last = lastCheckpoint(db);
  const from = args.full ? undefined : last;
  // One transaction, so that all sets are of the same moment; a checkpoint is kept in the same one.
  db.exec(args.keepAtMs === undefined ? 'BEGIN' : 'BEGIN IMMEDIATE');
  try {
    if (last) violations.push(...lostHeads(db, last));
    const since = (chain: (typeof chainNames)[number]) => from?.heads[chain].rows ?? 0;
    const { findings, checkpoint } = auditLedger({
      usageEvents: map(db, `SELECT ${usageEventColumns} FROM usage_events WHERE sequence > ? ORDER BY sequence`, since('usage_events'), usageEventRow),
      charges: map(db, `SELECT ${chargeColumns} FROM charges WHERE sequence > ? ORDER BY sequence`, since('charges'), chargeRow),
      entries: map(db, `SELECT ${entryColumns} FROM entries WHERE sequence > ? ORDER BY sequence`, since('entries'), entryRow),
      directives: map(db, `SELECT ${directiveColumns} FROM directives WHERE sequence > ? ORDER BY sequence`, since('directives'), directiveRow),
      grants: map(db, `SELECT ${grantColumns} FROM grants WHERE ordinal > ? ORDER BY ordinal`, -1, grantRow),
      earlierVoids: map(db, `SELECT ${directiveColumns} FROM directives WHERE kind = 'void' AND sequence <= ? ORDER BY sequence`, since('directives'), directiveRow),
      imports: map(db, `SELECT ${importColumns} FROM imports WHERE sequence > ? ORDER BY sequence`, since('imports'), importRow),
      olderUntil: readOlderUntil(db), useOf: useReader(db),
      attempts: from ? changedAttempts(db, from) : everyAttempt(db),
    }, hash, from);
    const drift = [...args.full ? wrongRollups(db) : rollupDrift(db, since('usage_events')), ...wrongImportSums(db, since('imports')), ...args.full ? strayImportSums(db) : []];
    if (args.full) violations.push(...wrongOrder(db).map((what) => ({ invariant: 'I11', what })));
    violations.push(...findings.violations, ...drift.map((what) => ({ invariant: 'I6', what })));
    if (args.keepAtMs !== undefined && violations.length === 0) keep(db, args.keepAtMs, { ...checkpoint, decisions: newestDecision(db) });
    // Requests are numbered without gaps and never deleted, so a look at the last one counts them.
    const requests = Number(db.prepare(args.full ? 'SELECT COUNT(*) AS n FROM requests' : 'SELECT COALESCE(MAX(rowid), 0) AS n FROM requests').get()?.['n']);
    return { ...findings, violations, requests };
  } finally {
    db.exec('COMMIT');
  }
}

function pageFaults(db: DatabaseSync): Violation[] {
  return [
    ...db.prepare('PRAGMA integrity_check(10)').all().filter((row) => row['integrity_check'] !== 'ok').map((row) => ({ invariant: 'integrity', what: String(row['integrity_check']) })),
    ...db.prepare('PRAGMA foreign_key_check').all().map((row) => ({ invariant: 'integrity', what: `a row of ${String(row['table'])} refers to a missing ${String(row['parent'])}` })),
  ];
}

function readOlderUntil(db: DatabaseSync): OlderRows {
  const row = db.prepare(`SELECT value FROM meta WHERE name = 'older_rules_until'`).get();
  return row ? JSON.parse(String(row['value'])) as OlderRows : { entries: 0, charges: 0, directives: 0 };
}

function lastCheckpoint(db: DatabaseSync): Checkpoint | undefined {
  const row = db.prepare('SELECT content FROM checkpoints ORDER BY sequence DESC LIMIT 1').get();
  return row && JSON.parse(String(row['content'])) as Checkpoint;
}

/** Checkpoints that are kept; the last one is what the next audit begins at. */
const checkpointsMax = 3;

/** Keeps a checkpoint, unless nothing has happened since the last one. */
function keep(db: DatabaseSync, atMs: number, checkpoint: Checkpoint): void {
  const content = JSON.stringify(checkpoint);
  if (db.prepare('SELECT content FROM checkpoints ORDER BY sequence DESC LIMIT 1').get()?.['content'] === content) return;
  db.prepare('INSERT INTO checkpoints (at_ms, content) VALUES (?,?)').run(atMs, content);
  db.prepare('DELETE FROM checkpoints WHERE sequence <= (SELECT MAX(sequence) FROM checkpoints) - ?').run(checkpointsMax);
}

/** For what an attempt was decided and how it ended; asked only where grants are for some models or workspaces alone, or credits were not enough. */
function useReader(db: DatabaseSync): UseOf {
  const read = db.prepare(`SELECT r.model, r.workspace_id, u.measured FROM decisions d JOIN requests r USING (request_id) LEFT JOIN usage_events u ON u.attempt_id = d.attempt_id AND u.corrects IS NULL WHERE d.attempt_id = ?`);
  return (attemptId) => {
    const row = read.get(attemptId);
    return row && { model: String(row['model']), workspaceId: String(row['workspace_id']), isMeasured: row['measured'] !== 0 };
  };
}

function newestDecision(db: DatabaseSync): number {
  return Number(db.prepare('SELECT COALESCE(MAX(rowid), 0) AS n FROM decisions').get()?.['n']);
}

/** Rows that the last audit saw must still be there: each chain holds the hash that it stood at. */
function lostHeads(db: DatabaseSync, from: Checkpoint): Violation[] {
  return chainNames.filter((chain) => {
    const { rows, hash } = from.heads[chain];
    return (rows === 0 ? chainStart : db.prepare(`SELECT hash FROM ${chain} WHERE sequence = ?`).get(rows)?.['hash']) !== hash;
  }).map((chain) => ({ invariant: 'I9', what: `the ${chain} do not hold any more what the last audit saw` }));
}

function* map<T>(db: DatabaseSync, sql: string, after: number, to: (row: Row) => T): Generator<T> {
  for (const row of arrays(db, sql).iterate(after) as Iterable<unknown> as Iterable<Row>) yield to(row);
}

// The ledger's entries page by page, newest first, by kind, workspace, time and a searched text. One page looks at
// a bounded number of rows and says where it stopped, so that a search through a long ledger never keeps holds
// waiting. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import type { GrantKind } from '../../domain/grants.ts';
import { sourceOf } from '../../domain/grantSource.ts';
import type { EntryFilter, EntryPage, LedgerRow } from '../../protocol/ledgerPages.ts';
import { entryView } from './ledgerReads.ts';
import type { LedgerQueries } from './ledgerPort.ts';
import { statement } from './statements.ts';

type Row = Record<string, unknown>;
type Args = LedgerQueries['entryPage']['args'];

/** Entries that one page looks at, at the most. */
const entriesLookedAtMax = 20_000;
/** Shorter texts are looked for everywhere and never taken for the beginning of a request's id. */
const idCharactersMin = 8;

/** An entry with its request, workspace and grant. */
const rowSql = `SELECT e.*, h.request_id, r.workspace_id, r.client, COALESCE(u.model_served, r.model) AS model, w.label, g.kind AS grant_kind, g.note, g.allowance_id, g.content AS grant_content`;
const joins = `LEFT JOIN holds h ON h.attempt_id = e.attempt_id LEFT JOIN requests r ON r.request_id = h.request_id
  LEFT JOIN usage_events u ON u.attempt_id = h.attempt_id LEFT JOIN workspaces w ON w.workspace_id = r.workspace_id LEFT JOIN grants g ON g.grant_id = e.grant_id`;

const kindSql: Readonly<Record<EntryFilter, string>> = {
  moves: `e.amount <> 0 AND e.account <> 'overshoot'`, all: '1', grants: 'e.attempt_id IS NULL', corrections: `(e.corrects IS NOT NULL OR e.kind = 'refund')`,
};

/** One page. @param lookedAtMax entries that it looks at, at the most */
export function readEntryPage(db: DatabaseSync, args: Args, lookedAtMax = entriesLookedAtMax): EntryPage {
  const { before = Number.MAX_SAFE_INTEGER, limit, kind, workspaceId = null, search = '' } = args;
  const newest = Number(statement(db, 'SELECT MAX(sequence) AS n FROM entries').get()?.['n'] ?? 0);
  const above = args.untilMs === undefined ? newest : sequenceAt(db, args.untilMs - 1, newest);
  const from = Math.min(before - 1, above);
  const floor = args.fromMs === undefined ? 0 : sequenceAt(db, args.fromMs - 1, newest);
  const text = search.trim().toLowerCase();
  // Entries without a request are few and have an index; those of one request have theirs.
  const few = kind === 'grants' ? `FROM entries e INDEXED BY entries_by_grant ${joins}` : isRequestId(db, text) ? `FROM requests r0 JOIN holds h0 ON h0.request_id = r0.request_id JOIN entries e ON e.attempt_id = h0.attempt_id ${joins}` : undefined;
  const lowest = few === undefined ? Math.max(floor, from - lookedAtMax) : floor;
  const which = `e.sequence <= ?1 AND e.sequence > ?2 AND ${kindSql[kind]} AND (?3 IS NULL OR r.workspace_id = ?3)`;
  const found = few !== undefined && kind !== 'grants'
    ? statement(db, `${rowSql} ${few} WHERE r0.request_id >= ?4 AND r0.request_id < ?4 || char(1114111) AND ${which} ORDER BY e.sequence DESC LIMIT ?5`).all(from, lowest, workspaceId, text, limit)
    : statement(db, `${rowSql} ${few ?? `FROM entries e ${joins}`} WHERE ${which} AND (?4 = '%%' OR ${searchedSql}) ORDER BY e.sequence DESC LIMIT ?5`).all(from, lowest, workspaceId, `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`, limit);
  const rows = found.map(ledgerRow);
  const reached = rows.length === limit ? rows.at(-1)!.sequence : lowest + 1;
  return { rows, ...(reached > floor + 1 ? { next: reached } : {}) };
}

/** The note of a grant is that of its own entries, and not of each charge that drew from it. */
const searchedSql = ['h.request_id', 'r.model', 'u.model_served', 'r.client', 'w.label', 'r.thread_id', 'CASE WHEN e.attempt_id IS NULL THEN g.note END'].map((column) => `LOWER(COALESCE(${column}, '')) LIKE ?4 ESCAPE '\\'`).join(' OR ');

function isRequestId(db: DatabaseSync, text: string): boolean {
  return text.length >= idCharactersMin && statement(db, 'SELECT 1 FROM requests WHERE request_id >= ?1 AND request_id < ?1 || char(1114111) LIMIT 1').get(text) !== undefined;
}

/** An entry's row, joined as above, as it is shown. */
export function ledgerRow(row: Row): LedgerRow {
  const source = typeof row['grant_content'] === 'string' ? sourceOf(row['grant_content']) : undefined;
  const told = (name: string, column: string) => (typeof row[column] === 'string' ? { [name]: row[column] } : {});
  return {
    ...entryView(row), ...told('workspaceId', 'workspace_id'), ...told('workspaceLabel', row['label'] === null ? 'workspace_id' : 'label'), ...told('client', 'client'), ...told('model', 'model'),
    ...(typeof row['grant_kind'] === 'string' ? { grantKind: row['grant_kind'] as GrantKind } : {}), ...told('note', 'note'), ...told('allowanceId', 'allowance_id'), ...(source ? { source } : {}),
  };
}

/** The columns and joins of `ledgerRow` over other sources of entries `e`. */
export const ledgerRowSql = { columns: rowSql, joins };

/**
 * The newest entry at a moment or before it, 0 where there is none. Entries have no index by time, but they stand in
 * its order; where a clock was set back, those of that time count with their neighbours.
 */
export function sequenceAt(db: DatabaseSync, atMs: number, newest: number): number {
  const timeOf = statement(db, 'SELECT at_ms FROM entries WHERE sequence = ?');
  let [low, high] = [0, newest];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (Number(timeOf.get(middle)?.['at_ms'] ?? 0) <= atMs) low = middle;
    else high = middle - 1;
  }
  return low;
}

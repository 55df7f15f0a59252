// Rows of the ledger as flat columns in a fixed order, page by page, for the export. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import type { ExportRow, ExportSet, LedgerQueries } from './ledgerPort.ts';
import { statement } from './statements.ts';

/** Rows of one page at the most. */
const pageMax = 2000;

/** Each set: what it selects, with the place of a row as `place` and its time as `at`. */
const sets: Readonly<Record<ExportSet, string>> = {
  requests: `SELECT u.sequence AS place, u.at_ms AS at, u.request_id, u.attempt_id, u.workspace_id, w.path AS workspace, u.client, u.thread_id, r.turn_id, r.request_kind AS kind, r.branch, r.command, r.file, u.model, u.model_served,
    u.tier, u.outcome, u.status, u.measured, u.free_reason, u.input_tokens, u.cached_input_tokens, u.cache_write_tokens, u.output_tokens, u.reasoning_tokens,
    c.cost AS cost_microcredits, c.drawn AS drawn_microcredits, c.uncovered AS uncovered_microcredits, u.waited_ms, u.first_byte_ms, u.duration_ms, u.upstream_request_id, u.response_id, u.notice, u.corrects
    FROM usage_events u JOIN requests r ON r.request_id = u.request_id LEFT JOIN charges c ON c.usage_event_id = u.id LEFT JOIN workspaces w ON w.workspace_id = u.workspace_id`,
  charges: `SELECT sequence AS place, at_ms AS at, id, usage_event_id, attempt_id, cost AS cost_microcredits, drawn AS drawn_microcredits, uncovered AS uncovered_microcredits, tier, price_version, price, terms, basis, corrects, hash FROM charges`,
  entries: `SELECT e.sequence AS place, e.at_ms AS at, e.id, e.account, e.kind, e.grant_id, h.request_id, e.attempt_id, e.charge_id, e.amount AS amount_microcredits, e.held_delta AS held_delta_microcredits,
    e.balance_after AS balance_after_microcredits, e.held_after AS held_after_microcredits, e.corrects, e.hash FROM entries e LEFT JOIN holds h ON h.attempt_id = e.attempt_id`,
  imports: `SELECT i.sequence AS place, i.at_ms AS at, i.id, i.imported_at_ms, i.workspace_id, w.path AS workspace, i.client, i.client_version, i.thread_id, i.model, i.response_id, i.source,
    i.input_tokens, i.cached_input_tokens, i.cache_write_tokens, i.output_tokens, i.reasoning_tokens, i.cost AS cost_microcredits, i.price, i.hash
    FROM imports i LEFT JOIN workspaces w ON w.workspace_id = i.workspace_id`,
  directives: 'SELECT sequence AS place, at_ms AS at, id, kind, subject, content, hash FROM directives',
  grants: `SELECT ordinal AS place, created_at_ms AS at, grant_id, key, kind, amount AS amount_microcredits, remaining AS remaining_microcredits, held AS held_microcredits, priority,
    starts_at_ms, expires_at_ms, models, workspaces, allowance_id, voided, note FROM grants`,
};

/** One page of a set, from behind a place on. */
export function readExport(db: DatabaseSync, args: LedgerQueries['export']['args']): LedgerQueries['export']['result'] {
  const limit = Math.min(args.limit, pageMax);
  const select = statement(db, `SELECT * FROM (${sets[args.set]}) WHERE place > ? AND at >= ? ORDER BY place LIMIT ?`);
  const found = select.all(args.after, args.sinceMs, limit);
  const rows = found.map((row): ExportRow => {
    const { place: _place, at, ...rest } = row as Record<string, string | number | null>;
    return { at: new Date(Number(at)).toISOString(), ...rest };
  });
  const next = found.length < limit ? undefined : Number(found.at(-1)?.['place']);
  return { columns: select.columns().map(({ name }) => name).filter((name) => name !== 'place'), rows, ...(next === undefined ? {} : { next }) };
}

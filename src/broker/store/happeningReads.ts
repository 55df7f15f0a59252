// What was done to credits and rules other than by requests: grants, expiries, what was taken back or is owed,
// permissions, budgets, allowances, policies, prices, limits, corrections. From the entries without a request and the
// directives, newest first, page by page. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import type { Happening, HappeningDirective, HappeningFilter, HappeningPage } from '../../protocol/ledgerPages.ts';
import { ledgerRow, ledgerRowSql } from './entryPages.ts';
import type { LedgerQueries } from './ledgerPort.ts';
import { statement } from './statements.ts';

/** Which directives belong to a filter. */
const directiveSql: Readonly<Record<HappeningFilter, string>> = {
  all: `kind <> 'upstream'`, credits: `kind = 'void'`, rules: `kind IN ('consent', 'budget', 'allowance', 'auto-top-up', 'voucher-issuer', 'policy', 'unpriced-model')`, prices: `kind = 'price'`, limits: `kind = 'limit'`, corrections: `kind IN ('correction', 'restored')`,
};
const entriesBelong: Readonly<Record<HappeningFilter, boolean>> = { all: true, credits: true, rules: false, prices: false, limits: false, corrections: false };

/** What a budget or an allowance was before it was taken away; else itself. */
const laidSql = `CASE WHEN COALESCE(d.content ->> '$.budget', d.content ->> '$.allowance') IS NOT NULL THEN d.content
  ELSE (SELECT p.content FROM directives p WHERE p.kind = d.kind AND p.subject = d.subject AND p.sequence < d.sequence ORDER BY p.sequence DESC LIMIT 1) END`;
const grantIsOf = (grantId: string) => `EXISTS (SELECT 1 FROM grants g, json_each(g.workspaces) only WHERE g.grant_id = ${grantId} AND only.value = ?7)`;
/** Whether a directive is about one workspace alone. A task's is nobody's: which workspace it is of stands in its requests alone, without an index. */
const directiveIsOf = `CASE d.kind
  WHEN 'consent' THEN ?7 = CASE d.content ->> '$.consent.scope' WHEN 'workspace' THEN d.content ->> '$.consent.of' WHEN 'request' THEN (SELECT r.workspace_id FROM requests r WHERE r.request_id = d.content ->> '$.consent.of') END
  WHEN 'budget' THEN (${laidSql}) ->> '$.budget.per' = 'workspace' AND (${laidSql}) ->> '$.budget.of' = ?7
  WHEN 'allowance' THEN EXISTS (SELECT 1 FROM json_each(${laidSql}, '$.allowance.workspaces') only WHERE only.value = ?7)
  WHEN 'void' THEN ${grantIsOf(`d.content ->> '$.grantId'`)}
  WHEN 'correction' THEN EXISTS (SELECT 1 FROM usage_events u WHERE u.attempt_id = d.content ->> '$.attemptId' AND u.workspace_id = ?7)
  ELSE 0 END`;

/** One page. Both sources are few beside the requests and have their indexes. */
export function readHappenings(db: DatabaseSync, { before, limit, filter, workspaceId, fromMs = 0 }: LedgerQueries['happenings']['args']): HappeningPage {
  const from = before ?? { atMs: Number.MAX_SAFE_INTEGER, from: 'entry', sequence: Number.MAX_SAFE_INTEGER };
  // A grant and the permission that was given with it are of one moment: the directive stands before the entry.
  const places = statement(db, `SELECT at_ms, origin, sequence FROM (
      SELECT at_ms, 1 AS origin, sequence FROM entries e INDEXED BY entries_by_grant WHERE attempt_id IS NULL AND ?5 AND (?7 IS NULL OR ${grantIsOf('e.grant_id')})
      UNION ALL SELECT at_ms, 0 AS origin, sequence FROM directives d WHERE ${directiveSql[filter]} AND (?7 IS NULL OR ${directiveIsOf}))
    WHERE (at_ms, origin, sequence) < (?1, ?2, ?3) AND at_ms >= ?6 ORDER BY at_ms DESC, origin DESC, sequence DESC LIMIT ?4`)
    .all(from.atMs, from.from === 'entry' ? 1 : 0, from.sequence, limit, entriesBelong[filter] ? 1 : 0, fromMs, workspaceId ?? null);
  const rows = places.map((place) => happeningOf(db, place['origin'] === 1 ? 'entry' : 'directive', Number(place['sequence'])));
  const last = rows.at(-1);
  return { rows, ...(last && rows.length === limit ? { next: { atMs: last.atMs, from: last.from, sequence: last.sequence } } : {}) };
}

function happeningOf(db: DatabaseSync, from: Happening['from'], sequence: number): Happening {
  if (from === 'entry') {
    const row = ledgerRow(statement(db, `${ledgerRowSql.columns} FROM entries e ${ledgerRowSql.joins} WHERE e.sequence = ?`).get(sequence) ?? {});
    return { from, atMs: row.atMs, sequence, row };
  }
  const row = statement(db, `SELECT d.*, (SELECT p.content FROM directives p WHERE d.kind IN ('price', 'limit') AND p.kind = d.kind AND p.subject = d.subject AND p.sequence < d.sequence ORDER BY p.sequence DESC LIMIT 1) AS before
    FROM directives d WHERE d.sequence = ?`).get(sequence) ?? {};
  const directive = JSON.parse(String(row['content'])) as HappeningDirective;
  const before = typeof row['before'] === 'string' ? JSON.parse(row['before']) as HappeningDirective : undefined;
  const label = directive.kind === 'consent' && directive.consent.scope === 'workspace' ? statement(db, 'SELECT label FROM workspaces WHERE workspace_id = ?').get(directive.consent.of)?.['label'] : undefined;
  return {
    from, atMs: Number(row['at_ms']), sequence, directive, ...(before?.kind === 'price' ? { before: before.price } : {}), ...(before?.kind === 'limit' && 'limits' in before.note ? { limitsBefore: before.note.limits } : {}), ...(typeof label === 'string' ? { workspaceLabel: label } : {}),
  };
}

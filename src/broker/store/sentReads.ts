// What attempts sent out of this computer in a span of a day at the most, and where to, from the usage events. Which host an attempt
// went to is told by the newest note of before it was let go; a fallback's stands in its decision. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import type { Directive, UpstreamHosts } from '../../domain/directives.ts';
import { unsentReason } from '../../domain/settlement.ts';
import { otherWorkspaces } from '../../protocol/sentReport.ts';
import type { SentRow, SentWay } from '../../protocol/sentReport.ts';
import type { LedgerQueries } from './ledgerPort.ts';
import { statement } from './statements.ts';

/** Notes that are looked at, the newest; what was sent before all of them is told without its host. */
const notesMax = 1000;
/** Workspaces of a span that are told one by one, those with the most requests; the others are told together. */
const rowsMax = 100;

/** Every note of where requests are sent to; the newest of a great many. */
export function readUpstreams(db: DatabaseSync): { readonly atMs: number; readonly at: UpstreamHosts }[] {
  return statement(db, `SELECT at_ms, content FROM (SELECT sequence, at_ms, content FROM directives WHERE kind = 'upstream' AND subject = 'ledger' ORDER BY sequence DESC LIMIT ${notesMax}) ORDER BY sequence`).all()
    .map((row) => ({ atMs: Number(row['at_ms']), at: (JSON.parse(String(row['content'])) as Extract<Directive, { kind: 'upstream' }>).at }));
}

/**
 * Which way an attempt went is read from its decision only where the hold leaves a doubt: a sign-in's has no estimate in credits,
 * a fallback's nothing to learn from.
 */
const waySql = `CASE WHEN h.estimate IS NULL OR h.basis IS NULL THEN
  (SELECT CASE WHEN d.record ->> '$.coveredBy' IS NOT NULL THEN 'login' WHEN d.record ->> '$.fallback.at' IS NOT NULL THEN 'fallback ' || (d.record ->> '$.fallback.at') END FROM decisions d WHERE d.attempt_id = h.attempt_id) END`;

/** Which note held when an attempt was let go, counted from 1. Nearly all attempts of a span have the one of its beginning; only for others all are looked through. */
const noteSql = `CASE WHEN h.opened_at_ms >= ?5 AND h.opened_at_ms < ?6 THEN ?7 ELSE (SELECT COUNT(*) FROM json_each(?3) n WHERE n.value <= h.opened_at_ms) END`;

/** What left in a span, the most requests first. Corrections of later tell nothing of what was sent. */
export function readSent(db: DatabaseSync, { fromMs, untilMs }: LedgerQueries['sent']['args']): SentRow[] {
  const notes = inOrder(readUpstreams(db));
  const before = notes.filter((note) => note.atMs <= fromMs).length;
  const [heldFromMs, heldUntilMs] = [notes[before - 1]?.atMs ?? Number.MIN_SAFE_INTEGER, notes[before]?.atMs ?? Number.MAX_SAFE_INTEGER];
  const rows = statement(db, `SELECT ${waySql} AS way, ${noteSql} AS note, u.workspace_id, w.label,
      COUNT(DISTINCT u.request_id) AS requests, COUNT(*) AS attempts, SUM(u.input_tokens) AS input, SUM(u.output_tokens) AS output, SUM(CASE WHEN u.input_tokens = 0 THEN h.estimated_input ELSE 0 END) AS uncounted
    FROM usage_events u JOIN holds h ON h.attempt_id = u.attempt_id LEFT JOIN workspaces w ON w.workspace_id = u.workspace_id
    WHERE u.at_ms >= ?1 AND u.at_ms < ?2 AND u.corrects IS NULL AND u.outcome <> 'refused' AND u.free_reason IS NOT ?4
    GROUP BY 1, 2, 3 ORDER BY requests DESC, input DESC, 1, 3`)
    .all(fromMs, untilMs, JSON.stringify(notes.map((note) => note.atMs)), unsentReason, heldFromMs, heldUntilMs, before);
  return together(rows.map((row): SentRow => {
    const [way, at] = wayOf(row['way'], notes[Number(row['note']) - 1]?.at);
    const workspaceId = String(row['workspace_id']);
    return {
      way, ...(at === undefined ? {} : { at }), workspaceId, workspaceLabel: typeof row['label'] === 'string' ? row['label'] : workspaceId,
      requests: Number(row['requests']), attempts: Number(row['attempts']), inputTokens: Number(row['input']), outputTokens: Number(row['output']), uncountedInputTokens: Number(row['uncounted']),
    };
  }));
}

/** By their place in the ledger, which no clock changes: a note of a time that a later one is before, since the clock was ahead, holds no more. */
function inOrder<T extends { readonly atMs: number }>(notes: readonly T[]): T[] {
  let firstMs = Number.POSITIVE_INFINITY;
  return notes.toReversed().filter((note) => {
    const holds = note.atMs < firstMs;
    firstMs = Math.min(firstMs, note.atMs);
    return holds;
  }).toReversed();
}

/** The rows beyond the most that are told, summed for each way and place. */
function together(rows: readonly SentRow[]): SentRow[] {
  const others = new Map<string, SentRow>();
  for (const row of rows.slice(rowsMax)) {
    const key = `${row.way} ${row.at ?? ''}`;
    const sum = others.get(key);
    others.set(key, !sum ? { ...row, ...otherWorkspaces } : {
      ...sum, requests: sum.requests + row.requests, attempts: sum.attempts + row.attempts, inputTokens: sum.inputTokens + row.inputTokens,
      outputTokens: sum.outputTokens + row.outputTokens, uncountedInputTokens: sum.uncountedInputTokens + row.uncountedInputTokens,
    });
  }
  return [...rows.slice(0, rowsMax), ...others.values()];
}

function wayOf(told: unknown, noted: UpstreamHosts | undefined): readonly [SentWay, string | undefined] {
  if (told === 'login') return ['login', noted?.login];
  if (typeof told === 'string') return ['fallback', told.slice('fallback '.length)];
  return ['key', noted?.key];
}

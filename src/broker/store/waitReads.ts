// Who waited in the line for limits, and who used the same models then, read from decisions and usage events. Reading only.
// A decision notes how long its attempt stood in the line; what a request waited for credits, for an answer or because its
// task was slowed down is not in that.
import type { DatabaseSync } from 'node:sqlite';
import { grouped } from '../../domain/grouped.ts';
import { toldWaitsMsMin } from '../../domain/insights.ts';
import { waitCauses } from '../../domain/waitCauses.ts';
import type { LineRun, LineWait, WaitCause } from '../../domain/waitCauses.ts';
import { statement } from './statements.ts';

/** A request that stood in the line for less than this did not wait for anybody. */
const waitedMsMin = 1000;

/** The usage events that are looked at by themselves: of those from a place on, the ones of the range, since a clock that was set back leaves later ones with earlier times. */
export interface CloseRange {
  readonly from: number;
  readonly sinceMs: number;
}

/** What a workspace waited: each request once, however often it was sent. */
export interface WorkspaceWaits {
  readonly waitedMs: number;
  readonly waitingRequests: number;
  readonly cause?: WaitCause;
}

/** The waits of each workspace in the usage events of a range; who caused them is looked for where they are worth telling. */
export function readWaits(db: DatabaseSync, range: CloseRange): Map<string, WorkspaceWaits> {
  const rows = statement(db, `SELECT u.workspace_id, u.request_id, u.model, d.at_ms, d.record ->> '$.coveredBy' AS payer, CAST(d.record ->> '$.inLineMs' AS INTEGER) AS in_line
    FROM usage_events u JOIN decisions d USING (attempt_id) WHERE u.sequence >= ? AND +u.at_ms >= ? AND u.corrects IS NULL AND d.waited_ms >= ?`).all(range.from, range.sinceMs, waitedMsMin);
  const requests = grouped(rows.filter((row) => Number(row['in_line']) > 0).map((row) => ({ requestId: String(row['request_id']), inLineMs: Number(row['in_line']), ...waitOf(row) })), (one) => one.requestId);
  const waiting = [...requests.values()].filter((attempts) => totalOf(attempts) >= waitedMsMin);
  const sums = new Map([...grouped(waiting, ([first]) => first?.workspaceId ?? '')].map(([workspaceId, own]) => [workspaceId, { waitedMs: totalOf(own.flat()), waitingRequests: own.length }]));
  const told = waiting.flat().filter((one) => (sums.get(one.workspaceId)?.waitedMs ?? 0) >= toldWaitsMsMin);
  const causes = told.length === 0 ? new Map<string, WaitCause>() : waitCauses(told, runsOf(db, range, new Set(told.map((one) => one.model))));
  return new Map([...sums].map(([workspaceId, sum]) => {
    const cause = causes.get(workspaceId);
    return [workspaceId, { ...sum, ...(cause ? { cause } : {}) }];
  }));
}

function totalOf(attempts: readonly { readonly inLineMs: number }[]): number {
  return attempts.reduce((sum, { inLineMs }) => sum + inLineMs, 0);
}

/** The line before a decision. Where the request was parked in between it began earlier, by at most that. */
function waitOf(row: Readonly<Record<string, unknown>>): LineWait & { readonly model: string } {
  const untilMs = Number(row['at_ms']);
  return { workspaceId: String(row['workspace_id']), model: String(row['model']), lane: laneOf(row), fromMs: untilMs - Number(row['in_line']), untilMs };
}

/** A plan has limits of its own beside the key's. */
function laneOf(row: Readonly<Record<string, unknown>>): string {
  return `${String(row['model'])} ${String(row['payer'] ?? '')}`;
}

/** What was sent of some models; what a fallback answered used none of them. */
function runsOf(db: DatabaseSync, { from, sinceMs }: CloseRange, models: ReadonlySet<string>): LineRun[] {
  return statement(db, `SELECT u.workspace_id, u.thread_id, u.model, u.at_ms, u.duration_ms, u.input_tokens + u.output_tokens AS tokens, d.record ->> '$.coveredBy' AS payer
    FROM usage_events u JOIN decisions d USING (attempt_id) WHERE u.sequence >= ? AND +u.at_ms >= ? AND u.corrects IS NULL AND u.input_tokens + u.output_tokens > 0
      AND u.model IN (SELECT value FROM json_each(?)) AND d.record ->> '$.fallback' IS NULL`).all(from, sinceMs, JSON.stringify([...models])).map((row) => {
    const untilMs = Number(row['at_ms']);
    return {
      workspaceId: String(row['workspace_id']), lane: laneOf(row), fromMs: untilMs - Number(row['duration_ms']), untilMs, tokens: Number(row['tokens']),
      ...(row['thread_id'] === null ? {} : { threadId: String(row['thread_id']) }),
    };
  });
}

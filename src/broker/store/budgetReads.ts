// What budgets have used up, from the rollups, and what running attempts reserve of them, from the open
// holds. Reading only; the rules are the domain's.
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs, budgetEndsAtMs, budgetKey, countedFromMs } from '../../domain/budgets.ts';
import type { Budget, BudgetPer, BudgetSubject, BudgetUse, DayShare } from '../../domain/budgets.ts';
import type { RollupDimension } from '../../domain/rollups.ts';
import type { BudgetView } from '../../protocol/snapshot.ts';
import { budgetText } from '../../domain/budgets.ts';
import { allowsFromMs, dayShare } from '../../domain/evenBurn.ts';
import { rollupsSince } from './rollupTable.ts';
import { statement } from './statements.ts';

/** The rollup that counts for each kind of budget. Models count as they were asked for, since that is what is decided about. */
export const dimensionOfBudget: Readonly<Record<Exclude<BudgetPer, 'request'>, RollupDimension>> = { task: 'thread', workspace: 'workspace', model: 'asked', client: 'client', everything: 'total' };
/** What of a rollup a budget counts. */
export const unitSql = { credits: 'cost', tokens: 'input + output' } as const;
const reservedSql = { credits: 'COALESCE(h.estimate, h.amount)', tokens: 'h.estimated_input + h.estimated_output' } as const;
/** What an open hold counts under for each kind of budget, over a hold `h` and its request `r`. */
const holdKeySql: Readonly<Record<BudgetPer, string>> = { request: 'h.request_id', task: `COALESCE(r.thread_id, '')`, workspace: 'h.workspace_id', model: 'r.model', client: 'r.client', everything: `''` };
/** The largest code unit: what begins with a text lies between it and itself with this behind it. */
const last = '\uffff';

/** The budgets that are about a request, with what is used and reserved of each. */
export function readBudgetUses(db: DatabaseSync, budgets: readonly Budget[], subject: BudgetSubject, nowMs: number): BudgetUse[] {
  return budgets.flatMap((budget) => {
    const key = budgetKey(budget, subject);
    return key === undefined ? [] : [readUse(db, budget, key, nowMs)];
  });
}

function readUse(db: DatabaseSync, budget: Budget, key: string, nowMs: number): BudgetUse {
  const endsAtMs = budgetEndsAtMs(budget, nowMs);
  const today = dayShare(budget, nowMs);
  return {
    budget, key, ...(budget.of === undefined ? {} : labelOf(db, budget, key)), used: readUsed(db, budget, key, nowMs), reserved: readReserved(db, budget, key),
    ...(endsAtMs === undefined ? {} : { endsAtMs }), ...(today ? { today } : {}),
  };
}

/** The span of keys that a key stands for: itself, or for `gpt-5*` everything that begins with it. */
export function spanOf(budget: Budget, key: string): readonly [string, string] {
  return budget.per === 'model' && key.endsWith('*') ? [key.slice(0, -1), `${key.slice(0, -1)}${last}`] : [key, key];
}

function readUsed(db: DatabaseSync, budget: Budget, key: string, nowMs: number, fromMs = countedFromMs(budget, nowMs)): number {
  const unit = unitSql[budget.unit];
  if (budget.per === 'request') {
    const sql = budget.unit === 'credits' ? 'SELECT SUM(c.cost) AS used FROM usage_events u JOIN charges c ON c.usage_event_id = u.id WHERE u.request_id = ?'
      : 'SELECT SUM(input_tokens + output_tokens) AS used FROM usage_events WHERE request_id = ?';
    return Number(statement(db, sql).get(key)?.['used'] ?? 0);
  }
  const { places, at } = countedAt(fromMs);
  const [least, most] = spanOf(budget, key);
  const sql = least === most ? `SELECT SUM(used) AS used FROM (${usedSql(unit, 'key = ?2', at(3))})`
    : `${keysOfSpan} SELECT SUM(used) AS used FROM (${usedSql(unit, 'key IN (SELECT one FROM keys WHERE one <= ?3)', at(4))})`;
  const row = statement(db, sql).get(dimensionOfBudget[budget.per], ...(least === most ? [least] : [least, most]), ...places);
  return Number(row?.['used'] ?? 0);
}

/** From when on is counted, as values for the places that `usedSql` has from a number on; none where it is from the beginning. */
function countedAt(fromMs: number | undefined): { readonly places: readonly number[]; readonly at: (since: number) => number | undefined } {
  return fromMs === undefined ? { places: [], at: () => undefined } : { places: rollupsSince(fromMs / bucketMs), at: (since) => since };
}

/**
 * The keys of a dimension between two, and the one behind: behind a span of keys the index says nothing about the time, so each key is
 * found from the one before it and then asked for by itself. Every key has days.
 */
const keysOfSpan = `WITH RECURSIVE keys (one) AS (SELECT MIN(key) FROM rollup_days WHERE dimension = ?1 AND key >= ?2
  UNION ALL SELECT (SELECT MIN(key) FROM rollup_days WHERE dimension = ?1 AND key > keys.one) FROM keys WHERE keys.one < ?3)`;

/**
 * What was used of a dimension, the first place. All of it is the days alone; else quarter hours up to the first whole day, and days, by what
 * `rollupsSince` gives for the places from `since` on. One key is found by its index; a plus lets many be read in the order of time instead.
 */
function usedSql(unit: string, which: string, since: number | undefined, dimension = 'dimension'): string {
  const of = (table: string) => `SELECT key, ${unit} AS used FROM ${table} WHERE ${dimension} = ?1 AND ${which}`;
  return since === undefined ? of('rollup_days') : `${of('rollups')} AND bucket >= ?${since} AND bucket < ?${since + 1} UNION ALL ${of('rollup_days')} AND day >= ?${since + 2}`;
}

function readReserved(db: DatabaseSync, budget: Budget, key: string): number {
  return Number(statement(db, `SELECT SUM(${reservedSql[budget.unit]}) AS reserved FROM holds h JOIN requests r USING (request_id) WHERE h.state = 'open' AND ${holdKeySql[budget.per]} BETWEEN ? AND ?`)
    .get(...spanOf(budget, key))?.['reserved'] ?? 0);
}

/** Keys of one budget that are shown at the most: those that have used the most. */
const keysShownMax = 10;

/** Every budget with what has been used of it now, for people. */
export function readBudgetViews(db: DatabaseSync, budgets: readonly Budget[], nowMs: number): BudgetView[] {
  return budgets.map((budget) => {
    const endsAtMs = budgetEndsAtMs(budget, nowMs);
    const today = dayShare(budget, nowMs);
    return {
      id: budget.id, text: budgetText(budget), budget, ...(today ? { today } : {}),
      uses: usedByKey(db, budget, nowMs).map(({ key, used }) => ({
        key, ...labelOf(db, budget, key), used, reserved: readReserved(db, budget, key), ...(endsAtMs === undefined ? {} : { endsAtMs }), ...usedOfShare(db, budget, { key, used }, today, nowMs),
      })),
    };
  });
}

/** What of a share was used today, and when it has room again where it is used up. */
function usedOfShare(db: DatabaseSync, budget: Budget, { key, used }: { readonly key: string; readonly used: number }, today: DayShare | undefined, nowMs: number): Pick<BudgetView['uses'][number], 'usedToday' | 'goesOnAtMs'> {
  if (!today?.day) return {};
  const goesOnAtMs = used >= today.allowed ? allowsFromMs(budget, used + 1, nowMs) : undefined;
  return { usedToday: readUsed(db, budget, key, nowMs, today.day.fromMs), ...(goesOnAtMs === undefined ? {} : { goesOnAtMs }) };
}

/** What a budget counts now: under its one key, or under those that used something in its period. A budget per request has none that lasts. */
function usedByKey(db: DatabaseSync, budget: Budget, nowMs: number): { readonly key: string; readonly used: number }[] {
  if (budget.per === 'request') return [];
  const only = budget.per === 'everything' ? '' : budget.of;
  if (only !== undefined) return [{ key: only, used: readUsed(db, budget, only, nowMs) }];
  const { places, at } = countedAt(countedFromMs(budget, nowMs));
  // Nearly all days are those of tasks, so with them going through the table beats looking up each one.
  const dimension = places.length > 0 || budget.per === 'task' ? '+dimension' : 'dimension';
  return statement(db, `SELECT key, SUM(used) AS sum FROM (${usedSql(unitSql[budget.unit], `key <> ''`, at(2), dimension)}) GROUP BY key HAVING sum > 0 ORDER BY sum DESC LIMIT ${keysShownMax}`)
    .all(dimensionOfBudget[budget.per], ...places).map((row) => ({ key: String(row['key']), used: Number(row['sum']) }));
}

function labelOf(db: DatabaseSync, budget: Budget, key: string): { readonly label?: string } {
  if (budget.per !== 'workspace') return {};
  const label = statement(db, 'SELECT label FROM workspaces WHERE workspace_id = ?').get(key)?.['label'];
  return typeof label === 'string' ? { label } : {};
}

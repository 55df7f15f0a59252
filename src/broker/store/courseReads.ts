// How what is left of a budget, or the balance, went over a period, for a burn-down beside even use. A budget's
// course comes from the rollups, the balance's from the entries. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import { allowanceGrant } from '../../domain/allowances.ts';
import { bucketMs, budgetEndsAtMs, countedFromMs } from '../../domain/budgets.ts';
import type { Budget } from '../../domain/budgets.ts';
import type { DirectiveState } from '../../domain/directives.ts';
import type { Course } from '../../protocol/ledgerPages.ts';
import { dimensionOfBudget, spanOf, unitSql } from './budgetReads.ts';
import { sequenceAt } from './entryPages.ts';
import type { LedgerQueries } from './ledgerPort.ts';
import { statement } from './statements.ts';

/** Moments of a course at the most; a chart is never wider. */
const momentsMax = 150;

/** A course, or null where there is no such budget, or no period that ends. */
export function readCourse(db: DatabaseSync, directives: DirectiveState, args: LedgerQueries['course']['args']): Course | null {
  if (args.budgetId === undefined) return balanceCourse(db, directives, args);
  const budget = directives.budgets.find((one) => one.id === args.budgetId);
  return budget ? budgetCourse(db, budget, args.key ?? budget.of ?? '', args.nowMs) : null;
}

function budgetCourse(db: DatabaseSync, budget: Budget, key: string, nowMs: number): Course | null {
  const fromMs = countedFromMs(budget, nowMs);
  const untilMs = budgetEndsAtMs(budget, nowMs);
  if (budget.per === 'request' || fromMs === undefined || untilMs === undefined) return null;
  const [least, most] = spanOf(budget, key);
  const used = statement(db, `SELECT bucket, SUM(${unitSql[budget.unit]}) AS used FROM rollups WHERE dimension = ?1 AND key BETWEEN ?2 AND ?3 AND bucket >= ?4 GROUP BY bucket ORDER BY bucket`)
    .all(dimensionOfBudget[budget.per], least, most, fromMs / bucketMs).map((row) => ({ endMs: (Number(row['bucket']) + 1) * bucketMs, used: Number(row['used']) }));
  let [index, left] = [0, budget.limit];
  const course = momentsOf(fromMs, nowMs).map((atMs) => {
    // The quarter hour that runs has no end yet, and belongs to what is left now.
    for (; index < used.length && (used[index]!.endMs <= atMs || atMs === nowMs); index += 1) left -= used[index]!.used;
    return { atMs, amount: left };
  });
  return { unit: budget.unit, fromMs, untilMs, ideal: { atStart: budget.limit, atEnd: 0 }, left: course };
}

/** The balance since the newest allowance's period began, with even use of what it gave; else over the range that was asked for. */
function balanceCourse(db: DatabaseSync, { allowances }: DirectiveState, { nowMs, fromMs }: LedgerQueries['course']['args']): Course {
  const [allowance] = allowances;
  const period = allowance ? allowanceGrant(allowance, nowMs) : { startsAtMs: fromMs, expiresAtMs: nowMs };
  const newest = Number(statement(db, 'SELECT MAX(sequence) AS n FROM entries').get()?.['n'] ?? 0);
  const left = momentsOf(period.startsAtMs, nowMs).map((atMs) => {
    const row = statement(db, 'SELECT balance_after FROM entries WHERE sequence = ?').get(sequenceAt(db, atMs, newest));
    return { atMs, amount: Number(row?.['balance_after'] ?? 0) };
  });
  // The period's grant is booked with the first request or look after its beginning.
  const given = allowance ? statement(db, `SELECT e.balance_after FROM grants g JOIN entries e ON e.grant_id = g.grant_id AND e.kind = 'grant' AND e.attempt_id IS NULL WHERE g.key = ?`).get(allowanceGrant(allowance, nowMs).key) : undefined;
  const atStart = given ? Number(given['balance_after']) : undefined;
  return {
    unit: 'credits', fromMs: period.startsAtMs, untilMs: period.expiresAtMs, left,
    ...(allowance && atStart !== undefined ? { ideal: { atStart, atEnd: Math.max(0, atStart - allowance.amountMicroCredits) } } : {}),
  };
}

/** Moments of a span, the last of them its end. */
function momentsOf(fromMs: number, nowMs: number): number[] {
  const stepMs = Math.max(bucketMs, Math.ceil((nowMs - fromMs) / momentsMax / bucketMs) * bucketMs);
  const count = Math.max(0, Math.ceil((nowMs - fromMs) / stepMs));
  return [...Array.from({ length: count }, (_, index) => fromMs + index * stepMs), nowMs];
}

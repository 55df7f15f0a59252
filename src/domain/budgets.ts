// Budgets: the developer's own caps, per request, task, workspace, model, client or over everything,
// in credits or tokens, per calendar period or over the last hours. A soft one warns, a hard one
// stops. Pure: what was used and what is reserved is handed in.
import { periodIn } from './calendar.ts';
import type { CalendarPeriod } from './calendar.ts';
import { matchesModel } from './grants.ts';
import { say } from './say.ts';
import type { Because } from './say.ts';

/** What a budget is counted by. A task is a Codex thread. */
export type BudgetPer = 'request' | 'task' | 'workspace' | 'model' | 'client' | 'everything';

/** Over which time a budget counts. `life` never begins anew; a budget per request knows no other. */
export type BudgetPeriod = CalendarPeriod | 'life' | { readonly rollingHours: number };

/** A budget as a person set it. */
export interface Budget {
  readonly id: string;
  readonly per: BudgetPer;
  /** The one task, workspace (id), model (`gpt-5*` for a family) or client it is for; absent: each by itself. */
  readonly of?: string;
  readonly unit: 'credits' | 'tokens';
  /** Microcredits or tokens. */
  readonly limit: number;
  readonly period: BudgetPeriod;
  /** Calendar periods begin at midnight there; an IANA name. */
  readonly timeZone: string;
  readonly mode: 'soft' | 'hard';
  /** `even`: no more than the shares of those days of its period that have begun (see `evenBurn.ts`); absent: all of it at any time. */
  readonly pace?: 'even';
  /** When the first day of a rolling period that is spread evenly began, on a quarter hour. Calendar periods have days of their own. */
  readonly pacedFromMs?: number;
}

/** What may be used by now of a budget that is spread evenly over its days. */
export interface DayShare {
  /** Microcredits or tokens: the shares of all days begun so far; what they left unused is in it. */
  readonly allowed: number;
  /** The day of the budget that is now, up to the next one; absent once all days of a rolling period have begun. */
  readonly day?: { readonly fromMs: number; readonly untilMs: number };
}

/** A request as budgets see it. */
export interface BudgetSubject {
  readonly requestId: string;
  readonly workspaceId: string;
  readonly model: string;
  readonly client: string;
  readonly threadId?: string;
}

/** What a budget has used up at a moment, in its own unit. */
export interface BudgetUse {
  readonly budget: Budget;
  /** What it counts here: a workspace's id, a model, a thread; empty for everything. */
  readonly key: string;
  /** What people call the one workspace that it is of. */
  readonly label?: string;
  readonly used: number;
  /** Reserved by attempts that run now. */
  readonly reserved: number;
  /** When its period ends; absent when it does not. */
  readonly endsAtMs?: number;
  /** Where it is spread evenly. */
  readonly today?: DayShare;
}

/** What an attempt wants. A missing cost means that the model has no price. */
export interface BudgetWant {
  readonly costMicroCredits?: number;
  readonly tokens: number;
}

/** A budget's part in a decision, kept with it. */
export interface BudgetVerdict {
  readonly budgetId: string;
  readonly key: string;
  readonly unit: Budget['unit'];
  readonly mode: Budget['mode'];
  readonly limit: number;
  readonly used: number;
  readonly reserved: number;
  readonly wanted: number;
  /** `fits`; `over`: it does not; `reserved`: it will once running attempts gave back what they do not use. */
  readonly verdict: 'fits' | 'over' | 'reserved';
  readonly endsAtMs?: number;
  /** Of a budget that is spread evenly, what the days begun by then allowed of the limit. */
  readonly allowed?: number;
}

/** The grain of what the ledger sums up by time. Every zone's midnight falls on it (IANA, since 1972). */
export const bucketMs = 900_000;
const hourMs = 3_600_000;

/** From when on a budget counts; absent: from the beginning. Rolling periods move on in quarter hours. */
export function countedFromMs(budget: Budget, nowMs: number): number | undefined {
  if (budget.period === 'life') return undefined;
  const fromMs = typeof budget.period === 'object' ? nowMs - budget.period.rollingHours * hourMs : calendarOf(budget, budget.period, nowMs).fromMs;
  return Math.floor(fromMs / bucketMs) * bucketMs;
}

/** When a budget's period ends; absent where it has no end or moves on all the time. */
export function budgetEndsAtMs(budget: Budget, nowMs: number): number | undefined {
  return budget.period === 'life' || typeof budget.period === 'object' ? undefined : calendarOf(budget, budget.period, nowMs).untilMs;
}

function calendarOf(budget: Budget, period: CalendarPeriod, nowMs: number) {
  return periodIn(budget.timeZone, period, nowMs);
}

/** What a budget counts a request under; absent when it is not about it. */
export function budgetKey(budget: Budget, subject: BudgetSubject): string | undefined {
  const key = keyIn(budget.per, subject);
  if (key === undefined || budget.of === undefined) return key;
  if (budget.per === 'model') return matchesModel(budget.of, key) ? budget.of : undefined;
  return budget.of === key ? key : undefined;
}

function keyIn(per: BudgetPer, subject: BudgetSubject): string | undefined {
  switch (per) {
    case 'request': return subject.requestId;
    case 'task': return subject.threadId;
    case 'workspace': return subject.workspaceId;
    case 'model': return subject.model;
    case 'client': return subject.client;
    case 'everything': return '';
  }
}

/** Judges one budget. Absent when the model has no price and the budget counts credits: nothing is known to judge. */
export function judgeBudget(use: BudgetUse, want: BudgetWant): BudgetVerdict | undefined {
  const { budget, used, reserved, today } = use;
  const allowed = today?.allowed ?? budget.limit;
  const wanted = budget.unit === 'tokens' ? want.tokens : want.costMicroCredits;
  if (wanted === undefined) return undefined;
  const verdict = used + reserved + wanted <= allowed ? 'fits' : used + wanted <= allowed ? 'reserved' : 'over';
  return {
    budgetId: budget.id, key: use.key, unit: budget.unit, mode: budget.mode, limit: budget.limit, used, reserved, wanted, verdict,
    ...(use.endsAtMs === undefined ? {} : { endsAtMs: use.endsAtMs }), ...(today ? { allowed } : {}),
  };
}

/** At what an attempt that runs longer than estimated is stopped: the least room that hard budgets per request or task leave. */
export interface StopAt {
  readonly budgetId: string;
  readonly unit: Budget['unit'];
  readonly amount: number;
}

/** The caps that hold while an attempt runs, the narrowest of each unit. */
export function stopsAt(uses: readonly BudgetUse[]): StopAt[] {
  const caps = uses.filter(({ budget }) => budget.mode === 'hard' && (budget.per === 'request' || budget.per === 'task'))
    .map(({ budget, used, reserved, today }) => ({ budgetId: budget.id, unit: budget.unit, amount: Math.max(0, (today?.allowed ?? budget.limit) - used - reserved) }));
  return (['credits', 'tokens'] as const).flatMap((unit) => {
    const [narrowest] = caps.filter((cap) => cap.unit === unit).sort((a, b) => a.amount - b.amount);
    return narrowest ? [narrowest] : [];
  });
}

/** An amount in a budget's unit, for people. */
export function budgetAmountText(unit: Budget['unit'], amount: number): string {
  return budgetAmount(unit, amount).because;
}

/** The same in its parts. */
export function budgetAmount(unit: Budget['unit'], amount: number, decimals: 2 | 6 = 2): Because {
  return unit === 'credits' ? say('{0} credits', { credits: amount, decimals }) : say('{0} tokens', { tokens: amount });
}

/** What a budget is, for people: "100.00 credits per workspace and week", "70.00 credits per week (spread evenly)". */
export function budgetText(budget: Budget): string {
  return budgetSaid(budget).because;
}

/** The same in its parts. */
export function budgetSaid(budget: Budget): Because {
  return budget.pace === 'even' ? say('{0} (spread evenly)', wholeSaid(budget)) : wholeSaid(budget);
}

function wholeSaid(budget: Budget): Because {
  const amount = budgetAmount(budget.unit, budget.limit);
  const whose = budget.per === 'everything' ? undefined : budgetPer(budget.per, amount);
  const named = budget.of === undefined ? whose ?? amount : say('{0} ({1})', whose ?? amount, budget.of);
  const { period } = budget;
  if (period === 'life' || budget.per === 'request') return named;
  if (typeof period === 'object') return say('{0} in any {1} hours', named, period.rollingHours);
  switch (period) {
    case 'day': return whose ? say('{0} and day', named) : say('{0} per day', named);
    case 'week': return whose ? say('{0} and week', named) : say('{0} per week', named);
    case 'month': return whose ? say('{0} and month', named) : say('{0} per month', named);
  }
}

function budgetPer(per: Exclude<BudgetPer, 'everything'>, amount: Because): Because {
  switch (per) {
    case 'request': return say('{0} per request', amount);
    case 'task': return say('{0} per task', amount);
    case 'workspace': return say('{0} per workspace', amount);
    case 'model': return say('{0} per model', amount);
    case 'client': return say('{0} per client', amount);
  }
}

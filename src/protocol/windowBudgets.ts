// How the budgets stand: how much of each is used up, which ones one window's requests count under, and which
// one stops them now. Pure; it never decides about a request, the broker does that with the request's real size.
import type { Budget } from '../domain/budgets.ts';
import { matchesModel } from '../domain/grants.ts';
import { budgetWords } from './budgetWords.ts';
import type { Payer } from './payer.ts';
import type { BudgetView } from './snapshot.ts';

/** What a budget has counted under one key. */
export type BudgetCount = BudgetView['uses'][number];

/** How full a budget is: from `nearShare` on it is near its limit, and used up at the limit. */
export type BudgetLevel = 'fine' | 'near' | 'used-up';

/** A budget and one of its keys. */
export interface BudgetStand {
  readonly view: BudgetView;
  readonly use: BudgetCount;
  /** What is used of the limit, or of today's share where it is spread evenly, from 0 up; above 1 where a soft one was crossed. */
  readonly share: number;
  readonly level: BudgetLevel;
  /** `share` and `level` are those of today's share, what earlier days left included. */
  readonly isForToday: boolean;
  /** When there is more again: the next day's share, a later one that has room, or the next period. */
  readonly untilMs?: number;
}

/** Share of a budget from which on it is near its limit. */
export const nearShare = 0.8;

/** How one key of a budget stands. */
export function budgetStand(view: BudgetView, use: BudgetCount): BudgetStand {
  const { budget: { limit }, today } = view;
  // Beyond its whole limit a day says nothing more.
  if (today?.day && use.used < limit) return shareStand(view, use, { allowed: today.allowed, untilMs: today.day.untilMs });
  const share = limit > 0 ? use.used / limit : 1;
  return { view, use, share, level: use.used >= limit ? 'used-up' : share >= nearShare ? 'near' : 'fine', isForToday: false, ...(use.endsAtMs === undefined ? {} : { untilMs: use.endsAtMs }) };
}

function shareStand(view: BudgetView, use: BudgetCount, today: { readonly allowed: number; readonly untilMs: number }): BudgetStand {
  const usedToday = Math.max(0, use.usedToday ?? use.used);
  if (use.used < today.allowed) {
    const share = usedToday / (today.allowed - use.used + usedToday);
    return { view, use, share, level: share >= nearShare ? 'near' : 'fine', isForToday: true, untilMs: today.untilMs };
  }
  // Nothing may be used today where the days before took it, or where a share is less than one.
  const had = today.allowed - use.used + usedToday;
  return { view, use, share: had > 0 ? usedToday / had : 1, level: 'used-up', isForToday: true, untilMs: use.goesOnAtMs ?? today.untilMs };
}

/** What may still be used of a budget now, running requests apart; in its own unit, zero or more. */
export function budgetLeft({ budget, today }: Pick<BudgetView, 'budget' | 'today'>, { used }: Pick<BudgetCount, 'used'>): number {
  return Math.max(0, (today?.allowed ?? budget.limit) - used);
}

/** Every key of every budget. */
export function budgetStands(budgets: readonly BudgetView[]): BudgetStand[] {
  return budgets.flatMap((view) => view.uses.map((use) => budgetStand(view, use)));
}

/** Those that requests of a window's workspace may count under; other workspaces' are left out. */
export function windowBudgets(budgets: readonly BudgetView[], workspaceId: string | undefined): BudgetStand[] {
  return budgetStands(budgets).filter(({ view, use }) => view.budget.per !== 'workspace' || use.key === workspaceId);
}

/** The hard budget that stops every request of a window's workspace now; of several the one that ends last. What goes on a plan is stopped by none in credits. */
export function stoppingBudget(budgets: readonly BudgetView[], workspaceId: string | undefined, payer: Payer): BudgetStand | undefined {
  const endOf = ({ untilMs }: BudgetStand) => untilMs ?? Number.MAX_SAFE_INTEGER;
  return budgets
    .filter(({ budget }) => budget.mode === 'hard' && (payer === 'key' || budget.unit === 'tokens') && (budget.per === 'everything' || budget.per === 'workspace' && isFor(budget, workspaceId)))
    .flatMap((view) => {
      const key = view.budget.per === 'everything' ? '' : workspaceId;
      // What a key has not used yet is not listed; a budget of zero stops it all the same.
      return key === undefined ? [] : [budgetStand(view, view.uses.find((use) => use.key === key) ?? { key, used: 0, reserved: 0 })];
    })
    .filter((stand) => stand.level === 'used-up')
    .toSorted((a, b) => endOf(b) - endOf(a))[0];
}

function isFor(budget: Budget, key: string | undefined): boolean {
  return budget.of === undefined || budget.of === key;
}

/** What a budget is, for people; a workspace goes by its label where that is known. */
export function budgetName({ budget, uses }: Pick<BudgetView, 'budget' | 'uses'>): string {
  const label = budget.of === undefined || budget.per !== 'workspace' ? undefined : uses.find((use) => use.key === budget.of)?.label;
  return budgetWords(budget, label);
}

/** What a budget counts under one key, for people; empty where it has only one. */
export function budgetKeyName({ view, use }: Pick<BudgetStand, 'view' | 'use'>): string {
  return view.budget.per === 'everything' || view.budget.of !== undefined ? '' : use.label ?? use.key;
}

/** The budget that counts what a model costs; one for that model goes before one for more. */
export function budgetCounting(budgets: readonly BudgetView[], model: string): BudgetView | undefined {
  const inCredits = budgets.filter(({ budget }) => budget.unit === 'credits');
  const own = inCredits.find(({ budget }) => budget.per === 'model' && (budget.of === undefined || matchesModel(budget.of, model)));
  return own ?? inCredits.find(({ budget }) => budget.per !== 'model');
}

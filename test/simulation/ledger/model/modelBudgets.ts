// The second mind's budgets: what counts under them, since when, what running attempts reserve, and how
// an attempt stands to each. It adds up the uses one by one; it knows no sums that were kept.
import type { Budget } from '../../../../src/domain/budgets.ts';
import type { DecideFacts, RequestFacts } from '../../../../src/broker/store/ledgerCommands.ts';
import { periodAt } from './modelCalendar.ts';
import { isMeant } from './modelCosts.ts';
import { evenDay } from './modelEven.ts';
import type { ModelState, ModelUse } from './modelState.ts';

const quarterHourMs = 900_000;
const hourMs = 3_600_000;

/** A budget and how an attempt stands to it. */
export interface Standing {
  readonly budget: Budget;
  readonly key: string;
  readonly used: number;
  readonly reserved: number;
  readonly wanted?: number | undefined;
  readonly verdict?: 'fits' | 'over' | 'reserved' | undefined;
  readonly endsAtMs?: number | undefined;
  /** What may be used of it by now. */
  readonly allowed: number;
}

/** The budgets that hold now. */
export function budgetsOf(state: ModelState): Budget[] {
  return [...state.directives.values()].flatMap((one) => (one.kind === 'budget' && one.budget ? [one.budget] : []));
}

function facetOf(per: Budget['per'], of: { readonly requestId: string; readonly threadId?: string | undefined; readonly workspaceId: string; readonly model: string; readonly client: string }): string | undefined {
  return { request: of.requestId, task: of.threadId, workspace: of.workspaceId, model: of.model, client: of.client, everything: '' }[per];
}

/** What a budget counts a request under; undefined where it is not about it. */
export function countedUnder(budget: Budget, request: RequestFacts): string | undefined {
  const own = facetOf(budget.per, request);
  if (own === undefined || budget.of === undefined) return own;
  return (budget.per === 'model' ? isMeant(budget.of, own) : budget.of === own) ? budget.of : undefined;
}

/** Since when a budget counts, to the quarter hour. */
export function countsSince(budget: Budget, nowMs: number): number {
  if (budget.per === 'request' || budget.period === 'life') return -Infinity;
  const fromMs = typeof budget.period === 'string' ? periodAt(budget.period, budget.timeZone, nowMs).fromMs : nowMs - budget.period.rollingHours * hourMs;
  return fromMs - fromMs % quarterHourMs;
}

/** What was used and what is reserved under a key. */
export function usedUnder(state: ModelState, budget: Budget, key: string, nowMs: number, sinceMs = countsSince(budget, nowMs)): { readonly used: number; readonly reserved: number } {
  const isCounted = (facet: string | undefined) => facet !== undefined && (budget.per === 'model' ? isMeant(key, facet) : facet === key);
  const amountOf = (use: ModelUse) => (budget.unit === 'credits' ? use.cost ?? 0 : use.usage.inputTokens + use.usage.outputTokens);
  let used = 0;
  for (const use of state.uses) if (use.atMs >= sinceMs && isCounted(facetOf(budget.per, { ...use, model: use.asked }))) used += amountOf(use);
  let reserved = 0;
  for (const { open, facts, estimate } of state.attempts.values()) {
    if (open && isCounted(facetOf(budget.per, facts.request))) reserved += budget.unit === 'credits' ? estimate ?? 0 : facts.estimatedInputTokens + facts.estimatedOutputTokens;
  }
  return { used, reserved };
}

/** When a budget begins anew; undefined where it never does, or all the time. */
export function beginsAnewAt(budget: Budget, nowMs: number): number | undefined {
  return budget.period === 'life' || typeof budget.period === 'object' ? undefined : periodAt(budget.period, budget.timeZone, nowMs).untilMs;
}

/** How an attempt stands to every budget that is about it. */
export function standings(state: ModelState, facts: DecideFacts, estimate: number | undefined): Standing[] {
  return budgetsOf(state).flatMap((budget): Standing[] => {
    const key = countedUnder(budget, facts.request);
    if (key === undefined) return [];
    const { used, reserved } = usedUnder(state, budget, key, facts.atMs);
    const wanted = budget.unit === 'tokens' ? facts.estimatedInputTokens + facts.estimatedOutputTokens : estimate;
    const allowed = evenDay(budget, facts.atMs)?.allowed ?? budget.limit;
    const room = allowed - used - (wanted ?? 0);
    const verdict = wanted === undefined ? undefined : room < 0 ? 'over' : room < reserved ? 'reserved' : 'fits';
    return [{ budget, key, used, reserved, wanted, verdict, endsAtMs: beginsAnewAt(budget, facts.atMs), allowed }];
  });
}

/** Where a running attempt is stopped: for each unit the budget of the request or its task with the least room. */
export function stopsOf(all: readonly Standing[]): [string, string, number][] {
  return (['credits', 'tokens'] as const).flatMap((unit) => {
    let narrowest: [string, string, number] | undefined;
    for (const { budget, used, reserved, allowed } of all) {
      if (budget.mode !== 'hard' || budget.unit !== unit || budget.per !== 'request' && budget.per !== 'task') continue;
      const room = Math.max(0, allowed - used - reserved);
      if (narrowest === undefined || room < narrowest[2]) narrowest = [budget.id, unit, room];
    }
    return narrowest ? [narrowest] : [];
  });
}

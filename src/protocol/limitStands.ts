// The limits of a snapshot in one shape: upstream windows and a window's own budgets, with what is left of each and
// of its time. What the status bar, the card, the side bar and the dashboard say about limits is computed here. Pure.
import { periodIn } from '../domain/calendar.ts';
import { lowShare, onPaceShare, tightest, type LimitStand } from '../domain/tightest.ts';
import { formatShare } from '../domain/units.ts';
import type { Snapshot, WindowView } from './snapshot.ts';
import { budgetName, budgetStand, type BudgetStand } from './windowBudgets.ts';

/** Windows shorter than this refill steadily; time left says nothing about their pace, and they never take the headline. */
export const paceMinutesMin = 60;
const minuteMs = 60_000;

/** Names a window by its length: "minute", "5 hours", "day", "week". */
export function windowLength(minutes: number): string {
  if (minutes === 1) return 'minute';
  if (minutes === 60) return 'hour';
  if (minutes === 1440) return 'day';
  if (minutes === 10_080) return 'week';
  if (minutes % 1440 === 0) return `${minutes / 1440} days`;
  if (minutes % 60 === 0) return `${minutes / 60} hours`;
  return `${minutes} minutes`;
}

const measureNames: Readonly<Record<WindowView['measure'], string>> = { tokens: 'Tokens', requests: 'Requests', percent: 'Plan' };

/** "Tokens per minute", "Requests per 5 hours", "Plan per week". */
export function windowName(window: Pick<WindowView, 'measure' | 'windowMinutes'>): string {
  return `${measureNames[window.measure]} per ${windowLength(window.windowMinutes)}`;
}

/** Share that is left, 0 to 1; undefined while the limit or what is left of it is unknown. */
export function shareLeft(window: WindowView): number | undefined {
  if (window.limit === undefined || window.remaining === undefined || window.limit <= 0) return undefined;
  return Math.min(1, Math.max(0, window.remaining / window.limit));
}

/**
 * Share of the window's time that is left, where that means something. A limit that refills
 * steadily is full after exactly the share that was used, so its time left repeats the bar.
 */
export function timeLeft(window: WindowView, nowMs: number): number | undefined {
  const left = shareLeft(window);
  if (left === undefined || window.resetsAtMs === undefined || window.windowMinutes < paceMinutesMin) return undefined;
  const share = Math.min(1, Math.max(0, (window.resetsAtMs - nowMs) / (window.windowMinutes * minuteMs)));
  return Math.abs(share - (1 - left)) < 0.02 ? undefined : share;
}

/** The pace in words: "13 % spare", "9 % over", "on pace"; where time says nothing about it, how it refills. */
export function paceWords(left: number, spare: number | undefined, refills: 'too short' | 'refills steadily' | ''): string {
  if (left <= 0) return 'used up';
  if (spare === undefined) return left < lowShare ? 'low' : refills;
  if (Math.abs(spare) < onPaceShare) return left < lowShare ? 'low, on pace' : 'on pace';
  return spare > 0 ? `${formatShare(spare)} spare` : `${formatShare(-spare)} over`;
}

/** An upstream window as a limit; undefined while it is unknown. */
export function standOfWindow(window: WindowView, nowMs: number): LimitStand | undefined {
  const left = shareLeft(window);
  if (left === undefined) return undefined;
  const { shareUsedUntilMs } = window;
  if (shareUsedUntilMs !== undefined && shareUsedUntilMs > nowMs && left > 0) {
    return { id: window.id, kind: 'window', name: `share so far of the limit per ${windowLength(window.windowMinutes)} of the plan ${window.model}`, left: 0, stops: true, endsAtMs: shareUsedUntilMs };
  }
  const time = timeLeft(window, nowMs);
  return {
    id: window.id, kind: 'window', name: window.measure === 'percent' ? `limit per ${windowLength(window.windowMinutes)} of the plan ${window.model}` : `limit of ${windowName(window).toLowerCase()} of ${window.model}`, left, stops: true,
    ...(time === undefined ? {} : { timeLeft: time, lengthMs: window.windowMinutes * minuteMs }),
    ...(window.resetsAtMs === undefined ? {} : { endsAtMs: window.resetsAtMs }),
  };
}

/** How much of a budget's period is left; undefined for one that has none, such as the last hours. */
export function budgetTime({ budget }: BudgetStand['view'], use: BudgetStand['use'], nowMs: number): { readonly timeLeft: number; readonly lengthMs: number } | undefined {
  if (typeof budget.period === 'object' || budget.period === 'life' || use.endsAtMs === undefined) return undefined;
  const { fromMs, untilMs } = periodIn(budget.timeZone, budget.period, use.endsAtMs - 1);
  const lengthMs = untilMs - fromMs;
  return { lengthMs, timeLeft: Math.min(1, Math.max(0, (untilMs - nowMs) / lengthMs)) };
}

/** One key of a budget as a limit. */
export function standOfBudget({ view, use, share }: BudgetStand, nowMs: number): LimitStand {
  return {
    id: `${view.id} ${use.key}`, kind: 'budget', name: `budget of ${budgetName(view)}`, left: Math.max(0, 1 - share), stops: view.budget.mode === 'hard',
    ...budgetTime(view, use, nowMs), ...(use.endsAtMs === undefined ? {} : { endsAtMs: use.endsAtMs }),
  };
}

/** The budgets that every request of a window's workspace counts under. */
export function ownBudgets(snapshot: Pick<Snapshot, 'budgets'>, workspaceId: string | undefined): BudgetStand[] {
  return snapshot.budgets
    .filter(({ budget }) => budget.per === 'everything' || budget.per === 'workspace')
    .flatMap((view) => view.uses.filter((use) => view.budget.per === 'everything' || use.key === workspaceId).map((use) => budgetStand(view, use)));
}

/** Everything that may end a window's work for a while, credits aside. */
export function limitStands(snapshot: Pick<Snapshot, 'windows' | 'budgets'>, workspaceId: string | undefined, nowMs: number): LimitStand[] {
  return [
    ...ownBudgets(snapshot, workspaceId).map((stand) => standOfBudget(stand, nowMs)),
    ...snapshot.windows.filter(({ windowMinutes }) => windowMinutes >= paceMinutesMin).flatMap((window) => standOfWindow(window, nowMs) ?? []),
  ];
}

/** The limit to speak of now. One whose time is over says nothing until the broker tells of the next. */
export function tightestStand(snapshot: Pick<Snapshot, 'windows' | 'budgets'>, workspaceId: string | undefined, nowMs: number): LimitStand | undefined {
  return tightest(limitStands(snapshot, workspaceId, nowMs).filter(({ endsAtMs = Infinity }) => endsAtMs > nowMs), nowMs);
}

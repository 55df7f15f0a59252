// The meter inside Codex: our budgets and balance in the words in which Codex hears of limits and credits, so
// that its `/status` tells the truth to users of an API key. It reads `x-codex-*` headers over HTTP and one
// event over a WebSocket (measured with 0.169; a header of the one is not heard in the other). Pure.
import { budgetKey } from '../domain/budgets.ts';
import type { Budget, BudgetSubject } from '../domain/budgets.ts';
import { microCreditsPerCredit } from '../domain/units.ts';
import { rateLimitsEvent } from './codexLimits.ts';
import type { BalanceView, BudgetView } from './snapshot.ts';

/** What the meter shows. */
export interface MeterPicture {
  readonly balance: Pick<BalanceView, 'tracked' | 'balanceMicroCredits'>;
  readonly budgets: readonly BudgetView[];
}

/** A window as Codex shows it; the moment is in whole seconds since the epoch. */
export interface CodexWindow { readonly usedPercent: number; readonly windowMinutes: number; readonly resetAtSeconds?: number }

/** What Codex is told; what is not known is left out. */
export interface CodexMeter {
  /** The tightest budget of up to a day or so. */
  readonly primary?: CodexWindow;
  /** The tightest of a week or a month. */
  readonly secondary?: CodexWindow;
  readonly credits?: { readonly hasCredits: boolean; readonly balance: string };
}

/** Budgets over less than this count as those of a day. */
const longMinutesMin = 2 * 1440;
const periodMinutes = { day: 1440, week: 10_080, month: 43_200 } as const;

/** What Codex is told about a request of its own; undefined where nothing is set that it could show. */
export function codexMeter({ balance, budgets }: MeterPicture, subject: BudgetSubject): CodexMeter | undefined {
  const windows = budgets.flatMap((view) => {
    const window = windowOf(view, subject);
    return window ? [{ window, isHard: view.budget.mode === 'hard' }] : [];
  });
  const tightest = (isLong: boolean) => windows.filter(({ window }) => window.windowMinutes >= longMinutesMin === isLong)
    .toSorted((a, b) => Number(b.isHard) - Number(a.isHard) || b.window.usedPercent - a.window.usedPercent)[0]?.window;
  const primary = tightest(false);
  const secondary = tightest(true);
  const meter: CodexMeter = {
    ...(primary ? { primary } : {}), ...(secondary ? { secondary } : {}),
    ...(balance.tracked ? { credits: { hasCredits: balance.balanceMicroCredits > 0, balance: (Math.floor(balance.balanceMicroCredits / (microCreditsPerCredit / 100)) / 100).toFixed(2) } } : {}),
  };
  return Object.keys(meter).length === 0 ? undefined : meter;
}

/** The headers of an answer over HTTP. */
export function meterHeaders({ primary, secondary, credits }: CodexMeter): Record<string, string> {
  return {
    ...windowHeaders('primary', primary), ...windowHeaders('secondary', secondary),
    ...(credits ? { 'x-codex-credits-has-credits': String(credits.hasCredits), 'x-codex-credits-unlimited': 'false', 'x-codex-credits-balance': credits.balance } : {}),
  };
}

/** The message over a WebSocket. */
export function meterEvent({ primary, secondary, credits }: CodexMeter): string {
  return JSON.stringify({
    type: rateLimitsEvent, rate_limits: { primary: eventWindow(primary), secondary: eventWindow(secondary) },
    ...(credits ? { credits: { has_credits: credits.hasCredits, unlimited: false, balance: credits.balance } } : {}),
  });
}

/** Whether an upstream tells limits of its own, which are never overlaid. */
export function tellsCodexLimits(headerNames: readonly string[]): boolean {
  return headerNames.some((name) => /^x-codex-(?:primary|secondary|credits)-/.test(name));
}

function windowOf({ budget, uses, today }: BudgetView, subject: BudgetSubject): CodexWindow | undefined {
  const windowMinutes = minutesOf(budget);
  const key = budgetKey(budget, subject);
  if (windowMinutes === undefined || key === undefined) return undefined;
  // What a key has not used yet is not listed.
  const use = uses.find((one) => one.key === key);
  // Used up for today is used up, until its next share begins.
  if (today?.day && use && use.used >= today.allowed && use.used < budget.limit) return { usedPercent: 100, windowMinutes, resetAtSeconds: Math.ceil((use.goesOnAtMs ?? today.day.untilMs) / 1000) };
  const share = budget.limit > 0 ? (use?.used ?? 0) / budget.limit : 1;
  return { usedPercent: Math.round(share * 10_000) / 100, windowMinutes, ...(use?.endsAtMs === undefined ? {} : { resetAtSeconds: Math.ceil(use.endsAtMs / 1000) }) };
}

function minutesOf({ period, per }: Budget): number | undefined {
  if (period === 'life' || per === 'request') return undefined;
  return typeof period === 'object' ? period.rollingHours * 60 : periodMinutes[period];
}

function windowHeaders(slot: 'primary' | 'secondary', window: CodexWindow | undefined): Record<string, string> {
  if (!window) return {};
  return {
    [`x-codex-${slot}-used-percent`]: String(window.usedPercent), [`x-codex-${slot}-window-minutes`]: String(window.windowMinutes),
    ...(window.resetAtSeconds === undefined ? {} : { [`x-codex-${slot}-reset-at`]: String(window.resetAtSeconds) }),
  };
}

function eventWindow(window: CodexWindow | undefined): object | null {
  return window ? { used_percent: window.usedPercent, window_minutes: window.windowMinutes, reset_at: window.resetAtSeconds ?? null } : null;
}

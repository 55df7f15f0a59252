// What is known of a ChatGPT plan: its windows by their length, and the credits that the provider sells beside
// it. Values only: what an answer told is laid over what was known, and read for any later moment.

/** One window as an answer told it. Lengths classify windows; the slot that one came in means nothing. */
export interface PlanWindow {
  readonly windowMinutes: number;
  /** 0 and up; above 100 where more was used than there was. */
  readonly usedPercent: number;
  readonly resetsAtMs?: number;
}

/** The provider's own credits, as it tells them; the balance is its text. */
export interface PlanCredits {
  readonly hasCredits: boolean;
  readonly isUnlimited: boolean;
  readonly balance?: string;
}

/** What one answer told. Absent means that it did not say. */
export interface PlanObservation {
  readonly windows: readonly PlanWindow[];
  readonly credits?: PlanCredits;
  readonly planType?: string;
  /** The plan refused a request, and when it will take one again, where it said so. */
  readonly refused?: { readonly untilMs?: number };
}

/** What is known of a plan. */
export interface PlanLimits {
  readonly windows: readonly (PlanWindow & { readonly observedAtMs: number })[];
  readonly credits?: PlanCredits;
  readonly planType?: string;
  readonly refused?: { readonly atMs: number; readonly untilMs?: number };
  /** When anything was last told of windows or credits. */
  readonly observedAtMs?: number;
}

/** Nothing is known. */
export const unknownPlan: PlanLimits = { windows: [] };

/** Windows of different lengths that are kept; a plan has two or three. */
export const planWindowsMax = 6;
/** How long it is believed that a plan is used up. Resets can be bought and plans changed, so then the provider is asked again. */
export const usedUpMsMax = 60_000;

/** Lays what an answer told over what was known. */
export function observePlan(known: PlanLimits, told: PlanObservation, nowMs: number): PlanLimits {
  const { windows: _windows, refused: _refused, ...lasting } = told;
  const isNews = told.windows.length > 0 || told.credits !== undefined;
  const fresh = told.windows.map((window) => ({ ...window, observedAtMs: nowMs }));
  const others = known.windows.filter((one) => !fresh.some((window) => window.windowMinutes === one.windowMinutes));
  // An answer that was no refusal ends what a refusal had told.
  const { refused: before, ...rest } = known;
  const refused = told.refused ? { atMs: nowMs, ...told.refused } : isNews ? undefined : before;
  return {
    ...rest, ...lasting, ...(refused ? { refused } : {}), ...(isNews ? { observedAtMs: nowMs } : {}),
    windows: [...fresh, ...others].slice(0, planWindowsMax).sort((a, b) => a.windowMinutes - b.windowMinutes),
  };
}

/** The windows at a moment: one whose reset has passed is empty again, and when it resets next is not known. */
export function planWindowsAt(known: PlanLimits, nowMs: number): PlanLimits['windows'] {
  return known.windows.map((window) => {
    if (window.resetsAtMs === undefined || window.resetsAtMs > nowMs) return window;
    const { resetsAtMs: _resetsAtMs, ...length } = window;
    return { ...length, usedPercent: 0 };
  });
}

/** Whether a plan is known to be used up, told not longer than `usedUpMsMax` ago; and until when, where that is known. */
export function usedUp(known: PlanLimits, nowMs: number): { readonly untilMs?: number; readonly windowMinutes?: number } | undefined {
  const isFresh = (atMs: number) => nowMs - atMs <= usedUpMsMax && nowMs >= atMs;
  const { refused, credits } = known;
  if (refused && isFresh(refused.atMs) && (refused.untilMs === undefined || refused.untilMs > nowMs)) return refused.untilMs === undefined ? {} : { untilMs: refused.untilMs };
  // The provider goes on with credits where there are any.
  if (credits?.hasCredits || credits?.isUnlimited) return undefined;
  const full = planWindowsAt(known, nowMs).filter((one) => one.usedPercent >= 100 && isFresh(one.observedAtMs) && one.resetsAtMs !== undefined);
  const last = full.toSorted((a, b) => (b.resetsAtMs ?? 0) - (a.resetsAtMs ?? 0))[0];
  return last?.resetsAtMs === undefined ? undefined : { untilMs: last.resetsAtMs, windowMinutes: last.windowMinutes };
}

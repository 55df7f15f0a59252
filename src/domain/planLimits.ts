// What is known of a ChatGPT plan: its windows by their length, and the credits that the provider sells beside
// it. Values only: what an answer told is laid over what was known, and read for any later moment.
import { say } from './say.ts';
import type { Because } from './say.ts';

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

/** What an answer told of a limit that belongs to some models alone (`modelLimits.ts`). */
export interface ModelLimitTold {
  readonly limitId: string;
  /** As people know it. */
  readonly name?: string;
  readonly windows: readonly PlanWindow[];
  /** It refused a request, and when it will let one in again, where it said so. */
  readonly refused?: { readonly untilMs?: number };
}

/** What one answer told. Absent means that it did not say. */
export interface PlanObservation {
  readonly windows: readonly PlanWindow[];
  readonly credits?: PlanCredits;
  readonly planType?: string;
  /** The plan refused a request, and when it will take one again, where it said so. */
  readonly refused?: { readonly untilMs?: number };
  /** Limits that belong to some models alone. */
  readonly modelLimits?: readonly ModelLimitTold[];
  /** The id of the limit that applied to what was asked for; it may be one of those, or mean the plan's own. */
  readonly appliedLimitId?: string;
}

/** When something was told, and when the attempt was sent that was told so, where that was earlier: it orders what is told. */
interface Told { readonly sentAtMs?: number }
type KnownWindow = PlanWindow & Told & { readonly observedAtMs: number };

/** What is known of a plan. */
export interface PlanLimits extends Told {
  readonly windows: readonly KnownWindow[];
  readonly credits?: PlanCredits;
  readonly planType?: string;
  readonly refused?: Told & { readonly atMs: number; readonly untilMs?: number };
  /** When anything was last told of windows or credits. */
  readonly observedAtMs?: number;
}

/** Nothing is known. */
export const unknownPlan: PlanLimits = { windows: [] };

/** Windows of different lengths that are kept; a plan has two or three. */
export const planWindowsMax = 6;
/** How long it is believed that a plan is used up. Resets can be bought and plans changed, so then the provider is asked again. */
export const usedUpMsMax = 60_000;

/** Two tellings of one reset differ by less than this. */
const sameResetMs = 60_000;

/**
 * Lays what an answer told over what was known. Answers overtake each other: what an attempt was told that was sent
 * before the one that is known says nothing new, but that more of the same window is used.
 * @param sentAtMs when the attempt was sent
 */
export function observePlan(known: PlanLimits, told: PlanObservation, nowMs: number, sentAtMs = nowMs): PlanLimits {
  // What was sent after now was sent before the clock was set back, and orders nothing.
  const isOlder = (than: number | undefined) => than !== undefined && than <= nowMs && sentAtMs < than;
  const sent: Told = sentAtMs === nowMs ? {} : { sentAtMs };
  const isNews = told.windows.length > 0 || told.credits !== undefined;
  const isLate = isOlder(known.sentAtMs ?? known.observedAtMs);
  const fresh = told.windows.map((window): KnownWindow => {
    const before = known.windows.find((one) => one.windowMinutes === window.windowMinutes);
    if (!before || !isOlder(before.sentAtMs ?? before.observedAtMs)) return { ...window, ...sent, observedAtMs: nowMs };
    return isSameReset(before, window) && window.usedPercent > before.usedPercent ? { ...before, usedPercent: window.usedPercent } : before;
  });
  const others = known.windows.filter((one) => !fresh.some((window) => window.windowMinutes === one.windowMinutes));
  const { credits, planType } = isLate ? { ...told, ...known } : { ...known, ...told };
  const { refused: before } = known;
  const isRefusalLate = before !== undefined && isOlder(before.sentAtMs ?? before.atMs);
  // An answer that was no refusal ends what a refusal before it had told.
  const refused = told.refused ? isRefusalLate || isLate ? before : { ...told.refused, ...sent, atMs: nowMs } : isNews && !isRefusalLate ? undefined : before;
  const when = isNews && !isLate ? { ...sent, observedAtMs: nowMs } : { ...(known.sentAtMs === undefined ? {} : { sentAtMs: known.sentAtMs }), ...(known.observedAtMs === undefined ? {} : { observedAtMs: known.observedAtMs }) };
  return {
    ...when, ...(credits ? { credits } : {}), ...(planType === undefined ? {} : { planType }), ...(refused ? { refused } : {}),
    windows: [...fresh, ...others].slice(0, planWindowsMax).sort((a, b) => a.windowMinutes - b.windowMinutes),
  };
}

function isSameReset(a: PlanWindow, b: PlanWindow): boolean {
  return a.resetsAtMs !== undefined && b.resetsAtMs !== undefined && Math.abs(a.resetsAtMs - b.resetsAtMs) < sameResetMs;
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

/** Shorter windows are not spread: their reset is nearer than a day. */
export const spreadMinutesMin = 2 * 1440;
const minuteMs = 60_000;
const dayMs = 86_400_000;

/** What may be used of a window by now when it is spread over its days, and when the next day's share is added. */
export interface SpreadShare {
  readonly windowMinutes: number;
  readonly usedPercent: number;
  /** Of the whole window, 0 to 100. */
  readonly allowedPercent: number;
  readonly nextAtMs: number;
}

/** The shares of all long windows. A window's days begin at its own beginning, 24 hours each; what one day left is the next day's too. */
export function spreadShares(known: PlanLimits, nowMs: number): SpreadShare[] {
  return planWindowsAt(known, nowMs).flatMap(({ windowMinutes, usedPercent, resetsAtMs }) => {
    if (windowMinutes < spreadMinutesMin || resetsAtMs === undefined) return [];
    const startsAtMs = resetsAtMs - windowMinutes * minuteMs;
    // A reset that was told with a little to spare lets the window begin in the future.
    const begun = Math.max(1, Math.floor((nowMs - startsAtMs) / dayMs) + 1);
    return [{ windowMinutes, usedPercent, allowedPercent: Math.min(100, begun * dayMs / (windowMinutes * minuteMs) * 100), nextAtMs: Math.min(resetsAtMs, startsAtMs + begun * dayMs) }];
  });
}

/** The long window whose share so far is used, of several the one that waits longest; undefined while every share has room. */
export function usedUpShare(known: PlanLimits, nowMs: number): SpreadShare | undefined {
  return spreadShares(known, nowMs).filter(({ usedPercent, allowedPercent }) => allowedPercent < 100 && usedPercent >= allowedPercent).toSorted((a, b) => b.nextAtMs - a.nextAtMs)[0];
}

/** A window's name by its length: "week", "5 hours". */
export function windowSaid(minutes: number): Because {
  switch (minutes) {
    case 1: return say('minute');
    case 60: return say('hour');
    case 1440: return say('day');
    case 10_080: return say('week');
    default: return minutes % 1440 === 0 ? say('{0} days', minutes / 1440) : minutes % 60 === 0 ? say('{0} hours', minutes / 60) : say('{0} minutes', minutes);
  }
}

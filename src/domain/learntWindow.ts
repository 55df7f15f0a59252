// A window whose limit nobody announces: it is learnt from refusals, and tried further by answers.
import { afterLearntAnswer, afterLearntRefusal, counted, firstLearnt, limitAtLeast } from './learntLimit.ts';
import { levelAt, type RateWindow } from './rateWindow.ts';

/** So many times the refused amount must have been let in before a limit is learnt from it. */
const learntAmountsMin = 10;

/** After an answer: a learnt limit that was used to the full is tried a little further. */
export function grown(window: RateWindow): RateWindow {
  if (!window.learnt || window.limit === undefined) return window;
  const { limit, learnt } = afterLearntAnswer(window.limit, window.learnt);
  return { ...window, limit, learnt };
}

/** Whether so much was let in that a refusal of an amount tells the limit, where none was announced. */
export function canLearn({ limit, tally }: RateWindow, amount: number): boolean {
  return limit === undefined && tally.reduce((sum, each) => sum + each.amount, 0) >= learntAmountsMin * amount;
}

/**
 * After a refusal by a limit that nobody announced: the limit is learnt from what was let in before, or
 * lowered where it was learnt already. Refusals of attempts that were under way together count once.
 */
export function learnt(window: RateWindow, amount: number, sentAtMs: number, nowMs: number): RateWindow {
  if (window.limit !== undefined && !window.learnt) return window;
  const emptyAtMs = window.refusedAtMs;
  if (window.learnt && emptyAtMs !== undefined && sentAtMs <= emptyAtMs) return window;
  // What was sent before and not refused yet was let in: refusals come first.
  const before = window.reservations.filter((each) => each.sentAtMs <= sentAtMs);
  const tally = counted(window.tally, before.reduce((total, each) => total + (each.endedAtMs === undefined ? each.amount : 0), 0), sentAtMs);
  const next = window.limit !== undefined && window.learnt ? afterLearntRefusal(window.limit, window.learnt, tally, emptyAtMs ?? nowMs, window.lengthMs, nowMs)
    : firstLearnt(Math.max(amount, limitAtLeast(tally, window.lengthMs, nowMs)));
  // Less than the amount was left; that it was nothing at all is the cautious half of it.
  return { ...window, ...next, tally, reservations: window.reservations.filter((each) => !before.includes(each)), level: Math.min(0, levelAt(window, sentAtMs) ?? 0), levelAtMs: sentAtMs, refusedAtMs: nowMs };
}

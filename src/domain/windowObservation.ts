// What an answer told of a limit, put together with what was counted here. A figure is exact, but of the moment at
// which its attempt came to the upstream's door: of what else was under way then it may account for all or for
// nothing. What was counted here says which, as far as nobody else uses the limit; the figure bounds it both ways.
import { counted } from './learntLimit.ts';
import {
  availableAt, commit, dayMs, debtMsMax, isShared, minuteMs, overtakingMsMax, release, settled, takenUnseen, totalOf, withLimit,
  type LimitObservation, type RateWindow,
} from './rateWindow.ts';

type Seen = LimitObservation & { readonly limit: number };

/** From this computed length on a limit is a day's; debt after long outputs stretches a minute's reset, but not so far. */
const dayRecognisedMs = debtMsMax;

/**
 * Takes in what an answer said. Its own reservation ends, since the figure accounts for it, and so do
 * those of attempts that were sent well before. Only the answer to an attempt that was sent later than
 * the one known may raise what is available; one that may have been overtaken can only lower it, and one
 * that is older still changes nothing.
 * @param id       the attempt that was answered
 * @param sentAtMs when it was sent
 */
export function observe(window: RateWindow, id: string, sentAtMs: number, seen: LimitObservation | undefined, nowMs: number): RateWindow {
  const amount = window.reservations.find((each) => each.id === id)?.amount ?? 0;
  const limit = seen?.limit ?? window.limit;
  // Without a figure the attempt was still counted: what it took is subtracted by ourselves.
  if (seen?.remaining === undefined || limit === undefined || limit <= 0) {
    const ended = commit(window, id, amount, nowMs);
    if (seen?.limit !== undefined && seen.limit > 0) return withLimit(ended, seen.limit, nowMs);
    return window.limit !== undefined && !window.learnt ? ended : { ...ended, tally: counted(window.tally, amount, sentAtMs) };
  }
  const { referenceSentAtMs, answered = [] } = window;
  const available = referenceSentAtMs === undefined ? undefined : availableAt(window, nowMs);
  const isNewer = referenceSentAtMs === undefined || sentAtMs >= referenceSentAtMs + overtakingMsMax || sentAtMs >= (window.observedAtMs ?? -Infinity);
  if (isNewer) return newest(window, { id, amount, sentAtMs }, { ...seen, limit }, available, nowMs);
  if (sentAtMs <= referenceSentAtMs - overtakingMsMax) return release(window, id, nowMs);
  const figure = figureOf({ ...seen, limit }, window.lengthMs);
  const reservations = window.reservations.filter((each) => each.id !== id && mayBeMissed(each, each.endedAtMs, sentAtMs));
  const { left } = bounded(available, figure - sentLater([...reservations, ...answered], sentAtMs), nowMs - sentAtMs, window, nowMs);
  return settled({
    ...window, reservations, answered: [...answered, { amount, sentAtMs, answeredAtMs: nowMs, figure }], level: left + totalOf(reservations), levelAtMs: nowMs,
  }, nowMs);
}

/** Takes in the answer to the newest attempt. */
function newest(window: RateWindow, { id, amount, sentAtMs }: { readonly id: string; readonly amount: number; readonly sentAtMs: number }, seen: Seen, available: number | undefined, nowMs: number): RateWindow {
  const { limit } = seen;
  const lengthMs = lengthOf(seen) ?? window.lengthMs;
  const figure = figureOf(seen, lengthMs);
  const others = window.reservations.filter((each) => each.id !== id);
  const reservations = others.filter((each) => mayBeMissed(each, each.endedAtMs, sentAtMs));
  const answered = (window.answered ?? []).filter((each) => mayBeMissed(each, each.answeredAtMs, sentAtMs));
  // One whose own figure was no lower came to the door before, or took no more than what was refilled until then.
  const least = figure - totalOf(reservations) - totalOf(answered.filter((each) => each.figure === undefined || each.figure < figure));
  const { left, unexplained } = bounded(available, figure - sentLater([...reservations, ...answered], sentAtMs), nowMs - sentAtMs, { ...window, limit, lengthMs }, nowMs);
  const accounted = others.flatMap((each) => (each.endedAtMs === undefined || reservations.includes(each) ? [] : [{ amount: each.amount, sentAtMs: each.sentAtMs, answeredAtMs: each.endedAtMs }]));
  // What the limit itself lost when it shrank, nobody took.
  const unseen = limit < (window.limit ?? limit) ? 0 : unexplained;
  const { learnt: _, ...announced } = takenUnseen(window, unseen, nowMs);
  return settled({
    ...announced, reservations, answered: [...answered, ...accounted, { amount, sentAtMs, answeredAtMs: nowMs, figure }], lengthMs, limit,
    level: Math.max(least, available === undefined ? least : left) + totalOf(reservations), levelAtMs: nowMs, observedAtMs: nowMs, referenceSentAtMs: sentAtMs,
  }, nowMs);
}

/**
 * What was counted here, as far as a figure allows it, and what is missing in that beyond everything that is known.
 * @param most  what the figure leaves at the most, as of then
 * @param ageMs how old it may be; beside others an old one is worth no more than a new one, since they took something since
 */
function bounded(available: number | undefined, most: number, ageMs: number, window: RateWindow, nowMs: number): { readonly left: number; readonly unexplained: number } {
  if (available === undefined) return { left: most, unexplained: 0 };
  const refillMs = isShared(window, nowMs) ? Math.min(ageMs, overtakingMsMax) : ageMs;
  const refilledIn = (ms: number) => (window.limit ?? 0) * Math.max(0, ms) / window.lengthMs;
  const unexplained = available - most - refilledIn(refillMs);
  // Figures are whole numbers, rounded down.
  return { left: unexplained > 0 ? most + refilledIn(refillMs - overtakingMsMax) : available, unexplained: unexplained - 1 };
}

/** Whether the figure of an attempt may miss what another one took: not if that had ended before, or was sent well before. */
function mayBeMissed(other: { readonly sentAtMs: number }, endedAtMs: number | undefined, sentAtMs: number): boolean {
  return other.sentAtMs > sentAtMs - overtakingMsMax && !(endedAtMs !== undefined && endedAtMs < sentAtMs);
}

/** What was sent so long after an attempt that its figure cannot account for it. */
function sentLater(others: readonly { readonly amount: number; readonly sentAtMs: number }[], sentAtMs: number): number {
  return totalOf(others.filter((each) => each.sentAtMs >= sentAtMs + overtakingMsMax));
}

/** The limit's length, from how long it takes to become full; absent when the figures do not tell. */
function lengthOf(seen: Seen): number | undefined {
  if (seen.resetMs === undefined || seen.remaining === undefined || seen.remaining >= seen.limit) return undefined;
  // A short reset may be rounded up to a whole second and then says nothing about the length.
  if (seen.resetMs <= minuteMs) return minuteMs;
  return seen.resetMs * seen.limit / (seen.limit - seen.remaining) >= dayRecognisedMs ? dayMs : minuteMs;
}

/** What is left; a reset beyond the whole length tells how far below zero it is. */
function figureOf(seen: Seen, lengthMs: number): number {
  const remaining = Math.min(seen.remaining ?? seen.limit, seen.limit);
  if (remaining > 0 || seen.resetMs === undefined || seen.resetMs <= lengthMs) return remaining;
  return seen.limit * (1 - seen.resetMs / lengthMs);
}

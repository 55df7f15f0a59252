// The calendar days of wherever the broker runs: which day a moment lies in, when a day begins, and
// over which spans the distance to UTC stays the same. Days are not all 24 hours long, so each is
// looked at by itself. It knows no time zone; the distance is asked for.

/** Gives what has to be added to UTC for the local time, in milliseconds, at a moment. */
export type UtcOffsetAt = (atMs: number) => number;

/** A span of time with one distance to UTC: from `fromMs` on, up to but without `untilMs`. */
export interface OffsetSpan {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly offsetMs: number;
}

/** 24 hours; the length of most days. */
const dayMs = 86_400_000;
/** No place changes its clocks twice within so long. */
const lookMs = 7 * dayMs;
/** The earliest and latest moment of a date (ECMA-262, 21.4.1.1). */
const timeMsMax = 8_640_000_000_000_000;

/** The local day of a moment, counted from 1970-01-01. */
export function localDayOf(atMs: number, offsetAt: UtcOffsetAt): number {
  return Math.floor((atMs + offsetAt(atMs)) / dayMs);
}

/** A day as `YYYY-MM-DD`. */
export function dayKeyOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

/**
 * The moment at which a local day begins. Where clocks are set at midnight this may be 1 o'clock;
 * where they are set back to midnight it is the first of both.
 */
export function dayStartMs(day: number, offsetAt: UtcOffsetAt): number {
  const asUtcMs = day * dayMs;
  // Whatever the distance is at midnight, it was so a day before or is so a day after.
  const starts = [offsetAt(asUtcMs - dayMs), offsetAt(asUtcMs + dayMs)].map((offsetMs) => asUtcMs - offsetMs).sort((a, b) => a - b);
  const [early, late] = [starts[0] ?? asUtcMs, starts[1] ?? asUtcMs];
  if (localDayOf(early, offsetAt) >= day) return early;
  // Between them clocks went forward, perhaps over midnight: then the day begins where they did.
  return firstThat(early, late, (atMs) => localDayOf(atMs, offsetAt) >= day);
}

/** The spans that cover a time; the first and last one reach to the ends of time. */
export function offsetSpans(fromMs: number, untilMs: number, offsetAt: UtcOffsetAt): OffsetSpan[] {
  const spans: OffsetSpan[] = [];
  let startMs = -timeMsMax;
  let offsetMs = offsetAt(fromMs);
  for (let atMs = fromMs; atMs < untilMs; atMs = Math.min(untilMs, atMs + lookMs)) {
    const laterMs = Math.min(untilMs, atMs + lookMs);
    if (offsetAt(laterMs) === offsetMs) continue;
    const changeMs = firstOther(atMs, laterMs, offsetMs, offsetAt);
    spans.push({ fromMs: startMs, untilMs: changeMs, offsetMs });
    [startMs, offsetMs] = [changeMs, offsetAt(laterMs)];
  }
  return [...spans, { fromMs: startMs, untilMs: timeMsMax, offsetMs }];
}

/** The first moment with another distance, between one that has the old distance and one that has not. */
function firstOther(knownMs: number, otherMs: number, offsetMs: number, offsetAt: UtcOffsetAt): number {
  return firstThat(knownMs, otherMs, (atMs) => offsetAt(atMs) !== offsetMs);
}

/** The first moment at which something holds, between one at which it does not and one at which it does. */
function firstThat(beforeMs: number, afterMs: number, holds: (atMs: number) => boolean): number {
  let [low, high] = [beforeMs, afterMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

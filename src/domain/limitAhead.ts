// When a limit is used up at its own pace, with a band where it is known how even that was. Pure.
import { aheadSpans } from './forecast.ts';
import { bandOf, type Pace } from './pace.ts';
import { isPaceKnown, usedUpAtMs, type LimitStand } from './tightest.ts';

/** What is known of how long a limit lasts. */
export interface LimitAhead {
  /** It is looked no further ahead: to when it begins anew, or a few times as far as was looked back. */
  readonly seenUntilMs: number;
  /** Absent where it lasts for so long. */
  readonly runsOutAtMs?: number;
  /** Four of five times it is not used up before this; absent where it lasts all the same, or where it is not known how even its pace is. */
  readonly earliestAtMs?: number;
  /** And not after this; absent, beside `earliestAtMs`, where it may last for as long as is seen. */
  readonly latestAtMs?: number;
}

/** A look ahead at a limit that something is left of; undefined where too little is known yet. */
export function limitAhead(stand: LimitStand, nowMs: number): LimitAhead | undefined {
  const { left, timeLeft, lengthMs = 0, endsAtMs, pace } = stand;
  const isPaced = timeLeft !== undefined && endsAtMs !== undefined;
  if (isPaced && !isPaceKnown(timeLeft) || !isPaced && !pace) return undefined;
  const goneMs = lengthMs * (1 - (timeLeft ?? 0));
  const now: Pace = isPaced ? { ...pace, perMs: (1 - left) / goneMs, spanMs: goneMs } : pace!;
  const seenUntilMs = isPaced ? endsAtMs : nowMs + now.spanMs * aheadSpans;
  const runsOutAtMs = isPaced ? usedUpAtMs(stand, nowMs) : now.perMs > 0 ? nowMs + Math.round(left / now.perMs) : undefined;
  const band = bandOf(left, now);
  const seen = (name: keyof LimitAhead, atMs = Infinity) => (atMs < seenUntilMs ? { [name]: Math.round(atMs) } : {});
  return { seenUntilMs, ...seen('runsOutAtMs', runsOutAtMs), ...seen('earliestAtMs', band && nowMs + band.earliestMs), ...seen('latestAtMs', band?.latestMs === undefined ? undefined : nowMs + band.latestMs) };
}

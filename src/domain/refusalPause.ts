// How long a line stays closed after a refusal: as long as the upstream told, or as long as what is known makes likely.
import { overloadPauseMsMax } from './overload.ts';
import type { RateWindow } from './rateWindow.ts';

/** First pause after a refusal that named none; it doubles with every further one. */
export const backOffMsMin = 1_000;
/** The longest such pause. */
export const backOffMsMax = 60_000;
/** So many pauses that were told are believed in a row: one that is too short again and again, such as none, is not all that there is to wait. */
const toldPausesMax = 2;

/** A refusal, as far as its pause goes. */
export interface RefusalFacts {
  /** What the upstream told to wait. */
  readonly toldMs?: number;
  /** A limit that nobody tells, where that refused it, and what it refused. */
  readonly learnt?: { readonly window: RateWindow; readonly amount: number };
  readonly isOverload?: boolean;
  /** Refusals since the newest answer, this one included; those of attempts that were under way together count once. */
  readonly refusalsInRow: number;
}

/** The pause after a refusal. @param jitter a number from 0 to 1 */
export function refusalPauseMs({ toldMs, learnt, isOverload, refusalsInRow }: RefusalFacts, jitter: number): number {
  if (learnt) return toldMs ?? learntPauseMs(learnt.window, learnt.amount);
  return toldMs === undefined ? backOffMs(refusalsInRow, isOverload ? overloadPauseMsMax : backOffMsMax, jitter) : Math.max(toldMs, backOffMs(refusalsInRow - toldPausesMax, backOffMsMax, jitter));
}

function backOffMs(refusals: number, pauseMsMax: number, jitter: number): number {
  return refusals < 1 ? 0 : Math.min(pauseMsMax, backOffMsMin * 2 ** (refusals - 1)) * (0.5 + jitter / 2);
}

/** Until there is room for the amount in a learnt limit, and twice as long with each further refusal. */
function learntPauseMs({ limit, lengthMs, learnt }: RateWindow, amount: number): number {
  return limit === undefined ? backOffMsMin : Math.min(backOffMsMax, amount * lengthMs / limit * 2 ** ((learnt?.refusalsInRow ?? 1) - 1));
}

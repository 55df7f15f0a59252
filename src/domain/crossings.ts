// When something that is used up bit by bit is worth a word: at the crossing of a step, once in each of its periods,
// never at first sight. Pure; what is said, and to whom, is decided elsewhere.

/** Shares used at which people are told. */
export const noticeSteps: readonly number[] = [0.75, 0.9, 0.95, 1];
/** Once less than this is used, the steps of what comes back bit by bit count anew. */
export const rearmShare = 0.5;

/** Something that is watched. */
export interface Watched {
  /** What it is, with its terms: a changed limit is another one. */
  readonly key: string;
  /** Share used, from 0 up. */
  readonly used: number;
  /** End of its present period; absent where it has none. */
  readonly endsAtMs?: number;
  /** The first step that is told; a limit that only warns is told of when it is crossed. */
  readonly firstStep?: number;
  /** It could not be seen before it was used, so that its first sight is a crossing from nothing. */
  readonly isNew?: boolean;
  /** What is used comes back bit by bit although an end is named. Without an end it always does. */
  readonly refills?: boolean;
}

/** What is remembered of it: the highest step of its period. */
export interface Known {
  readonly step: number;
  readonly endsAtMs?: number;
}

/** How many steps are crossed: 0 below the first one. */
export function stepOf(used: number): number {
  return noticeSteps.filter((step) => used >= step).length;
}

/** The number of the last step, at which something is used up. */
export const usedUpStep = noticeSteps.length;

/** Whether so little is used again that its steps count anew within its period. */
export function isRearmed({ used, endsAtMs, refills = false }: Watched): boolean {
  return used < rearmShare && (endsAtMs === undefined || refills);
}

/**
 * Which of the watched crossed a step since the last look.
 * @param before what is known; undefined at the first look, which tells nothing
 */
export function crossings<T extends Watched>(before: ReadonlyMap<string, Known> | undefined, watched: readonly T[], nowMs: number): { readonly known: ReadonlyMap<string, Known>; readonly crossed: readonly T[] } {
  // What left the list and comes back in the same period was told of already.
  const known = new Map([...before ?? []].filter(([, { endsAtMs }]) => endsAtMs === undefined || endsAtMs > nowMs));
  const crossed = watched.filter((one) => {
    const { key, used, endsAtMs, firstStep = 1, isNew = false } = one;
    const step = stepOf(used);
    const had = before?.get(key);
    const isOver = had?.endsAtMs !== undefined && had.endsAtMs <= nowMs;
    const was = had ? isOver || isRearmed(one) ? 0 : had.step : isNew ? 0 : step;
    known.set(key, { step: Math.max(step, was), ...(endsAtMs === undefined ? {} : { endsAtMs }) });
    return before !== undefined && step > was && step >= firstStep;
  });
  return { known, crossed };
}

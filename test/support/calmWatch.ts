// A runaway watch that finds nothing, for tests of other things.
import type { RunawayWatch } from '../../src/broker/runawayWatch.ts';

/** Judges nothing and forgets everything. */
export const calmWatch: Pick<RunawayWatch, 'judge' | 'answered' | 'ended' | 'spent'> = {
  judge: () => undefined, answered: () => undefined, ended: () => undefined, spent: () => undefined,
};

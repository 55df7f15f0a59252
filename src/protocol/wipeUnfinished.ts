// What is said of a data folder that is being wiped, or whose wipe was interrupted. Pure.
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';

/** No program opens such a folder, and none is started in it. */
export function wipeUnfinished(dataDir: string): Problem {
  return problem('wipe_unfinished', 'All data in the folder {0} is being removed, or that was begun and not finished. Nothing is read or written there until it is.', { values: [dataDir] });
}

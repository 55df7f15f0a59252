// Which waiting request is the first one: the same on every surface. Pure.
import type { RunView } from './snapshot.ts';

/** Waiting requests in the order in which they start: those without a place in line wait for what others give back, and come last. */
export function inLine<Run extends Pick<RunView, 'place'>>(waiting: readonly Run[]): Run[] {
  return waiting.toSorted(({ place: a = Infinity }, { place: b = Infinity }) => (a === b ? 0 : a - b));
}

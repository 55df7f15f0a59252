// Shares of something that is being used up, cut to whole percents so that nothing is called used up before it is; what is
// used and what is left of the same thing always come to 100 %. Pure.
import { formatShare } from '../domain/units.ts';

/** What is used. @param used share from 0 up */
export function usedShare(used: number, locale: string): string {
  return formatShare(cut(used), locale);
}

/** What is left of it. @param used share from 0 up */
export function leftShare(used: number, locale: string): string {
  return formatShare(Math.max(0, 1 - cut(used)), locale);
}

function cut(share: number): number {
  return Math.floor(share * 100) / 100;
}

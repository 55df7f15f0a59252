// What a planted bug is: a small change of the product's own text, of the kind that costs people money, and
// the hunt that must find it. Shapes only.

/** Where a bug is looked for. */
export type HuntName = 'random worlds' | 'random worlds on files' | 'the race for the last credit';

/** One replaced text in a file below `src`; it must be there exactly once. */
export interface Edit { readonly file: string; readonly from: string; readonly to: string }

/** One planted bug. */
export interface PlantedBug extends Edit {
  /** What it does, as a sentence. */
  readonly name: string;
  readonly caughtBy: HuntName;
  /** The mood of the worlds that press on its rule; any where it is left out. */
  readonly mood?: string;
  /** Changes in further places, where the product guards itself twice. */
  readonly also?: readonly Edit[];
}

/** A bug that random worlds find. */
export function inWorlds(file: string, name: string, from: string, to: string, mood?: string): PlantedBug {
  return { name, file, from, to, caughtBy: 'random worlds', ...(mood === undefined ? {} : { mood }) };
}

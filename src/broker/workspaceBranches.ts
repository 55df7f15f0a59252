// Which git branch each workspace's folder is on, for requests that come: looked up anew after a moment, and never
// waited for long, since a folder may lie on a disk that does not answer.
import type { Clock } from './clock.ts';

/** For so long what was read is taken as it is. */
export const freshMs = 250;
/** So long what was read is told where a folder does not answer in time; then nothing is known. */
export const rememberedMs = 5_000;
/** A request waits so long for a look at its folder. */
export const lookMsMax = 200;
/** Looks that do not come back, at the most: each may hold one of the few threads that read files. */
const lateLooksMax = 2;
/** Folders that are remembered. */
const foldersMax = 1000;

interface Known {
  branch: string | undefined;
  readAtMs: number;
  looking: Promise<void> | undefined;
  /** It was waited for in vain. */
  isLate: boolean;
}

/** What is known of the folders. */
export class WorkspaceBranches {
  readonly #clock: Clock;
  readonly #read: (folder: string) => Promise<string | undefined>;
  readonly #known = new Map<string, Known>();
  #late = 0;

  /** @param read looks into a folder */
  constructor(clock: Clock, read: (folder: string) => Promise<string | undefined>) {
    this.#clock = clock;
    this.#read = read;
  }

  /** The branch of a folder; where it does not answer in time, what was known of it a moment before, and nothing that is older. */
  async branchOf(folder: string): Promise<string | undefined> {
    const known = this.#of(folder);
    const isFresh = this.#clock.monotonicMs() - known.readAtMs < freshMs;
    if (!isFresh && !known.isLate && (known.looking !== undefined || this.#late < lateLooksMax)) await this.#inTime(known, known.looking ??= this.#look(folder, known));
    return this.#clock.monotonicMs() - known.readAtMs < rememberedMs ? known.branch : undefined;
  }

  #of(folder: string): Known {
    const found = this.#known.get(folder);
    if (found) return found;
    if (this.#known.size >= foldersMax) this.#known.clear();
    const made: Known = { branch: undefined, readAtMs: -Infinity, looking: undefined, isLate: false };
    this.#known.set(folder, made);
    return made;
  }

  async #look(folder: string, known: Known): Promise<void> {
    try {
      known.branch = await this.#read(folder);
    } catch {
      // A folder that cannot be looked into is on no branch that is known.
      known.branch = undefined;
    }
    known.readAtMs = this.#clock.monotonicMs();
    known.looking = undefined;
    if (known.isLate) this.#late -= 1;
    known.isLate = false;
  }

  #inTime(known: Known, looking: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#clock.after(lookMsMax, () => {
        if (known.looking === looking && !known.isLate) {
          known.isLate = true;
          this.#late += 1;
        }
        resolve();
      });
      void looking.then(() => {
        stop();
        resolve();
      });
    });
  }
}

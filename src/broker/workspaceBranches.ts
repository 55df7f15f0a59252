// Which git branch each workspace's folder is on, for requests that come: looked up anew after a moment, and never
// waited for long, since a folder may lie on a disk that does not answer.
import type { Clock } from './clock.ts';

/** For so long what was read is taken as it is. */
export const freshMs = 250;
/** A request waits so long for a look at its folder. */
export const lookMsMax = 200;
/** For so long what was read is still told where a folder does not answer; an older branch may be another one by now. */
export const rememberedMs = 5000;
/** Looks that lately did not come back, at the most: each may hold one of the few threads that read files. */
const lateLooksMax = 2;
/** After so long a look that hangs says nothing of other folders any more. */
export const lateMsMax = 60_000;
/** Looks that hang, however long: one of the four threads that read files and look up hosts stays free of them. */
const hungLooksMax = 3;
/** Folders that are remembered. */
const foldersMax = 1000;

interface Known {
  branch: string | undefined;
  readAtMs: number;
  looking: Promise<void> | undefined;
  /** Since when it is waited for in vain. */
  lateAtMs: number | undefined;
}

/** What is known of the folders. */
export class WorkspaceBranches {
  readonly #clock: Clock;
  readonly #read: (folder: string) => Promise<string | undefined>;
  readonly #known = new Map<string, Known>();
  readonly #late = new Set<Known>();

  /** @param read looks into a folder */
  constructor(clock: Clock, read: (folder: string) => Promise<string | undefined>) {
    this.#clock = clock;
    this.#read = read;
  }

  /** The branch of a folder; what was known of it a moment before where it does not answer in time. */
  async branchOf(folder: string): Promise<string | undefined> {
    const known = this.#of(folder);
    const isLate = known.lateAtMs !== undefined;
    if (this.#ageOf(known) >= freshMs && !isLate && (known.looking !== undefined || this.#hasRoom())) await this.#inTime(known, known.looking ??= this.#look(folder, known));
    return this.#ageOf(known) < rememberedMs ? known.branch : undefined;
  }

  #ageOf({ readAtMs }: Known): number {
    return this.#clock.monotonicMs() - readAtMs;
  }

  /** Whether one more look may be risked. */
  #hasRoom(): boolean {
    const sinceMs = this.#clock.monotonicMs() - lateMsMax;
    const lately = [...this.#late].filter(({ lateAtMs = -Infinity }) => lateAtMs > sinceMs);
    return lately.length < lateLooksMax && this.#late.size < hungLooksMax;
  }

  #of(folder: string): Known {
    const found = this.#known.get(folder);
    if (found) return found;
    if (this.#known.size >= foldersMax) this.#known.clear();
    const made: Known = { branch: undefined, readAtMs: -Infinity, looking: undefined, lateAtMs: undefined };
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
    known.lateAtMs = undefined;
    this.#late.delete(known);
  }

  #inTime(known: Known, looking: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#clock.after(lookMsMax, () => {
        if (known.looking === looking && known.lateAtMs === undefined) {
          known.lateAtMs = this.#clock.monotonicMs();
          this.#late.add(known);
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

// The page's only timer. It sleeps until the next part of the page says something else, paints that part alone, and does
// not run while nobody sees the page. Between changes nothing works.
import { nextChangeInMs } from './nextChange.ts';
import type { PageTime } from './pageTime.ts';

/** A part that time changes. Times are the page clock's. */
export interface MovingPart {
  /** Whether it says at a time what it said when it was painted last. */
  isSaidAlike(pageNowMs: number): boolean;
  /** Paints it for a time. */
  move(pageNowMs: number): void;
}

/** Parts are first looked at so long after a paint: where events paint faster, looking ahead would be for nothing. */
const settleMs = 1000;

/** Keeps the moving parts of one page. */
export class PageClock {
  readonly #time: PageTime;
  readonly #paintPage: () => void;
  /** The moving parts of the newest paint, with the time of the next change where that is known. */
  #parts = new Map<MovingPart, number>();
  #pageAtMs = Infinity;
  #cancel: (() => void) | undefined;
  #unwatch: () => void;
  #isSeen = true;

  /** @param paintPage paints the whole page */
  constructor(time: PageTime, paintPage: () => void) {
    this.#time = time;
    this.#paintPage = paintPage;
    this.#unwatch = time.watchSeen((isSeen) => {
      this.#isSeen = isSeen;
      if (isSeen) paintPage();
      else this.#rest();
    });
  }

  /** The page's clock. */
  nowMs(): number {
    return this.#time.now();
  }

  /** The whole page is painted: what is not painted with it stands still from now on. */
  begin(): void {
    this.#parts = new Map();
    this.#rest();
  }

  /** A part that was painted with the page. */
  add(part: MovingPart): void {
    this.#parts.set(part, 0);
  }

  /** The paint is over. @param pageAtMs when time changes more of the page than its moving parts */
  end(pageAtMs: number): void {
    this.#pageAtMs = pageAtMs;
    this.#sleep(this.#parts.size === 0 ? pageAtMs - this.nowMs() : Math.min(settleMs, pageAtMs - this.nowMs()));
  }

  /** Ends for good. */
  stop(): void {
    this.#rest();
    this.#unwatch();
  }

  #rest(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #sleep(delayMs: number): void {
    this.#rest();
    if (this.#isSeen && delayMs < Infinity) this.#cancel = this.#time.after(Math.min(delayMsMax, Math.max(0, delayMs)), () => this.#wake());
  }

  #wake(): void {
    this.#cancel = undefined;
    const nowMs = this.nowMs();
    if (nowMs >= this.#pageAtMs) {
      this.#paintPage();
      return;
    }
    let nextAtMs = this.#pageAtMs;
    for (const [part, atMs] of this.#parts) {
      if (atMs <= nowMs) {
        if (!part.isSaidAlike(nowMs)) part.move(nowMs);
        this.#parts.set(part, nowMs + nextChangeInMs((inMs) => part.isSaidAlike(nowMs + inMs)));
      }
      nextAtMs = Math.min(nextAtMs, this.#parts.get(part) ?? Infinity);
    }
    this.#sleep(nextAtMs - nowMs);
  }
}

/** Timers of a browser take no longer delays than 24 days; a day is enough. */
const delayMsMax = 86_400_000;

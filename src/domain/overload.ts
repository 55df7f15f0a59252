// How long one model's upstream has refused as overloaded, whoever asked. A client repeats what it was refused, as Codex
// does thirty times, and each time would be waited for anew: so it is counted over all requests, and ends the waiting.

/** Overload that lasts so long is not waited for any more: Codex alone asks for 25 seconds before it tells its person. */
export const overloadWaitMsMax = 30_000;
/** The longest pause after overload that named none: it is often over soon, and nobody hears of it sooner. */
export const overloadPauseMsMax = 8_000;
/** So long after the last such refusal the next one is another overload. */
const forgottenMs = 60_000;

/** The overload of one model. */
export class Overload {
  #sinceMs: number | undefined;
  #lastMs = -Infinity;

  /** An attempt was refused as overload. */
  refused(nowMs: number): void {
    if (this.forMs(nowMs) === 0) this.#sinceMs = nowMs;
    this.#lastMs = nowMs;
  }

  /** An attempt that was sent after the last refusal was answered. */
  answered(): void {
    this.#sinceMs = undefined;
  }

  /** For how long it has lasted; 0 while there is none. */
  forMs(nowMs: number): number {
    return this.#sinceMs === undefined || nowMs - this.#lastMs > forgottenMs ? 0 : nowMs - this.#sinceMs;
  }
}

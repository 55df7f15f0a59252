// The credits that this window added a moment ago, which a slip of the hand may still take back. Kept here and not
// by the page, because the page is thrown away when it is hidden and is trusted with nothing.

/** How long a top-up can be taken back with one click. */
export const undoMsMax = 60_000;
/** How many a window remembers. */
const rememberedMax = 20;

/** Remembers this window's top-ups. */
export class UndoableTopUps {
  readonly #nowMs: () => number;
  #added: readonly { readonly grantId: string; readonly atMs: number }[] = [];

  /** @param nowMs the window's clock */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** This window made the grant now. */
  add(grantId: string): void {
    this.#added = [...this.#added.filter((one) => one.grantId !== grantId), { grantId, atMs: this.#nowMs() }].slice(-rememberedMax);
  }

  /** The grant was taken back. */
  remove(grantId: string): void {
    this.#added = this.#added.filter((one) => one.grantId !== grantId);
  }

  /** The newest that can still be taken back, and for how long. */
  newest(): { readonly grantId: string; readonly leftMs: number } | undefined {
    const last = this.#added.at(-1);
    const leftMs = last ? this.leftMs(last.grantId) : 0;
    return last && leftMs > 0 ? { grantId: last.grantId, leftMs } : undefined;
  }

  /** How long a grant can still be taken back; zero for one that cannot. */
  leftMs(grantId: string): number {
    const found = this.#added.find((one) => one.grantId === grantId);
    // A clock that was set back must not make the minute longer.
    const passedMs = found ? this.#nowMs() - found.atMs : undoMsMax;
    return passedMs < 0 ? 0 : Math.max(0, undoMsMax - passedMs);
  }
}

// How many attempts may be under way unanswered: few at first and one more with each answer. An upstream that
// bears less than it announces, or announces nothing, then refuses a handful and not a whole burst.

/** An attempt that was not refused in this time was let in: refusals come at once. */
export const refusalMsMax = 2_000;
/** Attempts whose answers may be awaited at once: at first, and at the most. */
export const unansweredMin = 2;
const unansweredMax = 256;

/** The attempts of one model that were sent, but neither answered nor refused. */
export class AnswerGate {
  /** When each was sent, the oldest first. */
  readonly #sent = new Map<string, number>();
  #allowed = unansweredMin;

  /** How many may still be refused. */
  get unanswered(): number {
    return this.#sent.size;
  }

  /** When the next may be sent; absent when it may be now. @param allowed how many may be awaited at once, where that is another number */
  closedUntilMs(nowMs: number, allowed = this.#allowed): number | undefined {
    for (const [id, sentAtMs] of this.#sent) {
      if (sentAtMs + refusalMsMax > nowMs) return this.#sent.size < allowed ? undefined : sentAtMs + refusalMsMax;
      this.#sent.delete(id);
    }
    return undefined;
  }

  /** An attempt is sent. */
  sent(id: string, nowMs: number): void {
    this.#sent.delete(id);
    this.#sent.set(id, nowMs);
  }

  /** It was answered, and not by a refusal. */
  answered(id: string): void {
    this.#sent.delete(id);
    this.#allowed = Math.min(unansweredMax, this.#allowed + 1);
  }

  /** It was refused, or ended otherwise. */
  left(id: string): void {
    this.#sent.delete(id);
  }

  /** Something was refused: fewer at once from now on. */
  narrow(): void {
    this.#allowed = Math.max(unansweredMin, Math.floor(this.#allowed / 2));
  }
}

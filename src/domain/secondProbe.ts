// Finds out whether a limit per minute is enforced by the second, as OpenAI's may be although its headers speak of the
// minute alone: https://developers.openai.com/api/docs/guides/rate-limits. Until one request beyond what a second bears was
// answered both kinds look alike; so one goes alone and tells for all, where a burst would be refused in part.
import { refusalMsMax } from './answerGate.ts';

/** Below so much of a request, what was let in shows that more than a second's share fits. */
const conclusiveLevel = 0.5;
/** So many of the newest sendings are remembered until the limit is known. */
const earlyMax = 8;

/** The test of one model's limit on requests. */
export class SecondProbe {
  /** What a second's share would have left, were it enforced. */
  #level = Infinity;
  #atMs = 0;
  /** When others were sent while no limit was known yet. */
  #early: number[] = [];
  #isWide = false;
  #probe: { readonly id: string; readonly sentAtMs: number; readonly isConclusive: boolean } | undefined;

  /** When the next may be sent; absent when it may be now. @param perMinute the announced limit; absent while unknown */
  closedUntilMs(perMinute: number | undefined, nowMs: number): number | undefined {
    if (this.#isWide || perMinute === undefined) return undefined;
    for (const atMs of this.#early.splice(0)) this.#take(perMinute, atMs);
    // Refusals come at once: one that is still unanswered was let in.
    if (this.#probe && this.#probe.sentAtMs + refusalMsMax <= nowMs) this.answered(this.#probe.id);
    if (!this.#probe) return undefined;
    const level = this.#levelAt(perMinute, nowMs);
    return level >= 1 ? undefined : Math.min(this.#probe.sentAtMs + refusalMsMax, nowMs + Math.ceil((1 - level) * 60_000 / perMinute));
  }

  /** An attempt is sent. */
  sent(id: string, perMinute: number | undefined, nowMs: number): void {
    if (this.#isWide) return;
    if (perMinute === undefined) {
      this.#early = [...this.#early.slice(1 - earlyMax), nowMs];
      return;
    }
    const level = this.#take(perMinute, nowMs);
    if (level < 1) this.#probe = { id, sentAtMs: nowMs, isConclusive: level < conclusiveLevel };
  }

  /** Its first byte left only now. */
  leftLate(id: string, nowMs: number): void {
    if (this.#probe?.id === id) this.#probe = { ...this.#probe, sentAtMs: nowMs };
  }

  /** It was answered, and not by a refusal. */
  answered(id: string): void {
    if (this.#probe?.id !== id) return;
    this.#isWide = this.#probe.isConclusive;
    this.#probe = undefined;
  }

  /** It was refused, or ended otherwise. */
  left(id: string): void {
    if (this.#probe?.id === id) this.#probe = undefined;
  }

  /** Something was refused although there was room by the minute: it is tested again, once starts are no longer spread. */
  failed(): void {
    this.#isWide = false;
  }

  /** @returns what was left before */
  #take(perMinute: number, nowMs: number): number {
    const level = this.#levelAt(perMinute, nowMs);
    this.#level = level - 1;
    this.#atMs = nowMs;
    return level;
  }

  #levelAt(perMinute: number, nowMs: number): number {
    const perMs = perMinute / 60_000;
    return Math.min(Math.max(1, perMs * 1000), this.#level + (nowMs - this.#atMs) * perMs);
  }
}

// Whether one more attempt of a model may be under way, whatever is left of its limits: how many run, how many are
// unanswered, whether a burst is borne at all, and whether the upstream becomes slow under what it carries.
import { say } from './say.ts';
import type { Because } from './say.ts';
import { AnswerGate } from './answerGate.ts';
import { afterAnswer, afterRefusal, afterSlowness, attemptsUnknownMax, hasRoom, ranWell, unknownConcurrency, whileSlower, type ConcurrencyLimit } from './concurrencyLimit.ts';
import { LatencyWatch } from './latencyWatch.ts';
import { SecondProbe } from './secondProbe.ts';

/**
 * OpenAI's smallest limits on tokens per minute for models that Codex works with. Until a first answer came, requests that exceed this
 * together are not sent together, since each of them may be all that there is room for.
 */
export const smallestTokensPerMinute = 30_000;

/** Why the head of a line does not start now, and when it can; no time means: when something ends. */
export interface Hold extends Because {
  readonly untilMs?: number;
}

/** What an answer tells besides its figures. */
export interface GateAnswer {
  readonly sentAtMs: number;
  /** The input's size, by which first bytes are compared; absent when the attempt's sending was not told. */
  readonly inputTokens?: number;
  /** Attempts under way, this one included. */
  readonly running: number;
  /** Whether the upstream told a limit on requests or tokens, now or before. */
  readonly isAnnounced: boolean;
}

/** The gate of one model. */
export class StartGate {
  readonly #model: string;
  readonly #latency: LatencyWatch | undefined;
  #answers = new AnswerGate();
  #second = new SecondProbe();
  /** Something was answered, with the key that is used now. */
  #isKnown = false;
  /** What was sent before met another key's limits, and says nothing of how many the upstream lets in now. */
  #sinceMs = -Infinity;
  #concurrency: ConcurrencyLimit = unknownConcurrency;

  constructor(model: string, mindsLatency: boolean) {
    this.#model = model;
    this.#latency = mindsLatency ? new LatencyWatch() : undefined;
  }

  /** Whether one more may run beside those that do. */
  hasRoom(running: number): boolean {
    return hasRoom(this.#concurrency, running);
  }

  /**
   * Why the next attempt cannot start now; absent when it can.
   * @param perMinute the announced limit on requests, where starts are not spread anyway
   * @param tokens    tells what would be under way with it, of the key that is used now
   */
  hold(running: number, perMinute: number | undefined, tokens: () => number, nowMs: number): Hold | undefined {
    if (!this.hasRoom(running)) {
      return this.#concurrency.state === 'unknown'
        ? say('{0} requests to {1} are running; more start once the upstream told its limits.', running, this.#model)
        : say('{0} requests to {1} are running, as many as the upstream bears at once.', running, this.#model);
    }
    const untilMs = this.#answers.closedUntilMs(nowMs, !this.#isKnown && tokens() > smallestTokensPerMinute ? 1 : undefined);
    if (untilMs !== undefined) return { ...say('Requests to {0} were just sent; more start as soon as the upstream answers them.', this.#model), untilMs };
    const probedMs = this.#second.closedUntilMs(perMinute, nowMs);
    return probedMs === undefined ? undefined : { ...say('One request to {0} finds out whether the upstream bears several in a second.', this.#model), untilMs: probedMs };
  }

  /** An attempt starts. */
  started(id: string, perMinute: number | undefined, nowMs: number): void {
    this.#answers.sent(id, nowMs);
    this.#second.sent(id, perMinute, nowMs);
  }

  /** Its first byte left only now. */
  sent(id: string, nowMs: number): void {
    this.#answers.sent(id, nowMs);
    this.#second.leftLate(id, nowMs);
  }

  /** It was answered, and not by a refusal. */
  answered(id: string, { sentAtMs, inputTokens, running, isAnnounced }: GateAnswer, nowMs: number): void {
    if (sentAtMs < this.#sinceMs) return;
    this.#isKnown = true;
    this.#answers.answered(id);
    this.#second.answered(id);
    const pace = isAnnounced || inputTokens === undefined ? 'usual' : this.#latency?.answered(inputTokens, running, sentAtMs, nowMs) ?? 'usual';
    // So few as are tried while nothing is known are no load that slow answers could come from.
    const mayGrow = pace === 'usual' || pace === 'slower' && this.#concurrency.attemptsMax < attemptsUnknownMax;
    this.#concurrency = ranWell(this.#concurrency, running - this.#answers.unanswered, nowMs);
    if (mayGrow) this.#concurrency = afterAnswer(this.#concurrency, isAnnounced, running, nowMs);
    if (pace === 'slower') this.#concurrency = whileSlower(this.#concurrency, nowMs);
    if (pace === 'slow') this.#concurrency = afterSlowness(this.#concurrency, running, nowMs);
  }

  /** Another key is used from now on: few go up until it is known what is let in with that. How many the upstream bears at once is no matter of keys. */
  keyReplaced(nowMs: number): void {
    [this.#answers, this.#second, this.#isKnown, this.#sinceMs] = [new AnswerGate(), new SecondProbe(), false, nowMs];
  }

  /** Something was refused, the first of those that were under way together: fewer at once from now on. */
  narrow(): void {
    this.#answers.narrow();
  }

  /** It was refused without a word about a limit. @param running attempts under way, this one included */
  overloaded(running: number, sentAtMs: number, nowMs: number): void {
    this.#concurrency = afterRefusal(this.#concurrency, running, sentAtMs, nowMs);
  }

  /** Something was refused although there was room by the minute. */
  refusedInSpiteOfRoom(): void {
    this.#second.failed();
  }

  /** It was refused, or ended otherwise. */
  left(id: string): void {
    this.#answers.left(id);
    this.#second.left(id);
  }
}

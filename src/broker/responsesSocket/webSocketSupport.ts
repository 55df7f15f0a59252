// Remembers for a while that the upstream offers no WebSocket, so that clients are told at once. It asks
// nobody and reads no answer.
import type { Clock } from '../clock.ts';

/** How long the upstream is not asked again. */
export const missingMs = 10 * 60_000;

/** What is known of the one upstream. */
export class WebSocketSupport {
  readonly #clock: Clock;
  #missingUntilMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it is known to offer none. */
  get isMissing(): boolean { return this.#clock.monotonicMs() < this.#missingUntilMs; }

  /** It answered an upgrade as one that offers none does. */
  noteMissing(): void { this.#missingUntilMs = this.#clock.monotonicMs() + missingMs; }
}

// Remembers for a while who is to use HTTP: everyone where the upstream offers no WebSocket, and a workspace whose
// requests the fallback answers. It asks nobody and reads no answer.
import type { Clock } from '../clock.ts';

/** How long the upstream is not asked again. */
export const missingMs = 10 * 60_000;

/** How long a workspace is sent to HTTP, where the fallback answers; its client stays there for a conversation. */
export const elsewhereMs = 60_000;
/** Workspaces that are remembered; the oldest is forgotten first and is refused over its WebSocket once more. */
const elsewhereMax = 1000;

/** What is known of the one upstream. */
export class WebSocketSupport {
  readonly #clock: Clock;
  readonly #elsewhereUntilMs = new Map<string, number>();
  #missingUntilMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it is known to offer none. */
  get isMissing(): boolean { return this.#clock.monotonicMs() < this.#missingUntilMs; }

  /** Whether a workspace's requests are answered over HTTP for now. */
  isElsewhere(workspaceId: string): boolean { return this.#clock.monotonicMs() < (this.#elsewhereUntilMs.get(workspaceId) ?? -Infinity); }

  /** The fallback answers a workspace's requests. */
  noteElsewhere(workspaceId: string): void {
    this.#elsewhereUntilMs.delete(workspaceId);
    const [oldest] = this.#elsewhereUntilMs.keys();
    if (this.#elsewhereUntilMs.size >= elsewhereMax && oldest !== undefined) this.#elsewhereUntilMs.delete(oldest);
    this.#elsewhereUntilMs.set(workspaceId, this.#clock.monotonicMs() + elsewhereMs);
  }

  /** It answered an upgrade as one that offers none does. */
  noteMissing(): void { this.#missingUntilMs = this.#clock.monotonicMs() + missingMs; }
}

// The time that the sandbox lives in: a reading and a wait, both handed in by whoever starts it, so
// that tests move time by hand. It never reads a real clock itself.

/** A source of time. */
export interface SandboxClock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after `ms` milliseconds, or as soon as `signal` aborts. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Makes an identifier that no other answer carries: the prefix and lower-case hexadecimal digits. */
export type NewId = (prefix: string) => string;

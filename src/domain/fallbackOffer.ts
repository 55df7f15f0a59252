// What a second upstream offers a request that the first one does not answer. Shapes only.

/** Why the fallback may answer: nothing to pay with, a limit with no room in time, an upstream that cannot be reached. */
export const fallbackCauses = ['balance', 'window', 'unreachable'] as const;

/** One of them. */
export type FallbackCause = (typeof fallbackCauses)[number];

/** The fallback as a request may use it. */
export interface FallbackOffer {
  readonly model: string;
  /** Host and port, for people. */
  readonly at: string;
  readonly causes: readonly FallbackCause[];
  /** What it may cost by the user's own prices; zero without one. It is told and never drawn. */
  readonly estimateMicroCredits: number;
  /** The request came in a way that the fallback does not speak; its client is sent to HTTP. */
  readonly isElsewhere?: true;
}

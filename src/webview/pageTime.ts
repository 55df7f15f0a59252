// Time as the page sees it, handed in by its main file. Shape only.

/** Time, and whether anybody looks. */
export interface PageTime {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once; the answer takes it back. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back whenever the page is hidden, at once where it is already, or seen again; the answer stops it. */
  watchSeen(callback: (isSeen: boolean) => void): () => void;
}

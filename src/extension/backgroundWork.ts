// Work that nobody waits for: it fails into the log.
import type * as vscode from 'vscode';

/** Runs one piece of it; its failure goes to the log. */
export type Guarded = (doing: string, run: () => Promise<unknown>) => Promise<void>;

/** Runs background work, which has no one to answer to: the link's state and the log tell what happened. */
export function backgroundWork(log: Pick<vscode.LogOutputChannel, 'warn'>): Guarded {
  return async (doing, run) => {
    try {
      await run();
    } catch (error) {
      log.warn(`${doing} did not work: ${error instanceof Error ? error.message : 'unknown failure'}`);
    }
  };
}

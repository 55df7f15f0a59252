// Usage that did not go through the broker and was read from Codex's session files: its row in the ledger, the
// text that its hash covers and what it would have cost. It is a data set of its own: nothing was
// decided, held or drawn for it, so it moves no grant and counts for no budget. Pure.
import { chargeFor } from './pricing.ts';
import type { ModelPrice } from './pricing.ts';
import type { TokenUsage } from './tokenUsage.ts';

/** One imported response. */
export interface ImportRow extends TokenUsage {
  readonly sequence: number;
  /** Stable idempotency key: `import:` and the response's id, or its place among a thread's totals. */
  readonly id: string;
  /** When it was used, and when it was imported. */
  readonly atMs: number;
  readonly importedAtMs: number;
  readonly workspaceId: string;
  readonly client: string;
  readonly clientVersion: string | null;
  readonly threadId: string | null;
  readonly model: string | null;
  readonly responseId: string | null;
  /** Name of the session file, without its folder. */
  readonly source: string;
  /** What it would have cost through the broker in the standard tier, at the price of its own time; null without one. */
  readonly costMicroCredits: number | null;
  readonly price: ModelPrice | null;
  readonly prevHash: string;
  readonly hash: string;
}

/** Where usage counts whose session file names no folder of this computer. */
export const outsideWorkspace = { workspaceId: 'ws_outside', label: 'outside the broker' } as const;

/** The key of an imported response. */
export function importId(key: string): string {
  return `import:${key}`;
}

/** The text whose hash chains an imported response to the one before it. */
export function importText(row: Omit<ImportRow, 'sequence' | 'hash'>): string {
  return JSON.stringify([row.prevHash, row.id, row.atMs, row.importedAtMs, row.workspaceId, row.client, row.clientVersion, row.threadId, row.model, row.responseId, row.source,
    row.inputTokens, row.cachedInputTokens, row.cacheWriteTokens, row.outputTokens, row.reasoningTokens, row.costMicroCredits, row.price]);
}

/** What tokens would have cost; null without a price. Session files do not tell the tier. */
export function importedCost(usage: TokenUsage, price: ModelPrice | null): number | null {
  return price && chargeFor(usage, price, 'standard').costMicroCredits;
}

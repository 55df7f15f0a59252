// What the calls about usage that went around the broker give back. Shapes only.
import type { TokenUsage } from '../domain/tokenUsage.ts';

/** One response that went around the broker and was imported from a session file. */
export interface ImportedView {
  /** `import:` and the response's id, or its place among a thread's totals. */
  readonly id: string;
  readonly atMs: number;
  readonly importedAtMs: number;
  /** Name of the session file that told of it. */
  readonly source: string;
  readonly usage: TokenUsage;
  readonly workspaceId: string;
  readonly workspaceLabel: string;
  readonly client: string;
  readonly clientVersion?: string;
  readonly threadId?: string;
  readonly model?: string;
  readonly responseId?: string;
  /** What it would have cost at the price of its time; absent for a model without a price. */
  readonly costMicroCredits?: number;
  readonly priceVersion?: string;
  readonly story: readonly string[];
}

/** What came of importing some responses. */
export interface ImportResult {
  readonly added: number;
  /** Imported before, or given twice. */
  readonly known: number;
  /** Went through the broker, which has counted them. */
  readonly seen: number;
  /** What the added ones would have cost. */
  readonly costMicroCredits: number;
}

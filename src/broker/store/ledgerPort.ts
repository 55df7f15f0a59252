// The port between the broker and its ledger: commands that change it and questions that read it.
// Adapters (SQLite now) agree by one contract suite.
import type { AuditFindings } from '../../domain/audit/auditLedger.ts';
import type { DecisionRecord } from '../../domain/decisionRecord.ts';
import type { DirectiveState, UpstreamHosts } from '../../domain/directives.ts';
import type { Burn } from '../../domain/forecast.ts';
import type { Grant } from '../../domain/grants.ts';
import type { InsightFacts } from '../../domain/insights.ts';
import type { OffsetSpan } from '../../domain/localDays.ts';
import type { ModelPrice, PriceTier } from '../../domain/pricing.ts';
import type { HistoryGrouping, HistoryResult, UsageGrouping } from '../../protocol/history.ts';
import type { Course, EntryFilter, EntryPage, HappeningFilter, HappeningPage, HappeningPlace } from '../../protocol/ledgerPages.ts';
import type { ExplainResult } from '../../protocol/control.ts';
import type { ImportedView } from '../../protocol/importedUsage.ts';
import type { SentRow } from '../../protocol/sentReport.ts';
import type { BudgetView, EntryView, ImportedSums, PriceChangeView, RequestView, UsageRow } from '../../protocol/snapshot.ts';
import type { TopUpMonth } from './autoTopUps.ts';
import type { DecideFacts, ImportedUse, LedgerCommand, LedgerCommandResults, RequestFacts } from './ledgerCommands.ts';

/** What insights are found from, but for prices, which are not the ledger's to know. */
export type LedgerInsightFacts = Omit<InsightFacts, 'models'> & {
  readonly models: readonly Omit<InsightFacts['models'][number], 'price'>[];
  /** When the first request of the ledger ended; absent where there is none. */
  readonly beganAtMs?: number;
};

/** A workspace as registered. */
export interface Workspace { readonly workspaceId: string; readonly path: string; readonly label: string; readonly tokenHash: string }

/** Balance as people see it: every grant that has something left, and the newest of the others. */
export interface BalanceRead {
  /** Whether any grant was ever made. */
  readonly tracked: boolean;
  readonly grants: readonly Grant[];
  /** Owed for credits that were taken back after they had been spent. */
  readonly owedMicroCredits: number;
  readonly directives: DirectiveState;
  /** What the automatic top-up added this month; absent where it is off. */
  readonly topUps?: TopUpMonth;
  /** When `upkeep` has something to book next; absent when nothing is due by itself. */
  readonly upkeepAtMs?: number;
}

/** Which balance a row of the export belongs to, as flat columns in a fixed order. */
export type ExportRow = Readonly<Record<string, string | number | null>>;

/** What can be exported. */
export type ExportSet = 'requests' | 'charges' | 'entries' | 'directives' | 'grants' | 'imports';

/** Past sizes and what became of them, for the estimator to learn from again. */
export interface EstimateSample {
  /** As JSON text. */
  readonly basis: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** The answer did not reach its own end. */
  readonly isCut: boolean;
  readonly responseId?: string;
}

/** An open hold whose response goes on in the background at the upstream. */
export interface OpenBackground {
  readonly attemptId: string;
  readonly number: number;
  readonly waitedMs: number;
  readonly openedAtMs: number;
  readonly responseId: string;
  readonly facts: RequestFacts;
  readonly workspaceLabel: string;
  readonly holdMicroCredits: number;
  readonly tier: PriceTier;
  readonly price?: ModelPrice;
  readonly estimatedInputTokens: number;
  readonly estimatedOutputTokens: number;
  /** As JSON text. */
  readonly basis?: string;
}

/** A ledger's vital facts, for `doctor`. */
export interface LedgerHealth {
  readonly schemaVersion: number;
  readonly sqliteVersion: string;
  readonly bytes: number;
  readonly usageEvents: number;
  readonly entries: number;
  readonly openHolds: number;
  readonly checkpointAtMs?: number;
  readonly newestAtMs?: number;
}

/** The ledger's chains. */
export const chainNames = ['usage_events', 'charges', 'entries', 'directives', 'imports'] as const;

/** Where each chain stands: how many rows it has and the hash of the newest. Kept outside of the ledger, an older copy can be told by it. */
export type LedgerHead = Readonly<Record<(typeof chainNames)[number], { readonly rows: number; readonly hash: string }>>;

/** A span of time; `untilMs` is behind it. */
export interface Span { readonly fromMs: number; readonly untilMs: number }

/** Questions and their answers. */
export interface LedgerQueries {
  workspaces: { args: Record<string, never>; result: readonly Workspace[] };
  balance: { args: { readonly nowMs: number }; result: BalanceRead };
  budgets: { args: { readonly nowMs: number }; result: readonly BudgetView[] };
  usage: {
    args: {
      readonly by: UsageGrouping;
      readonly sinceMs?: number;
      /** What makes the days local ones; without it they are those of UTC. */
      readonly utcOffsets?: readonly OffsetSpan[];
      /** The keys with the highest cost at the most; absent: all. */
      readonly limit?: number;
      /** Adds what was imported, and tells how much of each row that is. */
      readonly imported?: boolean;
    };
    result: readonly UsageRow[];
  };
  /** What a workspace spent in the last quarter hours in which it spent anything, oldest first, in microcredits. */
  pastSpend: { args: { readonly workspaceId: string; readonly isOthers?: true; readonly limit: number }; result: readonly number[] };
  /** What was charged in the last hours, in sums of short spans, oldest first. */
  burns: { args: { readonly nowMs: number }; result: readonly Burn[] };
  /** What insights are made from: a range, and the time before it since `beforeMs`; of one workspace where it is named. */
  insightFacts: { args: { readonly fromMs: number; readonly beforeMs: number; readonly workspaceId?: string }; result: LedgerInsightFacts };
  /** Usage from the beginning of a local step on, by group and by step. */
  history: { args: { readonly by: HistoryGrouping; readonly fromMs: number; readonly untilMs: number; readonly step: 'day' | 'hour'; readonly utcOffsets: readonly OffsetSpan[]; readonly groupsMax: number }; result: HistoryResult };
  /** What one workspace used in a span that the caller keeps short: it is read from the events. */
  workspaceUsage: { args: { readonly by: HistoryGrouping; readonly workspaceId: string } & Span; result: readonly UsageRow[] };
  /** What the prompt cache saved in such a span. */
  cacheSaving: { args: { readonly workspaceId?: string } & Span; result: { readonly savedMicroCredits: number; readonly cachedInputTokens: number } };
  /** What attempts that ended in such a span sent, and where to. */
  sent: { args: Span; result: readonly SentRow[] };
  /** Where requests are sent to since when, in the order of the notes. */
  upstreams: { args: Record<string, never>; result: readonly { readonly atMs: number; readonly at: UpstreamHosts }[] };
  /** Entries before a sequence; `search` is looked for in ids, names, models and notes. */
  entryPage: { args: { readonly kind: EntryFilter; readonly limit: number; readonly before?: number; readonly search?: string; readonly workspaceId?: string; readonly fromMs?: number; readonly untilMs?: number }; result: EntryPage };
  /** Of one workspace: what is about it alone. */
  happenings: { args: { readonly filter: HappeningFilter; readonly limit: number; readonly before?: HappeningPlace; readonly workspaceId?: string; readonly fromMs?: number }; result: HappeningPage };
  /** The course of a budget (of one key of it), or of the balance, since its period began. */
  course: { args: { readonly nowMs: number; readonly fromMs: number; readonly budgetId?: string; readonly key?: string }; result: Course | null };
  recent: { args: { readonly limit: number }; result: readonly RequestView[] };
  entries: { args: { readonly limit: number }; result: readonly EntryView[] };
  explain: { args: { readonly id: string }; result: ExplainResult | null };
  /** Sums of what was imported since a time. */
  importedUsage: { args: { readonly sinceMs: number }; result: ImportedSums };
  explainImported: { args: { readonly id: string }; result: ImportedView | null };
  /** What importing some responses would come to; writes nothing. */
  importable: { args: { readonly uses: readonly ImportedUse[] }; result: LedgerCommandResults['import'] };
  /** Decides a request that is not sent, and writes nothing. */
  decide: { args: DecideFacts; result: DecisionRecord };
  /** Proves the ledger: from its last checkpoint on, or from its first row where `full`. `keepAtMs` keeps a clean result as a checkpoint. */
  audit: { args: { readonly full: boolean; readonly keepAtMs?: number }; result: AuditFindings & { readonly requests: number } };
  priceChanges: { args: { readonly sinceMs: number }; result: readonly PriceChangeView[] };
  openBackground: { args: Record<string, never>; result: readonly OpenBackground[] };
  /** The workspaces that began a response; none for one that the ledger does not know. */
  responseOwners: { args: { readonly responseId: string }; result: { readonly workspaceIds: readonly string[] } };
  samples: { args: { readonly limit: number }; result: readonly EstimateSample[] };
  export: { args: { readonly set: ExportSet; readonly after: number; readonly limit: number; readonly sinceMs: number }; result: { readonly columns: readonly string[]; readonly rows: readonly ExportRow[]; readonly next?: number } };
  /** Writes a copy of the whole ledger to a path that does not exist yet. */
  backup: { args: { readonly path: string }; result: { readonly bytes: number } };
  health: { args: Record<string, never>; result: LedgerHealth };
  head: { args: Record<string, never>; result: LedgerHead };
  /** Whether the chains once stood where a head that was kept outside says. */
  stoodAt: { args: { readonly head: LedgerHead }; result: boolean };
}

/** A question by its name. */
export type LedgerQuery = { readonly [Q in keyof LedgerQueries]: { readonly type: Q } & LedgerQueries[Q]['args'] }[keyof LedgerQueries];

/** The ledger as the broker uses it. */
export interface LedgerStore {
  /**
   * Runs a command in a durable transaction; when the promise resolves the change is on disk.
   * @throws ProblemError `ledger_unavailable`, `ledger_full` or `ledger_corrupt` when the store failed;
   *   then nothing may be forwarded on the strength of this command.
   */
  command<C extends LedgerCommand>(command: C): Promise<LedgerCommandResults[C['type']]>;
  /** Reads; sees every command that was given before it. */
  query<Q extends keyof LedgerQueries>(type: Q, args: LedgerQueries[Q]['args']): Promise<LedgerQueries[Q]['result']>;
  /** Finishes what was given and closes. */
  close(): Promise<void>;
}

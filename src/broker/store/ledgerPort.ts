// The port between the broker and its ledger: commands that change it, each atomic and idempotent
// by its own key, and queries that read it. Adapters (SQLite now) agree by one contract suite.
import type { AuditFindings } from '../../domain/audit.ts';
import type { Grant, GrantKind } from '../../domain/grants.ts';
import type { OffsetSpan } from '../../domain/localDays.ts';
import type { ModelPrice, PriceTier } from '../../domain/pricing.ts';
import type { Problem } from '../../domain/problem.ts';
import type { AttemptOutcome } from '../../domain/settlement.ts';
import type { TokenUsage } from '../../domain/tokenUsage.ts';
import type { DecisionRecord, UnpricedRule } from '../../domain/waterfall.ts';
import type { ExplainResult } from '../../protocol/control.ts';
import type { EntryView, RequestView, UsageRow } from '../../protocol/snapshot.ts';

/** What is known of a request when it is decided; stored with it for ever. No prompt, no reply. */
export interface RequestFacts {
  readonly requestId: string;
  readonly receivedAtMs: number;
  readonly workspaceId: string;
  readonly client: string;
  readonly clientVersion?: string;
  readonly threadId?: string;
  readonly turnId?: string;
  /** Codex's own word: turn, compaction, review. */
  readonly requestKind?: string;
  readonly model: string;
  readonly stream: boolean;
}

/** Decides one attempt and, if admitted, reserves its hold, in one transaction. */
export interface ReserveCommand {
  readonly type: 'reserve';
  readonly request: RequestFacts;
  readonly attemptId: string;
  /** 1 for the first attempt of a request. */
  readonly number: number;
  readonly atMs: number;
  readonly price?: ModelPrice;
  /** What the client asked for; standard when it is left out. */
  readonly tier?: PriceTier;
  readonly estimateMicroCredits?: number;
  readonly estimatedInputTokens: number;
  readonly estimatedOutputTokens: number;
  readonly unpricedRule: UnpricedRule;
  readonly unsafe?: Problem;
  readonly limits: { readonly waitedMs: number; readonly because: string; readonly ended?: Problem };
}

/** Notes that the upstream began to answer, so that a crash is settled by what is known. */
export interface BeginCommand {
  readonly type: 'begin';
  readonly attemptId: string;
  readonly atMs: number;
  readonly responseId?: string;
}

/** Ends an attempt: usage event, charge, entries, hold, in one transaction, exactly once. */
export interface SettleCommand {
  readonly type: 'settle';
  readonly attemptId: string;
  readonly atMs: number;
  readonly outcome: AttemptOutcome;
  readonly usage: TokenUsage;
  readonly measured: boolean;
  /** False when it costs nothing; then `freeReason` says why. */
  readonly chargeable: boolean;
  readonly freeReason?: string;
  readonly notice?: string;
  readonly modelServed?: string;
  /** Price of the model served, when it is another than the one asked for. */
  readonly servedPrice?: ModelPrice;
  readonly tier: PriceTier;
  readonly status?: number;
  readonly upstreamRequestId?: string;
  readonly responseId?: string;
  readonly waitedMs: number;
  readonly firstByteMs?: number;
  readonly durationMs: number;
}

/** Adds credits. The same key with the same content gives the grant that exists. */
export interface GrantCommand {
  readonly type: 'grant';
  readonly grantId: string;
  readonly key: string;
  readonly kind: GrantKind;
  readonly amountMicroCredits: number;
  readonly atMs: number;
  readonly expiresAtMs?: number;
  readonly note?: string;
  readonly consent: Permission | { readonly scope: 'ask' };
}

/** Who may use purchased credits: every workspace, or one more. */
export type Permission = { readonly scope: 'everywhere' } | { readonly scope: 'workspace'; readonly workspaceId: string };

/** Allows purchased credits without adding any. The same permission again changes nothing. */
export interface ConsentCommand { readonly type: 'consent'; readonly consent: Permission; readonly atMs: number }

/** The key of a permission that was given by itself; one that came with a grant has the grant's id. */
export function consentCause(consent: Permission): string {
  return consent.scope === 'everywhere' ? 'allow everywhere' : `allow workspace ${consent.workspaceId}`;
}

/** Registers a workspace and the hash of its token; again with the same id is fine. */
export interface WorkspaceCommand {
  readonly type: 'workspace';
  readonly workspaceId: string;
  readonly path: string;
  readonly label: string;
  readonly tokenHash: string;
  readonly atMs: number;
}

/** Resolves every open hold by policy P; run once at start, before anything is admitted. */
export interface RecoverCommand { readonly type: 'recover'; readonly atMs: number }

/** Expires grants whose time is over, as entries. */
export interface ExpireCommand { readonly type: 'expire'; readonly atMs: number }

/** Everything that changes the ledger. */
export type LedgerCommand = ReserveCommand | BeginCommand | SettleCommand | GrantCommand | ConsentCommand | WorkspaceCommand | RecoverCommand | ExpireCommand;

/** A settled attempt's money. `exists` when it had been settled before. */
export interface SettleResult { readonly exists: boolean; readonly costMicroCredits?: number; readonly drawnMicroCredits: number }

/** Results of the commands. Expected failures are results, exceptions are faults of the store. */
export interface LedgerCommandResults {
  reserve: { readonly decision: DecisionRecord; readonly exists: boolean };
  begin: { readonly exists: boolean };
  settle: SettleResult;
  grant: { readonly grant: Grant; readonly created: boolean } | { readonly problem: Problem };
  consent: { readonly exists: boolean };
  workspace: { readonly exists: boolean };
  recover: { readonly resolved: number };
  expire: { readonly expired: number };
}

/** A workspace as registered. */
export interface Workspace { readonly workspaceId: string; readonly path: string; readonly label: string; readonly tokenHash: string }

/** Balance as the waterfall sees it. */
export interface BalanceRead { readonly grants: readonly Grant[]; readonly consentEverywhere: boolean; readonly consentWorkspaces: readonly string[] }

/** Questions and their answers. */
export interface LedgerQueries {
  workspaces: { args: Record<string, never>; result: readonly Workspace[] };
  balance: { args: Record<string, never>; result: BalanceRead };
  usage: {
    args: {
      readonly by: 'day' | 'model' | 'workspace' | 'client' | 'thread';
      readonly sinceMs?: number;
      /** What makes the days local ones; without it they are those of UTC. */
      readonly utcOffsets?: readonly OffsetSpan[];
    };
    result: readonly UsageRow[];
  };
  recent: { args: { readonly limit: number }; result: readonly RequestView[] };
  entries: { args: { readonly limit: number }; result: readonly EntryView[] };
  explain: { args: { readonly id: string }; result: ExplainResult | null };
  audit: { args: { readonly full: boolean }; result: AuditFindings & { readonly requests: number } };
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

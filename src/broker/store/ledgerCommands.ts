// Everything that changes the ledger, as commands: each is atomic, and idempotent by a key of its own.
// Shapes only.
import type { Answered, DecisionRecord } from '../../domain/decisionRecord.ts';
import type { Directive } from '../../domain/directives.ts';
import type { FallbackOffer } from '../../domain/fallbackOffer.ts';
import type { Grant, GrantKind } from '../../domain/grants.ts';
import type { LimitNote } from '../../domain/limitWatch.ts';
import type { ModelPrice, PriceTier } from '../../domain/pricing.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Because } from '../../domain/say.ts';
import type { Runaway } from '../../domain/runawayGuard.ts';
import type { AttemptOutcome } from '../../domain/settlement.ts';
import type { TokenUsage } from '../../domain/tokenUsage.ts';
import type { UnpricedRule } from '../../domain/walk.ts';

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
  /** The git branch of the workspace's folder when it came, the command that it came from, and the file that it is about. */
  readonly branch?: string;
  readonly command?: string;
  readonly file?: string;
  readonly model: string;
  readonly stream: boolean;
}

/** What a decision about one attempt rests on, beside the ledger itself. */
export interface DecideFacts {
  readonly request: RequestFacts;
  readonly atMs: number;
  readonly price?: ModelPrice;
  /** What the client asked for; standard when it is left out. */
  readonly tier?: PriceTier;
  /** What it may cost at the 95th percentile; absent for a model without a price. */
  readonly estimateMicroCredits?: number;
  readonly estimatedInputTokens: number;
  readonly estimatedOutputTokens: number;
  /** Why the plan of the client's own sign-in pays for it; such a request has no estimate in credits. */
  readonly plan?: Because;
  /** Price and cost to go by where the model has none and the policy is a ceiling price. */
  readonly ceiling?: { readonly price: ModelPrice; readonly estimateMicroCredits: number };
  /** Overrides the policy for models without a price, for this request alone. */
  readonly unpricedRule?: UnpricedRule;
  readonly unsafe?: Problem;
  /** What the runaway guard found. */
  readonly runaway?: Pick<Runaway, 'action' | 'because'>;
  /** Whether a person can be asked, and whether it may wait for what others have reserved. */
  readonly canAsk?: boolean;
  readonly canWait?: boolean;
  readonly answered?: Answered;
  /** `waitedMs` since it came, whatever for; `inLineMs` in the line alone, since its last attempt. */
  readonly limits: Because & { readonly waitedMs: number; readonly inLineMs?: number; readonly ended?: Problem };
  /** Another model that may answer where the decision would be a refusal, and the price that it is counted by. */
  readonly fallback?: FallbackOffer & { readonly price: ModelPrice };
}

/** Decides one attempt and, if admitted, reserves its hold, in one transaction. An answer for now (`ask`, `wait`) is not stored. */
export interface ReserveCommand extends DecideFacts {
  readonly type: 'reserve';
  readonly attemptId: string;
  /** 1 for the first attempt of a request. */
  readonly number: number;
  /** Output that is most likely; `estimatedOutputTokens` is what is held for. */
  readonly likelyOutputTokens?: number;
  /** Sizes that the estimate came from, as JSON text. */
  readonly basis?: string;
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
  /** It was sent and lost: free here, yet the upstream may have billed it. */
  readonly exposed?: boolean;
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
  /** Lower burns first within a kind. */
  readonly priority?: number;
  readonly startsAtMs?: number;
  readonly expiresAtMs?: number;
  /** Only for these models, and only for these workspaces; left out for all. */
  readonly models?: readonly string[];
  readonly workspaces?: readonly string[];
  readonly note?: string;
  readonly consent: Permission | { readonly scope: 'ask' };
}

/** Adds what a voucher gives, once; its signature was proven before. Whether its issuer is still trusted and its time not over is looked at with it. */
export interface RedeemCommand {
  readonly type: 'redeem';
  readonly grantId: string;
  /** Of the issuer's key. */
  readonly keyId: string;
  readonly voucherId: string;
  readonly amountMicroCredits: number;
  readonly expiresAtMs?: number;
  readonly atMs: number;
}

/** Who may use purchased credits: every workspace, or one more. */
export type Permission = { readonly scope: 'everywhere' } | { readonly scope: 'workspace'; readonly workspaceId: string };

/** Lays something down. The same key again changes nothing. */
export interface DirectCommand { readonly type: 'direct'; readonly key: string; readonly atMs: number; readonly directive: Directive }

/** Notes a limit that the upstream changed. What is known already changes nothing. */
export interface NoteLimitCommand { readonly type: 'note-limit'; readonly atMs: number; readonly note: LimitNote }

/** Corrects what was booked, by new rows that name it. The same key again changes nothing. */
export interface CorrectCommand {
  readonly type: 'correct';
  readonly key: string;
  readonly atMs: number;
  readonly reason: string;
  readonly what: Correction;
}

/** What is corrected: the usage of an attempt as it really was, a charge that is (partly) given back, a grant that is taken back (disputed: its payment was, so what was spent of it is owed). */
export type Correction =
  | { readonly kind: 'usage'; readonly attemptId: string; readonly usage: TokenUsage }
  | { readonly kind: 'refund'; readonly attemptId: string; readonly microCredits: number }
  | { readonly kind: 'void'; readonly grantId: string; readonly disputed: boolean };

/** Registers a workspace and the hash of its token; again with the same id is fine. */
export interface WorkspaceCommand {
  readonly type: 'workspace';
  readonly workspaceId: string;
  readonly path: string;
  readonly label: string;
  readonly tokenHash: string;
  readonly atMs: number;
}

/** Resolves open holds by policy P, but for the attempts in `keep`; run once at start, before anything is admitted. */
export interface RecoverCommand { readonly type: 'recover'; readonly atMs: number; readonly keep?: readonly string[] }

/** Books what time brings: grants whose time is over expire, allowances give their next grant. */
export interface UpkeepCommand { readonly type: 'upkeep'; readonly atMs: number }

/** A response that went around the broker, as a session file told it, with the price of its own time. */
export interface ImportedUse {
  /** See `RolloutUse`: the same for the same response. */
  readonly key: string;
  readonly responseId?: string;
  readonly atMs: number;
  readonly workspaceId: string;
  readonly client: string;
  readonly clientVersion?: string;
  readonly threadId?: string;
  readonly model?: string;
  readonly usage: TokenUsage;
  /** Name of the session file, without its folder. */
  readonly source: string;
  readonly price?: ModelPrice;
}

/** Books responses that went around the broker: each by its key, once; those that the broker saw are passed over. */
export interface ImportCommand { readonly type: 'import'; readonly atMs: number; readonly uses: readonly ImportedUse[] }

/** Everything that changes the ledger. */
export type LedgerCommand = ReserveCommand | BeginCommand | SettleCommand | GrantCommand | RedeemCommand | DirectCommand | NoteLimitCommand | CorrectCommand | WorkspaceCommand | RecoverCommand | UpkeepCommand | ImportCommand;

/** A settled attempt's money. `exists` when it had been settled before. */
export interface SettleResult { readonly exists: boolean; readonly costMicroCredits?: number; readonly drawnMicroCredits: number }

/** Results of the commands. Expected failures are results, exceptions are faults of the store. */
export interface LedgerCommandResults {
  /** `granted`: credits came into the ledger with it, for whoever waits for some: allowances, or what the automatic top-up added. */
  reserve: { readonly decision: DecisionRecord; readonly exists: boolean; readonly granted?: true };
  begin: { readonly exists: boolean };
  settle: SettleResult;
  grant: { readonly grant: Grant; readonly created: boolean } | { readonly problem: Problem };
  /** `created` is false where this very command gave it before; another one of the same voucher is a problem. */
  redeem: { readonly grant: Grant; readonly created: boolean } | { readonly problem: Problem };
  direct: { readonly exists: boolean } | { readonly problem: Problem };
  'note-limit': { readonly exists: boolean };
  /** `changed`: by how much the balance moved. */
  correct: { readonly exists: boolean; readonly changedMicroCredits: number } | { readonly problem: Problem };
  workspace: { readonly exists: boolean };
  recover: { readonly resolved: number };
  /** How many were booked, were booked before, and went through the broker; and what the first would have cost. */
  import: { readonly added: number; readonly known: number; readonly seen: number; readonly costMicroCredits: number };
  upkeep: { readonly expired: number; readonly returned: number; readonly granted: number };
}

// The one picture of the broker's state that every surface is painted from: status bar, tooltip,
// dashboard, `codex-broker status`. Plain data, complete each time, so that a window that missed
// some simply paints the newest. An absent field means "unknown", never zero.
import type { Priority } from '../domain/fairQueue.ts';
import type { Allowance } from '../domain/allowances.ts';
import type { Budget, DayShare } from '../domain/budgets.ts';
import type { QuestionKind } from '../domain/decisionRecord.ts';
import type { Policies } from '../domain/directives.ts';
import type { BalanceForecast } from '../domain/forecast.ts';
import type { EstimateErrorSums } from '../domain/estimateError.ts';
import type { AutoTopUp } from '../domain/autoTopUp.ts';
import type { Grant, GrantKind } from '../domain/grants.ts';
import type { VoucherIssuer } from '../domain/vouchers.ts';
import type { EntryAccount, EntryKind } from '../domain/ledgerRows.ts';
import type { Pace } from '../domain/pace.ts';
import type { PlanCredits } from '../domain/planLimits.ts';
import type { ModelPrice } from '../domain/pricing.ts';
import type { AttemptOutcome } from '../domain/settlement.ts';
import type { Problem } from '../domain/problem.ts';
import type { Said } from '../domain/say.ts';
import type { TokenUsage } from '../domain/tokenUsage.ts';

/** One grant and what is left of it. Amounts in microcredits; priorities, limits to models and workspaces, and where it came from as the ledger has them. */
export type GrantView = Omit<Grant, 'order'>;

/** The stored balance. With no grant ever made it is untracked: counted and priced, nothing blocked. */
export interface BalanceView {
  readonly tracked: boolean;
  readonly balanceMicroCredits: number;
  readonly heldMicroCredits: number;
  /** Owed for credits that were taken back after they had been spent. Nothing is sent until it is paid. */
  readonly owedMicroCredits: number;
  readonly grants: readonly GrantView[];
}

/** The automatic top-up as it stands. */
export interface AutoTopUpView extends AutoTopUp { readonly addedMicroCredits: number; readonly beginsAnewAtMs: number }

/** A budget with what has been used of it now, by each key that it counts. Amounts in its own unit. */
export interface BudgetView {
  readonly id: string;
  /** "100.00 credits per workspace and week" */
  readonly text: string;
  readonly budget: Budget;
  /** What may be used of each key by now, where it is spread evenly over its days. */
  readonly today?: DayShare;
  readonly uses: readonly {
    readonly key: string; readonly label?: string; readonly used: number; readonly reserved: number; readonly endsAtMs?: number;
    /** Where `today` has a day: what of `used` was used on it, and where its share is used up, when a later one has room again. */
    readonly usedToday?: number; readonly goesOnAtMs?: number;
    /** How what is used of the limit went on so far, in shares; absent while too little is known. */
    readonly pace?: Pace;
  }[];
}

/** A question that a request waits with. */
export interface QuestionView {
  /** The request's own id; an answer names it. */
  readonly requestId: string;
  readonly kind: QuestionKind;
  readonly workspaceId: string;
  readonly workspaceLabel: string;
  readonly threadId?: string;
  readonly client: string;
  readonly model: string;
  readonly sinceMs: number;
  /** When it is refused if nobody answers. */
  readonly endsAtMs: number;
  /** What it would take of purchased credits at the most; absent for a model without a price. */
  readonly estimateMicroCredits?: number;
  /** What is asked, as a sentence, and what that was made of. */
  readonly text: string;
  readonly said?: Said;
  /** Whether a window of its own workspace is open; if not, any window may ask. */
  readonly hasWindow: boolean;
}

/** A price that changed, as it was seen. */
export interface PriceChangeView {
  readonly model: string;
  readonly atMs: number;
  readonly before: ModelPrice;
  readonly after: ModelPrice;
}

/** An upstream limit as observed, projected to the snapshot's time. */
export interface WindowView {
  /** Stable name: upstream, model and measure, e.g. `gpt-5.5/requests`. */
  readonly id: string;
  readonly model: string;
  /** `images`: what requests bring along; `madeImages`: what they ask for; `percent`: a plan's window, of which the provider tells only shares; its limit is 100. */
  readonly measure: 'requests' | 'tokens' | 'images' | 'madeImages' | 'percent';
  readonly windowMinutes: number;
  readonly limit?: number;
  /** What is left now, in-flight reservations subtracted; absent until the upstream told it. */
  readonly remaining?: number;
  /** When it will be full again. */
  readonly resetsAtMs?: number;
  /** When the next request has room, where nothing is left of a limit that refills steadily: long before it is full. */
  readonly opensAtMs?: number;
  readonly observedAtMs?: number;
  /** Of a plan's limit that belongs to some models alone, and has its name in `model`: the plan's name, and the models as far as they are known. */
  readonly ofPlan?: { readonly name: string; readonly models: readonly string[] };
  /** It is spread over its days, and the share so far is used: nothing more goes on it until then. */
  readonly shareUsedUntilMs?: number;
  /** How what is used of a long one went on so far, in shares, refilling included; absent while too little is known. */
  readonly pace?: Pace;
}

/** What a provider told of a ChatGPT plan that requests go on, beside its windows. */
export interface PlanView {
  /** The name that its windows have as their model. */
  readonly account: string;
  readonly planType?: string;
  /** The provider's own credits; they are none of the balance. */
  readonly credits?: PlanCredits;
  readonly observedAtMs: number;
}

/** Requests that a setting lets through unmetered, since the broker started. */
export interface UnmeteredView { readonly requests: number; readonly lastAtMs: number }

/** A request that runs or waits now. */
export interface RunView {
  readonly requestId: string;
  /** `waiting` in line for room upstream, `parked` for credits or for an answer. */
  readonly state: 'waiting' | 'parked' | 'running';
  readonly workspaceId: string;
  readonly workspaceLabel: string;
  readonly client: string;
  readonly model: string;
  readonly sinceMs: number;
  readonly estimatedTokens: number;
  readonly heldMicroCredits: number;
  /** Waiting: why, as a sentence, what that was made of, and when it probably starts. */
  readonly reason?: string;
  readonly said?: Said;
  readonly startsAtMs?: number;
  /** Waiting: 1 for the next one in line. */
  readonly place?: number;
  /** Waiting: the class in which it waits. */
  readonly priority?: Priority;
  /** Running: the fallback's model, where that answers instead of `model`. */
  readonly fallback?: string;
}

/** Usage summed over one key (a day, a model, a workspace, a client, a thread). */
export interface UsageRow extends TokenUsage {
  readonly key: string;
  readonly label: string;
  readonly requests: number;
  /** Priced cost, whether or not a balance was tracked. */
  readonly costMicroCredits: number;
  /** How many of the attempts carry an estimated figure. */
  readonly estimated: number;
  /** How many attempts had no price. */
  readonly unpriced: number;
  /** How good estimates were, over what was measured; absent when nothing was. */
  readonly estimates?: EstimateErrorSums;
  /** How much of it went around the broker and was imported; absent where nothing was, or where imports were left out. */
  readonly imported?: ImportedSums;
}

/** Sums of imported responses; the cost is what they would have cost. */
export interface ImportedSums extends TokenUsage { readonly requests: number; readonly costMicroCredits: number }

/** One finished request, newest attempts first. */
export interface RequestView extends TokenUsage {
  readonly requestId: string;
  readonly atMs: number;
  readonly workspaceId: string;
  readonly workspaceLabel: string;
  readonly client: string;
  readonly threadId?: string;
  readonly model: string;
  readonly outcome: AttemptOutcome;
  readonly measured: boolean;
  readonly durationMs: number;
  readonly waitedMs: number;
  /** Absent when the model had no price. */
  readonly costMicroCredits?: number;
  /** Why it cost nothing, where it cost nothing, and what that sentence was made of. */
  readonly freeReason?: string;
  readonly said?: Said;
  /** The fallback's model, where that answered instead of the one asked for. */
  readonly fallback?: string;
}

/** One row of the balance entries. `amount` moves the balance, `held` moves what is reserved; accounts beside the grants move neither. */
export interface EntryView {
  readonly sequence: number;
  readonly atMs: number;
  readonly account: EntryAccount;
  readonly kind: EntryKind;
  /** Absent where an account beside the grants moves for a request. */
  readonly grantId?: string;
  /** The entry that this one corrects. */
  readonly corrects?: string;
  readonly requestId?: string;
  readonly amountMicroCredits: number;
  readonly heldDeltaMicroCredits: number;
  readonly balanceAfterMicroCredits: number;
}

/** The state of the broker at one moment. */
export interface Snapshot {
  /** Grows by one with every snapshot of one broker process. */
  readonly sequence: number;
  readonly atMs: number;
  readonly broker: {
    readonly version: string;
    readonly pid: number;
    readonly startedAtMs: number;
    readonly mode: 'live' | 'practice';
    /** Host name of the upstream, for people. */
    readonly upstream: string;
    /** The second upstream: which model, and host and port; absent where there is none. */
    readonly fallback?: { readonly model: string; readonly at: string };
    readonly dataDir: string;
  };
  readonly key: { readonly state: 'present' | 'missing' | 'rejected'; readonly source?: string };
  readonly balance: BalanceView;
  /** How long the balance lasts at the pace of the last hours; left out where none is tracked, nothing is left, or too little is known yet. */
  readonly forecast?: BalanceForecast;
  /** Who may use purchased credits: every workspace, or those named. One permission for all of them, not one for each grant. */
  readonly consent: {
    readonly everywhere: boolean;
    readonly workspaceIds: readonly string[];
    readonly deniedWorkspaceIds: readonly string[];
    /** Every workspace that is not allowed by itself is refused without a question. */
    readonly deniedEverywhere?: true;
  };
  /** What was answered for good about models without a price; left out where nothing was. */
  readonly unpricedModels?: readonly { readonly model: string; readonly answer: 'allow' | 'deny' }[];
  /** Names of the workspaces that permissions, budgets and grants are about, by id; left out where there are none. */
  readonly workspaceLabels?: Readonly<Record<string, string>>;
  readonly budgets: readonly BudgetView[];
  readonly allowances: readonly Allowance[];
  /** The automatic top-up with what it added this month and when the next month begins; left out where it is off. */
  readonly autoTopUp?: AutoTopUpView;
  /** Whose vouchers are taken; left out where nobody's are. */
  readonly voucherIssuers?: readonly VoucherIssuer[];
  readonly policies: Policies;
  /** What requests wait to be told, oldest first. */
  readonly questions: readonly QuestionView[];
  /** Prices of models in use that changed in the last weeks, newest first. */
  readonly priceChanges: readonly PriceChangeView[];
  /** What the next request of any allowed workspace would draw from; `none` when each would be refused. For one window, see `windowDraw`. */
  readonly nextDraw: 'untracked' | GrantKind | 'none';
  readonly windows: readonly WindowView[];
  /** Plans that requests went on in the last days; left out where there were none. */
  readonly plans?: readonly PlanView[];
  /** Left out where there were none. They are in no sum: what they cost is not known. */
  readonly unmetered?: UnmeteredView;
  readonly running: readonly RunView[];
  readonly waiting: readonly RunView[];
  readonly today: {
    readonly dayStartMs: number;
    readonly total: UsageRow;
    readonly byWorkspace: readonly UsageRow[];
    readonly byModel: readonly UsageRow[];
    /** What went around the broker today and was imported; in none of the other sums. Absent when nothing was. */
    readonly imported?: ImportedSums;
  };
  /** Cost per local day, oldest first, at most 14 days; days without usage are present with zeros. */
  readonly days: readonly UsageRow[];
  readonly recent: readonly RequestView[];
  readonly entries: readonly EntryView[];
  /** What is wrong now: a failed ledger, a rejected key, an unreachable upstream. */
  readonly problems: readonly Problem[];
}

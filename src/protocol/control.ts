// The broker's control surface: what the calls of a command line and of every VS Code window give back, over
// `POST /broker/v1/NAME` or the authenticated WebSocket `/broker/v1/live` (birpc); and how the broker is found
// and proven. Results are plain data.
import * as z from 'zod';
import type { AuditFindings } from '../domain/audit/auditLedger.ts';
import type { InsightsResult } from './insightsResult.ts';
import type { DecisionRecord } from '../domain/decisionRecord.ts';
import type { Problem } from '../domain/problem.ts';
import type { ChargeTerm, ModelPrice } from '../domain/pricing.ts';
import type { AttemptOutcome } from '../domain/settlement.ts';
import type { ControlArguments, ControlMethod } from './controlArguments.ts';
import type { HistoryResult } from './history.ts';
import type { Course, EntryPage, HappeningPage } from './ledgerPages.ts';
import type { ImportedView, ImportResult } from './importedUsage.ts';
import type { BalanceView, BudgetView, EntryView, GrantView, Snapshot, UsageRow } from './snapshot.ts';
import type { SentRow, Stored } from './sentReport.ts';
import type { TokenUsage } from '../domain/tokenUsage.ts';
import type { VoucherIssuer } from '../domain/vouchers.ts';

/** Version of these shapes; both sides say theirs at the handshake. */
export const controlProtocolVersion = 3;

/** A workspace's address: give `baseUrl` and `token` to an SDK, or `codexBaseUrl` to Codex. */
export interface TokenResult {
  readonly token: string;
  readonly workspaceId: string;
  /** `http://127.0.0.1:PORT/v1`, used with the token as bearer. Absent port when no broker runs. */
  readonly baseUrl: string;
  /** `http://127.0.0.1:PORT/w/TOKEN/v1`, which carries the token in its path (for `openai_base_url`). */
  readonly codexBaseUrl: string;
  /** `http://127.0.0.1:PORT/w/TOKEN/backend-api/codex`, for a Codex that is signed in with ChatGPT: its plan pays. Absent from brokers that cannot. */
  readonly chatgptBaseUrl?: string;
  /** It takes what a request says of where it comes from (`originHeaders.ts`) and sends that to nobody. Absent from brokers that do not know it. */
  readonly takesOrigin?: true;
}

/** A grant as it stands after the call; `created` is false when the key was known already. */
export interface CreditsAddResult {
  readonly grant: GrantView;
  readonly created: boolean;
  readonly balance: BalanceView;
}

/** A usage report. */
export interface UsageResult {
  readonly rows: readonly UsageRow[];
  readonly total: UsageRow;
}

/** What an attempt cost, with the price it was computed from. */
export interface ChargeView {
  readonly chargeId: string;
  readonly costMicroCredits: number;
  readonly model: string;
  readonly priceVersion: string;
  readonly tier: string;
  readonly terms: readonly ChargeTerm[];
  /** The formula as one line of text, ready to show. */
  readonly formula: string;
  /** What was drawn from grants; smaller than the cost when the balance was untracked or ran out. */
  readonly drawnMicroCredits: number;
  /** Cost that no grant covered while the balance was tracked (booked openly, never hidden). */
  readonly uncoveredMicroCredits: number;
}

/** One call upstream. */
export interface AttemptView {
  readonly attemptId: string;
  readonly number: number;
  readonly startedAtMs: number;
  readonly outcome?: AttemptOutcome;
  readonly status?: number;
  readonly upstreamRequestId?: string;
  readonly measured?: boolean;
  readonly usage?: TokenUsage;
  readonly freeReason?: string;
  /** What it may have cost upstream although nothing was charged: it was sent and lost. */
  readonly exposureMicroCredits?: number;
}

/** A late correction of what was booked for an attempt. */
export interface CorrectionView {
  readonly atMs: number;
  readonly attemptId: string;
  readonly basis: 'usage' | 'refund';
  /** What it added to the cost and to what was drawn; negative where something came back. */
  readonly costMicroCredits: number;
  readonly drawnMicroCredits: number;
  readonly reason: string;
}

/** Everything known about one request. `charge` and `decision` are those of its last attempt. */
export interface ExplainResult {
  readonly id: string;
  readonly receivedAtMs: number;
  readonly workspaceId: string;
  readonly workspaceLabel: string;
  readonly client: string;
  readonly threadId?: string;
  /** The git branch of the workspace's folder, the command that it came from and the file that it is about, where they are known. */
  readonly branch?: string;
  readonly command?: string;
  readonly file?: string;
  readonly model: string;
  readonly waitedMs: number;
  readonly decision: DecisionRecord;
  readonly attempts: readonly AttemptView[];
  readonly charge: ChargeView | null;
  /** Late corrections, in the order in which they were made. */
  readonly corrections: readonly CorrectionView[];
  readonly entries: readonly EntryView[];
  /** The same, told as sentences. */
  readonly story: readonly string[];
  /** What was noted at its end, as sentences; `null` where nothing was, absent from brokers that did not tell. */
  readonly notice?: string | null;
}

/** Result of an audit; exit code 0 when `ok`, 2 when not. */
export interface AuditResult extends AuditFindings {
  readonly ok: boolean;
  readonly requests: number;
  /** Which notes outside of the ledger it was compared with. */
  readonly anchors: AnchorsRead;
}

/** Where the ledger's chains were noted outside of it. `silent`: the keychain refused or gave no answer; `not-asked`: there is none, or it was left alone. */
export interface AnchorsRead {
  readonly file: 'noted' | 'nothing';
  readonly keychain: 'noted' | 'nothing' | 'silent' | 'not-asked';
}

/** A decision about a request that was not sent, with what it would probably take. */
export interface DryRunResult {
  readonly decision: DecisionRecord;
  readonly model: string;
  readonly estimate: { readonly inputTokens: number; readonly holdInputTokens: number; readonly outputTokens: number; readonly likelyOutputTokens: number };
  /** What would be held for it, and what it will most likely cost; absent for a model without a price. */
  readonly holdMicroCredits?: number;
  readonly likelyMicroCredits?: number;
  readonly price?: ModelPrice;
  readonly story: readonly string[];
}

/** A page of the export: flat rows with the same columns in each. `next` is where the following page begins; absent at the end. */
export interface ExportPage {
  /** Names of the columns in their order, also where there are no rows. */
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string | number | null>>[];
  readonly next?: number;
}

/** The ledger's vital facts. */
export interface HealthResult {
  readonly schemaVersion: number;
  readonly sqliteVersion: string;
  readonly bytes: number;
  readonly usageEvents: number;
  readonly entries: number;
  readonly openHolds: number;
  /** When the ledger was last proven and kept as a checkpoint. */
  readonly checkpointAtMs?: number;
  /** Time of the newest row. */
  readonly newestAtMs?: number;
}

/** `credits list`. */
export interface CreditsListResult extends BalanceView {}

/** Results of each call, by its name. */
export interface ControlResults {
  status: Snapshot;
  token: TokenResult;
  creditsAdd: CreditsAddResult;
  creditsList: CreditsListResult;
  consent: { readonly answer: 'allow' | 'deny' | 'ask' };
  /** `answered` is false when no request waits with that question any more; then nothing was kept. */
  answer: { readonly answered: boolean };
  unpricedSet: { readonly answer: 'allow' | 'deny' | 'ask' };
  budgets: { readonly budgets: readonly BudgetView[] };
  budgetSet: { readonly exists: boolean };
  budgetRemove: { readonly removed: boolean };
  allowanceSet: { readonly exists: boolean };
  allowanceRemove: { readonly removed: boolean };
  autoTopUpSet: { readonly exists: boolean };
  voucherTrust: { readonly issuer: VoucherIssuer };
  voucherDistrust: { readonly removed: boolean };
  /** `issuer`: how the person calls whoever signed it. */
  voucherRedeem: { readonly grant: GrantView; readonly issuer: string; readonly balance: BalanceView };
  policySet: { readonly exists: boolean };
  /** By how much the balance moved; `exists` when the key was known. */
  correct: { readonly exists: boolean; readonly changedMicroCredits: number; readonly balance: BalanceView };
  dryRun: DryRunResult;
  backup: { readonly path: string; readonly bytes: number };
  export: ExportPage;
  /** `heldBodyBytes`: request bodies that wait or are being sent. */
  health: HealthResult & { readonly heldBodyBytes: number };
  usage: UsageResult;
  insights: InsightsResult;
  history: HistoryResult;
  workspaceUsage: { readonly rows: readonly UsageRow[] };
  cacheSaving: { readonly savedMicroCredits: number; readonly cachedInputTokens: number };
  sent: { readonly rows: readonly SentRow[] };
  stored: Stored;
  entryPage: EntryPage;
  happenings: HappeningPage;
  /** Null where there is no such budget, or its period has no end. */
  course: { readonly course: Course | null };
  explain: ExplainResult;
  explainImported: ImportedView;
  importUsage: ImportResult;
  audit: AuditResult;
  /** `stored`: kept in the system keychain too, so that it survives the broker. */
  setApiKey: { readonly stored: boolean; readonly notice?: string };
  forgetApiKey: { readonly forgotten: boolean };
  cancel: { readonly cancelled: boolean };
  /** `changed` is false when the request does not wait in line. */
  setPriority: { readonly changed: boolean };
  /** Tasks that the runaway guard slowed down or stopped go on. */
  release: { readonly released: boolean };
  shutdown: { readonly stopping: boolean };
}

/** The calls as functions: what the broker implements and a window or command uses. */
export type ControlApi = {
  readonly [M in ControlMethod]: (args: ControlArguments<M>) => Promise<ControlResults[M]>;
};

/** How a call over the live WebSocket ends: an expected failure is an answer too. */
export type CallOutcome<T = ControlResults[ControlMethod]> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** What the broker calls in a window, over the live WebSocket. */
export interface WindowApi {
  /** The newest snapshot; a window that is busy misses some and paints the last. */
  snapshot(snapshot: Snapshot): void;
}

/**
 * Contents of `broker.json` in the data folder: where the running broker is. A hint, never an
 * authority: a reader sends a nonce to `GET /healthz?nonce=N` and believes the file only when
 * `proof` is HMAC-SHA256(control token, nonce) in hex.
 */
export const brokerAddress = z.object({
  url: z.url(),
  pid: z.number().int().positive(),
  version: z.string(),
  protocol: z.number().int(),
  mode: z.enum(['live', 'practice']),
});
/** See `brokerAddress`. */
export type BrokerAddress = z.infer<typeof brokerAddress>;

/** Answer of `GET /healthz`. `proof` is there when a nonce was sent. */
export interface Health {
  readonly ok: true;
  readonly version: string;
  readonly protocol: number;
  readonly proof?: string;
}

/** First line of `codex-broker serve` on standard output. */
export interface ReadyEvent {
  readonly event: 'ready';
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly mode: 'live' | 'practice';
}

/** Name of the file that holds the control token (mode 0600) in the data folder. */
export const controlTokenFile = 'control.token';
/** Name of the address file in the data folder. */
export const brokerAddressFile = 'broker.json';

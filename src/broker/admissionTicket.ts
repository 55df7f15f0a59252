// The shapes of admission: what a request brings, what it is given, and what is kept of it while it
// waits or runs.
import type { EstimateBasis } from '../domain/estimateBasis.ts';
import type { TokenEstimate } from '../domain/estimator.ts';
import type { Priority } from '../domain/fairQueue.ts';
import type { StopAt } from '../domain/budgets.ts';
import type { Answered, FallbackTaken, QuestionKind } from '../domain/decisionRecord.ts';
import type { FallbackOffer } from '../domain/fallbackOffer.ts';
import type { ModelPrice, PriceTier } from '../domain/pricing.ts';
import type { Problem } from '../domain/problem.ts';
import type { Because } from '../domain/say.ts';
import type { Runaway } from '../domain/runawayGuard.ts';
import type { StepPrints } from '../protocol/stepPrint.ts';
import type { RequestFacts } from './store/ledgerCommands.ts';

/** The plan of a client's own ChatGPT sign-in, on which a request goes; what is known of it changes while the request waits. */
export interface PlanCover {
  /** Name of the account for people and for lines: no secret, and not the account's id. */
  readonly account: string;
  /** Why it pays for the request now, as a sentence. */
  readonly because: () => Because;
  /** Why it is known not to, for a model: a window is used up, and that was told only just now. */
  readonly ended: (model?: string) => Problem | undefined;
}

/** A request that wants to be sent. */
export interface AdmissionRequest {
  readonly facts: Omit<RequestFacts, 'branch'>;
  /** The git branch of its workspace's folder when it came. Its place in the line does not wait for that. */
  readonly branch?: Promise<string | undefined>;
  readonly workspaceLabel: string;
  readonly priority: Priority;
  readonly estimate: TokenEstimate;
  readonly price?: ModelPrice;
  readonly estimateMicroCredits?: number;
  /** What to go by where the model has no price and the policy is a ceiling price. */
  readonly ceiling?: { readonly price: ModelPrice; readonly estimateMicroCredits: number };
  /** What the estimate rests on; what the attempt then uses is learned by it. */
  readonly basis?: EstimateBasis;
  /** What the upstream probably takes of its limit when the request comes; absent where that is the whole estimate. */
  readonly countedTokens?: number;
  /** Images that it brings along, where there are any. */
  readonly images?: number;
  /** Images that it demands to be made, where it does. */
  readonly madeImages?: number;
  /** What the client asked for; what a crash leaves behind is charged by it. */
  readonly tier: PriceTier;
  /** It only prepares the conversation: nothing is generated, and nothing is held for it. */
  readonly isPrewarm?: true;
  /** Absent where credits pay. */
  readonly plan?: PlanCover;
  /** What it adds to its task, for the runaway guard. */
  readonly prints?: StepPrints;
  /** How long the client bears to wait for a first byte. */
  readonly patienceMs: number;
  /** Another model that may answer where it would be refused. */
  readonly fallback?: FallbackOffer & { readonly price: ModelPrice };
}

/** Permission to run one attempt; ends exactly once, by `finished`, `throttled` or `cancel` of its request. */
export interface Lease {
  readonly attemptId: string;
  readonly number: number;
  readonly waitedMs: number;
  readonly holdMicroCredits: number;
  /** Where the attempt is stopped although it was admitted. */
  readonly stops: readonly StopAt[];
  /** The fallback that answers instead of the model asked for. */
  readonly fallback?: FallbackTaken;
}

/** The answer to a request. */
export type Admitted = { readonly lease: Lease } | { readonly refused: Problem };

/** A request that waits or runs, for the snapshot and for cancelling. */
export interface LiveRequest {
  readonly request: AdmissionRequest;
  readonly state: 'waiting' | 'parked' | 'running';
  readonly sinceMs: number;
  readonly holdMicroCredits: number;
  /** Parked: what for, and until when. */
  readonly parked?: Parked;
  /** Running: the model that answers instead of the one asked for. */
  readonly fallback?: string;
}

/** Why a request is neither in line nor running: it waits for credits that running requests hold, for an answer, or because its task is slowed down. */
export interface Parked extends Because {
  readonly for: 'credits' | 'slow' | QuestionKind;
  readonly sinceMs: number;
  readonly endsAtMs: number;
}

/** A request between its arrival and its end. */
export interface Ticket {
  readonly request: AdmissionRequest;
  state: 'waiting' | 'deciding' | 'parked' | 'running';
  parked: Parked | undefined;
  parkedSinceMs: number | undefined;
  /** When it first waited for an answer, by the monotonic clock, and how that ended. */
  askedAtMonotonicMs: number | undefined;
  answered: Answered | undefined;
  /** A person let this one request through without a price. */
  unpricedAllowed: boolean;
  /** What the runaway guard found when it came. */
  runaway: Runaway | undefined;
  attempts: number;
  sinceMs: number;
  readonly submittedAtMonotonicMs: number;
  waitedMs: number;
  /** How much of that it stood in the line, since its last attempt was decided. */
  inLineMs: number;
  waitReason: Because | undefined;
  holdMicroCredits: number;
  started: ((why: 'start' | Problem) => void) | undefined;
  cancelRunning: ((why: Problem) => void) | undefined;
  /** Why a person stopped it or its client left before an attempt of it could be ended: it takes no place any more, and an attempt that begins is ended. */
  stopped: Problem | undefined;
  stopTimer: () => void;
  /** The model that answers instead of the one asked for. */
  fallback: string | undefined;
}

/** A ticket for a request that has just come. */
export function newTicket(request: AdmissionRequest, nowMs: number, monotonicMs: number): Ticket {
  return {
    request, state: 'waiting', attempts: 0, sinceMs: nowMs, submittedAtMonotonicMs: monotonicMs, waitedMs: 0, inLineMs: 0, waitReason: undefined, holdMicroCredits: 0,
    started: undefined, cancelRunning: undefined, stopped: undefined, stopTimer: () => undefined,
    parked: undefined, parkedSinceMs: undefined, askedAtMonotonicMs: undefined, answered: undefined, unpricedAllowed: false, runaway: undefined, fallback: undefined,
  };
}

/** A ticket for an answer that runs since an earlier life of the broker. @param stop ends it when a person cancels the request */
export function resumedTicket(request: AdmissionRequest, { number, waitedMs, holdMicroCredits }: Lease, startedAtMs: number, stop: (why: Problem) => void): Ticket {
  return { ...newTicket(request, startedAtMs, 0), state: 'running', attempts: number, waitedMs, holdMicroCredits, cancelRunning: stop };
}

/** A ticket as others see it. */
export function liveRequest({ request, state, sinceMs, holdMicroCredits, parked, fallback }: Ticket): LiveRequest {
  return { request, state: state === 'deciding' ? 'running' : state, sinceMs, holdMicroCredits, ...(parked ? { parked } : {}), ...(fallback === undefined ? {} : { fallback }) };
}

// The shapes of admission: what a request brings, what it is given, and what is kept of it while it
// waits or runs. Shapes only.
import type { EstimateBasis } from '../domain/estimateBasis.ts';
import type { TokenEstimate } from '../domain/estimator.ts';
import type { Priority } from '../domain/fairQueue.ts';
import type { ModelPrice, PriceTier } from '../domain/pricing.ts';
import type { Problem } from '../domain/problem.ts';
import type { RequestFacts } from './store/ledgerPort.ts';

/** A request that wants to be sent. */
export interface AdmissionRequest {
  readonly facts: RequestFacts;
  readonly workspaceLabel: string;
  readonly priority: Priority;
  readonly estimate: TokenEstimate;
  /** What the estimate rests on; what the attempt then uses is learned by it. */
  readonly basis?: EstimateBasis;
  readonly price?: ModelPrice;
  readonly estimateMicroCredits?: number;
  /** What the client asked for; what a crash leaves behind is charged by it. */
  readonly tier: PriceTier;
  /** How long the client bears to wait for a first byte. */
  readonly patienceMs: number;
}

/** Permission to run one attempt; ends exactly once, by `finished`, `throttled` or `cancel` of its request. */
export interface Lease {
  readonly attemptId: string;
  readonly number: number;
  readonly waitedMs: number;
  readonly holdMicroCredits: number;
}

/** The answer to a request. */
export type Admitted = { readonly lease: Lease } | { readonly refused: Problem };

/** A request that waits or runs, for the snapshot and for cancelling. */
export interface LiveRequest {
  readonly request: AdmissionRequest;
  readonly state: 'waiting' | 'running';
  readonly sinceMs: number;
  readonly holdMicroCredits: number;
}

/** A request between its arrival and its end. */
export interface Ticket {
  readonly request: AdmissionRequest;
  state: 'waiting' | 'deciding' | 'running';
  attempts: number;
  sinceMs: number;
  readonly submittedAtMonotonicMs: number;
  waitedMs: number;
  waitReason: string | undefined;
  holdMicroCredits: number;
  started: ((why: 'start' | Problem) => void) | undefined;
  cancelRunning: ((why: Problem) => void) | undefined;
  /** Why a person stopped it while its hold was being written; told as soon as the attempt can be ended. */
  stopped: Problem | undefined;
  stopTimer: () => void;
}

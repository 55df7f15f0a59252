// The shapes of a decision: each layer's verdict, what it draws from, and what would have to change.
// Kept with its request for ever, refused and free ones too. Shapes only.
import type { BudgetVerdict, StopAt } from './budgets.ts';
import type { Slice } from './grants.ts';
import type { Because, Said } from './say.ts';

/** Layers in the order in which they are asked. */
export type Layer = 'safety' | 'budgets' | 'limits' | 'included' | 'promotional' | 'purchased' | 'consent' | 'fallback' | 'wait';

/** One layer's part in a decision, with the verdict as a sentence. */
export interface LayerVerdict extends Because {
  readonly layer: Layer;
  readonly verdict: 'passed' | 'warned' | 'took' | 'waited' | 'asked' | 'ended' | 'skipped';
  readonly microCredits?: number;
}

/** What a person may be asked while a request waits. */
export type QuestionKind = 'consent' | 'unpriced' | 'runaway';

/** How a question was answered before the decision was made. */
export interface Answered {
  readonly kind: QuestionKind;
  /** How long the request waited for the answer. */
  readonly afterMs: number;
  /** The answer as people gave it; absent when nobody did in time. */
  readonly answer?: string;
}

/** The record of a decision: why a request was admitted or refused, and what it draws from. */
export interface DecisionRecord {
  /** `wait` and `ask` are answers for now: such a request is decided again, and only then recorded. */
  readonly outcome: 'admit' | 'refuse' | 'wait' | 'ask';
  readonly layers: readonly LayerVerdict[];
  readonly slices: readonly Slice[];
  readonly holdMicroCredits: number;
  /** Set where the balance is tracked although nothing is reserved (a model that is free, or let through without a price): what it costs after all is drawn. */
  readonly tracked?: true;
  /** Set where something else than credits pays: the plan of the client's own ChatGPT sign-in. Nothing is reserved, and nothing that it uses is charged. */
  readonly coveredBy?: 'plan';
  /** The budgets that it was measured by; left out where there are none. */
  readonly budgets?: readonly BudgetVerdict[];
  /** Where a running attempt is stopped although it was admitted. */
  readonly stops?: readonly StopAt[];
  readonly code?: string;
  readonly message?: string;
  readonly remedy?: string;
  /** What `message` and `remedy` were made of, for other languages; absent where no values stand in them. */
  readonly said?: Said;
  readonly remedySaid?: Said;
  /** What would have to change for it to be admitted, as sentences. */
  readonly toChange?: readonly string[];
  /** What those were made of, in the same order; absent where no values stand in any of them. */
  readonly toChangeSaid?: readonly Said[];
  /** When that changes by itself. */
  readonly retryAtMs?: number;
  /** What has to be answered first. */
  readonly question?: QuestionKind;
  readonly answered?: Answered;
  /** How long it stood in the line for limits since the request's last attempt, or since it came; absent where that was no time, and in older records. */
  readonly inLineMs?: number;
  /** The model that answers instead of the one asked for, where, and what would have ended the walk without it. */
  readonly fallback?: FallbackTaken;
}

/** Another model that answers, and the refusal that it answers for, as a sentence. */
export interface FallbackTaken {
  readonly model: string;
  /** Host and port, for people. */
  readonly at: string;
  readonly cause: 'balance' | 'window' | 'unreachable';
  readonly code: string;
  readonly because: string;
  /** What the refusal's whole sentence was made of, also that nothing was sent; absent in older records. */
  readonly said?: Said;
}

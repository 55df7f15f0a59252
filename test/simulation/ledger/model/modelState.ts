// What the second mind keeps in mind: every grant, attempt, use and directive as plain facts. Records are
// never changed, only replaced, so that a copy of the state costs little. Shapes and copying only.
import type { Directive } from '../../../../src/domain/directives.ts';
import type { GrantKind } from '../../../../src/domain/grants.ts';
import type { ModelPrice, PriceTier } from '../../../../src/domain/pricing.ts';
import type { TokenUsage } from '../../../../src/domain/tokenUsage.ts';
import type { ImportedUse, ReserveCommand } from '../../../../src/broker/store/ledgerCommands.ts';

/** A grant: what it is for, what is left of it and what is reserved of that. */
export interface ModelGrant {
  readonly id: string;
  readonly kind: GrantKind;
  /** What a person chose, as text: the same key with another choice is a conflict. */
  readonly chosen: string;
  readonly priority: number;
  readonly createdAtMs: number;
  readonly startsAtMs?: number;
  readonly expiresAtMs?: number;
  readonly models?: readonly string[];
  readonly workspaces?: readonly string[];
  readonly left: number;
  readonly held: number;
  /** What was taken of it for attempts and for what was owed, less what was given back. */
  readonly spent: number;
  /** What expired of it and has not come back, expiry by expiry. */
  readonly expired: readonly number[];
  readonly voided?: 'undone' | 'disputed';
}

/** A part of a hold. */
export interface ModelSlice { readonly grantId: string; readonly amount: number }

/** An answer to "may it go on", in the shape in which real decisions are told too. */
export interface Verdict {
  readonly outcome: 'admit' | 'refuse' | 'wait' | 'ask';
  readonly code?: string | undefined;
  readonly question?: string | undefined;
  readonly hold: number;
  readonly slices: readonly (readonly [string, number])[];
  /** Who pays instead of credits: a plan, or a fallback for a cause and the refusal that it answers for. */
  readonly payer?: string | undefined;
  /** Budget, key, used, reserved, wanted, verdict. */
  readonly budgets?: readonly (readonly [string, string, number, number, number, string, number | undefined])[] | undefined;
  readonly stops?: readonly (readonly [string, string, number])[] | undefined;
  readonly retryAtMs?: number | undefined;
}

/** How an attempt ended and what was corrected of it since. */
export interface ModelEnd {
  /** As first answered. */
  readonly cost?: number;
  readonly drawn: number;
  readonly price?: ModelPrice;
  readonly tier: 'standard' | 'fast' | 'flex';
  /** With every correction so far. */
  readonly costNow: number;
  readonly refunded: number;
  readonly uncovered: number;
  readonly usage: TokenUsage;
  /** What each grant has given for it, in the order in which they came up. */
  readonly drawnFrom: ReadonlyMap<string, number>;
}

/** An attempt that was decided for good. */
export interface ModelAttempt {
  readonly facts: ReserveCommand;
  readonly verdict: Verdict;
  readonly slices: readonly ModelSlice[];
  /** Whether credits were tracked when it was decided, so that it draws what it costs. */
  readonly tracked: boolean;
  /** Another model that answers, by its user's own prices. */
  readonly fallback?: string;
  /** A plan pays. */
  readonly covered: boolean;
  readonly tier: PriceTier;
  readonly price?: ModelPrice;
  readonly estimate?: number;
  readonly open: boolean;
  readonly begun: boolean;
  /** The id of its response: as it began, and as it ended. */
  readonly begunAs?: string;
  readonly endedAs?: string;
  readonly end?: ModelEnd;
}

/** One thing that was used, refused or corrected, for budgets and reports. */
export interface ModelUse {
  readonly attemptId: string;
  readonly requestId: string;
  readonly atMs: number;
  readonly workspaceId: string;
  readonly client: string;
  readonly threadId?: string | undefined;
  readonly requestKind?: string | undefined;
  readonly branch?: string | undefined;
  readonly command?: string | undefined;
  readonly file?: string | undefined;
  readonly asked: string;
  readonly served: string;
  readonly usage: TokenUsage;
  readonly cost?: number | undefined;
  readonly measured: boolean;
  readonly isCorrection: boolean;
  /** A plan paid. */
  readonly covered?: boolean;
  readonly estimate?: { readonly input: number; readonly output: number; readonly microCredits?: number | undefined } | undefined;
}

/** Rows of each chain. */
export interface RowCounts { usage: number; charges: number; entries: number; directives: number; imports: number }

/** Everything. */
export interface ModelState {
  readonly grants: Map<string, ModelGrant>;
  /** Which grant a key made. */
  readonly grantKeys: Map<string, string>;
  /** What each addition of the automatic top-up came to. */
  readonly topUpAmounts: Map<string, number>;
  readonly attempts: Map<string, ModelAttempt>;
  readonly uses: ModelUse[];
  /** The newest directive of each kind and subject, in the order in which the subjects came up. */
  readonly directives: Map<string, Directive>;
  /** What each key of a directive or correction was used for. */
  readonly keys: Map<string, string>;
  /** The price that each model was last seen with, as text. */
  readonly prices: Map<string, string>;
  readonly pricesSeen: Map<string, number>;
  /** Responses that went around the broker, by their keys. */
  readonly imports: Map<string, { readonly use: ImportedUse; readonly cost?: number }>;
  readonly limitsNoted: Map<string, number>;
  readonly workspaces: Map<string, { readonly label: string; readonly tokenHash: string }>;
  readonly rows: RowCounts;
  owed: number;
  exposure: number;
  overshot: number;
  /** What left the balance without being used. */
  expired: number;
  voided: number;
  paid: number;
  /** Remarkable things that happened, for the counters of a run. */
  notes: string[];
}

/** Nothing yet. */
export function newState(): ModelState {
  return {
    grants: new Map(), grantKeys: new Map(), topUpAmounts: new Map(), attempts: new Map(), uses: [], directives: new Map(), keys: new Map(), prices: new Map(), pricesSeen: new Map(), imports: new Map(), limitsNoted: new Map(), workspaces: new Map(),
    rows: { usage: 0, charges: 0, entries: 0, directives: 0, imports: 0 }, owed: 0, exposure: 0, overshot: 0, expired: 0, voided: 0, paid: 0, notes: [],
  };
}

/** A copy that goes its own way. */
export function copyState(state: ModelState): ModelState {
  return {
    ...state, grants: new Map(state.grants), grantKeys: new Map(state.grantKeys), topUpAmounts: new Map(state.topUpAmounts), attempts: new Map(state.attempts), uses: [...state.uses], directives: new Map(state.directives),
    keys: new Map(state.keys), prices: new Map(state.prices), pricesSeen: new Map(state.pricesSeen), imports: new Map(state.imports), limitsNoted: new Map(state.limitsNoted), workspaces: new Map(state.workspaces), rows: { ...state.rows }, notes: [],
  };
}

/** What is left of a grant and not reserved. */
export function freeOf(grant: ModelGrant): number {
  return grant.left - grant.held;
}

/** Moves a grant: what is left, what is reserved, and what counts as spent. */
export function moveGrant(state: ModelState, grantId: string, by: { readonly left?: number; readonly held?: number; readonly spent?: number }): ModelGrant {
  const grant = state.grants.get(grantId);
  if (!grant) throw new Error(`the model knows no grant ${grantId}`);
  const moved = { ...grant, left: grant.left + (by.left ?? 0), held: grant.held + (by.held ?? 0), spent: grant.spent + (by.spent ?? 0) };
  state.grants.set(grantId, moved);
  return moved;
}

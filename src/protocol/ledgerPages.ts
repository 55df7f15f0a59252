// What the dashboard is told of the ledger's rows, page by page: balance entries with whose they were, and what
// people and rules did to credits, budgets, prices and limits. Shapes only.
import type { Directive } from '../domain/directives.ts';
import type { GrantKind } from '../domain/grants.ts';
import type { GrantSource } from '../domain/grantSource.ts';
import type { AnnouncedLimit } from '../domain/limitWatch.ts';
import type { ModelPrice } from '../domain/pricing.ts';
import type { EntryView } from './snapshot.ts';

/** Which entries a page lists: those that move a balance, holds and their return too, grants alone, or corrections alone. */
export const entryKinds = ['moves', 'all', 'grants', 'corrections'] as const;
/** See `entryKinds`. */
export type EntryFilter = (typeof entryKinds)[number];

/** Rows of one page at the most. */
export const pageRowsMax = 100;

/** A balance entry with what is known of its request and its grant. */
export interface LedgerRow extends EntryView {
  readonly workspaceId?: string;
  readonly workspaceLabel?: string;
  readonly client?: string;
  readonly model?: string;
  readonly grantKind?: GrantKind;
  readonly note?: string;
  /** The allowance that the grant came from. */
  readonly allowanceId?: string;
  /** Where the grant came from, where neither a person nor an allowance added it. */
  readonly source?: GrantSource;
}

/** A page of entries, newest first. `next` is the sequence that the following page lies before; absent at the end. */
export interface EntryPage {
  readonly rows: readonly LedgerRow[];
  readonly next?: number;
}

/** What happenings are about. */
export const happeningKinds = ['all', 'credits', 'rules', 'prices', 'limits', 'corrections'] as const;
/** See `happeningKinds`. */
export type HappeningFilter = (typeof happeningKinds)[number];

/** A directive that is told among them: where requests are sent is a fact for reports alone. */
export type HappeningDirective = Exclude<Directive, { readonly kind: 'upstream' }>;

/** Something that was done to credits or rules, other than by a request. */
export type Happening =
  | { readonly from: 'entry'; readonly atMs: number; readonly sequence: number; readonly row: LedgerRow }
  | {
    readonly from: 'directive'; readonly atMs: number; readonly sequence: number; readonly directive: HappeningDirective;
    /** Of a price: the one before it. */
    readonly before?: ModelPrice;
    /** Of limits: those before them. */
    readonly limitsBefore?: readonly AnnouncedLimit[];
    /** Of a workspace's permission: its name. */
    readonly workspaceLabel?: string;
  };

/** Where a page of happenings ended: the following one lies before it. */
export interface HappeningPlace { readonly atMs: number; readonly from: Happening['from']; readonly sequence: number }

/** A page of happenings, newest first. */
export interface HappeningPage {
  readonly rows: readonly Happening[];
  readonly next?: HappeningPlace;
}

/** How what was left of a budget, or the balance, went over its period. Amounts in microcredits, or tokens where the budget counts them. */
export interface Course {
  readonly unit: 'credits' | 'tokens';
  readonly fromMs: number;
  /** The end of the period; what lies behind now is not known yet. */
  readonly untilMs: number;
  /** What even use would leave: from the first amount at the beginning to the second at the end; absent where nothing says what is ideal. */
  readonly ideal?: { readonly atStart: number; readonly atEnd: number };
  /** What was left at moments, oldest first, the last of them now. */
  readonly left: readonly { readonly atMs: number; readonly amount: number }[];
}

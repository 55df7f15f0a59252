// Messages between the dashboard page and its extension, over `postMessage`. Both sides check
// what they receive: the page is painted from plain data, the extension trusts nothing.
import * as z from 'zod/mini';
import type { CreditsAddResult, ExplainResult } from './control.ts';
import { pageChange } from './dashboardChanges.ts';
import { pageQuestion, pageSaving } from './dashboardQuestions.ts';
import type { QuestionAnswer, SaveResult } from './dashboardQuestions.ts';
import type { Problem } from '../domain/problem.ts';
import type { MeterFace } from './meterState.ts';
import type { Snapshot } from './snapshot.ts';

/** What the page asks of the extension. `id` pairs an answer with its question. */
export const pageMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({
    type: z.literal('topUp'), id: z.int(),
    amountMicroCredits: z.int().check(z.positive()),
    /** Made by the page once per form, so that a double click makes one grant. */
    key: z.string().check(z.minLength(8), z.maxLength(200)),
    scope: z.enum(['everywhere', 'workspace']),
  }),
  /** Lets this window's workspace use purchased credits; the person confirms it outside the page. */
  z.object({ type: z.literal('allow'), id: z.int() }),
  z.object({ type: z.literal('change'), id: z.int(), change: pageChange }),
  z.object({ type: z.literal('explain'), id: z.int(), requestId: z.string().check(z.maxLength(200)) }),
  z.object({ type: z.literal('cancel'), id: z.int(), requestId: z.string().check(z.maxLength(200)) }),
  z.object({ type: z.literal('ask'), id: z.int(), question: pageQuestion }),
  /** Nobody looks at the answer any more. */
  z.object({ type: z.literal('drop'), about: z.enum(['history', 'saving', 'entries', 'happenings', 'course', 'insights']) }),
  pageSaving,
  z.object({ type: z.literal('run'), command: z.enum(['setApiKey', 'startPracticeMode', 'leavePracticeMode', 'openMeteredTerminal', 'showLog', 'startBroker', 'openSettings', 'openDashboard', 'topUp', 'showBudgets', 'answerQuestion', 'routeCodex']) }),
]);
/** See `pageMessage`. */
export type PageMessage = z.infer<typeof pageMessage>;

/** What the extension knows about its connection, for the states that no snapshot can tell. */
export interface LinkState {
  readonly state: 'connecting' | 'connected' | 'down';
  /** Why it is down and what to do. */
  readonly problem?: Problem;
  /** Attempt number while connecting again. */
  readonly attempt?: number;
}

/** What the extension sends to the page. */
export type ExtensionMessage =
  | {
    readonly type: 'state';
    readonly link: LinkState;
    /** Newest snapshot, kept while the link is down; absent before the first. */
    readonly snapshot?: Snapshot;
    readonly meter: MeterFace;
    /** This window's workspace, for highlighting and for the scope of a top-up. */
    readonly workspaceId?: string;
    readonly workspaceLabel?: string;
    /** `left` or `used`: one setting for every surface. */
    readonly show: 'left' | 'used';
    readonly locale: string;
    /** Credits that this window added and may still take back, and for how long. */
    readonly undo?: { readonly grantId: string; readonly leftMs: number };
    /** Where broker and ledger are, in a remote window. */
    readonly host?: string;
    /** Prices that changed up to then were seen by the person. */
    readonly pricesSeenAtMs?: number;
  }
  | QuestionAnswer
  | SaveResult
  | { readonly type: 'openTopUp' }
  /** Shows the budgets, or the form that changes one of them. */
  | { readonly type: 'openBudgets'; readonly budgetId?: string }
  /** Explains a request beside the open page. */
  | { readonly type: 'openRequest'; readonly requestId: string }
  | { readonly type: 'topUpResult'; readonly id: number; readonly result?: CreditsAddResult; readonly problem?: Problem }
  | { readonly type: 'allowResult'; readonly id: number; readonly problem?: Problem }
  /** `movedMicroCredits`: by how much the balance moved, where it did. */
  | { readonly type: 'changeResult'; readonly id: number; readonly movedMicroCredits?: number; readonly problem?: Problem }
  | { readonly type: 'explainResult'; readonly id: number; readonly result?: ExplainResult; readonly problem?: Problem }
  | { readonly type: 'cancelResult'; readonly id: number; readonly cancelled: boolean; readonly problem?: Problem };

// What every part of the page is painted with, beside the snapshot: place, clock, taste, and what the
// buttons do. Parts are plain functions of this; none of them keeps state or talks to the extension.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Problem } from '../domain/problem.ts';
import { problemWords } from '../protocol/problemWords.ts';
import type { PageChange } from '../protocol/dashboardChanges.ts';
import { changeSubject } from '../protocol/changeSubject.ts';
import type { PageMessage } from '../protocol/dashboardMessages.ts';
import type { Moment } from './moving.ts';
import type { ConsentQuestion, Tab } from './pageState.ts';
import type { Place } from './timeText.ts';

/** A command that the extension runs for the page. */
export type RunCommand = Extract<PageMessage, { type: 'run' }>['command'];

/** What buttons and links do. */
export interface PageActions {
  addCredits(): void;
  /** Asks for this workspace's permission to use purchased credits. */
  allow(): void;
  /** Asks for a change, unless one about the same is under way. */
  change(change: PageChange): void;
  /** Opens the form for a budget, a new one where no id is given, or closes it. */
  openBudget(budgetId?: string): void;
  closeBudget(): void;
  run(command: RunCommand): void;
  explain(requestId: string, opener: EventTarget | null): void;
  closeExplanation(): void;
  cancel(requestId: string): void;
  openTab(tab: Tab): void;
  /** Keeps the open explanation as a receipt. */
  keepReceipt(to: 'file' | 'clipboard'): void;
}

/** What a part is painted with. Its moment is the broker's. */
export interface View extends Moment {
  readonly place: Place;
  readonly show: 'left' | 'used';
  /** The numbers are not live: the link is down or connecting again. */
  readonly stale: boolean;
  readonly practice: boolean;
  readonly workspaceId: string | undefined;
  readonly workspaceLabel: string | undefined;
  /** Requests whose cancellation is under way. */
  readonly cancelling: ReadonlySet<string>;
  /** Request whose explanation is open. */
  readonly explained: string | undefined;
  readonly consentQuestion: ConsentQuestion | undefined;
  /** Changes under way by their subjects, and why the newest ones were not made. */
  readonly changing: ReadonlyMap<string, PageChange>;
  readonly failures: ReadonlyMap<string, Problem>;
  /** Names of workspaces by id, as far as they are known. */
  readonly workspaceNames: ReadonlyMap<string, string>;
  /** Names of budgets by id. */
  readonly budgetNames: ReadonlyMap<string, string>;
  /** Credits that may still be taken back, and for how long. */
  readonly undo: { readonly grantId: string; readonly leftMs: number } | undefined;
  readonly pricesSeenAtMs: number;
  readonly act: PageActions;
}

/** Why a change was not made, as a line beside its button, or nothing. */
export function changeProblem(view: View, change: PageChange): TemplateResult | typeof nothing {
  const problem = view.failures.get(changeSubject(change));
  return problem === undefined ? nothing : html`<p role="status">${icon('info', 's')} ${prose(problemWords(problem))}</p>`;
}

/** Whether a change about the same is under way. */
export function isChanging(view: View, change: PageChange): boolean {
  return view.changing.has(changeSubject(change));
}

/** A link-like button that asks for a change; it waits while the change is under way. */
export function changeLink(view: View, change: PageChange, label: string, hook: string, spoken: string): TemplateResult {
  const busy = isChanging(view, change);
  return html`<button type="button" class="link" data-test=${hook} data-row-stop aria-label=${spoken} ?disabled=${busy || view.stale} @click=${() => view.act.change(change)}>${busy ? `${label}…` : label}</button>`;
}

/** A workspace's name, or its id where none is known. */
export function workspaceName(view: Pick<View, 'workspaceNames'>, workspaceId: string): string {
  return view.workspaceNames.get(workspaceId) ?? workspaceId;
}

/** A sentence in which `backticks` mark code, as remedies write commands. Its text stays text. */
export function prose(text: string): TemplateResult {
  const parts = text.split('`');
  // An odd mark at the end opens nothing; the whole is then shown as it is.
  return parts.length % 2 === 0 ? html`${text}` : html`${parts.map((part, index) => index % 2 === 1 ? html`<code>${part}</code>` : part)}`;
}

/** A codicon for the eyes only; the words beside it carry the meaning. */
export function icon(name: string, tone = ''): TemplateResult {
  return html`<i class="codicon codicon-${name} ${tone}" aria-hidden="true"></i>`;
}

// What every part of the page is painted with, beside the snapshot: place, clock, taste, and what the
// buttons do. Parts are plain functions of this; none of them keeps state or talks to the extension.
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageMessage } from '../protocol/dashboardMessages.ts';
import type { ConsentQuestion } from './pageState.ts';
import type { Place } from './timeText.ts';

/** A command that the extension runs for the page. */
export type RunCommand = Extract<PageMessage, { type: 'run' }>['command'];

/** What buttons and links do. */
export interface PageActions {
  addCredits(): void;
  /** Asks for this workspace's permission to use purchased credits. */
  allow(): void;
  run(command: RunCommand): void;
  explain(requestId: string, opener: EventTarget | null): void;
  closeExplanation(): void;
  cancel(requestId: string): void;
  openTab(tab: 'now' | 'ledger' | 'credits'): void;
}

/** What a part is painted with. */
export interface View {
  readonly place: Place;
  /** The broker's clock. */
  readonly nowMs: number;
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
  readonly act: PageActions;
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

// The `ledger-page` element: every balance entry, newest first and page by page, by kind, workspace, time and a searched
// text. It shows what the ledger holds; corrections are entries of their own.
import { html, LitElement, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatCredits } from '../domain/units.ts';
import { rangeDays } from '../protocol/history.ts';
import type { RangeDays } from '../protocol/history.ts';
import type { EntryFilter, EntryPage, LedgerRow } from '../protocol/ledgerPages.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { countText, signedCredits } from './amountText.ts';
import { kindName } from './balanceText.ts';
import { entriesTable, entryText } from './entryText.ts';
import { exportButtons } from './exportButtons.ts';
import { rangeWords } from './historyText.ts';
import { isOpen } from './pageQuestions.ts';
import type { Asking, Questions } from './pageQuestions.ts';
import { problemLine, workspaceSelect } from './pageControls.ts';
import { explainLink } from './recentTable.ts';
import { rowTime } from './timeText.ts';
import { icon } from './view.ts';
import type { View } from './view.ts';

interface Filter { readonly kind: EntryFilter; readonly search: string; readonly workspaceId?: string; readonly days?: RangeDays }

const kindTitles: Readonly<Record<EntryFilter, string>> = { moves: 'Charges and grants', all: 'All, holds too', grants: 'Grants and expiries', corrections: 'Corrections' };
/** Rows that are kept on the page; who wants to read on narrows the time or searches. */
const rowsMax = 1000;
/** After the ledger moved, the newest page is asked for again, but not more often than this. */
const askAgainMs = 2_000;

/** Properties: `shown`, `snapshot`, `view`, `questions` (with their answers) and `asking`. */
export class LedgerPage extends LitElement {
  static override properties = { shown: { type: Boolean }, snapshot: { attribute: false }, view: { attribute: false }, questions: { attribute: false }, asking: { attribute: false }, filter: { state: true } };

  declare shown: boolean;
  declare snapshot: Snapshot;
  declare view: View;
  declare questions: Questions;
  declare asking: Asking;
  declare filter: Filter;
  #rows: readonly LedgerRow[] = [];
  #next: number | undefined;
  #isKnown = false;
  #lastKey = '';
  #lastNewest = -1;
  #lastAtMs = 0;
  /** The question for rows behind those that are shown, where it is open. */
  #olderId: number | undefined;
  #takenId: number | undefined;

  constructor() {
    super();
    this.filter = { kind: 'moves', search: '' };
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Nobody sees a page that is not open. */
  protected override shouldUpdate(changed: PropertyValues): boolean {
    return this.shown || changed.has('shown');
  }

  protected override willUpdate(): void {
    this.#take();
    if (!this.shown || this.view.stale) {
      const isAwaited = isOpen(this.questions, 'entries');
      if (!this.shown && this.#lastKey !== '' && isAwaited) this.asking.drop('entries');
      // An answer that was lost, or was only a problem, is asked for anew.
      if (isAwaited || this.questions.answers.entries?.problem) this.#lastKey = '';
      return;
    }
    const key = JSON.stringify(this.filter);
    const newest = this.snapshot.entries[0]?.sequence ?? 0;
    const isOther = key !== this.#lastKey;
    // Who has read on to older rows is not brought back to the top by news.
    const isNews = newest !== this.#lastNewest && this.#olderId === undefined && this.#rows.length <= 50 && this.view.nowMs - this.#lastAtMs >= askAgainMs;
    if (!isOther && !isNews) return;
    this.#lastKey = key;
    this.#lastNewest = newest;
    this.#lastAtMs = this.view.nowMs;
    this.#olderId = undefined;
    this.#ask();
  }

  #ask(before?: number): number {
    const { kind, search, workspaceId, days } = this.filter;
    return this.asking.ask({
      about: 'entries', kind, ...(search.trim() === '' ? {} : { search: search.trim() }), ...(workspaceId === undefined ? {} : { workspaceId }), ...(days === undefined ? {} : { days }), ...(before === undefined ? {} : { before }),
    });
  }

  /** Takes a new answer in: older rows go behind those that are there, anything else replaces them. */
  #take(): void {
    const answer = this.questions.answers.entries;
    if (!answer?.result || answer.id === this.#takenId) return;
    this.#takenId = answer.id;
    const page: EntryPage = answer.result;
    this.#rows = answer.id === this.#olderId ? [...this.#rows, ...page.rows].slice(0, rowsMax) : page.rows;
    this.#next = page.next;
    this.#isKnown = true;
    this.#olderId = undefined;
  }

  #choose(change: { readonly [K in keyof Filter]?: Filter[K] | undefined }): void {
    const { workspaceId, days, ...rest } = { ...this.filter, ...change };
    this.filter = { kind: rest.kind ?? 'moves', search: rest.search ?? '', ...(workspaceId === undefined ? {} : { workspaceId }), ...(days === undefined ? {} : { days }) };
  }

  protected override render(): TemplateResult {
    const { view, filter } = this;
    const problem = this.questions.answers.entries?.problem;
    const isBusy = isOpen(this.questions, 'entries');
    const { locale } = view.place;
    return html`<section class="area" aria-labelledby="head-ledger" data-test="ledger"><header class="head tools"><h2 id="head-ledger" class="sr">Balance entries</h2>
        <input type="search" class="input wide search" data-test="ledger-search" aria-label="Search by request, workspace, client, model or note" placeholder="Request, workspace, model" maxlength="200" .value=${filter.search} @change=${(event: Event) => this.#choose({ search: (event.target as HTMLInputElement).value })}>
        <select class="input" aria-label="Entries to list" data-test="ledger-kind" @change=${(event: Event) => this.#choose({ kind: (event.target as HTMLSelectElement).value as EntryFilter })}>${Object.entries(kindTitles).map(([kind, title]) => html`<option value=${kind} ?selected=${kind === filter.kind}>${title}</option>`)}</select>
        ${workspaceSelect(view, filter.workspaceId, (workspaceId) => this.#choose({ workspaceId }))}
        <select class="input" aria-label="Time" data-test="ledger-days" @change=${(event: Event) => this.#choose({ days: rangeDays.find((days) => String(days) === (event.target as HTMLSelectElement).value) })}><option value="" ?selected=${filter.days === undefined}>All time</option>${rangeDays.map((days) => html`<option value=${days} ?selected=${days === filter.days}>${days === 1 ? 'Today' : `Last ${days} days`}</option>`)}</select>
        <span class="grow"></span>${this.#rows.length === 0 ? nothing : exportButtons(this.asking, ['Codex ledger', filter.kind], () => entriesTable(this.#rows, `Codex ledger: ${kindTitles[filter.kind].toLowerCase()}${filter.days === undefined ? '' : `, ${rangeWords(filter.days)}`}`, view.nowMs, view.place))}</header>
      ${problem ? problemLine(problem) : nothing}
      <div aria-busy=${isBusy ? 'true' : 'false'}>${this.#rows.length === 0 ? this.#empty(isBusy, problem !== undefined) : this.#table()}</div>
      ${this.#rows.length === 0 && this.#next === undefined ? nothing : html`<p class="row caption">${this.#next === undefined ? html`<span class="dim">${countText(this.#rows.length, locale)} ${this.#rows.length === 1 ? 'entry' : 'entries'}, all there are.</span>`
    : this.#rows.length >= rowsMax ? html`<span class="dim">${countText(rowsMax, locale)} entries are shown. A narrower time or a search leads further.</span>`
      : html`<button type="button" class="link" data-test="ledger-older" ?disabled=${view.stale || isBusy} @click=${() => { this.#olderId = this.#ask(this.#next); }}>${isBusy ? 'Reading…' : this.#rows.length === 0 ? 'Look further back' : 'Load older entries'}</button><span class="dim">newest first, in credits</span>`}</p>`}</section>`;
  }

  #empty(isBusy: boolean, hasFailed: boolean): TemplateResult | typeof nothing {
    if (hasFailed) return nothing;
    if (isBusy || !this.#isKnown) return html`<p class="dim empty" role="status">${this.view.stale ? 'The broker is not reachable, so that its ledger cannot be read now.' : 'Reading the ledger…'}</p>`;
    const { kind, search, workspaceId, days } = this.filter;
    if (search !== '' || workspaceId !== undefined || days !== undefined || kind !== 'moves') return html`<p class="dim empty">${this.#next === undefined ? 'No entry is like that.' : 'None of the newest entries is like that.'}</p>`;
    return html`<p class="dim empty">${this.snapshot.balance.tracked ? 'Nothing has moved the balance yet.' : html`The balance is not tracked: usage is counted, and nothing is drawn. The first top-up makes the first entry.
      <button type="button" class="link" @click=${this.view.act.addCredits}>Add credits…</button>`}</p>`;
  }

  #table(): TemplateResult {
    return html`<table class="stack ledger" data-rows aria-labelledby="head-ledger"><thead><tr><th scope="col">Time</th><th scope="col">What</th><th scope="col" class="hide-l hide-open">Request</th><th scope="col" class="hide-m hide-open">Model</th><th scope="col" class="hide-l hide-open">Drawn from</th><th scope="col" class="n">Credits</th><th scope="col" class="n">Balance after</th><th scope="col"><span class="sr">Explain</span></th></tr></thead>
      <tbody>${repeat(this.#rows, (row) => row.sequence, (row) => entryLine(row, this.view))}</tbody></table>`;
  }
}

function entryLine(row: LedgerRow, view: View): TemplateResult {
  const { locale } = view.place;
  const text = entryText(row);
  // A void of a hold gives credits free; a void of a grant takes them.
  const holds = row.kind === 'reserve' || row.kind === 'void' && row.requestId !== undefined;
  const chosen = row.requestId !== undefined && row.requestId === view.explained;
  return html`<tr class=${chosen ? 'chosen' : ''}><td class="dim nowrap time">${rowTime(row.atMs, view.nowMs, view.place)}</td>
    <td class="what ell">${icon(text.icon, 's')} ${text.title}${text.detail === undefined ? nothing : html` <span class="dim">· ${text.detail}</span>`}</td>
    <td class="hide-l hide-open mono dim ell id">${row.requestId ?? '—'}</td><td class="hide-m hide-open nowrap">${row.model ?? '—'}</td><td class="hide-l hide-open">${row.grantKind ? kindName(row.grantKind) : '—'}</td>
    <td class="n amount">${holds ? html`<span class="dim">${row.kind === 'reserve' ? 'held' : 'freed'} ${formatCredits(Math.abs(row.heldDeltaMicroCredits), 4, locale)}</span>` : signedCredits(row.amountMicroCredits, locale)}</td>
    <td class="n dim after">${formatCredits(row.balanceAfterMicroCredits, 4, locale)}</td>
    <td class="act">${row.requestId === undefined ? nothing : explainLink(row.requestId, view)}</td></tr>`;
}

// The `ledger-page` element: every balance entry, newest first and page by page, by kind, workspace, time and a searched
// text. It shows what the ledger holds; corrections are entries of their own.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatCredits } from '../domain/units.ts';
import { plural, t } from '../protocol/language.ts';
import { entryKinds } from '../protocol/ledgerPages.ts';
import type { EntryFilter, LedgerRow } from '../protocol/ledgerPages.ts';
import { countText, signedCredits } from './amountText.ts';
import { AskingPage } from './askingPage.ts';
import { kindName } from './balanceText.ts';
import { entriesTable, entryText } from './entryText.ts';
import { exportButtons } from './exportButtons.ts';
import { daysSelect, filterWords, listFilterOf } from './listFilter.ts';
import type { ListFilter } from './listFilter.ts';
import { isOpen } from './pageQuestions.ts';
import { workspaceSelect } from './pageControls.ts';
import { ReadRows } from './readRows.ts';
import { explainLink } from './recentTable.ts';
import { rowTime } from './timeText.ts';
import { icon } from './view.ts';
import type { View } from './view.ts';

interface Filter extends ListFilter { readonly kind: EntryFilter; readonly search: string }

/** After the ledger moved, the newest page is asked for again, but not more often than this. */
const askAgainMs = 2_000;

/** Properties: `shown`, `snapshot`, `view`, `questions` (with their answers) and `asking`. */
export class LedgerPage extends AskingPage {
  static override properties = { chosen: { state: true } };

  declare chosen: Filter | undefined;
  readonly #read = new ReadRows<LedgerRow, number>(1000);
  #lastKey = '';
  #lastNewest = -1;
  #lastAtMs = 0;

  /** What is listed; all but a search is as it was when the page was last shown. */
  get filter(): Filter {
    return this.chosen ?? { kind: kindOf(this.asking.loadChoice('ledger')), search: '', ...listFilterOf(this.asking.loadChoice('ledger')) };
  }

  protected override forgetAsked(): void {
    this.#lastKey = '';
  }

  protected override willUpdate(): void {
    this.chosen ??= this.filter;
    this.#read.take(this.questions.answers.entries);
    if (!this.shown || this.view.stale) {
      const isAwaited = isOpen(this.questions, 'entries');
      if (!this.shown && this.#lastKey !== '' && isAwaited) this.asking.drop('entries');
      // An answer that was lost, or was only a problem, is asked for anew.
      if (isAwaited || this.questions.answers.entries?.problem) this.forgetAsked();
      return;
    }
    const key = JSON.stringify(this.filter);
    const newest = this.snapshot.entries[0]?.sequence ?? 0;
    const isOther = key !== this.#lastKey;
    // Who has read on to older rows is not brought back to the top by news.
    const isNews = newest !== this.#lastNewest && this.#read.olderId === undefined && this.#read.rows.length <= 50 && this.view.nowMs - this.#lastAtMs >= askAgainMs;
    if (!isOther && !isNews) return;
    this.#lastKey = key;
    this.#lastNewest = newest;
    this.#lastAtMs = this.view.nowMs;
    this.#read.olderId = undefined;
    this.#ask();
  }

  #ask(before?: number): number {
    const { kind, search, workspaceId, days } = this.filter;
    return this.asking.ask({
      about: 'entries', kind, ...(search.trim() === '' ? {} : { search: search.trim() }), ...(workspaceId === undefined ? {} : { workspaceId }), ...(days === undefined ? {} : { days }), ...(before === undefined ? {} : { before }),
    });
  }

  #choose(change: { readonly [K in keyof Filter]?: Filter[K] | undefined }): void {
    const { workspaceId, days, ...rest } = { ...this.filter, ...change };
    const kept = { kind: rest.kind ?? 'moves', ...(workspaceId === undefined ? {} : { workspaceId }), ...(days === undefined ? {} : { days }) };
    this.chosen = { ...kept, search: rest.search ?? '' };
    this.asking.saveChoice('ledger', kept);
  }

  protected override render(): TemplateResult {
    const { view, filter } = this;
    const problem = this.questions.answers.entries?.problem;
    const isBusy = isOpen(this.questions, 'entries');
    const { rows } = this.#read;
    return html`<section class="area" aria-labelledby="head-ledger" data-test="ledger"><header class="head tools"><h2 id="head-ledger" class="sr">${t('Balance entries')}</h2>
        <input type="search" class="input wide search" data-test="ledger-search" aria-label=${t('Search by request, workspace, client, model or note')} placeholder=${t('Request, workspace, model')} maxlength="200" .value=${filter.search} @change=${(event: Event) => this.#choose({ search: (event.target as HTMLInputElement).value })}>
        <select class="input" aria-label=${t('Entries to list')} data-test="ledger-kind" @change=${(event: Event) => this.#choose({ kind: (event.target as HTMLSelectElement).value as EntryFilter })}>${entryKinds.map((kind) => html`<option value=${kind} ?selected=${kind === filter.kind}>${kindTitle(kind)}</option>`)}</select>
        ${workspaceSelect(view, filter.workspaceId, (workspaceId) => this.#choose({ workspaceId }))}
        ${daysSelect(filter.days, 'ledger-days', (days) => this.#choose({ days }))}
        <span class="grow"></span>${rows.length === 0 ? nothing : exportButtons(this.asking, ['Codex ledger', filter.kind], () => entriesTable(rows, [t('Codex ledger'), kindTitle(filter.kind), ...filterWords(filter, view)].join(' · '), view.nowMs, view.place))}</header>
      ${this.problemLine('entries')}
      <div aria-busy=${isBusy ? 'true' : 'false'}>${rows.length === 0 ? this.#empty(isBusy, problem !== undefined) : this.#table()}</div>
      ${this.#below(isBusy)}</section>`;
  }

  /** Whether there is more, and the way to it. */
  #below(isBusy: boolean): TemplateResult | typeof nothing {
    const { rows, rowsMax, next } = this.#read;
    const { place: { locale }, stale } = this.view;
    const count = countText(rows.length, locale);
    if (rows.length === 0 && next === undefined) return nothing;
    return html`<p class="row caption">${next === undefined ? html`<span class="dim">${plural(rows.length, '{1} entry, all there are.', '{1} entries, all there are.', count)}</span>`
    : rows.length >= rowsMax ? html`<span class="dim">${t('{0} entries are shown. A narrower time or a search leads further.', count)}</span>`
      : html`<button type="button" class="link" data-test="ledger-older" ?disabled=${stale || isBusy} @click=${() => { this.#read.olderId = this.#ask(next); }}>${isBusy ? t('Reading…') : rows.length === 0 ? t('Look further back') : t('Load older entries')}</button><span class="dim">${t('newest first, in credits')}</span>`}</p>`;
  }

  #empty(isBusy: boolean, hasFailed: boolean): TemplateResult | typeof nothing {
    if (hasFailed) return nothing;
    if (isBusy || !this.#read.isKnown) return html`<p class="dim empty" role="status">${this.view.stale ? t('The broker is not reachable, so that its ledger cannot be read now.') : t('Reading the ledger…')}</p>`;
    const { kind, search, workspaceId, days } = this.filter;
    if (search !== '' || workspaceId !== undefined || days !== undefined || kind !== 'moves') return html`<p class="dim empty">${this.#read.next === undefined ? t('No entry is like that.') : t('None of the newest entries is like that.')}</p>`;
    return html`<p class="dim empty">${this.snapshot.balance.tracked ? t('Nothing has moved the balance yet.') : html`${t('The balance is not tracked: usage is counted, and nothing is drawn. The first top-up makes the first entry.')}
      <button type="button" class="link" @click=${this.view.act.addCredits}>${t('Add credits…')}</button>`}</p>`;
  }

  #table(): TemplateResult {
    return html`<table class="stack ledger" data-rows aria-labelledby="head-ledger"><thead><tr><th scope="col">${t('Time')}</th><th scope="col">${t('What')}</th><th scope="col" class="hide-l">${t('Request')}</th><th scope="col" class="hide-m">${t('Model')}</th><th scope="col" class="hide-l">${t('Drawn from')}</th><th scope="col" class="n">${t('Credits')}</th><th scope="col" class="n">${t('Balance after')}</th><th scope="col"><span class="sr">${t('Explain')}</span></th></tr></thead>
      <tbody>${repeat(this.#read.rows, (row) => row.sequence, (row) => entryLine(row, this.view))}</tbody></table>`;
  }
}

function kindOf(stored: unknown): EntryFilter {
  return entryKinds.find((kind) => kind === (stored as { readonly kind?: unknown } | undefined)?.kind) ?? 'moves';
}

function kindTitle(kind: EntryFilter): string {
  switch (kind) {
    case 'moves': return t('Charges and grants');
    case 'all': return t('All, holds too');
    case 'grants': return t('Grants and expiries');
    case 'corrections': return t('Corrections');
  }
}

function entryLine(row: LedgerRow, view: View): TemplateResult {
  const { locale } = view.place;
  const text = entryText(row);
  // A void of a hold gives credits free; a void of a grant takes them.
  const holds = row.kind === 'reserve' || row.kind === 'void' && row.requestId !== undefined;
  const chosen = row.requestId !== undefined && row.requestId === view.explained;
  return html`<tr class=${chosen ? 'chosen' : ''}><td class="dim nowrap time">${rowTime(row.atMs, view.nowMs, view.place)}</td>
    <td class="what ell" title=${[text.title, ...(text.detail === undefined ? [] : [text.detail])].join(' · ')}>${icon(text.icon, 's')} ${text.title}${text.detail === undefined ? nothing : html` <span class="dim">· ${text.detail}</span>`}</td>
    <td class="hide-l mono dim ell id">${row.requestId ?? '—'}</td><td class="hide-m nowrap">${row.model ?? '—'}</td><td class="hide-l">${row.grantKind ? kindName(row.grantKind) : '—'}</td>
    <td class="n amount">${holds ? html`<span class="dim">${row.kind === 'reserve' ? t('held {0}', formatCredits(Math.abs(row.heldDeltaMicroCredits), 4, locale)) : t('freed {0}', formatCredits(Math.abs(row.heldDeltaMicroCredits), 4, locale))}</span>` : signedCredits(row.amountMicroCredits, locale)}</td>
    <td class="n dim after">${formatCredits(row.balanceAfterMicroCredits, 4, locale)}</td>
    <td class="act">${row.requestId === undefined ? nothing : explainLink(row.requestId, view)}</td></tr>`;
}

// The `events-page` element: what was done to credits, rules and prices, newest first. Requests are in the ledger.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../protocol/language.ts';
import { happeningKinds } from '../protocol/ledgerPages.ts';
import type { Happening, HappeningFilter, HappeningPlace } from '../protocol/ledgerPages.ts';
import { signedCredits } from './amountText.ts';
import { AskingPage } from './askingPage.ts';
import { exportButtons } from './exportButtons.ts';
import { happeningsTable, happeningText, happeningTitle } from './happeningText.ts';
import { daysSelect, filterWords, listFilterOf } from './listFilter.ts';
import type { ListFilter } from './listFilter.ts';
import { isOpen } from './pageQuestions.ts';
import { workspaceSelect } from './pageControls.ts';
import { ReadRows } from './readRows.ts';
import { rowTime } from './timeText.ts';
import { icon } from './view.ts';
import type { View } from './view.ts';

interface Choice extends ListFilter { readonly filter: HappeningFilter }

const askAgainMs = 2_000;

/** Properties: `shown`, `snapshot`, `view`, `questions` (with their answers) and `asking`. */
export class EventsPage extends AskingPage {
  static override properties = { chosen: { state: true } };

  declare chosen: Choice | undefined;
  readonly #read = new ReadRows<Happening, HappeningPlace>(500);
  #lastChoice: Choice | undefined;
  #lastMark = '';
  #lastAtMs = 0;

  get #choice(): Choice {
    return this.chosen ?? choiceOf(this.asking.loadChoice('events'));
  }

  protected override forgetAsked(): void {
    this.#lastChoice = undefined;
  }

  protected override willUpdate(): void {
    this.chosen ??= this.#choice;
    this.#read.take(this.questions.answers.happenings);
    if (!this.shown || this.view.stale) {
      // An answer that was lost, or was only a problem, is asked for anew.
      if (isOpen(this.questions, 'happenings') || this.questions.answers.happenings?.problem) this.forgetAsked();
      return;
    }
    // What people lay down shows in these parts of the snapshot.
    const { balance, consent, budgets, policies, priceChanges, allowances, autoTopUp, voucherIssuers } = this.snapshot;
    const mark = JSON.stringify([balance.grants.length, balance.tracked, consent, budgets.map((one) => one.budget), policies, priceChanges.length, allowances, autoTopUp, voucherIssuers]);
    // Who has read on to older rows is not brought back to the top by news.
    if (this.#choice === this.#lastChoice && (mark === this.#lastMark || this.#read.rows.length > 50 || this.view.nowMs - this.#lastAtMs < askAgainMs)) return;
    [this.#lastChoice, this.#lastMark] = [this.#choice, mark];
    this.#lastAtMs = this.view.nowMs;
    this.#read.olderId = undefined;
    this.#ask();
  }

  #ask(before?: HappeningPlace): number {
    return this.asking.ask({ about: 'happenings', ...this.#choice, ...(before ? { before } : {}) });
  }

  #choose(change: { readonly [K in keyof Choice]?: Choice[K] | undefined }): void {
    const { filter = 'all', workspaceId, days } = { ...this.#choice, ...change };
    this.#read.clear();
    this.chosen = { filter, ...(workspaceId === undefined ? {} : { workspaceId }), ...(days === undefined ? {} : { days }) };
    this.asking.saveChoice('events', this.chosen);
  }

  protected override render(): TemplateResult {
    const { view } = this;
    const choice = this.#choice;
    const { filter, workspaceId, days } = choice;
    const problem = this.questions.answers.happenings?.problem;
    const isBusy = isOpen(this.questions, 'happenings');
    const { rows, rowsMax, next, isKnown } = this.#read;
    return html`<section class="area" aria-labelledby="head-events" data-test="events"><header class="head tools"><h2 id="head-events" class="sr">${t('Events')}</h2>
        <select class="input" aria-label=${t('Events to list')} data-test="events-kind" @change=${(event: Event) => this.#choose({ filter: (event.target as HTMLSelectElement).value as HappeningFilter })}>${happeningKinds.map((kind) => html`<option value=${kind} ?selected=${kind === filter}>${happeningTitle(kind)}</option>`)}</select>
        ${workspaceSelect(view, workspaceId, (chosen) => this.#choose({ workspaceId: chosen }))}
        ${daysSelect(days, 'events-days', (chosen) => this.#choose({ days: chosen }))}
        <span class="grow"></span>${rows.length === 0 ? nothing : exportButtons(this.asking, ['Codex events', filter], () => happeningsTable(rows, [happeningTitle(filter), ...filterWords(choice, view)].join(' · '), view.nowMs, view.place))}</header>
      ${this.problemLine('happenings')}
      ${workspaceId === undefined ? nothing : html`<p class="dim caption" data-test="events-of">${t('Only what is about this workspace alone. Shared credits, prices, limits and what is about one task stand under "All workspaces".')}</p>`}
      ${rows.length === 0 ? problem ? nothing : html`<p class="dim empty" role="status">${!isKnown || isBusy ? view.stale ? t('The broker is not reachable, so that its events cannot be read now.') : t('Reading…') : this.#nothing()}</p>`
    : html`<table class="stack events" aria-labelledby="head-events" aria-busy=${isBusy ? 'true' : 'false'}><thead><tr><th scope="col">${t('Time')}</th><th scope="col">${t('Event')}</th><th scope="col" class="n">${t('Credits')}</th></tr></thead>
        <tbody>${repeat(rows, (one) => `${one.from} ${one.sequence}`, (one) => eventLine(one, view))}</tbody></table>`}
      ${next === undefined || rows.length >= rowsMax ? nothing : html`<p class="row caption"><button type="button" class="link" data-test="events-older" ?disabled=${view.stale || isBusy} @click=${() => { this.#read.olderId = this.#ask(next); }}>${isBusy ? t('Reading…') : t('Load older events')}</button></p>`}</section>`;
  }

  #nothing(): string {
    const { filter, workspaceId, days } = this.#choice;
    if (workspaceId === undefined && days === undefined) return filter === 'all' ? t('Nothing has happened yet.') : t('Nothing of this kind has happened yet.');
    return t('No event is like that.');
  }
}

function choiceOf(stored: unknown): Choice {
  return { filter: happeningKinds.find((kind) => kind === (stored as { readonly filter?: unknown } | undefined)?.filter) ?? 'all', ...listFilterOf(stored) };
}

function eventLine(one: Happening, view: View): TemplateResult {
  const { locale } = view.place;
  const text = happeningText(one, locale);
  const moved = text.amountMicroCredits;
  return html`<tr><td class="dim nowrap time">${rowTime(one.atMs, view.nowMs, view.place)}</td><td class="what">${icon(text.icon, 's')} ${text.title}${text.detail === undefined ? nothing : html` <span class="dim">· ${text.detail}</span>`}</td>
    <td class="n amount">${moved === undefined || moved === 0 ? nothing : signedCredits(moved, locale)}</td></tr>`;
}

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
import { isOpen } from './pageQuestions.ts';
import { problemLine } from './pageControls.ts';
import { ReadRows } from './readRows.ts';
import { rowTime } from './timeText.ts';
import { icon } from './view.ts';
import type { View } from './view.ts';

const askAgainMs = 2_000;

/** Properties: `shown`, `snapshot`, `view`, `questions` (with their answers) and `asking`. */
export class EventsPage extends AskingPage {
  static override properties = { filter: { state: true } };

  declare filter: HappeningFilter;
  readonly #read = new ReadRows<Happening, HappeningPlace>(500);
  #lastFilter: HappeningFilter | undefined;
  #lastMark = '';
  #lastAtMs = 0;

  constructor() {
    super();
    this.filter = 'all';
  }

  protected override willUpdate(): void {
    this.#read.take(this.questions.answers.happenings);
    if (!this.shown || this.view.stale) {
      // An answer that was lost, or was only a problem, is asked for anew.
      if (isOpen(this.questions, 'happenings') || this.questions.answers.happenings?.problem) this.#lastFilter = undefined;
      return;
    }
    // What people lay down shows in these parts of the snapshot.
    const { balance, consent, budgets, policies, priceChanges, allowances, autoTopUp, voucherIssuers } = this.snapshot;
    const mark = JSON.stringify([balance.grants.length, balance.tracked, consent, budgets.map((one) => one.budget), policies, priceChanges.length, allowances, autoTopUp, voucherIssuers]);
    // Who has read on to older rows is not brought back to the top by news.
    if (this.filter === this.#lastFilter && (mark === this.#lastMark || this.#read.rows.length > 50 || this.view.nowMs - this.#lastAtMs < askAgainMs)) return;
    [this.#lastFilter, this.#lastMark] = [this.filter, mark];
    this.#lastAtMs = this.view.nowMs;
    this.#read.olderId = undefined;
    this.asking.ask({ about: 'happenings', filter: this.filter });
  }

  #choose(filter: HappeningFilter): void {
    this.#read.clear();
    this.filter = filter;
  }

  protected override render(): TemplateResult {
    const { view } = this;
    const problem = this.questions.answers.happenings?.problem;
    const isBusy = isOpen(this.questions, 'happenings');
    const { rows, rowsMax, next, isKnown } = this.#read;
    return html`<section class="area" aria-labelledby="head-events" data-test="events"><header class="head tools"><h2 id="head-events" class="sr">${t('Events')}</h2>
        <select class="input" aria-label=${t('Events to list')} data-test="events-kind" @change=${(event: Event) => this.#choose((event.target as HTMLSelectElement).value as HappeningFilter)}>${happeningKinds.map((kind) => html`<option value=${kind} ?selected=${kind === this.filter}>${happeningTitle(kind)}</option>`)}</select>
        <span class="grow"></span>${rows.length === 0 ? nothing : exportButtons(this.asking, ['Codex events', this.filter], () => happeningsTable(rows, view.nowMs, view.place))}</header>
      ${problem ? problemLine(problem) : nothing}
      ${rows.length === 0 ? problem ? nothing : html`<p class="dim empty" role="status">${!isKnown || isBusy ? view.stale ? t('The broker is not reachable, so that its events cannot be read now.') : t('Reading…') : t('Nothing of this kind has happened yet.')}</p>`
    : html`<table class="stack events" aria-labelledby="head-events" aria-busy=${isBusy ? 'true' : 'false'}><thead><tr><th scope="col">${t('Time')}</th><th scope="col">${t('Event')}</th><th scope="col" class="n">${t('Credits')}</th></tr></thead>
        <tbody>${repeat(rows, (one) => `${one.from} ${one.sequence}`, (one) => eventLine(one, view))}</tbody></table>`}
      ${next === undefined || rows.length >= rowsMax ? nothing : html`<p class="row caption"><button type="button" class="link" data-test="events-older" ?disabled=${view.stale || isBusy} @click=${() => { this.#read.olderId = this.asking.ask({ about: 'happenings', filter: this.filter, before: next }); }}>${isBusy ? t('Reading…') : t('Load older events')}</button></p>`}</section>`;
  }
}

function eventLine(one: Happening, view: View): TemplateResult {
  const { locale } = view.place;
  const text = happeningText(one, locale);
  const moved = text.amountMicroCredits;
  return html`<tr><td class="dim nowrap time">${rowTime(one.atMs, view.nowMs, view.place)}</td><td class="what">${icon(text.icon, 's')} ${text.title}${text.detail === undefined ? nothing : html` <span class="dim">· ${text.detail}</span>`}</td>
    <td class="n amount">${moved === undefined || moved === 0 ? nothing : signedCredits(moved, locale)}</td></tr>`;
}

// The `events-page` element: what was done to credits, rules and prices, newest first. Requests are in the ledger.
import { html, LitElement, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { happeningKinds } from '../protocol/ledgerPages.ts';
import type { Happening, HappeningFilter, HappeningPlace } from '../protocol/ledgerPages.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { signedCredits } from './amountText.ts';
import { exportButtons } from './exportButtons.ts';
import { happeningsTable, happeningText, happeningTitles } from './happeningText.ts';
import { isOpen } from './pageQuestions.ts';
import type { Asking, Questions } from './pageQuestions.ts';
import { problemLine } from './pageControls.ts';
import { rowTime } from './timeText.ts';
import { icon } from './view.ts';
import type { View } from './view.ts';

/** Rows that are kept on the page. */
const rowsMax = 500;
const askAgainMs = 2_000;

/** Properties: `shown`, `snapshot`, `view`, `questions` (with their answers) and `asking`. */
export class EventsPage extends LitElement {
  static override properties = { shown: { type: Boolean }, snapshot: { attribute: false }, view: { attribute: false }, questions: { attribute: false }, asking: { attribute: false }, filter: { state: true } };

  declare shown: boolean;
  declare snapshot: Snapshot;
  declare view: View;
  declare questions: Questions;
  declare asking: Asking;
  declare filter: HappeningFilter;
  #rows: readonly Happening[] = [];
  #next: HappeningPlace | undefined;
  #isKnown = false;
  #lastFilter: HappeningFilter | undefined;
  #lastMark = '';
  #lastAtMs = 0;
  #olderId: number | undefined;
  #takenId: number | undefined;

  constructor() {
    super();
    this.filter = 'all';
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
      // An answer that was lost, or was only a problem, is asked for anew.
      if (isOpen(this.questions, 'happenings') || this.questions.answers.happenings?.problem) this.#lastFilter = undefined;
      return;
    }
    // What people lay down shows in these parts of the snapshot.
    const { balance, consent, budgets, policies, priceChanges, allowances } = this.snapshot;
    const mark = JSON.stringify([balance.grants.length, balance.tracked, consent, budgets.map((one) => one.budget), policies, priceChanges.length, allowances]);
    // Who has read on to older rows is not brought back to the top by news.
    if (this.filter === this.#lastFilter && (mark === this.#lastMark || this.#rows.length > 50 || this.view.nowMs - this.#lastAtMs < askAgainMs)) return;
    [this.#lastFilter, this.#lastMark] = [this.filter, mark];
    this.#lastAtMs = this.view.nowMs;
    this.#olderId = undefined;
    this.asking.ask({ about: 'happenings', filter: this.filter });
  }

  #take(): void {
    const answer = this.questions.answers.happenings;
    if (!answer?.result || answer.id === this.#takenId) return;
    this.#takenId = answer.id;
    this.#rows = answer.id === this.#olderId ? [...this.#rows, ...answer.result.rows].slice(0, rowsMax) : answer.result.rows;
    this.#next = answer.result.next;
    this.#isKnown = true;
    this.#olderId = undefined;
  }

  #choose(filter: HappeningFilter): void {
    this.#rows = [];
    this.#next = undefined;
    this.#isKnown = false;
    this.filter = filter;
  }

  protected override render(): TemplateResult {
    const { view } = this;
    const problem = this.questions.answers.happenings?.problem;
    const isBusy = isOpen(this.questions, 'happenings');
    const next = this.#next;
    return html`<section class="area" aria-labelledby="head-events" data-test="events"><header class="head tools"><h2 id="head-events" class="sr">Events</h2>
        <select class="input" aria-label="Events to list" data-test="events-kind" @change=${(event: Event) => this.#choose((event.target as HTMLSelectElement).value as HappeningFilter)}>${happeningKinds.map((kind) => html`<option value=${kind} ?selected=${kind === this.filter}>${happeningTitles[kind]}</option>`)}</select>
        <span class="grow"></span>${this.#rows.length === 0 ? nothing : exportButtons(this.asking, ['Codex events', this.filter], () => happeningsTable(this.#rows, view.nowMs, view.place))}</header>
      ${problem ? problemLine(problem) : nothing}
      ${this.#rows.length === 0 ? problem ? nothing : html`<p class="dim empty" role="status">${!this.#isKnown || isBusy ? view.stale ? 'The broker is not reachable, so that its events cannot be read now.' : 'Reading…' : 'Nothing of this kind has happened yet.'}</p>`
    : html`<table class="stack events" aria-labelledby="head-events" aria-busy=${isBusy ? 'true' : 'false'}><thead><tr><th scope="col">Time</th><th scope="col">Event</th><th scope="col" class="n">Credits</th></tr></thead>
        <tbody>${repeat(this.#rows, (one) => `${one.from} ${one.sequence}`, (one) => eventLine(one, view))}</tbody></table>`}
      ${next === undefined || this.#rows.length >= rowsMax ? nothing : html`<p class="row caption"><button type="button" class="link" data-test="events-older" ?disabled=${view.stale || isBusy} @click=${() => { this.#olderId = this.asking.ask({ about: 'happenings', filter: this.filter, before: next }); }}>${isBusy ? 'Reading…' : 'Load older events'}</button></p>`}</section>`;
  }
}

function eventLine(one: Happening, view: View): TemplateResult {
  const { locale } = view.place;
  const text = happeningText(one, locale);
  const moved = text.amountMicroCredits;
  return html`<tr><td class="dim nowrap time">${rowTime(one.atMs, view.nowMs, view.place)}</td><td class="what">${icon(text.icon, 's')} ${text.title}${text.detail === undefined ? nothing : html` <span class="dim">· ${text.detail}</span>`}</td>
    <td class="n amount">${moved === undefined || moved === 0 ? nothing : signedCredits(moved, locale)}</td></tr>`;
}

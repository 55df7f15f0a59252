// The `insights-page` element: what stands out in a range of days, each finding with its numbers, what it is worth, and one
// thing to do. The broker finds, `protocol/insightWords.ts` words; nothing is computed here.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Insight } from '../domain/insights.ts';
import { rangeDays } from '../protocol/history.ts';
import type { RangeDays } from '../protocol/history.ts';
import type { InsightsResult } from '../protocol/insightsResult.ts';
import { insightNotes, insightText, nothingFound } from '../protocol/insightWords.ts';
import { t } from '../protocol/language.ts';
import { AskingPage } from './askingPage.ts';
import { exportButtons } from './exportButtons.ts';
import { rangeTitle } from './historyText.ts';
import { insightTable } from './insightTable.ts';
import { filterWords, listFilterOf } from './listFilter.ts';
import { isOpen } from './pageQuestions.ts';
import { segments, workspaceSelect } from './pageControls.ts';

/** Findings read weeks of the ledger and hardly change with one request, so that they are made anew this seldom. */
const askAgainMs = 60_000;

interface Choice { readonly days: RangeDays; readonly workspaceId?: string }

/** Properties: `shown`, `snapshot`, `view`, `questions` (with their answers) and `asking`. */
export class InsightsPage extends AskingPage {
  static override properties = { chosen: { state: true } };

  declare chosen: Choice | undefined;
  /** What was asked last, of which state of the ledger, and when; absent where it is to be asked anew. */
  #last: { readonly choice: Choice; readonly mark: string; readonly atMs: number } | undefined;
  /** By its id, what each question was asked with that may still be answered. */
  #asked = new Map<number, Choice>();
  #known: { readonly result: InsightsResult; readonly choice: Choice } | undefined;

  get #choice(): Choice {
    return this.chosen ?? { days: 7, ...listFilterOf(this.asking.loadChoice('insights')) };
  }

  #choose(change: { readonly days?: RangeDays; readonly workspaceId?: string | undefined }): void {
    const { days, workspaceId } = { ...this.#choice, ...change };
    this.chosen = { days, ...(workspaceId === undefined ? {} : { workspaceId }) };
    this.asking.saveChoice('insights', this.chosen);
  }

  protected override forgetAsked(): void {
    this.#last = undefined;
  }

  protected override willUpdate(): void {
    this.chosen ??= this.#choice;
    const answer = this.questions.answers.insights;
    const asked = answer && this.#asked.get(answer.id);
    if (answer?.result && asked) this.#known = { result: answer.result, choice: asked };
    if (!this.shown || this.view.stale) {
      if (!this.shown && this.#last && isOpen(this.questions, 'insights')) this.asking.drop('insights');
      this.forgetAsked();
      return;
    }
    const { total, dayStartMs } = this.snapshot.today;
    const mark = JSON.stringify([total.requests, dayStartMs]);
    if (this.#last?.choice === this.chosen && (mark === this.#last.mark || this.view.nowMs - this.#last.atMs < askAgainMs)) return;
    this.#last = { choice: this.chosen, mark, atMs: this.view.nowMs };
    this.#asked = new Map([...[...this.#asked].filter(([id]) => id === answer?.id), [this.asking.ask({ about: 'insights', ...this.chosen }), this.chosen]]);
  }

  protected override render(): TemplateResult {
    const problem = this.questions.answers.insights?.problem;
    const choice = this.#choice;
    const known = this.#known;
    return html`<section class="area" aria-labelledby="head-insights" data-test="insights"><header class="head tools"><h2 id="head-insights">${t('What would make a difference')}</h2>
        ${segments(t('Range'), rangeDays.map((days) => ({ id: String(days), title: rangeTitle(days) })), String(choice.days), (id) => this.#choose({ days: Number(id) as RangeDays }))}
        ${workspaceSelect(this.view, choice.workspaceId, (workspaceId) => this.#choose({ workspaceId }))}
        <span class="grow"></span>${known && known.result.insights.length > 0 ? this.#exports(known.result, known.choice) : nothing}</header>
      ${this.problemLine('insights')}
      ${known ? this.#findings(known.result) : problem ? nothing : html`<p class="dim empty" role="status">${this.view.stale ? t('The broker is not reachable, so that its ledger cannot be read now.') : t('Reading the ledger…')}</p>`}</section>`;
  }

  #exports(result: InsightsResult, choice: Choice): TemplateResult {
    return exportButtons(this.asking, ['Codex insights', choice.days === 1 ? 'Today' : `${choice.days} d`], () => insightTable(result, filterWords(choice, this.view).join(' · '), this.view.place.locale));
  }

  #findings({ insights, ...range }: InsightsResult): TemplateResult {
    const { locale } = this.view.place;
    const notes = insightNotes(range, locale).map((note) => html`<p class="dim caption" data-test="insight-note">${note}</p>`);
    const isBusy = isOpen(this.questions, 'insights') ? 'true' : 'false';
    if (insights.length === 0) return html`<p class="dim empty" aria-busy=${isBusy}>${nothingFound(range.days)}</p>${notes}`;
    return html`<table class="stack insights" aria-labelledby="head-insights" aria-busy=${isBusy}><thead><tr><th scope="col">${t('Finding')}</th><th scope="col">${t('What to do')}</th><th scope="col" class="n">${t('Worth')}</th></tr></thead>
        <tbody>${repeat(insights, ({ kind, subject }) => `${kind} ${subject}`, (insight) => line(insight, range, locale))}</tbody></table>
      <p class="dim caption">${t('Each is computed from your own requests. ≈ is what would have been spared at today\'s prices; a dash stands where that cannot be told.')}</p>${notes}`;
  }
}

function line(insight: Insight, range: Omit<InsightsResult, 'insights'>, locale: string): TemplateResult {
  const { title, detail, action, worth } = insightText(insight, range, locale);
  return html`<tr><td class="what">${title}<span class="sub">${detail}</span></td><td class="do">${action}</td><td class="n worth">${worth ?? '—'}</td></tr>`;
}

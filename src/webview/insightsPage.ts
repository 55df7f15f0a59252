// The `insights-page` element: what stands out in the last seven days, each finding with its numbers, what it is worth,
// and one thing to do. The broker finds, `protocol/insightWords.ts` words; nothing is computed here.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Insight } from '../domain/insights.ts';
import { insightText } from '../protocol/insightWords.ts';
import { t } from '../protocol/language.ts';
import { AskingPage } from './askingPage.ts';
import { isOpen } from './pageQuestions.ts';
import { problemLine } from './pageControls.ts';

/** Findings read five weeks of the ledger and hardly change with one request, so that they are made anew this seldom. */
const askAgainMs = 60_000;

/** Properties: `shown`, `snapshot`, `view`, `questions` (with their answers) and `asking`. */
export class InsightsPage extends AskingPage {
  /** Of which state of the ledger was asked last, and when; absent where it is to be asked anew. */
  #last: { readonly mark: string; readonly atMs: number } | undefined;
  #known: readonly Insight[] | undefined;

  protected override willUpdate(): void {
    this.#known = this.questions.answers.insights?.result?.insights ?? this.#known;
    if (!this.shown || this.view.stale) {
      if (!this.shown && this.#last && isOpen(this.questions, 'insights')) this.asking.drop('insights');
      this.#last = undefined;
      return;
    }
    const { total, dayStartMs } = this.snapshot.today;
    const mark = JSON.stringify([total.requests, dayStartMs]);
    if (this.#last && (mark === this.#last.mark || this.view.nowMs - this.#last.atMs < askAgainMs)) return;
    this.#last = { mark, atMs: this.view.nowMs };
    this.asking.ask({ about: 'insights' });
  }

  protected override render(): TemplateResult {
    const problem = this.questions.answers.insights?.problem;
    return html`<section class="area" aria-labelledby="head-insights" data-test="insights"><header class="head"><h2 id="head-insights">${t('What would make a difference')}</h2><span class="dim">${t('last 7 days')}</span></header>
      ${problem ? problemLine(problem) : nothing}
      ${this.#known ? this.#findings(this.#known) : problem ? nothing : html`<p class="dim empty" role="status">${this.view.stale ? t('The broker is not reachable, so that its ledger cannot be read now.') : t('Reading the last five weeks…')}</p>`}</section>`;
  }

  #findings(insights: readonly Insight[]): TemplateResult {
    if (insights.length === 0) return html`<p class="dim empty">${t('Nothing stands out in the last seven days.')}</p>`;
    const { locale } = this.view.place;
    return html`<table class="stack insights" aria-labelledby="head-insights" aria-busy=${isOpen(this.questions, 'insights') ? 'true' : 'false'}><thead><tr><th scope="col">${t('Finding')}</th><th scope="col">${t('What to do')}</th><th scope="col" class="n">${t('Worth')}</th></tr></thead>
        <tbody>${repeat(insights, ({ kind, subject }) => `${kind} ${subject}`, (insight) => line(insight, locale))}</tbody></table>
      <p class="dim caption">${t('Each is computed from your own requests. ≈ is what would have been spared at today\'s prices; a dash stands where that cannot be told.')}</p>`;
  }
}

function line(insight: Insight, locale: string): TemplateResult {
  const { title, detail, action, worth } = insightText(insight, locale);
  return html`<tr><td class="what">${title}<span class="sub">${detail}</span></td><td class="do">${action}</td><td class="n worth">${worth ?? '—'}</td></tr>`;
}

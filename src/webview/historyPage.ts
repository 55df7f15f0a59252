// The `history-page` element: what cost so much, and how what is left goes down. It remembers what was chosen, asks when
// it is looked at, and paints the ledger's answers; the words and sums are made elsewhere.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatUsd } from '../domain/units.ts';
import { historyGroupings, rangeDays } from '../protocol/history.ts';
import type { HistoryGrouping, HistoryResult, RangeDays } from '../protocol/history.ts';
import { t } from '../protocol/language.ts';
import { problemMessage } from '../protocol/problemWords.ts';
import { costText, creditsText, isCostKnown } from './amountText.ts';
import { AskingPage } from './askingPage.ts';
import type { BurnChart } from './burnChart.ts';
import { burnDown, burnSubjects } from './burnText.ts';
import type { BurnSubject } from './burnText.ts';
import { highestStep } from './chartSeries.ts';
import type { BarChart } from './chartSeries.ts';
import { exportButtons, pictureButton } from './exportButtons.ts';
import { groupsTable } from './groupsTable.ts';
import { averageText, cachedWords, chartUnits, dearestShare, groupingTitle, groupTable, historyChart, rangeText, rangeTitle, stepTitle, unitTitle } from './historyText.ts';
import type { ChartUnit } from './historyText.ts';
import { isOpen } from './pageQuestions.ts';
import { plainTable } from './plainTable.ts';
import { segments, workspaceSelect } from './pageControls.ts';
import { tableSwitch } from './usageChart.ts';
import type { UsageChart } from './usageChart.ts';
import { importedLine } from './usageTables.ts';

interface Choice { readonly days: RangeDays; readonly by: HistoryGrouping; readonly unit: ChartUnit; readonly workspaceId?: string; readonly burn?: string }

/** Answers are made anew after a request, but not more often than this; savings, which read more, less often. */
const askAgainMs = 5_000;
const savingAgainMs = 60_000;

const nothingAsked = { key: '', mark: '', atMs: 0, savingKey: '', savingAtMs: 0 };

/** Properties: `shown`, `snapshot`, `view`, `questions` (with their answers) and `asking`. */
export class HistoryPage extends AskingPage {
  static override properties = { choice: { state: true }, burnAsTable: { state: true } };

  declare choice: Choice | undefined;
  declare burnAsTable: boolean;
  /** What was asked last, of which state of the ledger, and when. */
  #last = nothingAsked;
  /** What was asked by each question that may still be answered, or whose answer is shown. */
  #asked: ReadonlyMap<number, Choice> = new Map();
  #askedCourse: ReadonlyMap<number, BurnSubject> = new Map();

  #choice(): Choice {
    return this.choice ?? choiceOf(this.asking.loadChoice('history'));
  }

  #choose(change: Partial<Choice>): void {
    const { workspaceId, ...rest } = { ...this.#choice(), ...change };
    this.choice = { ...rest, ...(workspaceId === undefined || workspaceId === '' ? {} : { workspaceId }) };
    this.asking.saveChoice('history', this.choice);
  }

  protected override forgetAsked(): void {
    this.#last = nothingAsked;
  }

  protected override willUpdate(): void {
    if (this.shown && !this.view.stale) this.#ask();
    else if (this.#last.key !== '' && !this.shown) this.#leave();
    // What was asked when the connection was lost was answered with a problem, which stands until it is asked anew.
    else if (this.#last.key !== '') this.forgetAsked();
  }

  /** Who looks elsewhere waits for nothing; what is known is kept for when they are back. */
  #leave(): void {
    for (const about of ['history', 'saving', 'course'] as const) if (isOpen(this.questions, about)) this.asking.drop(about);
    this.forgetAsked();
  }

  #ask(): void {
    const choice = this.#choice();
    const { days, by, workspaceId } = choice;
    const subject = this.#subject();
    const of = workspaceId === undefined ? {} : { workspaceId };
    const key = JSON.stringify([days, by, workspaceId, subject?.id]);
    const { total } = this.snapshot.today;
    const mark = JSON.stringify([total.requests, total.costMicroCredits, this.snapshot.balance.balanceMicroCredits, this.snapshot.today.dayStartMs]);
    const { nowMs } = this.view;
    const isOther = key !== this.#last.key;
    if (!isOther && (mark === this.#last.mark || nowMs - this.#last.atMs < askAgainMs)) return;
    this.#asked = noted(this.#asked, this.questions.answers.history?.id, this.asking.ask({ about: 'history', days, by, ...of }), choice);
    if (subject) this.#askedCourse = noted(this.#askedCourse, this.questions.answers.course?.id, this.asking.ask({ about: 'course', days, ...(subject.budgetId === undefined ? {} : { budgetId: subject.budgetId }), ...(subject.key === undefined ? {} : { key: subject.key }) }), subject);
    const savingKey = JSON.stringify([days, workspaceId]);
    const asksSaving = savingKey !== this.#last.savingKey || nowMs - this.#last.savingAtMs >= savingAgainMs;
    if (asksSaving) this.asking.ask({ about: 'saving', days, ...of });
    this.#last = { key, mark, atMs: nowMs, savingKey, savingAtMs: asksSaving ? nowMs : this.#last.savingAtMs };
  }

  #subject(): BurnSubject | undefined {
    const subjects = burnSubjects(this.snapshot, this.view.workspaceId);
    return subjects.find((one) => one.id === this.#choice().burn) ?? subjects[0];
  }

  protected override render(): TemplateResult {
    const choice = this.#choice();
    const answer = this.questions.answers.history;
    const result = answer?.result;
    const { locale } = this.view.place;
    return html`<section class="area" aria-label=${t('History')} data-test="history"><header class="head tools">
        ${segments(t('Range'), rangeDays.map((days) => ({ id: String(days), title: rangeTitle(days) })), String(choice.days), (id) => this.#choose({ days: Number(id) as RangeDays }))}
        ${segments(t('Unit'), chartUnits.map((unit) => ({ id: unit, title: unitTitle(unit) })), choice.unit, (id) => this.#choose({ unit: id as ChartUnit }))}
        ${workspaceSelect(this.view, choice.workspaceId, (workspaceId) => this.#choose({ workspaceId: workspaceId ?? '' }))}
        <span class="grow"></span><span class="dim hide-s" data-test="history-range">${result ? rangeText(result, locale) : nothing}</span></header>
      ${this.problemLine('history')}
      ${result ? this.#answered(result, this.#asked.get(answer.id) ?? choice, choice) : answer?.problem ? nothing : html`<p class="dim empty" role="status">${this.view.stale ? t('The broker is not reachable, so that its history cannot be read now.') : t('Reading the history…')}</p>`}</section>
      ${this.#burn()}`;
  }

  /** @param asked what the answer is about; while a newer one is awaited, its words are still those of the old one */
  #answered(result: HistoryResult, asked: Choice, choice: Choice): TemplateResult {
    const { locale } = this.view.place;
    const { by } = asked;
    const chart = this.#chart(result, by, choice.unit, locale);
    const range = rangeText(result, locale);
    const file = ['Codex usage', result.steps.at(-1)?.key.slice(0, 10) ?? '', asked.days === 1 ? 'Today' : `${asked.days} d`, 'by', by];
    const legend = () => ({ title: chart.title, subtitle: `${range} · ${chart.subtitle}`, isPractice: this.view.practice, legend: chart.series.map(({ name, amount, isOther }) => ({ name, amount, ...(isOther ? { isOther } : {}) })) });
    const tools = (asTable: boolean) => (asTable ? exportButtons(this.asking, [...file, 'per', asked.days === 1 ? 'hour' : 'day'], chart.table)
      : pictureButton(this.asking, file, () => this.querySelector<UsageChart>('usage-chart')?.canvas, legend));
    return html`${this.#facts(result, asked)}
      <div class="area" aria-busy=${isOpen(this.questions, 'history') ? 'true' : 'false'}><usage-chart .chart=${chart} .locale=${locale} .headId=${'head-history-chart'} .tools=${tools}></usage-chart></div>
      <section class="area" aria-labelledby="head-groups"><header class="head tools"><h2 id="head-groups">${t('Where it went')}</h2>
          ${segments(t('Group by'), historyGroupings.map((one) => ({ id: one, title: groupingTitle(one) })), choice.by, (id) => this.#choose({ by: id as HistoryGrouping }))}
          <span class="grow"></span>${exportButtons(this.asking, file, () => groupTable(result, by, t('Codex usage, {0}', range), locale))}</header>
        ${groupsTable(result, by, this.view)}${result.imported ? importedLine(result.imported, asked.days === 1, locale) : nothing}</section>`;
  }

  /** The chart of an answer, made once: the page is painted after every request, and words cost time. */
  #chart(result: HistoryResult, by: HistoryGrouping, unit: ChartUnit, locale: string): BarChart {
    if (this.#made?.result !== result || this.#made.key !== `${by} ${unit} ${locale}`) this.#made = { result, key: `${by} ${unit} ${locale}`, chart: historyChart(result, by, unit, locale) };
    return this.#made.chart;
  }

  #made: { readonly result: HistoryResult; readonly key: string; readonly chart: BarChart } | undefined;

  #facts(result: HistoryResult, asked: Choice): TemplateResult {
    const { locale } = this.view.place;
    const { days } = asked;
    const { total, steps } = result;
    const dearest = highestStep(steps.map((step) => step.costMicroCredits));
    const saving = this.questions.answers.saving;
    const cached = cachedWords(total);
    return html`<dl class="facts" data-test="history-facts">
      <div class="fact"><dt>${days === 1 ? t('Spent today') : t('Spent in {0} days', days)}</dt><dd class="big">${costText(total, locale)} <small>${isCostKnown(total) ? t('credits · {0}', formatUsd(total.costMicroCredits, 2, locale)) : t('no price is known')}</small></dd><dd class="dim">${isCostKnown(total) ? averageText(result, locale) : nothing}</dd></div>
      <div class="fact"><dt>${days === 1 ? t('Most expensive hour') : t('Most expensive day')}</dt>${dearest === undefined ? html`<dd class="big">—</dd><dd class="dim">${t('Nothing was charged.')}</dd>`
    : html`<dd class="big">${creditsText(steps[dearest]!.costMicroCredits, locale)} <small>${t('credits · {0}', stepTitle(steps[dearest]!.key, locale))}</small></dd><dd class="dim">${dearestShare(result, asked.by, dearest, locale) ?? nothing}</dd>`}</div>
      <div class="fact"><dt>${t('Saved by the prompt cache')}</dt><dd class="big" data-test="saved">${saving?.result ? html`${creditsText(saving.result.savedMicroCredits, locale)} <small>${cached === undefined ? t('credits') : t('credits · {0}', cached)}</small>` : '—'}</dd>
        <dd class="dim">${saving?.problem ? problemMessage(saving.problem) : isOpen(this.questions, 'saving') && !saving?.result ? t('Adding up what each charge was spared…') : t('What cached input would have cost as fresh, at the price of each charge.')}</dd></div></dl>`;
  }

  #burn(): TemplateResult | typeof nothing {
    const subjects = burnSubjects(this.snapshot, this.view.workspaceId);
    const subject = this.#subject();
    if (!subject) return nothing;
    const answer = this.questions.answers.course;
    const course = answer?.result?.course;
    const named = answer ? this.#askedCourse.get(answer.id) ?? subject : subject;
    const burn = course && course.left.length > 0 ? burnDown(course, named.name, this.view.nowMs, this.view.place) : undefined;
    const file = ['Codex burn-down', named.name];
    const legend = () => ({ title: named.name, subtitle: burn?.verdict ?? '', isPractice: this.view.practice, legend: [] });
    return html`<section class="area" aria-labelledby="head-burn" data-test="burn"><header class="head tools"><h2 id="head-burn">${t('Left against even use')}</h2>
        ${subjects.length > 1 ? html`<select class="input" aria-label=${t('Budget or balance')} @change=${(event: Event) => this.#choose({ burn: (event.target as HTMLSelectElement).value })}>${subjects.map((one) => html`<option value=${one.id} ?selected=${one.id === subject.id}>${one.name}</option>`)}</select>` : html`<span class="dim">${subject.name}</span>`}
        <span class="grow"></span>${burn ? html`${this.burnAsTable ? exportButtons(this.asking, file, burn.table) : pictureButton(this.asking, file, () => this.querySelector<BurnChart>('burn-chart')?.canvas, legend)}${tableSwitch(this.burnAsTable, () => { this.burnAsTable = !this.burnAsTable; })}` : nothing}</header>
      ${this.problemLine('course')}
      ${!burn ? html`<p class="dim empty">${isOpen(this.questions, 'course') ? t('Reading…') : t('Nothing is known of its period yet.')}</p>`
    : html`${this.burnAsTable ? plainTable(burn.table(), 'head-burn') : html`<burn-chart .burn=${burn} .locale=${this.view.place.locale}></burn-chart>`}
        <p class="caption">${burn.verdict} ${burn.course.ideal && !this.burnAsTable ? html`<span class="dim">${t('Dashed: even use.')}</span>` : nothing}</p>`}</section>`;
  }
}

/** What a new question was asked with, beside that of the answer that is shown meanwhile. */
function noted<T>(known: ReadonlyMap<number, T>, shownId: number | undefined, id: number, asked: T): ReadonlyMap<number, T> {
  return new Map([...[...known].filter(([one]) => one === shownId), [id, asked]]);
}

/** A stored choice, or the first one where it is none. */
function choiceOf(stored: unknown): Choice {
  const { days, by, unit, workspaceId, burn } = (typeof stored === 'object' && stored !== null ? stored : {}) as Partial<Record<keyof Choice, unknown>>;
  return {
    days: rangeDays.find((one) => one === days) ?? 30, by: historyGroupings.find((one) => one === by) ?? 'model', unit: chartUnits.find((one) => one === unit) ?? 'credits',
    ...(typeof workspaceId === 'string' && workspaceId !== '' ? { workspaceId } : {}), ...(typeof burn === 'string' ? { burn } : {}),
  };
}

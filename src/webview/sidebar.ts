// The `codex-sidebar` element: the Now page without its tables, for the side bar. It paints the newest state message
// and keeps no number of its own; everything more is a click away on the dashboard.
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Priority } from '../domain/fairQueue.ts';
import { plural, t, usableLocale } from '../protocol/language.ts';
import { problemWords } from '../protocol/problemWords.ts';
import { stoppingLimit } from '../protocol/limitStands.ts';
import type { RunView, Snapshot } from '../protocol/snapshot.ts';
import { runOutWords } from '../protocol/snapshotForecast.ts';
import { inLine } from '../protocol/waitingOrder.ts';
import { windowQuestions } from '../protocol/windowQuestions.ts';
import { costText, creditsText } from './amountText.ts';
import { drawText } from './balanceText.ts';
import { sidebarMessage } from './incomingMessage.ts';
import { moving, movingText } from './moving.ts';
import type { Moment } from './moving.ts';
import { PageClock } from './pageClock.ts';
import type { PageEnvironment } from './pageEnvironment.ts';
import type { PageTime } from './pageTime.ts';
import { runState, waitSentence } from './runText.ts';
import { firstSidebarState, receiveSidebar, sidebarNowMs } from './sidebarState.ts';
import type { SidebarState, StateMessage } from './sidebarState.ts';
import { sideBalance, sideBlock, sideLimits, sideToday } from './sidebarText.ts';
import type { SideLimit, SideTaste } from './sidebarText.ts';
import { age, stopwatch, timeOfDay } from './timeText.ts';
import { turnChoice } from './turnChoice.ts';
import { icon, prose } from './view.ts';
import type { RunCommand } from './view.ts';

/** Requests that are shown by themselves, of those that run and of those that wait. */
const runsShown = 3;

type SidebarEnvironment = PageTime & Pick<PageEnvironment, 'post'>;

/** The page. `start` gives it its surroundings, `take` a message from the extension. */
export class CodexSidebar extends LitElement {
  static override properties = { page: { state: true } };

  declare page: SidebarState;
  #environment: SidebarEnvironment | undefined;
  #lastId = 0;
  #clock: PageClock | undefined;
  /** Whose control is to get the focus back; where it is gone, the part's heading does. */
  #refocus: string | undefined;

  constructor() {
    super();
    this.page = firstSidebarState;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Begins: tells the extension that the page listens, keeps time. */
  start(environment: SidebarEnvironment): void {
    this.#environment = environment;
    // As on the dashboard: the page before this one may still be answered.
    this.#lastId = environment.now();
    this.#clock?.stop();
    this.#clock = new PageClock(environment, () => this.requestUpdate());
    environment.post({ type: 'ready' });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#clock?.stop();
  }

  /** Takes what arrived by `postMessage`; what is not the extension's is dropped. */
  take(data: unknown): void {
    const message = sidebarMessage(data);
    if (!message || !this.#environment) return;
    // A control that waits loses the focus, and what was cancelled goes away with its line.
    if (message.type !== 'state' && document.hasFocus() && document.activeElement === document.body) this.#refocus = message.type === 'changeResult' && this.page.asked.get(message.id)?.requestId || '';
    this.page = receiveSidebar(this.page, message, this.#environment.now());
  }

  #run(command: RunCommand): void {
    this.#environment?.post({ type: 'run', command });
  }

  /** Asks for another turn of a request, or for its end where none is named; once. */
  #ask(requestId: string, priority?: Priority): void {
    if (this.#askedOf(requestId)) return;
    const { turnFailure: _before, ...rest } = this.page;
    const id = this.#lastId += 1;
    this.page = { ...rest, asked: new Map([...rest.asked, [id, { requestId, ...(priority ? { priority } : {}) }]]) };
    this.#environment?.post(priority ? { type: 'change', id, change: { kind: 'priority', requestId, priority } } : { type: 'cancel', id, requestId });
  }

  #askedOf(requestId: string): { readonly priority?: Priority } | undefined {
    return [...this.page.asked.values()].find((one) => one.requestId === requestId);
  }

  #link(command: RunCommand, label: string, hook: string): TemplateResult {
    return html`<button type="button" class="link" data-test=${hook} @click=${() => this.#run(command)}>${label}</button>`;
  }

  #button(command: RunCommand, label: string, hook: string): TemplateResult {
    return html`<button type="button" class="wide" data-test=${hook} @click=${() => this.#run(command)}>${label}</button>`;
  }

  protected override willUpdate(): void {
    this.#clock?.begin();
  }

  protected override updated(): void {
    // The words of days change with the day.
    if (this.#clock) this.#clock.end(new Date(this.#clock.nowMs()).setHours(24, 0, 0, 0));
    if (this.#refocus !== undefined) (this.querySelector<HTMLElement>(`[data-id="${CSS.escape(this.#refocus)}"] select`) ?? this.querySelector<HTMLElement>('#side-runs'))?.focus();
    this.#refocus = undefined;
  }

  protected override render(): TemplateResult {
    const { newest } = this.page;
    const snapshot = newest?.snapshot;
    return html`<main class="side ${newest?.link.state === 'connected' ? '' : 'stale'}">
      ${newest && snapshot ? this.#now(newest, snapshot) : newest?.link.state === 'down' ? this.#down(newest) : html`<p class="dim" data-test="side-loading">${icon('loading', 's codicon-modifier-spin')} ${t('Connecting to the broker…')}</p>`}
      <p class="sr" role="status">${this.page.announcement}</p></main>`;
  }

  #now(newest: StateMessage, snapshot: Snapshot): TemplateResult {
    const pageNowMs = this.#environment?.now() ?? 0;
    const live = newest.link.state === 'connected';
    const taste: SideTaste & Moment = { workspaceId: newest.workspaceId, nowMs: sidebarNowMs(this.page, pageNowMs), clock: live ? this.#clock : undefined, show: newest.show === 'used' ? 'used' : 'left', place: { locale: usableLocale(newest.locale) } };
    const isNothingYet = snapshot.recent.length + snapshot.running.length + snapshot.waiting.length === 0;
    return html`
      ${newest.link.state === 'down' ? this.#down(newest) : nothing}
      ${live ? this.#notices(newest, snapshot, taste) : nothing}
      ${snapshot.broker.mode === 'practice' ? html`<p><span class="tag">${icon('beaker', 't')} ${t('Practice mode')}</span> <span class="dim">${t('simulated, costs nothing')}</span></p>` : nothing}
      ${this.#balance(snapshot, taste, live, { nowMs: pageNowMs, clock: this.#clock })}
      ${this.#limits(snapshot, taste, live, isNothingYet)}
      ${isNothingYet ? html`<section class="part" data-test="side-nothing"><p>${t('No Codex request has come through yet. Limits appear after the first answer; until then they are unknown.')}</p>${this.#button('openMeteredTerminal', t('Open a Metered Terminal'), 'side-terminal')}</section>` : nothing}
      ${live ? this.#runs(snapshot, taste) : nothing}
      ${this.#today(snapshot, taste)}`;
  }

  #down(newest: StateMessage): TemplateResult {
    const { problem } = newest.link;
    const said = problem ? problemWords(problem) : t('The broker is not running. Requests are refused, none is lost, and nothing is charged.');
    return html`${notice('error', t('Broker down'), 'side-down', 'debug-disconnect', prose(said))}
      <div class="row">${this.#button('startBroker', t('Start Now'), 'side-start')}${this.#link('showLog', t('Show log'), 'side-log')}</div>`;
  }

  /** What needs the person: a question, a block, what is wrong. The first of each; the dashboard has all. */
  #notices(newest: StateMessage, snapshot: Snapshot, taste: SideTaste): TemplateResult {
    const [question] = windowQuestions(snapshot.questions, newest.workspaceId);
    const [wrong] = snapshot.problems;
    const block = sideBlock(snapshot, newest.meter, taste);
    return html`
      ${question ? notice('warning', t('A request waits for your answer'), 'side-question', 'question', question.text, this.#link('answerQuestion', t('Answer'), 'side-answer')) : nothing}
      ${block ? notice('warning', t('Blocked'), 'side-blocked', 'circle-slash', block.text, block.action === 'topUp' ? this.#link('topUp', t('Add credits'), 'side-cure') : block.action === 'budgets' ? this.#link('showBudgets', t('Show budgets'), 'side-cure') : this.#link('openDashboard', t('Show limits'), 'side-cure')) : nothing}
      ${wrong && !block ? notice('warning', t('A problem'), 'side-problem', 'warning', prose(problemWords(wrong))) : nothing}`;
  }

  #balance(snapshot: Snapshot, taste: SideTaste & Moment, live: boolean, moment: Moment): TemplateResult {
    const { locale } = taste.place;
    const { number, words } = sideBalance(snapshot, taste.show, locale);
    const next = (nowMs: number) => {
      // How long credits last is no matter while a limit lets nothing be drawn.
      const ahead = stoppingLimit(snapshot, taste.workspaceId, nowMs) ? undefined : snapshot.forecast?.runOut;
      if (ahead) return runOutWords(ahead, nowMs, locale);
      const { title, amount } = drawText(snapshot, locale, taste.workspaceId, nowMs);
      return amount === undefined ? t('Next: {0}', title) : t('Next: {0} · {1}', title, amount);
    };
    return html`<section aria-label=${t('Balance')}><p class="big"><span data-test="side-balance">${number}</span> <small>${words}</small></p>
      ${live ? html`<p class="dim" data-test="side-next">${movingText(taste, next)}</p>`
        : html`<p class="dim" data-test="side-age">${movingText(moment, (nowMs) => t('as of {0}, {1}', timeOfDay(snapshot.atMs, taste.place), age(Math.max(0, nowMs - snapshot.atMs))))}</p>`}
      ${snapshot.balance.tracked ? nothing : html`<p>${this.#link('topUp', t('Add credits to cap what is spent'), 'side-top-up')}</p>`}</section>`;
  }

  #limits(snapshot: Snapshot, taste: SideTaste & Moment, live: boolean, isNothingYet: boolean): unknown {
    return moving(taste, (nowMs) => sideLimits(snapshot, { ...taste, nowMs }), (limits) => this.#limitsPart(limits, live, isNothingYet));
  }

  #limitsPart({ shown, more }: ReturnType<typeof sideLimits>, live: boolean, isNothingYet: boolean): TemplateResult | typeof nothing {
    if (shown.length === 0) return isNothingYet ? nothing : html`<section class="part" aria-label=${t('Limits')}><p class="dim">${t('Limits are unknown until the first answer.')}</p></section>`;
    return html`<section class="part" aria-label=${t('Limits')} data-test="side-limits">${repeat(shown, (limit) => limit.id, (limit) => limitPart(limit, live))}
      ${more > 0 ? html`<p>${this.#link('openDashboard', plural(more, '{0} more limit', '{0} more limits'), 'side-more')}</p>` : nothing}</section>`;
  }

  #runs(snapshot: Snapshot, taste: SideTaste & Moment): TemplateResult | typeof nothing {
    const { running, waiting } = snapshot;
    const { turnFailure } = this.page;
    if (running.length + waiting.length === 0) return nothing;
    const asking = new Set(snapshot.questions.map(({ requestId }) => requestId));
    const more = (count: number, mark: string, words: () => string) => (count > 0 ? html`<li>${icon(mark, 's')}<span class="grow">${words()}</span></li>` : nothing);
    const [runsMore, waitsMore] = [running.length - runsShown, waiting.length - runsShown];
    return html`<section class="part" aria-labelledby="side-runs" data-test="side-runs"><h2 id="side-runs" tabindex="-1">${t('Running and waiting')}</h2><ul>
      ${repeat(running.slice(0, runsShown), (run) => run.requestId, (run) => this.#line(run, icon('sync', 's codicon-modifier-spin'), html`${movingText(taste, (nowMs) => stopwatch(nowMs - run.sinceMs))}${run.heldMicroCredits > 0 ? ` · ${t('{0} held', creditsText(run.heldMicroCredits, taste.place.locale))}` : ''}`))}
      ${more(runsMore, 'sync', () => plural(runsMore, '{0} more runs', '{0} more run'))}
      ${repeat(inLine(waiting).slice(0, runsShown), (run) => run.requestId, (run) => {
        const asked = asking.has(run.requestId);
        return this.#line(run, icon(run.state === 'waiting' ? 'clock' : asked ? 'question' : 'debug-pause', 's'), runState(run, asked), html`<span class="why">${movingText(taste, (nowMs) => waitSentence(run, nowMs, asked) ?? '')}</span>${turnChoice(run, { underWay: this.#askedOf(run.requestId)?.priority, isLocked: this.#askedOf(run.requestId) !== undefined }, (priority) => this.#ask(run.requestId, priority))}${turnFailure?.requestId === run.requestId ? html`<span class="why">${turnFailure.said}</span>` : nothing}`);
      })}
      ${more(waitsMore, 'clock', () => plural(waitsMore, '{0} more waits', '{0} more wait'))}</ul></section>`;
  }

  /** A request that runs or waits, and the way to end it. */
  #line({ requestId, workspaceLabel }: RunView, mark: unknown, state: unknown, below: unknown = nothing): TemplateResult {
    return html`<li data-id=${requestId}>${mark}<span class="grow wrap">${workspaceLabel} <span class="dim">· ${state}</span>${below}</span>
      <button type="button" class="ico" title=${t('Cancel')} aria-label=${t('Cancel the request of {0}', workspaceLabel)} data-test="side-cancel" ?disabled=${this.#askedOf(requestId) !== undefined} @click=${() => this.#ask(requestId)}>${icon('debug-stop', 's')}</button></li>`;
  }

  #today(snapshot: Snapshot, taste: SideTaste): TemplateResult | typeof nothing {
    const rows = sideToday(snapshot, taste.place.locale);
    if (rows.length === 0) return nothing;
    return html`<section class="part" aria-labelledby="side-today" data-test="side-today"><div class="head"><h2 id="side-today">${t('Used today')}</h2><span class="dim">${t('{0} credits', costText(snapshot.today.total, taste.place.locale))}</span></div>
      <ul>${repeat(rows, (row) => row.key, (row) => html`<li><span class="grow wrap">${row.label}</span><span class="dim">${row.amount}</span></li>`)}</ul></section>`;
  }
}

function notice(level: 'warning' | 'error', label: string, hook: string, mark: string, said: unknown, cure?: TemplateResult): TemplateResult {
  return html`<div class="notice ${level}" role="group" aria-label=${label} data-test=${hook}>${icon(mark, level === 'error' ? 'bad' : 'warn')}<div class="grow">${said}${cure ? html`<div class="row">${cure}</div>` : nothing}</div></div>`;
}

/** A name that breaks between its parts before it breaks inside of one, such as at a model's hyphens. */
function pieces(name: string): unknown {
  const parts = name.split(' · ');
  // The dot stays with what is before it: on a line of its own it would part nothing.
  return parts.map((part, index) => html`<span class="piece">${part}${index < parts.length - 1 ? '\u00a0·' : nothing}</span>${index < parts.length - 1 ? ' ' : nothing}`);
}

function limitPart(limit: SideLimit, live: boolean): TemplateResult {
  const mark = limit.level === 'empty' ? icon('circle-slash', 's bad') : limit.level === 'low' ? icon('warning', 's warn') : nothing;
  return html`<div class="limit"><div class="line"><span class="grow wrap">${pieces(limit.name)}</span><span class="nowrap">${limit.amount}</span></div>
    <usage-gauge .share=${limit.share} .reserved=${limit.reserved} .tick=${limit.tick} .level=${limit.level} .sentence=${limit.sentence}></usage-gauge>
    <div class="line foot"><span class="grow">${limit.resets}</span><span>${mark === nothing ? nothing : html`${mark}\u00a0`}${limit.pace}</span></div>
    ${limit.ahead === undefined || !live ? nothing : html`<p class="why" data-test="side-limit-ahead">${limit.ahead}</p>`}</div>`;
}

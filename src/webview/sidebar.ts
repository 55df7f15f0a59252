// The `codex-sidebar` element: the Now page without its tables, for the side bar. It paints the newest state message
// and keeps no number of its own; everything more is a click away on the dashboard.
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Snapshot } from '../protocol/snapshot.ts';
import { limitRunOutWords, runOutWords, snapshotLimitRunOut, snapshotRunOut } from '../protocol/snapshotForecast.ts';
import { windowQuestions } from '../protocol/windowQuestions.ts';
import { costText, creditsText } from './amountText.ts';
import { drawText } from './balanceText.ts';
import { incomingMessage } from './incomingMessage.ts';
import type { PageEnvironment } from './pageEnvironment.ts';
import { firstSidebarState, receiveSidebar, sidebarNowMs } from './sidebarState.ts';
import type { SidebarState, StateMessage } from './sidebarState.ts';
import { sideBalance, sideLimits, sideToday, sideWaiting } from './sidebarText.ts';
import type { SideLimit, SideTaste } from './sidebarText.ts';
import { age, duration, stopwatch, timeOfDay, usableLocale } from './timeText.ts';
import { icon, prose } from './view.ts';
import type { RunCommand } from './view.ts';

/** Countdowns and ages are painted this often; a number never changes faster by itself. */
const tickMs = 2000;
/** Running requests that are shown by themselves. */
const runsShown = 3;

/** The page. `start` gives it its surroundings, `take` a message from the extension. */
export class CodexSidebar extends LitElement {
  static override properties = { page: { state: true } };

  declare page: SidebarState;
  #environment: Pick<PageEnvironment, 'post' | 'now' | 'every'> | undefined;
  #lastId = 0;
  #stopTicking: (() => void) | undefined;

  constructor() {
    super();
    this.page = firstSidebarState;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Begins: tells the extension that the page listens, keeps time. */
  start(environment: Pick<PageEnvironment, 'post' | 'now' | 'every'>): void {
    this.#environment = environment;
    // As on the dashboard: the page before this one may still be answered.
    this.#lastId = environment.now();
    this.#stopTicking?.();
    this.#stopTicking = environment.every(tickMs, () => this.requestUpdate());
    environment.post({ type: 'ready' });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopTicking?.();
  }

  /** Takes what arrived by `postMessage`; what is not the extension's is dropped. */
  take(data: unknown): void {
    const message = incomingMessage(data);
    if (message && this.#environment) this.page = receiveSidebar(this.page, message, this.#environment.now());
  }

  #run(command: RunCommand): void {
    this.#environment?.post({ type: 'run', command });
  }

  #cancel(requestId: string): void {
    if ([...this.page.cancelling.values()].includes(requestId)) return;
    this.#lastId += 1;
    this.page = { ...this.page, cancelling: new Map([...this.page.cancelling, [this.#lastId, requestId]]) };
    this.#environment?.post({ type: 'cancel', id: this.#lastId, requestId });
  }

  #link(command: RunCommand, label: string, hook: string): TemplateResult {
    return html`<button type="button" class="link" data-test=${hook} @click=${() => this.#run(command)}>${label}</button>`;
  }

  #button(command: RunCommand, label: string, hook: string): TemplateResult {
    return html`<button type="button" class="wide" data-test=${hook} @click=${() => this.#run(command)}>${label}</button>`;
  }

  protected override render(): TemplateResult {
    const { newest } = this.page;
    const snapshot = newest?.snapshot;
    return html`<main class="side ${newest?.link.state === 'connected' ? '' : 'stale'}">
      ${newest && snapshot ? this.#now(newest, snapshot) : newest?.link.state === 'down' ? this.#down(newest) : html`<p class="dim" data-test="side-loading">${icon('loading', 's codicon-modifier-spin')} Connecting to the broker…</p>`}
      <p class="sr" role="status">${this.page.announcement}</p></main>`;
  }

  #now(newest: StateMessage, snapshot: Snapshot): TemplateResult {
    const pageNowMs = this.#environment?.now() ?? 0;
    const live = newest.link.state === 'connected';
    const taste: SideTaste = { workspaceId: newest.workspaceId, nowMs: sidebarNowMs(this.page, pageNowMs), show: newest.show === 'used' ? 'used' : 'left', place: { locale: usableLocale(newest.locale) } };
    const isNothingYet = snapshot.recent.length + snapshot.running.length + snapshot.waiting.length === 0;
    return html`
      ${newest.link.state === 'down' ? this.#down(newest) : nothing}
      ${live ? this.#notices(newest, snapshot) : nothing}
      ${snapshot.broker.mode === 'practice' ? html`<p><span class="tag">${icon('beaker', 't')} Practice mode</span> <span class="dim">simulated, costs nothing</span></p>` : nothing}
      ${this.#balance(snapshot, taste, live, Math.max(0, pageNowMs - snapshot.atMs))}
      ${this.#limits(snapshot, taste, isNothingYet)}
      ${isNothingYet ? html`<section class="part" data-test="side-nothing"><p>No Codex request has come through yet. Limits appear after the first answer; until then they are unknown.</p>${this.#button('openMeteredTerminal', 'Open a Metered Terminal', 'side-terminal')}</section>` : nothing}
      ${live ? this.#runs(snapshot, taste) : nothing}
      ${this.#today(snapshot, taste)}`;
  }

  #down(newest: StateMessage): TemplateResult {
    const { problem } = newest.link;
    const said = problem ? `${problem.message} ${problem.remedy}` : 'The broker is not running. Requests are refused, none is lost, and nothing is charged.';
    return html`<div class="notice error" role="group" aria-label="Broker down" data-test="side-down">${icon('debug-disconnect', 'bad')}<div class="grow">${prose(said)}</div></div>
      <div class="row">${this.#button('startBroker', 'Start Now', 'side-start')}${this.#link('showLog', 'Show log', 'side-log')}</div>`;
  }

  /** What needs the person: a question, a block, what is wrong. The first of each; the dashboard has all. */
  #notices(newest: StateMessage, snapshot: Snapshot): TemplateResult {
    const [question] = windowQuestions(snapshot.questions, newest.workspaceId);
    const { meter } = newest;
    const [wrong] = snapshot.problems;
    const isBlocked = meter.background !== undefined && meter.icon === 'circle-slash';
    return html`
      ${question ? html`<div class="notice warning" role="group" aria-label="A request waits for your answer" data-test="side-question">${icon('question', 'warn')}<div class="grow">${question.text}<div class="row">${this.#link('answerQuestion', 'Answer', 'side-answer')}</div></div></div>` : nothing}
      ${isBlocked ? html`<div class="notice warning" role="group" aria-label="Blocked" data-test="side-blocked">${icon('circle-slash', 'warn')}<div class="grow">${meter.spoken}.<div class="row">${meter.action === 'topUp' ? this.#link('topUp', 'Add credits', 'side-cure') : meter.action === 'budgets' ? this.#link('showBudgets', 'Show budgets', 'side-cure') : this.#link('openDashboard', 'Show limits', 'side-cure')}</div></div></div>` : nothing}
      ${wrong && !isBlocked ? html`<div class="notice warning" role="group" aria-label="A problem" data-test="side-problem">${icon('warning', 'warn')}<div class="grow">${prose(`${wrong.message} ${wrong.remedy}`)}</div></div>` : nothing}`;
  }

  #balance(snapshot: Snapshot, taste: SideTaste, live: boolean, ageMs: number): TemplateResult {
    const { locale } = taste.place;
    const { number, words } = sideBalance(snapshot, taste.show, locale);
    const ahead = snapshotRunOut(snapshot);
    const draw = drawText(snapshot, locale, taste.workspaceId);
    return html`<section aria-label="Balance"><p class="big"><span data-test="side-balance">${number}</span> <small>${words}</small></p>
      ${live ? html`<p class="dim" data-test="side-next">${ahead ? runOutWords(ahead, taste.nowMs, locale) : `Next: ${draw.title.toLowerCase()}${draw.amount === undefined ? '' : ` · ${draw.amount}`}`}</p>`
        : html`<p class="dim" data-test="side-age">as of ${timeOfDay(snapshot.atMs, taste.place)}, ${age(ageMs)}</p>`}
      ${snapshot.balance.tracked ? nothing : html`<p>${this.#link('topUp', 'Add credits to cap what is spent', 'side-top-up')}</p>`}</section>`;
  }

  #limits(snapshot: Snapshot, taste: SideTaste, isNothingYet: boolean): TemplateResult | typeof nothing {
    const { shown, more } = sideLimits(snapshot, taste);
    if (shown.length === 0) return isNothingYet ? nothing : html`<section class="part" aria-label="Limits"><p class="dim">Limits are unknown until the first answer.</p></section>`;
    const ahead = snapshotLimitRunOut(snapshot, taste.workspaceId, taste.nowMs);
    return html`<section class="part" aria-label="Limits" data-test="side-limits">${repeat(shown, (limit) => limit.id, limitPart)}
      ${ahead ? html`<p class="dim" data-test="side-limit-ahead">${limitRunOutWords(ahead, taste.nowMs, taste.place.locale)}</p>` : nothing}
      ${more > 0 ? html`<p>${this.#link('openDashboard', `${more} more ${more === 1 ? 'limit' : 'limits'}`, 'side-more')}</p>` : nothing}</section>`;
  }

  #runs(snapshot: Snapshot, taste: SideTaste): TemplateResult | typeof nothing {
    const { running } = snapshot;
    const waits = sideWaiting(snapshot, taste.nowMs, duration);
    if (running.length === 0 && !waits) return nothing;
    const cancelling = new Set(this.page.cancelling.values());
    const rest = running.length - runsShown;
    return html`<section class="part" aria-labelledby="side-runs" data-test="side-runs"><h2 id="side-runs">Running and waiting</h2><ul>
      ${repeat(running.slice(0, runsShown), (run) => run.requestId, (run) => html`<li>${icon('sync', 's codicon-modifier-spin')}<span class="grow ell">${run.workspaceLabel} <span class="dim">· ${stopwatch(taste.nowMs - run.sinceMs)}${run.heldMicroCredits > 0 ? ` · ${creditsText(run.heldMicroCredits, taste.place.locale)} held` : ''}</span></span>
        <button type="button" class="ico" title="Cancel" aria-label="Cancel the request of ${run.workspaceLabel}" data-test="side-cancel" ?disabled=${cancelling.has(run.requestId)} @click=${() => this.#cancel(run.requestId)}>${icon('debug-stop', 's')}</button></li>`)}
      ${rest > 0 ? html`<li>${icon('sync', 's')}<span class="grow">${rest} more ${rest === 1 ? 'runs' : 'run'}</span></li>` : nothing}
      ${waits ? html`<li class="top">${icon('history', 's')}<span class="grow">${waits.title}<span class="why">${waits.why}</span></span></li>` : nothing}</ul></section>`;
  }

  #today(snapshot: Snapshot, taste: SideTaste): TemplateResult | typeof nothing {
    const rows = sideToday(snapshot, taste.place.locale);
    if (rows.length === 0) return nothing;
    return html`<section class="part" aria-labelledby="side-today" data-test="side-today"><div class="head"><h2 id="side-today">Used today</h2><span class="dim">${costText(snapshot.today.total, taste.place.locale)} credits</span></div>
      <ul>${repeat(rows, (row) => row.key, (row) => html`<li><span class="grow ell">${row.label}</span><span class="dim">${row.amount}</span></li>`)}</ul></section>`;
  }
}

function limitPart(limit: SideLimit): TemplateResult {
  const mark = limit.level === 'empty' ? icon('error', 's bad') : limit.level === 'low' ? icon('warning', 's warn') : nothing;
  return html`<div class="limit"><div class="line"><span class="grow ell" title=${limit.name}>${limit.name}</span><span class="nowrap">${limit.amount}</span></div>
    <usage-gauge .share=${limit.share} .reserved=${limit.reserved} .tick=${limit.tick} .level=${limit.level} .sentence=${limit.sentence}></usage-gauge>
    <div class="line foot"><span class="grow">${limit.resets}</span><span class="nowrap">${mark} ${limit.pace}</span></div></div>`;
}

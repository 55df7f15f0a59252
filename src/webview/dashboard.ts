// The `codex-dashboard` element: holds what the page remembers, paints its parts from the newest
// state message, and turns clicks into messages. It keeps no number of its own.
import { html, LitElement, noChange, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { PageChange } from '../protocol/dashboardChanges.ts';
import { changeSubject } from '../protocol/changeSubject.ts';
import { t, usableLocale } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { receiptName, receiptText } from './receiptText.ts';
import type { PageBudget } from './budgetDraft.ts';
import { explainPanel } from './explainPanel.ts';
import { headerBar, tabBar } from './headerBar.ts';
import { incomingMessage } from './incomingMessage.ts';
import { LazyPages } from './lazyPages.ts';
import { brokerDown, snapshotNotices } from './notices.ts';
import type { Moment } from './moving.ts';
import { nowPage } from './nowPage.ts';
import { beginChange, changesUnderWay } from './pageChanges.ts';
import { PageClock } from './pageClock.ts';
import type { PageEnvironment } from './pageEnvironment.ts';
import { bringPanelIntoView, focusAfterChange, giveFocus, leadsToOtherPages } from './pageFocus.ts';
import { beginQuestion } from './pageQuestions.ts';
import type { Asking } from './pageQuestions.ts';
import { firstPageState, receive, tabFrom } from './pageState.ts';
import type { PageState, Tab } from './pageState.ts';
import { emptyView, nextTurnMs, viewOf } from './pageView.ts';
import { questionsPanel } from './questionsPanel.ts';
import { moveByRow, settleRowStops } from './rowFocus.ts';
import type { TopUpOrder } from './topUpForm.ts';
import type { PageActions, RunCommand } from './view.ts';

/** The page. `start` gives it its surroundings, `take` a message from the extension. */
export class CodexDashboard extends LitElement {
  static override properties = { page: { state: true } };

  declare page: PageState;
  #environment: PageEnvironment | undefined;
  #lastId = 0;
  #opener: HTMLElement | undefined;
  /** The explanation just opened, or was just answered: it is brought into view. */
  #showPanel = false;
  #clock: PageClock | undefined;
  readonly #opened = new Set<Tab>();
  /** What lies far below may come with the next frame. */
  #isBeginning = false;
  readonly #lazy = new LazyPages(() => this.#environment?.loadOtherPages() ?? Promise.reject(new Error('the page has not begun')), () => this.#pagesChanged());

  constructor() {
    super();
    this.page = firstPageState('now');
    this.addEventListener('keydown', (event) => this.#onKey(event));
    for (const near of ['pointerover', 'focusin']) this.addEventListener(near, ({ target }) => { if (leadsToOtherPages(target)) this.#lazy.fetch(); });
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Begins: opens the tab of last time, tells the extension that the page listens, keeps time. */
  start(environment: PageEnvironment): void {
    this.#environment = environment;
    // A page that was hidden is made anew, while answers to the questions of the one before may still be on their way.
    this.#lastId = environment.now();
    this.page = firstPageState(tabFrom(environment.loadTab()));
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
    const message = incomingMessage(data);
    if (!message || !this.#environment) return;
    if (message.type === 'openRequest') return this.#explain(message.requestId, null);
    const before = this.page;
    this.page = receive(before, message, this.#environment.now());
    // The answer is longer than the waiting line. Who reads on elsewhere meanwhile is left there.
    if (message.type === 'explainResult' && this.page !== before && document.activeElement?.id === 'head-explain') this.#showPanel = true;
    // The button lost the focus when it was disabled, and goes away with the permission.
    if (message.type === 'allowResult' && this.page !== before && !message.problem && document.hasFocus() && document.activeElement === document.body) this.querySelector<HTMLElement>('#consent')?.focus();
    if (message.type === 'changeResult' && this.page !== before && !message.problem) focusAfterChange(this, before.changes.changing.get(message.id), this.page);
  }

  /** Paints the page from the message that came with it: what is seen first comes first. */
  begin(data: unknown): void {
    this.#isBeginning = true;
    this.take(data);
    this.#environment?.afterFrame(() => { this.#isBeginning = false; this.requestUpdate(); });
  }

  readonly #act: PageActions = {
    addCredits: () => { this.page = { ...this.page, tab: 'credits', focusNext: 'amount' }; },
    allow: () => this.#allow(),
    change: (change) => this.#change(change),
    openBudget: (budgetId) => this.#openBudget(budgetId),
    closeBudget: () => this.#closeBudget(),
    run: (command: RunCommand) => this.#environment?.post({ type: 'run', command }),
    explain: (requestId, opener) => this.#explain(requestId, opener),
    closeExplanation: () => this.#closeExplanation(),
    cancel: (requestId) => this.#cancel(requestId),
    openTab: (tab) => this.#openTab(tab),
    keepReceipt: (to) => this.#keepReceipt(to),
  };

  readonly #asking: Asking = {
    ask: (question) => {
      const id = this.#nextId();
      this.page = { ...this.page, questions: beginQuestion(this.page.questions, question.about, id) };
      this.#environment?.post({ type: 'ask', id, question });
      return id;
    },
    drop: (about) => this.#environment?.post({ type: 'drop', about }),
    save: (what) => this.#environment?.post({ type: 'save', id: this.#nextId(), ...what }),
    loadChoice: (name) => this.#environment?.loadChoice(name),
    saveChoice: (name, choice) => this.#environment?.saveChoice(name, choice),
  };

  #keepReceipt(to: 'file' | 'clipboard'): void {
    const { explanation, newest } = this.page;
    if (!explanation?.result || !newest) return;
    const content = receiptText(explanation.result, newest.snapshot?.broker.mode === 'practice', usableLocale(newest.locale));
    this.#asking.save({ name: receiptName(explanation.result), to, content, encoding: 'text' });
  }

  #openTab(tab: Tab): void {
    const { focusNext: _elsewhere, ...rest } = this.page;
    this.page = { ...rest, tab };
    if (tab !== 'now') this.#lazy.fetch();
    this.#environment?.saveTab(tab);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #explain(requestId: string, opener: EventTarget | null): void {
    const id = this.#nextId();
    this.#opener = opener instanceof HTMLElement ? opener : undefined;
    this.#showPanel = true;
    this.page = { ...this.page, explanation: { id, requestId } };
    this.#environment?.post({ type: 'explain', id, requestId });
  }

  #closeExplanation(): void {
    const { explanation: _closed, ...rest } = this.page;
    this.page = rest;
    // The row may have left the list meanwhile; the open tab is then the nearest place.
    const back = this.#opener?.isConnected ? this.#opener : this.querySelector<HTMLElement>(`#tab-${this.page.tab}`);
    back?.focus();
  }

  #cancel(requestId: string): void {
    if ([...this.page.cancelling.values()].includes(requestId)) return;
    const id = this.#nextId();
    this.page = { ...this.page, cancelling: new Map([...this.page.cancelling, [id, requestId]]) };
    this.#environment?.post({ type: 'cancel', id, requestId });
  }

  #allow(): void {
    const { consentQuestion, newest } = this.page;
    if (newest?.link.state !== 'connected' || consentQuestion && !consentQuestion.problem) return;
    const id = this.#nextId();
    this.page = { ...this.page, consentQuestion: { id } };
    this.#environment?.post({ type: 'allow', id });
  }

  #change(change: PageChange): void {
    const { newest, changes } = this.page;
    if (newest?.link.state !== 'connected' && change.kind !== 'seePrices' || changesUnderWay(changes).has(changeSubject(change))) return;
    const id = this.#nextId();
    this.page = { ...this.page, changes: beginChange(changes, id, change) };
    this.#environment?.post({ type: 'change', id, change });
  }

  #openBudget(budgetId: string | undefined): void {
    const failures = new Map(this.page.changes.failures);
    failures.delete('budgetSet');
    this.page = { ...this.page, tab: 'credits', changes: { ...this.page.changes, failures }, budgetForm: budgetId === undefined ? {} : { budgetId }, focusNext: 'budgetForm' };
  }

  #closeBudget(): void {
    const { budgetForm: _closed, ...rest } = this.page;
    this.page = rest;
    this.querySelector<HTMLElement>('#head-budgets')?.focus();
  }

  readonly #sendTopUp = (order: TopUpOrder): number => {
    const id = this.#nextId();
    this.#environment?.post({ type: 'topUp', id, ...order });
    return id;
  };

  #onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.page.explanation) {
      event.preventDefault();
      this.#closeExplanation();
      return;
    }
    // The button element acts on Space but lets the page scroll as well.
    if (event.key === ' ' && event.target instanceof HTMLElement && event.target.localName === 'vscode-button') event.preventDefault();
    moveByRow(event);
  }

  #moment(): Moment {
    return { nowMs: this.#clock?.nowMs() ?? 0, clock: this.#clock };
  }

  /** The other pages are asked for, came, or could not be had: who waits for one is told, and is left nowhere. */
  #pagesChanged(): void {
    this.requestUpdate();
    const { focusNext: _none, ...rest } = this.page;
    const { isComing, hasFailed } = this.#lazy;
    if (rest.tab === 'now' || isComing && !hasFailed) return;
    if (isComing) this.page = { ...this.page, announcement: t('Loading the page') };
    else if (hasFailed) this.page = { ...rest, announcement: t('This page could not be loaded.') };
    else if (this.querySelector('.no-page')) this.page = { ...this.page, announcement: '' };
    if (!hasFailed && document.activeElement?.closest('.no-page')) this.querySelector<HTMLElement>(`#tab-${rest.tab}`)?.focus();
  }

  protected override willUpdate(): void {
    const { tab } = this.page;
    if (tab !== 'now' && !this.#lazy.hasFailed && this.#environment) this.#lazy.fetch();
    this.#opened.add(tab);
    this.#clock?.begin();
  }

  protected override render(): TemplateResult {
    const { newest, tab } = this.page;
    const link = newest?.link ?? { state: 'connecting' as const };
    const snapshot = newest?.snapshot;
    return html`<main class="page">
      ${headerBar(link, snapshot, newest?.host, this.#moment(), this.#act)}
      ${snapshot ? this.#pages(snapshot, tab) : this.#waiting()}
      <p class="sr" role="status">${this.page.announcement}</p></main>`;
  }

  #waiting(): TemplateResult {
    const link = this.page.newest?.link;
    if (link?.state === 'down') {
      return html`<div class="notices">${brokerDown(link, undefined, emptyView(this.#moment().nowMs, this.#act))}</div>`;
    }
    return html`<div class="loading"><vscode-progress-ring aria-label=${t('Connecting')}></vscode-progress-ring><p>${t('Connecting to the broker…')}</p><p class="dim">${t('It starts with the first window and keeps running while requests do.')}</p></div>`;
  }

  #pages(snapshot: Snapshot, tab: Tab): TemplateResult {
    const { newest, explanation, questions } = this.page;
    const view = viewOf(this.page, snapshot, this.#moment(), this.#act);
    const { pages } = this.#lazy;
    const shown = this.#lazy.inView(tab);
    const forms = { page: this.page, environment: this.#environment, sendTopUp: this.#sendTopUp, sendBudget: this.#sendBudget, asking: this.#asking };
    const frame = (name: Tab, content: unknown) => html`<div role="tabpanel" id="page-${name}" aria-labelledby="tab-${name}" aria-busy=${name !== 'now' && name === tab && this.#lazy.isComing ? 'true' : 'false'} ?hidden=${shown !== name}>${content}</div>`;
    // A page that is not open stays as it was last seen, and costs nothing.
    const panel = (name: Tab, content: () => TemplateResult) => frame(name, shown === name ? content() : noChange);
    // It is made when it is opened first, remembers what it asked, and of another ledger nothing.
    const element = (name: Tab, content: TemplateResult) => frame(name, !this.#opened.has(name) ? nothing : pages ? keyed(snapshot.broker.dataDir, content) : this.#lazy.instead());
    return html`
      ${tabBar(tab, (next) => this.#openTab(next))}
      ${questionsPanel(snapshot, view)}
      <div class="notices">${newest?.link.state === 'down' ? brokerDown(newest.link, snapshot, { ...view, nowMs: this.#moment().nowMs }) : nothing}${snapshotNotices(snapshot, view)}</div>
      <div class="body ${view.stale ? 'stale' : ''} ${explanation ? 'explaining' : ''}"><div class="pages">
        ${panel('now', () => nowPage(snapshot, view, this.#isBeginning, this.#asking))}
        ${element('history', html`<history-page .shown=${tab === 'history'} .snapshot=${snapshot} .view=${view} .questions=${questions} .asking=${this.#asking}></history-page>`)}
        ${element('ledger', html`<ledger-page .shown=${tab === 'ledger'} .snapshot=${snapshot} .view=${view} .questions=${questions} .asking=${this.#asking}></ledger-page>`)}
        ${panel('credits', () => pages?.creditsPage(snapshot, view, forms) ?? this.#lazy.instead())}
        ${element('events', html`<events-page .shown=${tab === 'events'} .snapshot=${snapshot} .view=${view} .questions=${questions} .asking=${this.#asking}></events-page>`)}
        ${element('insights', html`<insights-page .shown=${tab === 'insights'} .snapshot=${snapshot} .view=${view} .questions=${questions} .asking=${this.#asking}></insights-page>`)}
      </div>${explanation ? explainPanel(explanation, view) : nothing}</div>`;
  }

  readonly #sendBudget = (budget: PageBudget) => this.#change({ kind: 'budgetSet', budget });

  protected override updated(): void {
    if (this.#clock) this.#clock.end(nextTurnMs(this.page, this.#clock.nowMs()));
    settleRowStops(this);
    if (this.#showPanel && this.page.explanation) {
      this.#showPanel = false;
      bringPanelIntoView(this);
    }
    this.#focusNext();
  }

  #focusNext(): void {
    const { focusNext } = this.page;
    if (focusNext === undefined || !giveFocus(this, focusNext)) return;
    const { focusNext: _given, ...rest } = this.page;
    this.page = rest;
    this.#environment?.saveTab(this.page.tab);
  }
}

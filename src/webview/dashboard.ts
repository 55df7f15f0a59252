// The `codex-dashboard` element: holds what the page remembers, paints its parts from the newest
// state message, and turns clicks into messages. It keeps no number of its own.
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { EntryFilter } from './entryText.ts';
import { explainPanel } from './explainPanel.ts';
import { facts } from './facts.ts';
import { grantsTable } from './grantsTable.ts';
import { headerBar, tabBar } from './headerBar.ts';
import { incomingMessage } from './incomingMessage.ts';
import { ledgerTable } from './ledgerTable.ts';
import { limitsTable } from './limitsTable.ts';
import { brokerDown, practiceNotice, snapshotNotices } from './notices.ts';
import type { PageEnvironment } from './pageEnvironment.ts';
import { brokerNowMs, firstPageState, receive, tabFrom } from './pageState.ts';
import type { PageState, Tab } from './pageState.ts';
import { recentTable } from './recentTable.ts';
import { moveByRow, settleRowStops } from './rowFocus.ts';
import { runsTable } from './runsTable.ts';
import { usableLocale } from './timeText.ts';
import { averageCost } from './topUpDraft.ts';
import type { TopUpForm, TopUpOrder } from './topUpForm.ts';
import { usageTables } from './usageTables.ts';
import type { PageActions, RunCommand, View } from './view.ts';

/** Countdowns and ages are painted this often; a number never changes faster by itself. */
const tickMs = 2000;

/** The page. `start` gives it its surroundings, `take` a message from the extension. */
export class CodexDashboard extends LitElement {
  static override properties = { page: { state: true }, filter: { state: true } };

  declare page: PageState;
  declare filter: EntryFilter;
  #environment: PageEnvironment | undefined;
  #lastId = 0;
  #opener: HTMLElement | undefined;
  /** The explanation just opened, or was just answered: it is brought into view. */
  #showPanel = false;
  #stopTicking: (() => void) | undefined;

  constructor() {
    super();
    this.page = firstPageState('now');
    this.filter = 'moves';
    this.addEventListener('keydown', (event) => this.#onKey(event));
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Begins: opens the tab of last time, tells the extension that the page listens, keeps time. */
  start(environment: PageEnvironment): void {
    this.#environment = environment;
    this.page = firstPageState(tabFrom(environment.loadTab()));
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
    if (!message || !this.#environment) return;
    const before = this.page;
    this.page = receive(before, message, this.#environment.now());
    // The answer is longer than the waiting line. Who reads on elsewhere meanwhile is left there.
    if (message.type === 'explainResult' && this.page !== before && document.activeElement?.id === 'head-explain') this.#showPanel = true;
    // The button lost the focus when it was disabled, and goes away with the permission.
    if (message.type === 'allowResult' && this.page !== before && !message.problem && document.hasFocus() && document.activeElement === document.body) this.querySelector<HTMLElement>('#consent')?.focus();
  }

  readonly #act: PageActions = {
    addCredits: () => { this.page = { ...this.page, tab: 'credits', focusAmount: true }; },
    allow: () => this.#allow(),
    run: (command: RunCommand) => this.#environment?.post({ type: 'run', command }),
    explain: (requestId, opener) => this.#explain(requestId, opener),
    closeExplanation: () => this.#closeExplanation(),
    cancel: (requestId) => this.#cancel(requestId),
    openTab: (tab) => this.#openTab(tab),
  };

  #openTab(tab: Tab): void {
    this.page = { ...this.page, tab };
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

  #view(snapshot: Snapshot): View {
    const { newest } = this.page;
    return {
      place: { locale: usableLocale(newest?.locale ?? 'en') },
      nowMs: newest?.link.state === 'connected' ? brokerNowMs(this.page, this.#pageNowMs()) : snapshot.atMs,
      show: newest?.show === 'used' ? 'used' : 'left',
      stale: newest?.link.state !== 'connected',
      practice: snapshot.broker.mode === 'practice',
      workspaceId: newest?.workspaceId,
      workspaceLabel: newest?.workspaceLabel,
      cancelling: new Set(this.page.cancelling.values()),
      explained: this.page.explanation?.requestId,
      consentQuestion: this.page.consentQuestion,
      act: this.#act,
    };
  }

  #pageNowMs(): number {
    return this.#environment?.now() ?? 0;
  }

  protected override render(): TemplateResult {
    const { newest, tab } = this.page;
    const link = newest?.link ?? { state: 'connecting' as const };
    const snapshot = newest?.snapshot;
    const ageMs = snapshot ? Math.max(0, this.#pageNowMs() - snapshot.atMs) : 0;
    return html`<main class="page">
      ${headerBar(link, snapshot, ageMs, this.#act)}
      ${snapshot ? this.#pages(snapshot, tab) : this.#waiting()}
      <p class="sr" role="status">${this.page.announcement}</p></main>`;
  }

  #waiting(): TemplateResult {
    const link = this.page.newest?.link;
    if (link?.state === 'down') {
      const view: View = { place: { locale: 'en' }, nowMs: this.#pageNowMs(), show: 'left', stale: true, practice: false, workspaceId: undefined, workspaceLabel: undefined, cancelling: new Set(), explained: undefined, consentQuestion: undefined, act: this.#act };
      return html`<div class="notices">${brokerDown(link, undefined, view)}</div>`;
    }
    return html`<div class="loading"><vscode-progress-ring aria-label="Connecting"></vscode-progress-ring><p>Connecting to the broker…</p><p class="dim">It starts with the first window and keeps running while requests do.</p></div>`;
  }

  #pages(snapshot: Snapshot, tab: Tab): TemplateResult {
    const { newest, explanation } = this.page;
    const view = this.#view(snapshot);
    const panel = (name: Tab, content: TemplateResult) => html`<div role="tabpanel" id="page-${name}" aria-labelledby="tab-${name}" ?hidden=${tab !== name}>${content}</div>`;
    return html`
      ${tabBar(tab, (next) => this.#openTab(next))}
      <div class="notices">${newest?.link.state === 'down' ? brokerDown(newest.link, snapshot, { ...view, nowMs: this.#pageNowMs() }) : nothing}${snapshotNotices(snapshot, view)}</div>
      <div class="body ${view.stale ? 'stale' : ''} ${explanation ? 'explaining' : ''}"><div class="pages">
        ${panel('now', html`${practiceNotice(view)}${facts(snapshot, view)}${limitsTable(snapshot, view)}${runsTable(snapshot, view)}${usageTables(snapshot, view)}
          <section class="area" aria-labelledby="head-days"><cost-chart .days=${snapshot.days} .locale=${view.place.locale}></cost-chart></section>${recentTable(snapshot, view)}`)}
        ${panel('ledger', ledgerTable(snapshot, this.filter, (filter) => { this.filter = filter; }, view))}
        ${panel('credits', html`<div class="columns main"><div>${grantsTable(snapshot, view)}</div>${this.#topUp(snapshot, view)}</div>`)}
      </div>${explanation ? explainPanel(explanation, view) : nothing}</div>`;
  }

  #topUp(snapshot: Snapshot, view: View): TemplateResult {
    const blocked = view.stale ? 'The broker is not reachable. Credits can be added when it runs.' : undefined;
    return html`<section class="area" aria-labelledby="head-topup"><header class="head"><h2 id="head-topup">Add credits</h2></header>
      <topup-form .balance=${snapshot.balance} .consent=${snapshot.consent} .average=${averageCost(snapshot)} .workspaceId=${view.workspaceId} .workspaceLabel=${view.workspaceLabel}
        .blockedReason=${blocked} .practice=${view.practice} .locale=${view.place.locale} .answer=${this.page.topUpAnswer} .send=${this.#sendTopUp} .newKey=${this.#environment?.newKey}></topup-form></section>`;
  }

  #bringPanelIntoView(): void {
    const panel = this.querySelector('.explain');
    if (!panel) return;
    // Beside the page it is in view already; below the page it would open out of sight.
    const { top } = panel.getBoundingClientRect();
    if (top < 0 || top > window.innerHeight / 2) panel.scrollIntoView({ block: 'start' });
    panel.querySelector<HTMLElement>('#head-explain')?.focus({ preventScroll: true });
  }

  protected override updated(): void {
    settleRowStops(this);
    if (this.#showPanel && this.page.explanation) {
      this.#showPanel = false;
      this.#bringPanelIntoView();
    }
    const form = this.page.focusAmount ? this.querySelector<TopUpForm>('topup-form') : null;
    if (!form) return;
    this.page = { ...this.page, focusAmount: false };
    this.#environment?.saveTab(this.page.tab);
    // A form that was made just now has no field yet.
    void form.updateComplete.then(() => form.focusAmount());
  }
}

// The `budget-form` element: sets a new budget or changes one. It keeps what is typed, says what is wrong with it
// and what it would mean, and asks its page to send.
import { html, LitElement, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { Budget, BudgetPer } from '../domain/budgets.ts';
import type { Problem } from '../domain/problem.ts';
import { budgetOf, draftOf, draftSentence, takesOne } from './budgetDraft.ts';
import type { BudgetDraft, DraftBudget, PageBudget } from './budgetDraft.ts';
import { icon, prose } from './view.ts';

/** What can be chosen or is suggested. */
export interface BudgetChoices {
  /** Names of workspaces by id. */
  readonly workspaces: ReadonlyMap<string, string>;
  readonly models: readonly string[];
  readonly clients: readonly string[];
}

const pers: readonly (readonly [per: BudgetPer, label: string])[] = [
  ['everything', 'everything'], ['workspace', 'workspace'], ['task', 'task (Codex thread)'], ['model', 'model'], ['client', 'client'], ['request', 'request'],
];
const periods: readonly (readonly [period: BudgetDraft['period'], label: string])[] = [
  ['day', 'day'], ['week', 'week'], ['month', 'month'], ['rolling', 'last hours'], ['life', 'for ever'],
];
const ofLabels: Readonly<Record<'model' | 'client' | 'task', string>> = { model: 'Model, or empty for each', client: 'Client, or empty for each', task: 'Thread, or empty for each' };

/**
 * Properties: `editing` (the budget that is changed; absent for a new one), `choices`, `timeZone`, `busy` while it is
 * sent, `problem` when it was not set, `stale` while nothing can be sent, and the functions `send`, `cancel`, `newKey`.
 */
export class BudgetForm extends LitElement {
  static override properties = {
    editing: { attribute: false }, choices: { attribute: false }, timeZone: { type: String }, busy: { type: Boolean },
    problem: { attribute: false }, stale: { type: Boolean }, draft: { state: true }, touched: { state: true },
  };

  declare editing: Budget | undefined;
  declare choices: BudgetChoices;
  declare timeZone: string;
  declare busy: boolean;
  declare problem: Problem | undefined;
  declare stale: boolean;
  declare draft: BudgetDraft;
  /** Somebody typed, so that an empty field may be complained about. */
  declare touched: boolean;
  send: (budget: PageBudget) => void = () => undefined;
  cancel: () => void = () => undefined;
  newKey: () => string = () => '';
  #key: string | undefined;

  constructor() {
    super();
    this.choices = { workspaces: new Map(), models: [], clients: [] };
    this.timeZone = 'UTC';
    this.busy = false;
    this.stale = false;
    this.draft = draftOf(undefined);
    this.touched = false;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Puts the cursor into the amount, with its text selected. */
  focusLimit(): void {
    const field = this.querySelector<HTMLInputElement>('[data-test=budget-limit]');
    field?.focus();
    field?.select();
  }

  protected override willUpdate(changed: PropertyValues): void {
    const before = changed.get('editing') as Budget | undefined;
    // Every snapshot brings the budget anew; only another one begins another draft.
    if (!changed.has('editing') || before?.id === this.editing?.id) return;
    this.draft = draftOf(this.editing);
    this.touched = false;
    this.#key = undefined;
  }

  #set(change: Partial<BudgetDraft>): void {
    this.draft = { ...this.draft, ...change };
    this.touched = true;
  }

  #read(): DraftBudget {
    const { per, period } = this.draft;
    // One key for the life of the form: sending it again changes the same budget.
    const id = this.editing?.id ?? `${per}-${per === 'request' ? 'life' : period}-${(this.#key ??= this.newKey()).slice(0, 8)}`;
    return budgetOf(this.draft, id, this.editing?.timeZone ?? this.timeZone);
  }

  #submit(event: Event): void {
    event.preventDefault();
    this.touched = true;
    const read = this.#read();
    if ('wrong' in read) this.querySelector<HTMLElement>(`[data-test=budget-${read.field}]`)?.focus();
    else if (!this.busy && !this.stale) this.send(read.budget);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    this.cancel();
  }

  protected override render(): TemplateResult {
    const { draft } = this;
    const read = this.#read();
    const wrong = 'wrong' in read ? read : undefined;
    const disabled = this.busy || this.stale;
    const text = (event: Event) => (event.target as HTMLInputElement | HTMLSelectElement).value;
    const invalid = (field: string) => (wrong?.field === field && this.touched ? 'true' : 'false');
    return html`<form aria-label=${this.editing ? 'Change the budget' : 'Set a budget'} @submit=${(event: Event) => this.#submit(event)} @keydown=${(event: KeyboardEvent) => this.#onKey(event)}>
      <div class="fields">
        <label>Allows<input data-test="budget-limit" class="input" inputmode="decimal" autocomplete="off" maxlength="20" .value=${draft.limitText} aria-describedby="budget-reason" aria-invalid=${invalid('limit')} @input=${(event: Event) => this.#set({ limitText: text(event) })}></label>
        <label>Unit<select data-test="budget-unit" class="input" @change=${(event: Event) => this.#set({ unit: text(event) as BudgetDraft['unit'] })}>${(['credits', 'tokens'] as const).map((unit) => html`<option value=${unit} .selected=${unit === draft.unit}>${unit}</option>`)}</select></label>
        <label>Counted per<select data-test="budget-per" class="input" @change=${(event: Event) => this.#set({ per: text(event) as BudgetPer, of: '' })}>${pers.map(([per, label]) => html`<option value=${per} .selected=${per === draft.per}>${label}</option>`)}</select></label>
        ${this.#ofField(text, invalid('of'))}
        ${draft.per === 'request' ? nothing : html`<label>Period<select data-test="budget-period" class="input" @change=${(event: Event) => this.#set({ period: text(event) as BudgetDraft['period'] })}>${periods.map(([period, label]) => html`<option value=${period} .selected=${period === draft.period}>${label}</option>`)}</select></label>`}
        ${draft.per === 'request' || draft.period !== 'rolling' ? nothing : html`<label>Hours<input data-test="budget-hours" class="input" inputmode="numeric" autocomplete="off" maxlength="4" .value=${draft.hoursText} aria-describedby="budget-reason" aria-invalid=${invalid('hours')} @input=${(event: Event) => this.#set({ hoursText: text(event) })}></label>`}
      </div>
      <fieldset><legend>When it is used up</legend>
        ${this.#mode('hard', 'Hard: refuse requests')}${this.#mode('soft', 'Soft: warn only')}</fieldset>
      <p id="budget-reason" class="reason" data-test="budget-reason">${wrong ? (this.touched ? html`${icon('info', 's')} ${wrong.wrong}` : nothing) : 'budget' in read ? html`<span class="dim">${draftSentence(read.budget, (id) => this.choices.workspaces.get(id) ?? id)}</span>` : nothing}</p>
      <div class="row"><vscode-button data-test="budget-submit" ?disabled=${disabled} aria-disabled=${disabled ? 'true' : 'false'} @click=${(event: Event) => this.#submit(event)}>${this.busy ? 'Setting…' : this.editing ? 'Change the budget' : 'Set the budget'}</vscode-button>
        <vscode-button secondary data-test="budget-cancel" @click=${() => this.cancel()}>Cancel</vscode-button></div>
      <div class="result" role="status" data-test="budget-result">${this.problem ? html`${icon('error', 's bad')} ${prose(`${this.problem.message} ${this.problem.remedy}`)}` : nothing}</div></form>`;
  }

  #mode(mode: BudgetDraft['mode'], label: string): TemplateResult {
    return html`<label class="option"><input type="radio" name="budget-mode" data-test="budget-${mode}" value=${mode} .checked=${this.draft.mode === mode} @change=${() => this.#set({ mode })}><span>${label}</span></label>`;
  }

  #ofField(text: (event: Event) => string, invalid: 'true' | 'false'): TemplateResult | typeof nothing {
    const { per, of } = this.draft;
    if (!takesOne(per)) return nothing;
    if (per === 'workspace') {
      const known = [...this.choices.workspaces].toSorted(([, a], [, b]) => a.localeCompare(b));
      const all = of === '' || this.choices.workspaces.has(of) ? known : [...known, [of, of] as const];
      return html`<label>Which<select data-test="budget-of" class="input" @change=${(event: Event) => this.#set({ of: text(event) })}><option value="" .selected=${of === ''}>each by itself</option>${all.map(([id, name]) => html`<option value=${id} .selected=${id === of}>${name}</option>`)}</select></label>`;
    }
    const suggested = per === 'model' ? this.choices.models : per === 'client' ? this.choices.clients : [];
    return html`<label>${ofLabels[per as 'model' | 'client' | 'task']}<input data-test="budget-of" class="input wide" autocomplete="off" maxlength="200" list="budget-suggested" .value=${of} placeholder=${per === 'model' ? 'such as gpt-6*' : ''} aria-describedby="budget-reason" aria-invalid=${invalid} @input=${(event: Event) => this.#set({ of: text(event) })}><datalist id="budget-suggested">${suggested.map((name) => html`<option value=${name}></option>`)}</datalist></label>`;
  }
}

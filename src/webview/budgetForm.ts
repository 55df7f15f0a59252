// The `budget-form` element: sets a new budget or changes one. It keeps what is typed, says what is wrong with it
// and what it would mean, and asks its page to send.
import { html, LitElement, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { Budget, BudgetPer } from '../domain/budgets.ts';
import type { Problem } from '../domain/problem.ts';
import { t } from '../protocol/language.ts';
import { problemWords } from '../protocol/problemWords.ts';
import { budgetOf, canBeSpread, draftOf, draftSentence, takesOne } from './budgetDraft.ts';
import type { BudgetDraft, DraftBudget, PageBudget } from './budgetDraft.ts';
import { icon, prose } from './view.ts';

/** What can be chosen or is suggested. */
export interface BudgetChoices {
  /** Names of workspaces by id. */
  readonly workspaces: ReadonlyMap<string, string>;
  readonly models: readonly string[];
  readonly clients: readonly string[];
}

const pers = (): readonly (readonly [per: BudgetPer, label: string])[] => [
  ['everything', t('everything')], ['workspace', t('workspace')], ['task', t('task (Codex thread)')], ['model', t('model')], ['client', t('client')], ['request', t('request')],
];
const periods = (): readonly (readonly [period: BudgetDraft['period'], label: string])[] => [
  ['day', t('day')], ['week', t('week')], ['month', t('month')], ['rolling', t('last hours')], ['life', t('for ever')],
];
const units = (): readonly (readonly [unit: Budget['unit'], label: string])[] => [['credits', t('credits')], ['tokens', t('tokens')]];

function ofLabel(per: BudgetPer): string {
  return per === 'model' ? t('Model, or empty for each') : per === 'client' ? t('Client, or empty for each') : t('Thread, or empty for each');
}

function options<V extends string>(choices: readonly (readonly [value: V, label: string])[], chosen: V): TemplateResult[] {
  return choices.map(([value, label]) => html`<option value=${value} .selected=${value === chosen}>${label}</option>`);
}

/**
 * Properties: `editing` (the budget that is changed; absent for a new one), `choices`, `timeZone`, `locale` (whose numbers are typed),
 * `busy` while it is sent, `problem` when it was not set, `stale` while nothing can be sent, and the functions `send`, `cancel`, `newKey`.
 */
export class BudgetForm extends LitElement {
  static override properties = {
    editing: { attribute: false }, choices: { attribute: false }, timeZone: { type: String }, locale: { type: String }, busy: { type: Boolean },
    problem: { attribute: false }, stale: { type: Boolean }, draft: { state: true }, touched: { state: true },
  };

  declare editing: Budget | undefined;
  declare choices: BudgetChoices;
  declare timeZone: string;
  declare locale: string;
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
    this.locale = 'en';
    this.busy = false;
    this.stale = false;
    this.draft = draftOf(undefined, this.locale);
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
    this.draft = draftOf(this.editing, this.locale);
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
    return budgetOf(this.draft, id, this.editing?.timeZone ?? this.timeZone, this.locale);
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
    return html`<form aria-label=${this.editing ? t('Change the budget') : t('Set a budget')} @submit=${(event: Event) => this.#submit(event)} @keydown=${(event: KeyboardEvent) => this.#onKey(event)}>
      <div class="fields">
        <label>${t('Allows')}<input data-test="budget-limit" class="input" inputmode="decimal" autocomplete="off" maxlength="20" .value=${draft.limitText} aria-describedby="budget-reason" aria-invalid=${invalid('limit')} @input=${(event: Event) => this.#set({ limitText: text(event) })}></label>
        <label>${t('Unit')}<select data-test="budget-unit" class="input" @change=${(event: Event) => this.#set({ unit: text(event) as BudgetDraft['unit'] })}>${options(units(), draft.unit)}</select></label>
        <label>${t('Counted per')}<select data-test="budget-per" class="input" @change=${(event: Event) => this.#set({ per: text(event) as BudgetPer, of: '' })}>${options(pers(), draft.per)}</select></label>
        ${this.#ofField(text, invalid('of'))}
        ${draft.per === 'request' ? nothing : html`<label>${t('Period')}<select data-test="budget-period" class="input" @change=${(event: Event) => this.#set({ period: text(event) as BudgetDraft['period'] })}>${options(periods(), draft.period)}</select></label>`}
        ${draft.per === 'request' || draft.period !== 'rolling' ? nothing : html`<label>${t('Hours')}<input data-test="budget-hours" class="input" inputmode="numeric" autocomplete="off" maxlength="4" .value=${draft.hoursText} aria-describedby="budget-reason" aria-invalid=${invalid('hours')} @input=${(event: Event) => this.#set({ hoursText: text(event) })}></label>`}
      </div>
      <fieldset><legend>${t('When it is used up')}</legend>
        ${this.#mode('hard', t('Hard: refuse requests'))}${this.#mode('soft', t('Soft: warn only'))}</fieldset>
      ${canBeSpread(draft) ? html`<label class="option"><input type="checkbox" data-test="budget-even" .checked=${draft.even} @change=${(event: Event) => this.#set({ even: (event.target as HTMLInputElement).checked })}><span>${t('Spread evenly over the days')}</span></label>` : nothing}
      <p id="budget-reason" class="reason" role="status" data-test="budget-reason">${wrong ? (this.touched ? html`${icon('info', 's')} ${wrong.wrong}` : nothing) : 'budget' in read ? html`<span class="dim">${draftSentence(read.budget, (id) => this.choices.workspaces.get(id) ?? id)}</span>` : nothing}</p>
      <div class="row"><vscode-button data-test="budget-submit" ?disabled=${disabled} aria-disabled=${disabled ? 'true' : 'false'} @click=${(event: Event) => this.#submit(event)}>${this.busy ? t('Setting…') : this.editing ? t('Change the budget') : t('Set the budget')}</vscode-button>
        <vscode-button secondary data-test="budget-cancel" @click=${() => this.cancel()}>${t('Cancel')}</vscode-button></div>
      <div class="result" role="status" data-test="budget-result">${this.problem ? html`${icon('error', 's bad')} ${prose(problemWords(this.problem))}` : nothing}</div></form>`;
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
      return html`<label>${t('Which workspace')}<select data-test="budget-of" class="input" @change=${(event: Event) => this.#set({ of: text(event) })}><option value="" .selected=${of === ''}>${t('each workspace by itself')}</option>${all.map(([id, name]) => html`<option value=${id} .selected=${id === of}>${name}</option>`)}</select></label>`;
    }
    const suggested = per === 'model' ? this.choices.models : per === 'client' ? this.choices.clients : [];
    return html`<label>${ofLabel(per)}<input data-test="budget-of" class="input wide" autocomplete="off" maxlength="200" list="budget-suggested" .value=${of} placeholder=${per === 'model' ? t('such as gpt-6*') : ''} aria-describedby="budget-reason" aria-invalid=${invalid} @input=${(event: Event) => this.#set({ of: text(event) })}><datalist id="budget-suggested">${suggested.map((name) => html`<option value=${name}></option>`)}</datalist></label>`;
  }
}

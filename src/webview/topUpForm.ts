// The `topup-form` element: choose an amount and who may use it, see what the balance becomes, add it
// once. It asks its page to send; a key made once per form keeps a second click from adding twice.
import { html, LitElement, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { formatCredits, formatUsd } from '../domain/units.ts';
import { t } from '../protocol/language.ts';
import type { BalanceView, Snapshot } from '../protocol/snapshot.ts';
import type { TopUpAnswer } from './pageState.ts';
import { consentText } from './consentText.ts';
import { modelMixes, tokensBought } from './tokensBought.ts';
import { addedText, averageCost, balanceAfter, draftAmount, isSignFirst, notAddedText, presetsUsd, requestsBought, submitLabel } from './topUpDraft.ts';
import { icon, prose } from './view.ts';

/** What a form asks for; `send` answers with the question's id. */
export interface TopUpOrder {
  readonly amountMicroCredits: number;
  readonly key: string;
  readonly scope: 'everywhere' | 'workspace';
}

/**
 * Properties: `quiet` while another form on the page is the one in use, `balance`, `usage` (from which it tells what an amount buys), `consent` (who may use purchased credits
 * now), `workspaceId` and `workspaceLabel` of this window, `blockedReason` when nothing can be added now,
 * `practice`, `locale`, `answer`, and the functions `send` and `newKey`.
 */
export class TopUpForm extends LitElement {
  static override properties = {
    balance: { attribute: false }, usage: { attribute: false }, consent: { attribute: false },
    workspaceId: { attribute: false }, workspaceLabel: { attribute: false },
    quiet: { type: Boolean }, blockedReason: { attribute: false }, practice: { type: Boolean }, locale: { type: String }, answer: { attribute: false },
    usdText: { state: true }, scope: { state: true }, askedId: { state: true },
  };

  declare quiet: boolean;
  declare balance: BalanceView | undefined;
  declare usage: Pick<Snapshot, 'today' | 'recent'> | undefined;
  declare consent: Snapshot['consent'] | undefined;
  declare workspaceId: string | undefined;
  declare workspaceLabel: string | undefined;
  declare blockedReason: string | undefined;
  declare practice: boolean;
  declare locale: string;
  declare answer: TopUpAnswer | undefined;
  declare usdText: string;
  /** Undefined until the person chooses; the narrower answer stands in for it. */
  declare scope: 'everywhere' | 'workspace' | undefined;
  /** The question that was sent and not answered yet. */
  declare askedId: number | undefined;
  send: (order: TopUpOrder) => number = () => 0;
  newKey: () => string = () => '';
  #key: string | undefined;

  constructor() {
    super();
    this.usdText = '10';
    this.locale = 'en';
    this.practice = false;
    this.quiet = false;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Puts the cursor into the amount, with its text selected. */
  focusAmount(): void {
    const field = this.querySelector<HTMLInputElement>('[data-test=topup-amount]');
    field?.focus();
    field?.select();
  }

  #choose(change: () => void): void {
    if (this.askedId !== undefined) return;
    change();
    // A different order is a different grant; the answer to the old one no longer speaks for it.
    this.#key = undefined;
    this.answer = undefined;
  }

  #chosenScope(): 'everywhere' | 'workspace' {
    return this.workspaceId === undefined || this.consent?.everywhere === true ? 'everywhere' : this.scope ?? 'workspace';
  }

  #submit(event: Event): void {
    event.preventDefault();
    const amount = draftAmount(this.usdText, this.locale);
    if ('wrong' in amount || this.blockedReason !== undefined || this.askedId !== undefined) return;
    this.#key ??= this.newKey();
    this.answer = undefined;
    this.askedId = this.send({ amountMicroCredits: amount.microCredits, key: this.#key, scope: this.#chosenScope() });
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('answer') || this.answer === undefined || this.answer.id !== this.askedId) return;
    this.askedId = undefined;
    // The grant exists now: the next order is another one. After a failure the key stays.
    if (this.answer.result) this.#key = undefined;
  }

  protected override render(): TemplateResult {
    const amount = draftAmount(this.usdText, this.locale);
    const sending = this.askedId !== undefined;
    const disabled = 'wrong' in amount || this.blockedReason !== undefined || sending;
    const sign = html`<span aria-hidden="true">$</span>`;
    const reason = this.blockedReason ?? ('wrong' in amount ? amount.wrong : undefined);
    return html`<form @submit=${(event: Event) => this.#submit(event)}>
      <fieldset ?disabled=${this.blockedReason !== undefined}><legend>${t('Amount')}</legend>
        <div class="presets">${presetsUsd.map((usd) => this.#preset(usd))}</div>
        <label class="field">${t('Other amount, in US dollars')}<span class="money">${isSignFirst(this.locale) ? sign : nothing}<input data-test="topup-amount" class="input" inputmode="decimal" autocomplete="off" maxlength="12" .value=${this.usdText} aria-describedby="topup-reason" aria-invalid=${'wrong' in amount ? 'true' : 'false'} @input=${(event: Event) => { const { value } = event.target as HTMLInputElement; this.#choose(() => { this.usdText = value; }); }}>${isSignFirst(this.locale) ? nothing : sign}</span></label></fieldset>
      ${this.#scopeChoice()}
      ${this.#outcome(amount)}
      <p class="dim">${this.practice ? t('Practice credits cost nothing and buy nothing; they let the simulated upstream run.') : t('A personal budget caps what is spent through this broker. No payment happens here: OpenAI bills the API key directly.')}</p>
      <p id="topup-reason" class="reason" role="status">${reason === undefined ? nothing : html`${icon(this.blockedReason === undefined ? 'info' : 'warning', 's')} ${reason}`}</p>
      <div class="row"><vscode-button class="primary" ?secondary=${this.quiet || this.answer?.result !== undefined} data-test="topup-submit" ?disabled=${disabled} aria-disabled=${disabled ? 'true' : 'false'} @click=${(event: Event) => this.#submit(event)}>${sending ? t('Adding…') : submitLabel(amount, this.locale, this.answer?.result !== undefined)}</vscode-button></div>
      <div data-test="topup-result" class="result" role="status">${this.#result()}</div></form>`;
  }

  #preset(usd: number): TemplateResult {
    const amount = draftAmount(String(usd), this.locale);
    const typed = draftAmount(this.usdText, this.locale);
    const chosen = 'microCredits' in amount && 'microCredits' in typed && amount.microCredits === typed.microCredits;
    return html`<button type="button" class="preset" data-test="topup-preset-${usd}" aria-pressed=${chosen ? 'true' : 'false'} @click=${() => this.#choose(() => { this.usdText = String(usd); })}><strong>${'microCredits' in amount ? formatUsd(amount.microCredits, 0, this.locale) : usd}</strong><span>${'microCredits' in amount ? t('{0} credits', formatCredits(amount.microCredits, 0, this.locale)) : nothing}</span></button>`;
  }

  #scopeChoice(): TemplateResult {
    const scope = this.#chosenScope();
    const isEverywhere = this.consent?.everywhere === true;
    const given = this.consent && (isEverywhere || this.consent.workspaceIds.length > 0) ? consentText({ consent: this.consent }, this) : undefined;
    const option = (value: 'everywhere' | 'workspace', label: string, disabled: boolean) => html`<label class="option"><input type="radio" name="topup-scope" data-test="topup-scope-${value}" value=${value} .checked=${scope === value} ?disabled=${disabled} @change=${() => this.#choose(() => { this.scope = value; })}><span>${label}</span></label>`;
    return html`<fieldset ?disabled=${this.blockedReason !== undefined}><legend>${t('Who may use purchased credits')}</legend>
      ${option('everywhere', t('Every workspace'), isEverywhere)}
      ${option('workspace', this.workspaceId === undefined ? t('Allow this workspace (not known yet)') : t('Allow this workspace: {0}', this.workspaceLabel ?? t('this folder')), isEverywhere || this.workspaceId === undefined)}
      ${given === undefined ? nothing : html`<p class="dim" data-test="topup-consent">${t('Allowed already: {0}. That stays.', given)}</p>`}</fieldset>`;
  }

  #outcome(amount: ReturnType<typeof draftAmount>): TemplateResult | typeof nothing {
    // Once it is added, the result tells the balance; "after" would count the same credits again.
    if ('wrong' in amount || !this.balance || this.answer?.result) return nothing;
    const after = balanceAfter(this.balance, amount.microCredits);
    const buys = this.usage && requestsBought(amount.microCredits, averageCost(this.usage), this.locale);
    const tokens = (this.usage ? modelMixes(this.usage) : []).flatMap((mix) => tokensBought(amount.microCredits, mix, this.locale) ?? []);
    return html`<dl class="pairs right"><dt>${t('Balance now')}</dt><dd>${this.balance.tracked ? formatCredits(this.balance.balanceMicroCredits, 2, this.locale) : t('not tracked')}</dd>
      <dt>${t('To add')}</dt><dd>+${formatCredits(amount.microCredits, 2, this.locale)}</dd>
      <dt class="strong">${t('Balance after')}</dt><dd class="strong">${t('{0} credits · {1}', formatCredits(after, 2, this.locale), formatUsd(after, 2, this.locale))}</dd>
      ${buys === undefined ? nothing : html`<dt>${t('Enough for about')}</dt><dd>${buys}</dd>`}
      ${tokens.length === 0 ? nothing : html`<dt>${t('Or about')}</dt><dd data-test="topup-tokens">${tokens.map((text) => html`<div>${text}</div>`)}</dd>`}</dl>`;
  }

  #result(): TemplateResult | typeof nothing {
    const { answer } = this;
    if (!answer) return nothing;
    if (answer.result) return html`${icon('pass', 's good')} ${addedText(answer.result, this.locale)}`;
    return answer.problem ? html`${icon('error', 's bad')} ${prose(notAddedText(answer.problem))}` : nothing;
  }
}

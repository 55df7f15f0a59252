// The `auto-credits` element: the automatic top-up and the field for a voucher. It keeps what is typed, says what is
// wrong with it and how things stand, and asks its page for the change; the extension and the broker check it again.
import { html, LitElement, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { additionsLeft } from '../domain/autoTopUp.ts';
import { t } from '../protocol/language.ts';
import type { PageChange } from '../protocol/dashboardChanges.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { isVoucherShaped, tidyVoucher } from '../protocol/voucherShape.ts';
import { creditsText } from './amountText.ts';
import { autoTopUpDraft, fieldMicroCredits, ruleOf } from './autoTopUpDraft.ts';
import type { AutoTopUpDraft } from './autoTopUpDraft.ts';
import { dayAndTime } from './timeText.ts';
import { changeProblem, icon, isChanging } from './view.ts';
import type { View } from './view.ts';

const off: PageChange = { kind: 'autoTopUp', rule: null };

function button(hook: string, label: string, isBusy: boolean, press: (event: Event) => void): TemplateResult {
  return html`<vscode-button secondary data-test=${hook} ?disabled=${isBusy} aria-disabled=${isBusy ? 'true' : 'false'} @click=${press}>${label}</vscode-button>`;
}

/** Properties: `snapshot`, `view` and `timeZone` (the person's, for the months of the cap). */
export class AutoCredits extends LitElement {
  static override properties = { snapshot: { attribute: false }, view: { attribute: false }, timeZone: { type: String }, draft: { state: true }, code: { state: true }, isCodeLeft: { state: true } };

  declare snapshot: Snapshot;
  declare view: View;
  declare timeZone: string;
  /** Absent until somebody types; the rule stands in for it. */
  declare draft: AutoTopUpDraft | undefined;
  declare code: string;
  /** Somebody is done with the code, so that it may be complained about. */
  declare isCodeLeft: boolean;

  constructor() {
    super();
    this.code = '';
    this.isCodeLeft = false;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(changed: PropertyValues): void {
    const before = changed.get('view') as View | undefined;
    const isMade = (change: PageChange) => before !== undefined && isChanging(before, change) && !isChanging(this.view, change) && !this.view.failures.has(change.kind);
    if (isMade(off)) this.draft = undefined;
    // A code that was taken is good for nothing any more.
    if (isMade({ kind: 'voucher', code: '' })) [this.code, this.isCodeLeft] = ['', false];
  }

  protected override render(): TemplateResult {
    return html`${this.#topUp()}${this.#voucher()}`;
  }

  #topUp(): TemplateResult {
    const { view, snapshot: { autoTopUp: rule } } = this;
    const { locale } = view.place;
    const draft = this.draft ?? autoTopUpDraft(rule, locale);
    const read = ruleOf(draft, rule?.timeZone ?? this.timeZone, locale);
    const wrong = 'wrong' in read && this.draft ? read : undefined;
    const busy = isChanging(view, off) || view.stale;
    const send = (event: Event) => {
      event.preventDefault();
      if ('wrong' in read) this.querySelector<HTMLElement>(`[data-test=auto-${read.field}]`)?.focus();
      else if (!busy) view.act.change({ kind: 'autoTopUp', rule: read.rule });
    };
    // Of several fields the platform sends none by Enter without a button of its own.
    const onKey = (event: KeyboardEvent) => { if (event.key === 'Enter' && event.target instanceof HTMLInputElement) send(event); };
    const means = (typed: string) => { const microCredits = fieldMicroCredits(typed, locale); return microCredits === undefined ? nothing : t('= {0} credits', creditsText(microCredits, locale)); };
    const field = (name: keyof AutoTopUpDraft, label: string) => html`<div><label>${label}<input data-test="auto-${name}" class="input" inputmode="decimal" .value=${draft[name]} ?disabled=${view.stale} aria-describedby="auto-means-${name} auto-reason" aria-invalid=${wrong?.field === name ? 'true' : 'false'} @input=${(event: Event) => { this.draft = { ...draft, [name]: (event.target as HTMLInputElement).value }; }}></label><span id="auto-means-${name}" class="hint dim" data-test="auto-means-${name}">${means(draft[name])}</span></div>`;
    return html`<section class="area" aria-labelledby="head-auto"><header class="head"><h2 id="head-auto" tabindex="-1">${t('Automatic top-up')}</h2></header>
      <p data-test="auto-state">${this.#state()}</p>
      <form @keydown=${onKey}><div class="fields">
        ${field('below', t('When fewer credits are left than'))}${field('add', t('Then add'))}${field('cap', t('At most in a month'))}</div>
        <p id="auto-reason" class="reason" role="status">${wrong ? html`${icon('info', 's')} ${wrong.wrong}` : nothing}</p>
        <div class="row">${button('auto-submit', rule ? t('Change') : t('Switch on'), busy, send)} ${rule ? button('auto-off', t('Switch off'), busy, () => view.act.change(off)) : nothing}</div>
        <div class="result" data-test="auto-result">${changeProblem(view, off)}</div></form></section>`;
  }

  /** How the rule stands, as a sentence. */
  #state(): string {
    const { view, snapshot: { autoTopUp: rule } } = this;
    const { locale } = view.place;
    if (!rule) return t('Off: credits are added only by hand.');
    if (additionsLeft(rule, rule.addedMicroCredits) === 0) return t('On: {0} of at most {1} credits were added this month; nothing more is added until {2}.', creditsText(rule.addedMicroCredits, locale), creditsText(rule.capMicroCredits, locale), dayAndTime(rule.beginsAnewAtMs, view.nowMs, view.place));
    return t('On: {0} of at most {1} credits were added this month.', creditsText(rule.addedMicroCredits, locale), creditsText(rule.capMicroCredits, locale));
  }

  #voucher(): TemplateResult {
    const { view } = this;
    const change: PageChange = { kind: 'voucher', code: tidyVoucher(this.code) };
    const isWrong = this.isCodeLeft && change.code !== '' && !isVoucherShaped(change.code);
    const busy = isChanging(view, change) || view.stale;
    const send = (event: Event) => {
      event.preventDefault();
      this.isCodeLeft = true;
      if (!isVoucherShaped(change.code)) this.querySelector<HTMLElement>('[data-test=voucher-code]')?.focus();
      else if (!busy) view.act.change(change);
    };
    return html`<section class="area" aria-labelledby="head-voucher"><header class="head"><h2 id="head-voucher" tabindex="-1">${t('Voucher')}</h2></header>
      <form @submit=${send}><label>${t('Code')}<input data-test="voucher-code" class="input wide" .value=${this.code} ?disabled=${view.stale} aria-describedby="voucher-reason" aria-invalid=${isWrong ? 'true' : 'false'} @blur=${() => { this.isCodeLeft = true; }} @input=${(event: Event) => { this.code = (event.target as HTMLInputElement).value; this.isCodeLeft = false; }}></label>
        <p id="voucher-reason" class="reason dim">${t('Paste the whole code: it begins with cbv1_ and has 133 letters.')}</p>
        <div class="row">${button('voucher-redeem', t('Redeem'), busy, send)}</div>
        <div class="result" data-test="voucher-result">${changeProblem(view, change)}</div></form></section>`;
  }
}

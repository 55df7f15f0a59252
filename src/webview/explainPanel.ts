// The explanation of one charge, beside or below the page: its story, the formula, the decision of
// each layer, the entries. It prints the broker's answer and computes nothing anew.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { clientName } from '../protocol/clientName.ts';
import type { ExplainResult } from '../protocol/control.ts';
import { outcomeName } from '../protocol/outcomeWords.ts';
import { accountName, entryKindName } from '../protocol/entryWords.ts';
import { t } from '../protocol/language.ts';
import { problemWords } from '../protocol/problemWords.ts';
import { shownLayer } from '../protocol/shownLayer.ts';
import { signedCredits } from './amountText.ts';
import { budgetVerdictRow, chargeUsd, correctedCost, correctionRow, explainTitle, formulaLine, layerName, noChargeText, sliceText, storyBesideLayers, termRow, tierName, verdictMark, waitedText } from './explainText.ts';
import type { OpenExplanation } from './pageState.ts';
import { formatCredits } from '../domain/units.ts';
import { dayAndTime, timeWithSeconds } from './timeText.ts';
import { icon, prose } from './view.ts';
import type { View } from './view.ts';

function charge(result: ExplainResult, view: View): TemplateResult {
  const { locale } = view.place;
  if (!result.charge) return html`<p class="dim">${noChargeText(result)}</p>`;
  const { charge: made } = result;
  const formula = formulaLine(result);
  return html`<table aria-label=${t('Formula')}><thead><tr><th scope="col">${t('Tokens')}</th><th scope="col" class="n">${t('Count')}</th><th scope="col" class="n">${t('Credits / M')}</th><th scope="col" class="n">${t('Credits')}</th></tr></thead>
    <tbody>${made.terms.map((term) => {
    const row = termRow(term, locale);
    return html`<tr><td>${row.what}</td><td class="n">${row.tokens}</td><td class="n">${row.price}</td><td class="n">${row.credits}</td></tr>`;
  })}</tbody>
    <tfoot><tr><td>${t('Charge')}</td><td></td><td class="n plain">${chargeUsd(made.costMicroCredits, locale)}</td><td class="n">${formatCredits(made.costMicroCredits, 6, locale)}</td></tr>${corrections(result, view)}</tfoot></table>
    <p class="dim">${t('{0}, {1} tier, price {2}. Rounded once, at the end.', made.model, tierName(made.tier), made.priceVersion)}</p>
    ${formula === undefined ? nothing : html`<p class="mono wrap">${formula}</p>`}
    ${made.uncoveredMicroCredits > 0 ? html`<p>${icon('warning', 's warn')} ${t('{0} credits of it were covered by no grant.', formatCredits(made.uncoveredMicroCredits, 6, locale))}</p>` : nothing}
    ${made.drawnMicroCredits === 0 && made.costMicroCredits > 0 && made.uncoveredMicroCredits === 0 ? html`<p class="dim">${t('Nothing was drawn: the balance was not tracked.')}</p>` : nothing}`;
}

/** Late corrections below the charge, each with its reason, and what it comes to. */
function corrections(result: ExplainResult, view: View): TemplateResult | typeof nothing {
  const { locale } = view.place;
  if (result.corrections.length === 0) return nothing;
  return html`${result.corrections.map((one) => {
    const row = correctionRow(one, locale);
    return html`<tr class="plain"><td colspan="3">${row.what} <span class="dim">${dayAndTime(one.atMs, view.nowMs, view.place)} · ${one.reason}</span></td><td class="n">${row.credits}</td></tr>`;
  })}<tr><td colspan="3">${t('Corrected charge')}</td><td class="n">${formatCredits(correctedCost(result), 6, locale)}</td></tr>`;
}

/** The budgets that the request was measured by. */
function budgets(result: ExplainResult, view: View): TemplateResult | typeof nothing {
  const verdicts = result.decision.budgets ?? [];
  if (verdicts.length === 0) return nothing;
  return html`<h3>${t('Budgets')}</h3><ul class="steps" data-test="explain-budgets">${verdicts.map((verdict) => {
    const row = budgetVerdictRow(verdict, view.place.locale);
    return html`<li>${icon(row.icon, row.icon === 'check' ? 'good' : row.icon === 'circle-slash' ? 'bad' : row.icon === 'warning' ? 'warn' : '')}<div>${row.word} <span class="tag line">${row.mode}</span> ${view.budgetNames.get(row.id) ?? row.id}<span class="sub">${verdict.endsAtMs === undefined ? row.sum : t('{0}, until {1}', row.sum, dayAndTime(verdict.endsAtMs, view.nowMs, view.place))}</span></div></li>`;
  })}</ul>`;
}

/** What would have let a refused request through, and when that comes by itself. */
function toChange(result: ExplainResult, view: View): TemplateResult | typeof nothing {
  const { toChange: sentences = [], retryAtMs, remedy, outcome } = result.decision;
  if (outcome !== 'refuse') return nothing;
  const all = sentences.length > 0 ? sentences : remedy === undefined ? [] : [remedy];
  return html`${all.length === 0 ? nothing : html`<h3>${t('What would change it')}</h3><ul class="plain" data-test="explain-change">${all.map((sentence) => html`<li>${prose(sentence)}</li>`)}</ul>`}
    ${retryAtMs === undefined ? nothing : html`<p class="dim">${t('By itself it changes {0}.', dayAndTime(retryAtMs, view.nowMs, view.place))}</p>`}`;
}

function decision(result: ExplainResult, locale: string): TemplateResult {
  const { layers, slices } = result.decision;
  return html`<ol class="steps">${layers.map((layer) => {
    const mark = verdictMark(layer.verdict);
    return html`<li class=${layer.verdict === 'skipped' ? 'off' : ''}>${icon(mark.icon, layer.verdict === 'passed' || layer.verdict === 'took' ? 'good' : layer.verdict === 'ended' ? 'bad' : '')}<div><span class="sr">${mark.word}: </span>${layerName(shownLayer(result.decision, layer))}: <span class="dim">${layer.because}</span></div></li>`;
  })}</ol>
    ${slices.length === 0 ? nothing : html`<p>${t('Held {0}', formatCredits(result.decision.holdMicroCredits, 6, locale))}: <span class="dim">${slices.map((slice) => sliceText(slice, locale)).join(' · ')}</span></p>`}`;
}

function entries(result: ExplainResult, view: View): TemplateResult {
  if (result.entries.length === 0) return html`<p class="dim">${t('None: the balance did not move.')}</p>`;
  return html`<dl class="pairs right">${result.entries.map((entry) => html`<dt>${timeWithSeconds(entry.atMs, view.place)} ${entry.account === 'grant' ? entryKindName(entry.kind) : `${accountName(entry.account)}, ${entryKindName(entry.kind)}`}</dt>
    <dd>${entry.kind === 'reserve' ? t('{0} held', formatCredits(entry.heldDeltaMicroCredits, 6, view.place.locale))
    : entry.kind === 'void' && entry.amountMicroCredits === 0 ? t('{0} freed', formatCredits(Math.abs(entry.heldDeltaMicroCredits), 6, view.place.locale)) : signedCredits(entry.amountMicroCredits, view.place.locale, 6)}</dd>`)}</dl>`;
}

function body(result: ExplainResult, view: View): TemplateResult {
  const { locale } = view.place;
  const story = storyBesideLayers(result);
  const waited = waitedText(result.waitedMs);
  return html`<dl class="pairs"><dt>${t('Request')}</dt><dd class="mono wrap">${result.id}</dd><dt>${t('Sent by')}</dt><dd>${result.workspaceLabel} · ${clientName(result.client)}</dd>
      <dt>${t('Received')}</dt><dd>${dayAndTime(result.receivedAtMs, view.nowMs, view.place)}${waited === undefined ? '' : ` · ${waited}`}</dd>
      ${result.attempts.length > 1 ? html`<dt>${t('Attempts')}</dt><dd>${result.attempts.map((attempt) => attempt.outcome === undefined ? t('running') : outcomeName(attempt.outcome)).join(', ')}</dd>` : nothing}</dl>
    ${story.length === 0 ? nothing : html`<h3>${t('What happened')}</h3>${story.map((sentence) => html`<p>${sentence}</p>`)}`}
    <h3>${t('Formula')}</h3>${charge(result, view)}
    <h3>${t('Decision')}</h3>${decision(result, locale)}${budgets(result, view)}${toChange(result, view)}
    <h3>${t('Entries')}</h3>${entries(result, view)}`;
}

/** The panel. Its heading takes the focus when it opens; Escape closes it. */
export function explainPanel(open: OpenExplanation, view: View): TemplateResult {
  const title = open.result ? explainTitle(open.result, view.place.locale) : t('Explanation');
  return html`<aside class="explain" data-test="explain-panel" aria-labelledby="head-explain" aria-busy=${open.result || open.problem ? 'false' : 'true'}>
    <div class="head"><h2 id="head-explain" tabindex="-1">${title}</h2><span class="grow"></span>${open.result ? html`<button type="button" class="ico" data-test="receipt-copy" title=${t('Copy the receipt')} aria-label=${t('Copy the receipt')} @click=${() => view.act.keepReceipt('clipboard')}>${icon('copy')}</button><button type="button" class="ico" data-test="receipt-save" title=${t('Save the receipt as Markdown')} aria-label=${t('Save the receipt as Markdown')} @click=${() => view.act.keepReceipt('file')}>${icon('save')}</button>` : nothing}<button type="button" class="ico" title=${t('Close')} aria-label=${t('Close the explanation')} @click=${view.act.closeExplanation}>${icon('close')}</button></div>
    ${open.result ? body(open.result, view)
    : open.problem ? html`<p>${icon('error', 's bad')} ${prose(problemWords(open.problem))}</p>`
    : html`<p class="dim">${icon('loading', 's codicon-modifier-spin')} ${t('Asking the broker about {0}…', open.requestId)}</p>`}</aside>`;
}

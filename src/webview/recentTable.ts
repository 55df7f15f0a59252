// The Last requests area: what each finished request used and cost, with the way to its explanation.
// A request without a price says so; one that cost nothing says why.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatTokens, formatUsd } from '../domain/units.ts';
import { clientName } from '../protocol/clientName.ts';
import { t } from '../protocol/language.ts';
import { modelText } from '../protocol/modelText.ts';
import { outcomeName } from '../protocol/outcomeWords.ts';
import type { RequestView, Snapshot } from '../protocol/snapshot.ts';
import { cachedShare, creditsText, percentText } from './amountText.ts';
import { rowTime } from './timeText.ts';
import type { View } from './view.ts';

const recentMax = 25;

function mark(request: RequestView): TemplateResult | typeof nothing {
  if (request.outcome !== 'completed') return html` <span class="tag line">${outcomeName(request.outcome)}</span>`;
  return request.measured ? nothing : html` <span class="tag line">${t('estimated')}</span>`;
}

function cost(request: RequestView, locale: string): string {
  if (request.costMicroCredits === undefined) return request.freeReason === undefined ? t('unpriced') : t('free');
  return creditsText(request.costMicroCredits, locale, !request.measured);
}

/** The button that opens an explanation, from any row that has a cost. */
export function explainLink(requestId: string, view: View): TemplateResult {
  return html`<button type="button" class="link" data-test="explain-link" data-row-stop aria-label=${t('Explain {0}', requestId)} aria-expanded=${view.explained === requestId ? 'true' : 'false'} ?disabled=${view.stale}
    @click=${(event: Event) => view.act.explain(requestId, event.currentTarget)}>${t('Explain')}</button>`;
}

function requestLine(request: RequestView, view: View): TemplateResult {
  const { locale } = view.place;
  const cached = cachedShare(request);
  return html`<tr data-test="recent-row" class=${view.explained === request.requestId ? 'chosen' : ''}><td class="dim nowrap time">${rowTime(request.atMs, view.nowMs, view.place)}</td>
    <td class="what ell" title=${request.freeReason ?? nothing}>${request.workspaceLabel} <span class="dim">· ${clientName(request.client)}</span>${mark(request)}</td>
    <td class="hide-m nowrap">${modelText(request)}</td><td class="n hide-s hide-x">${formatTokens(request.inputTokens, locale)}</td><td class="n hide-s hide-x dim">${cached === undefined ? '—' : percentText(cached)}</td>
    <td class="n hide-s">${formatTokens(request.outputTokens, locale)}</td><td class="n cost">${cost(request, locale)}</td><td class="n dim hide-m">${request.costMicroCredits === undefined ? '—' : formatUsd(request.costMicroCredits, 2, locale)}</td>
    <td class="act">${explainLink(request.requestId, view)}</td></tr>`;
}

/** The area, newest first. */
export function recentTable(snapshot: Snapshot, view: View): TemplateResult {
  const rows = snapshot.recent.toSorted((a, b) => b.atMs - a.atMs).slice(0, recentMax);
  return html`<section class="area" aria-labelledby="head-recent" data-test="recent"><header class="head"><h2 id="head-recent">${t('Last requests')}</h2><span class="grow"></span><button type="button" class="link" @click=${() => view.act.openTab('ledger')}>${t('Open ledger')}</button></header>
    ${rows.length === 0 ? html`<p class="dim empty">${t('No request yet. Run Codex in a metered terminal, or give any OpenAI SDK the broker\'s address.')} <button type="button" class="link" @click=${() => view.act.run('openMeteredTerminal')}>${t('Open a metered terminal')}</button></p>`
    : html`<table class="stack recent" data-rows aria-labelledby="head-recent"><thead><tr><th scope="col">${t('Time')}</th><th scope="col">${t('Workspace and client')}</th><th scope="col" class="hide-m">${t('Model')}</th><th scope="col" class="n hide-s hide-x">${t('Input')}</th><th scope="col" class="n hide-s hide-x">${t('Cached')}</th><th scope="col" class="n hide-s">${t('Output')}</th><th scope="col" class="n">${t('Credits')}</th><th scope="col" class="n hide-m">$</th><th scope="col"><span class="sr">${t('Explain')}</span></th></tr></thead>
      <tbody>${repeat(rows, (request) => `${request.requestId} ${request.atMs}`, (request) => requestLine(request, view))}</tbody></table>`}</section>`;
}

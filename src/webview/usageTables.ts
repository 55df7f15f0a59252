// Usage of the day by workspace and by model: two tables over the same requests, so their totals are
// equal. The rows are the broker's sums; only their order is decided here.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatUsd } from '../domain/units.ts';
import type { ImportedSums, Snapshot, UsageRow } from '../protocol/snapshot.ts';
import { costText, creditsText, isCostKnown, requestsText, tokensLine } from './amountText.ts';
import type { View } from './view.ts';

/** Most expensive first; equal costs by name, so that rows do not trade places. */
export function costliestFirst(rows: readonly UsageRow[]): UsageRow[] {
  return rows.toSorted((a, b) => b.costMicroCredits - a.costMicroCredits || a.label.localeCompare(b.label));
}

function usdText(row: UsageRow, locale: string): string {
  return isCostKnown(row) ? formatUsd(row.costMicroCredits, 2, locale) : '—';
}

function usageLine(row: UsageRow, view: View, own: boolean): TemplateResult {
  const { locale } = view.place;
  return html`<tr><td class="what">${row.label}${own ? html` <span class="tag line">this window</span>` : nothing}${row.unpriced > 0 ? html` <span class="tag line">${row.unpriced} unpriced</span>` : nothing}
      <span class="sub">${requestsText(row.requests, locale)} · ${tokensLine(row, locale)}</span></td>
    <td class="n cost">${costText(row, locale)}</td><td class="n dim usd hide-s">${usdText(row, locale)}</td></tr>`;
}

function usageTable(title: string, test: string, rows: readonly UsageRow[], total: UsageRow, view: View): TemplateResult {
  const { locale } = view.place;
  return html`<section class="area" aria-labelledby="head-${test}" data-test=${test}><header class="head"><h2 id="head-${test}">${title}</h2></header>
    ${rows.length === 0 ? html`<p class="dim empty">No request today.</p>` : html`<table class="usage" aria-labelledby="head-${test}"><thead><tr><th scope="col">Name</th><th scope="col" class="n">Credits</th><th scope="col" class="n usd hide-s">$</th></tr></thead>
      <tbody>${repeat(costliestFirst(rows), (row) => row.key, (row) => usageLine(row, view, test === 'usage-by-workspace' && row.key === view.workspaceId))}</tbody>
      <tfoot><tr><td>Total</td><td class="n">${costText(total, locale)}</td><td class="n usd hide-s">${usdText(total, locale)}</td></tr></tfoot></table>`}</section>`;
}

/** What went around the broker today; it is in no sum above. */
function importedText(imported: ImportedSums, locale: string): string {
  return `${requestsText(imported.requests, locale)} of today went around the broker (${tokensLine(imported, locale)}) and would have cost ${creditsText(imported.costMicroCredits, locale, false)} credits; nothing was drawn for them.`;
}

/** Both tables, side by side where there is room. */
export function usageTables(snapshot: Snapshot, view: View): TemplateResult {
  const { byWorkspace, byModel, total, imported } = snapshot.today;
  return html`<div class="columns two">${usageTable('Today by workspace', 'usage-by-workspace', byWorkspace, total, view)}${usageTable('Today by model', 'usage-by-model', byModel, total, view)}</div>
    ${imported ? html`<p class="dim" data-test="imported"><span class="tag line">imported</span> ${importedText(imported, view.place.locale)}</p>` : nothing}`;
}

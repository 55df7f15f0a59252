// Usage of the day by workspace and by model: two tables over the same requests, so their totals are
// equal. The rows are the broker's sums; only their order is decided here.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatUsd } from '../domain/units.ts';
import { plural, t } from '../protocol/language.ts';
import type { ImportedSums, Snapshot, UsageRow } from '../protocol/snapshot.ts';
import { unmeteredWords } from '../protocol/unmeteredWords.ts';
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
  return html`<tr><td class="what">${row.label}${own ? html` <span class="tag line">${t('this window')}</span>` : nothing}${row.unpriced > 0 ? html` <span class="tag line">${t('{0} unpriced', row.unpriced)}</span>` : nothing}
      <span class="sub">${requestsText(row.requests, locale)} · ${tokensLine(row, locale)}</span></td>
    <td class="n cost">${costText(row, locale)}</td><td class="n dim usd hide-s">${usdText(row, locale)}</td></tr>`;
}

function usageTable(title: string, test: string, rows: readonly UsageRow[], total: UsageRow, view: View): TemplateResult {
  const { locale } = view.place;
  return html`<section class="area" aria-labelledby="head-${test}" data-test=${test}><header class="head"><h2 id="head-${test}">${title}</h2></header>
    ${rows.length === 0 ? html`<p class="dim empty">${t('No request today.')}</p>` : html`<table class="usage" aria-labelledby="head-${test}"><thead><tr><th scope="col">${t('Name')}</th><th scope="col" class="n">${t('Credits')}</th><th scope="col" class="n usd hide-s">$</th></tr></thead>
      <tbody>${repeat(costliestFirst(rows), (row) => row.key, (row) => usageLine(row, view, test === 'usage-by-workspace' && row.key === view.workspaceId))}</tbody>
      <tfoot><tr><td>${t('Total')}</td><td class="n">${costText(total, locale)}</td><td class="n usd hide-s">${usdText(total, locale)}</td></tr></tfoot></table>`}</section>`;
}

/** What went around the broker, as a line below sums that it is not in. @param isToday of today, else of a range that is told beside it */
export function importedLine(imported: ImportedSums, isToday: boolean, locale: string): TemplateResult {
  return html`<p class="dim" data-test="imported"><span class="tag line">${t('imported')}</span> ${importedText(imported, isToday, locale)}</p>`;
}

function importedText(imported: ImportedSums, isToday: boolean, locale: string): string {
  if (!isToday) {
    return plural(
      imported.requests, '{1} of this time went around the broker ({2}) and would have cost {3} credits; nothing was drawn for it.', '{1} of this time went around the broker ({2}) and would have cost {3} credits; nothing was drawn for them.',
      requestsText(imported.requests, locale), tokensLine(imported, locale), creditsText(imported.costMicroCredits, locale, false),
    );
  }
  return plural(
    imported.requests, '{1} of today went around the broker ({2}) and would have cost {3} credits; nothing was drawn for it.', '{1} of today went around the broker ({2}) and would have cost {3} credits; nothing was drawn for them.',
    requestsText(imported.requests, locale), tokensLine(imported, locale), creditsText(imported.costMicroCredits, locale, false),
  );
}

/** Both tables, side by side where there is room. */
export function usageTables(snapshot: Snapshot, view: View): TemplateResult {
  const { unmetered } = snapshot;
  const { byWorkspace, byModel, total, imported } = snapshot.today;
  return html`<div class="columns two">${usageTable(t('Today by workspace'), 'usage-by-workspace', byWorkspace, total, view)}${usageTable(t('Today by model'), 'usage-by-model', byModel, total, view)}</div>
    ${imported ? importedLine(imported, true, view.place.locale) : nothing}
    ${unmetered ? html`<p class="dim" data-test="unmetered"><span class="tag line">${t('unmetered')}</span> ${unmeteredWords(unmetered)}</p>` : nothing}`;
}

// Where usage went: the groups of a history with their shares, the dearest first, everything else as one row.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatTokens } from '../domain/units.ts';
import type { HistoryGrouping, HistoryResult } from '../protocol/history.ts';
import { t } from '../protocol/language.ts';
import type { UsageRow } from '../protocol/snapshot.ts';
import { costText, countText, percentText } from './amountText.ts';
import { groupingTitle, groupName, otherGroups, shareOf, sureness, tokenParts } from './historyText.ts';
import { icon } from './view.ts';
import type { View } from './view.ts';

function line(row: UsageRow, name: string, result: HistoryResult, locale: string, isOwn = false, title = name): TemplateResult {
  const share = shareOf(row, result.total);
  const [fresh, cached, , reasoning] = tokenParts(row);
  return html`<tr><td class="what ell" title=${title}>${name}${isOwn ? html` <span class="tag line">${t('this window')}</span>` : nothing}</td>
    <td class="share hide-s">${share === undefined ? nothing : html`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect height="6" width=${Math.max(0.5, Math.min(100, share * 100))}></rect></svg><span class="dim">${percentText(share)}</span>`}</td>
    <td class="n hide-s">${countText(row.requests, locale)}</td><td class="n hide-m">${formatTokens(fresh.tokens, locale)}</td><td class="n hide-m">${formatTokens(cached.tokens, locale)}</td>
    <td class="n hide-m">${formatTokens(row.outputTokens, locale)}</td><td class="n hide-m dim">${formatTokens(reasoning.tokens, locale)}</td><td class="n cost">${costText(row, locale)}</td></tr>`;
}

/** The table, or a word that there is nothing. */
export function groupsTable(result: HistoryResult, by: HistoryGrouping, view: View): TemplateResult {
  const { locale } = view.place;
  const { groups, rest, total } = result;
  if (groups.length === 0) return html`<p class="dim empty">${t('No request in this time. A longer range may have some.')}</p>`;
  const sure = sureness(total, locale);
  return html`<table class="stack groups" aria-labelledby="head-groups" data-test="groups"><thead><tr><th scope="col">${groupingTitle(by)}</th><th scope="col" class="share hide-s">${t('Share')}</th><th scope="col" class="n hide-s">${t('Requests')}</th>
      <th scope="col" class="n hide-m">${t('Fresh input')}</th><th scope="col" class="n hide-m">${t('Cached input')}</th><th scope="col" class="n hide-m">${t('Output')}</th><th scope="col" class="n hide-m">${t('of it reasoning')}</th><th scope="col" class="n" aria-sort="descending">${t('Credits')}</th></tr></thead>
    <tbody>${repeat(groups, (group) => group.key, (group) => line(group, groupName(group, by), result, locale, by === 'workspace' && group.key === view.workspaceId, by === 'thread' && group.key !== '' ? group.label : undefined))}${rest ? line(rest, otherGroups(result, locale), result, locale) : nothing}</tbody>
    <tfoot><tr><td>${t('Total')}</td><td class="hide-s"></td><td class="n hide-s">${countText(total.requests, locale)}</td><td class="n hide-m">${formatTokens(total.inputTokens - total.cachedInputTokens, locale)}</td><td class="n hide-m">${formatTokens(total.cachedInputTokens, locale)}</td>
      <td class="n hide-m">${formatTokens(total.outputTokens, locale)}</td><td class="n hide-m">${formatTokens(total.reasoningTokens, locale)}</td><td class="n">${costText(total, locale)}</td></tr></tfoot></table>
    ${sure === undefined ? nothing : html`<p class="dim caption">${icon('info', 's')} ${sure}</p>`}`;
}

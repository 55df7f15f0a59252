// The notice about prices that changed lately: old and new rates, and the budget that counts them. It can be put
// away, and then stays away until another price changes.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { t } from '../protocol/language.ts';
import { priceChangeText } from '../protocol/priceWords.ts';
import type { PriceChangeView, Snapshot } from '../protocol/snapshot.ts';
import { budgetCounting, budgetName } from '../protocol/windowBudgets.ts';
import { dayAndTime } from './timeText.ts';
import { icon, isChanging } from './view.ts';
import type { View } from './view.ts';

/** More changes than these are counted, not named. */
export const priceNewsMax = 3;

/** Changes that the person has not put away, newest first. */
export function unseenPrices(changes: readonly PriceChangeView[], seenAtMs: number): PriceChangeView[] {
  return changes.filter((change) => change.atMs > seenAtMs).toSorted((a, b) => b.atMs - a.atMs);
}

/** The notice, or nothing. */
export function priceNews(snapshot: Snapshot, view: View): TemplateResult | typeof nothing {
  const [newest, ...older] = unseenPrices(snapshot.priceChanges, view.pricesSeenAtMs);
  if (!newest) return nothing;
  const shown = [newest, ...older].slice(0, priceNewsMax);
  const rest = older.length + 1 - shown.length;
  const seen = { kind: 'seePrices', untilMs: newest.atMs } as const;
  return html`<div class="notices"><div class="notice info" role="group" aria-label=${t('Prices changed')} data-test="price-news">${icon('info', 'note')}<div class="grow"><strong>${older.length === 0 ? t('A price changed.') : t('Prices changed.')}</strong> ${t('What was charged before stays as it is.')}
    <ul class="plain">${shown.map((change) => {
    const budget = budgetCounting(snapshot.budgets, change.model);
    return html`<li>${change.model}: ${priceChangeText(change, view.place.locale)} <span class="dim">· ${t('seen {0}', dayAndTime(change.atMs, view.nowMs, view.place))}${budget ? ` · ${t('counted by the budget of {0}', budgetName(budget))}` : ''}</span></li>`;
  })}${rest > 0 ? html`<li class="dim">${t('{0} more', rest)}</li>` : nothing}</ul></div>
    <button type="button" class="ico" title=${t('Dismiss')} aria-label=${t('Dismiss the notice about prices')} data-test="price-dismiss" ?disabled=${isChanging(view, seen)} @click=${() => view.act.change(seen)}>${icon('close')}</button></div></div>`;
}

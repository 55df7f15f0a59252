// What a list of the ledger is narrowed to by workspace and time: its control, its words, and what is kept of it over a reload.
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { rangeDays } from '../protocol/history.ts';
import type { RangeDays } from '../protocol/history.ts';
import { t } from '../protocol/language.ts';
import { workspaceName } from './view.ts';
import type { View } from './view.ts';

/** Both are left out where nothing is narrowed. */
export interface ListFilter { readonly workspaceId?: string; readonly days?: RangeDays }

/** What a stored choice says of it; nothing of what it cannot say. */
export function listFilterOf(stored: unknown): ListFilter {
  const { workspaceId, days } = (typeof stored === 'object' && stored !== null ? stored : {}) as Partial<Record<keyof ListFilter, unknown>>;
  const range = rangeDays.find((one) => one === days);
  return { ...(typeof workspaceId === 'string' && workspaceId !== '' ? { workspaceId } : {}), ...(range === undefined ? {} : { days: range }) };
}

/** All time, or one of the ranges. */
export function daysSelect(chosen: RangeDays | undefined, hook: string, choose: (days: RangeDays | undefined) => void): TemplateResult {
  return html`<select class="input" aria-label=${t('Time')} data-test=${hook} @change=${(event: Event) => choose(rangeDays.find((days) => String(days) === (event.target as HTMLSelectElement).value))}><option value="" ?selected=${chosen === undefined}>${t('All time')}</option>${rangeDays.map((days) => html`<option value=${days} ?selected=${days === chosen}>${daysTitle(days)}</option>`)}</select>`;
}

/** What a filter leaves, as parts of a title. */
export function filterWords({ workspaceId, days }: ListFilter, view: Pick<View, 'workspaceNames'>): string[] {
  return [...(days === undefined ? [] : [daysTitle(days)]), ...(workspaceId === undefined ? [] : [workspaceName(view, workspaceId)])];
}

function daysTitle(days: RangeDays): string {
  return days === 1 ? t('Today') : t('Last {0} days', days);
}

// The Budgets area: one row for each key of a budget, with its bar, when it begins anew, and on the Credits page
// the buttons that set, change and remove one. Words come from budgetText.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { budgetRows, modeWord } from './budgetText.ts';
import type { BudgetRow } from './budgetText.ts';
import { moving } from './moving.ts';
import { changeLink, changeProblem, icon } from './view.ts';
import type { View } from './view.ts';

function stateMark(row: BudgetRow): TemplateResult | typeof nothing {
  if (row.level === 'empty') return row.mode === 'hard' ? html`${icon('circle-slash', 's bad')} ` : html`${icon('warning', 's warn')} `;
  return row.level === 'low' ? html`${icon('warning', 's warn')} ` : nothing;
}

function nameCell(row: BudgetRow): TemplateResult {
  const key = row.key === '' ? nothing : html`<span class=${row.isFirst ? 'sub' : ''}>${row.key}${row.isOwn ? html` <span class="tag line">${t('this window')}</span>` : nothing}</span>`;
  return row.isFirst ? html`${row.name} <span class="tag line">${modeWord(row.mode)}</span>${key}` : html`<span class="sr">${row.name}, </span>${key}`;
}

function budgetLine(row: BudgetRow, canChange: boolean, view: View): TemplateResult {
  const { budgetId } = row;
  return html`<tr><td class="what ${row.isFirst ? '' : 'inner'}">${nameCell(row)}</td>
    <td><usage-gauge .share=${row.share} .reserved=${row.reserved} .tick=${row.tick} .level=${row.level} .sentence=${row.sentence}></usage-gauge></td>
    <td class="n">${row.amount}</td><td class="n dim hide-m">${row.limit}</td>
    <td class=${row.level === 'fine' ? 'dim' : ''}><span class="nowrap">${stateMark(row)}${row.state}</span><span class="dim">${[row.pace, view.stale ? undefined : row.ahead].map((words) => words && ` · ${words}`)}</span></td>
    <td>${row.ends}${row.countdown === undefined ? nothing : html` <span class="dim nowrap">· ${row.countdown}</span>`}</td>
    ${canChange ? html`<td class="act">${row.isFirst ? html`<button type="button" class="link" data-test="budget-change" data-row-stop aria-label=${t('Change the budget of {0}', row.name)} ?disabled=${view.stale} @click=${() => view.act.openBudget(budgetId)}>${t('Change')}</button>
      ${changeLink(view, { kind: 'budgetRemove', budgetId }, t('Remove'), 'budget-remove', t('Remove the budget of {0}', row.name))}` : nothing}</td>` : nothing}</tr>`;
}

function table(snapshot: Snapshot, canChange: boolean, head: string, view: View): TemplateResult {
  const rows = moving(view, (nowMs) => budgetRows(snapshot, view.workspaceId, nowMs, view.show, view.place), (said) => html`${repeat(said, (row) => row.id, (row) => budgetLine(row, canChange, view))}`);
  return html`<table class="stack budgets" ?data-rows=${canChange} aria-labelledby=${head}><thead><tr><th scope="col">${t('Budget')}</th><th scope="col" class="gauge-column"><span class="sr">${t('Gauge')}</span></th><th scope="col" class="n">${view.show === 'left' ? t('Left') : t('Used')}</th><th scope="col" class="n hide-m">${t('of')}</th><th scope="col">${t('State')}</th><th scope="col">${t('Begins anew')}</th>${canChange ? html`<th scope="col"><span class="sr">${t('Actions')}</span></th>` : nothing}</tr></thead>
    <tbody>${rows}</tbody></table>`;
}

/** The area of the Now page: only where there are budgets, to look at. */
export function budgetsNow(snapshot: Snapshot, view: View): TemplateResult | typeof nothing {
  if (snapshot.budgets.length === 0) return nothing;
  return html`<section class="area" aria-labelledby="head-budgets-now" data-test="budgets-now"><header class="head"><h2 id="head-budgets-now">${t('Budgets')}</h2><span class="dim hide-s">${t('Hatched: reserved by running requests.')}</span><span class="grow"></span><button type="button" class="link" @click=${() => view.act.openBudget()}>${t('Set a budget…')}</button></header>
    ${table(snapshot, false, 'head-budgets-now', view)}</section>`;
}

/** The area of the Credits page, with everything that can be done. `form` stands below the table while it is open, `tools` beside the heading. */
export function budgetsArea(snapshot: Snapshot, form: TemplateResult | typeof nothing, view: View, tools: TemplateResult | typeof nothing): TemplateResult {
  return html`<section class="area" aria-labelledby="head-budgets" data-test="budgets"><header class="head"><h2 id="head-budgets" tabindex="-1">${t('Budgets')}</h2><span class="dim hide-s">${t('A hard budget stops requests, a soft one warns.')}</span><span class="grow"></span>${tools}
      ${form === nothing ? html`<vscode-button secondary class="compact" data-test="budget-add" ?disabled=${view.stale} aria-disabled=${view.stale ? 'true' : 'false'} @click=${() => view.act.openBudget()}>${t('Set a budget…')}</vscode-button>` : nothing}</header>
    ${snapshot.budgets.length === 0 ? html`<p class="dim empty">${t('No budget is set. A budget caps what a request, task, workspace, model, client or everything together may use, in credits or tokens.')}</p>` : table(snapshot, true, 'head-budgets', view)}
    ${snapshot.budgets.map(({ id }) => changeProblem(view, { kind: 'budgetRemove', budgetId: id }))}
    ${form}</section>`;
}

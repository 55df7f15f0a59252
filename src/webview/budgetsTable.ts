// The Budgets area: one row for each key of a budget, with its bar, when it begins anew, and on the Credits page
// the buttons that set, change and remove one. Words come from budgetText.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Snapshot } from '../protocol/snapshot.ts';
import { budgetRows } from './budgetText.ts';
import type { BudgetRow } from './budgetText.ts';
import { changeLink, changeProblem, icon } from './view.ts';
import type { View } from './view.ts';

function stateMark(row: BudgetRow): TemplateResult | typeof nothing {
  if (row.level === 'empty') return row.mode === 'hard' ? html`${icon('circle-slash', 's bad')} ` : html`${icon('warning', 's warn')} `;
  return row.level === 'low' ? html`${icon('warning', 's warn')} ` : nothing;
}

function nameCell(row: BudgetRow): TemplateResult {
  const key = row.key === '' ? nothing : html`<span class=${row.isFirst ? 'sub' : ''}>${row.key}${row.isOwn ? html` <span class="tag line">this window</span>` : nothing}</span>`;
  return row.isFirst ? html`${row.name} <span class="tag line">${row.mode}</span>${key}` : html`<span class="sr">${row.name}, </span>${key}`;
}

function budgetLine(row: BudgetRow, canChange: boolean, view: View): TemplateResult {
  const { budgetId } = row;
  return html`<tr><td class="what ${row.isFirst ? '' : 'inner'}">${nameCell(row)}</td>
    <td><usage-gauge .share=${row.share} .reserved=${row.reserved} .tick=${row.tick} .level=${row.level} .sentence=${row.sentence}></usage-gauge></td>
    <td class="n">${row.amount}</td><td class="n dim hide-s">${row.limit}</td>
    <td class="nowrap ${row.level === 'fine' ? 'dim' : ''}">${stateMark(row)}${row.state}${row.pace === undefined ? nothing : html` <span class="dim">· ${row.pace}</span>`}</td>
    <td>${row.ends}${row.countdown === undefined ? nothing : html` <span class="dim">· ${row.countdown}</span>`}</td>
    ${canChange ? html`<td class="act">${row.isFirst ? html`<button type="button" class="link" data-test="budget-change" data-row-stop aria-label="Change the budget of ${row.name}" ?disabled=${view.stale} @click=${() => view.act.openBudget(budgetId)}>Change</button>
      ${changeLink(view, { kind: 'budgetRemove', budgetId }, 'Remove', 'budget-remove', `Remove the budget of ${row.name}`)}` : nothing}</td>` : nothing}</tr>`;
}

function table(rows: readonly BudgetRow[], canChange: boolean, head: string, view: View): TemplateResult {
  return html`<table class="stack budgets" ?data-rows=${canChange} aria-labelledby=${head}><thead><tr><th scope="col">Budget</th><th scope="col" class="gauge-column"><span class="sr">Gauge</span></th><th scope="col" class="n">${view.show === 'left' ? 'Left' : 'Used'}</th><th scope="col" class="n hide-s">of</th><th scope="col">State</th><th scope="col">Begins anew</th>${canChange ? html`<th scope="col"><span class="sr">Actions</span></th>` : nothing}</tr></thead>
    <tbody>${repeat(rows, (row) => row.id, (row) => budgetLine(row, canChange, view))}</tbody></table>`;
}

function rowsOf(snapshot: Snapshot, view: View): BudgetRow[] {
  return budgetRows(snapshot, view.workspaceId, view.nowMs, view.show, view.place);
}

/** The area of the Now page: only where there are budgets, to look at. */
export function budgetsNow(snapshot: Snapshot, view: View): TemplateResult | typeof nothing {
  if (snapshot.budgets.length === 0) return nothing;
  return html`<section class="area" aria-labelledby="head-budgets-now" data-test="budgets-now"><header class="head"><h2 id="head-budgets-now">Budgets</h2><span class="dim hide-s">Hatched: reserved by running requests.</span><span class="grow"></span><button type="button" class="link" @click=${() => view.act.openBudget()}>Set a budget…</button></header>
    ${table(rowsOf(snapshot, view), false, 'head-budgets-now', view)}</section>`;
}

/** The area of the Credits page, with everything that can be done. `form` stands below the table while it is open. */
export function budgetsArea(snapshot: Snapshot, form: TemplateResult | typeof nothing, view: View): TemplateResult {
  const rows = rowsOf(snapshot, view);
  return html`<section class="area" aria-labelledby="head-budgets" data-test="budgets"><header class="head"><h2 id="head-budgets" tabindex="-1">Budgets</h2><span class="dim hide-s">A hard budget stops requests, a soft one warns.</span><span class="grow"></span>
      ${form === nothing ? html`<vscode-button secondary class="compact" data-test="budget-add" ?disabled=${view.stale} aria-disabled=${view.stale ? 'true' : 'false'} @click=${() => view.act.openBudget()}>Set a budget…</vscode-button>` : nothing}</header>
    ${rows.length === 0 ? html`<p class="dim empty">No budget is set. A budget caps what a request, task, workspace, model, client or everything together may use, in credits or tokens.</p>` : table(rows, true, 'head-budgets', view)}
    ${snapshot.budgets.map(({ id }) => changeProblem(view, { kind: 'budgetRemove', budgetId: id }))}
    ${form}</section>`;
}

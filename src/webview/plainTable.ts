// Paints a table that is only read: the numbers of a chart, or of an export.
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { ShownColumn, ShownTable } from './shownTable.ts';

function classes(column: ShownColumn): string {
  return `${column.isNumber ? 'n' : ''} ${column.hide ?? ''}`.trim();
}

/** The table. @param labelledBy id of the heading that names it */
export function plainTable(table: ShownTable, labelledBy: string): TemplateResult {
  return html`<table class="stack" aria-labelledby=${labelledBy}><thead><tr>${table.columns.map((column) => html`<th scope="col" class=${classes(column)}>${column.title}</th>`)}</tr></thead>
    <tbody>${table.rows.map((row) => html`<tr>${row.map((cell, index) => html`<td class=${classes(table.columns[index]!)}>${cell.text}</td>`)}</tr>`)}</tbody></table>`;
}

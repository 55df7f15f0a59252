// A table as the page shows it, and as the person takes it along: each cell has its text for eyes and its value for
// programs, so that a picture, its table and an export can never differ. Pure.
import { csvLine } from '../protocol/csv.ts';

/** A column. `key` names it in exports; units stand last in it. */
export interface ShownColumn {
  readonly key: string;
  readonly title: string;
  readonly isNumber?: true;
  /** CSS class that leaves it out where the page is narrow. */
  readonly hide?: 'hide-s' | 'hide-m' | 'hide-l';
  /** For programs alone: it stands in CSV and JSON, and in nothing that people read. */
  readonly isDataOnly?: true;
}

/** A cell: what is read, and what it stands for; null where nothing is known. */
export interface ShownCell { readonly text: string; readonly value: string | number | null }

/** A table with its title, for people. */
export interface ShownTable {
  readonly title: string;
  readonly columns: readonly ShownColumn[];
  readonly rows: readonly (readonly ShownCell[])[];
}

/** A cell that is its own value. */
export function words(text: string): ShownCell {
  return { text, value: text };
}

/** Ways to take a table along. */
export const tableFormats = ['csv', 'json', 'md'] as const;
/** See `tableFormats`. */
export type TableFormat = (typeof tableFormats)[number];

/** The table in a format: values in CSV and JSON, texts in Markdown. */
export function tableText(table: ShownTable, format: TableFormat): string {
  const { columns, rows } = table;
  const isRead = (_: unknown, index: number) => columns[index]?.isDataOnly !== true;
  const read = columns.filter(isRead);
  switch (format) {
    case 'csv': return [csvLine(columns.map((column) => column.key)), ...rows.map((row) => csvLine(row.map((cell) => cell.value)))].map((line) => `${line}\r\n`).join('');
    case 'json': return `${JSON.stringify(rows.map((row) => Object.fromEntries(columns.map((column, index) => [column.key, row[index]?.value ?? null]))), undefined, 2)}\n`;
    case 'md': return [`## ${markdown(table.title)}`, '', `| ${read.map((column) => markdown(column.title)).join(' | ')} |`, `| ${read.map((column) => (column.isNumber ? '---:' : '---')).join(' | ')} |`, ...rows.map((row) => `| ${row.filter(isRead).map((cell) => markdown(cell.text)).join(' | ')} |`), ''].join('\n');
  }
}

/** A text in which nothing is Markdown or HTML, on one line. */
export function markdown(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]<>|#~]/g, '\\$&');
}

/** A file's name of plain characters: "Codex usage 2026-11-17 by model.csv". */
export function fileName(parts: readonly string[], ending: string): string {
  const name = parts.join(' ').replaceAll(/[^A-Za-z0-9 ._-]+/g, '-').replaceAll(/ +/g, ' ').slice(0, 90).trim();
  return `${/^[A-Za-z0-9]/.test(name) ? name : `Codex ${name}`}.${ending}`;
}

// Rows as comma-separated values: the one place that knows how a cell is written, so that no program for
// spreadsheets takes what came from outside for a formula.

/** One line of CSV, without its end. An absent value is an empty cell. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return cells.map(csvCell).join(',');
}

function csvCell(value: string | number | null): string {
  if (value === null) return '';
  // A leading sign would be run as a formula by spreadsheet programs, so such a text is marked as text.
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

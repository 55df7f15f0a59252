// Writes the tour on a terminal: headings, plain lines, tables and one line that is repainted while
// something runs. Where the output is not a terminal it writes plain lines and no colour.

/** What the tour writes to. */
export interface Terminal {
  heading(text: string): void;
  line(text?: string): void;
  /** Rows under column titles; numbers are given as text and stand to the right. */
  table(titles: readonly string[], rows: readonly (readonly string[])[]): void;
  /** A line that the next one replaces; on a pipe, only lines that differ are written. */
  live(text: string): void;
  good(text: string): void;
  bad(text: string): void;
}

/** The parts of a writable stream that are used. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const numberLike = /^[<$−-]?[\d,.]+( ?[%a-z]+)?$/;

/** Makes one. `env` decides about colour: `NO_COLOR` turns it off, see https://no-color.org. */
export function openTerminal(stream: TerminalStream, env: Readonly<Record<string, string | undefined>>): Terminal {
  const tty = stream.isTTY === true;
  const coloured = tty && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const paint = (code: number, text: string) => coloured ? `\u001b[${code}m${text}\u001b[0m` : text;
  let liveShown = false;
  let lastLive = '';
  const write = (text: string) => {
    if (liveShown) stream.write('\r\u001b[K');
    liveShown = false;
    stream.write(`${text}\n`);
  };
  return {
    heading(text) { write(`\n${paint(1, text)}`); },
    line(text = '') { write(text === '' ? '' : `  ${text}`); },
    table(titles, rows) {
      const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
      const right = titles.map((_, column) => rows.every((row) => numberLike.test(row[column] ?? '')));
      const format = (row: readonly string[]) => row.map((cell, column) => right[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd();
      write(`  ${paint(2, format(titles))}`);
      for (const row of rows) write(`  ${format(row)}`);
    },
    live(text) {
      if (text === lastLive) return;
      lastLive = text;
      if (!tty) { write(`  ${text}`); return; }
      stream.write(`\r\u001b[K  ${text.slice(0, Math.max(20, (stream.columns ?? 80) - 3))}`);
      liveShown = true;
    },
    good(text) { write(`  ${paint(32, 'ok')} ${text}`); },
    bad(text) { write(`  ${paint(31, 'FAILED')} ${text}`); },
  };
}

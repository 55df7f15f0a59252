// `codex-broker export`: the rows of the ledger as CSV, JSON or JSON lines, page by page, to standard output
// or into a file of its own that appears only when it is whole.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { problem, ProblemError } from '../../domain/problem.ts';
import type { ControlApi, ExportPage } from '../../protocol/control.ts';
import { momentOf, wordOf, wrongUse } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { pathOf, readOptions } from './commandIo.ts';
import { csvLine } from '../../protocol/csv.ts';
import { countText } from './factTexts.ts';
import { withControl } from './withControl.ts';

const sets = ['requests', 'charges', 'entries', 'directives', 'grants', 'imports'] as const;
const formats = ['csv', 'json', 'jsonl'] as const;
/** Rows that are asked for at once. */
const pageRows = 1000;

type Write = (text: string) => Promise<boolean>;

/** `codex-broker export` */
export async function exportRows(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { set: { type: 'string' }, format: { type: 'string' }, since: { type: 'string' }, out: { type: 'string' }, force: { type: 'boolean' } });
  const set = wordOf('set', values.set ?? 'requests', sets);
  const format = wordOf('format', values.format ?? (values.json ? 'json' : 'csv'), formats);
  const sinceMs = momentOf(values.since) ?? 0;
  const path = values.out === undefined ? undefined : pathOf('out', values.out, io);
  if (path !== undefined && existsSync(path) && values.force !== true) throw wrongUse(`There is a file ${path} already, so nothing was exported; --force replaces it.`);
  return withControl(values, io, 'read', async ({ api }) => {
    const pages = pagesOf(api, set, sinceMs);
    if (path === undefined) {
      await writePages(pages, format, io.write);
      return 0;
    }
    const rows = await intoFile(path, (write) => writePages(pages, format, write));
    io.err(`Exported ${countText(rows, 'row')} to ${path}.`);
    return 0;
  });
}

async function* pagesOf(api: ControlApi, set: (typeof sets)[number], sinceMs: number): AsyncGenerator<ExportPage> {
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page: ExportPage = await api.export({ set, after, limit: pageRows, sinceMs });
    yield page;
    after = page.next;
  }
}

/** Writes all pages until nobody takes more, as with `| head`. @returns how many rows there were */
async function writePages(pages: AsyncIterable<ExportPage>, format: (typeof formats)[number], write: Write): Promise<number> {
  let rows = 0;
  let isFirst = true;
  for await (const page of pages) {
    const lines = format === 'csv' ? [...(isFirst ? [csvLine(page.columns)] : []), ...page.rows.map((row) => csvLine(page.columns.map((name) => row[name] ?? null)))] : page.rows.map((row) => JSON.stringify(row));
    const text = format === 'json' ? `${isFirst ? '[' : ''}${lines.map((line, index) => `${isFirst && index === 0 ? '\n' : ',\n'}${line}`).join('')}` : lines.map((line) => `${line}\n`).join('');
    rows += page.rows.length;
    isFirst = false;
    if (!await write(text)) return rows;
  }
  if (format === 'json') await write('\n]\n');
  return rows;
}

/** Fills a new file that only its owner may read, and gives it its name when it is whole and on disk. @throws ProblemError `argument_invalid` */
async function intoFile<T>(path: string, fill: (write: Write) => Promise<T>): Promise<T> {
  const fresh = `${path}.new`;
  const onDisk = <R>(run: () => R): R => {
    try {
      return run();
    } catch (error) {
      throw new ProblemError(problem('argument_invalid', `The file ${path} cannot be written (${error instanceof Error ? error.message : String(error)}). Nothing was exported.`), { cause: error });
    }
  };
  const file = onDisk(() => {
    rmSync(fresh, { force: true });
    return openSync(fresh, 'wx', 0o600);
  });
  let isWhole = false;
  try {
    const filled = await fill((text) => {
      onDisk(() => writeAll(file, Buffer.from(text)));
      return Promise.resolve(true);
    });
    onDisk(() => fsyncSync(file));
    isWhole = true;
    return filled;
  } finally {
    closeSync(file);
    if (isWhole) onDisk(() => renameSync(fresh, path));
    else rmSync(fresh, { force: true });
  }
}

function writeAll(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

// What a command of the command line gets from its process, and how commands read their options.
// Commands return an exit code; they never end the process themselves.
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { problem, ProblemError } from '../../domain/problem.ts';
import { defaultDataFolder } from '../../protocol/dataFolder.ts';

/** A command's surroundings; passed in. */
export interface CommandIo {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly platform: string;
  readonly version: string;
  /** The program's own module: worker entry, neighbour of the sandbox and of its libraries. */
  readonly entry: URL;
}

/** Options of one command. */
export type OptionTable = NonNullable<ParseArgsConfig['options']>;

/** Options that every command has. */
const everyCommand = { data: { type: 'string' }, json: { type: 'boolean' } } as const;

/** Reads a command's arguments; `--data` and `--json` are known to each. @throws ProblemError `argument_invalid` */
export function readOptions<T extends OptionTable>(args: readonly string[], options: T, positionalsMax = 0) {
  try {
    const parsed = parseArgs({
      args: [...args], allowPositionals: positionalsMax > 0, strict: true,
      options: { ...options, ...everyCommand },
    });
    const extra = parsed.positionals[positionalsMax];
    if (extra !== undefined) throw new Error(`"${extra}" is one word too many`);
    return parsed;
  } catch (error) {
    throw new ProblemError(problem('argument_invalid', `${firstSentence(error instanceof Error ? error.message : String(error))}.`), { cause: error });
  }
}

/** The parser's own advice takes several lines; its first sentence says what is wrong. */
function firstSentence(text: string): string {
  return text.split('\n')[0]?.split('. ')[0]?.replace(/\.$/, '') ?? text;
}

/** The data folder of a command. */
export function dataFolderOf(data: string | undefined, io: CommandIo): string {
  return data ?? defaultDataFolder({ platform: io.platform, home: io.home, env: io.env });
}

/** Lines up columns: text to the left, numbers to the right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[], numbersFrom = 1): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => (column < numbersFrom ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

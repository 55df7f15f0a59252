// What a command of the command line gets from its process, and how commands read their options.
// Commands return an exit code; they never end the process themselves.
import { isAbsolute, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { problem, ProblemError } from '../../domain/problem.ts';
import { defaultDataFolder } from '../../protocol/dataFolder.ts';

/** A command's surroundings; passed in. */
export interface CommandIo {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Writes text to standard output and waits until it is taken; false once nobody reads it any more. */
  readonly write: (text: string) => Promise<boolean>;
  /** Asks the person for a yes, or for a word that is typed in full; absent where nobody sits at a terminal. */
  readonly ask?: (question: string, word?: string) => Promise<boolean>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working folder of the caller. Read it only where it is needed: it throws a ProblemError when it is gone. */
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
const everyCommand = { data: { type: 'string' }, practice: { type: 'boolean' }, json: { type: 'boolean' } } as const;

/** The options that choose a data folder. */
export interface FolderOptions { readonly data?: string | undefined; readonly practice?: boolean | undefined }

/** Reads a command's arguments; `--data`, `--practice` and `--json` are known to each. @throws ProblemError `argument_invalid` */
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

/**
 * The data folder of a command, as an absolute path: the one that `--data` names, else the default
 * one; practice mode has its own inside the default one, because its ledger is not that of real money.
 */
export function dataFolderOf(options: FolderOptions, io: CommandIo): string {
  if (options.data !== undefined) return pathOf('data', options.data, io);
  const folder = pathOf('data', defaultDataFolder({ platform: io.platform, home: io.home, env: io.env }), io);
  return options.practice === true ? join(folder, 'practice') : folder;
}

/** The mode that a person named; without the option a folder is taken as it is. */
export function modeOf(options: FolderOptions): 'practice' | undefined {
  return options.practice === true ? 'practice' : undefined;
}

/**
 * A path that a person named, seen from the caller's working folder: the broker has another one.
 * @param option the option's name, for the sentence about an empty one
 * @throws ProblemError `argument_invalid`
 */
export function pathOf(option: string, path: string, io: CommandIo): string {
  if (path === '') throw new ProblemError(problem('argument_invalid', `The option --${option} names no folder.`));
  return isAbsolute(path) ? resolve(path) : resolve(io.cwd, path);
}

/** Lines up columns: text to the left, numbers to the right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[], numbersFrom = 1): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => (column < numbersFrom ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

// Finds the Codex program: the one that the person's setting names, else the first on the search
// path that is not our own shim. Codex is always run directly, never through a shell.
import { stat } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { problem, ProblemError } from '../domain/problem.ts';

/** How to run Codex: `command` with `first` before all other arguments. */
export interface CodexProgram {
  readonly command: string;
  readonly first: readonly string[];
  /** True when `command` is the editor's own executable, which must be told to run as Node. */
  readonly asNode: boolean;
}

/** What the search depends on. */
export interface CodexSearch {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The setting, or empty text. */
  readonly codexPath: string;
  /** Folder of our own shim, which is skipped. */
  readonly shimDir: string;
  readonly execPath: string;
}

const pathFoldersMax = 500;

/** Finds Codex. @throws ProblemError `codex_not_found` */
export async function findCodex(search: CodexSearch): Promise<CodexProgram> {
  if (search.codexPath !== '') {
    if (!isAbsolute(search.codexPath)) throw new ProblemError(problem('codex_not_found', 'The setting codexBroker.codexPath is not an absolute path, so Codex was not started.', { remedy: 'Write the whole path of the Codex program in the setting.' }));
    const program = await runnable(search.codexPath, search);
    if (program) return program;
    throw new ProblemError(problem('codex_not_found', 'The setting codexBroker.codexPath names no program that can be run.', { remedy: 'Correct the setting, or clear it to use the Codex on your PATH.' }));
  }
  const names = search.platform === 'win32' ? ['codex.exe', 'codex.cmd'] : ['codex'];
  for (const folder of (pathOf(search.env) ?? '').split(delimiter).slice(0, pathFoldersMax)) {
    if (!isAbsolute(folder) || folder === search.shimDir) continue;
    for (const name of names) {
      const program = await runnable(join(folder, name), search);
      if (program) return program;
    }
  }
  throw new ProblemError(problem('codex_not_found', 'The Codex program was not found on the PATH of this VS Code.'));
}

/** The search path, whatever case its name is written in (Windows). */
export function pathOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return env['PATH'] ?? Object.entries(env).find(([name]) => name.toUpperCase() === 'PATH')?.[1];
}

async function runnable(path: string, search: CodexSearch): Promise<CodexProgram | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (path.endsWith('.js') || path.endsWith('.mjs')) return { command: search.execPath, first: [path], asNode: true };
  if (/\.(cmd|bat|ps1)$/i.test(path)) {
    // A batch file needs a shell. Beside npm's batch file lies the script that it would run.
    const script = join(dirname(path), 'node_modules', '@openai', 'codex', 'bin', 'codex.js');
    return (await stat(script).catch(() => undefined))?.isFile() ? { command: search.execPath, first: [script], asNode: true } : undefined;
  }
  return search.platform === 'win32' || (found.mode & 0o111) !== 0 ? { command: path, first: [], asNode: false } : undefined;
}

// How it is told that the command of `run` did not start: in the words and with the exit code of a shell.
import { basename } from 'node:path';
import { problem, ProblemError } from '../../domain/problem.ts';

/** The command did not start. `exitCode` is the one by which shells say so. */
export class CommandNotStarted extends ProblemError {
  /** 127 when there is no such program, 126 when it cannot be executed. */
  readonly exitCode: 126 | 127;
  constructor(program: string, error: NodeJS.ErrnoException, isThere: boolean) {
    super(problem(isCodex(program) ? 'codex_not_found' : 'command_failed', `The command "${program}" cannot be run (${error.code ?? error.message}).`), { cause: error });
    this.name = 'CommandNotStarted';
    this.exitCode = error.code === 'ENOENT' || !isThere ? 127 : 126;
  }
}

/** Whether a program is the Codex CLI, by its name. */
export function isCodex(program: string): boolean {
  return /^codex(\.(exe|cmd|js|mjs))?$/i.test(basename(program));
}

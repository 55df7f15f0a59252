// The command line of the program: which command, and how its failures are told. Exit codes:
// 0 done, 1 failed (guard: not enough, doctor: something failed), 2 wrong use (audit: discrepancy),
// 3 unreadable ledger (audit only), 126 and 127 when `run` could not execute or find the command;
// otherwise `run` gives on the command's own.
import { pathToFileURL } from 'node:url';
import { problem, ProblemError } from '../domain/problem.ts';
import { audit } from './commands/audit.ts';
import { backup } from './commands/backup.ts';
import { budget } from './commands/budget.ts';
import type { CommandIo } from './commands/commandIo.ts';
import { credits } from './commands/credits.ts';
import { doctor } from './commands/doctor.ts';
import { explain } from './commands/explain.ts';
import { exportRows } from './commands/export.ts';
import { guard } from './commands/guard.ts';
import { help } from './commands/help.ts';
import { importSessions } from './commands/import.ts';
import { policy } from './commands/policy.ts';
import { restore } from './commands/restore.ts';
import { route } from './commands/route.ts';
import { CommandNotStarted, run } from './commands/run.ts';
import { serve } from './commands/serve.ts';
import { status } from './commands/status.ts';
import { token } from './commands/token.ts';
import { usage } from './commands/usage.ts';
import { sandboxEntry } from './practiceUpstream.ts';

const commands: Readonly<Record<string, (args: readonly string[], io: CommandIo) => Promise<number>>> = {
  serve, token, run, route, credits, budget, policy, status, usage, explain, guard, export: exportRows, import: importSessions, audit, backup, restore, doctor, sandbox,
};

/** Runs a command line. @returns the exit code */
export async function commandLine(args: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') { io.out(help); return name === undefined ? 2 : 0; }
  if (name === '--version') { io.out(io.version); return 0; }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) { io.err(`There is no command "${name}". Say codex-broker --help.`); return 2; }
  if (rest[0] === '--help') { io.out(help); return 0; }
  try {
    return await command(rest, io);
  } catch (error) {
    const { code, message, remedy } = error instanceof ProblemError ? error.problem
      : problem('internal', `The command failed for a reason that the program did not expect (${firstLine(error)}).`);
    if (ownArguments(rest).includes('--json')) io.out(JSON.stringify({ error: { code, message, remedy } }));
    io.err(`${message} ${remedy} (${code})`);
    return error instanceof CommandNotStarted ? error.exitCode : code === 'argument_invalid' ? 2 : 1;
  }
}

/** What is said to this program; behind `--` begins the command that `run` starts. */
function ownArguments(args: readonly string[]): readonly string[] {
  const split = args.indexOf('--');
  return split === -1 ? args : args.slice(0, split);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

/** `codex-broker sandbox`: the neighbouring program, loaded only when asked for. */
async function sandbox(args: readonly string[], io: CommandIo): Promise<number> {
  const { sandboxMain } = await import(pathToFileURL(sandboxEntry(io.entry)).href) as { sandboxMain: (argv: string[]) => Promise<number> };
  return sandboxMain([...args]);
}

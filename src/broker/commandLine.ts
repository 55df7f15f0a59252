// The command line of the program: which command, and how its failures are told. Exit codes:
// 0 done, 1 failed, 2 wrong use (audit: discrepancy), 3 unreadable ledger (audit only), 126 and 127
// when `run` could not execute or find the command; otherwise `run` gives on the command's own.
import { pathToFileURL } from 'node:url';
import { problem, ProblemError } from '../domain/problem.ts';
import type { CommandIo } from './commands/commandIo.ts';
import { credits, token } from './commands/credits.ts';
import { audit, explain, status, usage } from './commands/reports.ts';
import { CommandNotStarted, run } from './commands/run.ts';
import { serve } from './commands/serve.ts';
import { sandboxEntry } from './practiceUpstream.ts';

const commands: Readonly<Record<string, (args: readonly string[], io: CommandIo) => Promise<number>>> = {
  serve, token, credits, status, usage, explain, audit, run, sandbox,
};

const help = `codex-broker: paces, meters and pays for Codex requests from a credit balance

  serve [--port N] [--upstream URL] [--api-key-env NAME | --api-key-stdin] [--config FILE]
        [--scenario FILE] [--idle-exit-ms N] [--no-keychain]
                                  run the broker; prints one JSON line when it accepts requests
  token [--workspace PATH]        make or show a workspace's token and addresses
  credits add AMOUNT [--kind included|promotional|purchased] [--expires ISO] [--key ID]
        [--for all|none|PATH] [--note TEXT]
  credits allow [--for all|PATH]  let a workspace (this folder if none is named) use purchased credits
  credits list                    grants and balance
  status                          meter, balance, limits, queue
  usage [--by day|model|workspace|client|thread] [--since ISO] [--csv]
  explain ID                      one request's decision, charge and entries
  audit [--full]                  prove the ledger: exit code 0 clean, 2 discrepancy, 3 unreadable
  run [--workspace PATH] -- COMMAND ...
                                  run a command through the broker, e.g. codex exec "say hi"
  sandbox [--port N] [--scenario FILE]
                                  the simulated upstream

  --data DIR (or CODEX_BROKER_DATA) chooses the data folder; --practice is practice mode, with a folder and
  a ledger of its own; --json prints data for programs. A date without a time begins at midnight here.`;

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
